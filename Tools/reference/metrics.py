"""Writes Tests/Fixtures/metrics/cases.json: inputs and what the functions that evaluate's metrics call make of them.

    Tools/reference/metrics.py [OUTPUT]

Made with scikit-learn 1.9.1, scipy 1.17.1, seqeval 1.2.2, numpy 2.4.6 and Python 3.11 (see requirements.txt).
Floats are rounded to 3 digits before use, so that the file is small and inputs are the same on both sides.
"""

import json
import math
import pathlib
import re
import string
import sys
import warnings
from collections import Counter

import numpy as np
import seqeval.metrics
import seqeval.scheme
from scipy import stats
from sklearn import metrics as sk

rng = np.random.default_rng(20240607)
cases = []


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value)
    return value


def case(name, function, predictions, references, config=None, weights=None, **options):
    """Records the values of one call, or the message of its error, and the warnings of either."""
    item = {"metric": name, "predictions": plain(predictions), "references": plain(references)}
    if config:
        item["config"] = config
    if weights is not None:
        item["weights"] = plain(weights)
    if options:
        item["options"] = plain(options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            item["values"] = plain(function())
        except (ValueError, ZeroDivisionError, IndexError) as error:
            item["error"] = str(error)
    texts = [str(w.message) for w in caught if not str(w.message).startswith(("invalid value", "The SciPy"))]
    if name == "seqeval":  # of a macro average that evaluate leaves out
        texts = [t for t in texts if not t.startswith("Mean of empty slice")]
    if texts:
        item["warnings"] = sorted(set(texts))
    cases.append(item)


def sample_weights(n):
    return np.round(rng.random(n) + 0.1, 3)


def classification():
    f = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}
    inputs = [(rng.integers(0, 2, 40), rng.integers(0, 2, 40)), (rng.integers(-2, 3, 60), rng.integers(-1, 4, 60))]
    inputs += [(rng.integers(0, 40, 50), rng.integers(0, 40, 50))]
    degenerate = [([0, 0, 0], [0, 0, 0]), ([1, 1], [1, 1]), ([1, 1, 1], [0, 0, 0]), ([0, 0], [1, 1]), ([1, 0], [0, 1])]
    degenerate += [([], []), ([2, 2], [2, 2]), ([2, 0], [0, 2]), ([3], [3]), ([0, 0, 0], [0, 1, 2]), ([0, 1, 2], [1, 2, 0])]
    for index, (p, r) in enumerate(inputs + degenerate):
        p, r = np.array(p, int), np.array(r, int)
        ws = [None] + ([sample_weights(len(p))] if index < 2 else [])
        for w in ws:
            case("accuracy", lambda: {"accuracy": float(sk.accuracy_score(r, p, sample_weight=w))}, p, r, weights=w)
            case("accuracy", lambda: {"accuracy": float(sk.accuracy_score(r, p, normalize=False, sample_weight=w))}, p, r, weights=w, normalize=False)
            case("matthews_correlation", lambda: {"matthews_correlation": float(sk.matthews_corrcoef(r, p, sample_weight=w))}, p, r, weights=w)
            if index != 2:
                for norm in (None, "true", "pred", "all"):
                    o = {"normalize": norm} if norm else {}
                    case("confusion_matrix", lambda: {"confusion_matrix": sk.confusion_matrix(r, p, sample_weight=w, **o)}, p, r, weights=w, **o)
            for name, score in f.items():
                for average in ("binary", "micro", "macro", "weighted", None, "samples"):
                    case(name, lambda: {name: score(r, p, average=average, sample_weight=w)}, p, r, weights=w, average=average)
        if index:
            continue
    p, r = inputs[1]
    case("confusion_matrix", lambda: {"confusion_matrix": sk.confusion_matrix(r, p, labels=[1, 0, 7])}, p, r, labels=[1, 0, 7])
    case("confusion_matrix", lambda: {"confusion_matrix": sk.confusion_matrix(r, p, labels=[9])}, p, r, labels=[9])
    for name, score in f.items():
        for labels in ([1, 0], [9], [2, 9, 0]):
            for average in ("micro", "macro", "weighted", None):
                case(name, lambda: {name: score(r, p, labels=labels, average=average)}, p, r, labels=labels, average=average)
        for zero in (0.0, 1.0, math.nan):
            for average in ("micro", "macro", "weighted", None):
                a, b = [0, 0, 1, 1], [0, 2, 2, 2]
                case(name, lambda: {name: score(b, a, average=average, zero_division=zero)}, a, b, average=average, zero_division=zero)
        a, b = [0, 2, 2, 0], [0, 2, 0, 2]
        case(name, lambda: {name: score(b, a, pos_label=2)}, a, b, pos_label=2)
        case(name, lambda: {name: score(b, a, pos_label=2, average="macro")}, a, b, pos_label=2, average="macro")


