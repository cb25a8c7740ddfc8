"""The real models: how they are registered, what is sent for them, and what must be found."""

import collections
import math

import numpy as np
import pandas as pd

import expected
from harness import Batch, number

EARLY_LABELS = 2000


class Model:
    """A reference file, the rows that are replayed, and the label events that follow."""

    def __init__(self, name, reference_file, reference, current, events, ignored, sensitive=()):
        self.name, self.version = name, "1"
        self.reference_file, self.reference, self.current, self.events = reference_file, reference, current, events
        self.ignored, self.sensitive = ignored, list(sensitive)
        taken = {"timestamp", "request_id", "score", "prediction", "label", *ignored, *sensitive}
        self.features = [name for name in reference.columns if name not in taken]
        self.numeric = [name for name in self.features if expected.is_numeric(reference[name])]
        times = sorted(current["timestamp"])
        self.start = times[0][:13] + ":00:00Z"
        self.end = (pd.Timestamp(times[-1]).floor("h") + pd.Timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def register(self, service):
        arguments = ["model", "register", "--name", self.name, "--version", self.version, "--reference", str(self.reference_file),
                     "--score", "score", "--prediction", "prediction", "--label", "label", "--id", "request_id",
                     "--timestamp", "timestamp", "--ignore", ",".join(self.ignored)]
        if self.sensitive:
            arguments += ["--sensitive", ",".join(self.sensitive)]
        return service.command(*arguments)

    def _record(self, row, place, milliseconds):
        features = {}
        for name in self.features:
            cell = row[name]
            if cell == "":
                if place % 2:  # missing is null, or is not there at all
                    features[name] = None
            elif name in self.numeric:
                features[name] = json_number(cell)
            else:
                features[name] = cell
        record = {
            "model": self.name, "version": self.version, "id": row["request_id"],
            "ts": int(pd.Timestamp(row["timestamp"]).timestamp() * 1000) if milliseconds else row["timestamp"],
            "features": features, "score": json_number(row["score"]), "prediction": json_number(row["prediction"]),
        }
        if self.sensitive:
            record["groups"] = {name: row[name] for name in self.sensitive}
        return record

    def predictions(self, size=500, keyed=True):
        """The first two rows as single objects, the rest in batches: arrays and NDJSON, RFC 3339 and epoch milliseconds."""
        rows = self.current.to_dict("records")
        bounds = [(0, 1), (1, 2)] + [(at, min(at + size, len(rows))) for at in range(2, len(rows), size)]
        out = []
        for i, (start, end) in enumerate(bounds):
            records = [self._record(rows[place], place, milliseconds=i % 4 == 3) for place in range(start, end)]
            out.append(Batch("/v1/predictions", records, i % 2 == 1, f"{self.name} predictions {start}-{end}" if keyed else None))
        return out

    def labels(self, start, end, size=500, keyed=True):
        """The label events from place `start` to `end`, in their order."""
        events = self.events.iloc[start:end].to_dict("records")
        out = []
        for i, at in enumerate(range(0, len(events), size)):
            records = [
                {"model": self.name, "id": event["request_id"], "label": json_number(event["label"]),
                 "ts": int(pd.Timestamp(event["label_time"]).timestamp() * 1000) if i % 4 == 2 else event["label_time"]}
                for event in events[at:at + size]]
            key = f"{self.name} labels {start + at}-{start + at + len(records)}" if keyed else None
            out.append(Batch("/v1/labels", records, i % 2 == 0, key))
        return out

    def everything(self, size=500, keyed=True):
        """The whole replay in its order: some labels before their predictions, all predictions, the rest of the labels."""
        return (self.labels(0, EARLY_LABELS, size, keyed) + self.predictions(size, keyed)
                + self.labels(EARLY_LABELS, len(self.events), size, keyed))

    def final_labels(self):
        """The label of every id: the last event by time wins."""
        ordered = self.events.sort_values("label_time", kind="stable")
        return dict(zip(ordered["request_id"], ordered["label"].astype(int)))

    def labelled(self):
        """The current rows whose label is known, with it."""
        final = self.final_labels()
        rows = self.current[self.current["request_id"].isin(final)].copy()
        rows["final"] = [final[id] for id in rows["request_id"]]
        return rows

    def windows(self, seconds):
        """Rows and labelled rows by window start (epoch seconds)."""
        final = self.final_labels()
        stamps = pd.to_datetime(self.current["timestamp"]).map(pd.Timestamp.timestamp).astype(int) // seconds * seconds
        counts = collections.defaultdict(lambda: [0, 0])
        for start, id in zip(stamps, self.current["request_id"]):
            counts[int(start)][0] += 1
            counts[int(start)][1] += id in final
        return {start: tuple(pair) for start, pair in counts.items()}

    # What must be found.

    def check_drift(self, checks, findings, current, label=""):
        """Every drift statistic of a window that holds `current`. With a label only the farthest of each kind is a row."""
        one_by_one = not label
        exact, chi, p_values, bounds = [], [], [], []
        columns = [(name, "feature_drift", self.reference[name], current[name]) for name in self.features]
        columns.append(("", "prediction_drift", self.reference["score"], current["score"]))
        for name, monitor, r, a in columns:
            shown = name or "score"
            is_numeric = name in self.numeric or not name
            if is_numeric:
                r, a = expected.numbers(r), expected.numbers(a)
                truth = expected.numeric_drift(r, a)
            else:
                r, a = r[r != ""], a[a != ""]
                truth = expected.categorical_drift(r, a)
            for statistic, (value, p) in truth.items():
                ours = findings[monitor, name, "", statistic]
                if ours["reference_n"] != len(r) or ours["n"] != len(a):
                    checks.equal(f"{label}{shown} {statistic} counts", [ours["reference_n"], ours["n"]], [len(r), len(a)])
                if statistic == "ks":
                    p = expected.kolmogorov_p(number(ours["value"]), len(r), len(a))
                    bounds.append((shown, value, ours))
                elif statistic == "chi_squared":
                    chi.append((shown, ours["value"], value))
                else:
                    exact.append((f"{shown} {statistic}", ours["value"], value))
                if p is None:
                    if ours["p_value"] is not None:
                        checks.equal(f"{label}{shown} {statistic}: p-value, nothing left to test", ours["p_value"], None)
                else:
                    p_values.append((f"{shown} {statistic}", ours["p_value"], p))
            if name:
                share = [float((side[name] == "").mean()) for side in (self.reference, current)]
                exact.append((f"{name} missing_ratio", findings[monitor, name, "", "missing_ratio"]["value"], share[1]))
        if one_by_one:
            for name, ours, value in exact:
                checks.near(name, ours, value, 1e-12)
            for name, ours, value in chi:
                checks.near(f"{name} chi_squared", ours, value, 1e-12, relative=True)
        else:
            checks.worst(f"{label}PSI, Jensen-Shannon, missing", exact, 1e-12)
            if chi:
                checks.worst(f"{label}chi-squared", chi, 1e-12, relative=True)
        widths, outside = [], []
        for name, value, ours in bounds:
            lower, upper = number(ours["lower"]), number(ours["upper"])
            widths.append((upper - lower, name))
            if one_by_one:
                if lower == upper:
                    checks.near(f"{name} ks, exact", ours["value"], value, 1e-12)
                else:
                    checks.inside(f"{name} ks, bound", value, lower, upper)
            elif not (lower - 1e-12 <= value <= upper + 1e-12):
                outside.append(f"{name}: {value} not in [{lower}, {upper}]")
        if not one_by_one:
            checks.equal(f"{label}SciPy's D inside the bound ({len(bounds)} columns, widest {max(widths)[0]:.3g})", outside, [])
        checks.worst(f"{label}p-values", p_values, 1e-9, relative=True)

    def check_adjusted(self, checks, findings, label=""):
        """Benjamini-Hochberg within each monitor."""
        pairs = []
        for monitor in {key[0] for key in findings}:
            family = [(key, f) for key, f in findings.items() if key[0] == monitor and f["p_adjusted"] is not None]
            if family:
                wanted = expected.benjamini_hochberg([number(f["p_value"]) for _, f in family])
                pairs += [(" ".join(filter(None, key)), f["p_adjusted"], w) for (key, f), w in zip(family, wanted)]
        checks.worst(f"{label}adjusted p-values", pairs, 1e-12)

    def check_outcomes(self, checks, findings):
        """Performance and calibration over the rows whose final label is known."""
        rows = self.labelled()
        score, label = rows["score"].astype(float).to_numpy(), rows["final"].to_numpy()
        truth = expected.performance(score, label, rows["prediction"].astype(int).to_numpy())
        bound = expected.auc_resolution(expected.numbers(self.reference["score"]), score, label)
        for statistic, value in truth.items():
            if statistic == "roc_auc" and bound > 0:
                name = "roc_auc, with scores that the reference does not have: 1e-9 and what ties in a cell may cost"
                checks.near(name, findings["performance", "", "", statistic]["value"], value, 1e-9 + bound)
            else:
                checks.near(statistic, findings["performance", "", "", statistic]["value"], value, 1e-9)
        ece, mce = expected.calibration_error(score, label)
        checks.near("ece", findings["calibration", "", "", "ece"]["value"], ece, 1e-9)
        checks.near("mce", findings["calibration", "", "", "mce"]["value"], mce, 1e-9)
        for key in [("performance", "roc_auc"), ("performance", "brier"), ("performance", "accuracy"), ("calibration", "ece")]:
            checks.equal(f"{key[1]} n", findings[key[0], "", "", key[1]]["n"], len(rows))

    def check_fairness(self, checks, findings, rows):
        """Fairlearn over the labelled rows of a window in which every row has its label."""
        for names in [[name] for name in self.sensitive] + [self.sensitive]:
            truth = expected.Fairness(rows["final"], rows["prediction"].astype(int), rows[names])
            name = truth.name
            ours = {key[2] for key in findings if key[:2] == ("fairness", name) and key[2]}
            checks.equal(f"{name}: groups", sorted(ours), sorted(truth.rates))
            for group, rates in truth.rates.items():
                for rate, value in rates.items():
                    is_undefined = group in truth.undefined[rate]
                    remark = f" (0/0; Fairlearn says {value:g})" if is_undefined else ""
                    checks.near(
                        f"{name} {group} {rate}{remark}", findings["fairness", name, group, rate]["value"],
                        math.nan if is_undefined else value, 1e-12)
            for statistic, value in truth.disparities().items():
                remark = ""
                if truth.has_undefined and not np.isclose(truth.plain[statistic], value, rtol=0, atol=1e-12):
                    remark = f" (with 0/0 taken as 0 Fairlearn says {truth.plain[statistic]:.6g})"
                checks.near(f"{name} {statistic}{remark}", findings["fairness", name, "", statistic]["value"], value, 1e-12)


def json_number(text):
    value = float(text)
    return int(text) if value.is_integer() and "." not in text and "e" not in text.lower() else value


def by_key(evaluation):
    return {(f["monitor"], f["subject"], f.get("group", ""), f["statistic"]): f for f in evaluation["findings"]}


def car_loan(shared):
    reference_file = shared / "data/car_loan_reference.csv"
    return Model(
        "car_loan", reference_file, expected.read(reference_file), expected.read(shared / "data/car_loan_analysis.csv"),
        expected.read(shared / "data/car_loan_label_events.csv"), ignored=["label_time"])


def compas(shared, folder, now):
    """The first half of the rows is the reference; all of them are replayed."""
    rows = expected.read(shared / "data/compas.csv")
    reference = rows.iloc[:len(rows) // 2]
    reference_file = folder / "compas_reference.csv"
    reference.to_csv(reference_file, index=False)
    events = rows[["request_id", "label", "label_time"]].copy()
    events["label_time"] = [min(time, now) for time in events["label_time"]]
    return Model("compas", reference_file, reference, rows, events, ignored=["label_time"], sensitive=["sex", "race"])


def unseen(shared, folder):
    """Car loans whose reference lacks two levels, so that the cell of unseen levels holds rows; with missing values."""
    reference = expected.read(shared / "data/car_loan_reference.csv").iloc[:3000]
    reference = reference[(reference["salary_range"] != "40K - 60K") & (reference["size_of_downpayment"] != "20%")]
    current = expected.read(shared / "data/car_loan_analysis.csv").iloc[-1500:].copy()
    current.iloc[::7, current.columns.get_loc("salary_range")] = ""
    current.iloc[::5, current.columns.get_loc("car_value")] = ""
    reference_file = folder / "unseen_reference.csv"
    reference.to_csv(reference_file, index=False)
    events = current[["request_id", "label", "label_time"]]
    return Model("car_loan_unseen", reference_file, reference, current, events, ignored=["label_time"])
