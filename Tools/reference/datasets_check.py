"""Checks in Python what Swiftlet's tests wrote: folders of saveToDisk, files of the cache, converted files.

The tests write to the folder in SWIFTLET_DATASETS_CHECK where it is set; this script then reads it.
usage: SWIFTLET_DATASETS_CHECK=FOLDER swift test --filter DiskTests; python Tools/reference/datasets_check.py FOLDER
"""

import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

from datasets import Dataset, load_dataset, load_from_disk  # noqa: E402

root = Path(__file__).resolve().parents[2] / "Tests/Fixtures/datasets"
folder = Path(sys.argv[1])
full = Dataset.from_parquet(str(root / "full.parquet"))


def same(left, right):
    assert left.features == right.features, (left.features, right.features)
    assert [str(row) for row in left] == [str(row) for row in right]


both = load_from_disk(str(folder / "dict"))
assert list(both) == ["train", "test"], both
assert both["train"].format["columns"] == ["small", "label"], both["train"].format
same(both["train"].with_format(None), full.shuffle(seed=1))
same(both["test"], full.select(range(3)))
same(load_from_disk(str(folder / "one")), full.sort("small", reverse=True))
for name, kind in (("o.parquet", "parquet"), ("o.arrow", "arrow")):
    same(load_dataset(kind, data_files=str(folder / name), split="train"), full.sort("small", reverse=True))
plain = full.select_columns(["text", "small", "flag"]).sort("small", reverse=True)
texts = load_dataset("json", data_files=str(folder / "o.jsonl"), split="train")
assert [str(row) for row in texts] == [str(row) for row in plain]
cached = sorted((folder / "cache").glob("cache-*.arrow"))
assert len(cached) == 1, cached
same(Dataset.from_file(str(cached[0])).remove_columns("twice"), full)
print("Python reads all of it the same")
