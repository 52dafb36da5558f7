"""Makes Tests/Fixtures/datasets/files: what Python's load_dataset reads in small files of every kind, and how it writes
dates, times and decimal numbers.

Needs the environment of Tools/reference/setup (datasets 5.2.0, pyarrow 26.0.1, pandas 3.1.1).
usage: python Tools/reference/datasets_files.py
"""

import base64
import bz2
import datetime as dt
import decimal
import gzip
import io
import json
import logging
import lzma
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
# This folder holds files named like the packages that are imported.
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

import datasets  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from datasets import Dataset, load_dataset  # noqa: E402

assert datasets.__version__ == "5.2.0", datasets.__version__
datasets.disable_progress_bars()
logging.disable(logging.CRITICAL)

root = Path(__file__).resolve().parents[2] / "Tests/Fixtures/datasets/files"
root.mkdir(parents=True, exist_ok=True)
kinds = {"csv": "csv", "tsv": "csv", "json": "json", "jsonl": "json", "txt": "text", "parquet": "parquet"}
cases = []


def case(name, content, options=None, **python):
    """What load_dataset reads in a file of this name. `options` are those of Swiftlet, `python` those of Python."""
    content = content.encode() if isinstance(content, str) else content
    cache = tempfile.mkdtemp()
    path = os.path.join(cache, name)
    Path(path).write_bytes(content)
    kind = next(kinds[part] for part in name.split(".")[1:] if part in kinds)
    if ".tsv" in name:
        python.setdefault("sep", "\t")
    data = load_dataset(kind, data_files=path, cache_dir=cache, split="train", **python)
    cases.append({
        "name": name,
        "content": base64.b64encode(content).decode(),
        "options": options or {},
        "features": str(data.features),
        "rows": [str(row) for row in data],
    })
    shutil.rmtree(cache)


for text in [
    "18446744073709551615\n1", "-1\n18446744073709551615", "9223372036854775808\n1", "9223372036854775807\n-5", "1e400",
    "-1e400", "1e-400", "NAN", "NaN\n1", "+-5", "+5", "--5", "-+5", " 5 ", "5\t", "1e", "1.\n.5", "0x10", "1_000",
    "inf\n-Infinity", "infinity\n1", "nan", "True\nfalse", "TRUE\nFALSE", "1\n1.5", "1\n2.0", "01\n1", "1\na", "True\n1",
    "1 2", "1d5", "1E5", "0.1234567890123456789", "None\nx", "<NA>\n2", "#N/A\nTrue", "1\n\n2", "\"\"\nx", "-0", "1e5\n7",
    "18446744073709551615\n1.5", "-9223372036854775808", "1\n   \n2", "2020-01-01", "1,5\n", "-nan\n-NaN", "n/a\nN/A",
]:
    if "," not in text:
        case("x.csv", "x\n" + text + "\n")
for text in [
    "x,y\nTrue,1\n,1\n", "x,y\n,1\n", "x,y\n1,a\n,b\n", "a,a,b\n1,2,3\n", "a,a,a.1\n1,2,3\n", "a,,b\n1,2,3\n",
    "a,b\n\n   \n1,2\n", "a,b\r1,2\r", "a,b\r\n1,2\r\n", "a,b\n\"x\ny\",2\n", "a,b\n\"x\"y,1\n", "a,b\nx\"y\",1\n",
    "a,b\n\"x\"\"y\",1\n", "a,b\n\"\"\"\",1\n", "\ufeffa,b\n1,2\n", "a b,c\n1, x\n", "a,b\n\"x,y\",1", "a,b\n\"x\r\ny\",2\n",
    "a,b\n\"1\",2\n", "a,b\n\"NA\",2\n", "a,b\n x,\" y\"\n",
]:
    case("x.csv", text)
