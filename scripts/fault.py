#!/usr/bin/env python3
"""Kills everything while records come in, and then counts: what was acknowledged is stored exactly once, or this fails.

Clients send numbered records and labels, each request again until it is answered 202. Meanwhile, in an order that the seed decides, the
service and PostgreSQL are killed, PostgreSQL hangs, the disk of the spool fills, requests are cut in the middle, answers are not
waited for, and the clock jumps. The service runs in lives: over its embedded cluster, which it watches, or over the same cluster as a server that we
watch, so that the database can stay away; with a spool that ends at `spool.bytes_max`, or at its disk.

    scripts/fault.py --seconds 60 --seed 7

Last line: `faults N, acknowledged N, lost N, doubled N`. Exit code 1 when anything was lost or doubled, a profile differs from its rows, a
request was answered with anything but 202, 429 and 503, the service ended by itself, or too little happened to say so.
"""
import argparse
import collections
import heapq
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

from fault.check import Verdict, check, doctor
from fault.clients import Clients
from fault.clock import Clock
from fault.world import DISK_MEGABYTES, SMALL_SPOOL, Database, Disk, Service

HOUR = 3600
# Apart by less than the 7 days in which an id without a time of its own is known again, and back by less than a day, by which a time may be ahead.
CLOCK_JUMPS = [-20 * HOUR, -HOUR, 0, 7, 2 * HOUR, 30 * HOUR, 4 * 24 * HOUR]
PATIENCE_SECONDS = 600
PER_SECOND_MIN = 10


class Faults:
    """Chooses faults, injects them and ends those that last."""

    def __init__(self, seed, service, database, disk, clock, clients):
        self.rng = random.Random(seed)
        self.service, self.database, self.disk, self.clock, self.clients = service, database, disk, clock, clients
        self.counts = collections.Counter()
        self.ends = []  # a heap of (time, number, what)
        self.lasting = set()
        self.is_over = False
        self.began = time.monotonic()
        self.kinds = {
            "service killed": self.kill_service, "database killed": self.kill_database, "both killed": self.kill_both,
            "database paused": self.pause, "request cut": self.cut, "answer lost": self.leave, "service stopped": self.stop_service}
        if disk.is_small:
            self.kinds["disk filled"] = self.fill
        if clock.environment:
            self.kinds["clock jumped"] = self.jump
        self.deck = []

    def say(self, text):
        print(f"{time.monotonic() - self.began:7.1f} s  {text}", flush=True)

    def inject(self):
        """The next of a shuffled deck, so that every kind has its turn; those that come often are in it twice."""
        if not self.deck:
            self.deck = list(self.kinds) + ["service killed", "database killed", "request cut"]
            self.rng.shuffle(self.deck)
        kind = self.deck.pop()
        detail = self.kinds[kind]()
        if detail is not None:
            self.counts[kind] += 1
            self.say(f"{kind}{detail and ': '}{detail}")

    def last(self, what, seconds):
        self.lasting.add(what)
        heapq.heappush(self.ends, (time.monotonic() + seconds, len(self.ends), what))

    def tend(self):
        """Ends what is over, and starts the service when it has ended."""
        while self.ends and self.ends[0][0] <= time.monotonic():
            self.finish(heapq.heappop(self.ends)[2])
        if self.service.tend():
            self.start_service()

    def finish(self, what):
        if what not in self.lasting:
            return
        self.lasting.discard(what)
        if what == "disk":
            self.disk.free()
        elif what == "pause":
            self.database.signal(signal.SIGCONT)
        elif what == "down" and not self.service.embedded:
            self.database.start()
        self.say(f"    over: {what}")

    def end_all(self):
        self.is_over = True
        for what in list(self.lasting):
            self.finish(what)
        self.ends = []

    def start_service(self):
        embedded = self.is_over or self.rng.random() < 0.5
        if embedded:
            self.lasting.discard("down")  # the service starts it
        small = self.rng.random() < 0.5 or not self.disk.is_small
        self.service.start(embedded, SMALL_SPOOL if small else 1 << 30)
        if not embedded and not self.database.processes():
            self.last("down", self.rng.uniform(0, 4))  # a start without the database

    # Faults: each says what it did, or None when it has nothing to break now.

    def kill_service(self):
        self.service.end(signal.SIGKILL)
        self.start_service()
        return self.life()

    def stop_service(self):
        self.service.end(signal.SIGTERM)
        return ""

    def life(self):
        where = "embedded cluster" if self.service.embedded else "own server"
        return f"next with {where}, spool to {'1 MiB' if self.service.spool_bytes == SMALL_SPOOL else 'the end of its disk'}"

    def kill_database(self):
        if not (killed := self.database.signal(signal.SIGKILL)):
            return None
        self.lasting.discard("pause")
        if self.service.embedded:
            return f"{killed} processes"
        seconds = self.rng.choice([0, 1, 3, 8]) * self.rng.random()
        self.last("down", seconds)
        return f"{killed} processes, away for {seconds:.1f} s"

    def kill_both(self):
        self.lasting.discard("pause")
        self.database.signal(signal.SIGKILL)
        self.service.end(signal.SIGKILL)
        self.database.signal(signal.SIGKILL)
        self.start_service()
        return self.life()

    def pause(self):
        if "pause" in self.lasting or not self.database.signal(signal.SIGSTOP):
            return None
        seconds = self.rng.uniform(1, 6)
        self.last("pause", seconds)
        return f"{seconds:.1f} s"

    def fill(self):
        """The disk is full while records need it; often also while they are replayed."""
        if "disk" in self.lasting:
            return None
        if "pause" not in self.lasting and "down" not in self.lasting:
            self.counts["database paused"] += 1
            self.say(f"database paused: {self.pause() or 'not there'}")
        self.disk.fill()
        seconds = self.rng.uniform(0.5, 8)
        self.last("disk", seconds)
        return f"{seconds:.1f} s"

    def cut(self):
        self.clients.cuts = self.rng.randint(1, 3)
        return f"{self.clients.cuts}"

    def leave(self):
        self.clients.leaves = self.rng.randint(1, 3)
        return f"{self.clients.leaves}"

    def jump(self):
        seconds = self.rng.choice(CLOCK_JUMPS)
        self.clock.set(seconds)
        return f"{seconds:+d} s from the right time"


