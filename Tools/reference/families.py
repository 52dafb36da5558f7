"""Writes the fixtures that the tests hold every model family to.

    python Tools/reference/families.py Tests/Fixtures/families [name ...]
    python Tools/reference/families.py --check FOLDER EXPECTED      # loads what Swiftlet saved

For each family two tiny random checkpoints, `<name>-a` and `<name>-b`, the second with unusual settings. A folder holds

    config.json          as `save_pretrained` writes it
    tasks.json           for each task the class's name and the names in its saved file: its head's, and those of the
                         encoder alone that it is without; fields to vary
    fixture.safetensors  weights, inputs and what Python computes with them, float32 on one CPU thread

The encoder's weights are shared by the five tasks (`encoder/<name>`); a head's lie under `<task>/<name>`. Everything is
computed in evaluation mode, gradients too, but for `train/<task>`: the logits in training mode after
`torch.manual_seed(42)`, which dropout in another place or of another rate changes. Dropout masks depend on the CPU's
vendor: where `probe` is not what `torch.empty(64).bernoulli_(0.9)` gives after that seed, they do not apply.

`init/<task>` is the head, its tensors by name, that `from_pretrained` draws for the encoder's checkpoint after
`torch.manual_seed(42)`. `grad/<task>/<name>` are the gradients of heads, `grad/sequence/encoder/<name>` those of the encoder in sequence
classification, and `grad/others/encoder/<name>` the sums of those in the other four tasks.
"""

import importlib.metadata
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
from transformers import AutoConfig, AutoModel
from transformers.core_model_loading import revert_weight_conversion

SIZES = dict(
    vocab_size=26, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
    max_position_embeddings=16, initializer_range=0.4,
)
ROWS, LENGTH = [9, 4, 6, 2], 9
TASKS = {
    "sequence": "SequenceClassification", "token": "TokenClassification", "question": "QuestionAnswering",
    "choice": "MultipleChoice", "masked": "MaskedLM",
}
DISTIL = dict(
    vocab_size=26, dim=8, n_layers=2, n_heads=2, hidden_dim=12, max_position_embeddings=16, initializer_range=0.4)
UNUSUAL = dict(
    hidden_act="gelu_new", layer_norm_eps=1e-3, num_attention_heads=4, hidden_dropout_prob=0.2,
    attention_probs_dropout_prob=0.3, tie_word_embeddings=False, num_labels=3, problem_type="regression")
FIELDS = [("sequence", "hidden_act", "relu"), ("sequence", "layer_norm_eps", 0.1), ("sequence", "num_attention_heads", 8)]

# model_type, settings of a and of b, and fields that must change the logits of a: (task, field, value).
FAMILIES = {
    "bert": ("bert", SIZES, SIZES | UNUSUAL | dict(type_vocab_size=3, pad_token_id=3, classifier_dropout=0.4), FIELDS),
    "distilbert": (
        "distilbert", DISTIL,
        DISTIL | dict(activation="relu", n_heads=4, dropout=0.2, attention_dropout=0.3, qa_dropout=0.5,
                      seq_classif_dropout=0.4, pad_token_id=3, tie_word_embeddings=False, num_labels=3,
                      problem_type="regression"),
        [("sequence", "activation", "relu"), ("masked", "activation", "relu"), ("sequence", "n_heads", 8)]),
    "roberta": (
        "roberta", SIZES | dict(type_vocab_size=1, layer_norm_eps=1e-5),
        SIZES | UNUSUAL | dict(type_vocab_size=2, pad_token_id=3, classifier_dropout=0.4),
        FIELDS + [("sequence", "pad_token_id", 5)]),
    "xlm-roberta": ("xlm-roberta", SIZES | dict(type_vocab_size=1, layer_norm_eps=1e-5), None, FIELDS),
    "camembert": ("camembert", SIZES | dict(type_vocab_size=1, layer_norm_eps=1e-5), None, FIELDS),
    "electra": (
        "electra", SIZES | dict(embedding_size=6),
        SIZES | UNUSUAL | dict(embedding_size=8, pad_token_id=3, classifier_dropout=0.4, summary_type="mean",
                               summary_activation="", summary_last_dropout=0.5),
        FIELDS + [("choice", "summary_type", "last"), ("choice", "summary_activation", "tanh"),
                  ("choice", "summary_use_proj", False)]),
    "mpnet": (
        "mpnet", SIZES, SIZES | UNUSUAL | dict(relative_attention_num_buckets=40), FIELDS[:2]),
}

