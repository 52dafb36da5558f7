"""Writes where the reference's regular expressions match in long texts, for Swiftlet's.

    python Tools/reference/tokenizers_patterns.py [Tests/Fixtures/tokenizers]

The texts are long enough that Swiftlet's matcher remembers which ways have failed. Those on which the reference gives up,
or that have too many matches to be kept, are left out.
"""

import importlib.metadata
import json
import os
import random
import sys
from pathlib import Path

# This file's folder holds a file named like a package.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

if (found := importlib.metadata.version("tokenizers")) != "0.23.3":
    sys.exit(f"tokenizers 0.23.3 is needed to make these fixtures; found {found}")

from tokenizers import Regex, pre_tokenizers

PATTERNS = [
    r"\s+$", r"\s+(?!\S)|\s+", r"a+b|a+c", r"(?:a+)+b|a+", r"\s*?x|\s+", r"a*?b|.+", r"(?=a+b)a+|c", r"a++b|a+", r"\w+\s*$|\w+",
    r"\s+?$", r"\s++$", r"a{2,}b|b", r"a{2,5}b|ab", r"(?:ab|a)+c|b+", r"é+b|é+", r"[aé]+?b|b+", r"a*a*b|b", r"(?:\s+a?)+$|x",
    r"\s+$|\s", r"(\s+)$|\s{2}", r"[ \t]+\z|a+", r"\s*[\r\n]+$|\s{1,3}", r"\s(?=\s*x)|\s+|a+", r"(?>\s+x)|\s{3}|a+", r"a{1,3}(?=(?:a{3})*b)|a+?",
    r"(?:\s\s?)+y|\s{5}", r"a(?=(?:a+b)*x)|a+|b", r"(?:a+b)*x|a+|.", r"(?:\s*a)*+b|\s+|a{4}", r"(?>a(?=a*b))|\s+|ab", r"(?=(?:ab|a)*c)ab?|b",
    r"(?<=a)b+c|b", r"a+?a+b|c", r"(?>a+)b|ab", r"x*a+x*b|x", r"(?!a+c)a+|b+", r"(?=\s+y)\s|x", r"\s*\s*$",
]
UNITS = [("a", [1, 30, 900]), ("b", [1]), (" ", [1, 30, 1500]), ("x", [1]), ("é", [1, 200]), ("c", [1]), ("ab", [1, 100])]
draws = random.Random(3)


def matches(pattern, text):
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    try:
        return [list(offsets) for _, offsets in split.pre_tokenize_str(text)]
    except BaseException as error:
        if "retry-limit" in str(error):
            return None
        raise


os.environ["RUST_BACKTRACE"] = "0"
cases = []
for pattern in PATTERNS:
    kept = 0
    while kept < 3:
        chosen = [draws.choice(UNITS) for _ in range(draws.choice([2, 4, 10]))]
        parts = [[unit, draws.choice(counts)] for unit, counts in chosen]
        text = "".join(unit * count for unit, count in parts)
        if len(text) < 800:
            continue
        kept += 1
        found = matches(pattern, text)
        if found is not None and len(found) < 600:
            cases.append({"pattern": pattern, "parts": parts, "words": found})
output = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/tokenizers")
(output / "long-patterns.json").write_text(json.dumps(cases, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
print(len(cases), "cases")
