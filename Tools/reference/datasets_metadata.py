"""Makes Tests/Fixtures/datasets/metadata.json and metadata.bin: Arrow and Parquet files whose metadata agrees or
disagrees with their columns, with arrow.json and without, and the features and rows that Python's library gives them.

The files lie in metadata.bin one after the other; metadata.json says where each begins and how long it is.

Needs the environment of Tools/reference/setup (datasets 5.2.0, pyarrow 26.0.1).
usage: python Tools/reference/datasets_metadata.py
"""

import io
import json
import logging
import os
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp()
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

import datasets  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from datasets import load_dataset, load_from_disk  # noqa: E402

assert datasets.__version__ == "5.2.0", datasets.__version__
datasets.disable_progress_bars()
datasets.utils.logging.set_verbosity_error()
logging.disable(logging.CRITICAL)


def value(dtype):
    return {"dtype": dtype, "_type": "Value"}


def label(*names):
    return {"names": list(names), "_type": "ClassLabel"}


def list_of(feature, **more):
    return {"feature": feature, **more, "_type": "List"}


INT, TEXT, JSON = value("int64"), value("string"), {"_type": "Json"}
YES = label("no", "yes")
TRANSLATION = {"languages": ["en", "fr"], "_type": "Translation"}


def required(*columns):
    """A table whose fields have no nulls by their type."""
    schema = pa.schema([pa.field(name, array.type, nullable=False) for name, array in columns])
    return pa.table([array for _, array in columns], schema=schema)


def json_array(values, storage=pa.string()):
    return pa.ExtensionArray.from_storage(pa.json_(storage), pa.array(values, storage))


ints = pa.table({"a": pa.array([0, 1, None]), "s": ["x", "y", None]})
lists = pa.table({"l": pa.array([[0, 1], [1, 0], None])})
fixed = pa.table({"l": pa.array([[0, 1], [1, 0], None], pa.list_(pa.int64(), 2))})
large = pa.table({"l": pa.array([[0, 1], None], pa.large_list(pa.int64()))})
inner = pa.table({"s": pa.array([{"x": 0, "y": "a"}, None])})
pairs = pa.table({"t": pa.array([{"en": "a", "fr": "b"}]), "label": pa.array([1])})
several = pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64()))
texts = ['{"a": 1}', '[1, "x"]', '"t"', None, "2"]
objects = json_array(texts)
marked = pa.table({"j": objects})
listed = pa.table({"l": pa.ListArray.from_arrays(pa.array([0, 2, 3, 5], pa.int32()), objects)})
longer = pa.table({"j": json_array(texts, pa.large_string())})
field = pa.table({"s": pa.StructArray.from_arrays([objects, pa.array([1, 2, 3, 4, 5])], ["j", "i"])})
deep = pa.table(
    {
        "d": pa.StructArray.from_arrays(
            [
                pa.LargeListArray.from_arrays(pa.array([0, 2, 4, 4, 5, 5], pa.int64()), longer["j"].chunk(0)),
                pa.FixedSizeListArray.from_arrays(objects, 1),
            ],
            ["large", "fixed"],
        )
    }
)

