"""What a run leaves behind, beside the Python stack.

    python Tools/reference/reports_check.py fixtures [OUTPUT]
        writes Tests/Fixtures/reports: the bytes of an event file (tensorboard 2.21.0), model cards of transformers
        5.23.0 with what they were made from, and scalars as PyYAML 6.0.3 writes them.
    SWIFTLET_REPORTS=FOLDER swift test --filter ReportsFolderTests
        writes the reports of a run to FOLDER.
    python Tools/reference/reports_check.py check FOLDER
        reads them with tensorboard, huggingface_hub and an XML parser, and compares them with FOLDER/log.jsonl.
    python Tools/reference/reports_check.py run FOLDER TRAIN_FILE VALIDATION_FILE
        reads what `swiftlet train --report-to all` left in FOLDER with the same tools and transformers: every
        trainer_state.json, the model of the first checkpoint, whose loss on VALIDATION_FILE has to be the one that
        was logged, and a Python Trainer that goes on from that checkpoint on TRAIN_FILE. It takes over the weights,
        the logs and the position in the data; optimizer, schedule and random state begin anew, since Python keeps
        them in pickles and this library does not. The files (JSON Lines or Parquet) have the columns
        sentence1, sentence2 and label.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # else the card asks the Hub for a licence

import io
import json
import math
import random
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path
from types import SimpleNamespace

# This file's folder holds a namesake of a library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

ROOT = Path(__file__).resolve().parent.parent.parent


# ---- fixtures

TIME = 1700000000.25


def events():
    """A file's bytes, written with the summaries that torch's SummaryWriter makes."""
    from tensorboard.compat.proto.event_pb2 import Event, SourceMetadata
    from tensorboard.summary.writer.record_writer import RecordWriter
    from torch.utils.tensorboard.summary import scalar, text

    entries = [
        ["args", '{\n  "learning_rate": 5e-05\n}', 0], ["model_config", "가" * 100, 0],
        ["train/loss", 0.6931471805599453, 10], ["train/learning_rate", 4.9e-05, 10], ["train/epoch", 1, 10],
        ["eval/accuracy", 0.0, 459], ["eval/loss", -1.5e30, 2**31 + 5], ["train/note", "", 2**31 + 6],
    ]
    file = io.BytesIO()
    writer = RecordWriter(file)
    first = Event(wall_time=TIME, file_version="brain.Event:2", source_metadata=SourceMetadata(writer="swiftlet"))
    writer.write(first.SerializeToString())
    for tag, value, step in entries:
        summary = text(tag, value) if isinstance(value, str) else scalar(tag, value)
        event = Event(wall_time=TIME, summary=summary)
        event.step = step
        writer.write(event.SerializeToString())
    return {"time": TIME, "entries": entries, "bytes": file.getvalue().hex()}


def history(steps, logged_every, evaluated_every, epochs, metrics):
    rng = random.Random(steps)
    entries = []
    for step in range(1, steps + 1):
        epoch = step * epochs / steps
        if logged_every and step % logged_every == 0:
            entries.append({"epoch": epoch, "grad_norm": rng.uniform(0.5, 9), "learning_rate": 5e-5 * (1 - step / steps),
                            "loss": 0.7 - 0.4 * step / steps + rng.uniform(-0.02, 0.02), "step": step})
        if evaluated_every and step % evaluated_every == 0:
            entries.append({"epoch": epoch, "eval_loss": 0.6 - 0.2 * step / steps,
                            **{f"eval_{name}": value(rng) for name, value in metrics.items()},
                            "eval_runtime": 2.5, "eval_samples_per_second": 163.2, "eval_steps_per_second": 20.4, "step": step})
    entries.append({"epoch": float(epochs), "step": steps, "total_flos": 1.2e14, "train_loss": 0.41,
                    "train_runtime": 100.1, "train_samples_per_second": 36.6, "train_steps_per_second": 4.58})
    return entries


def card(name, entries, *, base=None, data=None, changes=None, after=None, **summary):
    """What TrainingSummary makes of a run, and what Swift's card is made from to be compared."""
    import transformers
    from datasets import Dataset, DatasetInfo, NamedSplit
    from transformers.modelcard import TrainingSummary

    arguments = transformers.TrainingArguments(f"out/{name}", use_cpu=True, report_to="none", **(changes or {}))
    for key, value in (after or {}).items():
        setattr(arguments, key, value)
    rows = None
    if data:
        tag, config, split = data
        rows = Dataset.from_dict({"a": [1]}, info=DatasetInfo(builder_name=tag, config_name=config), split=NamedSplit(split))
    model = type("BertForSequenceClassification", (), {})()
    model.config = SimpleNamespace(**({"_name_or_path": base} if base else {}))
    trainer = SimpleNamespace(args=arguments, state=SimpleNamespace(log_history=entries), model=model,
                              eval_dataset=rows, train_dataset=None)
    made = TrainingSummary.from_trainer(trainer, **summary)
    kept = ["learning_rate", "per_device_train_batch_size", "per_device_eval_batch_size", "seed",
            "gradient_accumulation_steps", "optim", "optim_args", "adam_beta1", "adam_beta2", "adam_epsilon",
            "lr_scheduler_type", "warmup_steps", "max_steps", "num_train_epochs", "fp16", "label_smoothing_factor"]
    values = arguments.to_dict()
    listed = lambda value: [] if value is None else [value] if isinstance(value, str) else list(value)
    return {
        "model_name": made.model_name, "languages": listed(made.language), "license": made.license,
        "tags": listed(made.tags), "base_model": made.finetuned_from, "tasks": listed(made.tasks),
        "datasets": [
            {"tag": tag, "name": (listed(made.dataset) + [tag] * 9)[i], "args": (listed(made.dataset_args) + [None] * 9)[i],
             **((made.dataset_metadata or []) + [{}] * 9)[i]} for i, tag in enumerate(listed(made.dataset_tags))],
        "arguments": {key: values[key] for key in kept}, "log_history": entries, "card": made.to_model_card(),
    }


