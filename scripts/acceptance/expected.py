"""The same numbers from the raw files by numpy, SciPy, scikit-learn and Fairlearn."""

import collections
import math
import warnings

import numpy as np
import pandas as pd
from fairlearn.metrics import (
    MetricFrame, demographic_parity_difference, demographic_parity_ratio, equalized_odds_difference, equalized_odds_ratio,
    false_positive_rate, selection_rate, true_positive_rate)
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score

PSI_FLOOR = 1e-4


def read(path):
    """All cells as text; the empty field is missing."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def numbers(column):
    """Without the missing ones."""
    return column[column != ""].astype(float).to_numpy()


def is_numeric(column):
    try:
        numbers(column)
        return True
    except ValueError:
        return False


def psi(reference, current):
    r = np.maximum(reference / reference.sum(), PSI_FLOOR)
    a = np.maximum(current / current.sum(), PSI_FLOOR)
    return float(np.sum((a - r) * np.log(a / r)))


def decile_edges(reference):
    return np.unique(np.quantile(reference, [k / 10 for k in range(1, 10)], method="linear"))


def bins(values, edges):
    """Right-closed, open at both ends."""
    return np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)


def levels(reference, current):
    """Counts by the reference's levels in code-point order, and of all other levels together."""
    names = sorted(set(reference))  # Python orders text by code point
    r, a = collections.Counter(reference), collections.Counter(current)
    return (np.array([r[name] for name in names] + [0]),
            np.array([a[name] for name in names] + [sum(n for name, n in a.items() if name not in r)]))


def common(reference, current):
    """Cochran's remedy: cells with an expected count below 5 on the smaller side are pooled, neighbours first. None: nothing is left."""
    share = min(reference.sum(), current.sum()) / (reference.sum() + current.sum())
    kept, pools, pool = [], [], np.zeros(2, dtype=np.int64)
    seen = [np.array(cell) for cell in zip(reference, current) if sum(cell) > 0]
    for cell in seen:
        if cell.sum() * share >= 5:
            kept.append(cell)
            continue
        pool = pool + cell
        if pool.sum() * share >= 5:
            pools.append(pool)
            pool = np.zeros(2, dtype=np.int64)
    if pool.sum() > 0:
        if pools:
            pools[-1] = pools[-1] + pool
        elif kept:
            least = min(range(len(kept)), key=lambda k: kept[k].sum())
            kept[least] = kept[least] + pool
        else:
            pools.append(pool)
    cells = np.array(kept + pools).T
    return None if cells.shape[1] < 2 and len(seen) > 1 else (cells[0], cells[1])


def distances(reference, current):
    distance = float(jensenshannon(reference / reference.sum(), current / current.sum(), base=2))
    return psi(reference, current), 0.0 if math.isnan(distance) else distance  # SciPy's root of −0.0…1


def binned(reference, current):
    """PSI and Jensen-Shannon of two rows of counts, with the p-values of their asymptotic laws over the cells that are not too rare."""
    scale = 1 / reference.sum() + 1 / current.sum()
    cells = common(reference, current)
    laws = (None, None)
    if cells:
        freedom = len(cells[0]) - 1
        index, distance = distances(*cells)
        laws = (stats.chi2.sf(index / scale, freedom), stats.chi2.sf(8 * distance**2 * math.log(2) / scale, freedom)) if freedom else (1.0, 1.0)
    index, distance = distances(reference, current)
    return {"psi": (index, laws[0]), "jensen_shannon": (distance, laws[1])}


def numeric_drift(reference, current):
    edges = decile_edges(reference)
    out = binned(bins(reference, edges), bins(current, edges))
    out["ks"] = (float(stats.ks_2samp(reference, current, method="asymp").statistic), None)
    return out


def categorical_drift(reference, current):
    r, a = levels(reference, current)
    out = binned(r, a)
    table = np.array([r, a])[:, (r + a) > 0]
    if table.shape[1] > 1:
        cells = common(r, a)
        p = float(stats.chi2_contingency(np.array(cells)).pvalue) if cells and len(cells[0]) > 1 else None
        out["chi_squared"] = (float(stats.chi2_contingency(table).statistic), p)
    return out


def kolmogorov_p(statistic, n, m):
    """The limiting law, which is what we state."""
    return float(stats.kstwobign.sf(math.sqrt(n * m / (n + m)) * statistic))


