"""Writes Tests/Fixtures/reports/statistics.json: what scikit-learn, SciPy and NumPy compute of made-up predictions.

Needs scikit-learn and scipy of Tools/reference/setup. usage: python Tools/reference/report_statistics.py
"""

import json
import pathlib
import warnings

import numpy as np
from scipy import stats
from scipy.optimize import minimize_scalar
from sklearn import metrics

# Of draws without a class, which is what some are for.
warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
random = np.random.RandomState(7)


def softmax(logits):
    weights = np.exp(logits - logits.max(1, keepdims=True))
    return weights / weights.sum(1, keepdims=True)


def calibration(confidences, right, bins=15):
    """Expected and maximum calibration error as Guo et al. define them, and the bins' rows, confidence and accuracy."""
    edges = np.linspace(0, 1, bins + 1)
    total, largest, table = 0.0, 0.0, []
    for low, high in zip(edges[:-1], edges[1:]):
        chosen = (confidences > low) & (confidences <= high)
        if not chosen.any():
            continue
        confidence, accuracy = confidences[chosen].mean(), right[chosen].mean()
        total += abs(confidence - accuracy) * chosen.mean()
        largest = max(largest, abs(confidence - accuracy))
        table.append([int(chosen.sum()), float(confidence), float(accuracy)])
    return total, largest, table


def classes(count, rows, never=None):
    labels = random.randint(0, count, rows)
    if never is not None:
        labels[labels == never] = 0
    logits = random.normal(size=(rows, count)) + 1.5 * np.eye(count)[labels]
    # Equal scores, which curves must take together.
    logits = np.round(logits, 1)
    scores = softmax(logits)
    predictions = scores.argmax(1)
    right = predictions == labels
    expected, largest, bins = calibration(scores[np.arange(rows), predictions], right)
    result = {
        "labels": labels.tolist(), "scores": scores.tolist(), "predictions": predictions.tolist(),
        "accuracy": metrics.accuracy_score(labels, predictions),
        "macro_f1": metrics.f1_score(labels, predictions, average="macro", zero_division=0),
        "weighted_f1": metrics.f1_score(labels, predictions, average="weighted", zero_division=0),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, predictions),
        "matthews_correlation": metrics.matthews_corrcoef(labels, predictions),
        "log_loss": metrics.log_loss(labels, scores, labels=list(range(count))),
        "precision": metrics.precision_score(labels, predictions, average=None, labels=range(count), zero_division=0).tolist(),
        "recall": metrics.recall_score(labels, predictions, average=None, labels=range(count), zero_division=0).tolist(),
        "f1": metrics.f1_score(labels, predictions, average=None, labels=range(count), zero_division=0).tolist(),
        "confusion": metrics.confusion_matrix(labels, predictions, labels=range(count)).tolist(),
        "expected_calibration_error": expected, "maximum_calibration_error": largest, "bins": bins, "curves": [],
    }
    for label in range(count):
        positive = labels == label
        if not positive.any():
            continue
        alarms, found, thresholds = metrics.roc_curve(positive, scores[:, label])
        precision, recall, _ = metrics.precision_recall_curve(positive, scores[:, label])
        result["curves"].append({
            "label": label, "false_positive_rate": alarms.tolist(), "true_positive_rate": found.tolist(),
            "thresholds": [None] + thresholds[1:].tolist(), "precision": precision.tolist(), "recall": recall.tolist(),
            "roc_auc": metrics.roc_auc_score(positive, scores[:, label]),
            "average_precision": metrics.average_precision_score(positive, scores[:, label]),
            "brier": metrics.brier_score_loss(positive, scores[:, label]),
        })
    return result


def temperature(labels, scores):
    """The temperature with the smallest negative log-likelihood of some rows."""
    logits = np.log(scores)

    def loss(log_temperature):
        scaled = softmax(logits / np.exp(log_temperature))
        return -np.log(scaled[np.arange(len(labels)), labels]).sum()

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-10}).x))


def numbers(rows):
    labels = np.round(random.normal(size=rows), 1)
    predictions = np.round(labels * 0.7 + random.normal(size=rows) * 0.5, 1)
    return {
        "labels": labels.tolist(), "predictions": predictions.tolist(),
        "mse": metrics.mean_squared_error(labels, predictions), "mae": metrics.mean_absolute_error(labels, predictions),
        "rmse": metrics.root_mean_squared_error(labels, predictions), "r2": metrics.r2_score(labels, predictions),
        "pearson": stats.pearsonr(labels, predictions)[0], "spearman": stats.spearmanr(labels, predictions)[0],
    }


def several(count, rows):
    labels = random.rand(rows, count) < 0.3
    labels[:, 2] = False
    predictions = labels ^ (random.rand(rows, count) < 0.15)
    return {
        "labels": labels.tolist(), "predictions": predictions.tolist(),
        "micro_f1": metrics.f1_score(labels, predictions, average="micro", zero_division=0),
        "macro_f1": metrics.f1_score(labels, predictions, average="macro", zero_division=0),
        "exact_match": metrics.accuracy_score(labels, predictions),
    }


