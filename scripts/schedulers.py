#!/usr/bin/env python3
"""Several schedulers on one database, the leader killed again and again, receivers that misbehave: the same alerts as with one that is never killed.

First one scheduler watches the models and is left in peace. Then the same records come to a second database, where two real `evenkeel serve` processes
evaluate and notify. The leader (it stands in evenkeel.lease) is killed with -9, mostly at a random moment, sometimes in the middle of a message's
arrival, and started again; now and then it is stopped for longer than its lease and goes on as if nothing had happened.
The receivers: one that is well; one that fails, hangs, asks for patience, closes before and in the middle of its answer; one that is gone (410) until
the end, when it is enabled and its messages are replayed.

    scripts/schedulers.py --kills 50 --seed 3

Last line: `kills N, alerts N, messages N, lost N, doubled N`. Exit code 1 unless the alerts are the same and every message arrived under exactly one id.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fault.receivers import Receiver
from fault.world import Database

START = 1_767_225_600  # 2026-01-01T00:00:00Z, event time
HOUR = 3600
ROWS = 60
PATIENCE_SECONDS = 240


class World:
    """A database in the cluster, the process that takes records, and the schedulers."""

    def __init__(self, binary, folder, cluster, name, receiver, schedulers):
        self.binary, self.folder, self.cluster, self.name, self.receiver = binary, folder / name, cluster, name, receiver
        self.folder.mkdir()
        cluster.query_in("evenkeel", f"create database {name}", rows=False)
        self.url = cluster.url.replace("dbname=evenkeel", f"dbname={name}")
        self.config = self.folder / "evenkeel.yaml"
        policies = "".join(
            f"  - {{name: {policy}, monitors: [{monitors}], window: hour, findings: {k}, of: {n}, resolve_after: {calm}, false_alarms: any}}\n"
            for policy, monitors, k, n, calm in [("inputs", "feature_drift, data_quality", 2, 3, 2), ("scores", "prediction_drift", 1, 1, 1)])
        self.config.write_text(f"""
database: {self.url}
data: {self.folder}
lease_seconds: 1
evaluate_every_seconds: 0.1
deliver_every_seconds: 0.05
retry_seconds: [{", ".join(["1"] * 1000)}]
monitors: {{delay_seconds: 0, quiet_seconds: 0, patience_seconds: 0}}
outgoing: {{allow: [loopback]}}
destinations:
  - {{name: well, url: {receiver.url}/well, secret: one, timeout_seconds: 1}}
  - {{name: ill, url: {receiver.url}/ill, timeout_seconds: 1}}
  - {{name: gone, url: {receiver.url}/gone, timeout_seconds: 1}}