def performance(score, label, prediction):
    return {
        "roc_auc": roc_auc_score(label, score), "brier": brier_score_loss(label, score), "log_loss": log_loss(label, score),
        "accuracy": accuracy_score(label, prediction),
    }


def auc_resolution(reference_score, score, label):
    """How far the AUC of a profile may be from that of the raw scores.

    A profile counts scores on the reference's values (all of them while there are at most about a thousand), 0, 1, the threshold and
    k/10. Scores that fall between two of these share a cell and are taken as ties: each such pair of a positive and a negative is worth
    ½ instead of 0 or 1. 0 when every score is a cut.
    """
    cuts = np.unique(np.concatenate([reference_score, decile_edges(reference_score), [0, 1, 0.5], [k / 10 for k in range(1, 10)]]))
    if len(np.unique(reference_score)) > 1000:
        raise ValueError("this model's score grid is thinned")
    open_ones = ~np.isin(score, cuts)
    cell = np.searchsorted(cuts, score)
    pairs = sum(int((label[open_ones & (cell == c)] == 1).sum()) * int((label[open_ones & (cell == c)] == 0).sum())
                for c in np.unique(cell[open_ones]))
    return pairs / 2 / (int((label == 1).sum()) * int((label == 0).sum()))


def calibration_error(score, label):
    """Ten equal-width bins with edges k/10, right-closed, 0 in the first."""
    place = np.searchsorted(np.array([k / 10 for k in range(1, 10)]), score, side="left")
    total, worst = 0.0, 0.0
    for bin in np.unique(place):
        inside = place == bin
        gap = abs(label[inside].mean() - score[inside].mean())
        total += inside.sum() / len(score) * gap
        worst = max(worst, gap)
    return total, worst


RATES = {"selection_rate": selection_rate, "tpr": true_positive_rate, "fpr": false_positive_rate}


class Fairness:
    """Fairlearn's values for one attribute, or for several crossed.

    Fairlearn calls 0/0 a rate of 0 and lets such a group set the minimum. We call it undefined and leave the group out. So that the
    two can be compared, `difference` and `ratio` are Fairlearn's MetricFrame over the rows of the groups in which that rate is
    defined; where every group is defined they are Fairlearn's own one-line functions, which `plain` always holds.
    """

    def __init__(self, label, prediction, attributes):
        warnings.simplefilter("ignore")
        self.label, self.prediction, self.attributes = label.to_numpy(), prediction.to_numpy(), attributes
        self.name = "*".join(attributes.columns)
        self.group = attributes.agg("*".join, axis=1).to_numpy()
        frame = MetricFrame(metrics=RATES, y_true=self.label, y_pred=self.prediction, sensitive_features=attributes)
        self.rates = {}
        for index, row in frame.by_group.iterrows():
            name = index if isinstance(index, str) else "*".join(index)
            if name in set(self.group):  # Fairlearn lists combinations without rows too
                self.rates[name] = row.to_dict()
        self.undefined = {
            "selection_rate": set(),
            "tpr": {g for g in self.rates if not ((self.group == g) & (self.label == 1)).any()},
            "fpr": {g for g in self.rates if not ((self.group == g) & (self.label == 0)).any()},
        }
        given = dict(y_true=self.label, y_pred=self.prediction, sensitive_features=attributes)
        self.plain = {
            "demographic_parity_difference": demographic_parity_difference(**given),
            "demographic_parity_ratio": demographic_parity_ratio(**given),
            "equalized_odds_difference": equalized_odds_difference(**given),
            "equalized_odds_ratio": equalized_odds_ratio(**given),
        }

    def _spread(self, rate):
        kept = ~np.isin(self.group, list(self.undefined[rate]))
        frame = MetricFrame(
            metrics=RATES[rate], y_true=self.label[kept], y_pred=self.prediction[kept], sensitive_features=self.group[kept])
        return frame.difference(method="between_groups"), frame.ratio(method="between_groups")

    @property
    def has_undefined(self):
        return any(self.undefined.values())

    def disparities(self):
        if not self.has_undefined:
            return self.plain
        parity, odds = self._spread("selection_rate"), [self._spread("tpr"), self._spread("fpr")]
        return {
            "demographic_parity_difference": parity[0], "demographic_parity_ratio": parity[1],
            "equalized_odds_difference": max(odds[0][0], odds[1][0]), "equalized_odds_ratio": min(odds[0][1], odds[1][1]),
        }


def benjamini_hochberg(p_values):
    return stats.false_discovery_control(p_values, method="bh")
