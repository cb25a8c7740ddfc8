"""What every benchmark shares: measuring ours and a peer in turn, and the list of claims with its two outputs."""
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import platform
import subprocess
import sys
import time


@dataclasses.dataclass
class Cost:
    """Seconds and, of a process of its own, its peak memory. A figure per value is given as the seconds of all values."""
    cpu: float
    wall: float = None
    peak: float = None

    def json(self):
        return {"cpu_s": self.cpu, "wall_s": self.wall if self.wall is not None else self.cpu, "peak_mb": self.peak}


def seconds(body, runs=3):
    """CPU seconds of this process: others on the machine add to it, but less than to the time on the wall.

    The best of several runs one after the other, as our own programs do: the first after another process pays for fresh memory.
    """
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        body()
        best = min(best, time.process_time() - start)
    return best


def alternate(ours, theirs, runs=3):
    """The best of several runs of each, in turn: a busy machine only ever adds, and adds to both."""
    best = [None, None]
    for _ in range(runs):
        for side, body in enumerate((ours, theirs)):
            found = body()
            if best[side] is None or cpu(found) < cpu(best[side]):
                best[side] = found
    return best


def cpu(found):
    return found.cpu if isinstance(found, Cost) else found


def process(argv, prefix=()):
    """The cost of a child with all its threads. Its output is thrown away; an end with a finding (1) is no failure."""
    code = ("import json,resource,subprocess,sys,time;t=time.perf_counter();"
            "r=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode;w=time.perf_counter()-t;"
            "u=resource.getrusage(resource.RUSAGE_CHILDREN);assert r in(0,1),r;print(json.dumps([u.ru_utime+u.ru_stime,w,u.ru_maxrss/1024]))")
    out = subprocess.run([sys.executable, "-c", code, *prefix, *map(str, argv)], capture_output=True, text=True, check=True).stdout
    return Cost(*json.loads(out))


def figures(argv):
    """The lines `name value` that our benchmark programs print."""
    out = subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: float(line.split()[-1]) for line in out.splitlines()}


class Claims:
    def __init__(self, commit):
        self.rows = []
        self.proofs = []
        self.commit = commit

    def add(self, claim, work, ours, peer, theirs, goal, unit="s", values=1):
        """ratio = theirs / ours, which is to be at least the goal (None: only told).

        A number for `ours` or `theirs` is seconds; `values` divides what is shown, not the ratio.
        """
        ours, theirs = (x if isinstance(x, Cost) else Cost(x) for x in (ours, theirs))
        self.rows.append((claim, work, ours, peer, theirs, theirs.cpu / ours.cpu, goal, unit, values))
        print("done", claim, file=sys.stderr, flush=True)

    def prove(self, what, n, rate, least, most):
        self.proofs.append((what, n, rate, least, most))

    def show(self):
        print(f"{'claim':<24} {'ours':>10} {'theirs':>10}  {'':<8} {'ratio':>7} {'goal':>6}  met  work, peer")
        for claim, work, ours, peer, theirs, ratio, goal, unit, values in self.rows:
            scale = {"s": 1, "ms": 1e3, "ns/value": 1e9 / values, "MB": 1, "wall s": 1}[unit]
            met = "" if goal is None else "yes" if ratio >= goal else "NO"
            aim = "" if goal is None else f"{goal:.3g}"
            print(f"{claim:<24} {ours.cpu * scale:10.4g} {theirs.cpu * scale:10.4g}  {unit:<8} {ratio:7.3g} {aim:>6}  {met:<3}  {work}, {peer}")
        for what, n, rate, least, most in self.proofs:
            met = "" if least != least else "yes" if least <= rate <= most else "NO"
            within = "" if least != least else f"{least:.3g} to {most:.3g}"
            print(f"{rate:8.4f}  {within:<15} {met:<3}  {what}, n = {n}")

    def write(self, path):
        machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if pathlib.Path("/proc/cpuinfo").exists() else []:
            if line.startswith("model name"):
                machine = f"{line.split(':')[1].strip()}, {os.cpu_count()} cores"
                break
        with open(path, "w") as out:
            for claim, work, ours, peer, theirs, ratio, goal, unit, _ in self.rows:
                print(json.dumps({
                    "claim": claim, "work": work, "unit": unit, "ours": ours.json(),
                    "peer": {"name": peer, "version": version(peer), **theirs.json()}, "ratio": ratio, "goal": goal,
                    "holds": None if goal is None else ratio >= goal, "machine": machine, "commit": self.commit}), file=out)
            for what, n, rate, least, most in self.proofs:
                hasGoal = least == least
                print(json.dumps({
                    "claim": f"{what}, n = {n}", "work": "simulation", "rate": rate, "goal": [least, most] if hasGoal else None,
                    "holds": least <= rate <= most if hasGoal else None, "machine": machine, "commit": self.commit}), file=out)


def version(peer):
    """Of the first package that a peer's name begins with."""
    try:
        return importlib.metadata.version(peer.split()[0])
    except importlib.metadata.PackageNotFoundError:
        return None
