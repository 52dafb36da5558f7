"""Writes the fixture that holds the training loop written by hand to PyTorch's.

    python Tools/reference/manual_loop.py [Tests/Fixtures]

The loop of the Hugging Face course (DataLoader with shuffle, AdamW, get_scheduler, then an evaluation with
add_batch) on the tiny BERT of `tiny_bert.py`, float32 on one CPU thread, without dropout. Rows and labels come from
a formula that the test repeats. `orders` are the batches of other settings of a DataLoader, as row numbers.
"""

import importlib.metadata
import json
import sys
from pathlib import Path

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "evaluate": "0.4.6"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make this fixture; found {found}")

import torch
from torch.optim import AdamW
from torch.utils.data import DataLoader
from transformers import BertForSequenceClassification, get_scheduler

from training_rows import collate, rows

ROWS, EVAL_ROWS, BATCH_SIZE, EPOCHS, SEED, RATE = 21, 10, 4, 3, 42, 1e-3


def loop(directory):
    model = BertForSequenceClassification.from_pretrained(
        directory, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    torch.manual_seed(SEED)
    train = DataLoader(rows(ROWS), shuffle=True, batch_size=BATCH_SIZE, collate_fn=collate)
    evaluation = DataLoader(rows(EVAL_ROWS), batch_size=BATCH_SIZE, collate_fn=collate)
    optimizer = AdamW(model.parameters(), lr=RATE)
    steps = EPOCHS * len(train)
    schedule = get_scheduler("linear", optimizer=optimizer, num_warmup_steps=2, num_training_steps=steps)

    out = {"order": [], "losses": [], "rates": []}
    model.train()
    for _ in range(EPOCHS):
        for batch in train:
            out["order"].append(batch.pop("row").tolist())
            loss = model(**batch).loss
            loss.backward()
            out["losses"].append(loss.item())
            out["rates"].append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()

    # evaluate.load asks the network for the metric's script, so what it would be given is kept instead.
    model.eval()
    out["logits"], out["predictions"], out["references"] = [], [], []
    for batch in evaluation:
        batch.pop("row")
        with torch.no_grad():
            logits = model(**batch).logits
        out["logits"] += logits.flatten().tolist()
        out["predictions"] += torch.argmax(logits, dim=-1).tolist()
        out["references"] += batch["labels"].tolist()
    # Where the default generator stands at the end: every pass over a loader draws from it.
    out["next_random"] = torch.empty((), dtype=torch.int64).random_().item()
    return out


def order(generator=None, passes=2, **settings):
    torch.manual_seed(SEED)
    loader = DataLoader(
        rows(ROWS), batch_size=BATCH_SIZE, collate_fn=lambda examples: [e["row"] for e in examples],
        generator=generator, **settings)
    return [list(loader) for _ in range(passes)]


def main():
    torch.set_num_threads(1)
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
    expected = {
        "versions": PINNED,
        "loop": loop(root / "tiny-bert"),
        "orders": {
            "shuffle": order(shuffle=True),
            "drop_last": order(shuffle=True, drop_last=True),
            "in_order": order(),
            "generator": order(generator=torch.Generator().manual_seed(7), shuffle=True),
        },
    }
    folder = root / "manual-loop"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
