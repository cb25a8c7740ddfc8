"""Calibration error, Brier score and log loss in one pass; exact AUC and average precision."""
import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from claims import alternate, figures, seconds


def losses_by_hand(score, label):
    cell = np.minimum((score * 10).astype(np.int32), 9)
    error = score - label
    ece = np.abs(np.bincount(cell, weights=error)).sum() / len(score)
    return ece, error @ error / len(score), -np.log(np.where(label == 1, score, 1 - score)).mean()


def areas_by_one_sort(score, label):
    """The label in the lowest bit of the score, one sort of integers, running sums."""
    key = np.sort((score.view(np.uint64) << np.uint64(1)) | label)[::-1]
    score = key >> np.uint64(1)
    last = np.append(score[1:] != score[:-1], True)
    tp = np.cumsum(key & np.uint64(1))[last].astype(float)
    fp = np.flatnonzero(last) + 1 - tp
    tps, fps = np.append(0, tp), np.append(0, fp)
    return np.trapezoid(tps, fps) / tp[-1] / fp[-1], np.sum(np.diff(tps) * tp / (tp + fp)) / tp[-1]


def run(claims, options, folder):
    random = np.random.default_rng(4)
    n = options.values
    score = 1 / (1 + np.exp(-random.normal(size=n)))
    label = (random.random(n) < score).astype(np.uint8)
    score.tofile(folder / "score.f64")
    label.tofile(folder / "label.u8")
    ours = {}

    def measure(key):
        found = figures([options.build / "statistics-benchmarks", "scores", folder])
        ours.update(found)
        return found[key]

    us, them = alternate(lambda: measure("calibration_seconds"), lambda: seconds(lambda: losses_by_hand(score, label)))
    expected = losses_by_hand(score, label)
    assert np.allclose(expected, [ours["ece"], ours["brier"], ours["log_loss"]], rtol=1e-9), (expected, ours)
    claims.add("scores_losses", f"ECE, Brier score and log loss of {n:.0e} rows", us, "numpy by hand", them, 4, "ms")
    us, them = alternate(lambda: measure("ranking_seconds"), lambda: seconds(lambda: areas_by_one_sort(score, label)))
    expected = areas_by_one_sort(score, label)
    assert np.allclose(expected, [ours["auc"], ours["average_precision"]], rtol=1e-9), (expected, ours)
    work = f"exact AUC and average precision of {n:.0e} rows"
    claims.add("scores_areas", work, us, "numpy one sort", them, 1, "ms")
    theirs = seconds(lambda: (roc_auc_score(label, score), average_precision_score(label, score)), 1)
    claims.add("scores_areas_sklearn", work, us, "scikit-learn", theirs, 6, "ms")
