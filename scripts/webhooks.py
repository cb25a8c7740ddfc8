#!/usr/bin/env python3
"""How fast messages leave: 1,000 alerts to 10 destinations of a local receiver, beside one that hangs. Last line: messages a second.

    scripts/webhooks.py [--binary .build/release/evenkeel]
"""
import argparse
import asyncio
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from schedulers import Cluster

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


async def serve(reader, writer, seen):
    """Answers every request at once, and those to /hung never."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")).split(b":")[1])
            await reader.readexactly(length)
            if b" /hung " in head[:40]:
                await asyncio.sleep(3600)
            seen.append(time.monotonic())
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def receiver():
    """Returns its port and the times of what arrived."""
    seen, ready = [], threading.Event()
    port = []

    async def run():
        server = await asyncio.start_server(lambda r, w: serve(r, w, seen), "127.0.0.1", 0, backlog=1000)
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
    ready.wait()
    return port[0], seen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=str(pathlib.Path(__file__).parent.parent / ".build/debug/evenkeel"))
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ek-webhooks-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder, {})
    process = None
    try:
        subprocess.run([options.binary, "migrate", "--embedded", "--data", str(folder / "data")], check=True, capture_output=True)
        cluster.start()
        port, seen = receiver()
        names = [f"d{i}" for i in range(10)] + ["hung"]
        config = folder / "evenkeel.yaml"
        config.write_text(
            f"database: {cluster.url}\ndata: {folder}\ndeliver_every_seconds: 0.1\noutgoing: {{allow: [loopback]}}\ndestinations:\n"
            + "".join(f"  - {{name: {name}, url: 'http://127.0.0.1:{port}/{name}', secret: s, timeout_seconds: 10}}\n" for name in names))
        cluster.query_in("evenkeel", """
            insert into evenkeel.alert (model, version, monitor, policy, severity, state, memory, summary, detail, started_at)
            select 'm' || i, '1', 'feature_drift', 'p', 'warning', 'firing', '{}', 'it moved', '{}', now() from generate_series(1, 1000) i;
            insert into evenkeel.delivery (alert_id, destination, message_id, type, body, state, next_attempt_at, created_at)
            select a.alert_id, d, 'msg_' || a.alert_id || d, 'alert.firing', '{"type":"alert.firing","data":{"summary":"' || repeat('x', 800) || '"}}',
                   'waiting', now(), now()
            from evenkeel.alert a, unnest(array['d0','d1','d2','d3','d4','d5','d6','d7','d8','d9','hung']) d;""", rows=False)
        with open(folder / "log", "w") as log:
            process = subprocess.Popen(
                [options.binary, "serve", "--config", str(config), "--port", "0", "--roles", "notify"], cwd=folder, stdout=log, stderr=log)
        end = time.monotonic() + 300
        while cluster.query_in("evenkeel", "select count(*) from evenkeel.delivery where state = 'sent'") != [["10000"]]:
            if time.monotonic() > end or process.poll() is not None:
                raise RuntimeError("not all were sent: " + (folder / "log").read_text()[-500:])
            time.sleep(0.2)
        ticks = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        took = seen[-1] - seen[0]
        print(f"10,000 messages to 10 destinations in {took:.1f} s beside one that hangs, {(int(ticks[11]) + int(ticks[12])) / 100:.1f} s of CPU")
        print(f"{len(seen) / took:.0f} messages a second")
    finally:
        if process:
            process.kill()
            process.wait()
        cluster.signal(signal.SIGQUIT)
        time.sleep(0.5)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
