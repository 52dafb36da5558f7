"""Makes Tests/Fixtures/datasets/operations.json and saved/: what Python's operations make of full.parquet.

Needs the environment of Tools/reference/setup (datasets 5.2.0, pyarrow 26.0.1, numpy 2.4.6), and the files of
datasets_fixtures.py. usage: python Tools/reference/datasets_operations.py
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp()
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

import datasets  # noqa: E402
from datasets import (  # noqa: E402
    ClassLabel, Dataset, DatasetDict, Features, List, Value, concatenate_datasets, interleave_datasets, load_dataset)

assert datasets.__version__ == "5.2.0", datasets.__version__
datasets.disable_progress_bars()
datasets.utils.logging.set_verbosity_error()

root = Path(__file__).resolve().parents[2] / "Tests/Fixtures/datasets"
full = Dataset.from_parquet(str(root / "full.parquet"))


def described(dataset):
    return {
        "repr": repr(dataset), "features": str(dataset.features), "rows": [str(row) for row in dataset],
        "batch": str(dataset[1:4]), "columns": [repr(dataset[name]) for name in dataset.column_names],
    }


def numbers(count, start=0):
    return Dataset.from_dict({"x": list(range(start, start + count))})


expected = {}
expected["flatten"] = described(full.select_columns(["answer", "small"]).flatten())
deep = Dataset.from_dict({"a": [{"b": {"c": 1, "d": ["x"]}, "e": None}, None], "f": [1, 2]})
expected["flatten_deep"] = described(deep.flatten())
expected["cast"] = described(full.select_columns(["small", "real", "ids"]).cast(
    Features({"small": Value("int32"), "real": Value("float32"), "ids": List(Value("int64"))})))
expected["cast_label"] = described(full.select_columns(["small", "label"]).filter(lambda r: r["small"] >= 0).cast(
    Features({"small": ClassLabel(names=[str(i) for i in range(10)]), "label": Value("int8")})))
expected["beside"] = described(concatenate_datasets(
    [full.select_columns(["small"]).shuffle(seed=1), full.select_columns(["text", "flag"])], axis=1))
expected["below"] = described(concatenate_datasets(
    [full.select_columns(["small", "text"]).select([7, 2, 2]), full.select_columns(["small", "text"]).select(range(3))]))

three = [numbers(3), numbers(5, 100), numbers(4, 200)]
expected["interleave"] = {
    f"{strategy} {probabilities} {seed}":
        interleave_datasets(three, probabilities=probabilities, seed=seed, stopping_strategy=strategy)["x"][:]
    for strategy in ("first_exhausted", "all_exhausted", "all_exhausted_without_replacement")
    for probabilities, seed in ((None, None), ([0.5, 0.2, 0.3], 0), ([0.5, 0.2, 0.3], 42), ([0.1, 0.1, 0.8], 7))
}
expected["shard"] = {
    f"{contiguous} {index}": numbers(11).shard(4, index, contiguous=contiguous)["x"][:]
    for contiguous in (True, False) for index in range(4)
}
labelled = Dataset.from_dict({"x": list(range(60)), "y": [(i * i) % 7 % 3 for i in range(60)]}).cast_column(
    "y", ClassLabel(names=["a", "b", "c"]))
expected["stratified"] = {}
for size, seed in ((0.25, 0), (0.25, 1), (0.1, 42), (17, 3), (0.35, 5)):
    split = labelled.train_test_split(test_size=size, seed=seed, stratify_by_column="y")
    expected["stratified"][f"{size} {seed}"] = {name: split[name]["x"][:] for name in split}
even = Dataset.from_dict({"x": list(range(40)), "y": [i % 4 for i in range(40)]}).cast_column(
    "y", ClassLabel(names=list("abcd")))
for size, seed in ((0.25, 0), (0.15, 9), (6, 2)):
    split = even.train_test_split(test_size=size, seed=seed, stratify_by_column="y")
    expected["stratified"][f"even {size} {seed}"] = {name: split[name]["x"][:] for name in split}
ordered = numbers(10).train_test_split(test_size=0.25, shuffle=False)
expected["unshuffled"] = {name: ordered[name]["x"][:] for name in ordered}
both = numbers(50).train_test_split(test_size=0.2, train_size=0.5, seed=4)
expected["both_sizes"] = {name: both[name]["x"][:] for name in both}
sizes = [(n, f) for n in (7, 10, 100, 3668) for f in (0.1, 0.2, 0.29, 0.3, 0.7)]
expected["split_sizes"] = [
    [n, f, *(part.num_rows for part in numbers(n).train_test_split(test_size=f, seed=0).values())] for n, f in sizes]

expected["filter_batched"] = full.filter(
    lambda b, rows: [x > 0 and i % 2 == 0 for x, i in zip(b["small"], rows)], batched=True, batch_size=6,
    with_indices=True)["small"][:]
expected["sort_two"] = full.sort(["label", "small"], reverse=[False, True])["small"][:]
chain = full.shuffle(seed=3).sort("label").filter(lambda r: r["small"] != 0).select([5, 1, 9, 0]).rename_column("text", "t")
expected["chain"] = described(chain.flatten_indices())
expected["mapped_chain"] = described(full.shuffle(seed=3).select_columns(["small", "text"]).map(
    lambda r, i: {"place": i, "twice": r["small"] * 2}, with_indices=True))
expected["take"] = numbers(9).take(4)["x"][:]
expected["skip"] = numbers(9).skip(4)["x"][:]
expected["repeat"] = numbers(3).repeat(2)["x"][:]
formatted = full.with_format(columns=["label", "small"])
expected["formatted"] = {"row": str(formatted[2]), "batch": str(formatted[2:4]),
                         "all": list(full.with_format(columns=["label", "small"], output_all_columns=True)[2])}
expected["renamed"] = full.rename_columns({"text": "small", "small": "text"}).column_names
empties = Dataset.from_dict({"i": list(range(4)), "l": [[], [], [1], [2, 3]]}, features=Features(
    {"i": Value("int64"), "l": List(Value("int64"))}))
expected["typed_late"] = described(empties.map(lambda b: {"m": b["l"], "n": [None if i < 2 else i for i in b["i"]]},
                                               batched=True))

with tempfile.TemporaryDirectory() as folder:
    for name, count in (("train", 1234), ("test", 55)):
        numbers(count).to_parquet(f"{folder}/{name}.parquet")
    expected["split_strings"] = {}
    for text in ("train", "train[:10%]", "train[10:20]", "train[-3:]", "train[:-1230]", "train[37%:38%]", "test[50%:]",
                 "train[:1%]+test[:5]", "test[-10%:]+train[5:7]+test[:2]", "train[1200:9999]", "train[20:10]",
                 "train[:33%](pct1_dropremainder)", "train[1_000:1_003]"):
        rows = load_dataset(folder, split=text)["x"][:]
        expected["split_strings"][text] = [len(rows), *rows[:3], *rows[-3:]]
    numbers(25).to_parquet(f"{folder}/stream.parquet")
    stream = load_dataset("parquet", data_files=f"{folder}/stream.parquet", split="train", streaming=True)
    expected["stream"] = {
        "take": [r["x"] for r in stream.skip(3).take(5)],
        "repr": repr(stream),
        "shuffled": {f"{seed} {size}": [r["x"] for r in stream.shuffle(seed=seed, buffer_size=size)]
                     for seed, size in ((0, 6), (42, 10), (42, 1000), (7, 1), (5, 25))},
    }
    later = stream.shuffle(seed=42, buffer_size=10)
    later.set_epoch(3)
    expected["stream"]["epoch"] = [r["x"] for r in later]
    full.shuffle(seed=2).select_columns(["text", "small"]).to_csv(f"{folder}/o.csv")
    expected["shuffled_csv"] = Path(f"{folder}/o.csv").read_text()

saved = root / "saved"
shutil.rmtree(saved, ignore_errors=True)
DatasetDict({
    "train": full.shuffle(seed=1).with_format("numpy", columns=["small", "label"]),
    "test": full.select(range(3)),
}).save_to_disk(saved, num_shards={"train": 3, "test": 1})
expected["saved"] = {"train": described(full.shuffle(seed=1)), "test": described(full.select(range(3)))}

(root / "operations.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