# ALBERT, DeBERTa and ModernBERT.
DEBERTA = SIZES | dict(relative_attention=True, pos_att_type="c2p|p2c", position_biased_input=False)
MODERN = dict(
    vocab_size=26, hidden_size=8, num_hidden_layers=3, num_attention_heads=2, intermediate_size=12,
    max_position_embeddings=16, initializer_range=0.4, local_attention=4, pad_token_id=0)
FAMILIES |= {
    "albert": (
        "albert", SIZES | dict(embedding_size=6, num_hidden_layers=3, num_hidden_groups=2),
        SIZES | UNUSUAL | dict(hidden_act="silu", embedding_size=10, inner_group_num=2, type_vocab_size=3, pad_token_id=3,
                               classifier_dropout_prob=0.4),
        FIELDS + [("sequence", "num_hidden_layers", 4)]),
    "deberta": (
        "deberta", DEBERTA,
        DEBERTA | UNUSUAL | dict(
            pos_att_type=["p2c"], max_relative_positions=5, position_biased_input=True, type_vocab_size=2,
            talking_head=True, legacy=False, pad_token_id=3, cls_dropout=0.4, pooler_dropout=0.1,
            pooler_hidden_act="tanh"),
        FIELDS + [("sequence", "pooler_hidden_act", "tanh"), ("sequence", "pos_att_type", ["c2p"]),
                  ("sequence", "relative_attention", False)]),
    "deberta-v2": (
        "deberta-v2", DEBERTA | dict(position_buckets=8, share_att_key=True, conv_kernel_size=3, legacy=False),
        DEBERTA | UNUSUAL | dict(
            max_relative_positions=5, conv_kernel_size=5, conv_groups=2, conv_act="gelu", position_biased_input=True,
            type_vocab_size=3, embedding_size=6, pad_token_id=3, cls_dropout=0.4, pooler_dropout=0.1,
            pooler_hidden_act="tanh"),
        FIELDS + [("sequence", "pooler_hidden_act", "tanh"), ("sequence", "max_relative_positions", 40),
                  ("sequence", "conv_act", "relu"), ("sequence", "pos_att_type", ["p2c"])]),
    "deberta-v3": (
        "deberta-v2",
        DEBERTA | dict(position_buckets=6, share_att_key=True, norm_rel_ebd="layer_norm", max_position_embeddings=12),
        None, [("sequence", "pos_att_type", ["c2p"]), ("sequence", "norm_rel_ebd", "none")]),
    "modernbert": (
        "modernbert", MODERN,
        MODERN | dict(
            hidden_activation="silu", norm_eps=1e-3, num_attention_heads=4, norm_bias=True, attention_bias=True,
            mlp_bias=True, classifier_bias=True, decoder_bias=False, classifier_pooling="mean",
            classifier_activation="relu", attention_dropout=0.3, mlp_dropout=0.2, embedding_dropout=0.1,
            classifier_dropout=0.4, local_attention=3, pad_token_id=3, tie_word_embeddings=False, num_labels=3,
            problem_type="regression",
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            rope_parameters={"full_attention": {"rope_type": "default", "rope_theta": 300.0},
                             "sliding_attention": {"rope_type": "default", "rope_theta": 20.0}}),
        [("sequence", "hidden_activation", "relu"), ("sequence", "norm_eps", 0.1), ("sequence", "num_attention_heads", 4),
         ("sequence", "local_attention", 12), ("sequence", "classifier_pooling", "mean"),
         ("sequence", "classifier_activation", "relu"), ("sequence", "layer_types", ["full_attention"] * 3),
         ("masked", "rope_parameters", {"full_attention": {"rope_type": "default", "rope_theta": 3.0},
                                        "sliding_attention": {"rope_type": "default", "rope_theta": 2.0}})]),
}

