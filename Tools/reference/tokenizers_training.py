"""Writes what the reference's trainers make of a few texts, for Swiftlet's trainers.

    python Tools/reference/tokenizers_training.py [Tests/Fixtures/tokenizers]

The reference goes by the order of a hash table where it numbers letters with a prefix or suffix, and the numbers decide
between equally frequent pairs. `letters` therefore makes them special tokens, which are numbered first. Every training
is done in several processes, which must agree; Unigram scores do so but for the last digits.
"""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

# This file's folder holds a file named like a package.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

PINNED = {"tokenizers": "0.23.3", "transformers": "5.23.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, trainers

ROUNDS = 4
SUBJECTS = ["the quick brown fox", "my neighbour's old dog", "a committee of experts", "every second Größe", "the first tokenizer"]
VERBS = ["jumps over", "was bitten by", "carefully examined", "did not believe in", "has been training"]
OBJECTS = ["the lazy dog", "unbelievable evidence", "internationalization", "naïve cafés and jaźń", "lower, lowest, newer and wider things"]
TEXTS = [
    f"{subject} {verb} {thing}" + ("." if (a * 7 + b * 3 + c) % 3 else "; it wasn't re-examined in 19%d%d!" % (a, c))
    for a, subject in enumerate(SUBJECTS) for b, verb in enumerate(VERBS) for c, thing in enumerate(OBJECTS)
    if (a * 5 + b * 11 + c * 2) % 4
]
LETTERS = sorted(set(normalizers.BertNormalizer().normalize_str("".join(TEXTS))) - {" "})
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]



def letters(prefix, suffix=""):
    return [prefix + letter + suffix for letter in LETTERS]


CASES = [
    {"trainer": "WordPiece", "vocab_size": 110, "special_tokens": SPECIAL + letters("##")},
    {"trainer": "WordPiece", "vocab_size": 220, "min_frequency": 2, "special_tokens": SPECIAL + letters("##")[::-1]},
    {"trainer": "WordPiece", "vocab_size": 1000, "special_tokens": letters("##") + ["[UNK]"]},
    {"trainer": "WordPiece", "vocab_size": 1000, "min_frequency": 30, "special_tokens": letters("##"), "initial_alphabet": list("xyz字é")},
    {"trainer": "WordPiece", "vocab_size": 400, "special_tokens": letters("~"), "continuing_subword_prefix": "~", "limit_alphabet": 20, "min_frequency": 4},
    {"trainer": "BPE", "vocab_size": 120},
    {"trainer": "BPE", "vocab_size": 300, "special_tokens": SPECIAL[:2], "min_frequency": 3},
    {"trainer": "BPE", "vocab_size": 2000},
    {"trainer": "BPE", "vocab_size": 500, "max_token_length": 5},
    {"trainer": "BPE", "vocab_size": 500, "max_token_length": 2},
    {"trainer": "BPE", "vocab_size": 260, "limit_alphabet": 12, "initial_alphabet": list("Ωqz")},
    {"trainer": "BPE", "vocab_size": 200, "end_of_word_suffix": "</w>", "min_frequency": 6, "special_tokens": letters("", "</w>")},
    {"trainer": "BPE", "vocab_size": 10, "special_tokens": ["<s>", "the", "e"]},
    {"trainer": "Unigram", "vocab_size": 120, "special_tokens": ["<pad>", "<unk>"], "unk_token": "<unk>"},
    {"trainer": "Unigram", "vocab_size": 60, "unk_token": "<unk>"},
    {"trainer": "Unigram", "vocab_size": 200, "n_sub_iterations": 3, "shrinking_factor": 0.6, "max_piece_length": 6},
    {"trainer": "Unigram", "vocab_size": 500, "special_tokens": ["<s>"], "initial_alphabet": list("Ωqz")},
]


