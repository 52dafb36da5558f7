"""What the two benchmark programs share: the command line, the data and the figures."""

import argparse
import json
import os
import resource
import sys

import glue

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # both arguments are local paths
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def parse(description, default_steps):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("model", help="a checkpoint directory")
    parser.add_argument("dataset", help="a dataset folder in the Hub's layout, or one that holds --config as a folder")
    parser.add_argument("--config", help="the dataset's configuration, such as mrpc")
    parser.add_argument("--steps", type=int, default=default_steps, help="measured steps, after the warm-up")
    parser.add_argument("--warm-up", type=int, default=5, help="steps that are run but not measured")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--threads", type=int, help="default: what torch chooses")
    parser.add_argument("--bf16", action="store_true", help="train or predict in bfloat16 where autocast allows")
    parser.add_argument("--length", type=int, help="give every row exactly this many tokens, its own over and over")
    parser.add_argument("--layers", type=int, help="fewer or more layers than the checkpoint has")
    parser.add_argument("--seed", type=int, default=42)
    return parser.parse_args()


def stretched(ids, length):
    """A row of one length: the tokens between its first and its last over and over."""
    body = ids[1:-1]
    return ids[:1] + [body[place % len(body)] for place in range(length - 2)] + ids[-1:]


def load(arguments, texts=glue.PAIR):
    """The seeded model, its tokenizer and the splits with their columns of `texts` tokenized."""
    import datasets
    import torch
    import transformers

    datasets.disable_progress_bars()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
    raw = datasets.load_dataset(arguments.dataset, arguments.config)

    def tokenize(batch):
        encoded = tokenizer(*(batch[name] for name in texts), truncation=True)
        if not arguments.length:
            return encoded
        rows = [stretched(ids, arguments.length) for ids in encoded["input_ids"]]
        return {"input_ids": rows, "token_type_ids": [[0] * len(row) for row in rows],
                "attention_mask": [[1] * len(row) for row in rows]}

    tokenized = raw.map(tokenize, batched=True)
    transformers.set_seed(arguments.seed)
    changes = {"num_hidden_layers": arguments.layers} if arguments.layers else {}
    model = transformers.AutoModelForSequenceClassification.from_pretrained(arguments.model, num_labels=2, **changes)
    return model, tokenizer, tokenized


def report(figures):
    """One line of JSON on standard output, with what every program says about its process."""
    import torch

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB on Linux, bytes on macOS
    figures |= {
        "peak_rss_mb": round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }
    print(json.dumps(figures))
