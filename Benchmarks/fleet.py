#!/usr/bin/env python3
"""What a fleet costs: registration, evaluation, the scrape and the page, with many models; and whether evaluation feels the stored history.

    python3 Benchmarks/fleet.py --build .build/release                           1,000 models x 50 features, three hours of records each
    python3 Benchmarks/fleet.py --build .build/release --history                 the same new hours with a week behind them, and with ten
"""
import argparse
import http.client
import pathlib
import random
import re
import signal
import subprocess
import tempfile
import time

import ingest

# A Monday: hours, day and week have ended long ago.
START = 1_767_571_200
HOUR = 3600
REFERENCE_ROWS = 500


def call(port, method, path, body=None, kind="application/json"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
    answer = connection.getresponse()
    data = answer.read()
    assert answer.status < 300, f"{method} {path}: {answer.status} {data[:400]}"
    return data


class Fleet:
    """A service with its own database and so many models."""

    def __init__(self, build, folder, models, features):
        binary = str((build / "evenkeel").resolve())
        folder.chmod(0o755)
        log = folder / "log"
        self.service = subprocess.Popen([binary, "serve", "--embedded", "--data", str(folder / "data"), "--port", "0"], cwd=folder,
                                        stdout=open(log, "w"), stderr=subprocess.STDOUT)
        while not (found := re.search(r"ready on http://127\.0\.0\.1:(\d+)", log.read_text())):
            time.sleep(0.1)
            assert self.service.poll() is None, log.read_text()
        self.port, self.models, self.features = int(found[1]), models, features
        self.postmaster = int((folder / "data/data/postmaster.pid").read_text().split()[0])
        rng = random.Random(1)
        names = [f"x{k}" for k in range(features)]
        lines = [",".join([*names, "score", "label", "sex"])]
        for _ in range(REFERENCE_ROWS):
            lines.append(",".join([f"{rng.gauss(k, 1 + k):.4f}" for k in range(features)] + [f"{rng.random():.4f}", str(rng.randrange(2)), rng.choice("FM")]))
        reference = "\n".join(lines).encode()
        began = time.perf_counter()
        for model in range(models):
            call(self.port, "POST", f"/v1/models/m{model:04d}/versions/1?score=score&label=label&sensitive=sex", reference, "text/csv")
        self.registration = time.perf_counter() - began
        # The same feature vectors for every model: what is timed does not look at them twice.
        self.features_text = ["{" + ",".join(f'"x{k}":{rng.gauss(k, 1 + k):.4f}' for k in range(features)) + "}" for _ in range(512)]
        self.sent = 0

    def cpu(self):
        return ingest.cpu(self.service.pid), sum(map(ingest.cpu, ingest.family(self.postmaster)))

    def load(self, hours, rows):
        """So many rows of each model in each of these hours."""
        rng = random.Random(hours.start)

        def bodies():
            for hour in hours:
                lines = []
                for model in range(self.models):
                    for row in range(rows):
                        ts = (START + hour * HOUR + row * HOUR // rows) * 1000
                        self.sent += 1
                        lines.append(f'{{"model":"m{model:04d}","version":"1","id":"r{self.sent}","ts":{ts},"features":{rng.choice(self.features_text)},'
                                     f'"score":{rng.random():.4f},"groups":{{"sex":"{rng.choice("FM")}"}}}}')
                        if len(lines) == 2000:
                            yield "\n".join(lines).encode()
                            lines = []
                if lines:
                    yield "\n".join(lines).encode()

        wall = 0.0
        some = []
        for body in bodies():
            some.append(body)
            if len(some) == 100:
                wall += ingest.send(self.port, some, 4, [])
                some = []
        return wall + ingest.send(self.port, some, 4, [])

    def metric(self, name):
        found = re.search(rf"^{name} (\S+)$", call(self.port, "GET", "/metrics").decode(), re.M)
        return float(found[1]) if found else 0.0

    def evaluated(self):
        """Waits until nothing waits. CPU seconds of service and server, windows, and seconds in rounds."""
        count = "evenkeel_evaluation_duration_seconds_sum"
        windows, (service, server), rounds = int(self.psql("select count(*) from evenkeel.evaluation")), self.cpu(), self.metric(count)
        while int(self.psql("select count(*) from evenkeel.dirty_window")) > 0:
            time.sleep(5)
        after = self.cpu()
        return after[0] - service, after[1] - server, int(self.psql("select count(*) from evenkeel.evaluation")) - windows, self.metric(count) - rounds

    def psql(self, statement):
        folder = pathlib.Path(f"/proc/{self.service.pid}/cwd").resolve()
        return ingest_psql(folder, statement)

    def timed(self, path):
        best = (1e9, 0, 0.0)
        for _ in range(5):
            (service, server), began = self.cpu(), time.perf_counter()
            size = len(call(self.port, "GET", path))
            wall = time.perf_counter() - began
            best = min(best, (wall, size, sum(self.cpu()) - service - server))
            # What is kept for a moment is not asked for again.
            time.sleep(2.5)
        print(f"{path}: {best[0] * 1e3:.0f} ms, {best[1] / 1e6:.2f} MB")

    def close(self):
        self.service.send_signal(signal.SIGTERM)
        self.service.wait()


def ingest_psql(folder, statement):
    return subprocess.run(["psql", "-X", "-A", "-t", f"host={folder}/data/sock user=evenkeel dbname=evenkeel", "-c", statement],
                          capture_output=True, text=True, check=True).stdout.strip()


def told(what, found, features):
    service, server, windows, rounds = found
    print(f"{what}: {windows:,} windows, {service:.1f} s of the service's CPU and {server:.1f} s of PostgreSQL's, {rounds:.1f} s in rounds: "
          f"{(service + server) / windows * 1e3:.2f} ms a window, {(service + server) / windows / features * 1e6:.1f} us a feature and window")


def fleet(options, folder):
    fleet = Fleet(options.build, folder, options.models, options.features)
    try:
        print(f"{options.models} models x {options.features} features registered in {fleet.registration:.1f} s")
        wall = fleet.load(range(options.hours), options.rows)
        print(f"{fleet.sent:,} records in {wall:.1f} s")
        told("evaluated", fleet.evaluated(), options.features)
        for path in ("/metrics", "/", "/models/m0000"):
            fleet.timed(path)
        print(f"resident at most {ingest.resident(fleet.service.pid):.0f} MB, database {float(fleet.psql('select pg_database_size(current_database())')) / 1e6:.0f} MB")
    finally:
        fleet.close()


def history(options, folder):
    models, features, rows, week = min(options.models, 10), 25, 40, 168
    fleet = Fleet(options.build, folder, models, features)
    try:
        cost = {}
        for weeks in (1, 10):
            # The first weeks, and then one day that is judged and timed.
            first = 0 if weeks == 1 else week + 24
            fleet.load(range(first, weeks * week), rows)
            fleet.evaluated()
            # What the server still does about weeks that came within minutes is no cost of the day.
            fleet.psql("vacuum analyze")
            fleet.psql("checkpoint")
            fleet.load(range(weeks * week, weeks * week + 24), rows)
            found = fleet.evaluated()
            told(f"a day after {weeks} weeks", found, features)
            cost[weeks] = (found[0] + found[1]) / found[2]
        print(f"with ten times the history: {cost[10] / cost[1]:.2f} times the CPU of a window")
    finally:
        fleet.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(".build/release"))
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--hours", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100, help="of a model in an hour")
    parser.add_argument("--history", action="store_true", help="with a week of stored hours and with ten")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        (history if options.history else fleet)(options, pathlib.Path(folder))


if __name__ == "__main__":
    main()