# The table, and the features in its metadata; None for no metadata at all.
FILES = {
    "right": (ints, {"a": INT, "s": TEXT}),
    "another width": (ints, {"a": value("int32"), "s": TEXT}),
    "int64 as string": (ints, {"a": TEXT, "s": TEXT}),
    "string as int64": (ints, {"a": INT, "s": INT}),
    "another order": (ints, {"s": TEXT, "a": YES}),
    "a column missing": (ints, {"a": YES}),
    "a column too many": (ints, {"a": YES, "s": TEXT, "z": TEXT}),
    "no feature": (ints, {}),
    "label": (ints, {"a": YES, "s": TEXT}),
    "label of strings": (ints, {"a": INT, "s": label("x", "y")}),
    "label of int32": (pa.table({"a": pa.array([0, 1], pa.int32())}), {"a": YES}),
    "label of uint64": (pa.table({"a": pa.array([0, 1], pa.uint64())}), {"a": YES}),
    "label of bool": (pa.table({"a": [True, False]}), {"a": YES}),
    "label without nulls": (required(("a", pa.array([0, 1]))), {"a": YES}),
    "label of a dictionary": (pa.table({"a": pa.array([0, 1, 0]).dictionary_encode()}), {"a": YES}),
    "label of words": (pa.table({"a": pa.array(["x", "y", "x"]).dictionary_encode()}), {"a": label("x", "y")}),
    "label in a list": (lists, {"l": list_of(YES)}),
    "label in a list without nulls": (
        pa.table({"l": pa.array([[0, 1]], pa.list_(pa.field("item", pa.int64(), nullable=False)))}),
        {"l": list_of(YES)},
    ),
    "label in a list of another name": (
        pa.table({"l": pa.array([[0, 1]], pa.list_(pa.field("element", pa.int64())))}),
        {"l": list_of(YES)},
    ),
    "label in a structure": (inner, {"s": {"x": YES, "y": TEXT}}),
    "whole numbers as int64": (pa.table({"f": [1.0, 2.0]}), {"f": INT}),
    "fractions as int64": (pa.table({"f": [1.5, 2.0]}), {"f": INT}),
    "float32 as float64": (pa.table({"f": pa.array([1.5], pa.float32())}), {"f": value("float64")}),
    "double": (pa.table({"f": [1.5, 2.0]}), {"f": value("double")}),
    "nulls as string": (pa.table({"n": pa.nulls(2)}), {"n": TEXT}),
    "large_string as string": (pa.table({"t": pa.array(["a"], pa.large_string())}), {"t": TEXT}),
    "string as large_string": (pa.table({"t": ["a"]}), {"t": value("large_string")}),
    "seconds as microseconds": (
        pa.table({"t": pa.array([0, 1], pa.timestamp("s"))}),
        {"t": value("timestamp[us]")},
    ),
    "seconds": (pa.table({"t": pa.array([0, 1], pa.timestamp("s"))}), {"t": value("timestamp[s]")}),
    "a length for lists": (lists, {"l": list_of(INT, length=3)}),
    "another length": (fixed, {"l": list_of(INT, length=3)}),
    "the length": (fixed, {"l": list_of(YES, length=2)}),
    "no length": (fixed, {"l": list_of(YES)}),
    "list as large list": (lists, {"l": {"feature": YES, "_type": "LargeList"}}),
    "large list": (large, {"l": {"feature": YES, "_type": "LargeList"}}),
    "large list as list": (large, {"l": list_of(YES)}),
    "sequence": (lists, {"l": {"feature": YES, "length": -1, "id": None, "_type": "Sequence"}}),
    "a field missing": (inner, {"s": {"x": YES}}),
    "a field too many": (inner, {"s": {"x": YES, "y": TEXT, "z": TEXT}}),
    "fields in another order": (inner, {"s": {"y": TEXT, "x": YES}}),
    "structure as string": (inner, {"s": TEXT}),
    "structure as list": (inner, {"s": list_of(INT)}),
    "string as structure": (ints, {"s": {"x": INT}, "a": YES}),
    "translation beside a label": (pairs, {"t": TRANSLATION, "label": YES}),
    "image beside a label": (
        pa.table({"i": pa.nulls(1, pa.struct([("bytes", pa.binary()), ("path", pa.string())])), "label": [1]}),
        {"i": {"_type": "Image"}, "label": YES},
    ),
    "audio in a structure beside a label": (
        pa.table(
            {
                "i": pa.array([None], pa.struct([("x", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))])),
                "label": [1],
            }
        ),
        {"i": {"x": {"_type": "Audio"}}, "label": YES},
    ),
    "json without metadata": (marked, None),
    "json": (marked, {"j": JSON}),
    "json as string": (marked, {"j": TEXT}),
    "json as text": (marked, {"j": {"decode": False, "_type": "Json"}}),
    "json without nulls": (required(("j", json_array(["1", '"a"']))), None),
    "json in lists": (listed, None),
    "json in lists as strings": (listed, {"l": list_of(TEXT)}),
    "json in a structure": (field, None),
    "json in a structure with a label": (field, {"s": {"j": JSON, "i": label(*"abcdef")}}),
    "json in large_string": (longer, None),
    "json in large_string with metadata": (longer, {"j": JSON}),
    "json in all kinds of lists": (deep, None),
    "json of no rows": (marked.slice(0, 0), None),
    "label of no rows": (ints.slice(0, 0), {"a": YES, "s": TEXT}),
    "json of few rows": (marked.slice(3, 1), None),
}
# Parquet's own type of a text, without Arrow's schema.
PLAIN = ("json without metadata", "json in lists", "json in a structure", "json in all kinds of lists", "right")