def draws(rows, times, seed):
    """The rows that Swiftlet's bootstrap draws: SplitMix64, the high half of its product with the number of rows."""
    state, mask = seed, (1 << 64) - 1
    for _ in range(times):
        sample = []
        for _ in range(rows):
            state = (state + 0x9E3779B97F4A7C15) & mask
            bits = state
            bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 & mask
            bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB & mask
            sample.append((bits ^ (bits >> 31)) * rows >> 64)
        yield np.array(sample)


def intervals(rows, metric, times=200, seed=42):
    """Percentiles of metrics over draws; draws that a metric is not defined for don't count."""
    values = [metric(sample) for sample in draws(rows, times, seed)]
    result = {}
    for name in values[0]:
        known = [value[name] for value in values if np.isfinite(value[name])]
        result[name] = [float(np.percentile(known, 2.5)), float(np.percentile(known, 97.5))]
    return result


def area(positive, scores):
    return metrics.roc_auc_score(positive, scores) if positive.any() and not positive.all() else np.nan


def class_intervals(part):
    labels, predictions, scores = (np.array(part[name]) for name in ["labels", "predictions", "scores"])
    count = scores.shape[1]

    def values(sample):
        truth, guess, chances = labels[sample], predictions[sample], scores[sample]
        areas = [area(truth == label, chances[:, label]) for label in ([1] if count == 2 else range(count))]
        areas = [value for value in areas if np.isfinite(value)]
        found = {
            "accuracy": metrics.accuracy_score(truth, guess),
            "macro_f1": metrics.f1_score(truth, guess, average="macro", zero_division=0),
            "log_loss": metrics.log_loss(truth, chances, labels=list(range(count))),
            "roc_auc" if count == 2 else "macro_roc_auc": np.mean(areas) if areas else np.nan,
            "expected_calibration_error": calibration(chances[np.arange(len(sample)), guess], guess == truth)[0],
        }
        if count == 2:
            found["average_precision"] = metrics.average_precision_score(truth, chances[:, 1])
            found["brier_score"] = metrics.brier_score_loss(truth, chances[:, 1])
        return found

    return intervals(len(labels), values)


def number_intervals(part):
    labels, predictions = np.array(part["labels"]), np.array(part["predictions"])
    return intervals(len(labels), lambda sample: {
        "mse": metrics.mean_squared_error(labels[sample], predictions[sample]),
        "pearson": stats.pearsonr(labels[sample], predictions[sample])[0],
        "spearman": stats.spearmanr(labels[sample], predictions[sample])[0],
    })


two = classes(2, 200)
fixture = {
    "two": two, "five": classes(5, 150, never=3),
    "temperature": temperature(np.array(two["labels"]), np.array(two["scores"])),
    "numbers": numbers(120), "several": several(4, 80),
    "mcnemar": [[first, second, stats.binomtest(min(first, second), first + second, 0.5).pvalue if first + second else 1.0]
                for first, second in [(0, 0), (5, 5), (1, 9), (30, 12), (600, 700)]],
    "percentiles": [[share, float(np.percentile(np.array([3.0, 1, 4, 1, 5, 9, 2, 6]), share * 100))]
                    for share in [0, 0.025, 0.3, 0.5, 0.975, 1]],
}
fixture["intervals"] = {
    "two": class_intervals(fixture["two"]), "five": class_intervals(fixture["five"]),
    "numbers": number_intervals(fixture["numbers"]),
}
# Rankings without a mistake, whose areas are exactly 1; the other way around; equal scores; and some at random.
random = np.random.RandomState(11)
rankings = []
for size in [2, 3, 7, 10, 49, 100, 333]:
    count = max(1, int(size * random.uniform(0.1, 0.9)))
    labels = np.array([1] * count + [0] * (size - count)) if count < size else np.array([1] * (size - 1) + [0])
    order = random.permutation(size)
    steps = np.sort(random.rand(size))[::-1]
    for scores in [steps, steps[::-1], np.full(size, 0.5), np.round(random.rand(size), 1)]:
        rankings.append({"labels": labels[order].tolist(), "scores": scores[order].tolist(),
                         "roc_auc": metrics.roc_auc_score(labels[order], scores[order]),
                         "average_precision": metrics.average_precision_score(labels[order], scores[order])})
fixture["rankings"] = rankings
# Few rows of which one class is rare, so that some draws don't have it.
rare = {"labels": [0, 0, 0, 1, 0, 0, 0, 0], "predictions": [0, 0, 1, 1, 0, 0, 0, 0],
        "scores": [[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.4, 0.6], [0.8, 0.2], [0.8, 0.2], [0.5, 0.5], [0.7, 0.3]]}
fixture["rare"] = {**rare, "intervals": class_intervals(rare)}
target = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/reports/statistics.json"
target.parent.mkdir(parents=True, exist_ok=True)
target.write_text(json.dumps(fixture) + "\n")
print(f"{target}: {target.stat().st_size} bytes")
