"""Writes the first 40 steps of Python's Trainer on the sets of `Examples/data`, and on text to fill in.

    python Tools/reference/tasks_training.py MODEL [Tests/Fixtures]

`MODEL` is the folder of all-MiniLM-L6-v2 that `scripts/bootstrap` fetches. Float32 on one CPU thread, dropout on,
batches of 4, seed 42; the heads are drawn from the same seed.
"""

import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "accelerate": "1.15.0", "datasets": "5.2.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make this fixture; found {found}")

import torch
from datasets import Dataset
from transformers import (
    AutoModelForMaskedLM, AutoModelForMultipleChoice, AutoModelForQuestionAnswering, AutoModelForTokenClassification,
    AutoTokenizer, DataCollatorForLanguageModeling, DataCollatorForMultipleChoice, DataCollatorForTokenClassification,
    DataCollatorWithPadding, Trainer, TrainingArguments, set_seed)

DATA = Path(__file__).resolve().parents[2] / "Examples" / "data"
STEPS, BATCH_SIZE, SEED = 40, 4, 42


def rows(name):
    with open(DATA / name / "train.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def entities(tokenizer):
    made = []
    for row in rows("entities"):
        encoded = tokenizer(row["tokens"], is_split_into_words=True, truncation=True)
        labels, previous = [], None
        for word in encoded.word_ids():
            labels.append(-100 if word is None or word == previous else row["ner_tags"][word])
            previous = word
        made.append(dict(encoded) | {"labels": labels})
    return made


def questions(tokenizer):
    made = []
    for row in rows("questions"):
        encoded = tokenizer(row["question"], row["context"], truncation="only_second", max_length=384)
        start = row["answers"]["answer_start"][0]
        end = start + len(row["answers"]["text"][0]) - 1
        made.append(dict(encoded) | {
            "start_positions": encoded.char_to_token(start, sequence_index=1),
            "end_positions": encoded.char_to_token(end, sequence_index=1)})
    return made


def endings(tokenizer):
    made = []
    for row in rows("endings"):
        encoded = tokenizer([row["sent1"]] * 4, [f"{row['sent2']} {row[f'ending{n}']}" for n in range(4)], truncation=True)
        made.append(dict(encoded) | {"label": row["label"]})
    return made


def texts(tokenizer):
    return [dict(tokenizer(row["context"], truncation=True)) for row in rows("questions")[::2]]


TASKS = {
    "token-classification": (entities, AutoModelForTokenClassification, {"num_labels": 9}, DataCollatorForTokenClassification),
    "question-answering": (questions, AutoModelForQuestionAnswering, {}, DataCollatorWithPadding),
    "multiple-choice": (endings, AutoModelForMultipleChoice, {}, DataCollatorForMultipleChoice),
    "fill-mask": (texts, AutoModelForMaskedLM, {}, DataCollatorForLanguageModeling),
}


def run(folder, task):
    make, auto, options, collator = TASKS[task]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    set_seed(SEED)
    model = auto.from_pretrained(folder, **options)
    with tempfile.TemporaryDirectory() as output:
        args = TrainingArguments(
            output, max_steps=STEPS, per_device_train_batch_size=BATCH_SIZE, logging_steps=1, save_strategy="no",
            seed=SEED, use_cpu=True, report_to="none", disable_tqdm=True)
        trainer = Trainer(
            model=model, args=args, train_dataset=Dataset.from_list(make(tokenizer)), processing_class=tokenizer,
            data_collator=collator(tokenizer))
        trainer.train()
    log = [entry for entry in trainer.state.log_history if "loss" in entry]
    return {"loss": [entry["loss"] for entry in log], "grad_norm": [entry["grad_norm"] for entry in log]}


def main():
    torch.set_num_threads(1)
    root = Path(sys.argv[2] if len(sys.argv) > 2 else "Tests/Fixtures")
    expected = {"versions": PINNED} | {task: run(sys.argv[1], task) for task in TASKS}
    folder = root / "tasks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "training.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
