"""Writes the fixture of the pipelines: what Python's pipelines answer, for each family of models, task and option.

    python Tools/reference/pipelines.py PYTHON4 [Tests/Fixtures]

- `PYTHON4` is a Python with transformers 4.57.6 and tokenizers 0.22.2 beside torch 2.13.0: version 5 has no
  question-answering pipeline any more.

`Tests/Fixtures/pipelines` gets

    models/<name>/       a tiny random model: config.json, tokenizer, weights.safetensors (the encoder's under `encoder/`,
                         heads' under `<head>/`) and tasks.json, as those of `families.py`
    tokenizers/<name>/   tokenizers of 26 tokens for the models of `families.py`
    expected.json        groups of calls, each group with one model:

        model, head, tokenizer   folders of the fixtures, and which head
        config                   keys of config.json to set
        files, weights           further files of the model's folder; tensors of further weight files, by file
        task                     the pipeline's name
        cases                    inputs, options with Python's names, and what each input is answered
"""

import importlib.metadata
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "tokenizers": "0.23.3", "sentence-transformers": "6.2.0"}
PINNED4 = {"torch": "2.13.0", "transformers": "4.57.6", "tokenizers": "0.22.2"}
for name, wanted in (PINNED4 if sys.argv[1] == "--questions" else PINNED).items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make this fixture; found {found}")

warnings.simplefilter("ignore")
import torch
import transformers
from safetensors.torch import load_file, save_file

transformers.logging.set_verbosity_error()
torch.set_num_threads(1)


