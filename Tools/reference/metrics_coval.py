"""Writes what evaluate's `coval` makes of chains of mentions, for Swiftlet's.

    python Tools/reference/metrics_coval.py COVAL EVALUATE [Tests/Fixtures/metrics]

COVAL is a checkout of github.com/ns-moosavi/coval at 87071a6, and EVALUATE one of github.com/huggingface/evaluate at a7dd338,
whose metrics/coval/coval.py computes the values. Needs scipy of Tools/reference/setup.

`min_span` is computed by its `compute_score`: its `_compute` gives the sentences to a function that wants a file.
"""

import contextlib
import importlib.util
import io
import json
import random
import sys
from pathlib import Path

checkout, evaluate_folder = Path(sys.argv[1]), Path(sys.argv[2])
output = Path(sys.argv[3] if len(sys.argv) > 3 else "Tests/Fixtures/metrics")
sys.path.insert(0, str(checkout))
spec = importlib.util.spec_from_file_location("coval_metric", evaluate_folder / "metrics/coval/coval.py")
coval = importlib.util.module_from_spec(spec)
spec.loader.exec_module(coval)
from coval.eval import evaluator

METRICS = [
    ("mentions", evaluator.mentions), ("muc", evaluator.muc), ("bcub", evaluator.b_cubed), ("ceafe", evaluator.ceafe),
    ("lea", evaluator.lea),
]
draws = random.Random(11)


def document(sentences, chains, mentions):
    """Sentences of CoNLL's lines, with mentions that may lie in each other."""
    lengths = [draws.randint(1, 9) for _ in range(sentences)]
    marks = [[[] for _ in range(length)] for length in lengths]
    for _ in range(mentions):
        sentence, chain = draws.randrange(sentences), draws.randrange(chains)
        start = draws.randrange(lengths[sentence])
        end = min(lengths[sentence] - 1, start + draws.choice([0, 0, 1, 2, 5]))
        if start == end:
            marks[sentence][start].append(f"({chain})")
        else:
            marks[sentence][start].append(f"({chain}")
            marks[sentence][end].append(f"{chain})")
    return [
        [f"d {'|'.join(mark) or '-'}" for number, mark in enumerate(sentence)] for sentence in marks
    ]


def changed(sentences):
    """The same words with a part of the chains."""
    return [
        [line if draws.random() < 0.7 else line.rsplit(" ", 1)[0] + " " + draws.choice(["-", "(1)", "(7)"]) for line in lines]
        for lines in sentences
    ]


pairs = []
for sentences, chains, mentions in [(1, 1, 1), (2, 2, 4), (4, 3, 12), (6, 9, 20), (12, 4, 60), (3, 2, 0), (12, 15, 40)]:
    key = document(sentences, chains, mentions)
    pairs += [(key, key), (key, changed(key)), (key, document(sentences, chains, mentions)), (document(sentences, 2, 3), key)]
pairs.append(([["a 0 0 w NN * (1|(2", "a 0 1 w NN * ()", "a 0 2 w NN * 2)|(3)|1)"]], [["a (1)", "a (2", "a 2)|(3)"]]))
cases = []
for references, predictions in pairs:
    for options in [{}, {"keep_singletons": False}, {"remove_nested": True}, {"keep_singletons": False, "remove_nested": True}]:
        arguments = {"keep_singletons": True, "remove_nested": False} | options
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                values = coval.compute_score(references, predictions, METRICS, False, min_span=False, **arguments)
        except ZeroDivisionError:
            values = None
        cases.append({"references": references, "predictions": predictions, "options": options, "values": values})
LABELS = ["S", "NP", "NP", "NP-SBJ", "VP", "VP", "PP", "NML", "QP", "NX", "ADJP", "TOP"]
WORDS = [
    ("the", "DT"), ("dog", "NN"), ("dogs", "NNS"), ("saw", "VBD"), ("and", "CC"), ("of", "IN"), (",", ","), ("``", "``"),
    ("-LRB-", "-LRB-"), ("%", "NN"), ("12", "CD"), ("3.5", "CD"), ("U.S.", "NNP"), ("caf\u00e9", "NN"), ("\u00b2", "CD"),
    ("VP", "NN"),
]


def bits(length, damage):
    """What stands before and behind each word: phrases within each other, and some that are never closed."""
    before, behind = [""] * length, [""] * length

    def phrase(start, end, depth):
        before[start] += "(" + draws.choice(LABELS)
        behind[end - 1] += ")" * (draws.random() > damage)
        place = start
        while place < end and depth < 6:
            size = draws.randint(1, end - place)
            if draws.random() < 0.6 and size < end - start + (depth == 0):
                phrase(place, place + size, depth + 1)
            place += size

    phrase(0, length, 0)
    return [f"{first}*{last}" for first, last in zip(before, behind)]


def parsed(sentences, damage):
    """The sentences with all columns of the format."""
    result = []
    for sentence in sentences:
        words = [draws.choice(WORDS) for _ in sentence]
        result.append([
            f"d 0 {number} {word} {tag} {bit} - - - - * {line.rsplit(' ', 1)[1]}"
            for number, (line, (word, tag), bit) in enumerate(zip(sentence, words, bits(len(sentence), damage)))
        ])
    return result


def with_words(sentences, references):
    """Predicted chains on the words of the references."""
    return [
        [long.rsplit(" ", 1)[0] + " " + line.rsplit(" ", 1)[1] for line, long in zip(*pair)]
        for pair in zip(sentences, references)
    ]


for number in range(20):
    key = document(draws.randint(1, 6), draws.randint(1, 6), draws.randint(2, 16))
    references = parsed(key, draws.choice([0, 0, 0.2]))
    predictions = with_words(changed(key), references)
    if number % 5 == 4:
        predictions = changed(key)
    for options in [
        {"NP_only": True}, {"min_span": True}, {"NP_only": True, "min_span": True},
        {"min_span": True, "remove_nested": True}, {"NP_only": True, "keep_singletons": False, "remove_nested": True},
    ]:
        arguments = {"keep_singletons": True, "remove_nested": False, "NP_only": False, "min_span": False} | options
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                values = coval.compute_score(references, predictions, METRICS, **arguments)
        except (ZeroDivisionError, AttributeError, IndexError):
            continue
        cases.append({"references": references, "predictions": predictions, "options": options, "values": values})
(output / "coval_cases.json").write_text(json.dumps(cases, separators=(",", ":")), encoding="utf-8")
print(len(cases), "cases,", sum(case["values"] is None for case in cases), "without values")
