#!/usr/bin/env python3
"""The runner of candidates in shadow is killed again and again: the same comparison as one that is left in peace, each row and label once.

The same predictions and labels come to two databases, one request after the other, labels before and after their predictions, a tenth corrected. In the
first the real `evenkeel serve` that scores the candidate is killed with -9 at random moments and started again at once, two of them at the same
time; in the second it lives. A step is one transaction of at most 150 rows, so that most kills hit one.

    scripts/candidates.py --kills 30 --seed 3

Last line: `kills N, rows N, labels N, lost N, doubled N`. Exit code 1 unless both have the same rows, labels, decisions and differences.
"""
import argparse
import json
import math
import random
import sys
import time
import urllib.request

from changes import Receiver
from schedulers import PATIENCE_SECONDS, START, World, in_cluster, parse

ROWS = 400
FEATURES = ["x", "y"]
CANDIDATE = {"kind": "logistic", "features": FEATURES, "coefficients": [1.5, 0.5], "intercept": 0.1}


class ShadowWorld(World):
    """One model with a champion and a candidate, and the processes that score it."""

    def __init__(self, binary, folder, cluster, name, runners):
        super().__init__(binary, folder, cluster, name, Receiver(), 0)
        for i in range(runners):
            self.start(f"runner{i}", "shadow")

    def register(self):
        with open(self.config, "a") as file:
            file.write("shadow: {every_seconds: 0.1, rows_max: 150, min_rows: 100}\n")
        rng = random.Random("reference")
        reference = self.folder / "reference.csv"
        reference.write_text("x,y,score,sex\n" + "".join(
            f"{rng.gauss(0, 1):.4f},{rng.gauss(0, 1):.4f},{rng.random():.5f},{rng.choice('FM')}\n" for _ in range(500)))
        for version in "12":
            self.run("model", "register", "--name", "model", "--version", version, "--reference", str(reference), "--score", "score", "--sensitive", "sex")
        file = self.folder / "candidate.json"
        file.write_text(json.dumps(CANDIDATE))
        self.run("model", "candidate", "--name", "model", "--version", "2", "--file", str(file))

    def post(self, path, lines):
        request = urllib.request.Request(f"{self.base}{path}", "\n".join(map(json.dumps, lines)).encode(), {"content-type": "application/x-ndjson"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def send(self, hour):
        rng = random.Random(f"hour {hour}")
        records, labels = [], []
        for i in range(ROWS):
            x, y = rng.gauss(0, 1), rng.gauss(0, 1)
            ts = (START + hour * 3600 + i * 9) * 1000
            label = int(rng.random() < 1 / (1 + math.exp(-x - y)))
            records.append({"model": "model", "version": "1", "id": f"{hour}-{i}", "ts": ts, "features": {"x": x, "y": y},
                            "score": 1 / (1 + math.exp(-x)), "groups": {"sex": rng.choice("FM")}})
            labels.append({"model": "model", "id": f"{hour}-{i}", "label": label, "ts": ts + 1})
        rng.shuffle(labels)
        # A quarter is never labelled.
        labels = labels[:ROWS * 3 // 4]
        corrections = [{**label, "label": 1 - label["label"], "ts": label["ts"] + 1} for label in labels[:ROWS // 10]]
        for path, lines in ([("/v1/labels", labels), ("/v1/predictions", records)] if hour % 3 == 2 else [("/v1/predictions", records), ("/v1/labels", labels)]):
            assert self.post(path, lines)["accepted"] == len(lines)
        self.post("/v1/labels", corrections)

    def comparison(self, rows, labels):
        """The newest look, once every row and label is in it."""
        end = time.monotonic() + PATIENCE_SECONDS
        before = None
        while True:
            found = self.query("select taken, skipped, cursor, report::text, (select last_value from evenkeel.batch_seq) from evenkeel.shadow_run")[0]
            report = json.loads(found[3]) if found[3] != "\\N" else {}
            # Corrections change no count: the cursor is at the last batch once they are followed, and a look comes with every step.
            if int(found[0]) >= rows and report.get("n", 0) >= labels and int(found[2]) >= int(found[4]) and found == before:
                return int(found[0]), int(found[1]), report
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name}: not all rows and labels are compared: {found[:3]}, {report.get('n')} labelled")
            before = found
            time.sleep(1)


def storm(options, folder, cluster):
    rng = random.Random(options.seed)
    world = ShadowWorld(options.binary, folder, cluster, "storm", 2)
    try:
        hours = kills = 0
        end = time.monotonic() + PATIENCE_SECONDS
        while kills < options.kills:
            if time.monotonic() > end:
                raise RuntimeError("too slow")
            world.send(hours)
            hours += 1
            time.sleep(rng.uniform(0, 0.3))
            name = f"runner{rng.randrange(2)}"
            process = world.processes[name]
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended by itself with {process.returncode}")
            process.kill()
            process.wait()
            kills += 1
            world.start(name, "shadow")
        return hours, kills, world.comparison(hours * ROWS, hours * (ROWS * 3 // 4))
    finally:
        world.stop()


def calm(options, folder, cluster, hours):
    world = ShadowWorld(options.binary, folder, cluster, "calm", 1)
    try:
        for hour in range(hours):
            world.send(hour)
        return world.comparison(hours * ROWS, hours * (ROWS * 3 // 4))
    finally:
        world.stop()


def differences(a, b, path=""):
    """Where two reports differ by more than rounding, times left out."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b} - {"latency", "sequential", "reasons", "as_of", "started_at"}):
            yield from differences(a.get(key), b.get(key), f"{path}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{path}[{i}]")
    elif isinstance(a, float) or isinstance(b, float):
        if a is None or b is None or not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12):
            yield f"{path}: {a} and {b}"
    elif a != b:
        yield f"{path}: {a} and {b}"


def main():
    options = parse(argparse.ArgumentParser(description=__doc__.splitlines()[0]), kills=30, models=1)

    def test(folder, cluster):
        hours, kills, (taken, skipped, report) = storm(options, folder, cluster)
        expected_taken, expected_skipped, expected = calm(options, folder, cluster, hours)
        found = list(differences(expected, report))
        for line in found[:10]:
            print(f"not the same: {line}")
        rows = hours * ROWS
        lost, doubled = max(0, rows - taken), max(0, taken - rows)
        print(f"log_loss {report['differences']['log_loss']['value']}, agreement {report['agreement']['decisions']}, verdict {report['verdict']}")
        print(f"kills {kills}, rows {rows}, labels {report['n']}, lost {lost}, doubled {doubled}")
        return found or lost or doubled or skipped or (expected_taken, expected_skipped) != (rows, 0)

    sys.exit(in_cluster("candidates", options, test))


if __name__ == "__main__":
    main()
