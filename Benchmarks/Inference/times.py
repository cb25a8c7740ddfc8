#!/usr/bin/env python3
"""Times XGBoost over the models and rows that `inference-benchmarks --write FOLDER` wrote.

    python3 Benchmarks/Inference/times.py FOLDER
"""
import pathlib, sys
import numpy as np
import xgboost as xgb
from timing import best

folder = pathlib.Path(sys.argv[1])
rows = np.fromfile(folder / "rows.f32", dtype=np.float32).reshape(-1, 28)


for path in sorted(folder.glob("*.json")):
    booster = xgb.Booster(model_file=path)
    load = best(lambda: xgb.Booster(model_file=path), 2)
    line = f"{path.stem}: load {load * 1e3:.0f} ms"
    for threads in (1, 2):
        booster.set_param({"nthread": threads})
        some = rows if path.stem != "forest" else rows[:20000]
        seconds = best(lambda: booster.inplace_predict(some, predict_type="margin"), 3)
        line += f"; {threads} thread {seconds / len(some) * 1e6:.2f} µs a row"
    booster.set_param({"nthread": 1})
    line += f"; one row {best(lambda: booster.inplace_predict(rows[:1], predict_type='margin'), 100) * 1e6:.0f} µs"
    if path.stem == "depth6":
        matrix = xgb.DMatrix(rows[:200])
        line += f"; contributions {best(lambda: booster.predict(matrix, pred_contribs=True), 1) / 200 * 1e6:.0f} µs a row"
    print(line, flush=True)
