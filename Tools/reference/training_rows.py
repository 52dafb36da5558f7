"""The rows of the training fixtures, from a formula that the tests repeat, and the collator that pads them."""

import torch


def rows(count):
    """Rows of 3 to 7 ids that the tiny BERT of `tiny_bert.py` takes; `row` says which it is."""
    out = []
    for row in range(count):
        ids = [5 + (row * 7 + position * 3) % 90 for position in range(3 + row % 5)]
        out.append({"row": row, "input_ids": ids, "labels": row % 2})
    return out


def collate(examples):
    length = max(len(example["input_ids"]) for example in examples)
    ids = torch.zeros(len(examples), length, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for index, example in enumerate(examples):
        ids[index, : len(example["input_ids"])] = torch.tensor(example["input_ids"])
        mask[index, : len(example["input_ids"])] = 1
    return {
        "row": torch.tensor([example["row"] for example in examples]), "input_ids": ids, "attention_mask": mask,
        "labels": torch.tensor([example["labels"] for example in examples]),
    }
