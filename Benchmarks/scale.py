#!/usr/bin/env python3
"""What a record, a feature and a model cost, measured, and what a fleet of any size would take.

    python3 Benchmarks/scale.py --build .build/release                   measures, and prints the plan of docs/scale.md
    python3 Benchmarks/scale.py --constants FILE --models 100 --rate 500  plans with constants measured before

Three sizes of records (5, 25 and 100 features) go through a service of their own, with raw rows and without. The cost of a record is taken as a + b * features
from the smallest and the largest; the one between checks it. CPU is that of the service and of PostgreSQL, bytes are those of the tables with their indexes and those of the write-ahead log.
"""
import argparse
import json
import pathlib
import signal
import subprocess
import tempfile

import ingest

SIZES = (5, 25, 100)
RECORDS = 60_000
PARTS = ("service_us", "postgres_us", "row_bytes", "log_bytes")


def psql(folder, statement):
    return subprocess.run(["psql", "-X", "-A", "-t", f"host={folder}/data/sock user=evenkeel dbname=evenkeel", "-c", statement],
                          capture_output=True, text=True, check=True).stdout.strip()


def measured(build, features, raw):
    """The cost of a record with so many features."""
    ingest.FEATURES = features
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = pathlib.Path(place)
        folder.chmod(0o755)
        binary = str((build / "evenkeel").resolve())
        service, port = ingest.serving(binary, folder, roles="collect,web", spec=f"raw: {raw}\n")
        try:
            made = ingest.bodies(RECORDS, 0)
            ingest.send(port, ingest.bodies(4 * ingest.BATCH, 10_000_000), 2, [])
            postmaster = int((folder / "data/data/postmaster.pid").read_text().split()[0])
            rows = "select coalesce(sum(pg_total_relation_size(inhrelid)), 0) from pg_inherits where inhparent = 'evenkeel.prediction'::regclass"

            def state():
                log = psql(folder, "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
                return [ingest.cpu(service.pid) * 1e6, sum(map(ingest.cpu, ingest.family(postmaster))) * 1e6, float(psql(folder, rows)), float(log)]

            psql(folder, "checkpoint")
            before = state()
            wall = ingest.send(port, made, ingest.CONNECTIONS, [])
            cost = {part: (after - was) / RECORDS for part, was, after in zip(PARTS, before, state())}
            cost["per_second"] = RECORDS / wall
            cost["profile_bytes"] = float(psql(folder, "select avg(octet_length(data)) from evenkeel.profile"))
            cost["resident_mb"] = ingest.resident(service.pid)
            return cost
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait()


def constants(build):
    """a and b of each part, with what they say of the size between."""
    out = {}
    for raw in ("all", "none"):
        costs = {features: measured(build, features, raw) for features in SIZES}
        small, middle, large = SIZES
        line = {}
        for part in PARTS + ("profile_bytes",):
            slope = (costs[large][part] - costs[small][part]) / (large - small)
            base = costs[small][part] - slope * small
            said = base + slope * middle
            line[part] = {"base": base, "per_feature": slope, "at_25": costs[middle][part], "said_at_25": said}
            print(f"{raw:5} {part:14} {base:9.2f} + {slope:8.3f} x features   25: {costs[middle][part]:9.2f} measured, {said:9.2f} by the line "
                  f"({100 * (said / costs[middle][part] - 1):+.0f} %)")
        for features in SIZES:
            print(f"{raw:5} {features:3} features: {costs[features]['per_second']:8.0f} records a second, {costs[features]['resident_mb']:.0f} MB resident")
        out[raw] = line
    return out


def plan(found, models, features, rate, headroom=0.6):
    """What a fleet takes. - headroom: the share of a core that is planned with."""
    print(f"\n{models:,} models x {features} features x {rate:,} records a second")
    for raw in ("all", "none"):
        def cost(part):
            line = found[raw][part]
            return line["base"] + line["per_feature"] * features

        collectors = rate * cost("service_us") / 1e6 / headroom
        writers = rate * cost("postgres_us") / 1e6 / headroom
        week = rate * 86_400 * 7 * cost("row_bytes") / 1e12
        log = rate * cost("log_bytes") / 1e6
        # A row of a profile a minute of each model that has records, for three hours; hours for 35 days, of which the grid bounds what a row takes.
        minutes = min(models, rate * 60) * 60 * 3 * cost("profile_bytes") / 1e12
        hours = models * 24 * 35 * 1.5 * cost("profile_bytes") / 1e12
        print(f"  raw: {raw:5} collectors {collectors:8.1f} cores, PostgreSQL {writers:8.1f} cores, rows {week:9.2f} TB a week, "
              f"write-ahead log {log:8.1f} MB a second, minutes of three hours {minutes:6.3f} TB, hours of 35 days {hours:6.2f} TB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(".build/release"))
    parser.add_argument("--constants", type=pathlib.Path, help="measured before; not given: measure, and write them to scale.json")
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--features", type=int, default=100)
    parser.add_argument("--rate", type=int, default=1_000_000, help="records a second of all models together")
    options = parser.parse_args()
    if options.constants:
        found = json.loads(options.constants.read_text())
    else:
        found = constants(options.build)
        pathlib.Path("scale.json").write_text(json.dumps(found, indent=1))
    plan(found, options.models, options.features, options.rate)


if __name__ == "__main__":
    main()
