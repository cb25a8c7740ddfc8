#!/usr/bin/env python3
"""Collectors beside PostgreSQL's own bulk load, on one machine and in one run.

    python3 Benchmarks/ingest.py [--records 200000] [--connections 8] [--batch 1000]

Starts `evenkeel serve --embedded` in a private folder, registers a model of 25 numeric features and three sensitive attributes, sends NDJSON over
keep-alive connections and counts CPU seconds of the service and of PostgreSQL apart. Then the same records go into a natural table (text ids,
float8[] features, text groups) by psql's \\copy of a ready binary file, and by multi-row INSERT.
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import threading
import time

FEATURES = 25
TICK = os.sysconf("SC_CLK_TCK")


def family(pid):
    """A process and all below it."""
    out = [pid]
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == pid:
                out += family(int(entry.name))
    return out


def cpu(pid):
    """CPU seconds of a process and of children that it has waited for."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


def resident(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


def records(count, start):
    rng = random.Random(7 + start)
    for i in range(count):
        yield {
            "model": "load", "version": "1", "id": f"r{start + i:09d}", "ts": 1_790_000_000_000 + (start + i) // 10,
            "features": {f"x{k}": round(rng.gauss(k, 1 + k), 6) for k in range(FEATURES)},
            "score": round(rng.random(), 6), "groups": {"sex": rng.choice("FM"), "age_band": rng.choice(["18-29", "30-44", "45+"]), "area": rng.choice(["north", "south"])},
            "latency_ms": round(rng.random() * 30, 3)}


def reference(path):
    rng = random.Random(1)
    with open(path, "w") as out:
        out.write(",".join([f"x{k}" for k in range(FEATURES)] + ["score", "label", "sex", "age_band", "area"]) + "\n")
        for _ in range(5000):
            row = [f"{rng.gauss(k, 1 + k):.6f}" for k in range(FEATURES)]
            out.write(",".join(row + [f"{rng.random():.6f}", str(rng.randrange(2)), rng.choice("FM"), rng.choice(["18-29", "30-44", "45+"]), rng.choice(["north", "south"])]) + "\n")


def send(port, bodies, connections, statuses):
    queue = list(reversed(bodies))
    lock = threading.Lock()

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                if not queue:
                    return
                body = queue.pop()
            while True:
                connection.request("POST", "/v1/predictions", body, {"Content-Type": "application/x-ndjson"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 202:
                    break
                statuses.append(answer.status)
                time.sleep(0.05)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def psql(folder, *arguments, **options):
    return subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", f"host={folder}/data/sock user=evenkeel dbname=evenkeel", *arguments], check=True, **options)


def copied(folder, postmaster, count, index):
    """Records a second and microseconds of CPU a record of psql's \\copy."""
    columns = "id text, ts timestamptz, model text, version text, score float8, features float8[], sex text, age_band text, area text, latency float8"
    psql(folder, "-c", f"drop schema if exists peer cascade", "-c", "create schema peer", "-c", f"create table peer.made ({columns})",
         "-c", f"create table peer.natural ({columns}{index})", stderr=subprocess.DEVNULL)
    psql(folder, "-c", f"""insert into peer.made select 'r' || lpad(i::text, 9, '0'), timestamptz '2026-09-21' + i * interval '100 us', 'load', '1', random(),
         array(select random() + i * 0 from generate_series(1, {FEATURES})), 'F', '30-44', 'north', random() from generate_series(1, {count}) i""")
    psql(folder, "-c", f"\\copy peer.made to '{folder}/made.bin' (format binary)")
    psql(folder, "-c", "checkpoint")
    before = sum(map(cpu, family(postmaster))), os.times()
    started = time.perf_counter()
    process = subprocess.Popen(["psql", "-X", "-q", f"host={folder}/data/sock user=evenkeel dbname=evenkeel", "-c", "select pg_backend_pid()", "-c",
                                f"\\copy peer.natural from '{folder}/made.bin' (format binary)", "-c", "select pg_sleep(0.7)"], stdout=subprocess.PIPE)
    backend = int(re.search(rb"\n +(\d+)", process.stdout.readline() + process.stdout.readline() + process.stdout.readline())[1])
    while True:
        time.sleep(0.01)
        last = cpu(backend), cpu(process.pid)
        state = pathlib.Path(f"/proc/{backend}/stat").read_text().split(")")[1].split()[0]
        title = pathlib.Path(f"/proc/{backend}/cmdline").read_text()
        if "SELECT" in title and last[0] > 0.02 and state == "S":
            break
    wall = time.perf_counter() - started
    process.wait()
    return count / wall, (last[0] + last[1]) / count * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=".build/release/evenkeel")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--perf", help="record the service with perf into this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evenkeel-ingest-", ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        binary = str(pathlib.Path(options.binary).resolve())
        data = ["--embedded", "--data", str(folder / "data")]
        log = open(folder / "log", "w")
        service = subprocess.Popen([binary, "serve", *data, "--port", "0"], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            port = None
            while port is None:
                time.sleep(0.1)
                found = re.search(r"127\.0\.0\.1:(\d+)|port (\d+)", (folder / "log").read_text())
                if service.poll() is not None:
                    raise SystemExit((folder / "log").read_text())
                port = int(found[1] or found[2]) if found else None
            reference(folder / "reference.csv")
            subprocess.run([binary, "model", "register", "--name", "load", "--version", "1", "--reference", "reference.csv", "--label", "label",
                            "--score", "score", "--sensitive", "sex,age_band,area", *data], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            bodies = []
            for start in range(0, options.records, options.batch):
                bodies.append("\n".join(json.dumps(r, separators=(",", ":")) for r in records(options.batch, start)).encode())
            size = sum(map(len, bodies)) / options.records
            warm = [b"\n".join(json.dumps(r, separators=(",", ":")).encode() for r in records(options.batch, 10_000_000 + i * options.batch)) for i in range(4)]
            send(port, warm, 2, [])
            postmaster = int((folder / "data/data/postmaster.pid").read_text().split()[0])
            before = cpu(service.pid), sum(map(cpu, family(postmaster)))
            recorder = subprocess.Popen(["perf", "record", "-o", options.perf, "-F", "500", "-g", "-p", ",".join(map(str, [service.pid, *family(postmaster)]))], stderr=subprocess.DEVNULL) if options.perf else None
            statuses = []
            wall = send(port, bodies, options.connections, statuses)
            if recorder:
                recorder.send_signal(signal.SIGINT)
                recorder.wait()
            after = cpu(service.pid), sum(map(cpu, family(postmaster)))
            n = options.records
            service_cpu, postgres_cpu = (after[0] - before[0]) / n * 1e6, (after[1] - before[1]) / n * 1e6
            print(f"{n} records of {size:.0f} bytes, {options.connections} connections x {options.batch}: {n / wall:,.0f} records/s; "
                  f"service {service_cpu:.2f} us, postgres {postgres_cpu:.2f} us of CPU a record; "
                  f"peak memory {resident(service.pid):.0f} MB; refused {len(statuses)}")
            for name, index in (("without an index", ""), ("with a primary key", ", primary key (id, ts)")):
                rate, used = copied(folder, postmaster, options.records, index)
                print(f"psql \\copy of a ready binary file, natural table {name}: {rate:,.0f} records/s, {used:.2f} us of CPU a record; "
                      f"ours takes {(service_cpu + postgres_cpu) / used:.2f} times that, at {n / wall / rate:.2f} of its rate")
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait()


if __name__ == "__main__":
    main()
