"""Makes Tests/Fixtures/datasets/json.parquet and json.arrow: columns of Python's feature Json().

Needs the environment of Tools/reference/setup (datasets 5.2.0, pyarrow 26.0.1). usage: python Tools/reference/datasets_json.py
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp()
sys.path = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

import datasets  # noqa: E402
from datasets import Dataset, Features, Json, List  # noqa: E402

assert datasets.__version__ == "5.2.0", datasets.__version__
datasets.disable_progress_bars()

root = Path(__file__).resolve().parents[2] / "Tests/Fixtures/datasets"
data = Dataset.from_dict(
    {
        "j": [{"a": 1}, [1, "x", None], "text", None, 2.5, True],
        "l": [[{"b": 0}, {"c": "d"}], [], [1], None, ["s"], [[2]]],
    },
    features=Features({"j": Json(), "l": List(Json())}),
)
assert str(data.features) == "{'j': Json(decode=True), 'l': List(Json(decode=True))}"
data.to_parquet(root / "json.parquet")
with tempfile.TemporaryDirectory() as folder:
    data.save_to_disk(folder)
    shutil.copy(f"{folder}/data-00000-of-00001.arrow", root / "json.arrow")