policies:
{policies}""")
        self.processes = {}
        self.ends = []
        self.start("door", "collect,web")
        self.base = self.ready("door")
        self.register()
        for i in range(schedulers):
            self.start(f"scheduler{i}", "evaluate,notify")

    def start(self, name, roles):
        log = open(self.folder / f"{name}.log", "a")
        self.processes[name] = subprocess.Popen(
            [self.binary, "serve", "--config", str(self.config), "--port", "0", "--roles", roles], cwd=self.folder, stdout=log, stderr=log,
            start_new_session=True, env={**os.environ, "EVENKEEL_LOG": "notice"})

    def ready(self, name):
        for _ in range(1200):
            found = re.findall(r"ready on (http://[0-9.:]+)", (self.folder / f"{name}.log").read_text())
            if found:
                return found[-1]
            if self.processes[name].poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"{name} does not start: " + (self.folder / f"{name}.log").read_text()[-1000:])

    def run(self, *arguments):
        done = subprocess.run([self.binary, *arguments, "--config", str(self.config)], cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{arguments}: {done.stderr}")
        return done.stdout

    def register(self):
        rng = random.Random("reference")
        reference = self.folder / "reference.csv"
        reference.write_text("x,y,score\n" + "".join(
            f"{rng.gauss(0, 1):.4f},{rng.gauss(5, 2):.4f},{rng.random():.5f}\n" for _ in range(1000)))
        for model in MODELS:
            self.run("model", "register", "--name", model, "--version", "1", "--reference", str(reference), "--score", "score")

    def query(self, sql):
        return self.cluster.query_in(self.name, sql)

    def send(self, hour):
        """All models' records of an hour, each model's in a request of its own."""
        for model in MODELS:
            rng = random.Random(f"{model} {hour}")
            drifted, odd = is_bad(model, hour, "inputs"), is_bad(model, hour, "scores")
            lines = [json.dumps({
                "model": model, "version": "1", "id": f"{hour}-{i}", "ts": (START + hour * HOUR + i * 50) * 1000,
                "features": {"x": rng.gauss(3 if drifted else 0, 1), "y": rng.gauss(5, 2)}, "score": rng.random() ** (6 if odd else 1)}) for i in range(ROWS)]
            request = urllib.request.Request(f"{self.base}/v1/predictions", "\n".join(lines).encode(), {"content-type": "application/x-ndjson"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert json.load(answer)["accepted"] == ROWS

    def leader(self):
        """The name of the scheduler that holds the lease now; None while nobody does."""
        rows = self.query("select holder from evenkeel.lease where expires_at > now()")
        number = int(rows[0][0].split()[1]) if rows else None
        return next((name for name, process in self.processes.items() if process.pid == number), None)

    def wait(self, sql, what):
        end = time.monotonic() + PATIENCE_SECONDS
        while self.query(sql) != [["t"]]:
            if time.monotonic() > end:
                raise RuntimeError(f"{self.name}: {what} did not come to pass")
            time.sleep(0.1)

    def settle(self):
        """Until every ended window is evaluated and every message sent; the receivers are well from now on."""
        # The day that is not over in event time is in the past by the clock: all windows have ended.
        self.wait("select count(*) = 0 from evenkeel.dirty_window", "the evaluation of all windows")
        self.receiver.is_healed = True
        if self.query("select 1 from evenkeel.destination_disabled where destination = 'gone'"):
            self.run("alerts", "enable", "gone")
        self.wait("select count(*) = 0 from evenkeel.delivery where state = 'waiting'", "the sending of all messages")
        self.run("alerts", "replay", "--all")
        self.wait("select count(*) = 0 from evenkeel.delivery where state <> 'sent'", "the sending of all replayed messages")

    def alerts(self):
        return self.query(
            "select a.model, a.monitor, a.policy, a.severity, a.state, a.started_at, a.summary, a.detail::text, a.memory->'seen',"
            " (select string_agg(d.destination || ' ' || d.type, ', ' order by d.destination, d.type) from evenkeel.delivery d"
            "  where d.alert_id = a.alert_id or a.alert_id = any(d.alert_ids))"
            " from evenkeel.alert a order by a.model, a.policy, a.monitor, a.started_at, a.state")

    def stop(self):
        for process in self.processes.values():
            try:
                process.send_signal(signal.SIGCONT)
                process.kill()
            except ProcessLookupError:
                pass
            process.wait()


MODELS = []


def is_bad(model, hour, policy):
    """Stretches of one to four bad hours, by model and policy; the last hours are calm, so that all alerts end."""
    rng = random.Random(f"{model} {policy} {hour // 9}")
    first, length = rng.randrange(6), rng.choice([1, 2, 3, 4])
    return first <= hour % 9 < first + length


class Cluster(Database):
    def query_in(self, name, sql, rows=True):
        url = self.url.replace("dbname=evenkeel", f"dbname={name}")
        done = subprocess.run(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", f"copy ({sql}) to stdout" if rows else sql, url], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]


def calm(binary, folder, cluster, hours, seed):
    receiver = Receiver(seed)
    receiver.is_healed = True
    world = World(binary, folder, cluster, "calm", receiver, 1)
    try:
        for hour in range(hours):
            world.send(hour)
        world.settle()
        return world.alerts()
    finally:
        world.stop()


def storm(binary, folder, cluster, kills, seed):
    """Returns the world, how many hours were sent, and what was done."""
    rng = random.Random(seed)
    receiver = Receiver(seed)
    world = World(binary, folder, cluster, "storm", receiver, 2)
    done = collections.Counter()
    hours = 0
    stopped = []  # (when it goes on, process)

    def tend():
        now = time.monotonic()
        for entry in [e for e in stopped if e[0] <= now]:
            stopped.remove(entry)
            if entry[1].poll() is None:
                entry[1].send_signal(signal.SIGCONT)
        for name, process in world.processes.items():
            if process.poll() is not None:
                if process not in expected:
                    world.ends.append(f"{name} ended by itself with {process.returncode}")
                world.start(name, "evaluate,notify")

    expected = set()

    def kill(name, why):
        process = world.processes[name]
        if process in expected or process.poll() is not None:
            return
        expected.add(process)
        process.kill()
        process.wait()
        done[why] += 1

    try:
        last = 0.0
        while sum(done[k] for k in done if k.startswith("killed")) < kills:
            tend()
            if time.monotonic() - last > 0.2:
                world.send(hours)
                hours, last = hours + 1, time.monotonic()
            leader = world.leader()
            if leader is None or any(world.processes[leader] is process for _, process in stopped):
                time.sleep(0.02)
                continue
            # Some time to do something, so that it is killed in the middle of it.
            time.sleep(rng.uniform(0, 0.3))
            choice = rng.random()
            if choice < 0.15 and not stopped:
                world.processes[leader].send_signal(signal.SIGSTOP)
                stopped.append((time.monotonic() + rng.uniform(1.2, 2.5), world.processes[leader]))
                done["stopped"] += 1
            elif choice < 0.5:
                # While it sends: what was committed is on its way, or just arrives. Whoever sends is killed, be it the leader or not.
                arrived = threading.Event()
                receiver.trap = arrived.set
                world.send(hours)
                hours += 1
                if arrived.wait(2):
                    kill(leader, "killed at an arrival")
                receiver.trap = None
            else:
                kill(leader, "killed at any time")
        for _, process in stopped:
            process.send_signal(signal.SIGCONT)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            tend()
            time.sleep(0.1)
        # Calm hours at the end, which resolve what fires.
        world.settle()
        return world, hours, done, receiver
    except BaseException:
        world.stop()
        raise


def judge(world, receiver, expected, got):
    """What is wrong with alerts and messages after a storm; how many messages there were, and how many of both are lost and doubled."""
    problems = list(world.ends)
    a, b = collections.Counter(map(tuple, expected)), collections.Counter(map(tuple, got))
    lost, doubled = a - b, b - a
    problems += [f"missing: {row}" for row in list(lost)[:5]] + [f"not with one: {row}" for row in list(doubled)[:5]]
    sent = world.query("select destination, message_id, alert_id::text || ' ' || type from evenkeel.delivery")
    written = {(d, m) for d, m, _ in sent}
    arrived = {(d, m) for d, messages in receiver.arrived.items() for m in messages}
    lost_messages, foreign = written - arrived, arrived - written
    twice = [key for key, count in collections.Counter((d, what) for d, _, what in sent).items() if count > 1]
    for what, found in [
        ("never arrived", sorted(lost_messages)), ("arrived under an id that is not in the outbox", sorted(foreign)), ("two ids for one thing", twice),
        ("one id with two bodies", receiver.changed), ("wrongly signed", receiver.forged),
    ]:
        if found:
            problems.append(f"{what}: {found[:5]}")
    if not got:
        problems.append("too little happened")
    total = sum(len(messages) for messages in receiver.arrived.values())
    print(f"receivers: {dict(sorted(receiver.faults.items()))}")
    print(f"{total} arrivals of {len(written)} messages: {total - len(written)} repeated, each with its id")
    return problems, len(written), sum(lost.values()) + len(lost_messages), sum(doubled.values()) + len(twice) + len(foreign)


def in_cluster(name, options, test):
    """Runs `test(folder, cluster)`, which prints and returns its problems, over a cluster of its own. Returns the exit code."""
    print(f"seed {options.seed}", flush=True)
    MODELS.extend(f"model{i}" for i in range(options.models))
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"ek-{name}-", dir="/tmp"))
    folder.chmod(0o755)
    cluster = Cluster(folder, {})
    failed = True
    try:
        # Made by the service, then run by us.
        maker = subprocess.run([options.binary, "migrate", "--embedded", "--data", str(folder / "data")], capture_output=True, text=True)
        if maker.returncode:
            raise RuntimeError(maker.stderr)
        cluster.start()
        failed = bool(test(folder, cluster))
    finally:
        cluster.signal(signal.SIGQUIT)
        for _ in range(100):
            if not cluster.processes():
                break
            time.sleep(0.05)
        if options.keep or failed:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


def parse(parser, kills, models):
    """The options that all such tests have."""
    parser.add_argument("--kills", type=int, default=kills)
    parser.add_argument("--models", type=int, default=models)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--binary", default=str(pathlib.Path(__file__).parent.parent / ".build/debug/evenkeel"))
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    return parser.parse_args()


def main():
    options = parse(argparse.ArgumentParser(description=__doc__.splitlines()[0]), kills=50, models=4)

    def test(folder, cluster):
        world, problems = None, []
        began = time.monotonic()
        try:
            world, hours, done, receiver = storm(options.binary, folder, cluster, options.kills, options.seed)
            stormed = time.monotonic() - began
            world.stop()
            got = world.alerts()
            expected = calm(options.binary, folder, cluster, hours, options.seed)
            terms = world.query("select term from evenkeel.lease")
            print(f"{hours} hours of {len(MODELS)} models in {stormed:.0f} s; {dict(done)}; terms of leadership {terms[0][0]}")
            problems, messages, lost, doubled = judge(world, receiver, expected, got)
            kills = sum(done[k] for k in done if k.startswith("killed"))
            if kills < options.kills:
                problems.append("too few kills")
            for problem in problems:
                print(f"  {problem}")
            print(f"kills {kills}, alerts {len(got)}, messages {messages}, lost {lost}, doubled {doubled}")
        finally:
            if world:
                world.stop()
        return problems

    return in_cluster("schedulers", options, test)


if __name__ == "__main__":
    sys.exit(main())
