#!/usr/bin/env python3
"""A network 28-256-256-1 and a logistic regression as ONNX files: ours beside ONNX Runtime and scikit-learn, over 100,000 rows.

    python3 Benchmarks/Inference/networks.py [--binary .build/release/inference-benchmarks]

Needs numpy, scikit-learn, skl2onnx and onnxruntime. The best of several runs counts, one thread each and then two.
"""
import argparse, os, pathlib, subprocess, tempfile, warnings

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"
warnings.filterwarnings("ignore")
import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from timing import best

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--binary", default=".build/release/inference-benchmarks")
options = parser.parse_args()
rng = np.random.default_rng(1)
rows = rng.uniform(-1, 1, (100_000, 28)).astype(np.float32)
label = (rows[:, :4].sum(1) + rng.normal(0, 0.5, len(rows)) > 0).astype(int)


with tempfile.TemporaryDirectory() as folder:
    for name, model in (("mlp", MLPClassifier((256, 256), max_iter=2)), ("logistic", LogisticRegression())):
        model.fit(rows[:20_000], label[:20_000])
        path = pathlib.Path(folder) / f"{name}.onnx"
        path.write_bytes(to_onnx(model, rows[:1], options={id(model): {"zipmap": False}}).SerializeToString())
        print(f"{name}: scikit-learn: {best(lambda: model.predict_proba(rows)) / len(rows) * 1e6:.3f} µs a row")
        for threads in (1, 2):
            settings = onnxruntime.SessionOptions()
            settings.intra_op_num_threads = threads
            session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
            inputs = {session.get_inputs()[0].name: rows}
            seconds = best(lambda: session.run(None, inputs))
            print(f"{name}: ONNX Runtime, {threads} thread: {seconds / len(rows) * 1e6:.3f} µs a row", end="")
            # It is quicker when rows come in pieces that its cache holds.
            pieces = [{session.get_inputs()[0].name: rows[at:at + 2_048]} for at in range(0, len(rows), 2_048)]
            seconds = best(lambda: [session.run(None, piece) for piece in pieces])
            one = {session.get_inputs()[0].name: rows[:1]}
            print(f"; 2,048 rows at a time: {seconds / len(rows) * 1e6:.3f}; one row {best(lambda: session.run(None, one), 2_000) * 1e6:.1f} µs")
        print(subprocess.run([options.binary, "--model", str(path)], capture_output=True, text=True, check=True).stdout, end="", flush=True)
