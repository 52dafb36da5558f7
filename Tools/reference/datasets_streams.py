"""Makes Tests/Fixtures/datasets/streams.json: the order in which Python's streams give their rows.

Needs the environment of Tools/reference/setup (datasets 5.2.0, pyarrow 26.0.1, numpy 2.4.6).
usage: python Tools/reference/datasets_streams.py
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp()
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

import datasets  # noqa: E402
from datasets import Dataset, load_dataset  # noqa: E402

assert datasets.__version__ == "5.2.0", datasets.__version__
datasets.disable_progress_bars()
datasets.utils.logging.set_verbosity_error()

# Shards of different lengths, fewer and more than the buffer's ten inputs.
SHARDS = {"one": [47], "three": [17, 5, 25], "twelve": [3, 9, 1, 7, 4, 4, 8, 2, 6, 5, 3, 11]}


def numbers(count, start=0):
    return Dataset.from_dict({"x": list(range(start, start + count))})


def plus(row):
    return {"x": row["x"]}


def steps(stream):
    """The cases by name: what is done to a stream."""
    yield "shuffle 42 4", stream.shuffle(seed=42, buffer_size=4)
    yield "shuffle 0 25", stream.shuffle(seed=0, buffer_size=25)
    yield "shuffle 7 33", stream.shuffle(seed=7, buffer_size=33)
    yield "shuffle 1 1000", stream.shuffle(seed=1)
    yield "shuffle 5 20 inputs 2", stream.shuffle(seed=5, buffer_size=20, max_buffer_input_shards=2)
    yield "shuffle 5 20 inputs 1", stream.shuffle(seed=5, buffer_size=20, max_buffer_input_shards=1)
    yield "skip 2 shuffle 42 4", stream.skip(2).shuffle(seed=42, buffer_size=4)
    yield "skip 5 shuffle 3 21", stream.skip(5).shuffle(seed=3, buffer_size=21)
    yield "take 30 shuffle 3 8", stream.take(30).shuffle(seed=3, buffer_size=8)
    yield "shuffle 3 8 skip 4", stream.shuffle(seed=3, buffer_size=8).skip(4)
    yield "shuffle 3 8 take 9", stream.shuffle(seed=3, buffer_size=8).take(9)
    yield "shuffle twice", stream.shuffle(seed=3, buffer_size=8).shuffle(seed=4, buffer_size=30)
    yield "map shuffle 42 25", stream.map(plus).shuffle(seed=42, buffer_size=25)
    yield "shuffle 42 25 map", stream.shuffle(seed=42, buffer_size=25).map(plus)
    yield "filter shuffle 42 25", stream.filter(lambda row: row["x"] % 3 > 0).shuffle(seed=42, buffer_size=25)
    yield "select shuffle 42 25", stream.select_columns(["x"]).shuffle(seed=42, buffer_size=25)
    for name, later in (
        ("epoch shuffle 42 10", stream.shuffle(seed=42, buffer_size=10)),
        ("epoch shuffle 42 25 skip 3", stream.shuffle(seed=42, buffer_size=25).skip(3)),
        ("epoch shuffle twice", stream.shuffle(seed=3, buffer_size=8).shuffle(seed=4, buffer_size=30)),
        ("epoch", stream.map(plus)),
    ):
        later.set_epoch(3)
        yield name, later


expected = {"shards": SHARDS}
with tempfile.TemporaryDirectory() as folder:
    for name, lengths in SHARDS.items():
        starts = [sum(lengths[:i]) for i in range(len(lengths))]
        for ending in ("parquet", "csv", "jsonl", "json"):
            files = []
            for number, (start, length) in enumerate(zip(starts, lengths)):
                files.append(f"{folder}/{name}-{number:02}.{ending}")
                if ending == "json":
                    Path(files[-1]).write_text(json.dumps(numbers(length, start).to_list()))
                else:
                    getattr(numbers(length, start), f"to_{ending.removesuffix('l')}")(files[-1])
            stream = load_dataset(ending.removesuffix("l"), data_files=files, split="train", streaming=True)
            expected[f"{name} {ending}"] = {step: [r["x"] for r in rows] for step, rows in steps(stream)}
        stream = numbers(sum(lengths)).to_iterable_dataset(num_shards=len(lengths))
        expected[f"{name} dataset"] = {step: [r["x"] for r in rows] for step, rows in steps(stream)}

root = Path(__file__).resolve().parents[2] / "Tests/Fixtures/datasets"
(root / "streams.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n", encoding="utf-8")