def cards():
    both = {"accuracy": lambda rng: rng.uniform(0.7, 0.9), "f1": lambda rng: rng.uniform(0.7, 0.9)}
    return [
        # The course's run: the first log comes after the first evaluation.
        card("test-trainer", history(1377, 500, 459, 3, both), base="google-bert/bert-base-uncased",
             data=("glue", "mrpc", "validation"), license="apache-2.0"),
        card("scratch", history(40, 10, 10, 2, {}),
             changes=dict(max_steps=40, gradient_accumulation_steps=4, warmup_steps=10, optim="sgd", learning_rate=0.1,
                          label_smoothing_factor=0.1, lr_scheduler_type="cosine", per_device_eval_batch_size=32),
             after=dict(fp16=True)),
        card("no-evaluation", history(40, 10, 0, 2, {}), base="distilbert-base-uncased", data=("imdb", "plain_text", "train"),
             changes=dict(num_train_epochs=2, warmup_steps=0.1, optim="adamw_torch", adam_beta2=0.98, adam_epsilon=1e-6,
                          optim_args="a=1")),
        card("evaluated-only", [{"epoch": 0, "eval_loss": 0.3, "eval_accuracy": 0.5, "eval_runtime": 1.0, "step": 0}]),
        card("nothing", []),
        card("empty values", history(2, 1, 1, 1, {
                 "matthews_correlation": lambda rng: float("nan"), "mse": lambda rng: 1.5e-07, "count": lambda rng: 12,
                 "mixed_CASE_name": lambda rng: 123456789.123456789, "rouge1": lambda rng: 1e-05, "half": lambda rng: 0.5}),
             base="x/1e3", model_name="1.5: a 'quoted' name # of a model", license="no", language=["en", "no", "ko"],
             tags=["on", "2024-01-01", "12", "- dash", "plain tag"], dataset_tags=["glue", "x/y"], dataset=["GLUE: MRPC", "X & Y"],
             dataset_args=["mrpc"], tasks=["text-classification", "token-classification", "unheard-of"]),
        card("long", history(2, 1, 1, 1, both), data=("glue", "mrpc", "validation"), model_name=" ".join(["many words"] * 20),
             tags="it's " + " ".join(["long: words"] * 15)),
    ]