def wait_until(what, condition, tend, failed):
    """Whether it came true; the time is generous, since the machine may be busy."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        tend()
        if time.monotonic() > end:
            failed.append(f"{what}: not in {PATIENCE_SECONDS} s")
            return False
        time.sleep(0.05)
    return True


def is_drained(service):
    try:
        return service.port is not None and service.metric("evenkeel_ingest_spool_bytes") == 0
    except OSError:
        return False


def run(options, folder, cleanups):
    rng = random.Random(f"{options.seed} world")
    clock = Clock(folder)
    if not clock.environment:
        print("the clock does not jump: there is no C compiler for the library that it needs")
    disk = Disk(folder)
    cleanups.append(lambda kept: disk.unmount(kept))
    if not disk.is_small:
        print("the disk of the spool does not fill, only spool.bytes_max ends it: mounting a small one needs root")
    database = Database(folder, clock.environment)
    cleanups.insert(0, lambda kept: database.signal(signal.SIGKILL))
    service = Service(options.binary, folder, clock.environment, rng)
    cleanups.insert(0, lambda kept: service.process and service.process.poll() is None and service.end(signal.SIGKILL))

    failed = []
    service.start()
    service.wait_ready(PATIENCE_SECONDS)
    service.register()
    clients = Clients(lambda: service.port, options.seed)
    faults = Faults(options.seed, service, database, disk, clock, clients)
    clients.start()
    end, next_fault, next_word = faults.began + options.seconds, faults.began + 1, faults.began + 10
    while (now := time.monotonic()) < end:
        faults.tend()
        if now >= next_fault:
            # Mostly something is let through between two faults; now and then they come upon each other.
            if faults.rng.random() < 0.02 or clients.last_acknowledged > next_fault - 0.3 or now > next_fault + 3:
                faults.inject()
                next_fault = time.monotonic() + faults.rng.choice([0.1, 0.3, 0.6, 1, 2]) * (0.5 + faults.rng.random())
        if now >= next_word:
            next_word += 10
            faults.say(f"    {len(clients.records)} of {clients.next_number} records acknowledged, {sum(map(len, clients.labels.values()))} labels")
        time.sleep(0.02)

    faults.end_all()
    faults.say("faults are over: what is under way is finished")
    if not service.embedded:
        database.start()
        service.end(signal.SIGKILL)
        faults.counts["service killed"] += 1
        faults.start_service()
    clients.stopping.set()
    wait_until("the clients' last requests", lambda: not any(thread.is_alive() for thread in clients.threads), faults.tend, failed)
    wait_until("an empty spool", lambda: is_drained(service), faults.tend, failed)
    faults.say("the spool is empty")
    kept = service.metric("evenkeel_ingest_spool_kept_bytes")
    if kept:
        failed.append(f"{kept:.0f} bytes of the spool were refused or damaged")
    verdict = check(clients, database)
    doctor(options.binary, folder, verdict)
    service.end(signal.SIGTERM)
    if (code := service.process.wait()) != 0:
        failed.append(f"SIGTERM: exit code {code}")
    failed += [f"the service {text}" for text in service.trouble] + verdict.wrong
    failed += [f"unexpected answers: {len(clients.unexpected)}: {clients.unexpected[:5]}"] if clients.unexpected else []
    total = sum(faults.counts.values())
    if total < max(5, options.seconds / 10) or len(clients.records) < PER_SECOND_MIN * options.seconds:
        failed.append("too little happened")
    report(faults, clients, service, verdict)
    return failed, (total, len(clients.records), verdict)


def report(faults, clients, service, verdict):
    rows = sorted(faults.counts.items())
    rows += [("records sent", clients.next_number - len(clients.never)), ("records acknowledged", len(clients.records))]
    rows += verdict.figures.items()
    rows += [("answers", ", ".join(f"{count} x {status}" for status, count in sorted(clients.answers.items(), key=str))),
             ("starts of the service", service.starts), ("starts that it refused", len(service.refused_starts)),
             ("longest outage of a client", f"{clients.outage:.1f} s")]
    print()
    for name, value in rows:
        print(f"{name:38} {value}")
    for text, count in collections.Counter(service.refused_starts).items():
        print(f"refused start: {count} x {text}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--binary", default=str(pathlib.Path(__file__).parent.parent / ".build/debug/evenkeel"))
    parser.add_argument("--keep", action="store_true", help="keep the folder also when all is well")
    options = parser.parse_args()
    options.binary = str(pathlib.Path(options.binary).resolve())
    # Not $TMPDIR: the database runs as a user of its own, and its socket needs a short path.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="evenkeel-fault.", dir="/tmp"))
    folder.chmod(0o755)
    print(f"seed {options.seed}, {options.seconds:g} s, disk of {DISK_MEGABYTES} MB, folder {folder}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cleanups, failed, counts, interrupted = [], ["it was not finished"], None, False
    try:
        failed, counts = run(options, folder, cleanups)
    except KeyboardInterrupt:
        interrupted = True
    except Exception:
        failed.append(traceback.format_exc())
    finally:
        keep = options.keep or bool(failed) and not interrupted
        for cleanup in cleanups:
            cleanup(keep)
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    if interrupted:
        sys.exit(130)
    for text in failed:
        print(f"FAILED {text}")
    if keep:
        print(f"kept: {folder} (log, data, spool.kept)")
    total, acknowledged, verdict = counts or (0, 0, Verdict())
    print(f"faults {total}, acknowledged {acknowledged}, lost {verdict.lost}, doubled {verdict.doubled}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
