"""Writes the tiny BERT fixtures that the tests hold Swiftlet to.

    python Tools/reference/tiny_bert.py [Tests/Fixtures]

Makes `tiny-bert/` (a checkpoint and `expected.safetensors`) and `tiny-bert-legacy/` (the same backbone, cut to
its first layer, under the names of old checkpoints). Everything is float32 on one CPU thread, with the library's
default attention (sdpa) and the optimizer that Trainer picks by default (fused AdamW).

Dropout masks depend on the CPU's vendor (MKL has its own stream on Intel), so `dropout.probe` holds
`torch.empty(64).bernoulli_(0.9)` drawn right after `torch.manual_seed(42)`: where a machine draws other values,
the `dropout.*` entries do not apply to it.
"""

import importlib.metadata
import json
import sys
from pathlib import Path

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "safetensors": "0.8.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification, BertModel, Trainer
from transformers.optimization import get_linear_schedule_with_warmup

STEPS, LEARNING_RATE, WEIGHT_DECAY, CLIP, SEED = 10, 1e-3, 0.01, 1.0, 42
SIZES = dict(
    vocab_size=100, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
    max_position_embeddings=64, initializer_range=0.1,
)
METADATA = {"format": "pt", **PINNED}


def make_checkpoint(directory):
    """A random classifier whose biases and layer norms are random too, so that mixing them up shows."""
    torch.manual_seed(7)
    model = BertForSequenceClassification(BertConfig(**SIZES, num_labels=2))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("LayerNorm.weight"):
                parameter.add_(torch.randn_like(parameter) * 0.1)
            elif name.endswith("bias"):
                parameter.add_(torch.randn_like(parameter) * 0.05)
    model.save_pretrained(directory)


def make_legacy(directory, source):
    """BertModel's first layer with no prefix, gamma and beta, and the position buffer old checkpoints carry."""
    config = BertConfig(**{**SIZES, "num_hidden_layers": 1})
    config.architectures = ["BertModel"]
    config.save_pretrained(directory)
    tensors = {"embeddings.position_ids": torch.arange(SIZES["max_position_embeddings"]).unsqueeze(0)}
    for name, tensor in load_file(source / "model.safetensors").items():
        if name.startswith("bert.") and ".layer.1." not in name:
            name = name.removeprefix("bert.")
            name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
            tensors[name] = tensor
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})


def make_batch():
    """Four rows of 17 with 17, 5, 11 and 2 real tokens; the second segment begins in mid-row."""
    generator = torch.Generator().manual_seed(11)
    ids = torch.randint(5, SIZES["vocab_size"], (4, 17), generator=generator)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, (length, second) in enumerate([(17, 9), (5, 3), (11, 4), (2, 2)]):
        mask[row, :length] = 1
        types[row, second:length] = 1
        ids[row, 0], ids[row, second - 1], ids[row, length - 1] = 2, 3, 3
    ids = ids * mask  # the padding token is 0
    labels = torch.tensor([1, 0, 1, 1])
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}, labels


def load(directory, dropout, **overrides):
    model, report = BertForSequenceClassification.from_pretrained(
        directory, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout, output_loading_info=True,
        **overrides,
    )
    assert not report["missing_keys"] and not report["unexpected_keys"], report
    assert model.dtype == torch.float32 and model.config._attn_implementation == overrides.get(
        "attn_implementation", "sdpa")
    return model


