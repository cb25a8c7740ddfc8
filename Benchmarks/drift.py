"""`evenkeel drift` on two CSV files."""
import sys

import numpy as np
import polars as pl

from claims import Cost, alternate, process

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

EVIDENTLY = """
import sys, time, pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
a, b = (pd.read_csv(p, nrows=int(sys.argv[3])) for p in sys.argv[1:3])
start = time.process_time()
Report([DataDriftPreset()]).run(b, a).dict()
print(time.process_time() - start)
"""


def run(claims, options, folder):
    random = np.random.default_rng(2)
    n = options.rows
    paths = []
    for name in ("reference", "current"):
        frame = pl.DataFrame({f"x{i}": random.normal(size=n) for i in range(20)}
                             | {f"c{i}": random.choice(["car", "home", "debt", "study", "other"], n) for i in range(5)})
        paths.append(str(folder / f"{name}.csv"))
        frame.write_csv(paths[-1])
    script = folder / "by_hand.py"
    script.write_text(BY_HAND)
    ours = [options.build / "evenkeel", "drift", *paths, "--tests", "ks,psi,chi_squared", "--format", "json"]
    size = f"2 x {n:.0e} rows x 25 columns of CSV"
    us, them = alternate(lambda: process(ours), lambda: process([sys.executable, script, *paths]))
    claims.add("drift_cpu", size, us, "polars + numpy by hand", them, 3)
    claims.add("drift_peak_mb", size, Cost(us.peak), "polars + numpy by hand", Cost(them.peak), 2, "MB")
    script.write_text(EVIDENTLY)
    evidently(claims, options, script, paths, us, n, size)

    def wall(prefix):
        cost = process(ours, prefix)
        return Cost(cost.wall, cost.wall, cost.peak)

    two, one = alternate(lambda: wall(()), lambda: wall(("taskset", "-c", "0")))
    claims.add("drift_two_threads", f"wall time, {size}", two, "itself on one core (taskset -c 0)", one, 1.8, "wall s")


def evidently(claims, options, script, paths, us, n, size):
    import subprocess

    rows = min(options.peer_rows, n)
    out = subprocess.run([sys.executable, "-W", "ignore", script, *paths, str(rows)], capture_output=True, text=True)
    if out.returncode != 0:
        print("evidently cannot be had:", out.stderr.strip().splitlines()[-1:], file=sys.stderr)
        return
    theirs = float(out.stdout.split()[-1]) * n / rows
    claims.add("drift_evidently", f"{size}; theirs from memory, {rows:.0e} rows scaled up", us, "evidently DataDriftPreset", theirs, 60)