# Saved tables and what dataset_info.json says of them.
named = {"a": label("A", "B"), "s": TEXT}
SAVED = {
    "other names": (ints, named, {"a": YES, "s": TEXT}),
    "no names": (ints, named, {"a": INT, "s": TEXT}),
    "names without metadata": (ints, None, {"a": YES, "s": TEXT}),
    "another order": (ints, named, {"s": TEXT, "a": YES}),
    "another width": (ints, named, {"a": value("int32"), "s": TEXT}),
    "large_string": (ints, named, {"a": INT, "s": value("large_string")}),
    "a column missing": (ints, named, {"a": YES}),
    "a column too many": (ints, named, {"a": YES, "s": TEXT, "z": TEXT}),
    "no features": (ints, named, None),
    "fields in another order": (inner, None, {"s": {"y": TEXT, "x": YES}}),
    "fields in another order in lists": (
        pa.table({"l": [[{"x": 1, "y": "a"}]]}),
        None,
        {"l": list_of({"y": TEXT, "x": YES})},
    ),
    "a field missing": (inner, None, {"s": {"y": TEXT}}),
    "a length": (lists, None, {"l": list_of(INT, length=2)}),
    "a dictionary": (pa.table({"a": pa.array([0, 1]).dictionary_encode()}), None, {"a": YES}),
    "without nulls": (required(("a", pa.array([0, 1]))), None, {"a": YES}),
    "json": (marked, None, {"j": JSON}),
    "json as string": (marked, None, {"j": TEXT}),
    "json as text": (marked, None, {"j": {"decode": False, "_type": "Json"}}),
    "json in large_string": (longer, None, {"j": JSON}),
    "translation beside a label": (pairs, None, {"t": TRANSLATION, "label": YES}),
}

# Files beside a card.
CARDS = {
    "names": (ints, named, "  - {name: a, dtype: {class_label: {names: [x, y]}}}\n  - {name: s, dtype: string}\n"),
    "another width": (ints, named, "  - {name: a, dtype: int32}\n  - {name: s, dtype: string}\n"),
    "another order": (ints, named, "  - {name: s, dtype: string}\n  - {name: a, dtype: int64}\n"),
    "without metadata": (ints, None, "  - {name: s, dtype: large_string}\n  - {name: a, dtype: string}\n"),
    "metadata of few": (ints, {"s": INT}, "  - {name: a, dtype: float64}\n  - {name: s, dtype: string}\n"),
    "a column too many": (
        ints,
        named,
        "  - {name: a, dtype: int64}\n  - {name: s, dtype: string}\n  - {name: z, dtype: int8}\n",
    ),
    "a column missing": (ints, named, "  - {name: a, dtype: int64}\n"),
    "json as string": (marked, None, "  - {name: j, dtype: string}\n"),
}