# Small texts, where one token more or less is a matter of a single tie.
CORPORA = {
    "sentences": ["A first sentence", "Another sentence", "And a last one"],
    "fox": ["the quick brown fox jumps over the lazy dog", "the dog was quick and the fox lazy", "a quick brown dog"],
    "zen": ["Beautiful is better than ugly.", "Explicit is better than implicit.", "Flat is better than nested."],
    "scripts": ["Größe café naïve jaźń", "日本語 日本 本日 語", "Привет мир", "한국어 국어", "e\u0301cole école", "😀😀 😀 😃😀", "ﬁne ﬁ"],
    "repeated": ["aaaa aaa aa a aaaaaa", "abababab abab ab", "banana bananas nanan"] * 4,
    "one letter": ["a a a a a"],
    "letters": ["a b c d e f g"],
    "once": ["alpha beta gamma delta epsilon zeta eta theta iota kappa"],
    "squares": [str(number * number) for number in range(100)],
    "two letters": ["".join("ab"[number * number * step % 7 % 2] for number in range(12)) for step in range(1, 9)],
    "words": ["caa baa aab bba cab abc bca", "aabb bbaa abab"],
    "none": [],
}
SETTINGS = [
    {"vocab_size": 50}, {"vocab_size": 80}, {"vocab_size": 100}, {"vocab_size": 150, "pre": "Metaspace"},
    {"vocab_size": 1000, "n_sub_iterations": 1}, {"vocab_size": 60, "shrinking_factor": 0.3, "unk_token": "<unk>"},
    {"vocab_size": 70, "max_piece_length": 3, "special_tokens": ["<pad>", "a"], "pre": None},
    {"vocab_size": 60, "initial_alphabet": ["x", "é"], "n_sub_iterations": 3, "shrinking_factor": 0.95},
]
CASES += [
    {"trainer": "Unigram", "corpus": corpus, "pre": "Whitespace"} | settings
    for corpus in CORPORA if corpus != "none" for settings in SETTINGS
]
CASES += [
    {"trainer": "BPE", "corpus": corpus, "pre": "Whitespace"} | settings
    for corpus in CORPORA
    for settings in [{"vocab_size": 40}, {"vocab_size": 100, "max_token_length": 4, "pre": "Metaspace"}]
]
CASES += [
    {"trainer": "WordLevel", "corpus": corpus, "pre": "Whitespace"} | settings
    for corpus in ["fox", "scripts", "repeated", "none"]
    for settings in [
        {}, {"vocab_size": 5}, {"vocab_size": 0}, {"min_frequency": 2, "special_tokens": ["[UNK]", "[PAD]"]},
        # A word that is special too keeps its last id; of the special tokens there may be more than the vocabulary has.
        {"vocab_size": 6, "special_tokens": ["the", "the", "[UNK]", "a"]}, {"vocab_size": 1, "special_tokens": ["[UNK]", "x"]},
    ]
]


def trained(case):
    case = dict(case)
    kind = case.pop("trainer")
    corpus, pre = case.pop("corpus", None), case.pop("pre", None)
    options = {key: [AddedToken(t, special=True) for t in value] if key == "special_tokens" else value for key, value in case.items()}
    model = {
        "WordPiece": lambda: models.WordPiece(unk_token="[UNK]"), "BPE": models.BPE, "Unigram": models.Unigram,
        "WordLevel": lambda: models.WordLevel(unk_token="[UNK]"),
    }[kind]()
    tokenizer = Tokenizer(model)
    if corpus is None:
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    elif pre is not None:
        tokenizer.pre_tokenizer = getattr(pre_tokenizers, pre)()
    trainer = {
        "WordPiece": trainers.WordPieceTrainer, "BPE": trainers.BpeTrainer, "Unigram": trainers.UnigramTrainer,
        "WordLevel": trainers.WordLevelTrainer,
    }[kind]
    tokenizer.train_from_iterator(TEXTS if corpus is None else CORPORA[corpus], trainer(show_progress=False, **options))
    document = json.loads(tokenizer.to_str())
    found = document["model"]
    if kind == "WordLevel":
        return {"vocab": sorted(found["vocab"].items(), key=lambda item: item[1]), "added": {token["content"]: token["id"] for token in document["added_tokens"]}}
    if kind == "Unigram":
        return {"scores": found["vocab"], "unk_id": found["unk_id"]}
    result = {"tokens": sorted(found["vocab"], key=found["vocab"].get)}
    if kind == "BPE":
        result["merges"] = found["merges"]
    return result