def optimizer_for(model):
    decayed = set(Trainer.get_decay_parameter_names(None, model))
    named = list(model.named_parameters())
    groups = [
        {"params": [p for n, p in named if n in decayed], "weight_decay": WEIGHT_DECAY},
        {"params": [p for n, p in named if n not in decayed], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=(0.9, 0.999), eps=1e-8, fused=True)
    return optimizer, get_linear_schedule_with_warmup(optimizer, 0, STEPS), decayed


def train(model, batch, labels, steps, visit):
    """Trainer's order within a step: forward, backward, clip, step, schedule, zero."""
    model.train()
    optimizer, schedule, _ = optimizer_for(model)
    for step in range(1, steps + 1):
        output = model(**batch, labels=labels)
        output.loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        rate = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        visit(step, output, norm, rate)
        optimizer.zero_grad()


def with_head(directory, num_labels, labels, seed, **overrides):
    """The same backbone under another head: its weights, labels, logits, loss and head gradients."""
    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(
        directory, num_labels=num_labels, ignore_mismatched_sizes=True, **overrides)
    with torch.no_grad():
        model.classifier.weight.normal_(0, 0.1)
        model.classifier.bias.normal_(0, 0.05)
    model.eval()
    output = model(**BATCH, labels=labels)
    output.loss.backward()
    return {
        "classifier.weight": model.classifier.weight, "classifier.bias": model.classifier.bias, "labels": labels,
        "logits": output.logits, "loss": output.loss, "grad.classifier.weight": model.classifier.weight.grad,
        "grad.classifier.bias": model.classifier.bias.grad,
        "grad.bert.pooler.dense.bias": model.bert.pooler.dense.bias.grad,
    }


def expect(directory, legacy, **overrides):
    """Every expected tensor by name."""
    batch, labels = BATCH, LABELS
    out = {**batch, "labels": labels}

    model = load(directory, 0.0, **overrides).eval()
    with torch.no_grad():
        output = model(**batch, labels=labels, output_hidden_states=True)
        backbone = model.bert(**batch)
    for index, state in enumerate(output.hidden_states):
        out[f"hidden_states.{index}"] = state
    out |= {"pooler_output": backbone.pooler_output, "logits": output.logits, "loss": output.loss}

    model = load(directory, 0.0, **overrides).train()
    model(**batch, labels=labels).loss.backward()
    out |= {f"grad.{name}": parameter.grad for name, parameter in model.named_parameters()}

    model = load(directory, 0.0, **overrides)
    losses, norms, rates = [], [], []

    def visit(step, output, norm, rate):
        losses.append(output.loss.detach())
        norms.append(norm)
        rates.append(rate)
        if step in (1, STEPS):
            out.update({f"step{step}.{name}": p.detach().clone() for name, p in model.named_parameters()})

    train(model, batch, labels, STEPS, visit)
    out |= {"losses": torch.stack(losses), "grad_norms": torch.stack(norms),
            "learning_rates": torch.tensor(rates, dtype=torch.float64)}

    model = load(directory, 0.1, **overrides)
    losses, norms, logits = [], [], []

    def visit_dropout(step, output, norm, rate):
        losses.append(output.loss.detach())
        norms.append(norm)
        logits.append(output.logits.detach())

    torch.manual_seed(SEED)
    out["dropout.probe"] = torch.empty(64).bernoulli_(0.9)
    torch.manual_seed(SEED)
    train(model, batch, labels, 3, visit_dropout)
    out |= {"dropout.losses": torch.stack(losses), "dropout.grad_norms": torch.stack(norms),
            "dropout.logits": logits[0]}

    regression = with_head(directory, 1, torch.tensor([0.5, -1.25, 3.0, 0.0]), 21)
    multilabel = with_head(
        directory, 3, torch.tensor([[1.0, 0, 1], [0, 0, 0], [0, 1, 1], [1, 1, 0]]), 22,
        problem_type="multi_label_classification")
    out |= {f"regression.{k}": v for k, v in regression.items()}
    out |= {f"multilabel.{k}": v for k, v in multilabel.items()}

    old = BertModel.from_pretrained(legacy).eval()
    with torch.no_grad():
        output = old(**batch, output_hidden_states=True)
    assert torch.equal(output.hidden_states[1], out["hidden_states.1"]) or overrides
    out["legacy.pooler_output"] = output.pooler_output
    return {name: tensor.detach().clone().contiguous() for name, tensor in out.items()}


def main():
    torch.set_num_threads(1)
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures")
    directory, legacy = root / "tiny-bert", root / "tiny-bert-legacy"
    legacy.mkdir(parents=True, exist_ok=True)
    make_checkpoint(directory)
    make_legacy(legacy, directory)
    expected = expect(directory, legacy)
    save_file(expected, directory / "expected.safetensors", metadata=METADATA)
    decayed = sorted(optimizer_for(load(directory, 0.0))[2])
    (directory / "decay.json").write_text(json.dumps(decayed, indent=1) + "\n")
    # How far another order of the same sums moves each kind of entry: what a tolerance has to allow at least.
    eager = expect(directory, legacy, attn_implementation="eager")
    spread = {}
    for name, tensor in expected.items():
        if tensor.is_floating_point() and not name.startswith("dropout."):
            kind = name.split(".")[0] + (" (key.bias)" if name.endswith("key.bias") else "")
            spread[kind] = max(spread.get(kind, 0.0), (tensor - eager[name]).abs().max().item())
    for kind, value in spread.items():
        print(f"{kind:32} {value:.1e}")


BATCH, LABELS = make_batch()
if __name__ == "__main__":
    main()