def rounded(value):
    """Numbers as float32 holds them, in few digits."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(part) for part in value]
    return float(f"{value:.8g}") if isinstance(value, float) else value


if sys.argv[1] == "--questions":
    for group in json.load(sys.stdin):
        pipe = transformers.pipeline("question-answering", model=group["folder"], device="cpu")
        print(json.dumps([[rounded(pipe(**given, **case["options"])) for given in case["inputs"]] for case in group["cases"]]))
    sys.exit()

import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel, AutoTokenizer

FIXTURES = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "Tests" / "Fixtures"
OUT = FIXTURES / "pipelines"
HEADS = {
    "sequence": "SequenceClassification", "regression": "SequenceClassification", "token": "TokenClassification",
    "question": "QuestionAnswering", "choice": "MultipleChoice", "masked": "MaskedLM",
}
TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "LOC", "MISC-A-B"]
ENTAILMENT = ["contradiction", "neutral", "Entailment"]


def labels(names):
    return {"id2label": {str(i): n for i, n in enumerate(names)}, "label2id": {n: i for i, n in enumerate(names)}}


# Tokenizers

ZERO = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ONE = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def special(first):
    if first == ZERO:
        return {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    return {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}


def save_tokenizer(tokenizer, folder, first, length, types):
    names = special(first)
    ids = {name: tokenizer.token_to_id(token) for name, token in names.items()}
    cls, sep = names["cls_token"], names["sep_token"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} $B:1 {sep}:1" if types else f"{cls} $A {sep} {sep} $B {sep}",
        special_tokens=[(cls, ids["cls_token"]), (sep, ids["sep_token"])])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": length, "clean_up_tokenization_spaces": False}
    config["model_input_names"] = ["input_ids", *(["token_type_ids"] if types else []), "attention_mask"]
    if isinstance(tokenizer.pre_tokenizer, pre_tokenizers.ByteLevel):
        # Without it, version 4 puts its own default in the place of what tokenizer.json says.
        config["add_prefix_space"] = True
    (folder / "tokenizer_config.json").write_text(json.dumps(config | names, indent=1) + "\n")


def empty(kind, first):
    """A tokenizer of a kind, without a vocabulary."""
    unknown = special(first)["unk_token"]
    if kind == "words":
        tokenizer = tokenizers.Tokenizer(models.WordPiece(unk_token=unknown))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
    elif kind == "pieces":
        tokenizer = tokenizers.Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.NFKC()
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
    else:
        tokenizer = tokenizers.Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def tiny_tokenizer(kind, first):
    """26 tokens that know the letters a to g."""
    tokenizer = empty(kind, first)
    if kind == "words":
        pieces = [*"abcdefg", ".", *(f"##{c}" for c in "abcdefg"), "ab", "##ab", "cab", "##de", "fed", "##ge"]
        tokenizer.model = models.WordPiece({t: i for i, t in enumerate(first + pieces)}, unk_token=first[1] if first == ZERO else first[3])
    elif kind == "pieces":
        pieces = ["▁", *"abcdefg", ".", "▁a", "▁b", "▁c", "▁d", "▁ab", "ab", "▁cab", "de", "▁fed", "ge", "▁e", "▁g"]
        scores = [(t, 0.0) for t in first] + [(t, -1.0 - 0.13 * i) for i, t in enumerate(pieces)]
        tokenizer.model = models.Unigram(scores, unk_id=1 if first == ZERO else 3)
    else:
        merges = [("a", "b"), ("Ġ", "ab"), ("Ġ", "c"), ("Ġc", "ab"), ("d", "e"), ("g", "e"), ("Ġ", "f"), ("Ġf", "e"), ("Ġ", "a"),
                  ("Ġ", "d"), ("Ġ", "b"), ("Ġ", "e")]
        tokens = first + [*"abcdefg", ".", "Ġ"] + [a + b for a, b in merges]
        tokenizer.model = models.BPE({t: i for i, t in enumerate(tokens)}, merges)
    tokenizer.add_special_tokens(first)
    assert tokenizer.get_vocab_size() == 26, tokenizer.get_vocab_size()
    return tokenizer


def corpus():
    for name, split in (("entities", "train"), ("questions", "train")):
        for line in (ROOT / "Examples" / "data" / name / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()[:200]:
            row = json.loads(line)
            yield " ".join(row["tokens"]) if "tokens" in row else row["context"]


def trained_tokenizer(kind, first, size):
    tokenizer = empty(kind, first)
    if kind == "words":
        trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=first, show_progress=False)
    elif kind == "pieces":
        trainer = trainers.UnigramTrainer(
            vocab_size=size, special_tokens=first, unk_token=special(first)["unk_token"], show_progress=False)
    else:
        trainer = trainers.BpeTrainer(
            vocab_size=size, special_tokens=first, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


# Models

SIZES = dict(
    hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=66,
    initializer_range=0.5)


def make_model(name, model_type, kind, first, size, types):
    folder = OUT / "models" / name
    # Training breaks ties by chance; what is there is kept.
    if not (folder / "tokenizer.json").exists():
        save_tokenizer(trained_tokenizer(kind, first, size), folder, first, 40, types)
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    vocab = tokenizer.get_vocab_size()
    config = AutoConfig.for_model(
        model_type, vocab_size=vocab, type_vocab_size=2 if types else 1, pad_token_id=tokenizer.token_to_id(special(first)["pad_token"]),
        **SIZES)
    torch.manual_seed(5)
    encoder = AutoModel.from_config(config)
    prefix = encoder.base_model_prefix
    tensors = {f"encoder/{k}": v for k, v in encoder.state_dict().items() if not k.endswith("position_ids")}
    tasks = {"encoder": {"names": sorted(k.removeprefix("encoder/") for k in tensors)}}
    counts = {"sequence": 3, "regression": 1, "token": len(TAGS), "question": 2}
    for head, suffix in HEADS.items():
        own = type(config)(**config.to_dict())
        if head in counts:
            own.num_labels = counts[head]
        model = getattr(transformers, f"AutoModelFor{suffix}").from_config(own)
        with tempfile.TemporaryDirectory() as temporary:
            model.save_pretrained(temporary)
            saved = load_file(Path(temporary) / "model.safetensors")
        heads = {k: v for k, v in saved.items() if not k.startswith(f"{prefix}.")}
        with torch.no_grad():
            for parameter in heads.values():
                parameter.add_(torch.randn_like(parameter) * 0.3)
        tensors |= {f"{head}/{k}": v for k, v in heads.items()}
        within = {k.removeprefix(f"{prefix}.") for k in saved}
        tasks[head] = {"head": sorted(heads), "without": sorted(set(tasks["encoder"]["names"]) - within)}
    dense = {"wide": torch.nn.Linear(32, 12), "square": torch.nn.Linear(12, 12), "residual": torch.nn.Linear(32, 12, bias=False)}
    for key, layer in dense.items():
        tensors |= {f"dense/{key}.{k}": v for k, v in layer.state_dict().items()}
    save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, folder / "weights.safetensors")
    (folder / "tasks.json").write_text(json.dumps(tasks) + "\n")
    config.save_pretrained(folder)


def assemble(group, folder):
    """A model's folder as Python saves it."""
    source = FIXTURES / group["model"]
    weights = load_file(next(p for p in (source / "weights.safetensors", source / "fixture.safetensors") if p.exists()))
    tasks = json.loads((source / "tasks.json").read_text())
    config = json.loads((source / "config.json").read_text()) | group["config"]
    head = group["head"]
    model = AutoModel.from_config(AutoConfig.for_model(**config))
    prefix = "" if head == "encoder" else model.base_model_prefix + "."
    without = set(tasks[head].get("without", []))
    state = {prefix + n: weights[f"encoder/{n}"] for n in tasks["encoder"]["names"] if n not in without}
    state |= {n: weights[f"{head}/{n}"] for n in tasks[head].get("head", [])}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_text((FIXTURES / group["tokenizer"] / name).read_text())
    for name, content in group["files"].items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    for name, names in group["weights"].items():
        save_file({k: weights[v] for k, v in names.items()}, folder / name)


