#!/usr/bin/env python3
"""The service that follows the errors is killed again and again: the same changes as one that is left in peace, each once.

The same predictions and labels come to two databases, one request after the other, with an error rate that jumps now and then. In the first the real
`evenkeel serve` that evaluates is killed with -9 at random moments and started again at once, two of them at the same time; in the second it lives.

    scripts/changes.py --kills 30 --seed 3

Last line: `kills N, labels N, changes N, lost N, doubled N`. Exit code 1 unless both have the same changes, to the last digit.
"""
import argparse
import collections
import json
import random
import sys
import time
import urllib.request

from schedulers import PATIENCE_SECONDS, START, World, in_cluster, parse

ROWS = 400
DETECTORS = "[{name: adwin, delta: 0.01}, {name: ddm, warm_start: 100}, hddm-a, hddm-w, {name: page-hinkley, threshold: 20}, {name: kswin, alpha: 0.0001}]"
CHANGES = ("select detector, number, ts, followed, began_at, error_before, count_before, error_after, count_after from evenkeel.error_change "
           "order by detector, number")


class Receiver:
    """Nobody is told of anything here."""
    url = "http://127.0.0.1:9"


class ChangingWorld(World):
    """One model, and the processes that follow its labels."""

    def __init__(self, binary, folder, cluster, name, evaluators):
        super().__init__(binary, folder, cluster, name, Receiver(), 0)
        for i in range(evaluators):
            self.start(f"evaluator{i}", "evaluate")

    def register(self):
        spec = self.folder / "spec.yaml"
        spec.write_text(f"score: score\nmonitors: {{detectors: {DETECTORS}}}\npolicies: []\n")
        reference = self.folder / "reference.csv"
        rng = random.Random("reference")
        reference.write_text("x,score\n" + "".join(f"{rng.gauss(0, 1):.4f},{rng.random():.5f}\n" for _ in range(500)))
        self.run("model", "register", "--name", "model", "--version", "1", "--reference", str(reference), "--spec", str(spec))

    def post(self, path, lines):
        request = urllib.request.Request(f"{self.base}{path}", "\n".join(map(json.dumps, lines)).encode(), {"content-type": "application/x-ndjson"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def send(self, hour):
        """An hour's predictions and their labels, mixed; every third hour the labels come first."""
        rng = random.Random(f"hour {hour}")
        rate = random.Random(f"rate {hour // 3}").choice([0.02, 0.1, 0.3, 0.6])
        records, labels = [], []
        for i in range(ROWS):
            score = rng.random()
            wrong = rng.random() < rate
            ts = (START + hour * 3600 + i * 9) * 1000
            records.append({"model": "model", "version": "1", "id": f"{hour}-{i}", "ts": ts, "features": {"x": 0.5}, "score": score})
            labels.append({"model": "model", "id": f"{hour}-{i}", "label": int((score >= 0.5) != wrong), "ts": ts + 1})
        rng.shuffle(labels)
        # Corrections of a tenth of them, which nobody follows.
        corrections = [{**label, "label": 1 - label["label"], "ts": label["ts"] + 1} for label in labels[:ROWS // 10]]
        for path, lines in ([("/v1/labels", labels), ("/v1/predictions", records)] if hour % 3 == 2 else [("/v1/predictions", records), ("/v1/labels", labels)]):
            assert self.post(path, lines)["accepted"] == ROWS
        self.post("/v1/labels", corrections)

    def changes(self, labels):
        """All of them, once every label was followed."""
        self.wait(f"select coalesce(sum(followed + skipped), 0) >= {labels} from evenkeel.error_run", "the following of all labels")
        assert self.query("select followed, skipped from evenkeel.error_run") == [[str(labels), "0"]], self.query("select followed, skipped from evenkeel.error_run")
        return self.query(CHANGES)


def storm(options, folder, cluster):
    rng = random.Random(options.seed)
    world = ChangingWorld(options.binary, folder, cluster, "storm", 2)
    try:
        hours = kills = 0
        end = time.monotonic() + PATIENCE_SECONDS
        while kills < options.kills:
            if time.monotonic() > end:
                raise RuntimeError("too slow")
            world.send(hours)
            hours += 1
            time.sleep(rng.uniform(0, 0.3))
            name = f"evaluator{rng.randrange(2)}"
            process = world.processes[name]
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended by itself with {process.returncode}")
            process.kill()
            process.wait()
            kills += 1
            world.start(name, "evaluate")
        return hours, kills, world.changes(hours * ROWS)
    finally:
        world.stop()


def calm(options, folder, cluster, hours):
    world = ChangingWorld(options.binary, folder, cluster, "calm", 1)
    try:
        for hour in range(hours):
            world.send(hour)
        return world.changes(hours * ROWS)
    finally:
        world.stop()


def main():
    options = parse(argparse.ArgumentParser(description=__doc__.splitlines()[0]), kills=30, models=1)

    def test(folder, cluster):
        hours, kills, got = storm(options, folder, cluster)
        expected = calm(options, folder, cluster, hours)
        a, b = collections.Counter(map(tuple, expected)), collections.Counter(map(tuple, got))
        lost, doubled = sum((a - b).values()), sum((b - a).values())
        for row in [*(a - b)][:5] + [*(b - a)][:5]:
            print(f"not in both: {row}")
        print(f"by detector: {dict(collections.Counter(row[0] for row in expected))}")
        print(f"kills {kills}, labels {hours * ROWS}, changes {len(got)}, lost {lost}, doubled {doubled}")
        return lost or doubled or not expected

    sys.exit(in_cluster("changes", options, test))


if __name__ == "__main__":
    main()
