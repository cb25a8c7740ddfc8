#!/usr/bin/env python3
"""Checks the rules of others that Benchmarks/Alarms implements against their own libraries, on what `alarm-benchmarks columns` writes.

    alarm-benchmarks columns FOLDER; python3 Benchmarks/peers/alarm_rules.py FOLDER

Evidently is in requirements.txt; NannyML 0.13.1 and whylogs 1.6.4 are not (much comes with them): what is not there is said to be unchecked.
The folder has reference and current of each column, one value a line, and ours.csv: column, rule, number.
"""
import csv
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")


def read(folder):
    columns = {}
    for path in sorted(folder.glob("*.reference.txt")):
        name = path.name.split(".")[0]
        pair = [pd.Series([line.strip() for line in (folder / f"{name}.{side}.txt").open()]) for side in ("reference", "current")]
        columns[name] = [x.astype(float) for x in pair] if name.startswith("x") else pair
    return columns


def some(values, count):
    return values.iloc[:: max(1, len(values) // count)].iloc[:count].dropna()


def evidently(columns):
    from evidently.legacy.calculations.stattests import registry
    from evidently.legacy.core import ColumnType
    out = {}
    for name, (reference, current) in columns.items():
        kind = ColumnType.Numerical if name.startswith("x") else ColumnType.Categorical
        current = current.dropna()
        for rule, count in (("evidently", 10_000), ("evidently_small", 1000)):
            side = some(reference, count if rule == "evidently_small" or kind == ColumnType.Numerical else len(reference))
            test = registry.get_stattest(side, current, kind, None)
            out[name, rule] = float(test(side, current, kind, None).drift_score)
    return out


def nannyml(columns):
    from nannyml.drift.univariate.methods import MethodFactory, FeatureType
    from nannyml.chunk import DefaultChunker
    from nannyml.thresholds import StandardDeviationThreshold
    out = {}
    for name, (reference, current) in columns.items():
        kind = FeatureType.CONTINUOUS if name.startswith("x") else FeatureType.CATEGORICAL
        method = MethodFactory.create("jensen_shannon", kind, chunker=DefaultChunker(), threshold=StandardDeviationThreshold(),
                                      computation_params=None)
        method.fit(reference.rename(name))
        out[name, "nannyml"] = float(method.calculate(current.rename(name)))
    return out


def whylogs(columns):
    np.unicode_ = np.str_  # whylogs 1.6.4 asks NumPy 2 for it
    import whylogs as why
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores
    out = {}
    for name, (reference, current) in columns.items():
        if name.startswith("x"):
            reference, current = some(reference, 10_000), current.dropna()
        views = [why.log(pd.DataFrame({name: side.reset_index(drop=True)})).view() for side in (current, reference)]
        score = calculate_drift_scores(target_view=views[0], reference_view=views[1], drift_map={})[name]
        if score is not None:
            out[name, "whylogs"] = float(score["pvalue"])
    return out


def main():
    folder = pathlib.Path(sys.argv[1])
    columns = read(folder)
    ours = {(r["column"], r["rule"]): float(r["number"]) for r in csv.DictReader((folder / "ours.csv").open())}
    # Distances must be the same; p-values of Kolmogorov-Smirnov are exact ones in Evidently, and those of whylogs are of sketches.
    for name, library in (("Evidently", evidently), ("NannyML", nannyml), ("whylogs", whylogs)):
        try:
            theirs = library(columns)
        except ImportError as error:
            print(f"{name}: not checked ({error})")
            continue
        for key, number in theirs.items():
            mine = ours.get(key)
            if mine is None:
                continue
            gap = abs(mine - number) / max(abs(number), 1e-12)
            print(f"{name:<10} {key[0]:<6} {key[1]:<16} ours {mine:.6g} theirs {number:.6g}  apart by {gap:.1e}")


if __name__ == "__main__":
    main()