AGAIN = [
    {"like": "bert-tiny", "vocab_size": 150, "newTokens": letters("##")},
    {"like": "surface-generic", "vocab_size": 120, "newTokens": letters("##")},
    {"like": "models-word-level", "vocab_size": 30, "newTokens": ["<unk>", "<new>"]},
    {"class": "BertTokenizer", "vocab_size": 180, "newTokens": letters("##")},
    {"class": "RobertaTokenizer", "vocab_size": 420},
    {"class": "DebertaTokenizer", "vocab_size": 300, "newTokens": ["<new>"]},
    {"class": "XLMRobertaTokenizer", "vocab_size": 150},
    {"class": "AlbertTokenizer", "vocab_size": 120},
    # Special tokens under other names; what the files declare stays by its old name too.
    {"like": "bert-tiny", "vocab_size": 150, "newTokens": letters("##"), "map": {"[UNK]": "<oov>", "[CLS]": "<cls>", "[SEP]": "<sep>", "[none]": "x"}},
    {"like": "surface-generic", "vocab_size": 120, "newTokens": letters("##"), "map": {"[CLS]": "<cls>", "[MASK]": "<m>", "[UNK]": "<oov>"}},
    {"like": "models-family-roberta", "vocab_size": 420, "map": {"<s>": "<a>", "</s>": "<z>", "<mask>": "[MASK]"}},
    {"like": "models-family-generic", "vocab_size": 150, "newTokens": ["<new>"], "map": {"<s>": "<a>", "<unk>": "<oov>"}},
    {"like": "models-family-mpnet", "vocab_size": 160, "newTokens": letters("##"), "map": {"<s>": "<a>", "[UNK]": "<oov>"}},
    {"like": "models-family-deberta-v2", "vocab_size": 150, "map": {"[UNK]": "<oov>", "[SEP]": "<sep>"}},
    {"like": "models-family-modernbert", "vocab_size": 400, "map": {"[UNK]": "<oov>", "[CLS]": "<cls>"}},
    {"like": "models-family-albert-json", "vocab_size": 120, "map": {"[CLS]": "<cls>", "<unk>": "<oov>"}},
    {"class": "BertTokenizer", "vocab_size": 180, "newTokens": letters("##"), "map": {"[MASK]": "<m>", "[UNK]": "<u>"}},
    {"class": "XLMRobertaTokenizer", "vocab_size": 150, "map": {"<unk>": "<oov>", "<s>": "<a>"}},
    {"class": "DebertaTokenizer", "vocab_size": 300, "newTokens": ["<new>"], "map": {"[CLS]": "<cls>"}},
    {"class": "AlbertTokenizer", "vocab_size": 120, "map": {"[CLS]": "<cls>", "<pad>": "[PAD]"}},
]
TEXT = "A brown fox's internationalization [MASK] wasn't <mask>lazy"


def again(case, output):
    """From a tokenizer that there is already, as `train_new_from_iterator` does it."""
    import transformers

    if "like" in case:
        tokenizer = transformers.AutoTokenizer.from_pretrained(output / case["like"])
    else:
        tokenizer = getattr(transformers, case["class"])()
    tokenizer = tokenizer.train_new_from_iterator(
        TEXTS, case["vocab_size"], new_special_tokens=case.get("newTokens"), special_tokens_map=case.get("map")
    )
    document = json.loads(tokenizer.backend_tokenizer.to_str())
    vocab = document["model"]["vocab"]
    result = {"size": len(tokenizer), "special": tokenizer.all_special_tokens}
    if "map" in case:
        named = {name: token for name, token in tokenizer.special_tokens_map.items() if isinstance(token, str)}
        added = [[token["content"], token["id"], token["special"]] for token in document["added_tokens"]]
        result |= {"named": named, "added_tokens": added, "unknown": document["model"].get("unk_token")}
    if isinstance(vocab, list):
        return result | {"scores": vocab, "unk_id": document["model"]["unk_id"]}
    return result | {
        "tokens": sorted(vocab, key=vocab.get), "merges": document["model"].get("merges"),
        "post_processor": document["post_processor"], "encoded": tokenizer(TEXT, "jumps").input_ids,
    }


def agreed(case, results):
    first = results[0]
    if "scores" in first:
        names = [sorted(token for token, _ in result["scores"]) for result in results]
        same = all(name == names[0] for name in names)
        scores = sorted([token, round(score, 10)] for token, score in first["scores"])
        return case | first | {"scores": scores} if same else None
    return case | first if all(result == first for result in results) else None


def main(output):
    cases = CASES + AGAIN
    written = []
    command = [sys.executable, __file__, str(output), "round"]
    rounds = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(ROUNDS)
    ]
    for index, case in enumerate(cases):
        result = agreed(case, [round[index] for round in rounds])
        if result is None:
            sys.exit(f"the reference does not agree with itself on case {index}")
        written.append(result)
    document = {"texts": TEXTS, "corpora": CORPORA, "cases": written}
    (output / "training-cases.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


output = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/tokenizers")
if len(sys.argv) > 2:
    print(json.dumps([trained(case) for case in CASES] + [again(case, output) for case in AGAIN]))
else:
    main(output)
