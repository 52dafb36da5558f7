"""Writes the tables that patterns, scripts and graphemes of SwiftletTokenizers need.

    python Tools/reference/tokenizers_properties.py [Sources/SwiftletTokenizers/Unicode/UnicodePropertyData.swift]

As in tokenizers_unicode.py each scalar is put through the Rust library. What the library does not show on its own,
the properties behind grapheme boundaries, is taken from the `regex` package and checked against the library.
"""

import importlib.metadata
import struct
import sys
from pathlib import Path

# This file's folder holds a namesake of the library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

PINNED = {"tokenizers": "0.23.3", "regex": "2026.11.15"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these tables; found {found}")

import regex
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


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


def wrapped(text):
    lines = [text[i : i + 110] for i in range(0, len(text), 110)]
    return "\\\n".join(f"        {line}" for line in lines)


def matching(pattern):
    """Scalars that a pattern of one scalar matches, in the engine of Split and Replace."""
    split = pre_tokenizers.Split(Regex(pattern + "+"), "removed", invert=True)
    result = []
    for start in range(0, len(SCALARS), 8192):
        block = SCALARS[start : start + 8192]
        for _, (a, b) in split.pre_tokenize_str("".join(map(chr, block))):
            result += block[a:b]
    return result


CATEGORIES = (
    "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()
)
SCRIPTS = (
    "Han Hiragana Katakana Hangul Latin Greek Cyrillic Arabic Hebrew Thai Devanagari Bengali Tamil Telugu Kannada "
    "Malayalam Gujarati Gurmukhi Georgian Armenian Ethiopic Khmer Lao Myanmar Sinhala Tibetan Mongolian Bopomofo"
).split()
categories = {name: matching(rf"\p{{{name}}}") for name in CATEGORIES}
assert sum(map(len, categories.values())) == len(SCALARS), "categories overlap"
scripts = {name: matching(rf"\p{{{name}}}") for name in SCRIPTS}
spaces, words = matching(r"\s"), matching(r"\w")
assert matching(r"\d") == categories["Nd"]

digits, accents = pre_tokenizers.Digits(individual_digits=True), normalizers.StripAccents()
numeric = [c for c in SCALARS if len(digits.pre_tokenize_str(f"a{chr(c)}")) == 2]
marks = [c for c in SCALARS if accents.normalize_str(chr(c)) == ""]

# Scalars of one script stay together in UnicodeScripts; some go with every script.
by_script = pre_tokenizers.UnicodeScripts()


def stays(first, second):
    return len(by_script.pre_tokenize_str(first + second)) == 1


every = [c for c in SCALARS if stays("a", chr(c)) and stays("\u3042", chr(c))]
groups, number = [], {}
rest = sorted(set(SCALARS) - set(every))
position = 0
for piece, _ in by_script.pre_tokenize_str("".join(map(chr, rest))):
    group = next((g for g in groups if stays(chr(g[0]), piece[0])), None)
    if group is None:
        group = []
        groups.append(group)
    group += map(ord, piece)
assert sum(map(len, groups)) == len(rest) and len(groups) < 255

# Case: which scalars a scalar matches where case is ignored.
cased = regex.compile(r"\p{Changes_When_Casefolded}|\p{Changes_When_Casemapped}")
candidates = [c for c in SCALARS if cased.match(chr(c))]
text = "".join(map(chr, candidates))
cases = {}
for c in candidates:
    split = pre_tokenizers.Split(Regex(rf"(?i:\x{{{c:x}}})"), "removed", invert=True)
    same = {candidates[i] for _, (a, b) in split.pre_tokenize_str(text) for i in range(a, b)} - {c}
    if same:
        cases[c] = sorted(same)
folded = {c: text for c in candidates if len(text := chr(c).casefold()) > 1}

GRAPHEMES = {
    "control": "Control", "extend": "Extend", "joiner": "ZWJ", "spacing": "SpacingMark", "prepend": "Prepend",
    "leading": "L", "vowel": "V", "trailing": "T", "regional": "Regional_Indicator",
}


def having(pattern):
    compiled = regex.compile(pattern)
    return [c for c in SCALARS if compiled.match(chr(c))]


graphemes = {name: having(rf"\p{{GCB={value}}}") for name, value in GRAPHEMES.items()}
graphemes["pictograph"] = having(r"\p{Extended_Pictographic}")
conjuncts = {name: having(rf"\p{{InCB={name}}}") for name in ("Consonant", "Linker", "Extend")}

# The check: a charsmap that turns `a` into `X` turns a grapheme that begins with it into `X` as a whole.
units = [0] * 512
units[0] = 1 << 10  # The root's children lie at 1 ^ label.
units[1 ^ 0x61] = 0x61 | 1 << 8 | (256 ^ 1 ^ 0x61) << 10
units[256] = 1 << 31  # The value 0: the beginning of the texts.
charsmap = struct.pack("<I", len(units) * 4) + struct.pack(f"<{len(units)}I", *units) + b"X\0"
precompiled = normalizers.Precompiled(charsmap)
found = {c for c in SCALARS if c and precompiled.normalize_str(f"a{chr(c)}") == "X"}
expected = set(graphemes["extend"]) | set(graphemes["joiner"]) | set(graphemes["spacing"])
if found - expected:
    sys.exit(f"{sorted(map(hex, found - expected))} join the scalar before them, and should not")
# The package knows scalars that the library's Unicode version does not have yet.
newer = expected - found
for sets in (graphemes, conjuncts):
    for name, scalars in sets.items():
        sets[name] = [c for c in scalars if c not in newer]

output = Path(sys.argv[1] if len(sys.argv) > 1 else "Sources/SwiftletTokenizers/Unicode/UnicodePropertyData.swift")
with output.open("w") as file:

    def group(name, comment, sets):
        file.write(f"    /// {comment}\n    static let {name}: [(name: StaticString, scalars: StaticString)] = [\n")
        for key, scalars in sets.items():
            file.write(f'        (\n            "{key}",\n            """\n')
            file.write(wrapped(written(scalars)).replace("        ", "            ") + '\n            """\n        ),\n')
        file.write("    ]\n")

    def single(name, comment, text):
        file.write(f'    /// {comment}\n    static let {name}: StaticString = """\n{wrapped(text)}\n        """\n')

    file.write("// Made by Tools/reference/tokenizers_properties.py from tokenizers 0.23.3; do not edit.\n\n")
    file.write("/// Properties of scalars as the Rust library's parts have them: hexadecimal ranges.\n")
    file.write("enum UnicodePropertyData {\n")
    group("categories", "General categories; those that are not here are unassigned.", {k: v for k, v in categories.items() if k != "Cn"})
    group("scripts", "What `\\p{...}` of a script's name matches.", scripts)
    single("spaces", "`\\s` of a pattern.", written(spaces))
    single("words", "`\\w` of a pattern.", written(words))
    single("numeric", "What the pre-tokenizer for digits takes for one.", written(numeric))
    single("combiningMarks", "What the normalizer that strips accents deletes.", written(marks))
    single("anyScript", "What goes with every script.", written(every))
    single("scriptGroups", "Scalars of one script each; a group ends at `;`.", ";".join(written(g) for g in groups))
    single("cases", "Scalars and what else they match where case is ignored: `from:to to;`.", ";".join(f"{c:x}:" + " ".join(f"{d:x}" for d in v) for c, v in sorted(cases.items())))
    single("longFolds", "Scalars that match several where case is ignored: `from:first second ...;`.", ";".join(f"{c:x}:" + " ".join(f"{ord(d):x}" for d in t) for c, t in sorted(folded.items())))
    group("graphemes", "Classes of grapheme boundaries, but for syllables of Hangul.", graphemes)
    group("conjuncts", "Parts of conjuncts, within which there is no boundary.", conjuncts)
    file.write("}\n")
print(len(groups), "script groups,", len(cases), "scalars with case,", len(folded), "long folds,", len(newer), "newer scalars,", output.stat().st_size, "bytes")