# Calls

def text_classification(pipe, given, options):
    answer = pipe([given], truncation=True, **options)[0]
    return answer[0] if isinstance(answer, list) and len(answer) == 1 else answer


def token_classification(pipe, given, options):
    if isinstance(given, dict):
        # One list of words comes back as a batch of one.
        return pipe(given["words"], is_split_into_words=True, **options)[0]
    return pipe(given, **options)


def fill_mask(pipe, given, options):
    return pipe(given, tokenizer_kwargs={"truncation": True}, **options)


def multiple_choice(folder):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForMultipleChoice.from_pretrained(folder).eval()

    def call(given, options):
        rows = tokenizer([given["prompt"]] * len(given["choices"]), given["choices"], truncation=True, padding=True, return_tensors="pt")
        with torch.no_grad():
            logits = model(**{k: v.unsqueeze(0) for k, v in rows.items()}).logits[0]
        scores = logits.softmax(-1)
        best = scores.argmax().item()
        return {"index": best, "choice": given["choices"][best], "score": scores[best].item(), "scores": scores.tolist()}

    return call


def embeddings(folder):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    return lambda given, options: model.encode(given, **options).tolist()


def similarity(folder):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")

    usual = model.similarity_fn_name

    def call(given, options):
        own = {k: v for k, v in options.items() if k in ("normalize_embeddings", "truncate_dim")}
        model.similarity_fn_name = options.get("similarity_fn_name", usual)
        scores = model.similarity(
            model.encode_query(given["source_sentence"], **own), model.encode_document(given["sentences"], **own))[0].tolist()
        order = sorted(range(len(scores)), key=lambda i: -scores[i])[:options.get("top_k")]
        return [{"corpus_id": i, "score": scores[i], "text": given["sentences"][i]} for i in order]

    return call


def answers(group, folder):
    task = group["task"]
    if task in ("multiple-choice", "sentence-embeddings", "sentence-similarity"):
        call = {"multiple-choice": multiple_choice, "sentence-embeddings": embeddings, "sentence-similarity": similarity}[task](folder)
    else:
        pipe = transformers.pipeline(task, model=str(folder), device="cpu")
        calls = {"text-classification": text_classification, "token-classification": token_classification, "fill-mask": fill_mask}
        made = calls.get(task, lambda pipe, given, options: pipe(given, **options))
        call = lambda given, options: made(pipe, given, options)
    for case in group["cases"]:
        case["expected"] = [rounded(call(given, case["options"])) for given in case["inputs"]]


GROUPS = []


