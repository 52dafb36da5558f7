"""Writes what Python's models answer to calls that the family fixtures don't make.

    python Tools/reference/model_calls.py Tests/Fixtures/families [name ...]

For each `<name>-a` (and -b where they differ) a file `calls.safetensors` beside `fixture.safetensors`, made with the
weights and inputs of that one, in evaluation mode on one CPU thread:

    attentions/<layer>        of sequence classification, `[batch, heads, sequence, sequence]`, eager
    embeds/input, .../logits  random vectors in place of ids, and the token head's answer
    positions/ids, .../logits positions given by the caller, and the token head's answer
    resize/<way>/<name>       the tensors of the masked model, by their names in its file, whose shape changes by
                              `resize_token_embeddings` after `torch.manual_seed(42)`: `mean` to 30 rows, `normal` to 30
                              without mean_resizing, `multiple` to a multiple of 16, `fewer` to 20; `resize/way/logits` of them
"""

import importlib.metadata
import inspect
import json
import sys
import tempfile
from pathlib import Path

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "safetensors": "0.8.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

import torch
import transformers
from safetensors.torch import load_file, save_file

WAYS = {
    "mean": dict(new_num_tokens=30), "normal": dict(new_num_tokens=30, mean_resizing=False),
    "multiple": dict(pad_to_multiple_of=16), "fewer": dict(new_num_tokens=20),
}


def load(folder, task, temporary, **options):
    """A task's model with the weights of a family's fixture."""
    tasks = json.loads((folder / "tasks.json").read_text())
    tensors = load_file(folder / "fixture.safetensors")
    kind = getattr(transformers, tasks[task]["architecture"])
    prefix = kind.base_model_prefix
    weights = {f"{prefix}.{name}": tensors[f"encoder/{name}"] for name in tasks["encoder"]["names"]
               if name not in tasks[task]["without"]}
    weights |= {name: tensors[f"{task}/{name}"] for name in tasks[task]["head"]}
    path = Path(temporary) / task
    path.mkdir(exist_ok=True)
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    (path / "config.json").write_text((folder / "config.json").read_text())
    model, report = kind.from_pretrained(path, output_loading_info=True, **options)
    assert not report["missing_keys"] and not report["unexpected_keys"], report
    return model.eval(), tensors


def padded(tensors):
    return {name.split("/")[1]: tensor for name, tensor in tensors.items()
            if name.startswith("inputs/") and name.count("/") == 1}


@torch.no_grad()
def calls(folder):
    out = {}
    with tempfile.TemporaryDirectory() as temporary:
        model, tensors = load(folder, "sequence", temporary, attn_implementation="eager")
        inputs = padded(tensors)
        for index, weights in enumerate(model(**inputs, output_attentions=True).attentions):
            out[f"attentions/{index}"] = weights
        model, _ = load(folder, "token", temporary)
        accepted = inspect.signature(model.forward).parameters
        generator = torch.Generator().manual_seed(17)
        table = model.get_input_embeddings().weight
        rest = {name: tensor for name, tensor in inputs.items() if name != "input_ids"}
        out["embeds/input"] = torch.randn(*inputs["input_ids"].shape, table.shape[1], generator=generator)
        out["embeds/logits"] = model(inputs_embeds=out["embeds/input"], **rest).logits
        if "position_ids" in accepted:
            positions = torch.randint(2, 12, inputs["input_ids"].shape, generator=generator)
            out["positions/ids"] = positions
            out["positions/logits"] = model(**inputs, position_ids=positions).logits
        for way, options in WAYS.items():
            model, _ = load(folder, "masked", temporary)
            before = {name: tensor.shape for name, tensor in load_file(Path(temporary) / "masked/model.safetensors").items()}
            torch.manual_seed(42)
            model.resize_token_embeddings(**options)
            path = Path(temporary) / way
            try:
                model.save_pretrained(path)
            except RuntimeError as error:
                # Python resizes a wrong layer of DeBERTa's own head.
                assert "deberta" in model.config.model_type and not model.config.legacy, error
                continue
            for name, tensor in load_file(path / "model.safetensors").items():
                if name not in before or tensor.shape != before[name]:
                    out[f"resize/{way}/{name}"] = tensor
            rows = model.config.vocab_size
            out[f"resize/{way}/logits"] = model(**inputs | {"input_ids": inputs["input_ids"] % rows}).logits
    tensors = {name: tensor.detach().clone().contiguous() for name, tensor in out.items()}
    save_file(tensors, folder / "calls.safetensors", metadata={"format": "pt", **PINNED})
    print(folder.name, (folder / "calls.safetensors").stat().st_size, "bytes",
          [n for n in tensors if n.startswith("resize/mean")], "positions/ids" in tensors)


def main():
    torch.set_num_threads(1)
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    root = Path(sys.argv[1])
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and (not sys.argv[2:] or folder.name in sys.argv[2:]):
            calls(folder)


if __name__ == "__main__":
    main()
