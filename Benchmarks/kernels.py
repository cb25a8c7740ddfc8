"""Kolmogorov-Smirnov without a sort, PSI histograms, and all statistics of a column, on arrays in memory."""
import numpy as np
from scipy import stats

from claims import alternate, figures, seconds


def draw(shape, n, random):
    if shape == "heavy":
        return 1 / (1e-9 + random.random(n) * random.random(n))
    if shape == "ties":
        return np.floor(random.random(n) * 100)
    return random.random(n) + random.random(n) + random.random(n) - 1.5


def both_sorted(x, y):
    """The usual hand-made answer: sort both, then look every value up."""
    x, y = np.sort(x), np.sort(y)
    both = np.concatenate([x, y])
    return np.max(np.abs(np.searchsorted(x, both, side="right") / len(x) - np.searchsorted(y, both, side="right") / len(y)))


def window_sorted(x, y):
    """The reference is sorted already: the distances just before and at each value of the window are enough."""
    y = np.sort(y)
    before = np.arange(len(y)) / len(y) - np.searchsorted(x, y, side="left") / len(x)
    at = np.arange(1, len(y) + 1) / len(y) - np.searchsorted(x, y, side="right") / len(x)
    return max(np.max(np.abs(before)), np.max(np.abs(at)))


def run(claims, options, folder):
    n = options.values
    random = np.random.default_rng(1)
    samples = {shape: (draw(shape, n, random), draw(shape, n, random)) for shape in ("normal", "heavy", "ties")}
    ours = {}

    def measure():
        for name, value in figures([options.build / "kernel-benchmarks", n]).items():
            ours[name] = min(ours.get(name, np.inf), value)
        return 0.0

    theirs = {}

    def peers():
        for shape, (x, y) in samples.items():
            known = np.sort(x)
            for name, body in (("both", lambda: both_sorted(x, y)), ("window", lambda: window_sorted(known, y)),
                               ("sum", lambda: (x.sum(), y.sum()))):
                key = name + shape
                theirs[key] = min(theirs.get(key, np.inf), seconds(body))
        return 0.0

    alternate(measure, peers, 2)
    x, y = samples["normal"]
    known = np.sort(x)
    scipy = seconds(lambda: stats.ks_2samp(known, y, method="asymp"), 1)
    size = f"{n:.0e}"
    for shape in samples:
        claims.add(f"ks_window_{shape}", f"exact KS of {size} values against a prepared reference of as many, {shape}",
                   ours[f"prepared_{shape}"] * n / 1e9, "numpy sort + searchsorted", theirs["window" + shape], 15, "ns/value", n)
    claims.add("ks_window_scipy", f"the same, normal; SciPy sorts both", ours["prepared_normal"] * n / 1e9, "scipy ks_2samp", scipy, 40, "ns/value", n)
    for shape in samples:
        claims.add(f"ks_both_{shape}", f"exact KS of {size} and {size} values, nothing prepared, {shape}", ours[f"ks_{shape}"] * 2 * n / 1e9,
                   "numpy sort + searchsorted", theirs["both" + shape], 15, "ns/value", 2 * n)
    for bins in (10, 64):
        for shape in samples:
            claims.add(f"psi_{bins}_{shape}", f"PSI histogram, {bins} bins, {shape}", ours[f"psi{bins}_{shape}"] * 2 * n / 1e9, "numpy sum",
                       theirs["sum" + shape], 1 / 3, "ns/value", 2 * n)
    for shape in samples:
        claims.add(f"column_{shape}", f"KS, PSI, Wasserstein, moments, missing values, {shape}", ours[f"column_{shape}"] * 2 * n / 1e9, "15 ns",
                   15 * 2 * n / 1e9, 1, "ns/value", 2 * n)
