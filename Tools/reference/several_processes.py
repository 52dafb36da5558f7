"""Writes the fixture that holds the Accelerator to accelerate's, on two processes and in how it deals out batches.

    python Tools/reference/several_processes.py [Tests/Fixtures]

A training loop on the tiny BERT of `tiny_bert.py`, float32 on one CPU thread a process, without dropout, in several
settings of `Accelerator` and `DataLoader`; rows and labels come from a formula that the test repeats. `shards` are
the batches that `BatchSamplerShard` deals out. The processes talk by Gloo over a free port of this machine.
"""

import importlib.metadata
import json
import os
import socket
import sys
import tempfile
from pathlib import Path

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "accelerate": "1.15.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make this fixture; found {found}")

import torch
import torch.multiprocessing as multiprocessing
from accelerate import Accelerator
from accelerate.data_loader import BatchSamplerShard
from accelerate.utils import DataLoaderConfiguration
from torch.optim import AdamW
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler
from transformers import BertForSequenceClassification, get_scheduler

from training_rows import collate, rows

EVAL_ROWS, SEED, RATE, EPOCHS = 10, 42, 1e-3, 2

# What the test sets by the same names.
SETTINGS = {
    "shuffled": {"rows": 21, "batch_size": 4},
    "in_order": {"rows": 21, "batch_size": 4, "shuffle": False},
    "split": {"rows": 21, "batch_size": 4, "split_batches": True},
    "seedable": {"rows": 21, "batch_size": 4, "use_seedable_sampler": True},
    "drop_last": {"rows": 21, "batch_size": 4, "drop_last": True},
    "accumulated": {"rows": 22, "batch_size": 2, "accumulation": 2},
}


def loop(directory, settings):
    accelerator = Accelerator(
        cpu=True,
        gradient_accumulation_steps=settings.get("accumulation", 1),
        dataloader_config=DataLoaderConfiguration(
            split_batches=settings.get("split_batches", False),
            use_seedable_sampler=settings.get("use_seedable_sampler", False),
        ),
    )
    model = BertForSequenceClassification.from_pretrained(
        directory, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    torch.manual_seed(SEED)
    train = DataLoader(
        rows(settings["rows"]), shuffle=settings.get("shuffle", True), batch_size=settings["batch_size"],
        drop_last=settings.get("drop_last", False), collate_fn=collate)
    evaluation = DataLoader(rows(EVAL_ROWS), batch_size=4, collate_fn=collate)
    optimizer = AdamW(model.parameters(), lr=RATE)
    schedule = get_scheduler("linear", optimizer, num_warmup_steps=2, num_training_steps=EPOCHS * len(train))
    model, optimizer, train, evaluation, schedule = accelerator.prepare(
        model, optimizer, train, evaluation, schedule)

    out = {"count": len(train), "order": [], "losses": [], "rates": [], "norms": []}
    model.train()
    for _ in range(EPOCHS):
        for batch in train:
            out["order"].append(batch.pop("row").tolist())
            with accelerator.accumulate(model):
                loss = model(**batch).loss
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    out["norms"].append(accelerator.clip_grad_norm_(model.parameters(), 1.0).item())
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
            out["losses"].append(loss.item())
            out["rates"].append(schedule.get_last_lr()[0])

    model.eval()
    out["eval_rows"], out["logits"] = [], []
    for batch in evaluation:
        row = batch.pop("row")
        with torch.no_grad():
            logits = model(**batch).logits
        row, logits = accelerator.gather_for_metrics((row, logits))
        out["eval_rows"] += row.tolist()
        out["logits"] += logits.flatten().tolist()
    accelerator.wait_for_everyone()
    return out


def process(rank, port, directory, settings, folder):
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2", MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port), ACCELERATE_USE_CPU="true", OMP_NUM_THREADS="1", GLOO_SOCKET_IFNAME="lo")
    torch.set_num_threads(1)
    result = loop(directory, settings)
    Path(folder, f"{rank}.json").write_text(json.dumps(result))
    torch.distributed.destroy_process_group()


def on_two_processes(directory, settings):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(process, args=(port, directory, settings, folder), nprocs=2)
        return [json.loads(Path(folder, f"{rank}.json").read_text()) for rank in range(2)]


def shards():
    cases = []
    for count in (0, 1, 2, 3, 5, 8, 11, 16, 17, 23, 24):
        for size in (2, 4, 6):
            for processes in (2, 3, 4):
                for split in (False, True):
                    for even in (True, False):
                        for drop_last in (False, True):
                            if split and size % processes:
                                continue
                            dealt, lengths = [], []
                            for index in range(processes):
                                # Made anew: accelerate changes the lists of the first batches.
                                sampler = BatchSampler(SequentialSampler(range(count)), size, drop_last)
                                shard = BatchSamplerShard(sampler, processes, index, split, even)
                                dealt.append([list(batch) for batch in shard])
                                lengths.append(len(shard))
                            cases.append({
                                "rows": count, "batch_size": size, "split_batches": split, "even_batches": even,
                                "drop_last": drop_last, "batches": dealt, "lengths": lengths,
                            })
    return cases


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
    folder = root / "several-processes"
    folder.mkdir(parents=True, exist_ok=True)
    expected = {
        "versions": PINNED,
        "runs": {
            name: {"settings": settings, "processes": on_two_processes(str(root / "tiny-bert"), settings)}
            for name, settings in SETTINGS.items()
        },
    }
    (folder / "accelerate.json").write_text(json.dumps(expected) + "\n")
    (folder / "shards.json").write_text(json.dumps(shards(), separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