# Encoders with rotations for positions, and files in another layout than the model in memory.
ROTARY = SIZES | dict(pad_token_id=0)
ROTARY_UNUSUAL = ROTARY | dict(
    layer_norm_eps=1e-3, num_attention_heads=1, head_dim=6, hidden_dropout_prob=0.2, attention_probs_dropout_prob=0.3,
    classifier_dropout=0.4, type_vocab_size=3, pad_token_id=3, tie_word_embeddings=False, num_labels=3,
    problem_type="regression", rope_parameters={"rope_type": "linear", "rope_theta": 300.0, "factor": 4.0})
ROTARY_FIELDS = [
    ("sequence", "layer_norm_eps", 0.1), ("sequence", "hidden_act", "relu"),
    ("token", "rope_parameters", {"rope_type": "default", "rope_theta": 3.0}),
    ("sequence", "rope_parameters", {"rope_type": "linear", "rope_theta": 1000.0, "factor": 2.0})]
FAMILIES |= {
    "nomic_bert": ("nomic_bert", ROTARY, ROTARY_UNUSUAL | dict(hidden_act="gelu"), ROTARY_FIELDS),
    "gte": ("gte", ROTARY | dict(type_vocab_size=0), ROTARY_UNUSUAL | dict(hidden_act="gelu_new"), ROTARY_FIELDS),
    "jina_embeddings_v3": (
        "jina_embeddings_v3", ROTARY | dict(attention_probs_dropout_prob=0.1), ROTARY_UNUSUAL | dict(hidden_act="silu"),
        ROTARY_FIELDS),
    "eurobert": (
        "eurobert", ROTARY | dict(bos_token_id=1, eos_token_id=2, mask_token_id=4),
        ROTARY | dict(
            bos_token_id=1, eos_token_id=2, mask_token_id=4, hidden_act="gelu", rms_norm_eps=1e-3, head_dim=6,
            num_attention_heads=4, num_key_value_heads=2, attention_bias=True, mlp_bias=True, attention_dropout=0.3,
            classifier_pooling="bos", tie_word_embeddings=True, pad_token_id=3, num_labels=3, problem_type="regression",
            rope_parameters={"rope_type": "linear", "rope_theta": 300.0, "factor": 4.0}),
        [("sequence", "hidden_act", "relu"), ("sequence", "rms_norm_eps", 0.1), ("sequence", "classifier_pooling", "mean"),
         ("token", "rope_parameters", {"rope_type": "default", "rope_theta": 3.0})]),
}

# Fixtures with what `details` computes.
DETAILS = {"deberta-a", "deberta-v2-a", "deberta-v3-a", "modernbert-a"}


