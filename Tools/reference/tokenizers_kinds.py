"""Tokenizers of every model type, trained with the Rust library, in the forms that encoder checkpoints have.

`make(folder, texts, size)` writes each to a folder of its own and gives their names.
"""

import base64
import io
import json
import random

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

GPT4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CLIP = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}


def charsmap(rule):
    """The table that SentencePiece compiles for one of its own rules."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c"]), model_writer=model, vocab_size=6, model_type="char",
        normalization_rule_name=rule, minloglevel=2)
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    encoded = base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
    return {"type": "Precompiled", "precompiled_charsmap": encoded}


def replace(pattern, content, kind="String"):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": invert}


def sequence(key, *parts):
    return {"type": "Sequence", key: list(parts)}


def template(first, last, ids, separators=1):
    def special(name, kind=0):
        return {"SpecialToken": {"id": name, "type_id": kind}}

    def text(name, kind=0):
        return {"Sequence": {"id": name, "type_id": kind}}

    middle = [special(last)] * separators
    return {
        "type": "TemplateProcessing", "single": [special(first), text("A"), special(last)],
        "pair": [special(first), text("A"), *middle, text("B", 1), special(last, 1)],
        "special_tokens": {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in (first, last)},
    }


def roberta(ids, **flags):
    return {"type": "RobertaProcessing", "sep": ["</s>", ids["</s>"]], "cls": ["<s>", ids["<s>"]], **flags}


def trained(kind, document, texts, size):
    """The model that the library's trainer makes of texts which the other parts have been through."""
    shell = {"version": "1.0", "added_tokens": [], "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}
    shell = Tokenizer.from_str(json.dumps(shell | {key: document[key] for key in ("normalizer", "pre_tokenizer")}))
    shell.model = {"WordPiece": models.WordPiece(unk_token="<unk>"), "BPE": models.BPE(), "Unigram": models.Unigram(),
                   "WordLevel": models.WordLevel(unk_token="<unk>")}[kind]
    common = {"vocab_size": size, "special_tokens": SPECIAL, "show_progress": False}
    alphabet = pre_tokenizers.ByteLevel.alphabet() if "ByteLevel" in json.dumps(document) else []
    options = {}
    if kind == "BPE":
        options = {"initial_alphabet": alphabet, **document.get("training", {})}
    elif kind == "Unigram":
        options = {"unk_token": "<unk>", "initial_alphabet": []}
    shell.train_from_iterator(texts, getattr(trainers, f"{kind.replace('BPE', 'Bpe')}Trainer")(**common, **options))
    return json.loads(shell.to_str())["model"]


def bytes_first(model):
    """With the 256 tokens of byte fallback behind the special ones."""
    tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    if model["type"] == "Unigram":
        model["vocab"][4:4] = [[token, 0.0] for token in tokens]
    else:
        known = sorted(model["vocab"], key=model["vocab"].get)
        model["vocab"] = {token: id for id, token in enumerate(known[:4] + tokens + known[4:])}
    model["byte_fallback"] = True


def forms():
    """Name, kind of model, parts, and what is changed in the model after training."""
    nfkc, folding = charsmap("nmt_nfkc"), charsmap("nmt_nfkc_cf")
    bert = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None}
    yield "wordpiece-uncased", "WordPiece", {"normalizer": bert | {"lowercase": True}, "pre_tokenizer": {"type": "BertPreTokenizer"}}, {}
    yield "wordpiece-cased", "WordPiece", {"normalizer": bert | {"lowercase": False}, "pre_tokenizer": {"type": "BertPreTokenizer"}}, {}
    yield "bpe-roberta", "BPE", {"pre_tokenizer": BYTE_LEVEL | {"add_prefix_space": True}}, {}
    yield "bpe-deberta", "BPE", {"pre_tokenizer": BYTE_LEVEL}, {}
    yield "bpe-modernbert", "BPE", {"normalizer": {"type": "NFC"}, "pre_tokenizer": BYTE_LEVEL}, {}
    yield "bpe-gpt4", "BPE", {"pre_tokenizer": sequence("pretokenizers", split(GPT4), BYTE_LEVEL | {"use_regex": False})}, {"ignore_merges": True}
    yield "bpe-clip", "BPE", {
        "normalizer": sequence("normalizers", {"type": "NFC"}, replace(r"\s+", " ", "Regex"), {"type": "Lowercase"}),
        "pre_tokenizer": sequence("pretokenizers", split(CLIP, "Removed", True), BYTE_LEVEL),
        "training": {"end_of_word_suffix": "</w>"}}, {"end_of_word_suffix": "</w>", "unk_token": "<unk>"}
    yield "bpe-bytes", "BPE", {
        "normalizer": sequence("normalizers", {"type": "Prepend", "prepend": "▁"}, replace(" ", "▁")),
        "pre_tokenizer": None, "for_training": METASPACE}, {"unk_token": "<unk>", "fuse_unk": True, "bytes": True}
    yield "bpe-words", "BPE", {
        "normalizer": sequence("normalizers", {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}),
        "pre_tokenizer": sequence("pretokenizers", {"type": "Whitespace"}, {"type": "Punctuation", "behavior": "Contiguous"}),
        "training": {"continuing_subword_prefix": "##"}}, {"unk_token": "<unk>"}
    yield "unigram-xlm-roberta", "Unigram", {
        "normalizer": nfkc, "pre_tokenizer": sequence("pretokenizers", {"type": "WhitespaceSplit"}, METASPACE)}, {}
    yield "unigram-albert", "Unigram", {
        "normalizer": sequence(
            "normalizers", replace("``", '"'), replace("''", '"'), {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, folding),
        "pre_tokenizer": METASPACE}, {}
    yield "unigram-deberta", "Unigram", {
        "normalizer": sequence(
            "normalizers", {"type": "Strip", "strip_left": False, "strip_right": True}, nfkc, replace(r" {2,}", "▁", "Regex")),
        "pre_tokenizer": METASPACE | {"prepend_scheme": "first"}}, {"bytes": True}
    yield "unigram-deberta-v3", "Unigram", {
        "normalizer": sequence(
            "normalizers", replace(r"\s{2,}|[\n\r\t]", " ", "Regex"), {"type": "NFC"}, {"type": "Strip", "strip_left": False, "strip_right": True}),
        "pre_tokenizer": sequence("pretokenizers", METASPACE)}, {}
    yield "unigram-nmt", "Unigram", {
        "normalizer": sequence("normalizers", {"type": "Nmt"}, {"type": "NFKC"}, replace(r"\s{2,}", " ", "Regex")),
        "pre_tokenizer": sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, METASPACE)}, {}
    yield "word-level", "WordLevel", {
        "normalizer": sequence("normalizers", {"type": "NFKC"}, {"type": "Lowercase"}), "pre_tokenizer": {"type": "Whitespace"}}, {}
    yield "word-scripts", "WordLevel", {
        "normalizer": sequence("normalizers", {"type": "NFD"}, {"type": "StripAccents"}, {"type": "NFC"}),
        "pre_tokenizer": sequence(
            "pretokenizers", {"type": "UnicodeScripts"}, {"type": "WhitespaceSplit"}, {"type": "Digits", "individual_digits": False},
            {"type": "Punctuation", "behavior": "Isolated"}, {"type": "CharDelimiterSplit", "delimiter": "x"}, {"type": "FixedLength", "length": 7})}, {}


