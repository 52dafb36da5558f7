"""Tokenizers of realistic size for Benchmarks/tokenizers.py, made of what is at hand: texts of the data set, and the
documentation and code of Python's packages. Only their form and size matter, not how good they are."""

import collections
import io
import json
import math
import re
import site
import sysconfig
from pathlib import Path

from transformers import AutoTokenizer


def corpus(texts, size=24_000_000):
    """`texts` twice, and some `size` characters of prose and code."""
    yield from texts
    yield from texts
    folders = [sysconfig.get_paths()["stdlib"], *site.getsitepackages()]
    taken = 0
    for path in sorted(path for folder in folders for path in Path(folder).glob("**/*.py")):
        if taken > size:
            return
        text = path.read_text(encoding="utf-8", errors="ignore")
        taken += len(text)
        yield from text.splitlines()


def saved(folder, config):
    """The folder with the other files that its class saves."""
    (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")
    AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
    return folder


def byte_level(folder, texts, size=50_000):
    """Byte-level BPE in RoBERTa's form."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    if (folder / "tokenizer.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], min_frequency=2,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(corpus(texts), trainer)
    tokenizer.model.save(str(folder))
    return saved(folder, {"tokenizer_class": "RobertaTokenizer", "model_max_length": 512})


def unigram(folder, texts, size=120_000):
    """A unigram model in XLM-R's form: the commonest words and parts of words, scored by how often they come."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    if (folder / "tokenizer.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    words = collections.Counter()
    for line in corpus(texts):
        words.update(re.findall(r"\w+|[^\w\s]+", line))
    pieces = collections.Counter()
    for word, count in words.items():
        marked = "▁" + word
        pieces[marked] += count * len(marked)
        for cut in range(2, min(len(marked), 12)):
            pieces[marked[:cut]] += count
            pieces[marked[cut:]] += count
        for letter in marked:
            pieces[letter] += count
    total = sum(pieces.values())
    model = io.BytesIO()
    # XLM-R's rules of normalization.
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["a b c"]), model_writer=model, vocab_size=6, model_type="char",
        normalization_rule_name="nmt_nfkc", minloglevel=2)
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    del proto.pieces[3:]
    for piece, count in pieces.most_common(size):
        if len(piece) <= 16:
            proto.pieces.add(piece=piece, score=math.log(count / total))
    proto.trainer_spec.model_type = 1
    (folder / "sentencepiece.bpe.model").write_bytes(proto.SerializeToString())
    return saved(folder, {"tokenizer_class": "XLMRobertaTokenizer", "model_max_length": 512})
