"""Makes Tests/Fixtures/datasets/json-forms.json: what Python makes of JSON of several kinds of values, or missing ones.

Needs the environment of Tools/reference/setup (datasets 5.2.0, pyarrow 26.0.1, pandas).
usage: python Tools/reference/datasets_json_forms.py
"""

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
from datasets import load_dataset  # noqa: E402

assert datasets.__version__ == "5.2.0", datasets.__version__
datasets.disable_progress_bars()
logging.disable(logging.CRITICAL)

# The values of the key `a` in each row.
VALUES = {
    "numbers and texts": [1, "x", None, True, 2.5, "7", "null", "[1]", " 1 ", '"'],
    "booleans and numbers": [True, 1],
    "whole numbers and fractions": [1, 1.5],
    "structures and texts": [{"x": 1}, "s", None],
    "structures and lists": [{"x": 1}, [1]],
    "lists and numbers": [[1], 1],
    "mixed lists": [[1, "x"], [None], None, []],
    "lists of lists and numbers": [[[1], 2]],
    "lists of other types": [[1], ["x"]],
    "deep lists": [[[1], ["x"]]],
    "structures without a key": [{"x": 1}, {"x": 2, "y": 3}],
    "structures with other keys": [{"x": 1}, {"y": 2}],
    "structures without keys": [{}, {}],
    "keys in another order": [{"x": 1, "y": 2}, {"y": 3, "x": 4}],
    "lists of structures with other keys": [[{"x": 1}], [{"x": 2, "y": 3}, None]],
    "lists of structures without keys": [[{}]],
    "mixed fields": [{"x": 1, "y": "s"}, {"x": "t", "y": 2}],
    "mixed fields and parents": [{"x": 1}, {"x": "s"}, 3],
    "mixed fields in lists": [[{"b": 1}, {"b": "x"}], [{"b": None}]],
    "mixed lists in lists": [[{"b": [1]}, {"b": ["x"]}]],
    "mixed depths": [{"b": {"c": [1, "x"]}}, {"b": {"c": [{"d": 1}]}}],
    "keys that need escapes": [{'b/c"\\é\n': 1}, {'b/c"\\é\n': "x"}],
    "texts that need escapes": [1, 'é/"q"\n\t\u2028\U0001f642\\', {"k\n": "v\u0001"}],
    "dates and numbers": ["2020-01-01", 1],
    "dates and texts": ["2020-01-01", "x"],
    "null structures": [{"x": 1}, None],
    "null structures first": [None, {"x": 1}],
    "null structures within": [{"b": {"x": 1}}, {"b": None}, None],
    "null lists": [None, [1], [None]],
    "nulls in lists": [[1, None], [None, None], [None, 2]],
    "nulls first in lists": [[None, 1], [2]],
    "nulls alone in lists": [[None, None]],
    "nulls alone in lists of fields": [{"x": [None, None]}, {"x": None}],
    "nulls alone in deep lists": [[[None, None], None, []]],
    "nulls in lists of texts": [[None, "a", None], None, ["b"]],
    "nulls in lists of structures": [[{"x": 1}, None], [None, {"x": None}]],
    "nulls first in lists of structures": [[None, None, {"x": [None, 1]}]],
    "nulls in lists of lists": [[None, [None, {"x": 1}], []], None],
    "nulls in lists of fields": [{"l": [None, {"x": 1}]}, {"l": None}, None],
    "empty lists first": [[], [1]],
    "empty lists": [[], None],
    "nothing": [None],
    "large numbers": [9223372036854775807, -9223372036854775808, "x"],
}


