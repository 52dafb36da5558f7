#!/usr/bin/env python3
"""Datasets, Swiftlet beside Python's library, in turn.

    swift build -c release --product swiftlet-benchmark
    python Benchmarks/datasets.py [--dataset FOLDER] [--rounds 5] [--program PATH]

Loading MRPC with and without a filled cache, `map` with its tokenizer, `filter`, rows in random order, reading a Parquet
file of 200 thousand rows. One thread on each side; CPU time is what counts, because other programs on the machine slow
both sides down alike. Needs what `Tools/reference/setup` installs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

here = Path(__file__).resolve().parent
root = here.parent
# This file hides the library of the same name.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != here]
os.environ.update(TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1", OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1",
                  ARROW_NUM_THREADS="1")
NAMES = ["load_cold", "load_warm", "map_tokenizer", "filter", "shuffle_rows", "parquet"]


def python_side(arguments):
    """What `swiftlet-benchmark datasets` does."""
    import datasets
    import pyarrow
    from transformers import AutoTokenizer

    pyarrow.set_cpu_count(1)
    datasets.disable_progress_bars()
    datasets.utils.logging.set_verbosity_error()
    figures = {}

    def measure(name, function):
        wall, cpu = time.perf_counter(), time.process_time()
        result = function()
        figures[name] = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        return result

    with tempfile.TemporaryDirectory() as cache:
        def load():
            return datasets.load_dataset(arguments.dataset, arguments.config, cache_dir=cache)
        measure("load_cold", load)
        train = measure("load_warm", load)["train"]
        tokenizer = AutoTokenizer.from_pretrained(arguments.tokenizer)
        tokenizer("a", truncation=True)
        tokenized = measure("map_tokenizer", lambda: train.map(
            lambda b: tokenizer(b["sentence1"], b["sentence2"], truncation=True), batched=True))
        figures["tokens"] = sum(map(len, tokenized["input_ids"][:]))
        figures["kept"] = measure("filter", lambda: train.filter(lambda row: row["label"] == 1)).num_rows

        def rows():
            shuffled = train.shuffle(seed=1)
            return sum(shuffled[i * 7919 % len(shuffled)]["idx"] for i in range(10_000))
        figures["sum"] = measure("shuffle_rows", rows)
        figures["parquet_rows"] = measure("parquet", lambda: datasets.Dataset.from_parquet(
            arguments.parquet, cache_dir=cache)).num_rows
    print(json.dumps(figures))


def run(command):
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{finished.stderr[-2000:]}")
    return json.loads(finished.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default=str(root.parent / "shared/hub/datasets/nyu-mll/glue"))
    parser.add_argument("--config", default="mrpc")
    parser.add_argument("--tokenizer", default=str(root / ".deps/models/all-MiniLM-L6-v2"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--program", default=str(root / ".build/release/swiftlet-benchmark"))
    parser.add_argument("--parquet", help=argparse.SUPPRESS)
    parser.add_argument("--python", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.python:
        return python_side(arguments)
    with tempfile.TemporaryDirectory() as folder:
        import pyarrow as pa
        import pyarrow.parquet as pq

        parquet = os.path.join(folder, "many.parquet")
        count = 200_000
        pq.write_table(pa.table({
            "idx": list(range(count)), "text": [f"row {i} of a table that is read" for i in range(count)],
            "real": [i / 7 for i in range(count)]}), parquet)
        ours = [arguments.program, "datasets", arguments.dataset, arguments.config, arguments.tokenizer, parquet]
        theirs = [sys.executable, __file__, "--python", "--dataset", arguments.dataset, "--config", arguments.config,
                  "--tokenizer", arguments.tokenizer, "--parquet", parquet]
        runs = []
        for number in range(arguments.rounds):
            # The side that begins takes turns, so that a machine that slows down favours neither.
            if number % 2 == 0:
                swift, python = run(ours), run(theirs)
            else:
                python, swift = run(theirs), run(ours)
            for key in ("tokens", "kept", "sum", "parquet_rows"):
                assert swift[key] == python[key], (key, swift[key], python[key])
            runs.append((swift, python))
    print(f"{'':16}{'Swiftlet ms':>12}{'Python ms':>12}{'ratio':>8}{'least':>8}{'most':>8}{'wall':>8}")
    report = {}
    for name in NAMES:
        ratios = [python[name]["cpu"] / swift[name]["cpu"] for swift, python in runs]
        wall = statistics.median(python[name]["wall"] / swift[name]["wall"] for swift, python in runs)
        middle = [statistics.median(pair[side][name]["cpu"] for pair in runs) * 1000 for side in (0, 1)]
        report[name] = {"swiftlet_ms": middle[0], "python_ms": middle[1], "ratios": ratios}
        print(f"{name:16}{middle[0]:12.1f}{middle[1]:12.1f}{statistics.median(ratios):8.1f}{min(ratios):8.1f}"
              f"{max(ratios):8.1f}{wall:8.1f}")
    print(json.dumps(report))


main()
