"""Tokenization speed on one thread, Swiftlet beside the Rust library.

    python Benchmarks/tokenizers.py LINES [FOLDER]

LINES holds a JSON list of one or two texts a line; FOLDER is a tokenizer, by default the model that the bootstrap
fetched. Build first: swift build -c release --build-tests.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from transformers import AutoTokenizer

root = Path(__file__).resolve().parent.parent
lines = Path(sys.argv[1]).resolve()
folder = sys.argv[2] if len(sys.argv) > 2 else str(root / ".deps/models/all-MiniLM-L6-v2")

rows = [tuple(json.loads(line)) for line in lines.open(encoding="utf-8")]
rows = [row if len(row) > 1 else row[0] for row in rows]
size = sum(len(text.encode()) for row in rows for text in (row if isinstance(row, tuple) else (row,)))


def median(function, repeats=9):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


load = median(lambda: AutoTokenizer.from_pretrained(folder), 3)
tokenizer = AutoTokenizer.from_pretrained(folder)
tokenizer("a", truncation=True)
backend = tokenizer.backend_tokenizer
ids = median(lambda: backend.encode_batch_fast(rows))
full = median(lambda: backend.encode_batch(rows))
print(f"{len(rows)} rows, {size} bytes")
print(f"Rust     load {load * 1000:6.1f} ms, ids {size / 1e6 / ids:6.1f} MB/s, with offsets {size / 1e6 / full:6.1f} MB/s")

environment = dict(os.environ, SWIFTLET_TOKENIZER_SPEED=str(lines), SWIFTLET_TOKENIZER=folder)
command = ["swift", "test", "-c", "release", "--skip-build", "--filter", "SpeedTests"]
output = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
found = [line for line in output.stdout.splitlines() if line.startswith("speed: ")]
if not found:
    sys.exit(f"the Swift side failed:\n{output.stdout[-2000:]}{output.stderr[-2000:]}")
speed = json.loads(found[0].removeprefix("speed: "))
print(
    f"Swiftlet load {speed['load_ms']:6.1f} ms, ids {speed['one_thread_mb_per_s']:6.1f} MB/s, with offsets "
    f"{speed['offsets_mb_per_s']:6.1f} MB/s; all threads {speed['all_threads_mb_per_s']:.1f} MB/s")
