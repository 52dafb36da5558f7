"""Compares Swiftlet's tokenizers with the Rust library on more than a million lines.

    swift build -c release --build-tests
    python Tools/reference/tokenizers_compare.py WORK [--hub HUB] [--only NAME,...] [--share N] [--tokenizer NAME=FOLDER]...

Lines and tokenizers are made in WORK, and stay there; see tokenizers_lines.py and tokenizers_kinds.py. HUB holds GLUE's
files as the Hub has them (datasets/nyu-mll/glue). Each line goes through the model that the bootstrap fetched, through a
tokenizer of each kind, and through those given by --tokenizer. Ids, type ids, both masks, offsets, words and tokens have
to be the same; a line that the library refuses has to be refused. What Swiftlet saves is loaded by Python, and has to do
the same with some of the lines. Prints a line for each tokenizer, and the first differences. With --share only each Nth
line is taken.
"""

import argparse
import importlib.metadata
import itertools
import json
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

here = Path(__file__).resolve().parent
root = here.parent.parent
# This file's folder holds a namesake of the library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != here] + [str(here)]

PINNED = {"tokenizers": "0.23.3", "transformers": "5.23.0", "sentencepiece": "0.2.3"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found != wanted:
        sys.exit(f"{name} {wanted} is what is compared with; found {found}")

import tokenizers_kinds
import tokenizers_lines
from transformers import AutoTokenizer


def swiftlet(lines, folder, output, saved):
    names = {"LINES": lines, "OUTPUT": output, "SAVED": saved}
    environment = {f"SWIFTLET_TOKENIZER_{name}": str(path) for name, path in names.items()}
    environment = dict(os.environ, SWIFTLET_TOKENIZER=str(folder), **environment)
    command = ["swift", "test", "-c", "release", "--skip-build", "--filter", "LineTests"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the Swift side failed on {folder}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def batches(path, size=512):
    batch = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            batch.append(json.loads(line))
            if len(batch) == size:
                yield batch
                batch = []
    yield batch


def is_whole(texts):
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def expected(encoding):
    """As Tests/SwiftletTokenizersTests/LineTests.swift writes it."""
    if encoding is None:
        return struct.pack("<i", -1)
    numbers = [len(encoding.ids), *encoding.ids, *encoding.type_ids, *encoding.attention_mask, *encoding.special_tokens_mask]
    for offsets in encoding.offsets:
        numbers += offsets
    numbers += [-1 if word is None else word for word in encoding.word_ids]
    tokens = b"".join(token.encode() + b"\0" for token in encoding.tokens)
    numbers.append(len(tokens))
    return struct.pack(f"<{len(numbers)}i", *numbers) + tokens


def parts(record):
    """A record's lists by name."""
    if len(record) < 8:
        return {"refused": True}
    count = struct.unpack_from("<i", record)[0]
    result, position = {}, 4
    for name, width in [("ids", 1), ("types", 1), ("mask", 1), ("special", 1), ("offsets", 2), ("words", 1)]:
        result[name] = list(struct.unpack_from(f"<{count * width}i", record, position))
        position += 4 * count * width
    result["tokens"] = record[position + 4 :].decode(errors="replace").split("\0")[:-1]
    return result


def explain(texts, wanted, found):
    print("  ", json.dumps(texts)[:300])
    wanted, found = parts(wanted), parts(found)
    for name in wanted:
        if wanted[name] != found.get(name):
            first = next((i for i, pair in enumerate(zip(wanted[name], found.get(name, []))) if pair[0] != pair[1]), 0) if name != "refused" else 0
            show = lambda values: values if isinstance(values, bool) or values is None else values[max(0, first - 4) : first + 8]
            print(f"      {name} at {first}: {show(wanted[name])}, found {show(found.get(name))}")


def read(file):
    """The next record of the Swift side."""
    head = file.read(4)
    count = struct.unpack("<i", head)[0] if len(head) == 4 else -1
    if count < 0:
        return head
    body = file.read(4 * 7 * count + 4)
    return head + body + file.read(struct.unpack("<i", body[-4:])[0])


def refuses(backend, texts):
    try:
        backend.encode(*texts)
    except Exception:
        return True
    return False


def loaded(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer("a", truncation=True)
    return tokenizer.backend_tokenizer


def compare(lines, folder, output, saved):
    """The number of lines, of those that differ, of those that both refuse, and of those that were compared twice."""
    backend, again = loaded(folder), loaded(saved)
    total = different = refused = twice = 0
    with open(output, "rb") as file:
        for number, batch in enumerate(batches(lines)):
            rows = [tuple(texts) if len(texts) > 1 and texts[1] else texts[0] for texts in batch if is_whole(texts)]
            encodings = backend.encode_batch(rows)
            if number % 16 == 0:
                twice += len(rows)
                for row, first, second in zip(rows, encodings, again.encode_batch(rows)):
                    if expected(first) != expected(second):
                        sys.exit(f"{saved} does not do what {folder} does with {json.dumps(row)}")
            encodings = iter(encodings)
            for texts in batch:
                if is_whole(texts):
                    wanted = expected(next(encodings))
                else:
                    assert refuses(backend, texts)
                    wanted = expected(None)
                    refused += 1
                found = read(file)
                total += 1
                if found != wanted:
                    different += 1
                    if different <= 5:
                        explain(texts, wanted, found)
        if file.read(1):
            sys.exit(f"there is more in {output} than lines in {lines}")
    return total, different, refused, twice


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("work", type=Path)
    options.add_argument("--hub", default=str(root / "shared/hub"))
    options.add_argument("--only", type=lambda names: names.split(","))
    options.add_argument("--share", type=int, default=1, metavar="N")
    options.add_argument("--tokenizer", action="append", default=[], metavar="NAME=FOLDER")
    options = options.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    lines = work / f"lines-{options.share}.jsonl"
    if not lines.exists():
        with lines.open("w", encoding="utf-8") as file:
            for texts in itertools.islice(tokenizers_lines.every(options.hub), 0, None, options.share):
                file.write(json.dumps(texts) + "\n")
    folders = {"minilm": root / ".deps/models/all-MiniLM-L6-v2"}
    folders |= {name: Path(folder) for name, folder in (item.split("=", 1) for item in options.tokenizer)}
    for name in tokenizers_kinds.make(work, tokenizers_lines.training(options.hub)):
        folders[name] = work / name
    sums = [0, 0]
    for name, folder in folders.items():
        if options.only and name not in options.only:
            continue
        output, saved = work / f"{name}.out", work / f"{name}.saved"
        start = time.time()
        swiftlet(lines, folder.resolve(), output, saved)
        total, different, refused, twice = compare(lines, folder, output, saved)
        output.unlink()
        sums = [sums[0] + total, sums[1] + different]
        print(f"{name:22} {total} lines, {different} different, {refused} refused by both, {twice} again as saved, {time.time() - start:.0f} s", flush=True)
    print(f"{'all':22} {sums[0]} lines, {sums[1]} different")
    sys.exit(1 if sums[1] else 0)


if __name__ == "__main__":
    main()
