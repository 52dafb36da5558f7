"""Writes the fixtures that hold Swiftlet's tokenizer calls to the reference's.

    python Tools/reference/tokenizers_surface.py [Tests/Fixtures/tokenizers]

Uses the tokenizers that tokenizers.py made, and one of its own, `surface-generic/`, whose tokenizer.json asks for
truncation, padding and unusual types. `surface-calls.jsonl` has calls with all that came out, `surface-texts.json` what
became of ids and tokens, `surface-added.json` what adding tokens does.
"""

import importlib.metadata
import json
import random
import sys
import tempfile
from pathlib import Path

# This file's folder holds a file named like a package.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

PINNED = {"tokenizers": "0.23.3", "transformers": "5.23.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AddedToken, AutoTokenizer

QUESTIONS = ["Who is the lazy dog?", "Größe é", "fox", "the quick brown fox doesn't jump", "", "newword [MASK] x"]
CONTEXTS = [
    "The quick brown fox jumps over the lazy dog, doesn't it? Größe, Straße — naïve café.",
    "I'm he's they've; ΣΊΣΥΦΟΣ 我来到 e\u0301o\u0308 👍🏽 [SEP] überfox.",
    "a", "", "one two three four five six seven eight nine ten",
]
WORDS = [["The", "quick", "brown"], ["don't", "", "Größe é", " [MASK] ", "newword"], [], ["\u0301"], ["我来", "jumping", "?"]]


def generic(folder):
    tokens = ["[UNK]", "[PAD]", "[SEP]", "[CLS]", *"abcdefghijklmnopqrstuvwxyz?,.'", *("##" + c for c in "abcdefghijklmnopqrstuvwxyz")]
    tokens += ["the", "quick", "fox", "##ox", "##umps", "lazy", "dog", "who", "is", "one", "two", "three"]
    tokenizer = Tokenizer(models.WordPiece({token: n for n, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:5 $A:4", pair="$A:1 [SEP]:6 [SEP]:7 $B:0 [CLS]:3", special_tokens=[("[SEP]", 2), ("[CLS]", 3)])
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    tokenizer.add_special_tokens(["[PAD]", "[SEP]", "[CLS]"])
    tokenizer.enable_truncation(9, stride=2, strategy="only_first", direction="left")
    tokenizer.enable_padding(direction="left", pad_id=1, pad_type_id=8, pad_token="[PAD]", length=20, pad_to_multiple_of=8)
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 40, "unk_token": "[UNK]",
              "model_input_names": ["input_ids", "token_type_ids", "attention_mask"], "clean_up_tokenization_spaces": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def row(encoding):
    return {
        "ids": encoding.ids, "types": encoding.type_ids, "mask": encoding.attention_mask,
        "special": encoding.special_tokens_mask, "offsets": [n for pair in encoding.offsets for n in pair],
        "words": encoding.word_ids, "sequences": encoding.sequence_ids, "tokens": encoding.tokens,
    }


def maps(encoded, index):
    inner = encoded.encodings[index]
    found = {"token_to_chars": [], "token_to_word": [], "token_to_sequence": []}
    # transformers fails on what the Rust library answers with None.
    for token in range(len(inner.ids)):
        found["token_to_chars"].append(inner.token_to_chars(token))
        found["token_to_word"].append(inner.token_to_word(token))
        found["token_to_sequence"].append(inner.token_to_sequence(token))
    for sequence in (0, 1):
        for name in ("char_to_token", "char_to_word", "word_to_tokens", "word_to_chars"):
            found[f"{name}_{sequence}"] = [getattr(inner, name)(n, sequence) for n in range(24)]
    return found


def call(tokenizer, name, texts, pairs, words, options, with_maps):
    case = {"tokenizer": name, "texts": texts, "pairs": pairs, "words": words, "options": options}
    case = {key: value for key, value in case.items() if value not in (None, False, {})}
    try:
        encoded = tokenizer(texts, pairs, is_split_into_words=words, **options)
    except BaseException as error:
        if not any(part in str(error) for part in ("Truncation error", "stride", "multiple of")):
            raise
        return case | {"fails": True}
    case["rows"] = [row(encoding) for encoding in encoded.encodings]
    if "overflow_to_sample_mapping" in encoded:
        case["samples"] = encoded["overflow_to_sample_mapping"]
    if with_maps:
        case["maps"] = [maps(encoded, index) for index in range(len(encoded.encodings))]
    return case


def calls(tokenizers, output):
    rng = random.Random(11)
    cases = []
    for number in range(170):
        name = list(tokenizers)[number % len(tokenizers)]
        count = rng.choice([1, 1, 2, 3])
        words = number % 3 == 2
        pool, other = (WORDS, WORDS) if words else (CONTEXTS, QUESTIONS) if number % 2 else (QUESTIONS, CONTEXTS)
        texts = [rng.choice(pool) for _ in range(count)]
        pairs = [rng.choice(other) for _ in range(count)] if rng.random() < 0.6 else None
        if words and not texts[0]:
            continue  # taken for a batch that is not split by the reference
        options = {}
        if rng.random() < 0.8:
            strategies = ["longest_first", "only_first", "only_second"] if pairs else ["longest_first", "only_first"]
            options["truncation"] = rng.choice(strategies)
            options["max_length"] = rng.choice([5, 6, 8, 9, 12, 16])
            if rng.random() < 0.8:
                options["return_overflowing_tokens"] = True
                options["stride"] = rng.choice([0, 0, 1, 2, 3, 5])
        if rng.random() < 0.4:
            options["padding"] = rng.choice(["longest", "max_length"] if "max_length" in options else ["longest"])
            if rng.random() < 0.5:
                options["padding_side"] = rng.choice(["left", "right"])
            if rng.random() < 0.4:
                options["pad_to_multiple_of"] = rng.choice([4, 5])
        if rng.random() < 0.2:
            options["add_special_tokens"] = False
        case = call(tokenizers[name], name, texts, pairs, words, options, number % 5 == 0)
        if len(case.get("rows", [])) <= 24:
            cases.append(case)
    with (output / "surface-calls.jsonl").open("w", encoding="utf-8") as file:
        for case in cases:
            file.write(json.dumps(case, ensure_ascii=False, separators=(",", ":")) + "\n")
    return len(cases), sum("fails" in case for case in cases)


def texts(tokenizers, output):
    cases = []
    for name, tokenizer in tokenizers.items():
        size = len(tokenizer)
        rng = random.Random(5)
        lists = [tokenizer(text, pair)["input_ids"] for text, pair in zip(CONTEXTS, QUESTIONS)]
        lists += [[], [0], [size - 1, size - 2, size, size + 9], [rng.randrange(size) for _ in range(25)]]
        for ids in lists:
            case = {"tokenizer": name, "ids": ids, "tokens": tokenizer.convert_ids_to_tokens(ids),
                    "visible": tokenizer.convert_ids_to_tokens(ids, skip_special_tokens=True)}
            case["joined"] = tokenizer.convert_tokens_to_string([token for token in case["tokens"] if token is not None])
            for key, clean in (("", None), ("_clean", True), ("_raw", False)):
                case["decoded" + key] = tokenizer.decode(ids, clean_up_tokenization_spaces=clean)
                case["skipped" + key] = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=clean)
            cases.append(case)
    settings = {}
    for name, tokenizer in tokenizers.items():
        settings[name] = {
            "padding_side": tokenizer.padding_side, "truncation_side": tokenizer.truncation_side,
            "pad_token": tokenizer.pad_token, "pad_token_type_id": tokenizer.pad_token_type_id,
            "added": [tokenizer.num_special_tokens_to_add(False), tokenizer.num_special_tokens_to_add(True)],
            "ids": tokenizer.convert_tokens_to_ids(["the", "[MASK]", "no token", ""]), "size": len(tokenizer),
            "special": tokenizer.all_special_tokens, "special_ids": tokenizer.all_special_ids,
        }
    document = {"cases": cases, "settings": settings}
    (output / "surface-texts.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


ADDITIONS = [
    {"tokens": ["newtok", "the", "Über", "two words"]},
    {"tokens": ["<a>", "<b>"], "special": True},
    {"tokens": [{"content": "sw", "single_word": True}, {"content": "[L]", "lstrip": True}, {"content": "[R]", "rstrip": True, "special": True}]},
    {"tokens": [{"content": "Strip", "lstrip": True, "rstrip": True, "normalized": False}, {"content": "Norm", "normalized": True, "special": True}]},
    {"tokens": [{"content": "the", "single_word": True}, "", "the", {"content": "the", "special": True}]},
    {"named": {"pad_token": "<pad2>", "eos_token": "</e>", "mask_token": {"content": "[M2]", "lstrip": True}}},
    {"named": {"cls_token": "[CLS]"}, "extra": ["<x1>", {"content": "<x2>", "rstrip": True}]},
    {"named": {}, "extra": ["fox", "<x3>"]},
]
ADDED_TEXTS = [
    "the newtok The über twowords two words ÜBER", "a<a> <b>b <a><b>", "sw swx xsw sw. é sw  [L] x [R]  y [L][R]",
    "x  Strip  y strip Strip Norm norm the thethe", "<pad2> [M2] x  [M2]</e> <x1>  <x2>  y fox Fox <x3>",
]


def token(value):
    if isinstance(value, str):
        return value
    return AddedToken(**value)


def added(names, output):
    cases = []
    for name in names:
        for steps in [[step] for step in ADDITIONS] + [ADDITIONS[:2], ADDITIONS[2:6], ADDITIONS[4:]]:
            tokenizer = AutoTokenizer.from_pretrained(output / name)
            for step in steps:
                if "tokens" in step:
                    tokenizer.add_tokens([token(value) for value in step["tokens"]], special_tokens=step.get("special", False))
                else:
                    named = {key: token(value) for key, value in step["named"].items()}
                    if "extra" in step:
                        named["extra_special_tokens"] = [token(value) for value in step["extra"]]
                    tokenizer.add_special_tokens(named)
            case = {"tokenizer": name, "steps": steps, "size": len(tokenizer), "special": tokenizer.all_special_tokens}
            case["rows"] = [row(tokenizer(text).encodings[0]) for text in ADDED_TEXTS]
            case["skipped"] = [tokenizer.decode(found["ids"], skip_special_tokens=True) for found in case["rows"]]
            with tempfile.TemporaryDirectory() as folder:
                tokenizer.save_pretrained(folder)
                case["saved"] = json.loads(Path(folder, "tokenizer.json").read_text())["added_tokens"]
                again = AutoTokenizer.from_pretrained(folder)
                case["again"] = [again(text)["input_ids"] for text in ADDED_TEXTS]
                case["again_special"] = again.all_special_tokens
            cases.append(case)
    (output / "surface-added.json").write_text(json.dumps(cases, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return len(cases)


def main(output):
    generic(output / "surface-generic")
    names = ["bert-tiny", "bert-cased", "mpnet-tiny", "surface-generic"]
    tokenizers = {name: AutoTokenizer.from_pretrained(output / name) for name in names}
    print(calls(tokenizers, output), "calls, of which fail")
    texts({name: AutoTokenizer.from_pretrained(output / name) for name in names}, output)
    print(added(["bert-tiny", "surface-generic"], output), "additions")


main(Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/tokenizers"))
