"""Writes what normalizers, pre-tokenizers, post-processors and decoders of the Rust library make of texts.

    python Tools/reference/tokenizers_components.py [Tests/Fixtures/tokenizers] [--more COUNT FILE]

Every component is put into a tokenizer whose model has a token for each byte. So the ids are the bytes of the
normalized text, the word numbers say how it was split, and the offsets where each scalar came from.
`components-texts.jsonl` has a line for each configuration: the parts, and for each text the words and the offsets;
`components-pairs.jsonl` has calls with special tokens, `components-decoded.jsonl` decodings. With `--more`, the first
kind is written for COUNT random texts, too many to keep; the tests read them if SWIFTLET_COMPONENT_CASES names them.
"""


import base64
import importlib.metadata
import json
import random
import struct
import sys
from pathlib import Path

# This file's folder holds a namesake of the library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

PINNED = {"tokenizers": "0.23.3"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

from tokenizers import Tokenizer


def charsmap(replacements):
    """A table as SentencePiece writes it: a double-array trie of UTF-8, then the replacements."""
    texts, values = b"", {}
    for old, new in replacements.items():
        values[old.encode()] = len(texts)
        texts += new.encode() + b"\0"
    trie = {}
    for key, value in values.items():
        node = trie
        for byte in key:
            node = node.setdefault(byte, {})
        node[-1] = value
    units, used = [0], {0}

    def place(node, position):
        labels = [0 if label == -1 else label for label in node]
        # Offsets have 21 bits, or 29 of which the last 8 are zero; small ones are all that is needed here.
        offset = next(o for o in range(1, 1 << 21) if not any((o ^ position ^ label) in used for label in labels))
        base = offset ^ position
        used.update(base ^ label for label in labels)
        while len(units) <= max(base ^ label for label in labels) | 255:
            units.append(0)
        units[position] |= offset << 10 | (1 << 8 if -1 in node else 0)
        for label, child in node.items():
            if label == -1:
                units[base] = 1 << 31 | child
            else:
                units[base ^ label] = label
                place(child, base ^ label)

    place(trie, 0)
    data = struct.pack("<I", len(units) * 4) + struct.pack(f"<{len(units)}I", *units) + texts
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(data).decode()}


# Replacements that are longer, shorter, empty, of a part of a grapheme, and of what no scalar alone is.
REPLACEMENTS = {
    "\u2122": "TM", "\x1f": "", "\t": " ", "\n": " ", "e\u0301": "\u00e9", "\u00e9": "e", "o": "0\u0301\u0323", "\uff76": "\u30ab", "\r\n": "\n\n",
    "\u00a9\ufe0f": "(c)", "\u0301": "", "\u3000": " ", "\u00bd": "1\u20442", "\u1100": "G", "\u1100\u1161": "\uac00", "\ufdfa": "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647",
    "\U0001d518": "U", "\U0001d518x": "V", "g\u0308": "", "\u0e01\u0e33": "k", "a\u0327": "c", "\u200b": "", "a": "a", " ": "\u2581",
}
TEXTS = [
    "", " ", "  ", "\n", "a", " a", "a ", "\u2581", "\u2581a\u2581 b", "'s", "\r\n\r\n", "\u0301", "\u200d", "\x00", "\U0010ffff",
    "Hello, world! It's 2024; we've\tgot  3.14 apples\u2026 don't YOU'LL I'd we'Re",
    "  leading and trailing   \n\n next\r\nline \u3000 wide\u00a0nbsp\u2003em  ",
    "Zażółć gęślą jaźń, Größe STRASSE ﬁn ﬀ ½ ² Ⅷ ℃ ㍿ ｶﾞ Å \u212b \u2126 Ǆ İI",
    "e\u0301 o\u0308\u0323 o\u0323\u0308 a\u0328\u0301\u0302 q\u0307\u0323 \u0344\u0323 \u0f73\u0f71 \u0340 \u1e9b\u0323 \u2adc",
    "Съешь ещё Ёжик, Ξεσκεπάζω ΣΊΣΥΦΟΣ ᾳ ῷ ΐ, Հայերեն ქართული ᏣᎳᎩ",
    "עִבְרִית 123 الْعَرَبِيَّةُ ٠١٢٣ فارسی ﷺ, हिन्दी क्षत्रिय बांग्ला தமிழ் తెలుగు ಕನ್ನಡ മലയാളം",
    "ภาษาไทยไม่มี ເປັນພາສາລາວ ខ្មែរ မြန်မာ བོད་སྐད ᠮᠣᠩᠭᠣᠯ አማርኛ",
    "我来到北京。漢字かな交じり文、テスト！ﾊﾝｶｸ 한국어 문장 각난닫 가각 \u1100\u1161\u11a8\u1100\u1161\u11a7",
    "👩‍👩‍👧‍👦 👍🏽 🇩🇪🇫🇷 ❤️ 🏳️‍🌈 ©️ ™ 1️⃣ 😀😃",
    "a\u0000b\u0001c\td\u000be\u000cf\u001fg\u007fh\u0085i\u009fj\u00adk\u200bl\u200dm\ufeffn\ufffdo\u2028p\u180eq",
    "for (int i=0;i<n;++i){x[i]+=foo->bar(\"%d\\n\",i);} // TODO https://ex.com/a?b=%20 C:\\Dir $9.99 #tag a_b",
    "𝔘𝔫𝔦 𐐀𐐨 𞤀𞤢 豈 \u2f800 𠀀𪜀 \u0378 \ue000 \u1d2c\u2c7c ٣௧๓ Ⅻ ①⑳ 𝟘",
    "ſ K \u1e9e 'ſ 'T 'LL \u2019s d'Re I'M\u00a0X\u3000Y don\u02bct ŉ ǰ",
    "\u0915\u094d\u0937\u0940 \u0e01\u0e33 \u0600a \u1b05\u1b35 \U000110bd\U0001108a g\u0308\u200d\u0301 a\u0327\u0301x",
    "\u1100\u1160\u11a8\uac00\u302e \ud7c6\u11ff | \u0cbf\u0cd5 \u09c7\u09be \u0dd9\u0dca \U00011131\U00011127",
]

BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}


def replace(old, new):
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def split(pattern, behavior="Isolated", invert=False, kind="Regex"):
    return {"type": "Split", "pattern": {kind: pattern}, "behavior": behavior, "invert": invert}


def metaspace(scheme="always", split=True, replacement="\u2581"):
    return {"type": "Metaspace", "replacement": replacement, "prepend_scheme": scheme, "split": split}


def sequence(kind, *parts):
    names = {"normalizer": "normalizers", "pre_tokenizer": "pretokenizers", "decoder": "decoders", "post_processor": "processors"}
    return {"type": "Sequence", names[kind]: list(parts)}


BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
NORMALIZERS = [
    *({"type": form} for form in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel")),
    {"type": "Strip", "strip_left": True, "strip_right": True},
    {"type": "Strip", "strip_left": True, "strip_right": False},
    {"type": "Strip", "strip_left": False, "strip_right": True},
    replace(" ", "\u2581"), replace("a", ""), replace("\u0301", "<>"), replace("  ", " "),
    {"type": "Prepend", "prepend": "\u2581"}, {"type": "Prepend", "prepend": "xy "},
    sequence("normalizer", {"type": "NFKC"}, {"type": "Lowercase"}, {"type": "NFD"}, {"type": "StripAccents"}),
    sequence("normalizer", {"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Prepend", "prepend": "\u2581"}, replace(" ", "\u2581")),
    sequence("normalizer", {"type": "NFD"}, {"type": "NFC"}, {"type": "ByteLevel"}),
    charsmap(REPLACEMENTS), charsmap({"a": "xyz", "b": ""}),
    sequence("normalizer", charsmap(REPLACEMENTS), replace("  ", " "), {"type": "Nmt"}),
    {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
]
PRE_TOKENIZERS = [
    {"type": "BertPreTokenizer"}, {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "UnicodeScripts"},
    *({**BYTE_LEVEL, "add_prefix_space": a, "use_regex": b} for a in (False, True) for b in (False, True)),
    *(metaspace(scheme, split) for scheme in ("always", "first", "never") for split in (True, False)),
    metaspace("always", True, "_"),
    *({"type": "Punctuation", "behavior": behavior} for behavior in BEHAVIORS),
    {"type": "Digits", "individual_digits": True}, {"type": "Digits", "individual_digits": False},
    *(split(" ", behavior, invert, "String") for behavior in BEHAVIORS for invert in (False, True)),
    split("", "Isolated", False, "String"), split("\u2026", "MergedWithNext", False, "String"),
    {"type": "CharDelimiterSplit", "delimiter": "a"},
    {"type": "FixedLength", "length": 1}, {"type": "FixedLength", "length": 5},
    sequence("pre_tokenizer", {"type": "WhitespaceSplit"}, metaspace("first")),
    sequence("pre_tokenizer", {"type": "Digits", "individual_digits": True}, {**BYTE_LEVEL, "add_prefix_space": True}),
    sequence("pre_tokenizer", {"type": "Punctuation", "behavior": "Isolated"}, metaspace("always")),
    sequence("pre_tokenizer", BYTE_LEVEL, {"type": "FixedLength", "length": 3}),
]
BOTH = [
    ({"type": "NFKC"}, metaspace("first")),
    ({"type": "Strip", "strip_left": True, "strip_right": False}, metaspace("first")),
    (sequence("normalizer", {"type": "NFD"}, {"type": "StripAccents"}), BYTE_LEVEL),
    (replace(" ", ""), {**BYTE_LEVEL, "add_prefix_space": True}),
    ({"type": "Prepend", "prepend": " "}, {"type": "WhitespaceSplit"}),
]

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
PATTERNS = [
    GPT2,
    # cl100k, Llama 3, Qwen 2, o200k, DeepSeek, CLIP, BLOOM, StarCoder.
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", r"<\|startoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+", r" ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    # One construct after another.
    r"\s+", r"\S+", r"\d+", r"\D", r"\w+|\W", r"\h+", r"\p{Han}+|\p{Hiragana}+", r"\P{L}+", r"\p{^Lu}", r"\p{Uppercase_Letter}\p{ll}*",
    r"[^\W\d_]+", r"[\w.-]+", r"[a-cx-]+", r"[a-d&&[^bc]]+", r"[[:digit:][:space:]]+", r"[[a-c]x[^\x{0}-\x{7f}]]+", r"[\]\[\-^]", r"[^\n]+",
    r"a*", r"a*?b", r"\w+?o", r"\w{2,3}", r"\w{2,3}?", r"\w{3}", r"\w{2,}", r"\w{,2} ", r"(?:ab|a)(?:c|bc)?", r"\w++\s", r"\w*+.", r"(?:[a-z]{2})+", r"(?:\w,?){1,2}+",
    r"(?>a|ab)c?", r"(?=[A-Z])", r"(?<=[a-z])(?=[A-Z0-9])", r"(?<!\w)'\w", r"(?<=,|!!)\s", r"(?<=\s\s)\S", r"\bd|\b", r"\B", r"^.", r".$", r"^", r"$", r"\A.", r".\z", r".\Z",
    r"(?m:.+)", r"(?i)k|s", r"(?i:[a-z]+)", r"(?i:\u00e9)|x", r"(?i:[^k])", r"x(?i)y|I", r"(?-i:a)", r"(\w)(\s)", r"(?<name>o)", r"a{,}|{|}", r"(?#comment)o", r"", r"|a", r"\x61|\x{4e2d}|\u6587",
]
REPLACED = [(r"\s+", " "), (r" {2,}", "\u2581"), (r"\p{M}", ""), (r"[^\x00-\x7f]", "?"), (r"(?<=a)|\d", "-"), ("\u200b|\u0301", "")]

BYTES = {f"<0x{b:02X}>": b for b in range(256)}


def tokenizer(**parts):
    document = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": None, "post_processor": None, "decoder": None,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": True, "ignore_merges": False,
            "vocab": BYTES, "merges": [],
        },
        **parts,
    }
    return Tokenizer.from_str(json.dumps(document))