def glue():
    acc = lambda p, r: float((p == r).mean())
    inputs = [(rng.integers(0, 2, 30), rng.integers(0, 2, 30)), ([0, 0], [0, 0]), ([1, 1], [0, 0]), ([], [])]
    for p, r in inputs:
        p, r = np.array(p, int), np.array(r, int)
        for config in ("sst2", "mnli", "mnli_mismatched", "mnli_matched", "qnli", "rte", "wnli", "hans"):
            case("glue", lambda: {"accuracy": acc(p, r)}, p, r, config)
        for config in ("copa", "rte", "wic", "wsc", "wsc.fixed", "boolq", "axg"):
            case("super_glue", lambda: {"accuracy": acc(p, r)}, p, r, config)
        for config in ("mrpc", "qqp"):
            case("glue", lambda: {"accuracy": acc(p, r), "f1": float(sk.f1_score(r, p))}, p, r, config)
        case("super_glue", lambda: {"accuracy": acc(p, r), "f1": float(sk.f1_score(r, p, average="macro"))}, p, r, "cb")
        for name, config in (("glue", "cola"), ("glue", "ax"), ("super_glue", "axb")):
            case(name, lambda: {"matthews_correlation": float(sk.matthews_corrcoef(r, p))}, p, r, config)
    p, r = rng.integers(0, 3, 30), rng.integers(0, 3, 30)
    case("glue", lambda: {"accuracy": acc(p, r)}, p, r, "mnli")
    case("glue", lambda: {"accuracy": acc(p, r), "f1": float(sk.f1_score(r, p))}, p, r, "mrpc")
    case("super_glue", lambda: {"accuracy": acc(p, r), "f1": float(sk.f1_score(r, p, average="macro"))}, p, r, "cb")


def correlation():
    x = np.round(rng.normal(size=50), 3)
    inputs = [(x, np.round(x + rng.normal(size=50), 3)), (rng.integers(0, 5, 40) / 1, rng.integers(0, 6, 40) / 1)]
    inputs += [([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]), ([1.0, 2.0], [4.0, 3.0]), ([1.0], [1.0]), ([], []), ([1.0, math.nan, 3.0], [1.0, 2.0, 3.0])]
    inputs += [(x + 1e6, 2 * x + 1e6), ([1e200, -3e200, 2e200, 5e199], [1e-200, 2e-200, 3e-200, -1e-200]), ([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])]
    inputs += [([1.0, 2.0, math.inf], [1.0, 2.0, 3.0]), ([math.nan] * 3, [1.0, 2.0, 3.0]), ([1.0, 1.0 + 2e-16, 1.0], [1.0, 2.0, 4.0])]
    for p, r in inputs:
        p, r = np.array(p, float), np.array(r, float)
        case("pearsonr", lambda: {"pearsonr": float(stats.pearsonr(r, p)[0])}, p, r)
        case("spearmanr", lambda: {"spearmanr": float(stats.spearmanr(r, p)[0])}, p, r)
        case("glue", lambda: {"pearson": float(stats.pearsonr(p, r)[0]), "spearmanr": float(stats.spearmanr(p, r)[0])}, p, r, "stsb")
        case("pearsonr", lambda: dict(zip(("pearsonr", "p-value"), map(float, stats.pearsonr(r, p)))), p, r, return_pvalue=True)
        case("spearmanr", lambda: dict(zip(("spearmanr", "spearmanr_pvalue"), map(float, stats.spearmanr(r, p)))), p, r, return_pvalue=True)


