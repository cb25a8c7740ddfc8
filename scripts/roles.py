#!/usr/bin/env python3
"""Two of each role on one database, any of them killed again and again: nothing lost, nothing doubled, and the alerts are those of one of each.

First one process of each kind is left in peace. Then the same records and labels come to a second database by two collectors, two evaluators and two notifiers;
one of the six, picked at random, is killed with -9 every second or so and started again a moment later. The client sends a request to either collector, and
again until it is answered 202. The receivers misbehave as in scripts/schedulers.py.

    scripts/roles.py --seconds 600 --seed 3

Last line: `kills N, records N, alerts N, messages N, lost N, doubled N`. Exit code 1 unless every record is stored once, the profiles are those of the rows,
the alerts are the same, and every message arrived under exactly one id.
"""
import argparse
import collections
import json
import random
import sys
import time
import urllib.error
import urllib.request

import schedulers
from fault.check import PROFILES
from fault.receivers import Receiver
from schedulers import HOUR, MODELS, ROWS, START, World, calm, in_cluster, is_bad, judge, parse

ROLES = {"collector": "collect,web", "evaluator": "evaluate", "notifier": "notify"}
PAUSE_SECONDS = (0.3, 1.5)


class Fleet(World):
    """Two processes of each role; every collector has a spool of its own."""

    def __init__(self, binary, folder, cluster, receiver, rng):
        self.marks, self.rng, self.due = {}, rng, {}
        super().__init__(binary, folder, cluster, "fleet", receiver, 0)
        self.processes.pop("door").terminate()
        for kind, roles in ROLES.items():
            for i in (0, 1):
                self.start(f"{kind}{i}", roles)

    def start(self, name, roles):
        log = self.folder / f"{name}.log"
        self.marks[name] = log.stat().st_size if log.exists() else 0
        shared, self.config = self.config, self.folder / f"{name}.yaml"
        self.config.write_text(f"{shared.read_text()}\nspool: {{folder: {self.folder}/spool-{name}, after_seconds: 1}}\n")
        super().start(name, roles)
        self.config = shared

    def address(self, name):
        """Where it answers; None while it does not."""
        said = (self.folder / f"{name}.log").read_text()[self.marks[name]:]
        found = schedulers.re.findall(r"ready on (http://[0-9.:]+)", said)
        return found[-1] if found else None

    def tend(self):
        """Starts again what was killed, when its time has come; notes what ended by itself."""
        for name, process in self.processes.items():
            if process.poll() is None:
                continue
            if name not in self.due:
                self.ends.append(f"{name} ended by itself with {process.returncode}")
                self.due[name] = 0
            if time.monotonic() >= self.due[name]:
                del self.due[name]
                self.start(name, ROLES[name[:-1]])

    def kill(self):
        name = self.rng.choice(list(self.processes))
        process = self.processes[name]
        if process.poll() is not None:
            return None
        self.due[name] = time.monotonic() + self.rng.choice([0, 0.2, 2])
        process.kill()
        process.wait()
        return name[:-1]

    def deliver(self, path, lines):
        """Sends until a collector has acknowledged all of it."""
        end = time.monotonic() + schedulers.PATIENCE_SECONDS
        while time.monotonic() < end:
            self.tend()
            base = self.address(self.rng.choice(["collector0", "collector1"]))
            try:
                if base is None:
                    raise OSError
                request = urllib.request.Request(f"{base}{path}", "\n".join(lines).encode(), {"content-type": "application/x-ndjson"})
                with urllib.request.urlopen(request, timeout=30) as answer:
                    assert json.load(answer)["accepted"] == len(lines)
                    return
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503):
                    raise RuntimeError(f"{error.code}: {error.read()[:300]}") from error
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("no collector answers")

    def send(self, hour):
        for model in MODELS:
            self.deliver("/v1/predictions", records(model, hour))


def records(model, hour):
    """As schedulers.py sends them."""
    rng = random.Random(f"{model} {hour}")
    drifted, odd = is_bad(model, hour, "inputs"), is_bad(model, hour, "scores")
    return [json.dumps({
        "model": model, "version": "1", "id": f"{hour}-{i}", "ts": (START + hour * HOUR + i * 50) * 1000,
        "features": {"x": rng.gauss(3 if drifted else 0, 1), "y": rng.gauss(5, 2)}, "score": rng.random() ** (6 if odd else 1)}) for i in range(ROWS)]


def storm(options, folder, cluster):
    rng = random.Random(options.seed)
    receiver = Receiver(options.seed)
    fleet = Fleet(options.binary, folder, cluster, receiver, rng)
    killed = collections.Counter()
    hours = 0
    try:
        began = time.monotonic()
        last = began
        next_kill = began + 5
        while time.monotonic() - began < options.seconds:
            fleet.tend()
            if time.monotonic() - last > 0.3:
                fleet.send(hours)
                hours, last = hours + 1, time.monotonic()
            if time.monotonic() > next_kill:
                if kind := fleet.kill():
                    killed[kind] += 1
                next_kill = time.monotonic() + rng.uniform(*PAUSE_SECONDS)
            time.sleep(0.02)
        end = time.monotonic() + 5
        while time.monotonic() < end or fleet.due:
            fleet.tend()
            time.sleep(0.1)
        # What a collector has spooled is stored by itself; a record that is answered for is nowhere else.
        fleet.wait(f"select count(*) >= {hours * ROWS * len(MODELS)} from evenkeel.prediction", "the storing of all records")
        fleet.settle()
        return fleet, hours, killed, receiver
    except BaseException:
        fleet.stop()
        raise


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    options = parse(parser, kills=0, models=3)

    def test(folder, cluster):
        fleet = None
        try:
            fleet, hours, killed, receiver = storm(options, folder, cluster)
            fleet.stop()
            got = fleet.alerts()
            stored = collections.Counter(tuple(row) for row in fleet.query("select stream_id, record_id from evenkeel.prediction"))
            different = fleet.query(PROFILES)
            expected = calm(options.binary, folder, cluster, hours, options.seed)
            problems, messages, lost, doubled = judge(fleet, receiver, expected, got)
            sent = hours * ROWS * len(MODELS)
            lost += sent - len(stored)
            doubled += sum(stored.values()) - len(stored)
            if sent != len(stored):
                problems.append(f"{sent} records were acknowledged, {len(stored)} are stored")
            if different:
                problems.append(f"{len(different)} hours differ between rows and profiles: {different[:3]}")
            if any(killed[kind] < 1 for kind in ROLES):
                problems.append(f"too few kills: {dict(killed)}")
            for problem in problems:
                print(f"  {problem}")
            print(f"{hours} hours of {len(MODELS)} models; killed {dict(killed)}")
            print(f"kills {sum(killed.values())}, records {sent}, alerts {len(got)}, messages {messages}, lost {lost}, doubled {doubled}")
            return problems
        finally:
            if fleet:
                fleet.stop()

    return in_cluster("roles", options, test)


if __name__ == "__main__":
    sys.exit(main())
