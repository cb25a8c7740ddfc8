#!/usr/bin/env python3
"""Times tree models, ours beside the libraries that may be asked instead, one after the other in one run.

    inference-benchmarks --write FOLDER
    python3 Benchmarks/Inference/times.py FOLDER [--binary .build/release/inference-benchmarks] [--only depth6]

The made-up XGBoost models of FOLDER against XGBoost; and 500 LightGBM trees of 63 leaves, trained here, against LightGBM, lleaves, tl2cgen and ONNX Runtime. A library that is
missing is named and left out; lleaves and tl2cgen compile for minutes. Best of several runs, one thread each and, where that is said, two.
"""
import argparse, pathlib, re, subprocess, sys, tempfile
import numpy as np
from timing import best

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("--binary", default=".build/release/inference-benchmarks")
parser.add_argument("--only", default="")
options = parser.parse_args()
rows = np.fromfile(options.folder / "rows.f32", dtype=np.float32).reshape(-1, 28)


def ours(path, wanted):
    """Microseconds a row, one thread, as our program prints them; and says how far its answers are from those of the library that is asked."""
    with tempfile.NamedTemporaryFile() as file:
        command = [options.binary, "--model", str(path), "--rows", str(len(rows)), "--answers", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = np.fromfile(file.name)
    print("".join(f"  ours, {line.split(': ', 1)[1]}\n" for line in done.splitlines()), end="")
    gap = np.abs(found - wanted)
    print(f"  answers: {np.mean(gap == 0) * 100:.4g} % the same, at most {gap.max():.1e} apart", flush=True)
    return float(re.search(r"1 thread: ([0-9.]+)", done)[1])


def told(name, work, count, first, times=3):
    """Prints what a row costs, and how many times ours it is."""
    spent = best(work, times) / count * 1e6
    print(f"  {name}: {spent:.2f} µs a row, {spent / first:.1f} times ours", flush=True)


def xgboost_models():
    import xgboost as xgb
    for path in sorted(options.folder.glob("*.json")):
        if options.only not in path.stem: continue
        booster = xgb.Booster(model_file=path)
        print(f"{path.stem}, XGBoost {xgb.__version__}: load {best(lambda: xgb.Booster(model_file=path), 2) * 1e3:.0f} ms")
        first = ours(path, booster.inplace_predict(rows, predict_type="margin"))
        some = rows if path.stem != "forest" else rows[:20000]
        for threads in (1, 2):
            booster.set_param({"nthread": threads})
            told(f"XGBoost, {threads} thread", lambda: booster.inplace_predict(some, predict_type="margin"), len(some), first)
        booster.set_param({"nthread": 1})
        print(f"  XGBoost, one row {best(lambda: booster.inplace_predict(rows[:1], predict_type='margin'), 100) * 1e6:.0f} µs")
        if path.stem == "depth6":
            matrix = xgb.DMatrix(rows[:200])
            print(f"  XGBoost, contributions {best(lambda: booster.predict(matrix, pred_contribs=True), 2) / 200 * 1e6:.0f} µs a row", flush=True)


def lightgbm_model(folder):
    import lightgbm as lgb
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (30_000, 28))
    y = x[:, :6].sum(1) + np.sin(3 * x[:, 6]) * x[:, 7] + rng.normal(0, 1, len(x)) > 0
    settings = dict(objective="binary", num_leaves=63, min_data_in_leaf=5, learning_rate=0.05, num_threads=1, verbose=-1)
    booster = lgb.train(settings, lgb.Dataset(x, y.astype(int)), 500)
    path = folder / "lightgbm63.txt"
    booster.save_model(path)
    print(f"500 LightGBM trees of 63 leaves, LightGBM {lgb.__version__}: load {best(lambda: lgb.Booster(model_file=path), 2) * 1e3:.0f} ms")
    first = ours(path, booster.predict(rows, raw_score=True))
    for threads in (1, 2):
        told(f"LightGBM, {threads} thread", lambda: booster.predict(rows, num_threads=threads), len(rows), first)
    for name, peer in (("lleaves", lleaves_peer), ("tl2cgen", tl2cgen_peer), ("ONNX Runtime", onnx_peer)):
        try:
            peer(booster, path, first)
        except Exception as error:  # Missing, or not made for the versions that are here: lleaves 1.3.0 needs llvmlite before 0.44.
            print(f"  {name} left out: {error}")


def lleaves_peer(booster, path, first):
    import lleaves
    model = lleaves.Model(model_file=str(path))
    model.compile()
    wide = rows.astype(np.float64)
    told("lleaves, 1 thread", lambda: model.predict(wide, n_jobs=1), len(rows), first)


def tl2cgen_peer(booster, path, first):
    import tl2cgen, treelite
    model = treelite.frontend.load_lightgbm_model(path)
    library = path.parent / "lightgbm63.so"
    tl2cgen.export_lib(model, toolchain="gcc", libpath=library, params={"parallel_comp": 16})
    predictor = tl2cgen.Predictor(library, nthread=1)
    matrix = tl2cgen.DMatrix(rows)
    told(f"tl2cgen {tl2cgen.__version__}, 1 thread", lambda: predictor.predict(matrix), len(rows), first)


def onnx_peer(booster, path, first):
    import onnxmltools, onnxruntime
    from onnxmltools.convert.common.data_types import FloatTensorType
    made = onnxmltools.convert_lightgbm(booster, initial_types=[("X", FloatTensorType([None, 28]))], zipmap=False)
    path = path.with_suffix(".onnx")
    path.write_bytes(made.SerializeToString())
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    print("  the same trees as ONNX:")
    first = ours(path, session.run(None, {"X": rows})[1][:, 1])
    told(f"ONNX Runtime {onnxruntime.__version__}, 1 thread", lambda: session.run(None, {"X": rows}), len(rows), first)
    pieces = [{"X": rows[at:at + 2_048]} for at in range(0, len(rows), 2_048)]
    told("the same, 2,048 rows at a time", lambda: [session.run(None, piece) for piece in pieces], len(rows), first)


xgboost_models()
if options.only in "lightgbm63":
    with tempfile.TemporaryDirectory() as folder:
        lightgbm_model(pathlib.Path(folder))
