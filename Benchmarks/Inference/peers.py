#!/usr/bin/env python3
"""Trains models of many kinds with XGBoost, LightGBM and scikit-learn, scores them with those libraries (ONNX Runtime for the last) and with
`evenkeel score`, and compares every number.

    python3 Benchmarks/Inference/peers.py --binary .build/release/evenkeel --folder /tmp/peers [--only xgb]

Prints a line a model: how far predictions, margins and leaves are apart, and how many XGBoost margins have the same bits.
"""
import argparse, io, json, pathlib, subprocess, sys, warnings
import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--binary", default=".build/release/evenkeel")
parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/tmp/evenkeel-peers"))
parser.add_argument("--only", default="")
options = parser.parse_args()
options.folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)
N = 1500
failures = []


def ours(model, table, *flags):
    path = options.folder / "input.csv"
    table.to_csv(path, index=False)
    done = subprocess.run([options.binary, "score", str(model), str(path), *flags], capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[:300])
    return pd.read_csv(io.BytesIO(done.stdout), keep_default_na=True)


def compare(name, what, got, want, tolerance=1e-5):
    want = np.asarray(want)
    want = want.reshape(len(want), -1)
    got = got.to_numpy()
    if got.shape != want.shape:
        failures.append(name)
        return f"{what}: SHAPE {got.shape} not {want.shape}"
    if got.dtype == object or want.dtype == object:
        ok = (got.astype(str) == want.astype(str)).all()
        if not ok: failures.append(name)
        return f"{what} {'same' if ok else 'DIFFERENT'}"
    got, want = got.astype(float), want.astype(float)
    gap = np.abs(got - want) / np.maximum(1, np.abs(want))
    gap = np.where(np.isnan(got) & np.isnan(want), 0, gap)
    worst = gap.max()
    if not worst <= tolerance: failures.append(name)
    same = (got.astype(np.float32) == want.astype(np.float32)).mean()
    return f"{what} {'' if worst <= tolerance else 'FAR '}{worst:.1e} ({100 * same:.1f}% same)"


def report(name, *parts):
    print(f"{name:34s} " + "; ".join(parts), flush=True)


def wanted(name): return options.only in name


def attempt(function, *arguments, **named):
    try:
        function(*arguments, **named)
    except Exception as error:
        failures.append(str(arguments[:1]))
        print(f"{str(arguments[:1]):34s} ERROR {type(error).__name__}: {str(error)[:200]}", flush=True)


def data(columns=8, missing=0.1, rows=N):
    x = rng.normal(size=(rows, columns)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1], 1)
    x[:, 2] = np.where(rng.random(rows) < 0.5, 0, x[:, 2])
    signal = x[:, 0] + 0.5 * np.abs(x[:, 1]) - x[:, 2] * x[:, 3]
    if missing: x[rng.random(x.shape) < missing] = np.nan
    return x, signal


# XGBoost

