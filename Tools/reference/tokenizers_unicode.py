"""Writes the Unicode tables of SwiftletTokenizers.

    python Tools/reference/tokenizers_unicode.py [Sources/SwiftletTokenizers/Unicode/UnicodeData.swift]

The Rust library mixes Unicode versions (each of its crates has tables of its own), so the tables are not taken from
a Unicode release: each scalar is put through the library and what comes out is recorded. tokenizers_properties.py
does the same for patterns, scripts and graphemes.
"""

import importlib.metadata
import sys
import unicodedata
from pathlib import Path

# This file's folder holds a namesake of the library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

PINNED = {"tokenizers": "0.23.3"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these tables; found {found}")

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xAC00 + 11172)


def bert(**options):
    flags = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**flags, **options})


def ranges(scalars):
    result = []
    for c in sorted(scalars):
        if result and result[-1][1] == c - 1:
            result[-1][1] = c
        else:
            result.append([c, c])
    return result


def written(scalars):
    return ",".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in ranges(scalars))


def mapped(mapping):
    return ";".join(f"{c:x}:" + " ".join(f"{ord(d):x}" for d in text) for c, text in sorted(mapping.items()))


def wrapped(text):
    lines = [text[i : i + 110] for i in range(0, len(text), 110)]
    return "\\\n".join(f"        {line}" for line in lines)


clean, chinese, strip = bert(clean_text=True), bert(handle_chinese_chars=True), bert(strip_accents=True)
nfd, lower, split = normalizers.NFD(), normalizers.Lowercase(), pre_tokenizers.BertPreTokenizer()
nfc, nfkd = normalizers.NFC(), normalizers.NFKD()
sets = {name: [] for name in ("removed", "spaces", "ideographs", "marks", "punctuation", "whitespace", "word")}
decompositions, compatibles, lowercases, excluded = {}, {}, {}, []

for c in SCALARS:
    s = chr(c)
    if (text := clean.normalize_str(f"a{s}b")) == "ab":
        sets["removed"].append(c)
    elif text == "a b":
        sets["spaces"].append(c)
    if chinese.normalize_str(s) == f" {s} ":
        sets["ideographs"].append(c)
    if strip.normalize_str(s) == "" and nfd.normalize_str(s) == s:
        sets["marks"].append(c)
    pieces = [piece for piece, _ in split.pre_tokenize_str(f"a{s}b")]
    if pieces == ["a", s, "b"]:
        sets["punctuation"].append(c)
    elif pieces == ["a", "b"]:
        sets["whitespace"].append(c)
    if (text := nfd.normalize_str(s)) != s and c not in HANGUL:
        decompositions[c] = text
        if nfc.normalize_str(s) != s:
            excluded.append(c)
    if (compatible := nfkd.normalize_str(s)) != text:
        compatibles[c] = compatible
    if (text := lower.normalize_str(s)) != s:
        lowercases[c] = text

# Canonical combining classes are stable once assigned; the library's are those of the scalars that it reorders.
classes = {}
for c in SCALARS:
    order = unicodedata.combining(chr(c))
    if order == 0:
        continue
    other = "\u0345" if order < 240 else "\u0334"
    first, second = (other, chr(c)) if order < 240 else (chr(c), other)
    if nfd.normalize_str(f"a{first}{second}") == f"a{second}{first}" or c == 0x345 or c in decompositions:
        classes.setdefault(order, []).append(c)

# What \w is to the pattern of added tokens that are whole words only.
words = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
words.add_tokens([AddedToken("TOK", single_word=True, normalized=False)])
token = words.token_to_id("TOK")
for start in range(0, len(SCALARS), 65536):
    block = SCALARS[start : start + 65536]
    for c, encoding in zip(block, words.encode_batch([f"{chr(c)}TOK" for c in block])):
        if token not in encoding.ids:
            sets["word"].append(c)

output = Path(sys.argv[1] if len(sys.argv) > 1 else "Sources/SwiftletTokenizers/Unicode/UnicodeData.swift")
output.parent.mkdir(parents=True, exist_ok=True)
comments = {
    "removed": "What the cleaning of BERT's normalizer deletes.",
    "spaces": "What it turns into a space.",
    "ideographs": "What gets a space on both sides.",
    "marks": "What stripping of accents deletes after the decomposition.",
    "punctuation": "What BERT's pre-tokenizer isolates.",
    "whitespace": "What it splits at.",
    "word": "Letters, marks, digits and connectors: `\\w` of a pattern.",
}
with output.open("w") as file:
    file.write("// Made by Tools/reference/tokenizers_unicode.py from tokenizers 0.23.3; do not edit.\n\n")
    file.write("/// Properties of scalars as the Rust library has them: hexadecimal ranges, and mappings `from:to to;`.\n")
    file.write("enum UnicodeData {\n")
    for name, scalars in sets.items():
        file.write(f"    /// {comments[name]}\n    static let {name}: StaticString = \"\"\"\n")
        file.write(wrapped(written(scalars)) + "\n        \"\"\"\n")
    file.write("    /// Canonical decompositions in full, without Hangul syllables.\n")
    file.write(f"    static let decompositions: StaticString = \"\"\"\n{wrapped(mapped(decompositions))}\n        \"\"\"\n")
    file.write("    /// Those of them that no composition leads to.\n")
    file.write(f"    static let excluded: StaticString = \"\"\"\n{wrapped(written(excluded))}\n        \"\"\"\n")
    file.write("    /// Compatibility decompositions in full, where they differ from the canonical ones.\n")
    file.write(f"    static let compatibles: StaticString = \"\"\"\n{wrapped(mapped(compatibles))}\n        \"\"\"\n")
    file.write("    static let lowercases: StaticString = \"\"\"\n")
    file.write(f"{wrapped(mapped(lowercases))}\n        \"\"\"\n")
    file.write("    /// Scalars of each canonical combining class but 0: `class:ranges;`, the class in hexadecimal too.\n")
    text = ";".join(f"{order:x}:{written(scalars)}" for order, scalars in sorted(classes.items()))
    file.write(f"    static let combiningClasses: StaticString = \"\"\"\n{wrapped(text)}\n        \"\"\"\n}}\n")
print({name: len(v) for name, v in sets.items()}, len(decompositions), len(lowercases), sum(map(len, classes.values())))
