"""Writes the fixtures that hold the models of tokenizer.json (BPE, Unigram, WordLevel) to the Rust library.

    python Tools/reference/tokenizers_models.py [Tests/Fixtures/tokenizers]

Trains or makes small models, writes each as `models-NAME/tokenizer.json` without normalizer and pre-tokenizer, so that
a text is one word, and records in `models-cases.jsonl` what the reference makes of words: one word a line.
"""

import importlib.metadata
import json
import random
import sys
from pathlib import Path

# This file's folder holds a module that would hide the library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

PINNED = {"tokenizers": "0.23.3"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

SENTENCES = [
    "the quick brown fox jumps over the lazy dog, then the other fox jumps again and again",
    "lower lowest slower newer newest wider widest under understand understanding",
    "Der schnelle braune Fuchs springt über den faulen Hund; größere Straßen, süße Früchte",
    "Le cœur déçu mais l'âme plutôt naïve, où étiez-vous à Noël dernier",
    "Быстрая коричневая лиса прыгает через ленивую собаку быстро и легко",
    "東京都に住んでいます。今日は天気がいいです。日本語の文章",
    "한국어 문장은 띄어쓰기가 있습니다 그리고 조사가 붙습니다",
    "नमस्ते दुनिया यह एक वाक्य है और यह दूसरा वाक्य है",
    "مرحبا بالعالم هذه جملة قصيرة وهذه جملة أخرى",
    "1234567890 3.14159 2024-02-29 10:30 100 1000 10000",
]


def byte_level():
    """The scalar that stands for each byte in byte-level vocabularies."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + n) for n, byte in enumerate(others)}


def trained(model, trainer, pre=None, lines=SENTENCES):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre or pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(lines, trainer)
    return json.loads(tokenizer.to_str())["model"]


def bpe(size, model=None, pre=None, **options):
    options = {"vocab_size": size, "show_progress": False, "special_tokens": ["<unk>"]} | options
    return trained(model or models.BPE(unk_token="<unk>"), trainers.BpeTrainer(**options), pre)


def shuffled(rng, count, prefix=""):
    """Merges of three letters in an order that no trainer would give."""
    vocabulary = {"<unk>": 0}
    for letter in "abc":
        for token in {letter, prefix + letter}:
            vocabulary.setdefault(token, len(vocabulary))
    merges = []
    while len(merges) < count:
        left, right = (rng.choice([t for t in vocabulary if t != "<unk>"]) for _ in range(2))
        if prefix and not right.startswith(prefix):
            continue
        joined = left + right[len(prefix):]
        if len(joined) > 9:
            continue
        vocabulary.setdefault(joined, len(vocabulary))
        merges.append([left, right])
    rng.shuffle(merges)
    return {"type": "BPE", "unk_token": "<unk>", "continuing_subword_prefix": prefix or None, "vocab": vocabulary, "merges": merges}


def rounding(rng):
    """Scores of many digits whose last bit decides: it makes a difference whether they are read as Python reads them."""
    while True:
        vocabulary = [["<unk>", -30.0]] + [["a" * n, -n * 1.5 - 5 - rng.random()] for n in (1, 2, 3, 5)]
        model = {"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": False}
        document = {"version": "1.0", "added_tokens": [], "model": model}
        read, exact = Tokenizer.from_str(json.dumps(document)), Tokenizer(models.Unigram([(token, score) for token, score in vocabulary], 0, False))
        if any(read.encode("a" * n).ids != exact.encode("a" * n).ids for n in range(4, 41)):
            return model


def all_models():
    rng = random.Random(11)
    level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    found = {
        "byte-level": bpe(420, models.BPE(), level, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=["<s>"]),
        "bpe-plain": bpe(300, limit_alphabet=120),
        "bpe-fuse": bpe(300, models.BPE(unk_token="<unk>", fuse_unk=True, end_of_word_suffix="</w>"), limit_alphabet=90, end_of_word_suffix="</w>"),
        "bpe-prefix": bpe(260, models.BPE(unk_token="<unk>", continuing_subword_prefix="##"), limit_alphabet=90, continuing_subword_prefix="##"),
        "bpe-silent": bpe(200, models.BPE(), limit_alphabet=60, special_tokens=[]),
        "bpe-shuffled": shuffled(rng, 60),
        "bpe-shuffled-prefix": shuffled(rng, 60, "@@"),
    }
    codes = [f"<0x{byte:02X}>" for byte in range(256)]
    found["bpe-bytes"] = bpe(
        480, models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), limit_alphabet=80, special_tokens=["<unk>", *codes])
    # Some bytes only, so that unknown tokens and bytes stand side by side, and an affix that is cut into bytes.
    found["bpe-some-bytes"] = bpe(
        300, models.BPE(unk_token="<unk>", fuse_unk=False, byte_fallback=True, end_of_word_suffix="</w>"),
        limit_alphabet=40, special_tokens=["<unk>", *codes[:0xC4]], end_of_word_suffix="</w>")
    found["bpe-whole"] = json.loads(json.dumps(found["bpe-plain"]))
    found["bpe-whole"]["ignore_merges"] = True
    for word in ("zzz", "quickly", "the fox"):
        found["bpe-whole"]["vocab"][word] = len(found["bpe-whole"]["vocab"])
    # Merges as texts, one of them twice, and two tokens of one id: the order of equal results matters then.
    legacy = json.loads(json.dumps(found["bpe-shuffled"]))
    legacy["vocab"]["abcabc"] = legacy["vocab"]["ab"]
    legacy["merges"] = [" ".join(pair) for pair in legacy["merges"] + legacy["merges"][:9]]
    legacy["merges"] += ["ab c"] if "ab" in legacy["vocab"] and "abc" in legacy["vocab"] else []
    found["bpe-legacy"] = legacy

    marked = pre_tokenizers.Metaspace(prepend_scheme="always")
    options = {"vocab_size": 340, "show_progress": False, "unk_token": "<unk>", "special_tokens": ["<s>", "<unk>"]}
    unigram = trained(models.Unigram(), trainers.UnigramTrainer(**options), marked, SENTENCES * 3)
    found["unigram"] = unigram
    with_bytes = json.loads(json.dumps(unigram))
    with_bytes["vocab"] = with_bytes["vocab"][:200] + [[code, -20.5] for code in codes]
    found["unigram-bytes"] = with_bytes | {"byte_fallback": True}
    found["unigram-some-bytes"] = with_bytes | {"byte_fallback": True, "vocab": with_bytes["vocab"][:400]}
    found["unigram-silent"] = unigram | {"unk_id": None}
    # Equal scores, whole numbers, exponents, tokens that come twice and an unknown token that is worth something.
    letters = "abcdef"
    ties = [["<unk>", 0.0], ["ab", -2], ["a", -1], ["b", -1.0], ["bc", -2e0], ["c", -1], ["abc", -3.0], ["cd", -2.5], ["d", -15e-1]]
    ties += [["".join(rng.choice(letters) for _ in range(rng.randint(1, 4))), rng.choice([-1, -2, -3.5, -4])] for _ in range(60)]
    found["unigram-ties"] = {"type": "Unigram", "unk_id": 0, "vocab": ties, "byte_fallback": False}
    numbers = ["-13.084900856018066", "-3.4e-05", "-0.1", "-9.999999999999999", "-123456789.12345678901234567", "-5e-324", "-17.9", "1.7976931348623157e308", "-4.000000000000000222044604925031308085", "-2.2250738585072014E-10"]
    found["unigram-numbers"] = {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0]] + [[chr(97 + n), "@" + text] for n, text in enumerate(numbers)], "byte_fallback": False}
    found["unigram-rounding"] = rounding(rng)
    words = trained(models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(special_tokens=["<unk>"], show_progress=False))
    found["word-level"] = words
    found["word-level-silent"] = {"type": "WordLevel", "vocab": {"a": 5, "e\u0301": 9, "\u00e9": 2}, "unk_token": "<unk>"}
    return found


def words(name, model, rng):
    tokens = [token if isinstance(token, str) else token[0] for token in model["vocab"]]
    every = [word for line in SENTENCES for word in line.split(" ")]
    result = ["", " ", "a", "\0", "\u00e9", "e\u0301", "\u0301", "\U0010ffff", "<unk>", "<unk><unk>x", "x<unk>", "a b", "▁", "▁▁the", "🦊🐶", "fox🦊fox🐶🐶", "<0x41>", "zzz", "zzzz", "quickly", "the fox", "unknownwordthatislong" * 3]
    result += every[:: max(1, len(every) // 24)]
    if name == "byte-level":
        table = byte_level()
        result = ["".join(table[byte] for byte in text.encode()) for text in result + [" " + text for text in every[::7]]]
        result += ["".join(table[rng.randrange(256)] for _ in range(rng.randint(1, 60))) for _ in range(12)]
    if name.startswith("unigram"):
        result += ["▁" + word for word in every[::6]] + ["▁" + SENTENCES[n].replace(" ", "▁") for n in range(0, 10, 3)]
    if name == "unigram-rounding":
        result += ["a" * n for n in range(1, 41)]
    if "shuffled" in name or "legacy" in name or "ties" in name:
        letters = "abcx" if "ties" not in name else "abcdefx"
        result += ["".join(rng.choice(letters if n % 3 == 0 else letters[:-1]) for _ in range(length)) for n in range(12) for length in (7, 20, 41, 90)]
    result += ["".join(rng.choice(tokens) for _ in range(rng.randint(2, 9))) for _ in range(12)]
    scalars = [rng.randrange(0x110000) for _ in range(60)]
    scalars = [chr(scalar) for scalar in scalars if not 0xD800 <= scalar < 0xE000]
    result += ["".join(rng.choice([rng.choice(tokens), rng.choice(scalars)]) for _ in range(rng.randint(1, 7))) for _ in range(10)]
    return list(dict.fromkeys(result))


def main(output):
    rng = random.Random(5)
    lines = 0
    with (output / "models-cases.jsonl").open("w", encoding="utf-8") as file:
        for name, model in all_models().items():
            folder = output / f"models-{name}"
            folder.mkdir(parents=True, exist_ok=True)
            document = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model}
            text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
            if name == "unigram-numbers":
                # As they are written, not as Python would write them.
                text = text.replace('"@', "").replace('"]', "]") if '"@' in text else text
            (folder / "tokenizer.json").write_text(text + "\n", encoding="utf-8")
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            for word in words(name, model, rng):
                case = {"model": name, "word": word}
                try:
                    found = tokenizer.encode(word)
                    case["ids"] = found.ids
                    # Where the bytes of an affix are tokens, the reference's offsets lie beyond the text.
                    if name != "bpe-some-bytes":
                        case["offsets"] = [n for pair in found.offsets for n in pair]
                    # Of two tokens with one id the reference names either.
                    if name != "bpe-legacy":
                        case["tokens"] = found.tokens
                except Exception:
                    case["fails"] = True
                file.write(json.dumps(case, ensure_ascii=False, separators=(",", ":")) + "\n")
                lines += 1
    print(lines, "words")


main(Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/tokenizers"))
