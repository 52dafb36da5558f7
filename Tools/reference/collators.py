"""Writes what transformers' collators make of a few rows, for Swiftlet's.

    python Tools/reference/collators.py [Tests/Fixtures]
"""

import importlib.metadata
import itertools
import json
import sys
from pathlib import Path

# This file's folder holds files named like packages.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

PINNED = {"transformers": "5.23.0", "torch": "2.13.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name).split("+")[0]
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

import torch
import transformers

fixtures = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
MODEL_MAX_LENGTH = 12
TOKENS = [[2, 11, 12, 3], [2, 21, 22, 23, 24, 25, 3], [2, 31, 32, 33, 3]]
EVEN = [[2, 41, 42, 43, 44, 3], [2, 51, 52, 53, 54, 55, 56, 57, 58, 3], [2, 61, 62, 3]]
PADDINGS = [("longest", None), ("do_not_pad", None), ("max_length", None), ("max_length", 7), ("max_length", 8), ("max_length", 10)]


def rows(tokens, **columns):
    made = [{"input_ids": ids, "token_type_ids": [0] * (len(ids) - 1) + [1]} for ids in tokens]
    for name, values in columns.items():
        for row, value in zip(made, values):
            row[name] = value
    return made


def listed(batch):
    return {key: value.tolist() for key, value in batch.items() if value is not None}


def tokenizer(side):
    made = transformers.AutoTokenizer.from_pretrained(fixtures / "tokenizers" / "bert-tiny", padding_side=side)
    made.model_max_length = MODEL_MAX_LENGTH
    return made


def case(kind, side, features, make, **options):
    given = {key: value for key, value in options.items() if value is not None}
    found = {"kind": kind, "side": side, "rows": features, "options": given}
    try:
        return found | {"batch": listed(make(tokenizer(side), **given)([dict(row) for row in features]))}
    except ValueError:
        return found | {"batch": None}


def main():
    cases = []
    same = [ids[:4] for ids in TOKENS]
    for side, (padding, max_length), multiple in itertools.product(["right", "left"], PADDINGS, [None, 1, 4, 8]):
        options = {"padding": padding, "max_length": max_length, "pad_to_multiple_of": multiple}
        for tokens in [TOKENS, same] if padding == "do_not_pad" else [TOKENS]:
            labels = [[number % 3 for number in ids] for ids in tokens]
            written = [[7, 8], [9, 10, 11, 12, 13], [14]] if tokens is TOKENS else [[7, 8], [9, 10], [11, 12]]
            both = [("padding", rows(tokens, label=[0, 1, 2]), transformers.DataCollatorWithPadding),
                    ("tokens", rows(tokens, labels=labels), transformers.DataCollatorForTokenClassification),
                    ("seq2seq", rows(tokens, labels=written), transformers.DataCollatorForSeq2Seq)]
            if side == "right":
                choices = [{key: [row[key], other[key]] for key in row}
                           for row, other in zip(rows(tokens), rows(tokens[::-1]))]
                for number, row in enumerate(choices):
                    row["label"] = number % 2
                both.append(("choices", choices, transformers.DataCollatorForMultipleChoice))
            for kind, features, make in both:
                cases.append(case(kind, side, features, make, **options))
    for side in ["right", "left"]:
        cases.append(case("tokens", side, rows(TOKENS, labels=[[1] * len(ids) for ids in TOKENS]),
                          transformers.DataCollatorForTokenClassification, label_pad_token_id=-1))
        cases.append(case("seq2seq", side, rows(TOKENS, labels=[[1], [2, 3], [4]]),
                          transformers.DataCollatorForSeq2Seq, label_pad_token_id=5))
        cases.append(case("seq2seq", side, rows(TOKENS), transformers.DataCollatorForSeq2Seq))
        for multiple in [None, 8]:
            cases.append(case("mlm off", side, rows(TOKENS), transformers.DataCollatorForLanguageModeling,
                              mlm=False, pad_to_multiple_of=multiple))
    for features in [rows(same, label=[0, 2, 1]), rows(same, label=[0.5, -1.0, 2.0]), rows(same),
                     rows(same, labels=[[1, 2, 0, 1]] * 3), rows(TOKENS, label=[0, 1, 2])]:
        cases.append(case("default", "right", features, lambda _: transformers.default_data_collator))

    drawn = []
    for seed, (probability, span), side in itertools.product([0, 1, 42], [(1 / 6, 5), (0.3, 2), (1.0, 1), (0.05, 7)], ["right", "left"]):
        collate = transformers.DataCollatorForPermutationLanguageModeling(
            tokenizer(side), plm_probability=probability, max_span_length=span)
        torch.manual_seed(seed)
        batches = [listed(collate([{"input_ids": ids} for ids in EVEN[:count]])) for count in [3, 1, 2]]
        for batch in batches:
            identity = torch.eye(len(batch["input_ids"][0])).tolist()
            assert all(row == identity for row in batch.pop("target_mapping"))
            batch["perm_mask"] = ["".join(str(int(value)) for row in mask for value in row) for mask in batch["perm_mask"]]
        drawn.append({"seed": seed, "plm_probability": probability, "max_span_length": span, "side": side, "batches": batches})

    document = {"model_max_length": MODEL_MAX_LENGTH, "cases": cases, "permutations": {"rows": EVEN, "counts": [3, 1, 2], "drawn": drawn}}
    (fixtures / "trainer" / "collators.json").write_text(
        json.dumps(document, separators=(",", ":")), encoding="utf-8")
    print(len(cases), "cases,", len(drawn), "permutations")


main()
