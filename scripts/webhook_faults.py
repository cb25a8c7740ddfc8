#!/usr/bin/env python3
"""Webhooks while the service is killed again and again and receivers misbehave: every alert arrives, all its copies under one id.

One real `evenkeel serve` that evaluates and notifies is killed with -9: at any moment, while a message arrives, and as soon as a message stands in the
outbox that nobody has tried to send. What each kill hit is told by what it left in the database: messages that were committed and not sent, that were
claimed and had not arrived, that had arrived and were not noted. The receivers are those of scripts/fault/receivers.py: well (it checks the signature); ill (500,
503, 429 with Retry-After, hangs, closes before, in the middle of and without an answer, redirects); gone (410).

At the end `evenkeel alerts` has to list what was given up for the receiver that is gone; to replay it while it is disabled sends nothing; once it is
enabled, one message and then all are replayed, and everything is there. The alerts are compared with those of a service that is left in peace.

    scripts/webhook_faults.py --kills 15 --seed 3

Last line: `kills N, alerts N, messages N, lost N, doubled N`. Exit code 1 unless all is well.
"""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fault.receivers import Receiver
from schedulers import MODELS, World, calm, in_cluster, judge, parse

HOURS_MAX = 9  # there is a bad one among as many
LISTED_MAX = 200  # how many `evenkeel alerts deliveries` lists
COMMITTED = "select exists(select 1 from evenkeel.delivery where state = 'waiting' and attempts = 0)"
WAITING = "select count(*) = 0 from evenkeel.delivery where state = 'waiting'"
KINDS = ["committed, not sent", "claimed, not arrived", "arrived, not noted"]


class Watcher:
    """One session that is asked many times a second; a program for each question would be slower than the service."""

    def __init__(self, url):
        self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", url], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, sql):
        # psql keeps back what it writes to a pipe, but not what it warns of.
        self.process.stdin.write(f"{sql} as answer \\gset\n\\warn :answer\n")
        return self.process.stderr.readline().strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stderr.close()


class Storm:
    """A service that is killed and started again while hours of records come in."""

    def __init__(self, binary, folder, cluster, seed):
        self.rng, self.receiver, self.hours = random.Random(seed), Receiver(seed), 0
        self.world = World(binary, folder, cluster, "storm", self.receiver, 1)
        self.watcher = Watcher(self.world.url)
        self.done = collections.Counter()

    def send(self):
        self.world.send(self.hours)
        self.hours += 1

    def kill(self):
        """Kills it, notes what that hit, and starts it again."""
        process = self.world.processes["scheduler0"]
        if process.poll() is not None:
            self.world.ends.append(f"the service ended by itself with {process.returncode}")
        process.kill()
        process.wait()
        with self.receiver.lock:
            arrived = {m for messages in self.receiver.arrived.values() for m in messages}
        # A claim that nobody settled: no attempt of that number is in the log.
        rows = self.world.query(
            "select d.message_id, d.attempts from evenkeel.delivery d where d.state = 'waiting' and not exists"
            " (select 1 from evenkeel.delivery_attempt a where a.delivery_id = d.delivery_id and a.attempt = d.attempts)")
        hit = {KINDS[0] if attempts == "0" else KINDS[2] if message in arrived else KINDS[1] for message, attempts in rows}
        self.done.update(hit or {"nothing under way"})
        self.world.start("scheduler0", "evaluate,notify")

    def wait_for_leader(self):
        end = time.monotonic() + 60
        while self.world.leader() is None and time.monotonic() < end:
            if self.world.processes["scheduler0"].poll() is not None:
                return
            time.sleep(0.02)

    def sees(self, sql, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.watcher.ask(sql) == "t":
                return True
        return False

    def strike(self, moment):
        if moment == "any":
            self.send()
            time.sleep(self.rng.uniform(0, 0.6))
        elif moment == "arrival":
            arrived = threading.Event()
            self.receiver.trap = arrived.set
            for _ in range(HOURS_MAX):
                self.send()
                if arrived.wait(0.4):
                    break
            self.receiver.trap = None
        else:
            for _ in range(HOURS_MAX):
                self.send()
                if self.sees(COMMITTED, 0.4):
                    break
        self.kill()

    def run(self, kills):
        moments = []
        for _ in range(kills):
            moments = moments or self.rng.sample(["any", "arrival", "commit"], 3)
            self.wait_for_leader()
            self.strike(moments.pop())
            self.send()
        # The receiver that is gone has said so by now, or does with the next alert.
        for _ in range(9):
            self.send()

    def end(self):
        """Heals the receivers; then the operator's part. Returns what is wrong."""
        world, problems = self.world, []
        world.wait("select count(*) = 0 from evenkeel.dirty_window", "the evaluation of all windows")
        self.receiver.is_healed = True
        world.wait(WAITING, "the sending of all messages")
        dead = {row[0] for row in world.query("select message_id from evenkeel.delivery where state = 'dead'")}
        listed = self.dead()
        if not dead or any(one["destination"] != "gone" for one in listed):
            problems.append(f"not only the messages of the receiver that is gone were given up: {len(dead)}")
        if not {one["message_id"] for one in listed} <= dead or len(listed) != min(len(dead), LISTED_MAX):
            problems.append(f"{len(listed)} dead letters are listed, {len(dead)} there are")
        before = len(self.receiver.arrived["gone"])
        world.run("alerts", "replay", "--all")
        world.wait(WAITING, "giving up what goes to a disabled destination")
        if len(self.receiver.arrived["gone"]) != before:
            problems.append("a disabled destination was asked")
        if any("disabled" not in (one["last_error"] or "") for one in self.dead()):
            problems.append("a dead letter does not say that its destination is disabled")
        world.run("alerts", "enable", "gone")
        world.run("alerts", "replay", str(listed[0]["id"]) if listed else "--all")
        world.wait(WAITING, "the sending of one replayed message")
        world.run("alerts", "replay", "--all")
        world.wait(WAITING, "the sending of all replayed messages")
        if self.dead():
            problems.append(f"still dead: {self.dead()[:3]}")
        print(f"{len(dead)} messages given up, listed, replayed to the receiver that came back")
        return problems

    def dead(self):
        return json.loads(self.world.run("alerts", "deliveries", "--state", "dead", "--format", "json"))["deliveries"]

    def stop(self):
        self.watcher.close()
        self.world.stop()


def main():
    options = parse(argparse.ArgumentParser(description=__doc__.splitlines()[0]), kills=15, models=3)

    def test(folder, cluster):
        storm = Storm(options.binary, folder, cluster, options.seed)
        try:
            began = time.monotonic()
            storm.run(options.kills)
            problems = storm.end()
        finally:
            storm.stop()
        took = time.monotonic() - began
        got = storm.world.alerts()
        expected = calm(options.binary, folder, cluster, storm.hours, options.seed)
        print(f"{storm.hours} hours of {len(MODELS)} models in {took:.0f} s; the kills hit: {dict(storm.done)}")
        found, messages, lost, doubled = judge(storm.world, storm.receiver, expected, got)
        problems += found
        # Few kills may miss the moments that are aimed at; many may not.
        if options.kills >= 10 and (missed := [kind for kind in [KINDS[0], KINDS[2]] if not storm.done[kind]]):
            problems.append(f"no kill hit: {missed}")
        for problem in problems:
            print(f"  {problem}")
        print(f"kills {options.kills}, alerts {len(got)}, messages {messages}, lost {lost}, doubled {doubled}")
        return problems

    return in_cluster("webhook-faults", options, test)


if __name__ == "__main__":
    sys.exit(main())