def randomize(model):
    """Biases and norms random too, so that mixing them up shows."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)


def make_inputs(config, unusual):
    """Four rows of nine places; with unusual settings a token that is not padding has padding's id."""
    pad = 1 if config.model_type == "mpnet" else config.pad_token_id or 0
    generator = torch.Generator().manual_seed(11)
    ids = torch.randint(6, config.vocab_size, (len(ROWS), LENGTH), generator=generator)
    mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, length in enumerate(ROWS):
        mask[row, :length] = 1
        types[row, length // 2:length] = 1
    ids = torch.where(mask == 1, ids, torch.full_like(ids, pad))
    if unusual:
        ids[0, 3] = pad
    inputs = {"input_ids": ids, "attention_mask": mask}
    if getattr(config, "type_vocab_size", 0) > 1 and config.model_type != "distilbert":
        inputs["token_type_ids"] = types
    return inputs


def make_labels(config, mask):
    generator = torch.Generator().manual_seed(12)
    labels = torch.randint(0, config.num_labels, mask.shape, generator=generator)
    words = torch.randint(0, config.vocab_size, mask.shape, generator=generator)
    asked = (torch.rand(mask.shape, generator=generator) < 0.5) & (mask == 1)
    asked[0, 1] = True
    if config.problem_type == "regression":
        whole = torch.randn(len(ROWS), config.num_labels, generator=generator)
    else:
        whole = labels[:, 0]
    return {
        "sequence": {"labels": whole},
        "token": {"labels": torch.where(mask == 1, labels, torch.full_like(labels, -100))},
        # The last begins outside its row and counts for nothing.
        "question": {"start_positions": torch.tensor([1, 0, 2, 20]), "end_positions": torch.tensor([4, 3, 2, 1])},
        "choice": {"labels": torch.tensor([1, 0])},
        "masked": {"labels": torch.where(asked, words, torch.full_like(words, -100))},
    }


def call(task, model, inputs, labels=None, **more):
    if task == "choice":
        inputs = {name: tensor.view(2, 2, -1) for name, tensor in inputs.items()}
    output = model(**inputs, **(labels or {}), **more)
    logits = torch.stack([output.start_logits, output.end_logits], -1) if task == "question" else output.logits
    return output, logits


def make_models(config, dropless=True):
    """The five models on one encoder, and the encoder."""
    torch.manual_seed(7)
    encoder = AutoModel.from_config(config)
    randomize(encoder)
    models = {}
    for task, suffix in TASKS.items():
        # Python's first DeBERTa has no multiple choice.
        if type(config) not in getattr(transformers, f"AutoModelFor{suffix}")._model_mapping:
            continue
        settings = type(config)(**config.to_dict())
        if task == "question":
            settings.num_labels = 2
            settings.problem_type = None
        models[task] = getattr(transformers, f"AutoModelFor{suffix}").from_config(settings)
        randomize(models[task])
        base = getattr(models[task], models[task].base_model_prefix)
        # Some have a pooler that the encoder alone lacks, or the other way round.
        own = base.state_dict()
        base.load_state_dict(own | {k: v for k, v in encoder.state_dict().items() if k in own})
        models[task].eval()
    return encoder.eval(), models


def details(out, models, inputs, config):
    """What only some families have: no end of positions, rows that begin with padding, DeBERTa's losses."""
    generator = torch.Generator().manual_seed(13)
    with torch.no_grad():
        out["long/input_ids"] = torch.randint(6, config.vocab_size, (1, 40), generator=generator)
        out["long/logits"] = models["token"](out["long/input_ids"]).logits
        if config.model_type == "modernbert":
            mask = inputs["attention_mask"].clone()
            mask[0, :2], mask[2, 0] = 0, 0
            out["left/attention_mask"] = mask.view(2, 2, -1)
            out["left/logits"] = call("choice", models["choice"], inputs | {"attention_mask": mask})[1]
        if config.model_type.startswith("deberta"):
            rows = len(ROWS)
            kinds = {"soft": torch.rand(rows, 2, generator=generator), "negative": torch.tensor([1, -1, 0, -100]),
                     "none": torch.full((rows,), -1)}
            for name, labels in kinds.items():
                out[f"loss/{name}/labels"] = labels
                out[f"loss/{name}"] = models["sequence"](**inputs, labels=labels).loss.float()
            assert models["sequence"].config.problem_type is None


def family(root, folder, model_type, settings, fields, unusual):
    config = AutoConfig.for_model(model_type, **settings)
    encoder, models = make_models(config)
    prefix = encoder.base_model_prefix
    out, tasks = {}, {"encoder": {"architecture": type(encoder).__name__}}
    inputs = make_inputs(config, unusual)
    labels = make_labels(config, inputs["attention_mask"])
    out |= {f"inputs/{name}": tensor for name, tensor in inputs.items()}
    for task, given in labels.items():
        out |= {f"inputs/{task}/{name}": tensor for name, tensor in given.items()}
    torch.manual_seed(42)
    out["probe"] = torch.empty(64).bernoulli_(0.9)

    def local(task, name):
        # A part of the encoder that the encoder alone does not have belongs to the head.
        if name in tasks[task].get("head", ()):
            return f"{task}/{name}"
        return f"encoder/{name.removeprefix(prefix + '.')}" if name.startswith(prefix + ".") else f"{task}/{name}"

    with tempfile.TemporaryDirectory() as temporary:
        encoder.save_pretrained(temporary)
        saved = load_file(Path(temporary) / "model.safetensors")
        tasks["encoder"]["names"] = sorted(saved)
        out |= {f"encoder/{name}": tensor for name, tensor in saved.items()}
        with torch.no_grad():
            result = encoder(**inputs)
            out["encoder_output"] = result.last_hidden_state * inputs["attention_mask"].unsqueeze(-1)
            if getattr(result, "pooler_output", None) is not None:
                out["pooler_output"] = result.pooler_output
    for task, model in models.items():
        with tempfile.TemporaryDirectory() as temporary:
            model.save_pretrained(temporary)
            saved = load_file(Path(temporary) / "model.safetensors")
            if task == "sequence":
                text = (Path(temporary) / "config.json").read_text()
                (folder / "config.json").write_text(text)
        alone = {f"{prefix}.{name}" for name in tasks["encoder"]["names"]}
        tasks[task] = {
            "architecture": type(model).__name__, "head": sorted(set(saved) - alone),
            "without": sorted(name.removeprefix(prefix + ".") for name in alone - set(saved))}
        for name, tensor in saved.items():
            key = local(task, name)
            assert key not in out or torch.equal(out[key], tensor), key
            out[key] = tensor
        output, logits = call(task, model, inputs, labels[task], output_hidden_states=task == "sequence")
        out |= {f"{task}.logits": logits, f"{task}.loss": output.loss}
        if task == "sequence":
            for index, state in enumerate(output.hidden_states):
                out[f"hidden.{index}"] = state * inputs["attention_mask"].unsqueeze(-1)
        output.loss.backward()
        gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
        # In the layout of files, as are the weights.
        for name, gradient in revert_weight_conversion(model, gradients).items():
            # A tied parameter is saved under its source's name.
            name = name if name in saved else model.all_tied_weights_keys[name]
            key = local(task, name)
            if key.startswith("encoder/"):
                key = f"grad/{'sequence' if task == 'sequence' else 'others'}/{key}"
                out[key] = out.get(key, 0) + gradient
            else:
                out[f"grad/{key}"] = gradient
        model.train()
        torch.manual_seed(42)
        with torch.no_grad():
            out[f"train/{task}"] = call(task, model, inputs)[1]
        model.eval()
    if folder.name in DETAILS:
        details(out, models, inputs, config)
    if "question" in models:
        # Without padding: each row alone.
        with torch.no_grad():
            losses = []
            for row, length in enumerate(ROWS):
                alone = {name: tensor[row:row + 1, :length] for name, tensor in inputs.items()}
                given = {name: tensor[row:row + 1] for name, tensor in labels["question"].items()}
                output, logits = call("question", models["question"], alone, given)
                scores = [
                    torch.nn.functional.cross_entropy(scores, position.clamp(0, length), ignore_index=length, reduction="none")
                    for scores, position in ((output.start_logits, given["start_positions"]),
                                             (output.end_logits, given["end_positions"]))
                ]
                losses.append([scores[0].item(), scores[1].item(), given["start_positions"].item() < length,
                               given["end_positions"].item() < length])
            starts, ends = [x[0] for x in losses if x[2]], [x[1] for x in losses if x[3]]
            out["question.packed_loss"] = torch.tensor((sum(starts) / len(starts) + sum(ends) / len(ends)) / 2)

    tasks["fields"] = []
    for task, key, value in fields:
        changed = type(config)(**config.to_dict())
        setattr(changed, key, value)
        model = type(models[task])(changed).eval()
        state = {k: v for k, v in models[task].state_dict().items() if k in model.state_dict()}
        model.load_state_dict(state, strict=True)
        with torch.no_grad():
            logits = call(task, model, inputs)[1]
        difference = (logits - out[f"{task}.logits"]).abs().max().item()
        assert difference > 1e-3, (task, key, difference)
        tasks["fields"].append({"task": task, "field": key, "value": value})
        out[f"field/{task}/{key}"] = logits

    # The heads that Python draws on a checkpoint without one.
    with tempfile.TemporaryDirectory() as temporary:
        encoder.save_pretrained(temporary)
        for task, model in models.items():
            torch.manual_seed(42)
            settings = {"num_labels": 2} if task == "question" else {"num_labels": config.num_labels}
            fresh = type(model).from_pretrained(temporary, **settings)
            # By the whole mapping: Python keeps what of it the file used, and this one has no head.
            fresh._weight_conversions = None
            fresh = revert_weight_conversion(fresh, fresh.state_dict())
            head = [fresh[name].flatten() for name in tasks[task]["head"]]
            out[f"init/{task}"] = torch.cat(head)

    if model_type == "mpnet":
        bucket = transformers.models.mpnet.modeling_mpnet.MPNetEncoder.relative_position_bucket
        out["buckets"] = bucket(torch.arange(-200, 201)).to(torch.uint8)
    (folder / "tasks.json").write_text(json.dumps(tasks, indent=None) + "\n")
    tensors = {}
    for name, tensor in out.items():
        tensor = tensor.detach().clone().contiguous()
        tensors[name] = tensor.to(torch.uint8) if name == "probe" else tensor
        assert tensor.dtype in (torch.float32, torch.int64, torch.uint8), name
    save_file(tensors, folder / "fixture.safetensors", metadata={"format": "pt", **PINNED})
    print(folder.name, sum(file.stat().st_size for file in folder.iterdir()), "bytes")


def check(folder, expected):
    """Loads each task's folder that Swiftlet saved and compares logits and names."""
    tasks = json.loads((expected / "tasks.json").read_text())
    tensors = load_file(expected / "fixture.safetensors")
    inputs = {name.split("/")[1]: tensor for name, tensor in tensors.items()
              if name.startswith("inputs/") and name.count("/") == 1}
    for task in TASKS.keys() & tasks.keys():
        kind = getattr(transformers, tasks[task]["architecture"])
        model, report = kind.from_pretrained(folder / task, output_loading_info=True)
        assert not report["missing_keys"] and not report["unexpected_keys"], (task, report)
        assert model.config.architectures == [tasks[task]["architecture"]], model.config.architectures
        with torch.no_grad():
            logits = call(task, model.eval(), inputs)[1]
        worst = (logits - tensors[f"{task}.logits"]).abs().max().item()
        # Python itself takes another convolution without gradients.
        assert worst < 1e-5, (task, worst)
    print("same")


def main():
    torch.set_num_threads(1)
    transformers.logging.disable_progress_bar()
    if sys.argv[1] == "--check":
        return check(Path(sys.argv[2]), Path(sys.argv[3]))
    root = Path(sys.argv[1])
    for name in sys.argv[2:] or FAMILIES:
        model_type, usual, unusual, fields = FAMILIES[name]
        for letter, settings in (("a", usual), ("b", unusual)):
            if settings is None:
                continue
            folder = root / f"{name}-{letter}"
            folder.mkdir(parents=True, exist_ok=True)
            family(root, folder, model_type, settings, fields if letter == "a" else [], letter == "b")


if __name__ == "__main__":
    main()
