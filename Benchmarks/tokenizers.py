#!/usr/bin/env python3
"""Tokenization speed, Swiftlet beside the Rust library, in turn.

    swift build -c release --build-tests
    python Benchmarks/tokenizers.py [--dataset FOLDER] [--texts mrpc|mixed|adversarial] [--rounds 5]
        [--assets FOLDER]

Pairs of MRPC, or of Benchmarks/python/tokenizer_texts.py, through the WordPiece model that the bootstrap fetched, and
through byte-level BPE and unigram models of the size of RoBERTa's and XLM-R's, which are made of MRPC on the first run.
Each side gets one thread, and CPU time is what counts: other programs on the machine slow both sides down alike, at worst. How much faster several threads are is
measured by the clock, and so needs an idle machine. Needs what `Tools/reference/setup` installs.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

here = Path(__file__).resolve().parent
root = here.parent
# This file hides the library of the same name.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != here] + [str(here / "python")]
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import pyarrow.parquet
import tokenizer_assets
import tokenizer_texts
from transformers import AutoTokenizer


def timed(function, repeats=5):
    """The median of CPU seconds of this thread."""
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        function()
        times.append(time.thread_time() - start)
    return statistics.median(times)


class Rust:
    """As Python's tokenizers call the library."""

    def __init__(self, folder, rows, size):
        self.folder, self.rows, self.size = folder, rows, size
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer("a", truncation=True)
        self.backend = tokenizer.backend_tokenizer

    def measure(self):
        load = timed(lambda: AutoTokenizer.from_pretrained(self.folder), 3)
        ids = timed(lambda: self.backend.encode_batch_fast(self.rows))
        offsets = timed(lambda: self.backend.encode_batch(self.rows), 3)
        return {"load_ms": load * 1000, "ids": self.size / 1e6 / ids, "offsets": self.size / 1e6 / offsets}


def swiftlet(lines, folder):
    environment = dict(os.environ, SWIFTLET_TOKENIZER_SPEED=str(lines), SWIFTLET_TOKENIZER=str(folder))
    command = ["swift", "test", "-c", "release", "--skip-build", "--filter", "SpeedTests"]
    output = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    found = [line for line in output.stdout.splitlines() if line.startswith("speed: ")]
    if not found:
        sys.exit(f"the Swift side failed:\n{output.stdout[-2000:]}{output.stderr[-2000:]}")
    return json.loads(found[0].removeprefix("speed: "))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", type=Path, default=root / "../shared/hub/datasets/nyu-mll/glue/mrpc",
                        help="a folder of Parquet files with sentence1 and sentence2")
    parser.add_argument("--texts", default="mrpc", choices=["mrpc", *tokenizer_texts.KINDS])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--assets", type=Path, default=root / ".build/tokenizer-assets")
    options = parser.parse_args()
    rows = []
    for path in sorted(options.dataset.glob("**/*.parquet")):
        table = pyarrow.parquet.read_table(path, columns=["sentence1", "sentence2"])
        rows += zip(table["sentence1"].to_pylist(), table["sentence2"].to_pylist())
    if not rows:
        sys.exit(f"there are no Parquet files in {options.dataset}; give --dataset")
    texts = [text for row in rows for text in row]
    if options.texts != "mrpc":
        rows = tokenizer_texts.pairs(options.texts)
    size = sum(len(text.encode()) for row in rows for text in row)
    assets = options.assets.resolve()
    assets.mkdir(parents=True, exist_ok=True)
    lines = assets / "pairs.jsonl"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    kinds = {
        "BERT": root / ".deps/models/all-MiniLM-L6-v2",
        "byte-level BPE": tokenizer_assets.byte_level(assets / "byte-level", texts),
        "unigram": tokenizer_assets.unigram(assets / "unigram", texts),
    }
    print(f"{options.texts}: {len(rows)} pairs, {size} bytes, {options.rounds} rounds; MB/s of CPU time on one thread, ids only")
    print(f"{'':16}{'tokens':>8}{'Swiftlet':>10}{'Rust':>8}{'ratio':>8}{'least':>8}{'most':>8}{'offsets':>9}{'load ms':>9}{'Rust':>8}{'2 threads':>11}")
    for name, folder in kinds.items():
        rust = Rust(folder, rows, size)
        rounds = []
        for number in range(options.rounds):
            # The side that begins takes turns.
            sides = [lambda: swiftlet(lines, folder), rust.measure]
            results = [side() for side in (sides if number % 2 == 0 else reversed(sides))]
            rounds.append(results if number % 2 == 0 else results[::-1])

        def median(side, key):
            return statistics.median(results[side][key] for results in rounds)

        ratios = [ours["ids"] / theirs["ids"] for ours, theirs in rounds]
        offsets = statistics.median(ours["offsets"] / theirs["offsets"] for ours, theirs in rounds)
        scaling = max(ours["two_threads"] for ours, _ in rounds)
        print(
            f"{name:16}{len(AutoTokenizer.from_pretrained(folder)):8}{median(0, 'ids'):10.1f}{median(1, 'ids'):8.2f}{statistics.median(ratios):8.1f}"
            f"{min(ratios):8.1f}{max(ratios):8.1f}{offsets:9.1f}{median(0, 'load_ms'):9.1f}{median(1, 'load_ms'):8.0f}{scaling:11.2f}", flush=True)


main()
