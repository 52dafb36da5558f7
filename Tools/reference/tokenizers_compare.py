"""Compares Swiftlet's tokenizers with the Rust library on many lines.

    python Tools/reference/tokenizers_compare.py lines FILE [COUNT]
        writes lines, each a JSON list of one or two texts: every Unicode scalar inside a sentence, then COUNT lines
        of random scalars, many of which combine.
    SWIFTLET_TOKENIZER_LINES=FILE [SWIFTLET_TOKENIZER=FOLDER] swift test --filter LineTests
        writes FILE.swiftlet: ids, type ids, offsets and word numbers of each line. With SWIFTLET_TOKENIZER_SAVED
        the tokenizer is saved to that folder as well, which can then be the FOLDER of the comparison.
    python Tools/reference/tokenizers_compare.py compare FILE FOLDER
        compares FILE.swiftlet, and prints the hash of ids and type ids.
"""

import hashlib
import json
import random
import sys
from pathlib import Path

# This file's folder holds a namesake of the library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]


def lines(path, count=100_000):
    rng = random.Random(1)
    scalars = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    marks = [*range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x64B, 0x660), *range(0x1DC0, 0x1E00), 0x302E, 0x302F,
             *range(0x1D165, 0x1D170), *range(0xF71, 0xF85), *range(0x93C, 0x950), *range(0x20D0, 0x20F1), 0x9BE, 0x9D7]
    low = [c for c in range(0x3100) if c not in marks]
    with open(path, "w", encoding="utf-8") as file:
        def write(*texts):
            file.write(json.dumps(texts) + "\n")
        for c in scalars:
            write(f"The man{chr(c)}told {chr(c)} us{chr(c)}.")
        for _ in range(count):
            pool = rng.choice([scalars, marks + low[:256], low, marks])
            text = "".join(chr(rng.choice(rng.choice([pool, pool, low[32:127], marks]))) for _ in range(rng.randint(1, 40)))
            special = rng.choice(["", "", "", "[MASK]", " [SEP]", "[CLS", "[PAD][UNK]"])
            cut = rng.randint(0, len(text))
            text = text[:cut] + special + text[cut:]
            write(text) if rng.random() < 0.7 else write(text, text[::-1])


def compare(path, folder):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    digest, different, total = hashlib.sha256(), 0, 0

    def batches(file, size=4096):
        batch = []
        for line in file:
            batch.append(json.loads(line))
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    with open(path, encoding="utf-8") as inputs, open(f"{path}.swiftlet", encoding="utf-8") as outputs:
        tokenizer("a", truncation=True)
        for batch in batches(inputs):
            pairs = [tuple(texts) if len(texts) > 1 and texts[1] else texts[0] for texts in batch]
            for texts, encoding in zip(batch, tokenizer.backend_tokenizer.encode_batch(pairs)):
                parts = (
                    encoding.ids, encoding.type_ids, [n for pair in encoding.offsets for n in pair],
                    [-1 if word is None else word for word in encoding.word_ids],
                )
                expected = "|".join(" ".join(map(str, part)) for part in parts)
                found = outputs.readline().rstrip("\n")
                digest.update(("|".join(found.split("|")[:2]) + "\n").encode())
                total += 1
                if found != expected:
                    different += 1
                    if different <= 10:
                        print(json.dumps(texts), "\n  expected", expected, "\n  found   ", found)
        rest = outputs.readline()
    print(f"{total} lines, {different} different{', lines left over' if rest else ''}, sha256 {digest.hexdigest()}")
    sys.exit(1 if different or rest else 0)


if __name__ == "__main__":
    if sys.argv[1] == "lines":
        lines(sys.argv[2], *map(int, sys.argv[3:]))
    else:
        compare(sys.argv[2], sys.argv[3])