def regression():
    one = [(np.round(rng.normal(size=30), 3), np.round(rng.normal(size=30), 3)), ([], []), ([1.0], [3.0]), ([math.nan, 1.0], [1.0, 1.0]), ([1.0, 1.0], [math.inf, 1.0])]
    two = [(np.round(rng.normal(size=(20, 3)), 3), np.round(rng.normal(size=(20, 3)), 3))]
    for index, (p, r) in enumerate(one + two):
        p, r = np.array(p), np.array(r)
        config = "multilist" if p.ndim == 2 else None
        for w in (None, sample_weights(len(p))) if index in (0, 5) else (None,):
            case("mse", lambda: {"mse": sk.mean_squared_error(r, p, sample_weight=w)}, p, r, config, w)
            case("mse", lambda: {"mse": sk.root_mean_squared_error(r, p, sample_weight=w)}, p, r, config, w, squared=False)
            case("mae", lambda: {"mae": sk.mean_absolute_error(r, p, sample_weight=w)}, p, r, config, w)
            if p.ndim == 2:
                for m in ("raw_values", [0.2, 0.3, 0.6]):
                    case("mse", lambda: {"mse": sk.mean_squared_error(r, p, sample_weight=w, multioutput=m)}, p, r, config, w, multioutput=m)
                    case("mae", lambda: {"mae": sk.mean_absolute_error(r, p, sample_weight=w, multioutput=m)}, p, r, config, w, multioutput=m)


def ranking():
    inputs = [(np.round(rng.random(60), 3), rng.integers(0, 2, 60)), (rng.integers(0, 4, 50) / 4, rng.integers(0, 2, 50))]
    inputs += [([0.5, 0.5, 0.5], [0, 1, 1]), ([0.1, 0.9], [1, 1]), ([0.1, 0.9], [0, 0]), ([0.9, 0.1], [0, 1]), ([0.1, math.nan], [0, 1]), ([], []), ([0.1, 0.2, 0.7], [0, 1, 2]), ([0.3, 0.6, 0.2], [3, 5, 3])]
    for index, (p, r) in enumerate(inputs):
        p, r = np.array(p, float), np.array(r, int)
        for w in (None, sample_weights(len(p)) * (np.arange(len(p)) % 5 > 0)) if index < 2 else (None,):
            case("roc_auc", lambda: {"roc_auc": sk.roc_auc_score(r, p, sample_weight=w)}, p, r, weights=w)
            case("average_precision", lambda: {"average_precision": sk.average_precision_score(r, p, sample_weight=w)}, p, r, weights=w)
            for m in (0.3, 1.0) if index < 3 else ():
                case("roc_auc", lambda: {"roc_auc": sk.roc_auc_score(r, p, sample_weight=w, max_fpr=m)}, p, r, weights=w, max_fpr=m)
    scores = np.round(rng.random((50, 3)), 2)
    scores = scores / scores.sum(1, keepdims=True)
    r = rng.integers(0, 3, 50)
    w = sample_weights(50)
    case("roc_auc", lambda: {"roc_auc": sk.roc_auc_score(r, scores)}, scores, r, "multiclass")
    for average in ("macro", "weighted", "micro", None):
        for weights in (None, w):
            case("roc_auc", lambda: {"roc_auc": sk.roc_auc_score(r, scores, multi_class="ovr", average=average, sample_weight=weights)}, scores, r, "multiclass", weights, multi_class="ovr", average=average)
            case("average_precision", lambda: {"average_precision": sk.average_precision_score(r, scores, average=average, sample_weight=weights)}, scores, r, "multiclass", weights, average=average)
    for average in ("macro", "weighted"):
        case("roc_auc", lambda: {"roc_auc": sk.roc_auc_score(r, scores, multi_class="ovo", average=average)}, scores, r, "multiclass", multi_class="ovo", average=average)
    case("roc_auc", lambda: {"roc_auc": sk.roc_auc_score(r % 2, scores, multi_class="ovr")}, scores, r % 2, "multiclass", multi_class="ovr")
    case("roc_auc", lambda: {"roc_auc": sk.roc_auc_score(r % 2, scores, multi_class="ovr", labels=[0, 1, 2])}, scores, r % 2, "multiclass", multi_class="ovr", labels=[0, 1, 2])
    case("roc_auc", lambda: {"roc_auc": sk.roc_auc_score(r, scores * 2, multi_class="ovr")}, scores * 2, r, "multiclass", multi_class="ovr")
    y = rng.integers(0, 2, (30, 3))
    s = np.round(rng.random((30, 3)), 1)
    w = sample_weights(30)
    for labels in (y, np.column_stack([y[:, :2], np.zeros(30, int)])):
        for average in ("macro", "weighted", "micro", None, "samples"):
            for weights in (None, w):
                case("roc_auc", lambda: {"roc_auc": sk.roc_auc_score(labels, s, average=average, sample_weight=weights)}, s, labels, "multilabel", weights, average=average)
                case("average_precision", lambda: {"average_precision": sk.average_precision_score(labels, s, average=average, sample_weight=weights)}, s, labels, "multilabel", weights, average=average)