def xgb_model(name, parameters, rounds=30, x=None, y=None, form="json", frame=None, tolerance=1e-5):
    import xgboost as xgb
    table = frame if frame is not None else pd.DataFrame(x, columns=[f"f{i}" for i in range(x.shape[1])])
    matrix = xgb.DMatrix(table, y, enable_categorical=frame is not None)
    booster = xgb.train({"seed": 1, "nthread": 1, **parameters}, matrix, rounds)
    path = options.folder / f"{name}.{form}"
    booster.save_model(path)
    booster = xgb.Booster(model_file=path)
    matrix = xgb.DMatrix(table, enable_categorical=frame is not None)
    lines = [compare(name, "prediction", ours(path, table), booster.predict(matrix), tolerance),
             compare(name, "margin", ours(path, table, "--raw"), booster.predict(matrix, output_margin=True), tolerance)]
    if parameters.get("booster") != "gblinear":
        lines.append(compare(name, "leaves", ours(path, table, "--leaves"), booster.predict(matrix, pred_leaf=True).reshape(len(table), -1), 0))
        some = max(1, rounds // 3)
        lines.append(compare(name, "rounds", ours(path, table, "--rounds", str(some)), booster.predict(matrix, iteration_range=(0, some)), tolerance))
        if parameters.get("multi_strategy") is None and parameters.get("booster") != "dart":
            contributions = booster.predict(matrix, pred_contribs=True)
            lines.append(compare(name, "contributions", ours(path, table, "--contributions"), contributions, 2e-5))
    one = table.iloc[:5]
    lines.append(compare(name, "five", ours(path, one), booster.predict(matrix)[:5], tolerance))
    report(name, *lines)


def xgb_all():
    x, signal = data()
    binary = (signal > np.median(signal)).astype(int)
    classes = np.digitize(signal, np.quantile(signal, [0.3, 0.7]))
    positive = np.exp(signal / 3)
    count = rng.poisson(positive)
    for objective, y in [("binary:logistic", binary), ("binary:logitraw", binary), ("binary:hinge", binary), ("reg:logistic", binary), ("reg:squarederror", signal),
                         ("reg:absoluteerror", signal), ("reg:pseudohubererror", signal), ("reg:squaredlogerror", positive), ("count:poisson", count),
                         ("reg:gamma", positive), ("reg:tweedie", count), ("survival:cox", positive), ("rank:pairwise", binary)]:
        extra = {}
        attempt(xgb_model, "xgb-" + objective.replace(":", "-"), {"objective": objective, "max_depth": 5, **extra}, 30, x, y)
    attempt(xgb_model, "xgb-quantile", {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]}, 10, x, signal)
    attempt(xgb_model, "xgb-softprob", {"objective": "multi:softprob", "num_class": 3}, 20, x, classes)
    attempt(xgb_model, "xgb-softmax", {"objective": "multi:softmax", "num_class": 3}, 20, x, classes, "ubj")
    attempt(xgb_model, "xgb-base", {"objective": "binary:logistic", "base_score": 0.2}, 20, x, binary)
    attempt(xgb_model, "xgb-poisson-base", {"objective": "count:poisson", "base_score": 3}, 20, x, count, "ubj")
    attempt(xgb_model, "xgb-dart", {"booster": "dart", "rate_drop": 0.3, "objective": "binary:logistic"}, 40, x, binary)
    attempt(xgb_model, "xgb-dart-multi", {"booster": "dart", "rate_drop": 0.3, "objective": "multi:softprob", "num_class": 3}, 20, x, classes)
    attempt(xgb_model, "xgb-forest", {"num_parallel_tree": 5, "subsample": 0.7, "objective": "binary:logistic", "max_depth": 10}, 6, x, binary)
    attempt(xgb_model, "xgb-forest-multi", {"num_parallel_tree": 4, "subsample": 0.7, "objective": "multi:softprob", "num_class": 3}, 5, x, classes)
    attempt(xgb_model, "xgb-linear", {"booster": "gblinear", "objective": "binary:logistic"}, 20, x, binary)
    attempt(xgb_model, "xgb-linear-multi", {"booster": "gblinear", "objective": "multi:softprob", "num_class": 3}, 20, x, classes)
    attempt(xgb_model, "xgb-lossguide", {"grow_policy": "lossguide", "max_leaves": 63, "max_depth": 0}, 30, x, signal)
    attempt(xgb_model, "xgb-deep", {"max_depth": 16, "min_child_weight": 0, "tree_method": "exact"}, 20, x, signal)
    attempt(xgb_model, "xgb-exact", {"max_depth": 7, "tree_method": "exact"}, 100, x, signal)
    attempt(xgb_model, "xgb-two", {"max_depth": 4}, 10, x, np.stack([signal, binary], 1))
    attempt(xgb_model, "xgb-vector", {"max_depth": 4, "multi_strategy": "multi_output_tree"}, 10, x, np.stack([signal, binary, positive], 1), tolerance=1e-5)
    frame = pd.DataFrame(x[:, :3], columns=["a", "b", "c"])
    frame["color"] = pd.Categorical(rng.choice(["red", "green", "blue", "pink, or so"], N))
    frame["code"] = pd.Categorical(rng.choice(np.arange(40), N))
    frame.loc[rng.random(N) < 0.1, "color"] = np.nan
    y = ((frame["color"].cat.codes * 2 + frame["code"].cat.codes % 7 + np.nan_to_num(x[:, 0])) > 5).astype(int)
    attempt(xgb_model, "xgb-frame-json", {"objective": "binary:logistic", "max_cat_to_onehot": 5}, 30, None, y, "json", frame)
    attempt(xgb_model, "xgb-frame-ubj", {"objective": "binary:logistic", "max_cat_to_onehot": 1}, 30, None, y, "ubj", frame)
    xl, sl = data(28, 0.05, 3000)
    attempt(xgb_model, "xgb-large", {"objective": "binary:logistic", "max_depth": 6}, 300, xl, (sl > 0).astype(int))
    attempt(xgb_model, "xgb-wide", {"objective": "binary:logistic", "max_depth": 3}, 50, data(300)[0], binary)