def observed(encoding):
    """The words of an encoding, and the offsets of each of their scalars."""
    words, offsets = [], []
    number = None
    for id, word, place in zip(encoding.ids, encoding.word_ids, encoding.offsets):
        if word != number:
            words.append(bytearray())
            number = word
        if id & 0xC0 == 0x80:
            assert tuple(offsets[-2:]) == place
        else:
            offsets += place
        words[-1].append(id)
    return [word.decode("utf-8") for word in words], offsets


def configurations():
    for normalizer in NORMALIZERS:
        yield {"normalizer": normalizer}
    for pre_tokenizer in PRE_TOKENIZERS:
        yield {"pre_tokenizer": pre_tokenizer}
    for index, pattern in enumerate(PATTERNS):
        yield {"pre_tokenizer": split(pattern, *(("Isolated", False) if index % 3 < 2 else ("Removed", True)))}
    for behavior in BEHAVIORS:
        for invert in (False, True):
            yield {"pre_tokenizer": split(r"\s|[aeo]+", behavior, invert)}
    for pattern, content in REPLACED:
        yield {"normalizer": {"type": "Replace", "pattern": {"Regex": pattern}, "content": content}}
    for normalizer, pre_tokenizer in BOTH:
        yield {"normalizer": normalizer, "pre_tokenizer": pre_tokenizer}