case("x.csv", "a;b\n1;2\n", {"delimiter": ";"}, sep=";")
case("x.csv", "a,b\n1,2\n", {"hasHeader": False}, header=None)
case("x.csv", "1,2\n3,4\n", {"columnNames": ["x", "y"]}, column_names=["x", "y"])
case("x.csv", "a,b\n1,2\n", {"columnNames": ["x", "y"], "hasHeader": True}, column_names=["x", "y"], header=0)
case("x.tsv", "a\tb\n\"x\t1\ny\"\t2\n", {"quoting": "none"}, quoting=3)
case("x.csv", "a,b\n'x,y',1\n", {"quoteCharacter": "'"}, quotechar="'")
case("x.csv", "é,b\n€,2\n".encode("utf-16"), {"encoding": "utf-16"}, encoding="utf-16")
case("x.csv", "é,b\n😀,2\n".encode("utf-16-be"), {"encoding": "utf-16-be"}, encoding="utf-16-be")
case("x.csv", "é,b\n€,2\n".encode("cp1252"), {"encoding": "cp1252"}, encoding="cp1252")
case("x.csv", "é,b\nñ,2\n".encode("latin-1"), {"encoding": "latin-1"}, encoding="latin-1")
case("x.csv", "a,b,c\n1,2,3\n", {"columns": ["c", "a"]}, usecols=["a", "c"])
for text in [
    '{"x": 18446744073709551615}\n', '{"x": -9223372036854775809}\n', '{"x": NaN}\n', '{"x": 1}\n{"x": 1.5}\n',
    '{"x": "2020-01-01"}\n{"x":"2020-02-01"}\n', '{"x": "2020-01-01T10:00:00Z"}\n', '{"x": 1}\nnull\n',
    '[{"x":1},{"x":2}]', '["a","b"]', "[1,2]", "[[1,2],[3,4]]", '{"a":[1,2],"b":["x","y"]}', '{\n"a":1,\n"b":2\n}',
    '{"x":1}{"x":2}\n', '{"x":[]}\n{"x":[1]}\n', '{"x":null}\n', '{"a":1}\n{"b":2}\n', '  {"a":1}\n\n{"a":2}',
    '\ufeff{"a":1}\n', '{"x": "1"}\n{"x": "2020-01-01"}\n', '[{"a":1},null]', '\n\n[{"a":1}]', '{"x": "a\\u00e9\\n"}\n',
    '{"a": {"b": [1, null]}}\n{"a": {"b": []}}\n',
]:
    case("x.jsonl", text)
case("x.jsonl", '{"é": "ü"}\n'.encode("latin-1"), {"encoding": "latin-1"}, encoding="latin-1")
for text in [
    '{"data":[{"a":1},{"a":2}],"v":1}', '{"data":{"a":[1,2]}}', '{"data":["x","y"]}', '{"data":[1,2]}',
    '{"data":{"a":{"0":1,"1":2}}}',
]:
    case("x.json", text, {"field": "data"}, field="data")
for text in ["a\r\nb\n\nc", "a\rb\n", "a\u2028b\n", " a \n"]:
    case("x.txt", text)


def zipped(name, content):
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return output.getvalue()


table = b"text,label\nfine,1\n\"so, so\",0\n"
case("x.csv.gz", gzip.compress(table, mtime=0))
case("x.csv.bz2", bz2.compress(table))
case("x.csv.xz", lzma.compress(table))
case("x.csv.zip", zipped("x.csv", table))
case("x.tsv.gz", gzip.compress(b"a\tb\n1\tx\n", mtime=0))
case("x.jsonl.gz", gzip.compress(b'{"a": 1}\n{"a": 2}\n', mtime=0))
case("x.json.xz", lzma.compress(b'[{"a": 1}, {"a": 2}]'))
case("x.txt.bz2", bz2.compress(b"one\ntwo\n"))
output = io.BytesIO()
pq.write_table(pa.table({"a": [1, 2], "b": ["x", None]}), output)
case("x.parquet", output.getvalue(), {"columns": ["b"]}, columns=["b"])
# Python reads no packed Parquet file; here it is what it is when unpacked.
case("x.parquet", output.getvalue())
cases[-1] |= {"name": "x.parquet.gz", "content": base64.b64encode(gzip.compress(output.getvalue(), mtime=0)).decode()}

