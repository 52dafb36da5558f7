"""Writes what Python's Trainer does with options about metrics, losses and callbacks, for Swiftlet's.

    python Tools/reference/trainer_options.py [Tests/Fixtures]
"""

import importlib.metadata
import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

# This file's folder holds files named like packages.
here = Path(__file__).resolve().parent
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != here]

PINNED = {"transformers": "5.23.0", "torch": "2.13.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name).split("+")[0]
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

import torch
import transformers
from transformers import EarlyStoppingCallback, Trainer, TrainingArguments

sys.path.append(str(here))
from training_rows import collate, rows

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
fixtures = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")


def collated(examples):
    batch = collate(examples)
    batch.pop("row")
    return batch


def trainer(folder, compute_metrics=None, callbacks=(), eval_rows=None, **options):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(fixtures / "tiny-bert", attn_implementation="eager")
    arguments = TrainingArguments(
        folder, num_train_epochs=options.pop("num_train_epochs", 2), logging_steps=1, report_to=[], use_cpu=True,
        disable_tqdm=True, save_strategy=options.pop("save_strategy", "no"), remove_unused_columns=False, **options)
    return Trainer(
        model, arguments, data_collator=collated, train_dataset=rows(20), eval_dataset=eval_rows or rows(10),
        compute_metrics=compute_metrics, callbacks=list(callbacks))


def batches(folder):
    """What a function is called with, batch by batch, and what its answers become."""
    calls = []

    def compute(prediction, compute_result):
        calls.append({
            "rows": len(prediction.label_ids), "labels": prediction.label_ids.tolist(), "compute_result": bool(compute_result),
            "has_inputs": prediction.inputs is not None, "has_losses": prediction.losses is not None,
        })
        return {"rows": sum(call["rows"] for call in calls), "calls": len(calls)}

    made = trainer(folder, compute, per_device_eval_batch_size=4, batch_eval_metrics=True, include_for_metrics=["inputs", "loss"])
    metrics = made.evaluate()
    found = {"calls": list(calls), "metrics": {key: metrics[key] for key in ["eval_rows", "eval_calls", "eval_loss"]}}
    calls.clear()
    output = made.predict(rows(10))
    return found | {"predicted": {"rows": len(output.predictions), "calls": list(calls), "test_rows": output.metrics["test_rows"]}}


def losses(folder):
    """The loss of an evaluation one of whose batches has no label that counts, and so no loss."""
    found = {}
    for name, labels in [("some", lambda row: -100 if 4 <= row < 8 else row % 2), ("all", lambda row: -100)]:
        marked = [row | {"labels": labels(row["row"])} for row in rows(10)]
        for filters in [True, False]:
            made = trainer(folder, eval_rows=marked, per_device_eval_batch_size=4, logging_nan_inf_filter=filters)
            loss = made.evaluate()["eval_loss"]
            found[f"{name}-{str(filters).lower()}"] = loss if loss == loss else "nan"
    return found


def callbacks(folder):
    """Nothing is learned, so no evaluation is better than the first."""
    def run(patience, resume=None, **options):
        torch.manual_seed(0)
        accuracy = lambda prediction: {"accuracy": float((prediction.predictions.argmax(-1) == prediction.label_ids).mean())}
        made = trainer(
            folder, accuracy, [EarlyStoppingCallback(number) for number in patience], learning_rate=0.0, num_train_epochs=10,
            eval_strategy="epoch", save_strategy="epoch", metric_for_best_model="accuracy", **options)
        made.train(resume_from_checkpoint=resume)
        return made.state.global_step

    found = {"whole": run([4])}
    # Before the end: two evaluations in a row were no better than the first.
    checkpoint = str(Path(folder) / "checkpoint-9")
    found["checkpoint"] = 9
    found["state"] = json.loads((Path(checkpoint) / "trainer_state.json").read_text())["stateful_callbacks"]["EarlyStoppingCallback"]
    found["resumed-true"] = run([4], checkpoint, restore_callback_states_from_checkpoint=True)
    found["resumed-false"] = run([4], checkpoint, restore_callback_states_from_checkpoint=False)
    found["of several"] = run([5, 3])
    states = json.loads((Path(folder) / "checkpoint-9" / "trainer_state.json").read_text())["stateful_callbacks"]
    found["states"] = [state["args"]["early_stopping_patience"] for state in states["EarlyStoppingCallback"][:2]]
    return found


def marked(row):
    """Of the rows of one process more may have no label that counts than of the other's."""
    return row | {"labels": -100 if row["row"] % 3 == 0 else row["labels"]}


def process(average):
    """A training on this process and others, as the environment says."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        fixtures / "tiny-bert", attn_implementation="eager", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, num_train_epochs=2, per_device_train_batch_size=4, learning_rate=1e-3, logging_steps=1, report_to=[],
            use_cpu=True, disable_tqdm=True, save_strategy="no", remove_unused_columns=False, label_smoothing_factor=0.1,
            gradient_accumulation_steps=2, average_tokens_across_devices=average)
        made = Trainer(model, arguments, data_collator=collated, train_dataset=[marked(row) for row in rows(24)])
        made.train()
    losses = [entry["loss"] for entry in made.state.log_history if "loss" in entry]
    print("RESULT", json.dumps({
        "losses": losses, "bias": model.classifier.bias.tolist(),
        "embeddings": model.bert.embeddings.word_embeddings.weight[5:8].flatten().tolist(),
    }))


def on_two_processes(average):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = []
    for rank in range(2):
        environment = os.environ | {
            "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        command = [sys.executable, __file__, str(fixtures), "average" if average else "apart"]
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    outputs = [child.communicate()[0] for child in started]
    return json.loads(next(line for line in outputs[0].splitlines() if line.startswith("RESULT"))[7:])


def tokens(_):
    return {"averaged": on_two_processes(True), "apart": on_two_processes(False)}


if len(sys.argv) > 2:
    process(sys.argv[2] == "average")
    sys.exit()
document = {}
for name, part in [("batches", batches), ("losses", losses), ("callbacks", callbacks), ("tokens", tokens)]:
    with tempfile.TemporaryDirectory() as folder:
        document[name] = part(folder)
(fixtures / "trainer" / "options.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
print(json.dumps(document, indent=1))
