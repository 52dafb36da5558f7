"""Makes Tests/Fixtures/datasets: small files of every format, and what Python reads in them (expected.json).

Needs the environment of Tools/reference/setup (datasets 5.2.0, pyarrow 26.0.1, numpy 2.4.6).
usage: python Tools/reference/datasets_fixtures.py
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
# This folder holds files named like the packages that are imported.
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

import datasets  # noqa: E402
import pyarrow as pa  # noqa: E402
from datasets import ClassLabel, Dataset, Features, List, Value, load_dataset  # noqa: E402

assert datasets.__version__ == "5.2.0", datasets.__version__
datasets.disable_progress_bars()
datasets.utils.logging.set_verbosity_error()

root = Path(__file__).resolve().parents[2] / "Tests/Fixtures/datasets"
root.mkdir(parents=True, exist_ok=True)
cache = tempfile.mkdtemp()

texts = [
    "plain", "", "it's", 'say "so"', "both ' and \"", "tab\there", "two\nlines", "back\\slash", "Größe", "日本語のテキスト",
    "русский", "العربية", "हिन्दी", "ไทย", "한국어", "👩‍👩‍👧 family", "zero\u200bwidth", "nul\x01x\x7f", "e\u0301", "\u00a0\u2028",
]
n = len(texts)
table = {
    "text": texts[:5] + [None] + texts[6:],
    "label": [i % 3 if i % 7 else -1 for i in range(n)],
    "small": [i - 10 for i in range(n)],
    "real": [i / 3 if i != 4 else None for i in range(n)],
    "single": [0.1 * i for i in range(n)],
    "flag": [i % 2 == 0 if i != 3 else None for i in range(n)],
    "ids": [list(range(i % 4)) if i != 2 else None for i in range(n)],
    "nested": [[["a"], [None, texts[i]]] if i % 5 else [] for i in range(n)],
    "answer": [{"start": [i], "text": texts[i]} if i != 1 else None for i in range(n)],
    "nothing": [None] * n,
}
features = Features({
    "text": Value("string"),
    "label": ClassLabel(names=["no", "it's", "maybe"]),
    "small": Value("int8"),
    "real": Value("float64"),
    "single": Value("float32"),
    "flag": Value("bool"),
    "ids": List(Value("int32")),
    "nested": List(List(Value("string"))),
    "answer": {"start": List(Value("int64")), "text": Value("string")},
    "nothing": Value("null"),
})
full = Dataset.from_dict(table, features=features)
full.to_parquet(root / "full.parquet")
with pa.OSFile(str(root / "stream.arrow"), "wb") as sink, pa.ipc.new_stream(sink, full.data.table.schema) as writer:
    writer.write_table(full.data.table, max_chunksize=7)
with pa.OSFile(str(root / "file.arrow"), "wb") as sink, pa.ipc.new_file(sink, full.data.table.schema) as writer:
    writer.write_table(full.data.table, max_chunksize=7)

rows = [
    "text,n,f,b,gap,date,empty",
    "hello,1,1.5,True,1,2020-01-01,",
    '"a, ""b""",2,2,False,,2020-01-02,',
    "NA,3,inf,true,3,x,",
    '"two',
    'lines",-4,1e3,FALSE,4,"",',
    "",
    "'q' Größe 日本,5,0.1,True,5,z,",
]
(root / "mixed.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
(root / "windows.csv").write_bytes(b"\xef\xbb\xbfa,b\r\n1,x\r\n2,\"y\r\nz\"\r\n")
(root / "mixed.tsv").write_text("text\tlabel\nso, it's\t0\nnull\t1\n\"quoted\"\t2\n", encoding="utf-8")
lines = [
    {"a": 1, "s": "x", "l": [1, 2], "d": {"k": 1}, "t": "2020-01-01", "ll": [[1], []]},
    {"a": 2.5, "s": None, "l": [], "d": {"k": None}, "t": "1969-12-31 23:59:58", "ll": []},
    {"a": -3, "s": "日本 \"q\"", "l": None, "d": None, "ll": None},
]
(root / "rows.jsonl").write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines), encoding="utf-8")
(root / "list.json").write_text(
    json.dumps([{"a": 1, "s": "x/é", "l": [1, 2]}, {"a": 2, "s": "\n", "b": True}], indent=2), encoding="utf-8")
(root / "texts.json").write_text('["one", "zwei", "三"]', encoding="utf-8")

