"""Fairness: the count table of 40 groups, the bootstrap of its disparities, and `evenkeel audit` on a CSV file."""
import sys

import numpy as np
import pandas as pd
import polars as pl

from claims import alternate, figures, process, seconds

BY_HAND = """
import sys, numpy as np, polars as pl
f = pl.read_csv(sys.argv[1])
group = f.select(pl.concat_str(["sex", "race", "age"], separator="*")).to_series().cast(pl.Categorical).to_physical().to_numpy()
score, label = f["score"].to_numpy(), f["label"].to_numpy()
confusion = np.bincount(group * 4 + (score >= .5) * 2 + label, minlength=160)
cell = group * 10 + np.minimum((score * 10).astype(int), 9)
calibration = np.bincount(cell), np.bincount(cell, weights=label), np.bincount(cell, weights=score)
"""


def table_by_hand(group, score, label, decision):
    confusion = np.bincount(group * 4 + decision * 2 + label, minlength=160)
    cell = group * 10 + np.minimum((score * 10).astype(np.int32), 9)
    return confusion, np.bincount(cell, minlength=400), np.bincount(cell, weights=label), np.bincount(cell, weights=score)


def run(claims, options, folder):
    random = np.random.default_rng(3)
    n = options.values
    group = random.integers(0, 40, n).astype(np.int32)
    score = 1 / (1 + np.exp(-random.normal(size=n)))
    label = (random.random(n) < score).astype(np.uint8)
    decision = (score >= 0.5).astype(np.uint8)
    for name, column in (("group.i32", group), ("score.f64", score), ("label.u8", label), ("decision.u8", decision)):
        column.tofile(folder / name)
    ours = {}

    def measure():
        ours.update(figures([options.build / "statistics-benchmarks", "audit", folder]))
        return ours["seconds"]

    us, reading = alternate(measure, lambda: seconds(lambda: (group.sum(), score.sum(), label.sum(), decision.sum())))
    us2, by_hand = alternate(measure, lambda: seconds(lambda: table_by_hand(group, score, label, decision)))
    us = min(us, us2)
    confusion = table_by_hand(group, score, label, decision)[0]
    assert confusion[3] == ours["tp_0"] and confusion[1] + confusion[3] == ours["positives_0"], "counts differ"
    size = f"confusion and calibration of 40 groups, {n:.0e} rows"
    claims.add("audit_reading", size, us, "numpy sum of the same columns", reading, 1 / 3, "ms")
    claims.add("audit_by_hand", size, us, "numpy bincount by hand", by_hand, 5, "ms")
    rows = min(options.peer_rows, n)
    theirs = fairlearn(group[:rows], label[:rows], decision[:rows])
    if theirs is not None:
        claims.add("audit_fairlearn", f"{size}; theirs {rows:.0e} rows scaled up, four metrics", us, "fairlearn MetricFrame", theirs * n / rows, 100)
    for key, count in (("bootstrap", n), ("bootstrap_few", n // 100)):
        claims.add(f"audit_{key}", f"1,000 bootstrap replicates of 17 disparities, 40 groups, {count:.0e} rows", ours[key], "100 ms", 0.1, 1, "ms")
    command(claims, options, folder, random)


def fairlearn(group, label, decision):
    try:
        from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
        from sklearn.metrics import accuracy_score
    except ImportError as error:
        print("fairlearn cannot be had:", error, file=sys.stderr)
        return None
    metrics = {"selection": selection_rate, "tpr": true_positive_rate, "fpr": false_positive_rate, "accuracy": accuracy_score}
    return seconds(lambda: MetricFrame(metrics=metrics, y_true=label, y_pred=decision, sensitive_features=pd.Series(group)).by_group, 1)


def command(claims, options, folder, random):
    n = options.rows
    sex, race = random.choice(["F", "M"], n), random.choice(["Asian", "Black", "White", "other"], n)
    score = 1 / (1 + np.exp(-random.normal(size=n)))
    pl.DataFrame({"sex": sex, "race": race, "age": random.choice(["18-25", "26-40", "41-60", "61-75", "76+"], n), "score": score,
                  "label": (random.random(n) < score).astype(int)}).write_csv(folder / "audit.csv")
    script = folder / "by_hand.py"
    script.write_text(BY_HAND)
    ours = [options.build / "evenkeel", "audit", folder / "audit.csv", "--label", "label", "--score", "score", "--sensitive", "sex,race,age",
            "--format", "json"]
    us, them = alternate(lambda: process(ours), lambda: process([sys.executable, script, folder / "audit.csv"]))
    work = f"`evenkeel audit`, three attributes and 40 intersections, {n:.0e} rows of CSV; by hand only the counts"
    claims.add("audit_command", work, us, "polars + numpy by hand", them, None)
    claims.add("audit_command_peak_mb", work, us.peak, "polars + numpy by hand", them.peak, None, "MB")