def hostile(rng):
    """Scalars drawn from everywhere, with many that combine."""
    pools = [
        range(0x20, 0x7F), range(0x20, 0x7F), [0x20, 0x0A, 0x0D, 0x27, 0xA0, 0x3000], range(0xA0, 0x250), range(0x300, 0x370),
        range(0x370, 0x530), range(0x590, 0x700), range(0x900, 0xE00), range(0xE00, 0x1000), range(0x1100, 0x1200),
        range(0x1AB0, 0x1B80), range(0x1DC0, 0x2150), range(0x2460, 0x2500), range(0x3000, 0x3400), range(0x4E00, 0x4E80),
        range(0xAC00, 0xAD00), range(0xF900, 0xFB50), range(0xFB50, 0xFE00), range(0xFE00, 0xFFFF), range(0x1D150, 0x1D190),
        range(0x1D400, 0x1D7FF), range(0x1F1E6, 0x1F700), range(0x2F800, 0x2FA1E), range(0x11000, 0x11480), [0x200D, 0xFE0F, 0x1F468],
        [c for c in range(0, 0x110000, 37) if not 0xD800 <= c < 0xE000],
    ]
    return "".join(chr(rng.choice(rng.choice(pools))) for _ in range(rng.randint(1, 24)))


def texts(parts, count):
    # A few of the texts for each configuration, other ones each time.
    rng = random.Random(json.dumps(parts))
    few = "Regex" in json.dumps(parts)
    return rng.sample(TEXTS[15:], 6) if few else rng.sample(TEXTS, min(count, len(TEXTS)))


def lines(choose):
    for parts in configurations():
        try:
            made = tokenizer(**parts)
        except Exception as error:
            sys.exit(f"{parts}: {error}")
        cases = []
        for text in choose(parts):
            words, offsets = observed(made.encode(text))
            cases.append([text, words, offsets])
        yield {"parts": parts, "cases": cases}


def write(path, rows):
    count = 0
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
    print(path, count, "lines", Path(path).stat().st_size, "bytes")


SPECIAL = {"bos": 0x02, "eos": 0x03}


def special(name):
    return [f"<0x{SPECIAL[name]:02X}>", SPECIAL[name]]


def template(single, pair):
    def piece(text):
        name, type_id = text.split(":")
        if name in "AB":
            return {"Sequence": {"id": name, "type_id": int(type_id)}}
        return {"SpecialToken": {"id": name, "type_id": int(type_id)}}

    tokens = {name: {"id": name, "ids": [id], "tokens": [f"<0x{id:02X}>"]} for name, id in SPECIAL.items()}
    return {
        "type": "TemplateProcessing", "single": [piece(p) for p in single.split()],
        "pair": [piece(p) for p in pair.split()], "special_tokens": tokens,
    }


def roberta(trims, adds):
    return {"type": "RobertaProcessing", "sep": special("eos"), "cls": special("bos"), "trim_offsets": trims, "add_prefix_space": adds}


def pairs():
    """Calls through byte-level tokens that spaces are part of."""
    rows = []
    processors = [
        *(roberta(trims, adds) for trims in (False, True) for adds in (False, True)),
        {**BYTE_LEVEL, "add_prefix_space": True}, {**BYTE_LEVEL, "trim_offsets": False},
        template("bos:0 A:0 eos:0", "bos:0 A:0 eos:0 B:1 eos:1"), template("A:1", "B:1 eos:2 A:0"),
        {"type": "BertProcessing", "sep": special("eos"), "cls": special("bos")},
        sequence("post_processor", BYTE_LEVEL, template("bos:0 A:0 eos:0", "A:0 eos:1 B:2")),
        sequence("post_processor", template("bos:0 A:0", "A:0 eos:1 B:2"), {**BYTE_LEVEL, "add_prefix_space": True}),
        sequence("post_processor", BYTE_LEVEL, BYTE_LEVEL, {**BYTE_LEVEL, "trim_offsets": False}),
    ]
    vocab = {f"<0x{b:02X}>": b for b in range(256)}
    alphabet = sorted({c for text in TEXTS for c in tokenizer(pre_tokenizer=BYTE_LEVEL).pre_tokenizer.pre_tokenize_str(text) for c in c[0]})
    for c in alphabet:
        vocab[c] = len(vocab)
    merges = [["\u0120", "a"], ["\u0120", "\u0120"], ["\u0120\u0120", "\u0120"], ["H", "e"], ["\u0120", "w"], ["a", "\u0120"]]
    for first, second in merges:
        vocab[first + second] = len(vocab)
    for processor in processors:
        for adds in (False, True):
            parts = {
                "pre_tokenizer": {**BYTE_LEVEL, "add_prefix_space": adds, "use_regex": adds}, "post_processor": processor,
                "model": {
                    "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                    "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                    "vocab": vocab, "merges": [" ".join(m) for m in merges],
                },
            }
            made = tokenizer(**parts)
            cases = []
            for text, pair in [
                (" Hello, world", None), ("  a  a", "a "), ("a", " a b"), ("x   ", "   y a a"), ("\u3000a \u00a0", None), ("H", "e"),
            ]:
                for adds_special in (True, False):
                    e = made.encode(text, pair, add_special_tokens=adds_special)
                    cases.append([text, pair, adds_special, e.ids, e.type_ids, [n for o in e.offsets for n in o], e.special_tokens_mask])
            rows.append({"parts": {k: v for k, v in parts.items() if k != "model"}, "cases": cases})
    return {"vocab": vocab, "merges": [" ".join(m) for m in merges]}, rows