labelled = root / "labelled"
(labelled / "reviews").mkdir(parents=True, exist_ok=True)
(labelled / "README.md").write_text("""---
pretty_name: Labelled
dataset_info:
- config_name: reviews
  features:
  - name: sentence
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': negative
          '1': positive
configs:
- config_name: reviews
  data_files:
  - split: train
    path: reviews/train-*.csv
  - split: validation
    path:
    - reviews/dev.csv
- config_name: all
  data_files: "reviews/*.csv"
---

# Labelled
""", encoding="utf-8")
(labelled / "reviews/train-1.csv").write_text("sentence,label\ngood,positive\nbad,negative\n", encoding="utf-8")
(labelled / "reviews/train-2.csv").write_text("sentence,label\n12,1\nso,negative\n", encoding="utf-8")
(labelled / "reviews/dev.csv").write_text("sentence,label\nfine,positive\n", encoding="utf-8")
(plain := root / "plain").mkdir(exist_ok=True)
(plain / "README.md").write_text("""---
dataset_info:
  features:
  - name: ids
    list: int32
  - name: score
    dtype: float32
---
""", encoding="utf-8")
(plain / "my_dev.jsonl").write_text('{"ids": [3], "score": 2}\n', encoding="utf-8")
(plain / "train-part.jsonl").write_text('{"ids": [1, 2], "score": 1}\n{"ids": [], "score": 0.1}\n', encoding="utf-8")


def described(dataset):
    return {
        "repr": repr(dataset), "features": str(dataset.features), "rows": [str(row) for row in dataset],
        "batch": str(dataset[1:4]), "columns": [repr(dataset[name]) for name in dataset.column_names],
    }


def loaded(kind, name, **options):
    return load_dataset(kind, data_files=str(root / name), split="train", cache_dir=cache, **options)


expected = {"files": {
    "full.parquet": described(full), "stream.arrow": described(full), "file.arrow": described(full),
    "mixed.csv": described(loaded("csv", "mixed.csv")), "mixed.tsv": described(loaded("csv", "mixed.tsv", sep="\t")),
    "windows.csv": described(loaded("csv", "windows.csv")),
    "rows.jsonl": described(loaded("json", "rows.jsonl")), "list.json": described(loaded("json", "list.json")),
    "texts.json": described(loaded("json", "texts.json")),
}}
for name in ("full.parquet",):
    assert str(loaded("parquet", name).features) == str(full.features)

expected["folders"] = {
    name: {
        "repr": repr(d := load_dataset(str(folder), config, cache_dir=cache)),
        "splits": {split: described(d[split]) for split in d},
    }
    for name, folder, config in (
        ("reviews", labelled, "reviews"), ("all", labelled, "all"), ("plain", plain, None))
}

numbers = Dataset.from_dict({"x": list(range(1000))})
expected["shuffle"] = {str(seed): numbers.shuffle(seed=seed)["x"][:50] for seed in (0, 1, 42, 2**32, 2**63 + 7)}
split = numbers.train_test_split(test_size=0.2, seed=7)
expected["split"] = {"train": split["train"]["x"][:20], "test": split["test"]["x"][:20],
                     "sizes": [split["train"].num_rows, split["test"].num_rows]}
odd = numbers.select(range(7)).train_test_split(test_size=0.3, seed=3)
expected["odd_split"] = {"train": odd["train"]["x"][:], "test": odd["test"]["x"][:]}
expected["sort"] = full.sort("real", reverse=True)["small"][:]
expected["sort_text"] = full.sort("text")["small"][:]
expected["unique"] = [str(x) for x in full.unique("text")]
expected["encoded"] = str(Dataset.from_dict({"t": ["b", "a", "ä", "B", "a"]}).class_encode_column("t").features)
expected["encoded_ints"] = described(Dataset.from_dict({"t": [10, 2, 10, -1]}).class_encode_column("t"))
mapped = full.select_columns(["small", "label"]).map(
    lambda b: {"input_ids": [[101, x + 200] for x in b["small"]], "attention_mask": [[1] for _ in b["small"]],
               "other": [[3] for _ in b["small"]], "small": [x + 1 for x in b["small"]],
               "name": [None if x == 0 else str(x) for x in b["small"]]},
    batched=True, batch_size=6)
expected["mapped"] = described(mapped)
replaced = full.select_columns(["small", "label"]).map(lambda r: {"small": r["small"] / 2}, remove_columns=["label"])
expected["replaced"] = described(replaced)
csv = full.select_columns(["text", "label", "real", "single", "flag"])
with tempfile.TemporaryDirectory() as folder:
    csv.to_csv(f"{folder}/o.csv")
    expected["to_csv"] = Path(f"{folder}/o.csv").read_bytes().decode()
    simple = full.select_columns(["text", "label", "small", "flag", "ids", "nested", "answer", "nothing"])
    simple.to_json(f"{folder}/o.json")
    expected["to_json"] = Path(f"{folder}/o.json").read_text()

(root / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