def scalars():
    import yaml

    words = """a|yes|No|NO|nO|on|OFF|true|False|null|Null|~|nULL|=|<<|<|1|-1|+1|01|08|0x1F|0b11|1_000|0o7|1:30|1:60|1:30.5|1.|
        1.5|-.5|.5|.|1e3|1.0e3|1.0e+3|.5e-3|.inf|-.Inf|.NaN|-.nan|2024-01-01|2024-1-1|2024-01-01 10:00:00|2024-1-1T1:00:00Z|
        2024-01-01 10:00:00.5 +09:00|- a|-a|-|--- a|...|? a|?a|?|: a|:a|a: b|a:b|a:|a #b|a#b|#a|[a|a]|a,b|{a|a}|&a|*a|!a|a!|
        |a|>a|'a|it's|"a|a"b|%a|@a|`a|a`|a\\b| a|a |  |a  b|é|한국어 모델|a: 한국어|😀|a\ta|a\x07|\u00a0|\ufeff|\x7f|""".split("|")
    words = [word.strip("\n") for word in words] + [
        "", "|a", "a|b", "word " * 40 + "end", "it's: " * 30 + "end", "two  spaces " * 20 + "end", "w" * 100 + " a b", "a " + "w" * 100 + " b"]
    words = [word for word in words if "\n" not in word]
    numbers = [0, -5, 1.0, 0.1, 1e-05, 1.5e-07, 1e16, 1e22, float("nan"), float("inf"), float("-inf"), True, False, None]
    dump = lambda value: yaml.dump({"outer": [{"key": value}, value]}, sort_keys=False, allow_unicode=True)
    return [[value, dump(value)] for value in words + numbers]