def forms(values):
    """The same rows in the forms of a file: its ending, the field, the text."""
    rows = [{"a": value, "i": number} for number, value in enumerate(values)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    yield "lines", "jsonl", None, lines
    yield "list", "json", None, json.dumps(rows)
    yield "indented list", "json", None, json.dumps(rows, indent=1)
    yield "empty line", "json", None, lines.replace("\n", "\n\n", 1)
    yield "field", "json", "d", json.dumps({"n": 1, "d": rows})


OBJECTS = {
    "columns": {"a": [1, 2], "b": ["x", None]},
    "lists of other lengths": {"a": [1, 2], "b": ["x"]},
    "a list and a text": {"a": [1, 2], "b": "x"},
    "values": {"a": 1, "b": "x"},
    "numbered rows": {"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}},
    "named rows": {"a": {"r": 1, "s": 2}, "b": {"r": "x", "s": "y"}},
    "one list": {"a": [{"x": 1}, {"x": 2}]},
    "empty lists": {"a": [], "b": []},
    "a structure": {"a": {"b": {"c": 1}}},
}


def objects(value):
    yield "object", "json", None, json.dumps(value)
    yield "line", "jsonl", None, json.dumps(value) + "\n"
    yield "indented object", "json", None, json.dumps(value, indent=1)
    yield "object of a field", "json", "d", json.dumps({"d": value})


# Whole files: the ending, the field and the text.
TEXTS = [("jsonl", None, text) for text in [
    '{"v":{"x",null}}\n', '{"a":1}\n{"a":truth}\n', '{"a":1}\n{"a":"x"}\n{"a":{"b" 2}}\n', '{"a":1}\n{"a":[1,]}\n',
    '{"a":1}\n{"a":"\\x"}\n', '{"a":"x"}\n{"a":1}\n{"a":"\\u12g4"}\n', '{"a":"x"}\n{"a":1}\n{"a":+1}\n',
    '{"a":"x"}\n{"a":1}\n{"a":[}\n', '{"a":"x"}\n{"a":1}\n{"a":{"b":1 "c":2}}\n', '{"a":"x"}\n{"a":1}\n{"a":--1}\n',
    '{"a":1}\nnonsense\n{"a":2}\n', 'nope\n{"a":1}\n', '{"a":1}\nnul\n', '{"k\\u0041":[null,1],"z":nul}\n',
    '{"v":{"a":1,"a":2}}\n{"v":{"a":1}}\n', '{"v":{"a":1,"a":2}}\n{"v":{"a":"x"}}\n',
    '{"b":[null,"2020-01-01"]}\n', '{"b":[null,"2020-01-01"],"c":"2020-01-01"}\n{"b":[],"c":"x"}\n',
    '{"a":null,"b":[null,1]}\n', '{"b":[null,{"x":null,"y":1}]}\n', '{"b":[null,1],"n":{}}\n',
    '{"b":[null,{"x":null,"y":1}],"z":null,"t":"2020-01-01T00:00:00"}\n{"z":[1]}\n',
    '{"b":[null,[null,"2020-01-01"]],"d":{"e":null,"f":[null,{"g":"2020-01-01 00:00:00"}]}}\n',
    '{"a":[{"b":null},{"b":[null,null]}]}\n{"a":[null,{"b":[1]}]}\n', '{"a":{"b":null}}\n{"a":{"b":[null,true]}}\n',
    '{"v":"x"}\n{"v":{"a":1}}\n{"v":Infinity}\n{"v":1e999}\n{"v":{"b":NaN}}\n{"v":-Infinity}\n',
    '{"v":"x"}\n{"v":1}\n{"v":"a\tb"}\n{"v":{"k\tl":"\x01"}}\n', '{"v":[{"a":1},2,1e999,"x"]}\n', '{"v":"x"}\n{"v":{"a":1}}\n{"v":"\\ud83d\\ude00 \u00e9 \\u00e9"}\n',
]]
TEXTS += [("json", None, text) for text in [
    '["x",truth]', '[{"a":1},nope]', '["x",n]', '[null]', '[null,null]', '[1,]',
    '[{"a":1},{"a":truth}]', '[{"a":1},{"a":{"b" 2}}]', '[{"a":NaN,"t":"NaN, Infinity"},{"a":1.5}]',
    '[{"a":Infinity},{"a":-Infinity}]', '[NaN]', '[NaN,1]', '["NaN",NaN]', '[{"a":[NaN,1],"b":{"c":NaN}}]',
    '[{"a":"x\\"NaN"},{"a":"I"}]',
]]
TEXTS += [("json", "d", text) for text in [
    '{"d":[1]} x', '{"d":[1]}}', '{"d":[null]}', '{"x":truth,"d":[{"a":1}]}', '{"d":[{"a":NaN},{"a":1.5}]}', '{"d":{"a":[1,NaN]}}', '{"d":[1,2],"y":[1,]}',
    *('{"d":%s}' % rows for rows in [
        '[{"a":1.0},{"a":2.0}]', '[{"a":1.0},{"a":null}]', '[{"a":1.0},{"a":1e18}]', '[{"a":1e19}]', '[{"a":-0.0}]',
        '[{"a":[1.0]},{"a":[2]}]', '[{"a":{"b":1.0}}]', '[{"x":"2020-01-01"},{"x":null}]', '["2020-01-01"]', '[1.0,2.0]',
        '[{"date":"2020-01-01"},{"date":null}]', '[{"Date":"2020-01-01 10:00:00"}]', '[{"x":{"date":"2020-01-01"}}]',
        '[{"created_at":"2020-01-01"},{"created_at":"x"}]', '[{"x":["2020-01-01"]}]', '[{"date":2020}]',
        '[{"a":1},{"a":2.5}]', '[{"a":true},{"a":null}]', '{"a":[1.0,2.0],"b":["2020-01-01","2020-01-02"]}',
        '[{"date":["2020-01-01"]}]', '[{"start_time":"2020-01-01T10:00:00","time":"2020-01-01"}]',
    ]),
]]

expected = {}
with tempfile.TemporaryDirectory() as folder:
    named = [(n, f, *rest) for n, v in VALUES.items() for f, *rest in forms(v)]
    named += [(n, f, *rest) for n, v in OBJECTS.items() for f, *rest in objects(v)]
    named += [(f"text {number}", f"{ending}", ending, field, text) for number, (ending, field, text) in enumerate(TEXTS)]
    for number, (name, form, ending, field, text) in enumerate(named):
        path = Path(folder) / f"{number}.{ending}"
        path.write_text(text, encoding="utf-8")
        case = {"ending": ending, "field": field, "text": text}
        try:
            data = load_dataset("json", data_files=str(path), split="train", **({"field": field} if field else {}))
            case |= {"features": str(data.features), "rows": [repr(row) for row in data]}
        except Exception:
            # Nulls that Arrow loses count of are read by a way that takes no empty line.
            if form == "empty line" and name.startswith("nulls"):
                continue
        expected[f"{name}, {form}"] = case

root = Path(__file__).resolve().parents[2] / "Tests/Fixtures/datasets"
text = json.dumps(expected, ensure_ascii=False, separators=(",", ":"))
(root / "json-forms.json").write_text(text + "\n", encoding="utf-8")
