#!/usr/bin/env python3
"""What roles in processes of their own, and a pooler between, add to the cost of a record.

    python3 Benchmarks/roles.py --build .build/release

The same 300,000 records (25 features, 1,000 a request, 8 connections) go to one process that does everything; to a collector beside one that evaluates
and notifies; and to such a collector behind PgBouncer in transaction mode. CPU is that of all processes, PostgreSQL and pooler included, without the client's.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

import ingest

KINDS = ("one process", "roles apart", "roles apart, PgBouncer")


def pooler(folder):
    """PgBouncer before the embedded server; its process and the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ini = folder / "pgbouncer.ini"
    ini.write_text(f"[databases]\nevenkeel = host={folder}/data/sock user=evenkeel dbname=evenkeel\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
                   "unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 20\npkt_buf = 65536\n")
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    process = subprocess.Popen([program, *(["-u", "postgres"] if os.geteuid() == 0 else []), "-q", str(ini)], stderr=subprocess.DEVNULL)
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, f"host=127.0.0.1 port={port} user=evenkeel dbname=evenkeel"
        except OSError:
            time.sleep(0.1)
            assert process.poll() is None, "PgBouncer did not start: is it installed?"


def measured(binary, kind):
    """Microseconds of CPU a record, and records a second."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = pathlib.Path(place)
        folder.chmod(0o755)
        apart = kind != KINDS[0]
        main, port = ingest.serving(binary, folder, **({"roles": "evaluate,notify,web"} if apart else {}))
        processes = [main]
        try:
            if apart:
                url = f"host={folder}/data/sock user=evenkeel dbname=evenkeel"
                if kind == KINDS[2]:
                    process, url = pooler(folder)
                    processes.append(process)
                log = folder / "collector.log"
                processes.append(subprocess.Popen([binary, "serve", "--database", url, "--port", "0", "--roles", "collect,web", "--data", str(folder / "collector")],
                                                  cwd=folder, stdout=open(log, "w"), stderr=subprocess.STDOUT))
                while not (found := re.search(r"ready on http://127\.0\.0\.1:(\d+)", log.read_text())):
                    time.sleep(0.1)
                    assert processes[-1].poll() is None, log.read_text()
                port = int(found[1])
            ingest.send(port, ingest.bodies(4 * ingest.BATCH, 10_000_000), 2, [])
            made = ingest.bodies(ingest.RECORDS, 0)
            postmaster = int((folder / "data/data/postmaster.pid").read_text().split()[0])

            def used():
                return sum(ingest.cpu(pid) for pid in [p.pid for p in processes] + ingest.family(postmaster))

            before = used()
            wall = ingest.send(port, made, ingest.CONNECTIONS, [])
            return (used() - before) / ingest.RECORDS * 1e6, ingest.RECORDS / wall
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGTERM)
                process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(".build/release"))
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    binary = str((options.build / "evenkeel").resolve())
    found = {kind: [] for kind in KINDS}
    # In turn, so that what else the machine does falls on all of them.
    for _ in range(options.rounds):
        for kind in KINDS:
            found[kind].append(measured(binary, kind))
    first = statistics.median(cpu for cpu, _ in found[KINDS[0]])
    for kind, runs in found.items():
        cpu = statistics.median(cpu for cpu, _ in runs)
        print(f"{kind:24} {cpu:5.2f} us a record ({min(c for c, _ in runs):.2f} to {max(c for c, _ in runs):.2f}), "
              f"{statistics.median(rate for _, rate in runs):8,.0f} records a second, {cpu / first:.3f} of one process")


if __name__ == "__main__":
    main()
