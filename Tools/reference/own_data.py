"""Makes Tests/Fixtures/own-data.json: small files as people have them, what Python's load_dataset reads in them, which
labels the rules of transformers' run_classification.py find, and what metrics of made-up answers are.

Needs the environment of Tools/reference/setup (datasets 5.2.0, scikit-learn 1.9.1, scipy 1.17.1).
usage: python Tools/reference/own_data.py
"""

import json
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
# This folder holds files named like the packages that are imported.
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

import datasets  # noqa: E402
import numpy as np  # noqa: E402
from datasets import load_dataset  # noqa: E402
from scipy.special import expit, softmax  # noqa: E402
from scipy.stats import pearsonr  # noqa: E402
from sklearn import metrics as sk  # noqa: E402

assert datasets.__version__ == "5.2.0", datasets.__version__
datasets.disable_progress_bars()
logging.disable(logging.CRITICAL)


def lines(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def repeated(header, cells, count=8):
    return header + "".join(f"text {i},{cells[i % len(cells)]}\n" for i in range(count))


CASES = [
    ("text-labels.csv", repeated("text,label\n", ["spam", "ham", "eggs"], 9), {}),
    ("two-text-labels.csv", repeated("text,label\n", ["yes", "no"]), {}),
    ("integers-with-gaps.csv", repeated("text,label\n", ["10", "2", "-7"], 9), {}),
    ("integers-from-one.csv", repeated("text,label\n", ["2", "1"]), {}),
    ("floats.csv", repeated("text,label\n", ["0.5", "1", "2.25", "-3e-1"]), {}),
    ("whole-floats.csv", repeated("text,label\n", ["1.0", "0.0", "2.0"], 9), {}),
    ("bools.csv", repeated("text,label\n", ["True", "False"]), {}),
    ("nulls.csv", "text,label,other\na,x,1\nb,y,\nc,x,NA\nd,y,4\n", {}),
    ("quotes.csv", 'text,label\n"a, ""quoted"" one",x\n"two\nlines",y\n"",x\nplain,y\n', {}),
    ("quotes.tsv", 'text\tlabel\na 7" screen\tx\n"with\ttab"\ty\nb\tx\nc\ty\n', {"sep": "\t"}),
    ("semicolons.csv", "text;label\na, b;x\nc;y\nd;x\ne;y\n", {"sep": ";"}),
    ("unicode.csv", "text,label\ngrüße,café\n你好,cafe\u0301\n🙂 e\u0301,ß\nШ,Ä\nx,café\ny,cafe\u0301\nz,ß\nw,Ä\n", {}),
    ("crlf.csv", "text,label\r\na,x\r\nb,y\r\nc,x\r\n", {}),
    ("dates.csv", "text,label,day,at\na,x,2024-02-29,2024-02-29 12:30:00\nb,y,2023-01-01,2023-01-01 00:00:00\n", {}),
    ("several.jsonl", lines(
        {"text": "a", "label": ["fast", "cheap"]}, {"text": "b", "label": []}, {"text": "c", "label": ["cheap"]},
        {"text": "d", "label": ["new", "fast"]}), {}),
    ("nested.jsonl", lines(
        {"text": "a", "label": "x", "more": {"ids": [1, 2], "who": [{"name": "A"}]}},
        {"text": "b", "label": "y", "more": {"ids": [], "who": []}}), {}),
    ("objects.jsonl", lines(
        {"text": "a\tb \"c\" \\", "label": "x", "flag": True, "n": None},
        {"text": "ü 🙂", "label": "y", "flag": False, "n": 3}), {}),
    ("large-integers.csv", "text,label,big\na,x,9007199254740993\nb,y,-9223372036854775808\n", {}),
]


def label_rules(data):
    """Names and problem of a label column by run_classification.py: numbers with a fraction are predicted, lists are
    several labels, all else are classes whose names are sorted. Numbers are sorted by value here, not as texts."""
    feature = data.features["label"]
    values = data["label"]
    if getattr(feature, "dtype", "") in ("float32", "float64"):
        return "regression", [], [float(value) for value in values]
    if isinstance(feature, (list, datasets.List)):
        names = sorted({str(label) for row in values for label in row})
        return "multi_label_classification", names, [[float(name in row) for name in names] for row in values]
    found = list(dict.fromkeys(values))
    names = [str(value) for value in (sorted(found) if all(isinstance(v, int) for v in found) else sorted(found, key=str))]
    return "single_label_classification", names, [names.index(str(value)) for value in values]


def logits_of(rows, width):
    """In float32, as a model has them, and no two probabilities alike, which rounding would put in one order or another."""
    return [[float(np.float32(((row * 7 + column * 5) % 11) / 3 - 1.5 + row * (column + 1) / 50)) for column in range(width)]
            for row in range(rows)]


def scores(problem, logits, labels):
    logits, labels = np.array(logits), np.array(labels)
    if problem == "regression":
        difference = logits[:, 0] - labels
        return {"mse": float(np.mean(difference**2)), "mae": float(np.mean(abs(difference))),
                "pearsonr": float(pearsonr(logits[:, 0], labels)[0])}
    if problem == "multi_label_classification":
        flags = (logits > 0).astype(int)
        return {"f1/micro": sk.f1_score(labels, flags, average="micro"),
                "accuracy": sk.accuracy_score(labels, flags),
                "roc_auc/macro": sk.roc_auc_score(labels, expit(logits), average="macro"),
                "average_precision/micro": sk.average_precision_score(labels, expit(logits), average="micro")}
    best, probabilities = logits.argmax(-1), softmax(logits, axis=-1)
    found = {"accuracy": sk.accuracy_score(labels, best), "f1/macro": sk.f1_score(labels, best, average="macro"),
             "matthews_correlation": sk.matthews_corrcoef(labels, best)}
    if logits.shape[1] == 2:
        found |= {"f1": sk.f1_score(labels, best), "roc_auc": sk.roc_auc_score(labels, probabilities[:, 1]),
                  "average_precision": sk.average_precision_score(labels, probabilities[:, 1]),
                  "brier_score": sk.brier_score_loss(labels, probabilities[:, 1])}
    else:
        found |= {"roc_auc/ovr": sk.roc_auc_score(labels, probabilities, multi_class="ovr"),
                  "roc_auc/ovo": sk.roc_auc_score(labels, probabilities, multi_class="ovo")}
    return {name: float(value) for name, value in found.items()}


cases = []
for name, content, options in CASES:
    folder = tempfile.mkdtemp()
    path = Path(folder, name)
    path.write_bytes(content.encode())
    kind = "json" if name.endswith("jsonl") else "csv"
    data = load_dataset(kind, data_files=str(path), cache_dir=folder, split="train", **options)
    problem, names, labels = label_rules(data)
    logits = logits_of(len(data), max(len(names), 1))
    cases.append({
        "name": name, "content": content, "features": str(data.features), "rows": [repr(row) for row in data],
        "problem": problem, "names": names, "labels": labels, "logits": logits,
        "metrics": scores(problem, logits, labels),
    })
    shutil.rmtree(folder)

target = Path(__file__).resolve().parents[2] / "Tests/Fixtures/own-data.json"
target.write_text(json.dumps({"cases": cases}, ensure_ascii=False, indent=1) + "\n")
print(target, len(cases), "cases", target.stat().st_size, "bytes")
