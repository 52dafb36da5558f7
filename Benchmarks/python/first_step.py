"""What a short Trainer script does until its first step; Benchmarks/startup measures how long that takes.

    python -u Benchmarks/python/first_step.py MODEL DATASET --config mrpc --output-dir OUT

Prints the first step's loss, and ends there.
"""

import argparse
import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # both arguments are local paths

import datasets
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a checkpoint directory")
    parser.add_argument("dataset", help="a dataset folder in the Hub's layout")
    parser.add_argument("--config", help="the dataset's configuration, such as mrpc")
    parser.add_argument("--output-dir", required=True)
    arguments = parser.parse_args()
    datasets.disable_progress_bars()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    raw = datasets.load_dataset(arguments.dataset, arguments.config)
    # Python keeps this on disk and finds it again, so all but the first start are spared it.
    tokenized = raw.map(lambda batch: tokenizer(batch["sentence1"], batch["sentence2"], truncation=True), batched=True)
    model = AutoModelForSequenceClassification.from_pretrained(arguments.model, num_labels=2)
    settings = TrainingArguments(
        arguments.output_dir, max_steps=1, logging_steps=1, save_strategy="no", use_cpu=True, disable_tqdm=True)
    trainer = Trainer(
        model, settings, train_dataset=tokenized["train"], eval_dataset=tokenized["validation"],
        processing_class=tokenizer)
    trainer.train()


main()