def multilabel():
    p, r = rng.integers(0, 2, (30, 3)), rng.integers(0, 2, (30, 3))
    p[:4] = 0
    r[2:6] = 0
    w = sample_weights(30)
    for weights in (None, w):
        case("accuracy", lambda: {"accuracy": float(sk.accuracy_score(r, p, sample_weight=weights))}, p, r, "multilabel", weights)
        for average in (None, "macro"):
            def matthews():
                each = [sk.matthews_corrcoef(p[:, i], r[:, i], sample_weight=weights) for i in range(3)]
                return {"matthews_correlation": each if average is None else np.mean(each)}
            case("matthews_correlation", matthews, p, r, "multilabel", weights, average=average)
        for name, score in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
            for average in ("binary", "micro", "macro", "weighted", "samples", None):
                case(name, lambda: {name: score(r, p, average=average, sample_weight=weights)}, p, r, "multilabel", weights, average=average)
            case(name, lambda: {name: score(r, p, average="macro", labels=[2, 0], sample_weight=weights)}, p, r, "multilabel", weights, average="macro", labels=[2, 0])


TEXTS = ["The cat", "cat", "a  Cat!", "an apple, the apple", "Ἀθῆναι ΣΑΣ", "ΣΑΣ", "ﬁn", "e\u0301te", "\u00e9te", "the\u00a0end", "İstanbul"]
TEXTS += ["", "the", "42 apples", "42", "apples 7", "U.S.A.", "usa", "x_y the-end", "a1 the", "naïve a", "日本 the 語", "١٢ a", "一a"]


def exact():
    p = [TEXTS[i] for i in rng.integers(0, len(TEXTS), 40)]
    r = [t if rng.random() < 0.3 else TEXTS[j] for t, j in zip(p, rng.integers(0, len(TEXTS), 40))]
    r = [t.upper() if rng.random() < 0.2 else t for t in r]
    for regexes in (None, ["the ", "yell"], [r"\d+"]):
        for flags in range(8):
            case_, punctuation, numbers = flags & 1, flags & 2, flags & 4

            def clean(text):
                for pattern in regexes or []:
                    text = re.sub(pattern, "", text)
                text = text.lower() if case_ else text
                if punctuation:
                    text = text.translate(str.maketrans("", "", string.punctuation))
                return text.translate(str.maketrans("", "", string.digits)) if numbers else text

            o = {"regexes_to_ignore": regexes, "ignore_case": bool(case_), "ignore_punctuation": bool(punctuation), "ignore_numbers": bool(numbers)}
            case("exact_match", lambda: {"exact_match": np.mean([clean(a) == clean(b) for a, b in zip(p, r)])}, p, r, **{k: v for k, v in o.items() if v})
    case("exact_match", lambda: {"exact_match": np.mean([])}, [], [])


