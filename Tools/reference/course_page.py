"""Runs the Python listings of docs/course.md, in their order, and prints what each printed.

    python Tools/reference/course_page.py PAGE MODEL DATASET

MODEL and DATASET are folders that stand in for the page's checkpoint and for MRPC. The output is a JSON list of
[code, output]. `evaluate` fetches its metrics from the Hub, so GLUE's metric for MRPC, which is scikit-learn's
accuracy and F1, is made here.
"""

import contextlib
import io
import json
import os
import re
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
# This file's folder holds namesakes of libraries.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]


class Metric:
    def __init__(self):
        self.predictions, self.references = [], []

    def add_batch(self, predictions, references):
        self.predictions += predictions.tolist()
        self.references += references.tolist()

    def compute(self, predictions=None, references=None):
        from sklearn.metrics import accuracy_score, f1_score

        found = self.predictions if predictions is None else predictions
        wanted = self.references if references is None else references
        return {"accuracy": float(accuracy_score(wanted, found)), "f1": float(f1_score(wanted, found))}


def main(page, model, dataset):
    import datasets
    import evaluate
    import torch

    listings = re.findall(r"^```python\n(.*?)^```$", Path(page).read_text(encoding="utf-8"), re.M | re.S)
    torch.set_num_threads(1)
    model, dataset = str(Path(model).resolve()), str(Path(dataset).resolve())
    names, outputs, load = {"checkpoint": model}, [], datasets.load_dataset
    evaluate.load = lambda name, config: Metric()
    with tempfile.TemporaryDirectory() as folder:
        datasets.load_dataset = lambda name, config: load(dataset, cache_dir=f"{folder}/cache")
        os.chdir(folder)
        for code in listings:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(code, names)
            outputs.append([code, printed.getvalue()])
        os.chdir("/")
    print(json.dumps(outputs))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