def group(model, head, tokenizer, task, inputs, *options, config=None, files=None, weights=None):
    cases = []
    for option in options or ({},):
        cases.append({"inputs": option.pop("inputs", inputs), "options": option})
    GROUPS.append({
        "model": model, "head": head, "tokenizer": tokenizer, "task": task, "config": config or {}, "files": files or {},
        "weights": weights or {}, "cases": cases})


FAMILIES = {
    "albert-a": ("pieces", ZERO), "bert-a": ("words", ZERO), "camembert-a": ("pieces", ONE), "deberta-a": ("bytes", ZERO),
    "deberta-v2-a": ("pieces", ZERO), "deberta-v3-a": ("pieces", ZERO), "distilbert-a": ("words", ZERO),
    "electra-a": ("words", ZERO), "modernbert-a": ("bytes", ZERO), "mpnet-a": ("words", ONE), "roberta-a": ("bytes", ONE),
    "xlm-roberta-a": ("pieces", ONE),
}
for name, (kind, first) in FAMILIES.items():
    source = FIXTURES / "families" / name
    config = json.loads((source / "config.json").read_text())
    heads = json.loads((source / "tasks.json").read_text())
    types = (config.get("type_vocab_size") or 0) > 1
    length = 12 if name == "deberta-v3-a" else 14
    own = f"pipelines/tokenizers/{kind}-{first.index(special(first)['pad_token'])}{'-types' if types else ''}{'-short' if length == 12 else ''}"
    save_tokenizer(tiny_tokenizer(kind, first), FIXTURES / own, first, length, types)
    mask = special(first)["mask_token"]
    texts = ["cab fed.", "deed abba ge cab bag fade egg", "a"]
    model = f"families/{name}"
    group(model, "sequence", own, "text-classification", [*texts, {"text": "cab", "text_pair": "fed abba"}], {"top_k": None})
    group(model, "sequence", own, "zero-shot-classification", texts[:2], {"candidate_labels": ["fed", "bag"], "hypothesis_template": "ab {}."},
          config=labels(["entailment", "other"]))
    group(model, "token", own, "token-classification", texts, {}, {"aggregation_strategy": "average"}, config=labels(["O", "B-X"]))
    group(model, "question", own, "question-answering", [
        {"question": "cab", "context": "fed abba."}, {"question": "a", "context": "deed abba ge cab bag fade egg fed gab"}],
        {"top_k": 3, "doc_stride": 1})
    group(model, "masked", own, "fill-mask", [f"cab {mask}.", f"{mask} fed {mask}"], {"top_k": 2})
    if "choice" in heads:
        group(model, "choice", own, "multiple-choice", [{"prompt": "cab fed", "choices": ["a", "bag fade", "egg"]}])
    pooled = {
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}],
        "1_Pooling/config.json": {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True}}
    group(model, "encoder", own, "sentence-embeddings", texts, {}, files=pooled)

MODELS = {"words": ("bert", "words", ZERO, 150, True), "pieces": ("xlm-roberta", "pieces", ONE, 120, False),
          "bytes": ("roberta", "bytes", ONE, 300, False)}
NAMES = [
    "Greta Novak left Orchard Bank for Lowmere.", "The Rowing Club of Port Ellen won again in Valdoro, said Mr. O'Brien.",
    "Zoë flew to São\u00a0Paulo 🛫 with Café\u0301 d’Or.", "U.S.-born x"]
