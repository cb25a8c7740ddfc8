#!/usr/bin/env python3
"""Times XGBoost over the models and rows that `inference-benchmarks --write FOLDER` wrote.

    python3 Benchmarks/Inference/times.py FOLDER
"""
import pathlib, subprocess, sys, time
import numpy as np
import xgboost as xgb

folder = pathlib.Path(sys.argv[1])
rows = np.fromfile(folder / "rows.f32", dtype=np.float32).reshape(-1, 28)


def best(times, work):
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)


for path in sorted(folder.glob("*.json")):
    booster = xgb.Booster(model_file=path)
    load = best(2, lambda: xgb.Booster(model_file=path))
    line = f"{path.stem}: load {load * 1e3:.0f} ms"
    for threads in (1, 2):
        booster.set_param({"nthread": threads})
        some = rows if path.stem != "forest" else rows[:20000]
        seconds = best(3, lambda: booster.inplace_predict(some, predict_type="margin"))
        line += f"; {threads} thread {seconds / len(some) * 1e6:.2f} µs a row"
    booster.set_param({"nthread": 1})
    line += f"; one row {best(100, lambda: booster.inplace_predict(rows[:1], predict_type='margin')) * 1e6:.0f} µs"
    if path.stem == "depth6":
        matrix = xgb.DMatrix(rows[:200])
        line += f"; contributions {best(1, lambda: booster.predict(matrix, pred_contribs=True)) / 200 * 1e6:.0f} µs a row"
    print(line, flush=True)