# Kinds of features that are known to Python alone, and what they are stored as.
FILE = "{'bytes': Value('binary'), 'path': Value('string')}"
STORED = {
    "Translation(languages=['en', 'fr'])": "{'en': Value('string'), 'fr': Value('string')}",
    "Image(mode=None, decode=True)": FILE,
    "Audio(sampling_rate=None, decode=True, num_channels=None, stream_index=None)": FILE,
    "Json(decode=False)": "Value('string')",
}


def with_metadata(table, features):
    """The table as a file has it, where `features` are what the library writes into the metadata."""
    if features is None:
        return table
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def as_bytes(table, form):
    sink = io.BytesIO()
    if form.startswith("parquet"):
        pq.write_table(table, sink, store_schema=form == "parquet", compression="zstd")
    else:
        new = pa.ipc.new_file if form == "file" else pa.ipc.new_stream
        with new(sink, table.schema) as writer:
            for batch in table.to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]:
                writer.write_batch(batch)
    return sink.getvalue()


def shown(name, read):
    """What the library reads, with kinds of features as they are stored where only Python knows them."""
    try:
        data = read()
        features = str(data.features)
        for kind, stored in STORED.items():
            features = features.replace(kind, stored)
        return {"features": features, "rows": [repr(row) for row in data]}
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {str(error or error.__cause__).splitlines()[0][:100]}")
        return {}


def ending(form):
    return "parquet" if form.startswith("parquet") else "arrow"


blob = bytearray()


def place(content):
    blob.extend(content)
    return [len(blob) - len(content), len(content)]


expected = {"files": {}, "saved": {}, "cards": {}}
with tempfile.TemporaryDirectory() as folder:
    number = 0
    for name, (table, features) in FILES.items():
        table = with_metadata(table, features)
        # The library makes no rows of Parquet without any.
        forms = ["stream"] + ["parquet"] * (table.num_rows > 0) + ["parquet alone"] * (name in PLAIN)
        forms += ["file"] * (name in ("label", "json"))
        for form in forms:
            number += 1
            content = as_bytes(table, form)
            path = Path(folder) / f"{number}.{ending(form)}"
            path.write_bytes(content)
            kind = ending(form)
            case = {"ending": kind, "place": place(content)}
            # Of no rows the library makes no split.
            streaming = table.num_rows == 0
            case |= shown(name, lambda: load_dataset(kind, data_files=str(path), split="train", streaming=streaming))
            expected["files"][f"{name}, {form}"] = case
    for name, (table, features, info) in SAVED.items():
        path = Path(folder) / f"saved {name}"
        path.mkdir()
        content = as_bytes(with_metadata(table, features), "stream")
        (path / "data-00000-of-00001.arrow").write_bytes(content)
        (path / "dataset_info.json").write_text(json.dumps({"features": info}))
        state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_fingerprint": "0", "_split": None}
        state |= {"_format_columns": None, "_format_kwargs": {}, "_format_type": None, "_output_all_columns": False}
        (path / "state.json").write_text(json.dumps(state))
        case = {"place": place(content), "info": info} | shown(name, lambda: load_from_disk(str(path)))
        expected["saved"][name] = case
    for name, (table, features, card) in CARDS.items():
        for form in ("stream", "parquet"):
            path = Path(folder) / f"card {name} {form}"
            path.mkdir()
            content = as_bytes(with_metadata(table, features), form)
            (path / f"train.{ending(form)}").write_bytes(content)
            card_text = f"---\ndataset_info:\n  features:\n{card}---\n"
            (path / "README.md").write_text(card_text)
            case = {"ending": ending(form), "place": place(content), "card": card_text}
            expected["cards"][f"{name}, {form}"] = case | shown(name, lambda: load_dataset(str(path), split="train"))

root = Path(__file__).resolve().parents[2] / "Tests/Fixtures/datasets"
text = json.dumps(expected, ensure_ascii=False, indent=0, separators=(",", ":"))
(root / "metadata.json").write_text(text + "\n", encoding="utf-8")
(root / "metadata.bin").write_bytes(bytes(blob))
print({kind: len(cases) for kind, cases in expected.items()}, len(blob), "bytes")
