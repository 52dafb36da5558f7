"""The shapes of models that are measured: MiniLM as it is, and BERT-base with MiniLM's tokenizer and random weights,
which take as long as trained ones. Standard library only."""

import array
import json
import math
import random
import struct

SHAPES = {
    "minilm": {},
    "bert-base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072},
}


def tensors(config):
    """The tensors of a BERT without a head."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    found = {
        "embeddings.word_embeddings.weight": [config["vocab_size"], width],
        "embeddings.position_embeddings.weight": [config["max_position_embeddings"], width],
        "embeddings.token_type_embeddings.weight": [config["type_vocab_size"], width],
        "embeddings.LayerNorm.weight": [width], "embeddings.LayerNorm.bias": [width],
        "pooler.dense.weight": [width, width], "pooler.dense.bias": [width],
    }
    for layer in range(config["num_hidden_layers"]):
        for name, outputs, inputs in [
            ("attention.self.query", width, width), ("attention.self.key", width, width),
            ("attention.self.value", width, width), ("attention.output.dense", width, width),
            ("intermediate.dense", inner, width), ("output.dense", width, inner),
        ]:
            found[f"encoder.layer.{layer}.{name}.weight"] = [outputs, inputs]
            found[f"encoder.layer.{layer}.{name}.bias"] = [outputs]
        for name in ("attention.output", "output"):
            found[f"encoder.layer.{layer}.{name}.LayerNorm.weight"] = [width]
            found[f"encoder.layer.{layer}.{name}.LayerNorm.bias"] = [width]
    return found


def model_folder(minilm, shape, folder):
    """A checkpoint of a shape: MiniLM itself, or its tokenizer with another configuration and random weights."""
    if not SHAPES[shape]:
        return minilm
    model = folder / shape
    model.mkdir()
    for source in minilm.iterdir():
        if source.is_file() and source.name != "config.json" and source.suffix not in (".safetensors", ".bin"):
            (model / source.name).symlink_to(source)
    config = json.loads((minilm / "config.json").read_text()) | SHAPES[shape]
    (model / "config.json").write_text(json.dumps(config))
    entries, end = {}, 0
    for tensor, dimensions in tensors(config).items():
        size = 4 * math.prod(dimensions)
        entries[tensor] = {"dtype": "F32", "shape": dimensions, "data_offsets": [end, end + size]}
        end += size
    header = json.dumps(entries).encode()
    draw = random.Random(1)
    noise = array.array("f", (draw.gauss(0, 0.02) for _ in range(1 << 16))).tobytes()
    with open(model / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for tensor, dimensions in tensors(config).items():
            size = 4 * math.prod(dimensions)
            if tensor.endswith("LayerNorm.weight"):
                file.write(struct.pack("<f", 1) * (size // 4))
            else:
                file.write((noise * (size // len(noise) + 1))[:size])
    return model


def layer_count(folder):
    return json.loads((folder / "config.json").read_text())["num_hidden_layers"]


def products_per_token(folder, layers=None):
    """Multiplications of the linear layers for one token, which the time of a step grows with."""
    config = json.loads((folder / "config.json").read_text())
    width = config["hidden_size"]
    return (layers or config["num_hidden_layers"]) * width * (4 * width + 2 * config["intermediate_size"])
