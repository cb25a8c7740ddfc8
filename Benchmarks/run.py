#!/usr/bin/env python3
"""Evenkeel beside what a user would pick instead, in one run on one machine.

    make bench          builds a release, a virtual environment with the peers, and runs this

Prints a table: ours, theirs, the ratio, and what the ratio should be. Nothing here is a test: a busy machine changes every figure, the
ratios less so. Peers run in this process, with as many threads as they like.
"""
import argparse
import pathlib
import resource
import subprocess
import tempfile
import time

import numpy as np
import polars as pl
from scipy import stats


def best(body, runs=3):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return min(times)


def ks_by_sorting(x, y):
    """The usual hand-made answer: sort both, then look every value up."""
    x, y = np.sort(x), np.sort(y)
    both = np.concatenate([x, y])
    return np.max(np.abs(np.searchsorted(x, both, side="right") / len(x) - np.searchsorted(y, both, side="right") / len(y)))


def kernels(binary, n, rows):
    ours = {}
    for line in subprocess.run([binary, str(n)], capture_output=True, text=True, check=True).stdout.splitlines():
        name, _, nanoseconds = line.split()
        ours[name] = float(nanoseconds)
    random = np.random.default_rng(1)
    x, y = random.normal(size=n), random.normal(size=n)
    numpy_ns = best(lambda: ks_by_sorting(x, y)) / (2 * n) * 1e9
    scipy_ns = best(lambda: stats.ks_2samp(x, y, method="asymp"), 1) / (2 * n) * 1e9
    for shape in ("normal", "heavy", "ties"):
        rows.append((f"exact KS, {n:.0e} + {n:.0e} values, {shape}: ns a value", ours[f"ks_{shape}"], "numpy sort + searchsorted", numpy_ns, 15))
    rows.append((f"exact KS, {n:.0e} + {n:.0e} values: ns a value", ours["ks_normal"], "scipy ks_2samp", scipy_ns, 40))
    for shape in ("normal", "heavy", "ties"):
        rows.append((f"KS, Wasserstein, PSI counts, moments, missing, {shape}: ns a value", ours[f"column_{shape}"], "15 ns", 15.0, 1))


def cpu_seconds(argv):
    """CPU seconds and peak memory (MB) of a child."""
    code = ("import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True,stdout=subprocess.DEVNULL);"
            "u=resource.getrusage(resource.RUSAGE_CHILDREN);print(u.ru_utime+u.ru_stime,u.ru_maxrss/1024)")
    out = subprocess.run(["python3", "-c", code, *argv], capture_output=True, text=True, check=True).stdout.split()
    return float(out[0]), float(out[1])


BY_HAND = """
import sys, numpy as np, polars as pl
a, b = (pl.read_csv(p) for p in sys.argv[1:])
for name in a.columns:
    x, y = a[name], b[name]
    if x.dtype.is_numeric():
        x, y = np.sort(x.to_numpy()), np.sort(y.to_numpy())
        both = np.concatenate([x, y])
        d = np.max(np.abs(np.searchsorted(x, both, side="right") / len(x) - np.searchsorted(y, both, side="right") / len(y)))
        edges = np.quantile(x, np.linspace(.1, .9, 9))
        counts = [np.bincount(np.searchsorted(edges, v), minlength=10) / len(v) for v in (x, y)]
    else:
        counts = [v.value_counts() for v in (x, y)]
"""


def drift(binary, rows_of_file, folder, rows):
    random = np.random.default_rng(2)
    paths = []
    for name in ("reference", "current"):
        frame = pl.DataFrame({f"x{i}": random.normal(size=rows_of_file) for i in range(20)}
                             | {f"c{i}": random.choice(["car", "home", "debt", "study", "other"], rows_of_file) for i in range(5)})
        paths.append(str(folder / f"{name}.csv"))
        frame.write_csv(paths[-1])
    script = folder / "by_hand.py"
    script.write_text(BY_HAND)
    tests = ["--tests", "ks,psi,chi_squared"]
    ours, our_memory = min(cpu_seconds([binary, "drift", *paths, *tests, "--format", "json"]) for _ in range(3))
    theirs, their_memory = min(cpu_seconds(["python3", str(script), *paths]) for _ in range(3))
    size = f"2 x {rows_of_file:.0e} rows x 25 columns of CSV"
    rows.append((f"drift, {size}: CPU s", ours, "polars + numpy by hand", theirs, 3))
    rows.append((f"drift, {size}: peak MB", our_memory, "polars + numpy by hand", their_memory, 2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(".build/release"))
    parser.add_argument("--values", type=int, default=10_000_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    rows = []
    kernels(options.build / "kernel-benchmarks", options.values, rows)
    with tempfile.TemporaryDirectory() as folder:
        drift(str(options.build / "evenkeel"), options.rows, pathlib.Path(folder), rows)
    print(f"{'what':<72} {'ours':>9}  {'theirs':>9}  {'ratio':>6}  {'goal':>5}")
    for what, ours, peer, theirs, goal in rows:
        print(f"{what:<72} {ours:9.2f}  {theirs:9.2f}  {theirs / ours:6.1f}  {goal:5}  {peer}")
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
