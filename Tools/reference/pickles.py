"""Writes the files of `torch.save` that the tests of Swiftlet's reader of them use.

    python Tools/reference/pickles.py Tests/Fixtures/pickles

    tensors.bin, tensors.safetensors   tensors of all kinds, and the same as safetensors
    model/, sharded/                   one tiny masked language model with `pytorch_model.bin`, whole and in two shards
    model/expected.safetensors         its logits
    views.bin, views.safetensors       lazy negations and expanded tensors, and the same as safetensors
    legacy.bin, legacy-views.bin       the same in the format before PyTorch 1.6
    legacy-python2.bin                 such a file with the texts of Python 2
    import-*.bin                       files that want something imported and called
"""

import importlib.metadata
import json
import os
import pickle
import sys
from collections import OrderedDict
from pathlib import Path

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "safetensors": "0.8.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM


def tensors():
    torch.manual_seed(3)
    whole = torch.randn(6, 4)
    result = OrderedDict(
        float32=torch.randn(3, 5), float64=torch.randn(2, dtype=torch.float64), float16=torch.randn(3).half(),
        bfloat16=torch.randn(5).bfloat16(), int64=torch.tensor([-1, 2**40]), int32=torch.tensor([[7]], dtype=torch.int32),
        int16=torch.tensor([-300], dtype=torch.int16), int8=torch.tensor([-5, 5], dtype=torch.int8),
        uint8=torch.tensor([200], dtype=torch.uint8), bool=torch.tensor([True, False, True]),
        scalar=torch.tensor(2.5), empty=torch.empty(0, 3), parameter=torch.nn.Parameter(torch.randn(2, 2)),
        rows=whole[2:4], transposed=whole.t(), column=whole[:, 1], every_second=whole[::2],
    )
    result._metadata = OrderedDict({"": {"version": 1}, "layer": {"version": 2}})
    return result


def views():
    torch.manual_seed(5)
    pair = torch.tensor([1.0, 2.0])
    whole = torch.randn(4, 3)
    number = torch.tensor([1 + 2j, 3 - 4j])
    return OrderedDict(
        negative=torch._neg_view(pair), negative_column=torch._neg_view(whole)[:, 1], twice=torch._neg_view(torch._neg_view(pair)),
        imaginary=number.conj().imag, negative_ints=torch._neg_view(torch.tensor([3, -4, 2**40])),
        rows=pair.expand(3, 2), scalar=torch.tensor(5.0).expand(2, 2), column=whole[:, 1:2].expand(4, 5),
        bools=torch.tensor([True, False]).expand(2, 2), nothing=pair.expand(0, 2),
    )


class Wants:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def main():
    torch.set_num_threads(1)
    root = Path(sys.argv[1])
    for name in ["model", "sharded"]:
        (root / name).mkdir(parents=True, exist_ok=True)
    torch.save(tensors(), root / "tensors.bin")
    save_file({k: v.detach().clone().contiguous() for k, v in tensors().items()}, root / "tensors.safetensors")

    torch.manual_seed(7)
    model = BertForMaskedLM(BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
        max_position_embeddings=8, initializer_range=0.3)).eval()
    state = model.state_dict()
    assert "cls.predictions.decoder.weight" in state
    torch.save(state, root / "model" / "pytorch_model.bin")
    names = list(state)
    files = {name: f"pytorch_model-{1 if i < len(names) // 2 else 2:05}-of-00002.bin" for i, name in enumerate(names)}
    for file in sorted(set(files.values())):
        torch.save({name: state[name] for name in names if files[name] == file}, root / "sharded" / file)
    index = {"metadata": {"total_size": sum(t.numel() * 4 for t in state.values())}, "weight_map": files}
    (root / "sharded" / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=1) + "\n")
    for name in ["model", "sharded"]:
        model.config.save_pretrained(root / name)
    ids = torch.tensor([[2, 5, 9, 3], [4, 4, 1, 19]])
    with torch.no_grad():
        save_file({"input_ids": ids, "logits": model(ids).logits}, root / "model" / "expected.safetensors")

    torch.save(views(), root / "views.bin")
    save_file({k: v.clone().resolve_neg().contiguous() for k, v in views().items()}, root / "views.safetensors")
    for name, state in [("legacy", tensors()), ("legacy-views", views())]:
        torch.save(state, root / f"{name}.bin", _use_new_zipfile_serialization=False)
    # Python 2's pickler wrote its texts as SHORT_BINSTRING, where Python 3 has BINUNICODE.
    whole = (root / "legacy.bin").read_bytes()
    for text in [b"storage", b"cpu", b"float32", b"rows", b"little_endian"]:
        whole = whole.replace(b"X" + len(text).to_bytes(4, "little") + text, b"U" + bytes([len(text)]) + text)
    (root / "legacy-python2.bin").write_bytes(whole)
    torch.save({"w": Wants(os.system, "touch /tmp/swiftlet-pickle-ran")}, root / "import-system.bin")
    torch.save({"w": Wants(eval, "1 + 1")}, root / "import-eval.bin")
    torch.save({"w": Wants(torch.zeros, 3)}, root / "import-torch.bin")
    torch.save({"w": pickle.Pickler}, root / "import-class.bin")


if __name__ == "__main__":
    main()