def post_processor(name, ids):
    if name in ("bpe-roberta", "bpe-gpt4"):
        return roberta(ids, trim_offsets=name == "bpe-roberta", add_prefix_space=True)
    if name == "bpe-deberta":
        return sequence("processors", BYTE_LEVEL, template("<s>", "</s>", ids))
    if name == "word-level":
        return {"type": "BertProcessing", "sep": ["</s>", ids["</s>"]], "cls": ["<s>", ids["<s>"]]}
    return template("<s>", "</s>", ids, separators=2 if "xlm" in name else 1)


def added(name, ids, size):
    """Special tokens, and some with flags. Those that the model has keep its ids, others get the next ones."""
    tokens = []

    def add(content, **flags):
        plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
        id = ids.get(content, max(size, *(token["id"] + 1 for token in tokens)) if tokens else 0)
        tokens.append({"id": id, "content": content, **plain, **flags})

    for content in SPECIAL:
        add(content, special=True)
    add("<mask>", special=True, lstrip=True)
    if name in ("bpe-gpt4", "wordpiece-cased", "unigram-albert"):
        add("Kept", single_word=True, rstrip=True)
        add("KEPT", normalized=True)
    if name == "bpe-modernbert":
        # As ModernBERT has them: runs of spaces.
        for count in range(2, 8):
            add(" " * count)
    return sorted(tokens, key=lambda token: token["id"])


def make(folder, texts, size=6000):
    random.Random(2).shuffle(texts)
    for name, kind, parts, changes in forms():
        path = folder / name
        yield name
        if (path / "tokenizer.json").exists():
            continue
        parts = {"normalizer": None, **parts}
        training = parts | {"pre_tokenizer": parts.pop("for_training", parts["pre_tokenizer"])}
        model = trained(kind, training, texts, size)
        changes = dict(changes)
        if changes.pop("bytes", False):
            bytes_first(model)
        model |= changes
        parts.pop("training", None)
        vocab = model["vocab"]
        ids = vocab if isinstance(vocab, dict) else {token: id for id, (token, _) in enumerate(vocab)}
        document = {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": added(name, ids, len(vocab)), **parts,
            "post_processor": post_processor(name, ids), "decoder": None, "model": model,
        }
        path.mkdir(parents=True, exist_ok=True)
        config = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "pad_token": "<pad>", "mask_token": "<mask>"}
        (path / "tokenizer_config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")
        (path / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")