LONG = "Divers found the bell of the ship and gave it to the Rowing Club. " * 3 + "Greta Novak keeps it in Lowmere, near the bank."
WORDS = {"words": ["Greta", "Novak", "left", "Orchard", "Bank", "🛫", "in", "Lowmere", "."]}
STRATEGIES = ["none", "simple", "first", "average", "max"]
for name, (model_type, kind, first, size, types) in MODELS.items():
    make_model(name, model_type, kind, first, size, types)
    model, mask = f"pipelines/models/{name}", special(first)["mask_token"]
    group(model, "token", model, "token-classification", NAMES,
          *({"aggregation_strategy": s, "ignore_labels": i} for s in STRATEGIES for i in ([], ["O", "PER", "LOC"])),
          *({"aggregation_strategy": s, "inputs": [LONG]} for s in STRATEGIES),
          *({"aggregation_strategy": s, "stride": 5, "ignore_labels": [], "inputs": [LONG, NAMES[0]]} for s in STRATEGIES[1:]),
          *({"aggregation_strategy": s, "ignore_labels": [], "inputs": [WORDS]} for s in STRATEGIES),
          {"aggregation_strategy": "first", "delimiter": "--", "ignore_labels": [], "stride": 3,
           "inputs": [WORDS, {"words": WORDS["words"] * 4}]},
          config=labels(TAGS))
    pairs = [NAMES[0], NAMES[2], LONG, {"text": NAMES[0], "text_pair": "A man left a bank."}, {"text": LONG, "text_pair": LONG}]
    group(model, "sequence", model, "text-classification", pairs, {}, {"top_k": 2}, {"top_k": None}, {"top_k": 9},
          {"top_k": None, "function_to_apply": "sigmoid"}, {"top_k": None, "function_to_apply": "none"},
          {"function_to_apply": "softmax"}, config=labels(ENTAILMENT))
    group(model, "sequence", model, "text-classification", pairs, {}, {"top_k": None},
          config=labels(ENTAILMENT) | {"problem_type": "multi_label_classification"})
    group(model, "regression", model, "text-classification", pairs, {}, {"function_to_apply": "sigmoid"},
          config=labels(["LABEL_0"]) | {"problem_type": "regression"})
    group(model, "regression", model, "text-classification", pairs, {}, config=labels(["yes"]))
    candidates = ["sport", "money", "the sea"]
    for names in (ENTAILMENT, ["entailment", "not"], ["ENTAILMENT", "x", "y"]):
        if len(names) == 3:
            group(model, "sequence", model, "zero-shot-classification", [NAMES[0], LONG],
                  {"candidate_labels": candidates}, {"candidate_labels": candidates, "multi_label": True},
                  {"candidate_labels": "sport, money"}, {"candidate_labels": ["sport"]},
                  {"candidate_labels": candidates, "hypothesis_template": "It is on {}."}, config=labels(names))
    questions = [
        {"question": "Who?", "context": "Divers found the bell of the ship. Zoë keeps it, in São Paulo 🛫."},
        {"question": "Where?", "context": LONG}, {"question": "Who?", "context": "Mr. O'Brien, mr. o'brien, MR. O'BRIEN"}]
    group(model, "question", model, "question-answering", questions,
          {}, {"top_k": 5}, {"top_k": 5, "align_to_words": False}, {"top_k": 4, "max_answer_len": 2},
          {"top_k": 3, "doc_stride": 3}, {"top_k": 3, "max_seq_len": 24, "doc_stride": 4},
          {"handle_impossible_answer": True}, {"top_k": 4, "handle_impossible_answer": True, "align_to_words": False})
    masked = [f"Greta {mask} left.", f"The {mask} of the {mask}.", f"{mask}"]
    group(model, "masked", model, "fill-mask", masked,
          {}, {"top_k": 2}, {"targets": ["the", "e", "ship", "xylophone"]}, {"targets": "s", "top_k": 3})
    group(model, "choice", model, "multiple-choice",
          [{"prompt": NAMES[0], "choices": ["She went.", "It rained.", LONG]}, {"prompt": LONG, "choices": ["a"]}])

# Ways to make vectors, with the keys of old and of new versions.
OLD, NEW = "sentence_transformers.models.", "sentence_transformers.sentence_transformer.modules."
BASE = "sentence_transformers.base.modules."


def modules(*types):
    paths = ["" if i == 0 else f"{i}_{t.split('.')[-1]}" for i, t in enumerate(types)]
    return [{"idx": i, "name": str(i), "path": p, "type": t} for i, (p, t) in enumerate(zip(paths, types))]


