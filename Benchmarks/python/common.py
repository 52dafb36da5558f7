"""What the two benchmark programs share: the command line, the data and the figures."""

import argparse
import json
import os
import resource
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # both arguments are local paths
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

WARM_UP = 5  # steps that are run but not measured


def parse(description, default_steps):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("model", help="a checkpoint directory")
    parser.add_argument("dataset", help="a dataset folder in the Hub's layout, or one that holds --config as a folder")
    parser.add_argument("--config", help="the dataset's configuration, such as mrpc")
    parser.add_argument("--steps", type=int, default=default_steps, help="measured steps, after 5 of warm-up")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--threads", type=int, help="default: what torch chooses")
    parser.add_argument("--bf16", action="store_true", help="train or predict in bfloat16 where autocast allows")
    parser.add_argument("--seed", type=int, default=42)
    return parser.parse_args()


def load(arguments):
    """The seeded model, its tokenizer and the tokenized splits."""
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
    tokenized = raw.map(
        lambda batch: tokenizer(batch["sentence1"], batch["sentence2"], truncation=True), batched=True)
    transformers.set_seed(arguments.seed)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(arguments.model, num_labels=2)
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
