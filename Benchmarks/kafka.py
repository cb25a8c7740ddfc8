#!/usr/bin/env python3
"""Records from Kafka beside the same records over HTTP: how many a second, CPU of the service and of PostgreSQL for each, and memory.

    python3 Benchmarks/kafka.py --build .build/release

The brokers are librdkafka's mock cluster in a process of its own (kafka_feed.c), whose CPU is not counted, as that of the HTTP clients is not.
"""
import argparse
import http.client
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import ingest

PARTITIONS = 64
HERE = pathlib.Path(__file__).parent


def stored(port, topic):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/metrics")
    found = re.search(r'evenkeel_kafka_records_total\{topic="%s",outcome="stored"\} (\d+)' % topic, connection.getresponse().read().decode())
    connection.close()
    return int(found[1]) if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(".build/release"))
    parser.add_argument("--records", type=int, default=200_000)
    options = parser.parse_args()
    binary = str((options.build / "evenkeel").resolve())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = pathlib.Path(place)
        folder.chmod(0o755)
        service, port = ingest.serving(binary, folder, roles="collect,web")
        made = ingest.bodies(options.records, 0)

        def used():
            postmaster = int((folder / "data/data/postmaster.pid").read_text().split()[0])
            return ingest.cpu(service.pid), sum(map(ingest.cpu, ingest.family(postmaster)))

        def tell(name, before, wall):
            ours, database = (after - was for was, after in zip(before, used()))
            print(f"{name}: {options.records / wall:,.0f} records/s; CPU for a record {ours / options.records * 1e6:.2f} us service, "
                  f"{database / options.records * 1e6:.2f} us PostgreSQL; {ingest.resident(service.pid):.0f} MB at most", flush=True)

        ingest.send(port, ingest.bodies(4 * ingest.BATCH, 10_000_000), 2, [])
        before = used()
        tell("HTTP ", before, ingest.send(port, made, ingest.CONNECTIONS, []))
        service.send_signal(signal.SIGTERM)
        service.wait()

        (folder / "lines").write_bytes(b"\n".join(body.replace(b'"id":"r', b'"id":"k') for body in made) + b"\n")
        subprocess.run(["cc", "-O2", "-o", folder / "feed", HERE / "kafka_feed.c", "-lrdkafka"], check=True)
        feed = subprocess.Popen([folder / "feed", "scores", str(PARTITIONS), folder / "lines"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        brokers = feed.stdout.readline().strip()
        (folder / "kafka.yaml").write_text(
            f"data: {folder}/data\nport: 0\nroles: [kafka]\nkafka:\n  brokers: ['{brokers}']\n  predictions: [scores]\n  dead_letters: dead\n"
            "  properties: {session.timeout.ms: 6000}\n")
        log = folder / "kafka-log"
        service = subprocess.Popen([binary, "serve", "--config", "kafka.yaml"], cwd=folder, stdout=open(log, "w"), stderr=subprocess.STDOUT)
        while not (found := re.search(r"ready on http://127\.0\.0\.1:(\d+)", log.read_text())):
            time.sleep(0.05)
            assert service.poll() is None, log.read_text()
        port = int(found[1])
        # Joining the group takes seconds, in which nothing is read.
        while stored(port, "scores") == 0:
            time.sleep(0.01)
        before, first, began = used(), stored(port, "scores"), time.perf_counter()
        while stored(port, "scores") < options.records:
            time.sleep(0.05)
            assert service.poll() is None, log.read_text()
        options.records -= first
        tell("Kafka", before, time.perf_counter() - began)
        service.send_signal(signal.SIGTERM)
        service.wait()
        feed.stdin.close()


main()