DECODERS = [
    {"type": "WordPiece", "prefix": "##", "cleanup": True}, {"type": "WordPiece", "prefix": "##", "cleanup": False},
    {"type": "WordPiece", "prefix": "", "cleanup": False},
    BYTE_LEVEL, metaspace("always"), metaspace("first"), metaspace("never"), metaspace("always", True, "_"),
    {"type": "BPEDecoder", "suffix": "</w>"}, {"type": "BPEDecoder", "suffix": ""},
    {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": True},
    {"type": "CTC", "pad_token": "<pad>", "word_delimiter_token": "|", "cleanup": False},
    {"type": "CTC", "pad_token": "a", "word_delimiter_token": "", "cleanup": True},
    replace("\u2581", " "), replace("a", ""), {"type": "Fuse"}, {"type": "ByteFallback"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0}, {"type": "Strip", "content": "a", "start": 2, "stop": 1},
    sequence("decoder", replace("\u2581", " "), {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}),
    sequence("decoder", BYTE_LEVEL, {"type": "WordPiece", "prefix": " ", "cleanup": True}),
]
TOKENS = [
    "a", "aa", "aab", "##b", "##", "Hello", "\u0120world", "\u0120", "\u00e2\u0124", "\u00ac", "\u00f0\u0141\u013a", "\u00e9", "\u2581the", "\u2581", "\u2581\u2581x",
    "_y_", "lo</w>", "</w>", "<pad>", "|", "h", "e", "l", "<0x61>", "<0xE2>", "<0x82>", "<0xAC>", "<0xF0>", "<0x+5>", "<0xGG>", "<0x\u00e9>",
    " .", " do not", " n't", "'s", " '", "?", " ", "  z ", "\u0301", "\U0001f600", "ba\u00e7",
]


def decoded():
    rng = random.Random(11)
    vocab = {token: id for id, token in enumerate(TOKENS)}
    lists = [[], *([id] for id in range(len(TOKENS)))]
    lists += [[rng.randrange(len(TOKENS)) for _ in range(rng.randint(2, 9))] for _ in range(40)]
    lists += [[vocab[t] for t in ("<0xE2>", "<0x82>", "<0xAC>")], [vocab[t] for t in ("h", "h", "e", "l", "<pad>", "l", "|", "|", "a")]]
    yield {"tokens": TOKENS}
    for decoder in DECODERS:
        made = tokenizer(decoder=decoder, model={"type": "WordLevel", "vocab": vocab, "unk_token": "a"})
        cases = []
        for ids in rng.sample(lists, 30) + [[]]:
            try:
                cases.append([ids, made.decode(ids)])
            except BaseException as error:  # The library panics where tokens are shorter than what is to be stripped.
                print("  left out:", decoder["type"], ids, type(error).__name__)
        yield {"decoder": decoder, "cases": cases}


if "--more" in sys.argv:
    count, path = sys.argv[sys.argv.index("--more") + 1 :][:2]
    rng = random.Random(int(count))
    more = [hostile(rng) for _ in range(int(count))]
    write(path, lines(lambda parts: TEXTS + more))
else:
    output = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/tokenizers")
    write(output / "components-texts.jsonl", lines(lambda parts: texts(parts, 14)))
    head, rows = pairs()
    write(output / "components-pairs.jsonl", [head, *rows])
    write(output / "components-decoded.jsonl", decoded())