def answer_words(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def bag_f1(a, b):
    shared = sum((Counter(a) & Counter(b)).values())
    if not shared:
        return 0
    precision, recall = shared / len(a), shared / len(b)
    return 2 * precision * recall / (precision + recall)


def answers():
    for metric, config, scale in (("squad", None, 100.0), ("super_glue", "record", 1.0)):
        for n in (60, 1, 0):
            pick = lambda: " ".join(TEXTS[i] for i in rng.integers(0, len(TEXTS), rng.integers(1, 4)))
            references = [[f"q{i}", [pick() for _ in range(rng.integers(1, 4))]] for i in range(n)]
            predictions = [[f"q{i}", pick() if rng.random() < 0.5 else references[i][1][0].upper()] for i in range(n)]
            if n == 60:
                predictions[7][0] = "another"

            def score():
                texts, exact, f1 = dict(map(tuple, predictions)), 0, 0
                for key, truths in references:
                    if key not in texts:
                        warnings.warn(f"Unanswered question {key} will receive score 0.")
                        continue
                    words = answer_words(texts[key])
                    exact += max(words == answer_words(t) for t in truths)
                    f1 += max(bag_f1(words, answer_words(t)) for t in truths)
                return {"exact_match": scale * exact / n, "f1": scale * f1 / n}

            case(metric, score, predictions, references, config)
    items = [[int(i), int(q), int(p)] for i, q, p in zip(rng.integers(0, 3, 40), rng.integers(0, 4, 40), rng.integers(0, 2, 40))]
    labels = rng.integers(0, 2, 40)

    def multirc():
        groups = {}
        for (paragraph, question, prediction), label in zip(items, labels):
            groups.setdefault((paragraph, question), []).append((prediction, label))
        f1s = [sk.f1_score([r for _, r in g], [p for p, _ in g], average="macro") for g in groups.values()]
        exact = [all(p == r for p, r in g) for g in groups.values()]
        return {"exact_match": sum(exact) / len(exact), "f1_m": sum(f1s) / len(f1s), "f1_a": sk.f1_score(labels, [i[2] for i in items])}

    case("super_glue", multirc, items, labels, "multirc")


def tags():
    def report(p, r, **o):
        scheme = getattr(seqeval.scheme, o["scheme"]) if o.get("scheme") else None
        result = seqeval.metrics.classification_report(r, p, output_dict=True, suffix=o.get("suffix", False), mode=o.get("mode"), scheme=scheme, zero_division=o.get("zero_division", "warn"))
        micro = result.pop("micro avg")
        del result["macro avg"], result["weighted avg"]
        values = {k: {"precision": v["precision"], "recall": v["recall"], "f1": v["f1-score"], "number": v["support"]} for k, v in result.items()}
        return values | {"overall_precision": micro["precision"], "overall_recall": micro["recall"], "overall_f1": micro["f1-score"], "overall_accuracy": seqeval.metrics.accuracy_score(r, p)}

    def sentences(letters, suffix=False, n=12):
        r = []
        for _ in range(n):
            row = []
            while len(row) < rng.integers(0, 14):
                letter, kind = letters[rng.integers(len(letters))], ["PER", "LOC", "A-B"][rng.integers(3)]
                row += [("O" if letter == "O" else f"{kind}-{letter}" if suffix else f"{letter}-{kind}")] * int(rng.integers(1, 3))
            r.append(row)
        flat = [t for row in r for t in row]
        return [[t if rng.random() < 0.7 else flat[rng.integers(len(flat))] for t in row] for row in r], r

    for letters, scheme in (("IOB", "IOB1"), ("IOB", "IOB2"), ("IOE", "IOE1"), ("IOE", "IOE2"), ("IOBES", "IOBES"), ("BILOU", "BILOU")):
        for suffix in (False, True):
            p, r = sentences(letters, suffix)
            o = {"suffix": True} if suffix else {}
            for more in ({}, {"mode": "strict", "scheme": scheme}, {"mode": "strict"}):
                case("seqeval", lambda: report(p, r, **o, **more), p, r, **o, **more)
    p, r = sentences("IOB")
    for zero in (0, 1):
        case("seqeval", lambda: report([["B-PER", "O"]], [["O", "B-LOC"]], zero_division=zero), [["B-PER", "O"]], [["O", "B-LOC"]], zero_division=float(zero))
    odd = [([["O", "O"]], [["O", "O"]]), ([["B-PER"]], [["B-LOC"]]), ([["B-PER", "I-PER", "O"]], [["B-PER", "I-PER", "O"]]), ([["X", "PER", "O"]], [["B-PER", "B", "I"]])]
    odd += [([["O", "O"], ["O"]], [["B-X", "I-X"], ["B-Y"]]), ([["B-X"]], [["B-X", "O"]]), ([["E-X", "E-X", "S-Y", "I-Y"]], [["E-X", "I-X", "S-Y", "E-Y"]])]
    for p, r in odd:
        case("seqeval", lambda: report(p, r), p, r)
    case("seqeval", lambda: report([["B-X"]], [["S-X"]], mode="strict", scheme="IOB2"), [["B-X"]], [["S-X"]], mode="strict", scheme="IOB2")


def calibration():
    """Not in scikit-learn: written out from Guo et al. (2017), with numpy's histogram for the bins."""
    s = np.round(rng.dirichlet(np.ones(4), 80), 3)
    binary = np.append(np.round(rng.random(78), 2), [0.0, 1.0])
    y, b = rng.integers(0, 4, 80), rng.integers(0, 2, 80)
    for p, r, confidence, hit in ((s, y, s.max(1), s.argmax(1) == y), (binary, b, binary, b == 1)):
        for n in (15, 8):
            index = np.minimum(np.floor(confidence * n).astype(int), n - 1)
            size = np.bincount(index, minlength=n)
            gap = np.abs(np.bincount(index, hit, n) - np.bincount(index, confidence, n))[size > 0] / size[size > 0]
            share = size[size > 0] / len(r)
            for norm, value in (("l1", (gap * share).sum()), ("l2", np.sqrt((gap**2 * share).sum())), ("max", gap.max())):
                case("calibration_error", lambda: {"calibration_error": value}, p, r, n_bins=n, norm=norm)
    losses = [list(np.round(rng.random(rng.integers(1, 9)) * 5, 3)) for _ in range(20)]
    each = [float(np.exp(np.mean(x))) for x in losses]
    case("perplexity", lambda: {"perplexities": each, "mean_perplexity": np.mean(each)}, losses, losses)


def bootstrap():
    """Intervals of scipy, whose random numbers differ: compared within the noise of the resamples."""
    r = rng.integers(0, 2, 60)
    p = np.where(rng.random(60) < 0.8, r, 1 - r)
    s = np.round(r + rng.normal(size=60), 3)
    rows = [("accuracy", p, lambda a, b: np.mean(a == b)), ("f1", p, lambda a, b: 2 * np.sum(a * b) / np.sum(a + b)), ("mse", s, lambda a, b: np.mean((a - b) ** 2))]
    for name, x, statistic in rows:
        for method in ("percentile", "basic", "BCa"):
            result = stats.bootstrap((x, r), statistic, paired=True, vectorized=False, n_resamples=20000, method=method, rng=np.random.default_rng(1))
            low, high = map(float, result.confidence_interval)
            cases.append({"metric": name, "predictions": plain(x), "references": plain(r), "bootstrap": [method, low, high, float(result.standard_error)]})


for part in (classification, glue, correlation, regression, ranking, multilabel, exact, answers, tags, calibration, bootstrap):
    part()

# Inputs come many times: they are written once and named by their place.
columns, places = [], {}
for item in cases:
    for key in ("predictions", "references", "weights"):
        if key in item:
            text = json.dumps(item[key])
            if text not in places:
                places[text] = len(columns)
                columns.append(item[key])
            item[key] = places[text]
root = pathlib.Path(__file__).resolve().parent.parent.parent
output = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else root / "Tests/Fixtures/metrics/cases.json")
lines = lambda items: ",\n".join(json.dumps(i, ensure_ascii=False, separators=(",", ":")) for i in items)
output.write_text('{"columns":[\n' + lines(columns) + '\n],"cases":[\n' + lines(cases) + "\n]}\n", encoding="utf-8")
print(len(cases), "cases,", output.stat().st_size, "bytes")
