"""Fine-tunes a checkpoint on a GLUE task with Trainer's defaults and prints its metrics as one line of JSON.

    python Benchmarks/python/finetune.py MODEL GLUE --config rte --seed 42 --batch-size 8 --epochs 3
"""

import argparse
import json
import os
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # both arguments are local paths
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import datasets
import numpy
import sklearn.metrics
import torch
import transformers

METRICS = {
    "accuracy": lambda labels, predictions: float((labels == predictions).mean()),
    "f1": lambda labels, predictions: sklearn.metrics.f1_score(labels, predictions),
    "matthews_correlation": lambda labels, predictions: sklearn.metrics.matthews_corrcoef(labels, predictions),
}
# The texts of each task, and what evaluate's "glue" computes for it.
TASKS = {
    "mrpc": (("sentence1", "sentence2"), ("accuracy", "f1")),
    "rte": (("sentence1", "sentence2"), ("accuracy",)),
    "cola": (("sentence",), ("matthews_correlation",)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a checkpoint directory")
    parser.add_argument("dataset", help="GLUE in the Hub's layout")
    parser.add_argument("--config", required=True, choices=list(TASKS))
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    datasets.disable_progress_bars()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    columns, names = TASKS[arguments.config]
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
    raw = datasets.load_dataset(arguments.dataset, arguments.config)
    tokenized = raw.map(lambda batch: tokenizer(*(batch[name] for name in columns), truncation=True), batched=True)
    transformers.set_seed(arguments.seed)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(arguments.model, num_labels=2)

    def compute(prediction):
        predicted = numpy.argmax(prediction.predictions, axis=1)
        return {name: METRICS[name](prediction.label_ids, predicted) for name in names}

    with tempfile.TemporaryDirectory() as output:
        settings = transformers.TrainingArguments(
            output, seed=arguments.seed, per_device_train_batch_size=arguments.batch_size,
            num_train_epochs=arguments.epochs, use_cpu=True, save_strategy="no", disable_tqdm=True, logging_steps=50)
        trainer = transformers.Trainer(
            model, settings, train_dataset=tokenized["train"], eval_dataset=tokenized["validation"],
            processing_class=tokenizer, compute_metrics=compute)
        trainer.remove_callback(transformers.PrinterCallback)
        trained = trainer.train()
        metrics = trainer.evaluate()
    print(json.dumps(
        {name: metrics[f"eval_{name}"] for name in (*names, "loss")}
        | {"train_loss": trained.metrics["train_loss"], "train_runtime": trained.metrics["train_runtime"]}))


main()
