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


def trained(case):
    case = dict(case)
    kind = case.pop("trainer")
    options = {key: [AddedToken(t, special=True) for t in value] if key == "special_tokens" else value for key, value in case.items()}
    model = {"WordPiece": lambda: models.WordPiece(unk_token="[UNK]"), "BPE": models.BPE, "Unigram": models.Unigram}[kind]()
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = {"WordPiece": trainers.WordPieceTrainer, "BPE": trainers.BpeTrainer, "Unigram": trainers.UnigramTrainer}[kind]
    tokenizer.train_from_iterator(TEXTS, trainer(show_progress=False, **options))
    found = json.loads(tokenizer.to_str())["model"]
    if kind == "Unigram":
        return {"scores": found["vocab"], "unk_id": found["unk_id"]}
    result = {"tokens": sorted(found["vocab"], key=found["vocab"].get)}
    if kind == "BPE":
        result["merges"] = found["merges"]
    return result


AGAIN = [
    {"like": "bert-tiny", "vocab_size": 150, "newTokens": letters("##")},
    {"like": "surface-generic", "vocab_size": 120, "newTokens": letters("##")},
    {"class": "BertTokenizer", "vocab_size": 180, "newTokens": letters("##")},
    {"class": "RobertaTokenizer", "vocab_size": 420},
    {"class": "DebertaTokenizer", "vocab_size": 300, "newTokens": ["<new>"]},
    {"class": "XLMRobertaTokenizer", "vocab_size": 150},
    {"class": "AlbertTokenizer", "vocab_size": 120},
]
TEXT = "A brown fox's internationalization [MASK] wasn't <mask>lazy"


def again(case, output):
    """From a tokenizer that there is already, as `train_new_from_iterator` does it."""
    import transformers

    if "like" in case:
        tokenizer = transformers.AutoTokenizer.from_pretrained(output / case["like"])
    else:
        tokenizer = getattr(transformers, case["class"])()
    tokenizer = tokenizer.train_new_from_iterator(TEXTS, case["vocab_size"], new_special_tokens=case.get("newTokens"))
    document = json.loads(tokenizer.backend_tokenizer.to_str())
    vocab = document["model"]["vocab"]
    result = {"size": len(tokenizer), "special": tokenizer.all_special_tokens}
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
        return case | first | {"scores": sorted(first["scores"])} if same else None
    return case | first if all(result == first for result in results) else None


def main(output):
    cases = CASES + AGAIN
    written = []
    for index, case in enumerate(cases):
        results = []
        for _ in range(ROUNDS):
            command = [sys.executable, __file__, str(output), str(index)]
            results.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        result = agreed(case, results)
        if result is None:
            sys.exit(f"the reference does not agree with itself on case {index}")
        written.append(result)
    document = {"texts": TEXTS, "cases": written}
    (output / "training-cases.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


output = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/tokenizers")
if len(sys.argv) > 2:
    index = int(sys.argv[2])
    print(json.dumps(trained(CASES[index]) if index < len(CASES) else again(AGAIN[index - len(CASES)], output)))
else:
    main(output)