# Columns of types that nobody asks for, as they are printed and written.
moment = dt.datetime
columns = {
    "zone": pa.array([moment(2020, 1, 1), None], pa.timestamp("us", tz="UTC")),
    "offset": pa.array([moment(2020, 1, 1, 1, 2, 3, 4000), moment(2020, 1, 1)], pa.timestamp("ms", tz="+05:30")),
    "west": pa.array([moment(2020, 1, 1, 1), None], pa.timestamp("s", tz="-03:00")),
    "dates": pa.array([moment(2020, 1, 1), moment(2021, 2, 3)], pa.timestamp("s")),
    "times": pa.array([moment(2020, 1, 1), moment(2021, 2, 3, 4)], pa.timestamp("s")),
    "fine": pa.array([moment(2020, 1, 1, 1, 2, 3, 4), moment(2020, 1, 2, 10)], pa.timestamp("us")),
    "milli": pa.array([moment(2020, 1, 1, 1, 2, 3, 4000), None], pa.timestamp("us")),
    "day": pa.array([dt.date(2020, 1, 1), None], pa.date32()),
    "day64": pa.array([dt.date(2020, 1, 1), dt.date(1969, 12, 31)], pa.date64()),
    "money": pa.array([decimal.Decimal("1.50"), None], pa.decimal128(10, 2)),
    "tiny": pa.array([decimal.Decimal("0"), decimal.Decimal("-0.0000001")], pa.decimal128(20, 10)),
    "huge": pa.array([decimal.Decimal("12345678901234567890123456789012345678901234567890.5"), None], pa.decimal256(60, 1)),
    "clock": pa.array([dt.time(1, 2, 3), None], pa.time32("s")),
    "clock64": pa.array([dt.time(1, 2, 3, 4), dt.time(1, 2)], pa.time64("us")),
    "span": pa.array([dt.timedelta(days=1, seconds=3), dt.timedelta(microseconds=-5)], pa.duration("us")),
    "days": pa.array([dt.timedelta(days=1), dt.timedelta(days=-2)], pa.duration("s")),
    "seconds": pa.array([dt.timedelta(seconds=-3), dt.timedelta(0)], pa.duration("s")),
    "fixed": pa.array([b"abc", None], pa.binary(3)),
    "word": pa.array(["a", None]).dictionary_encode(),
    "daylist": pa.array([[dt.date(2020, 1, 1)], []]),
    "inner": pa.array([{"t": moment(2020, 1, 1), "d": decimal.Decimal("0.5")}, None]),
    "large": pa.array([2**64 - 1, 0], pa.uint64()),
}
pq.write_table(pa.table(columns), root / "types.parquet")
with pa.OSFile(str(root / "types.arrow"), "wb") as sink, pa.ipc.new_file(sink, pa.table(columns).schema) as writer:
    writer.write_table(pa.table(columns))
# Types that Python's datasets refuse or rename: they have to be read, or left out.
rare = {
    "kept": pa.array([1, 2]),
    "view": pa.array(["a", "bc"], pa.string_view()),
    "bytes": pa.array([b"a", b"bc"], pa.binary_view()),
    "words": pa.array([["a", "b"], ["a"]], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
    "lists": pa.array([[1], [2, 3]], pa.list_view(pa.int64())),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 2], ["x", "y"]),
    "small": pa.array([decimal.Decimal("1.5"), None], pa.decimal64(5, 1)),
    "union": pa.UnionArray.from_dense(pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32()), [pa.array([1]), pa.array(["x"])]),
}
with pa.OSFile(str(root / "rare.arrow"), "wb") as sink, pa.ipc.new_stream(sink, pa.table(rare).schema) as writer:
    writer.write_table(pa.table(rare))

written = {}
for name, values in columns.items():
    data = Dataset(pa.table({name: values}))
    entry = {"features": str(data.features), "rows": [str(row) for row in data]}
    output = io.BytesIO()
    data.to_csv(output)
    entry["csv"] = output.getvalue().decode()
    output = io.BytesIO()
    data.to_json(output)
    entry["json"] = output.getvalue().decode()
    written[name] = entry

(root / "expected.json").write_text(json.dumps({"cases": cases, "types": written}, indent=1, ensure_ascii=True) + "\n")
print(len(cases), "cases")
