"""Writes the model files that InferenceTests read, and what their own libraries answer: operators.json, models.json.

    python3 Tests/Models/make.py        # numpy, scikit-learn, xgboost, lightgbm, onnx, onnxruntime, skl2onnx

The numbers are those of the versions that each file names.
"""
import base64
import json
import pathlib
import warnings

import lightgbm
import numpy as np
import onnx
import onnxruntime
import xgboost
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

warnings.filterwarnings("ignore")
onnxruntime.set_default_logger_severity(4)
here = pathlib.Path(__file__).parent
random = np.random.default_rng(7)


def plain(values):
    """Numbers as JSON has them: NaN is null, infinities are texts."""
    out = []
    for value in np.asarray(values).tolist():
        if isinstance(value, float) and not np.isfinite(value):
            out.append(None if np.isnan(value) else "inf" if value > 0 else "-inf")
        else:
            out.append(value)
    return out


def columns(table):
    return [plain(table[:, i]) for i in range(table.shape[1])]


def answer(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = {}
    for info, values in zip(session.get_outputs(), session.run(None, {session.get_inputs()[0].name: x})):
        values = np.asarray(values).reshape(len(x), -1)
        for i in range(values.shape[1]):
            found[info.name if values.shape[1] == 1 else f"{info.name}_{i}"] = plain(values[:, i])
    return found


operators = []


def case(name, model, x):
    operators.append(
        {"name": name, "model": base64.b64encode(model.SerializeToString()).decode(), "columns": columns(x), "outputs": answer(model, x)})


def graph(nodes, tensors=(), outputs=("y",), width=4, opset=20, ml=5, kind=T.FLOAT):
    made = h.make_graph(
        nodes, "g", [h.make_tensor_value_info("x", kind, ["N", width])],
        [h.make_tensor_value_info(o, t, None) for o, t in outputs],
        [numpy_helper.from_array(v, n) for n, v in tensors])
    return h.make_model(
        made, opset_imports=[h.make_opsetid("", opset), h.make_opsetid("ai.onnx.ml", ml)], ir_version=9, producer_name="evenkeel")


def rows(width=4, count=7):
    x = random.normal(scale=2, size=(count, width)).astype(np.float32)
    x[1, 0], x[2, -1], x[3, width // 2], x[4, 0] = 0, -0.0, 30, -30
    return x


def op(kind, name=None, tensors=(), inputs=None, outputs=(("y", T.FLOAT),), domain="", x=None, width=4, opset=20, before=(), after=(), ml=5, **attributes):
    inputs = inputs or ["x"] + [n for n, _ in tensors]
    node = h.make_node(kind, inputs, [n for n, _ in outputs] if not after else ["z"], domain=domain, **attributes)
    case(name or kind, graph([*before, node, *after], tensors, outputs, width, opset, ml), rows(width) if x is None else x)


f = lambda *v: np.array(v, np.float32)
i = lambda *v: np.array(v, np.int64)

for kind in [
        "Abs", "Neg", "Exp", "Log", "Sqrt", "Erf", "Sigmoid", "Tanh", "Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "HardSigmoid",
        "HardSwish", "Softplus", "Softsign", "Mish", "Reciprocal", "Floor", "Ceil", "Round", "Sign", "Sin", "Cos", "Atan", "Identity",
        "Dropout", "ThresholdedRelu", "Softmax", "LogSoftmax", "LpNormalization"
]:
    op(kind)
op("LeakyRelu", "LeakyRelu, alpha", alpha=0.3)
op("Elu", "Elu, alpha", alpha=0.7)
op("Selu", "Selu, own numbers", alpha=1.5, gamma=1.1)
op("Celu", "Celu, alpha", alpha=2.5)
op("Gelu", "Gelu by tanh", approximate="tanh")
op("HardSigmoid", "HardSigmoid, alpha and beta", alpha=0.5, beta=0.1)
op("PRelu", tensors=[("s", f(0.1, 0.2, -0.3, 2))])
op("PRelu", "PRelu, one slope", tensors=[("s", f(0.25))])
op("Clip", tensors=[("a", np.array(-1, np.float32)), ("b", np.array(1.5, np.float32))])
op("Clip", "Clip, from above only", tensors=[("b", np.array(1.5, np.float32))], inputs=["x", "", "b"])
op("Clip", "Clip of opset 6", opset=6, min=-0.5, max=0.5)
for kind in ["Add", "Sub", "Mul", "Div", "Min", "Max", "Mean", "Sum"]:
    op(kind, tensors=[("b", f(0.5, -1, 2, 3))])
op("Pow", tensors=[("b", f(2))])
op("Pow", "Pow, a column of exponents", tensors=[("b", f(2, 3, 1, 0))])
op("Mod", tensors=[("b", f(1.5))], fmod=1)
op("Max", "Max of three", tensors=[("b", f(0.5, -1, 2, 3)), ("c", f(1))])
for kind in ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"]:
    op(kind, tensors=[("b", f(0, 1, 30, 0))], outputs=[("y", T.BOOL)])
op("Where", tensors=[("b", f(0, 1, 2, 3))], inputs=["c", "x", "b"],
   before=[h.make_node("Less", ["x", "b"], ["c"])])
for kind in ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"]:
    op(kind, tensors=[("a", i(1))])
op("ReduceSum", "ReduceSum, without the axis", tensors=[("a", i(-1))], keepdims=0)
op("ReduceMean", "ReduceMean of opset 11", opset=11, axes=[1])
op("LpNormalization", "LpNormalization, sums", p=1, axis=1, x=np.vstack([rows(), np.zeros((1, 4), np.float32)]))
op("LayerNormalization", tensors=[("s", f(1, 2, 0.5, -1)), ("b", f(0, 1, -1, 0.5))])
op("LayerNormalization", "LayerNormalization without a bias", tensors=[("s", f(1, 1, 1, 1))], epsilon=0.1)
op("BatchNormalization", tensors=[("s", f(1, 2, 0.5, -1)), ("b", f(0, 1, -1, 0.5)), ("m", f(0.1, 0.2, 0.3, 0)), ("v", f(1, 4, 0.25, 0))])
op("Squeeze", tensors=[("a", i(1))], width=1)
op("Unsqueeze", tensors=[("a", i(2))])
op("Flatten", axis=1)
op("Transpose", "Transpose, there and back", after=[h.make_node("Transpose", ["z"], ["y"])], perm=[1, 0])
op("Slice", tensors=[("s", i(-3)), ("e", i(2**62)), ("a", i(1)), ("d", i(2))])
op("Gather", tensors=[("i", i(2, -4, 2))], axis=1)
op("GatherElements", inputs=["x", "i"], before=[h.make_node("ArgMax", ["x"], ["i"], axis=1)], axis=1)
op("Concat", inputs=["x", "x"], axis=-1)
op("Reshape", tensors=[("r", i(0, 2, 2))])
op("Expand", tensors=[("r", i(1, 4))])
op("Tile", tensors=[("r", i(1, 2))])
op("CumSum", tensors=[("a", i(1))])
op("CumSum", "CumSum from the end, exclusive", tensors=[("a", i(1))], exclusive=1, reverse=1)
tied = rows()
tied[0], tied[5] = [1, 2, 2, 1], [3, 3, 3, 3]
two = [("v", T.FLOAT), ("i", T.INT64)]
op("TopK", tensors=[("k", i(2))], outputs=two, x=tied)
op("TopK", "TopK, the smallest", tensors=[("k", i(3))], outputs=two, x=tied, largest=0)
op("TopK", "TopK of opset 9", opset=9, outputs=two, k=4, x=tied)
op("Compress", tensors=[("c", np.array([True, False, True]))], axis=1)
op("Split", tensors=[("s", i(1, 3))], outputs=[("a", T.FLOAT), ("b", T.FLOAT)], axis=1)
op("Split", "Split into equal pieces", outputs=[("a", T.FLOAT), ("b", T.FLOAT)], axis=1, num_outputs=2)
op("ArgMax", outputs=[("y", T.INT64)], axis=1, x=tied)
op("ArgMin", "ArgMin, the last of equals", outputs=[("y", T.INT64)], axis=1, select_last_index=1, x=tied)
op("Cast", outputs=[("y", T.INT64)], to=T.INT64)
op("Binarizer", domain="ai.onnx.ml", threshold=0.5)
op("FeatureVectorizer", domain="ai.onnx.ml", inputs=["x", "x"], inputdimensions=[4, 4])
op("Normalizer", domain="ai.onnx.ml", norm="L2")
op("Gemm", tensors=[("w", random.normal(size=(3, 4)).astype(np.float32)), ("b", f(1, 2, 3))], transB=1, alpha=0.5, beta=2.0)

# Kernels of support vectors, each with all that one may have.
vectors = random.normal(size=(5, 4)).astype(np.float32)
for kernel in ["LINEAR", "POLY", "RBF", "SIGMOID"]:
    common = dict(kernel_type=kernel, kernel_params=[0.3, 0.5, 3.0], support_vectors=vectors.ravel().tolist(), domain="ai.onnx.ml")
    op("SVMRegressor", f"SVMRegressor, {kernel}", coefficients=[0.5, -1, 0.25, 1, -0.5], rho=[0.3], n_supports=5, **common)
    op("SVMClassifier", f"SVMClassifier, {kernel}", coefficients=random.normal(size=10).tolist(), rho=[0.1, -0.2, 0.3],
       vectors_per_class=[2, 1, 2], classlabels_ints=[3, 5, 9], outputs=[("l", T.INT64), ("y", T.FLOAT)], **common)
common = dict(kernel_type="RBF", kernel_params=[0.3, 0.5, 3.0], support_vectors=vectors.ravel().tolist(), domain="ai.onnx.ml")
op("SVMRegressor", "SVMRegressor, one class", coefficients=[0.5, -1, 0.25, 1, -0.5], rho=[-0.1], n_supports=5, one_class=1, **common)
scores = [("l", T.INT64), ("y", T.FLOAT)]
op("SVMClassifier", "SVMClassifier with probabilities", coefficients=random.normal(size=10).tolist(), rho=[0.1, -0.2, 0.3],
   prob_a=[-1.5, -1, -2], prob_b=[0.1, 0, -0.1], vectors_per_class=[2, 1, 2], classlabels_ints=[0, 1, 2], outputs=scores, **common)
op("SVMClassifier", "SVMClassifier, two classes with probabilities", coefficients=random.normal(size=5).tolist(), rho=[0.1], prob_a=[-1.5],
   prob_b=[0.1], vectors_per_class=[2, 3], classlabels_ints=[0, 1], outputs=scores, **common)
for transform in ["NONE", "LOGISTIC", "SOFTMAX"]:
    op("SVMClassifier", f"SVMClassifier, two classes, {transform}", coefficients=random.normal(size=5).tolist(), rho=[0.1],
       vectors_per_class=[2, 3], classlabels_ints=[0, 1], outputs=scores, post_transform=transform, **common)
    op("SVMClassifier", f"SVMClassifier without vectors, {transform}", coefficients=random.normal(size=12).tolist(), rho=[0.1],
       classlabels_ints=[4, 5, 6], outputs=scores, post_transform=transform, domain="ai.onnx.ml", kernel_params=[0.3, 0.5, 3.0])
op("SVMClassifier", "SVMClassifier without vectors, two classes", coefficients=random.normal(size=8).tolist(), rho=[0.1],
   classlabels_ints=[4, 5], outputs=scores, domain="ai.onnx.ml", kernel_params=[0.3, 0.5, 3.0])

# TreeEnsemble: every mode, missing values, a leaf under two nodes, a tree that is a leaf.
t = lambda v, kind=T.FLOAT: h.make_tensor("t", kind, [len(v)], v)
hard = rows(count=12)
hard[0, 0], hard[1, 1], hard[2, 2], hard[3, 3], hard[4, 0], hard[5, 1] = np.nan, np.nan, np.nan, np.nan, 0.5, 1.5
hard[6:9, 2], hard[9, 3] = [2, 4, 3], 0.25
for name, transform, aggregate, targets in [
        ("sums", 0, 1, 1), ("averages", 0, 0, 1), ("three targets", 0, 1, 3), ("softmax of what is not zero", 3, 1, 3)]:
    op("TreeEnsemble", f"TreeEnsemble, {name}", domain="ai.onnx.ml", x=hard,
       tree_roots=[0, 4, 6], nodes_featureids=[0, 1, 2, 3, 3, 0, 0], nodes_modes=t([0, 1, 6, 2, 3, 4, 0], T.UINT8),
       nodes_splits=t([0.5, 1.5, 0.0, 0.25, -0.5, 0.0, 0.0]), membership_values=t([2.0, 4.0, float("nan")]),
       nodes_truenodeids=[1, 0, 0, 3, 5, 4, 2], nodes_trueleafs=[0, 1, 1, 1, 0, 1, 1],
       nodes_falsenodeids=[2, 1, 3, 4, 2, 0, 2], nodes_falseleafs=[0, 1, 0, 1, 1, 1, 1],
       nodes_missing_value_tracks_true=[1, 0, 0, 1, 1, 0, 0], leaf_targetids=[k % targets for k in range(5)],
       leaf_weights=t([0.1, -0.2, 0.3, 0.75, -0.5]), n_targets=targets, post_transform=transform, aggregate_function=aggregate)


def pipelines():
    from sklearn import ensemble, gaussian_process, linear_model, multiclass, neighbors, neural_network, svm
    from sklearn.datasets import make_classification
    from skl2onnx import to_onnx

    x, y = make_classification(60, 4, n_informative=3, n_redundant=0, n_classes=3, n_clusters_per_class=1, random_state=1)
    x = x.astype(np.float32)
    target = (x[:, 0] * 2 - x[:, 1] + np.sin(x[:, 2])).astype(np.float32)
    logistic = linear_model.LogisticRegression()
    for model, goal in [
            (svm.SVC(C=0.3), y > 0), (svm.SVC(C=0.3), y), (svm.SVC(probability=True, random_state=1), y), (svm.NuSVC(nu=0.3), y),
            (svm.SVR(C=0.1), target), (svm.SVR(kernel="poly", C=0.1), target), (svm.OneClassSVM(nu=0.3), target),
            (neighbors.KNeighborsClassifier(3), y), (neighbors.KNeighborsRegressor(3, weights="distance"), target),
            (gaussian_process.GaussianProcessRegressor(), target), (multiclass.OneVsRestClassifier(logistic), y),
            (ensemble.AdaBoostRegressor(n_estimators=3, random_state=1), target), (ensemble.RandomForestClassifier(2, max_depth=2, random_state=1), y),
            (neural_network.MLPClassifier((4,), activation="tanh", max_iter=30, random_state=1), y)]:
        model.fit(x, goal.astype(int) if goal.dtype == bool else goal)
        try:
            made = to_onnx(model, x[:1], options={id(model): {"zipmap": False}}, target_opset={"": 18, "ai.onnx.ml": 3})
        except NameError:
            made = to_onnx(model, x[:1], target_opset={"": 18, "ai.onnx.ml": 3})
        case(f"skl2onnx: {type(model).__name__}, {len(set(goal)) if goal.dtype != np.float32 else 'numbers'}", made, x[:8])


def boosters():
    """Models of XGBoost and LightGBM with what they answer beside their predictions."""
    x = np.round(random.normal(size=(120, 3)), 3).astype(np.float32)
    target = x @ [2, -1, 0.5] + np.sin(x[:, 2])
    three = np.digitize(target, [-1, 1])
    x[::7, 1] = np.nan
    out = []

    def xgb(name, label, **settings):
        data = xgboost.DMatrix(x, label)
        model = xgboost.train({"max_depth": 2, **settings}, data, 3)
        few = xgboost.DMatrix(x[:8])
        made = {"name": name, "model": base64.b64encode(bytes(model.save_raw("json"))).decode(), "columns": columns(x[:8])}
        made["predictions"] = plain(model.predict(few))
        margins = model.predict(few, output_margin=True)
        if "num_class" in settings:
            shares = np.exp(margins - margins.max(1, keepdims=True))
            made["probabilities"] = columns(shares / shares.sum(1, keepdims=True))
        else:
            made["contributions"] = columns(model.predict(few, pred_contribs=True))
        out.append(made)
        return model

    xgb("gblinear, numbers", target, booster="gblinear")
    xgb("gblinear, two classes", target > 0, booster="gblinear", objective="binary:logistic")
    xgb("trees, two classes", target > 0, objective="binary:logistic")
    model = xgb("softmax, three classes", three, objective="multi:softmax", num_class=3)
    out.append({"name": "XGBoost dump, JSON", "model": base64.b64encode(json.dumps([json.loads(t) for t in model.get_dump(dump_format="json")], indent=2).encode()).decode()})
    out.append({"name": "XGBoost dump, text", "model": base64.b64encode("".join(f"booster[{k}]:\n{t}" for k, t in enumerate(model.get_dump())).encode()).decode()})
    linear = lightgbm.train({"objective": "regression", "linear_tree": True, "num_leaves": 3, "verbose": -1, "min_data_in_leaf": 20},
                            lightgbm.Dataset(x, target), 2)
    out.append({"name": "LightGBM, linear trees", "model": base64.b64encode(linear.model_to_string().encode()).decode(),
                "columns": columns(x[:8]), "predictions": plain(linear.predict(x[:8]))})
    out.append({"name": "LightGBM dump", "model": base64.b64encode(json.dumps(linear.dump_model()).encode()).decode()})
    versions = {"xgboost": xgboost.__version__, "lightgbm": lightgbm.__version__}
    text = ",\n".join(json.dumps(one) for one in out)
    (here / "models.json").write_text(f'{{"versions": {json.dumps(versions)}, "cases": [\n{text}\n]}}\n')


def seeds():
    """The smallest files of each kind, for the fuzzer of Tests/Fuzz."""
    folder = here.parent / "Fuzz" / "Model-seeds"
    folder.mkdir(exist_ok=True)
    wanted = ["TopK", "SVMRegressor, RBF", "SVMClassifier with probabilities", "TreeEnsemble, sums", "LayerNormalization", "Split", "Gemm"]
    for one in operators:
        if one["name"] in wanted or one["name"].startswith("skl2onnx: KNeighborsRegressor"):
            name = "".join(c if c.isalnum() else "-" for c in one["name"])
            (folder / f"{name}.onnx").write_bytes(base64.b64decode(one["model"]))


pipelines()
boosters()
seeds()
versions = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}
text = ",\n".join(json.dumps(one) for one in operators)
(here / "operators.json").write_text(f'{{"versions": {json.dumps(versions)}, "cases": [\n{text}\n]}}\n')
print(len(operators), "operators")
