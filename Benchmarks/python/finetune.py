"""Fine-tunes a checkpoint on a GLUE task with Trainer's defaults and prints its metrics as one line of JSON.

    python Benchmarks/python/finetune.py MODEL GLUE --config rte --seed 42 --batch-size 8 --epochs 3
"""

import argparse
import json
import tempfile

import common
import glue
import numpy
import sklearn.metrics
import transformers

COMPUTED = {
    "accuracy": lambda labels, predictions: float((labels == predictions).mean()),
    "f1": lambda labels, predictions: sklearn.metrics.f1_score(labels, predictions),
    "matthews_correlation": lambda labels, predictions: sklearn.metrics.matthews_corrcoef(labels, predictions),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a checkpoint directory")
    parser.add_argument("dataset", help="GLUE in the Hub's layout")
    parser.add_argument("--config", required=True, choices=list(glue.TEXTS))
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--threads", type=int)
    parser.set_defaults(length=None, layers=None)
    arguments = parser.parse_args()
    names = glue.METRICS[arguments.config]
    model, tokenizer, tokenized = common.load(arguments, glue.TEXTS[arguments.config])

    def compute(prediction):
        predicted = numpy.argmax(prediction.predictions, axis=1)
        return {name: COMPUTED[name](prediction.label_ids, predicted) for name in names}

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