SENTENCES = [NAMES[0], NAMES[2], LONG, "a"]
for mode in ("cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"):
    group("pipelines/models/words", "encoder", "pipelines/models/words", "sentence-embeddings", SENTENCES, {"normalize_embeddings": True}, {},
          files={"modules.json": modules(OLD + "Transformer", OLD + "Pooling"),
                 "1_Pooling/config.json": {"word_embedding_dimension": 16, f"pooling_mode_{mode}": True},
                 "sentence_bert_config.json": {"max_seq_length": 10, "do_lower_case": mode == "cls_token"}})
for name in MODELS:
    model = f"pipelines/models/{name}"
    group(model, "encoder", model, "sentence-embeddings", SENTENCES, {}, {"truncate_dim": 3, "normalize_embeddings": True},
          {"prompt": "query: "}, {"prompt_name": "query"},
          files={"modules.json": modules(BASE + "transformer.Transformer", NEW + "pooling.Pooling", BASE + "dense.Dense", BASE + "dense.Dense",
                                         BASE + "normalize.Normalize"),
                 "1_Pooling/config.json": {"embedding_dimension": 16, "pooling_mode": ["mean", "max"], "include_prompt": True},
                 "2_Dense/config.json": {"in_features": 32, "out_features": 12, "bias": True, "use_residual": True,
                                         "activation_function": "torch.nn.modules.activation.Tanh"},
                 "3_Dense/config.json": {"in_features": 12, "out_features": 12, "bias": True, "use_residual": True,
                                         "activation_function": "torch.nn.modules.linear.Identity"},
                 "sentence_bert_config.json": {"max_seq_length": 16, "do_lower_case": False},
                 "config_sentence_transformers.json": {
                     "prompts": {"query": "Greta: ", "document": "d "}, "default_prompt_name": "document", "truncate_dim": 7,
                     "similarity_fn_name": "dot"}},
          weights={"2_Dense/model.safetensors": {"linear.weight": "dense/wide.weight", "linear.bias": "dense/wide.bias",
                                                 "residual.weight": "dense/residual.weight"},
                   "3_Dense/model.safetensors": {"linear.weight": "dense/square.weight", "linear.bias": "dense/square.bias"}})
    for extra in ({}, {"config_sentence_transformers.json": {
            "prompts": {"query": "q: ", "passage": "p: "}, "default_prompt_name": None, "similarity_fn_name": "euclidean"}}):
        group(model, "encoder", model, "sentence-similarity", [{"source_sentence": "A man left a bank.", "sentences": SENTENCES}],
              {}, {"top_k": 2}, *({"similarity_fn_name": f} for f in ("dot", "manhattan", "cosine")),
              {"normalize_embeddings": True, "truncate_dim": 5},
              files={"modules.json": modules(OLD + "Transformer", OLD + "Pooling"),
                     "1_Pooling/config.json": {"word_embedding_dimension": 16, "pooling_mode_mean_tokens": True}} | extra)

with tempfile.TemporaryDirectory() as temporary:
    questions = []
    for index, one in enumerate(GROUPS):
        folder = Path(temporary) / str(index)
        assemble(one, folder)
        if one["task"] == "question-answering":
            questions.append((one, folder))
        else:
            answers(one, folder)
    requests = [{"folder": str(folder), "cases": one["cases"]} for one, folder in questions]
    lines = subprocess.run(
        [sys.argv[1], __file__, "--questions"], input=json.dumps(requests), stdout=subprocess.PIPE, text=True, check=True,
    ).stdout.splitlines()
    for (one, _), line in zip(questions, lines, strict=True):
        for case, expected in zip(one["cases"], json.loads(line), strict=True):
            case["expected"] = expected

miniLM = ROOT / ".deps" / "models" / "all-MiniLM-L6-v2"
known = embeddings(miniLM)
texts = ["A man is eating.", "Somebody has a meal.", " ".join(["A long text."] * 200)]
minilm = {"texts": texts, "vectors": [[float(f"{x:.6g}") for x in known(text, {})] for text in texts]}

with open(OUT / "expected.json", "w", encoding="utf-8") as file:
    file.write(json.dumps({"miniLM": minilm, "groups": []}, ensure_ascii=False)[:-2])
    file.write("\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in GROUPS) + "\n]}\n")
