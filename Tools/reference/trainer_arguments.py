"""Writes Tests/Fixtures/trainer/arguments.json: what the Trainer of transformers does with one argument changed.

    python Tools/reference/trainer_arguments.py [Tests/Fixtures]

Each case trains the tiny BERT of the fixtures for a few steps, dropout off so that the numbers do not depend on the
CPU's vendor, and keeps the logs of every step and the sum and the sum of squares of every weight afterwards.
"""

import importlib.metadata
import json
import sys
import tempfile
from pathlib import Path

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "accelerate": "1.15.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

import torch
from transformers import BertForSequenceClassification, Trainer, TrainingArguments

ROWS = 20
SCHEDULE = {"warmup_steps": 3}
CASES = {
    "defaults": {},
    "weight_decay": {"weight_decay": 0.1},
    "betas": {"adam_beta1": 0.8, "adam_beta2": 0.95, "adam_epsilon": 1e-6},
    "no_clipping": {"max_grad_norm": 0.0},
    "clipping": {"max_grad_norm": 0.1},
    "accumulation": {"gradient_accumulation_steps": 2},
    "drop_last": {"dataloader_drop_last": True},
    "max_steps": {"max_steps": 5},
    "data_seed": {"data_seed": 7},
    "seed": {"seed": 3},
    "label_smoothing": {"label_smoothing_factor": 0.1},
    "label_smoothing_accumulation": {"label_smoothing_factor": 0.1, "gradient_accumulation_steps": 2},
    "neftune": {"neftune_noise_alpha": 5.0},
    "group_by_length": {"train_sampling_strategy": "group_by_length"},
    "sequential": {"train_sampling_strategy": "sequential"},
    "adamw_torch": {"optim": "adamw_torch", "weight_decay": 0.1},
    "sgd": {"optim": "sgd", "weight_decay": 0.1},
    "sgd_momentum": {"optim": "sgd", "optim_args": "momentum=0.9,nesterov=true"},
    "sgd_dampening": {"optim": "sgd", "optim_args": "momentum=0.9,dampening=0.1"},
    "adagrad": {"optim": "adagrad", "optim_args": "lr_decay=0.1", "weight_decay": 0.1},
    "rmsprop": {"optim": "rmsprop", "weight_decay": 0.1},
    "rmsprop_centered": {"optim": "rmsprop", "optim_args": "momentum=0.9,alpha=0.9,centered=true"},
    "adafactor": {"optim": "adafactor", "weight_decay": 0.1},
    "linear": SCHEDULE,
    "cosine": {**SCHEDULE, "lr_scheduler_type": "cosine", "lr_scheduler_kwargs": {"num_cycles": 1.5}},
    "cosine_with_restarts": {
        **SCHEDULE, "lr_scheduler_type": "cosine_with_restarts", "lr_scheduler_kwargs": {"num_cycles": 2}},
    "polynomial": {
        **SCHEDULE, "lr_scheduler_type": "polynomial", "lr_scheduler_kwargs": {"lr_end": 1e-5, "power": 2.0}},
    "constant": {"lr_scheduler_type": "constant"},
    "constant_with_warmup": {**SCHEDULE, "lr_scheduler_type": "constant_with_warmup"},
    "inverse_sqrt": {**SCHEDULE, "lr_scheduler_type": "inverse_sqrt", "lr_scheduler_kwargs": {"timescale": 5}},
    "cosine_with_min_lr": {
        **SCHEDULE, "lr_scheduler_type": "cosine_with_min_lr", "lr_scheduler_kwargs": {"min_lr": 1e-4}},
    "cosine_warmup_with_min_lr": {
        **SCHEDULE, "lr_scheduler_type": "cosine_warmup_with_min_lr",
        "lr_scheduler_kwargs": {"min_lr_rate": 0.2, "warmup_lr_rate": 0.1}},
    "warmup_stable_decay": {
        **SCHEDULE, "lr_scheduler_type": "warmup_stable_decay",
        "lr_scheduler_kwargs": {"num_decay_steps": 4, "decay_type": "1-sqrt", "min_lr_ratio": 0.1}},
    "reduce_lr_on_plateau": {
        "lr_scheduler_type": "reduce_lr_on_plateau", "eval_strategy": "epoch", "num_train_epochs": 6.0,
        "lr_scheduler_kwargs": {"factor": 0.5, "patience": 0, "threshold": 0.05}},
    "eval_steps": {"eval_strategy": "steps", "eval_steps": 2},
    "eval_delay": {"eval_strategy": "steps", "eval_steps": 2, "eval_delay": 4},
    "eval_on_start": {"eval_strategy": "epoch", "eval_on_start": True},
    "logging_first_step": {"logging_first_step": True, "logging_steps": 4},
    "logging_epoch": {"logging_strategy": "epoch"},
}


def rows(count):
    return [
        {"input_ids": [5 + (row * 7 + position * 3) % 90 for position in range(3 + row % 5)], "label": row % 2}
        for row in range(count)
    ]


def collate(examples):
    longest = max(len(example["input_ids"]) for example in examples)
    ids = [example["input_ids"] + [0] * (longest - len(example["input_ids"])) for example in examples]
    mask = [[1] * len(e["input_ids"]) + [0] * (longest - len(e["input_ids"])) for e in examples]
    return {
        "input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask),
        "labels": torch.tensor([example["label"] for example in examples]),
    }


def run(checkpoint, settings):
    model = BertForSequenceClassification.from_pretrained(
        checkpoint, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    with tempfile.TemporaryDirectory() as output:
        arguments = TrainingArguments(
            output, **{
                "num_train_epochs": 4.0, "learning_rate": 1e-3, "logging_steps": 1, "save_strategy": "no",
                "use_cpu": True, "disable_tqdm": True, **settings})
        trainer = Trainer(
            model, arguments, train_dataset=rows(ROWS), eval_dataset=rows(10), data_collator=collate)
        trainer.train()
    logs = [
        {key: value for key, value in entry.items()
         if "runtime" not in key and "per_second" not in key and key != "total_flos"}
        for entry in trainer.state.log_history
    ]
    weights = {
        name: [parameter.double().sum().item(), parameter.double().square().sum().item()]
        for name, parameter in model.named_parameters()
    }
    return {"arguments": settings, "logs": logs, "weights": weights}


def main():
    torch.set_num_threads(1)
    fixtures = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
    result = {"versions": PINNED, "cases": {name: run(fixtures / "tiny-bert", case) for name, case in CASES.items()}}
    path = fixtures / "trainer" / "arguments.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(f"{len(CASES)} cases, {path.stat().st_size} bytes")


main()