def fixtures(output=ROOT / "Tests/Fixtures/reports"):
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    for name, content in [("events", events()), ("cards", cards()), ("yaml", scalars())]:
        (output / f"{name}.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# ---- check

def check(folder):
    folder = Path(folder)
    log = read_log(folder)
    check_curves(folder, log)
    results, card = read_card(folder)
    last = [entry for entry in log if "eval_loss" in entry][-1]
    assert results == {name: last[f"eval_{name}"] for name in ["accuracy", "f1"]}, results
    assert card.base_model == "google-bert/bert-base-uncased" and card.metrics == ["accuracy", "f1"]
    check_picture(folder)


def read_log(folder):
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert log, "log.jsonl is empty"
    return log


def check_curves(folder, log):
    """Every value of the log is in the event file, and nothing else."""
    import numpy
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (run,) = (folder / "runs").iterdir()
    board = EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    found = {(tag, event.step, event.value) for tag in board.Tags()["scalars"] for event in board.Scalars(tag)}
    tag = lambda key: key.replace("eval_", "eval/", 1) if key.startswith("eval_") else f"train/{key}"
    expected = {(tag(key), entry["step"], float(numpy.float32(value)))
                for entry in log for key, value in entry.items() if key != "step"}
    assert found == expected, found ^ expected
    texts = [name for name in ["args", "model_config"] if f"{name}/text_summary" in board.Tags()["tensors"]]
    assert "args" in texts, board.Tags()["tensors"]
    for name in texts:
        (event,) = board.Tensors(f"{name}/text_summary")
        assert isinstance(json.loads(event.tensor_proto.string_val[0]), dict), name
    print(f"tensorboard: {len(found)} values in {len(board.Tags()['scalars'])} curves")


def read_card(folder):
    from huggingface_hub import ModelCard

    card = ModelCard.load(folder / "README.md").data
    results = {result.metric_type: result.metric_value for result in card.eval_results}
    card.to_yaml()
    print(f"huggingface_hub: {card.model_name}, {results}")
    return results, card


def check_picture(folder):
    picture = xml.etree.ElementTree.parse(folder / "loss.svg").getroot()
    texts = [element.text for element in picture.iter() if element.tag.endswith("text")]
    assert any("accuracy" in (text or "") for text in texts), texts
    for element in picture.iter():
        for key, value in element.attrib.items():
            assert "nan" not in value and "inf" not in value.replace("info", ""), (element.tag, key, value)
    print(f"loss.svg: {len(list(picture.iter()))} elements")


# ---- run

def check_state(path):
    """Nothing of the state is lost or added when Python reads and writes it."""
    from transformers import TrainerState

    state = TrainerState.load_from_json(str(path))
    with tempfile.NamedTemporaryFile() as copy:
        state.save_to_json(copy.name)
        read, written = json.loads(path.read_text(encoding="utf-8")), json.load(copy)
    assert read == written, {key for key in read.keys() | written.keys() if read.get(key) != written.get(key)}
    assert state.global_step == state.log_history[-1]["step"] and 0 < state.global_step <= state.max_steps
    return state


def run(folder, train_file, validation_file):
    folder = Path(folder)
    check_curves(folder, read_log(folder))
    results, _ = read_card(folder)
    evaluated = json.loads((folder / "eval_results.json").read_text(encoding="utf-8"))
    assert results and results == {name: evaluated[f"eval_{name}"] for name in results}, (results, evaluated)
    check_picture(folder)
    places = sorted(folder.glob("checkpoint-*"), key=lambda place: int(place.name.split("-")[1]))
    assert len(places) > 1, f"{folder} has fewer than two checkpoints"
    states = [check_state(place / "trainer_state.json") for place in [*places, folder]]
    print(f"transformers: trainer_state.json at steps {[state.global_step for state in states]}")
    go_on(places[0], states[0], train_file, validation_file)


def go_on(checkpoint, before, train_file, validation_file):
    """The first checkpoint as a model, then as one that Python's Trainer resumes."""
    import logging

    import torch
    import transformers
    from datasets import load_dataset
    from safetensors.torch import load_file

    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
    temporary = tempfile.TemporaryDirectory()
    files = {"train": str(train_file), "validation": str(validation_file)}
    kind = "parquet" if str(train_file).endswith(".parquet") else "json"
    rows = load_dataset(kind, data_files=files, cache_dir=f"{temporary.name}/cache")
    rows = rows.map(lambda batch: tokenizer(batch["sentence1"], batch["sentence2"], truncation=True), batched=True)

    def trainer(model, **more):
        arguments = transformers.TrainingArguments(
            temporary.name, use_cpu=True, report_to="none", disable_tqdm=True, save_strategy="no", logging_steps=1,
            max_steps=before.max_steps, **more)
        return transformers.Trainer(model, arguments, train_dataset=rows["train"], eval_dataset=rows["validation"],
                                    processing_class=tokenizer)

    auto = transformers.AutoModelForSequenceClassification
    model, report = auto.from_pretrained(checkpoint, output_loading_info=True)
    assert not any(report.values()), report
    found = trainer(model).evaluate()["eval_loss"]
    (logged,) = [entry["eval_loss"] for entry in before.log_history if "eval_loss" in entry][-1:]
    assert math.isclose(found, logged, rel_tol=1e-5), (found, logged)
    print(f"{checkpoint.name}: evaluation loss {found:.7f} in Python, {logged:.7f} here")

    class Watcher(transformers.TrainerCallback):
        def on_train_begin(self, arguments, state, control, model=None, **rest):
            self.step, self.weights = state.global_step, {k: v.clone() for k, v in model.state_dict().items()}

    watcher = Watcher()
    fresh = trainer(auto.from_config(transformers.AutoConfig.from_pretrained(checkpoint)))
    fresh.add_callback(watcher)
    fresh.train(resume_from_checkpoint=str(checkpoint))
    saved = load_file(checkpoint / "model.safetensors")
    assert watcher.step == before.global_step
    assert saved.keys() <= watcher.weights.keys()
    assert all(torch.equal(saved[name], watcher.weights[name]) for name in saved)
    history = fresh.state.log_history
    assert history[: len(before.log_history)] == before.log_history
    steps = [entry["step"] for entry in history[len(before.log_history) :] if "loss" in entry]
    # How often it logs is part of the state too.
    wanted = [n for n in range(before.global_step + 1, before.max_steps + 1) if n % before.logging_steps == 0]
    assert steps == wanted, (steps, wanted)
    assert all(math.isfinite(entry["loss"]) for entry in history if "loss" in entry)
    print(f"transformers.Trainer: went on from step {watcher.step} to {fresh.state.global_step} with its {len(saved)} tensors")


if __name__ == "__main__":
    commands = {"fixtures": fixtures, "check": check, "run": run}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](*sys.argv[2:])