# LightGBM

def lgb_model(name, parameters, rounds=30, x=None, y=None, frame=None, tolerance=1e-6, group=None):
    import lightgbm as lgb
    table = frame if frame is not None else pd.DataFrame(x, columns=[f"f{i}" for i in range(x.shape[1])])
    booster = lgb.train({"seed": 1, "num_threads": 1, "verbose": -1, "min_data_in_leaf": 5, **parameters}, lgb.Dataset(table, y, group=group), rounds)
    path = options.folder / f"{name}.txt"
    booster.save_model(path)
    booster = lgb.Booster(model_file=path)
    some = max(1, rounds // 3)
    report(name, compare(name, "prediction", ours(path, table), booster.predict(table), tolerance),
           compare(name, "margin", ours(path, table, "--raw"), booster.predict(table, raw_score=True), tolerance),
           compare(name, "leaves", ours(path, table, "--leaves"), booster.predict(table, pred_leaf=True), 0),
           compare(name, "rounds", ours(path, table, "--rounds", str(some)), booster.predict(table, num_iteration=some), tolerance),
           "" if "linear_tree" in parameters else
           compare(name, "contributions", ours(path, table, "--contributions"), booster.predict(table, pred_contrib=True), 1e-6),
           compare(name, "five", ours(path, table.iloc[:5]), booster.predict(table)[:5], tolerance))


def lgb_all():
    x, signal = data()
    x = x.astype(float)
    binary = (signal > np.median(signal)).astype(int)
    classes = np.digitize(signal, np.quantile(signal, [0.3, 0.7]))
    positive = np.exp(signal / 3)
    for objective, y in [("binary", binary), ("regression", signal), ("regression_l1", signal), ("huber", signal), ("fair", signal), ("poisson", positive), ("quantile", signal),
                         ("mape", positive), ("gamma", positive), ("tweedie", positive), ("cross_entropy", binary), ("cross_entropy_lambda", binary)]:
        attempt(lgb_model, f"lgb-{objective}", {"objective": objective}, 30, x, y)
    attempt(lgb_model, "lgb-sqrt", {"objective": "regression", "reg_sqrt": True}, 30, x, positive)
    attempt(lgb_model, "lgb-sigmoid", {"objective": "binary", "sigmoid": 2.5}, 30, x, binary)
    attempt(lgb_model, "lgb-multiclass", {"objective": "multiclass", "num_class": 3}, 20, x, classes)
    attempt(lgb_model, "lgb-ova", {"objective": "multiclassova", "num_class": 3, "sigmoid": 1.5}, 20, x, classes)
    attempt(lgb_model, "lgb-dart", {"boosting": "dart", "objective": "binary"}, 40, x, binary)
    attempt(lgb_model, "lgb-rf", {"boosting": "rf", "objective": "binary", "bagging_freq": 1, "bagging_fraction": 0.6}, 20, x, binary)
    attempt(lgb_model, "lgb-rf-regression", {"boosting": "rf", "objective": "regression", "bagging_freq": 1, "bagging_fraction": 0.6}, 20, x, signal)
    attempt(lgb_model, "lgb-rf-multi", {"boosting": "rf", "objective": "multiclass", "num_class": 3, "bagging_freq": 1, "bagging_fraction": 0.6}, 10, x, classes)
    attempt(lgb_model, "lgb-zero", {"objective": "binary", "zero_as_missing": True}, 30, x, binary)
    attempt(lgb_model, "lgb-nomissing", {"objective": "binary", "use_missing": False}, 30, x, binary)
    attempt(lgb_model, "lgb-linear", {"objective": "regression", "linear_tree": True}, 20, x, signal)
    attempt(lgb_model, "lgb-linear-binary", {"objective": "binary", "linear_tree": True}, 20, x, binary)
    attempt(lgb_model, "lgb-63", {"objective": "binary", "num_leaves": 63}, 100, x, binary)
    attempt(lgb_model, "lgb-500", {"objective": "regression", "num_leaves": 500, "min_data_in_leaf": 1}, 10, x, signal)
    attempt(lgb_model, "lgb-stump", {"objective": "regression", "min_data_in_leaf": 5000}, 5, x, signal)
    attempt(lgb_model, "lgb-rank", {"objective": "lambdarank"}, 20, x, classes, group=[N // 10] * 10)
    frame = pd.DataFrame(x[:, :3], columns=["a", "b", "c"])
    frame["color"] = pd.Categorical(rng.choice(["red", "green", "blue", "pink, or so"], N))
    frame["code"] = pd.Categorical(rng.choice(np.arange(80) * 3, N))
    frame.loc[rng.random(N) < 0.1, "color"] = np.nan
    y = ((frame["color"].cat.codes * 2 + frame["code"].cat.codes % 7 + np.nan_to_num(x[:, 0])) > 5).astype(int)
    attempt(lgb_model, "lgb-frame", {"objective": "binary"}, 30, None, y, frame)
    attempt(lgb_model, "lgb-frame-linear", {"objective": "regression", "linear_tree": True}, 10, None, y.astype(float), frame)


# scikit-learn by ONNX

def onnx_model(name, model, table, tolerance=1e-5, zipmap=False, double=False, initial=None):
    import onnxruntime, skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, DoubleTensorType
    values = table.to_numpy()
    if initial is None:
        initial = [("X", (DoubleTensorType if double else FloatTensorType)([None, values.shape[1]]))]
    extra = {id(model): {"zipmap": zipmap}} if hasattr(model, "predict_proba") else {}
    made = skl2onnx.convert_sklearn(model, initial_types=initial, options=extra, target_opset=18)
    path = options.folder / f"{name}.onnx"
    path.write_bytes(made.SerializeToString())
    run_onnx(name, path, table, tolerance)


def run_onnx(name, path, table, tolerance=1e-5):
    import onnxruntime
    session = onnxruntime.InferenceSession(str(path))
    kinds = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(string)": object}
    inputs = session.get_inputs()
    if len(inputs) == 1 and inputs[0].shape[-1] != 1:
        feed = {inputs[0].name: table.to_numpy().astype(kinds[inputs[0].type])}
    else:
        feed = {i.name: table[[i.name]].to_numpy().astype(kinds[i.type]) for i in inputs}
    results = session.run(None, feed)
    columns, names = [], []
    for output, value in zip(session.get_outputs(), results):
        if isinstance(value, list):
            value = pd.DataFrame(value)
            names += [f"{output.name}_{key}" for key in value.columns]
            columns += [value[c] for c in value.columns]
        else:
            matrix = value.reshape(len(table), -1)
            names += [output.name] if matrix.shape[1] == 1 else [f"{output.name}_{i}" for i in range(matrix.shape[1])]
            columns += list(matrix.T)
    found = ours(path, table, "--outputs")
    lines = []
    if list(found.columns) != names:
        failures.append(name)
        lines.append(f"NAMES {list(found.columns)} not {names}")
    else:
        worst = 0
        for title, column in zip(names, columns):
            one = compare(name, title, found[[title]], np.asarray(column).reshape(-1, 1), tolerance)
            if title in (names[0], names[-1]) or "FAR" in one or "DIFF" in one: lines.append(one)
    ours(path, table)
    report(name, *lines)


def onnx_all():
    from sklearn import ensemble, linear_model, neural_network, pipeline, preprocessing, tree, compose, impute, naive_bayes, calibration, feature_selection, decomposition
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType, Int64TensorType
    x, signal = data(missing=0)
    table = pd.DataFrame(x, columns=[f"f{i}" for i in range(x.shape[1])])
    binary = (signal > np.median(signal)).astype(int)
    classes = np.digitize(signal, np.quantile(signal, [0.3, 0.7]))
    words = np.array(["low", "mid", "high"])[classes]
    X = table.to_numpy()
    for name, model, y in [
        ("logistic", linear_model.LogisticRegression(), binary), ("logistic-multi", linear_model.LogisticRegression(), classes),
        ("logistic-words", linear_model.LogisticRegression(), words), ("sgd", linear_model.SGDClassifier(loss="log_loss"), classes),
        ("ridge", linear_model.Ridge(), signal), ("linear-two", linear_model.LinearRegression(), np.stack([signal, binary], 1)),
        ("poisson", linear_model.PoissonRegressor(), np.exp(signal / 3)), ("lasso", linear_model.Lasso(0.01), signal), ("perceptron", linear_model.Perceptron(), binary),
        ("tree", tree.DecisionTreeClassifier(max_depth=8), classes), ("tree-binary", tree.DecisionTreeClassifier(max_depth=8), binary),
        ("tree-regression", tree.DecisionTreeRegressor(max_depth=12), signal), ("forest", ensemble.RandomForestClassifier(30), classes),
        ("forest-binary", ensemble.RandomForestClassifier(30, max_depth=6), binary), ("forest-words", ensemble.RandomForestClassifier(10), words),
        ("forest-regression", ensemble.RandomForestRegressor(30), signal), ("extra", ensemble.ExtraTreesClassifier(20), binary),
        ("forest-two", ensemble.RandomForestRegressor(10), np.stack([signal, binary], 1)),
        ("boosting", ensemble.GradientBoostingClassifier(n_estimators=40), binary), ("boosting-multi", ensemble.GradientBoostingClassifier(n_estimators=20), classes),
        ("boosting-regression", ensemble.GradientBoostingRegressor(n_estimators=40), signal),
        ("mlp", neural_network.MLPClassifier((16, 8), max_iter=50), binary), ("mlp-multi", neural_network.MLPClassifier((16,), activation="tanh", max_iter=50), classes),
        ("mlp-regression", neural_network.MLPRegressor(hidden_layer_sizes=(16,), activation="logistic", max_iter=50), signal), ("bayes", naive_bayes.GaussianNB(), classes),
        ("calibrated", calibration.CalibratedClassifierCV(linear_model.LogisticRegression(), cv=2), binary), ("ada", ensemble.AdaBoostClassifier(n_estimators=10), binary),
        ("voting", ensemble.VotingClassifier([("a", linear_model.LogisticRegression()), ("b", tree.DecisionTreeClassifier(max_depth=3))], voting="soft", flatten_transform=False), classes),
        ("stacking", ensemble.StackingClassifier([("a", linear_model.LogisticRegression()), ("b", tree.DecisionTreeClassifier(max_depth=3))]), binary),
        ("bagging", ensemble.BaggingClassifier(n_estimators=5), binary),
        ("standard", pipeline.make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression()), binary),
        ("minmax", pipeline.make_pipeline(preprocessing.MinMaxScaler(clip=True), linear_model.Ridge()), signal),
        ("robust", pipeline.make_pipeline(preprocessing.RobustScaler(), preprocessing.Normalizer("l2"), linear_model.Ridge()), signal),
        ("normal-l1", pipeline.make_pipeline(preprocessing.Normalizer("l1"), linear_model.Ridge()), signal),
        ("normal-max", pipeline.make_pipeline(preprocessing.Normalizer("max"), linear_model.Ridge()), signal),
        ("poly", pipeline.make_pipeline(preprocessing.PolynomialFeatures(2), linear_model.Ridge()), signal),
        ("bins", pipeline.make_pipeline(preprocessing.KBinsDiscretizer(5, encode="onehot-dense"), linear_model.Ridge()), signal),
        ("binarizer", pipeline.make_pipeline(preprocessing.Binarizer(threshold=0.3), linear_model.Ridge()), signal),
        ("select", pipeline.make_pipeline(feature_selection.SelectKBest(k=4), linear_model.LogisticRegression()), binary),
        ("pca", pipeline.make_pipeline(decomposition.PCA(3), linear_model.LogisticRegression()), binary),
        ("power", pipeline.make_pipeline(preprocessing.PowerTransformer(), linear_model.Ridge()), signal),
    ]:
        if wanted(f"onnx-{name}"):
            attempt(lambda n, m, t: (m.fit(X, y), onnx_model(n, m, t)), f"onnx-{name}", model, table)
    attempt(lambda n: onnx_model(n, ensemble.RandomForestClassifier(10).fit(X, binary), table, initial=[("X", FloatTensorType([None, None]))]), "onnx-open")
    attempt(lambda n: onnx_model(n, linear_model.LogisticRegression().fit(X, words), table, zipmap=True), "onnx-zipmap-words")
    attempt(lambda n: onnx_model(n, linear_model.LogisticRegression().fit(X, classes), table, zipmap="columns"), "onnx-zipmap-columns")
    holes = table.mask(rng.random(table.shape) < 0.1).astype(np.float32)
    attempt(lambda n: onnx_model(n, pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), ensemble.RandomForestClassifier(10)).fit(holes.to_numpy(), binary), holes), "onnx-imputer")
    mixed = pd.DataFrame({"age": x[:, 0], "income": x[:, 1], "color": rng.choice(["red", "green", "blue"], N), "level": rng.integers(0, 4, N)})
    made = compose.ColumnTransformer([("n", preprocessing.StandardScaler(), ["age", "income"]), ("c", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["color", "level"])])
    made2 = compose.ColumnTransformer([("n", preprocessing.StandardScaler(), ["age", "income"]), ("c", preprocessing.OrdinalEncoder(), ["color"])])
    kinds = [("age", FloatTensorType([None, 1])), ("income", FloatTensorType([None, 1])), ("color", StringTensorType([None, 1])), ("level", Int64TensorType([None, 1]))]
    made3 = compose.ColumnTransformer([("n", preprocessing.StandardScaler(), ["age", "income"]), ("c", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["color"]), ("d", preprocessing.OneHotEncoder(), ["level"])])
    attempt(lambda n: onnx_model(n, pipeline.make_pipeline(made3, linear_model.LogisticRegression()).fit(mixed, binary), mixed, initial=kinds), "onnx-columns")
    attempt(lambda n: onnx_model(n, pipeline.make_pipeline(made2, ensemble.GradientBoostingClassifier(n_estimators=10)).fit(mixed, binary), mixed, initial=kinds[:3]), "onnx-ordinal")

    def handmade(name, node, count, labels=False):
        from onnx import helper, TensorProto
        outputs = [helper.make_tensor_value_info("label", TensorProto.INT64, [None]), helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, count])]
        graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 3])], outputs if labels else outputs[1:])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=8)
        path = options.folder / f"{name}.onnx"
        path.write_bytes(made.SerializeToString())
        rows = pd.DataFrame(np.round(rng.normal(size=(500, 3)) * 2) / 2, columns=["a", "b", "c"]).astype(np.float32)
        rows = rows.mask(rng.random(rows.shape) < 0.15)
        run_onnx(name, path, rows)

    def trees(mode, missing):
        return dict(nodes_treeids=[0] * 5 + [1] * 3, nodes_nodeids=[0, 1, 2, 3, 4, 0, 1, 2], nodes_featureids=[0, 1, 0, 0, 0, 2, 0, 0],
                    nodes_modes=[mode, mode, "LEAF", "LEAF", "LEAF", mode, "LEAF", "LEAF"], nodes_values=[0.5, -0.5, 0, 0, 0, 1, 0, 0],
                    nodes_truenodeids=[1, 3, 0, 0, 0, 1, 0, 0], nodes_falsenodeids=[2, 4, 0, 0, 0, 2, 0, 0],
                    nodes_missing_value_tracks_true=[missing] * 8)
    from onnx import helper
    for mode in ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE", "BRANCH_EQ", "BRANCH_NEQ"]:
        for missing in (0, 1):
            for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO") if mode == "BRANCH_LT" else ("NONE",):
                for base in ([], [0.25]):
                    for aggregate in ("SUM", "AVERAGE"):
                        attempt(handmade, f"onnx-{mode}-{missing}-{transform}-{aggregate}-{len(base)}", helper.make_node(
                            "TreeEnsembleRegressor", ["X"], ["y"], domain="ai.onnx.ml", **trees(mode, missing), n_targets=1, post_transform=transform, base_values=base or None,
                            aggregate_function=aggregate, target_treeids=[0, 0, 0, 1, 1], target_nodeids=[2, 3, 4, 1, 2], target_ids=[0] * 5, target_weights=[1.0, 2, -3, 0.5, -0.25]), 1)
    for transform in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        for only in (0, 1):
            for weights in ([1.0, 2, -3, 0.5, -0.25], [0.1, 0.2, 0.3, 0.4, 0.05]):
                for base in (None, [0.3]):
                    attempt(handmade, f"onnx-binary-{transform}-{only}-{weights[2]}-{base}", helper.make_node(
                        "TreeEnsembleClassifier", ["X"], ["label", "y"], domain="ai.onnx.ml", **trees("BRANCH_LEQ", 0), post_transform=transform, classlabels_int64s=[3, 5],
                        base_values=base, class_treeids=[0, 0, 0, 1, 1], class_nodeids=[2, 3, 4, 1, 2], class_ids=[only] * 5, class_weights=weights), 2, True)
        for base in ([0.3, -0.2, 0.1],):
            attempt(handmade, f"onnx-three-{transform}-{base}", helper.make_node(
                "TreeEnsembleClassifier", ["X"], ["label", "y"], domain="ai.onnx.ml", **trees("BRANCH_LEQ", 0), post_transform=transform, classlabels_int64s=[3, 5, 9],
                base_values=base, class_treeids=[0, 0, 0, 1, 1], class_nodeids=[2, 3, 4, 1, 2], class_ids=[0, 1, 2, 1, 2], class_weights=[1.0, 2, -3, 0.5, -0.25]), 3, True)
        if transform in ("NONE", "LOGISTIC"): attempt(handmade, f"onnx-linear-{transform}", helper.make_node("LinearClassifier", ["X"], ["label", "y"], domain="ai.onnx.ml", coefficients=[0.1, -0.2, 0.3],
                intercepts=[0.07], classlabels_ints=[0, 1], post_transform=transform), 2, True)

    def boosted(name, kind):
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType as Floats
        path = options.folder / f"{name}.onnx"
        if kind == "xgb":
            import xgboost as xgb
            made = onnxmltools.convert_xgboost(xgb.XGBClassifier(n_estimators=20, max_depth=4).fit(X, binary), initial_types=[("X", Floats([None, 8]))])
        else:
            import lightgbm as lgb
            made = onnxmltools.convert_lightgbm(lgb.LGBMClassifier(n_estimators=20, verbose=-1).fit(X, classes), initial_types=[("X", Floats([None, 8]))], zipmap=False)
        path.write_bytes(made.SerializeToString())
        run_onnx(name, path, table)
    attempt(boosted, "onnx-xgb", "xgb")
    attempt(boosted, "onnx-lgb", "lgb")


if "xgb".startswith(options.only[:3]): xgb_all()
if "lgb".startswith(options.only[:3]): lgb_all()
if "onnx".startswith(options.only[:4]): onnx_all()
print(f"{len(failures)} differences: {sorted(set(failures))}")
sys.exit(1 if failures else 0)
