"""Writes the fixtures that hold the tokenizer classes of known families to the Python stack.

    python Tools/reference/tokenizers_families.py [Tests/Fixtures/tokenizers]

Each `models-family-NAME/` holds the files of a small tokenizer in one of the forms that checkpoints have: vocab.json and
merges.txt, a SentencePiece model, or tokenizer.json. `models-families.jsonl` holds calls with what came out.
"""

import importlib.metadata
import io
import json
import random
import shutil
import sys
from pathlib import Path

# This file's folder holds a module that would hide the library.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

PINNED = {"tokenizers": "0.23.3", "transformers": "5.23.0", "sentencepiece": "0.2.3"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

SENTENCES = [
    "the quick brown fox jumps over the lazy dog, then the other fox jumps again and again",
    "lower lowest slower newer newest wider widest under understand understanding",
    "Der schnelle braune Fuchs springt über den faulen Hund; größere Straßen, süße Früchte",
    "Le cœur déçu mais l'âme plutôt naïve, où étiez-vous à Noël dernier?",
    "Быстрая коричневая лиса прыгает через ленивую собаку быстро и легко",
    "東京都に住んでいます。今日は天気がいいです。日本語の文章",
    "1234567890 3.14159 2024-02-29 10:30 100 1000 10000",
    "I don't think we've seen it; they'll say \"no\" -- (maybe) #42 @home!",
]

# Rules that SentencePiece compiles, instead of the 240 KB of its own.
RULES = [("\t", " "), ("\n", " "), ("\u3000", " "), ("\u00a0", " "), ("\uff21", "A"), ("\ufb01", "fi"), ("e\u0301", "é"), ("\u200b", ""), ("\u2167", "VIII")]


def texts():
    result = [*SENTENCES, "", " ", "a", "  two  spaces ", "\ttab\nline\r\n end ", "cafe\u0301 café ﬁne Ａ \u2167 zero\u200bwidth"]
    result += ["``quoted'' text", "🦊 emoji 👩‍👩‍👧 joined", "unknown ☃ snow", "UPPER Case Ünder", "東京 fox　ideographic", "x\u00a0y", "\u0301 mark"]
    result += ["<s> hello </s> <mask> world<mask>!", "[CLS] hello [SEP] [MASK] world[MASK]!", "<unk> [UNK] <pad> [PAD]", "sp\u2581ced ▁▁word", "مرحبا بالعالم", "नमस्ते दुनिया", "(a) \u249f \u2474 b", "a" * 120]
    return result


def byte_level(folder, lines, special, size=420):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(lines, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.model.save(str(folder))


def word_pieces(folder, special):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(lowercase=False), pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(vocab_size=400, special_tokens=special, show_progress=False))
    tokens = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (folder / "vocab.txt").write_text("".join(token + "\n" for token, _ in tokens), encoding="utf-8")


def sentence_piece(path, **options):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 4), model_writer=model, vocab_size=300, model_type="unigram", minloglevel=2,
        num_threads=1, hard_vocab_limit=False, **options)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.getvalue())


def modernbert(folder):
    """A tokenizer that is taken as its file stands, with runs of spaces as tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, normalized=False)])
    tokenizer.add_tokens([AddedToken(" " * count, normalized=False) for count in (2, 3, 4)])
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
    configured(folder, tokenizer_class="PreTrainedTokenizerFast", model_input_names=["input_ids", "attention_mask"], **names)
    (folder / "config.json").write_text('{"model_type": "modernbert"}\n')


def configured(folder, **config):
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def families(output):
    def folder(name):
        path = output / f"models-family-{name}"
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def saved(source, name, **changes):
        """The same in the form of tokenizer.json, with some settings changed."""
        path = folder(name)
        AutoTokenizer.from_pretrained(source).save_pretrained(path)
        config = json.loads((path / "tokenizer_config.json").read_text(encoding="utf-8"))
        (path / "tokenizer_config.json").write_text(json.dumps(config | changes, indent=2) + "\n", encoding="utf-8")
        return path

    rules = output / "rules.tsv"
    rules.write_text("".join("\t".join(" ".join(f"{ord(c):X}" for c in part) for part in rule) + "\n" for rule in RULES))
    roberta = folder("roberta")
    byte_level(roberta, SENTENCES, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    configured(roberta, tokenizer_class="RobertaTokenizer", model_max_length=64, mask_token={"__type": "AddedToken", "content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False})
    saved(roberta, "roberta-prefix", add_prefix_space=True, trim_offsets=False)
    # As checkpoints of older versions are: no class in the configuration, flags in special_tokens_map.json.
    older = folder("roberta-older")
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(roberta / name, older / name)
    (older / "config.json").write_text('{"model_type": "roberta"}\n')
    (older / "special_tokens_map.json").write_text(json.dumps({"bos_token": {"content": "<s>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": True}, "mask_token": {"content": "<mask>", "single_word": False, "lstrip": True, "rstrip": False, "normalized": True}}))
    deberta = folder("deberta")
    byte_level(deberta, SENTENCES, ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"])
    configured(deberta, tokenizer_class="DebertaTokenizer", do_lower_case=False)
    saved(deberta, "deberta-json", add_prefix_space=True)
    modernbert(folder("modernbert"))

    for name, config in {
        "bert": {"tokenizer_class": "BertTokenizer", "do_lower_case": False, "model_max_length": 40},
        "distilbert": {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": True, "strip_accents": False},
        "electra": {"tokenizer_class": "ElectraTokenizer", "tokenize_chinese_chars": False},
    }.items():
        word_pieces(path := folder(name), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        configured(path, **config)
        saved(path, f"{name}-json")
    # As the oldest checkpoints are: no configuration of the tokenizer, the model's says what it is.
    shutil.copy(path / "vocab.txt", folder("electra-older") / "vocab.txt")
    (output / "models-family-electra-older/config.json").write_text('{"model_type": "electra"}\n')
    word_pieces(path := folder("mpnet"), ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"])
    configured(path, tokenizer_class="MPNetTokenizer", do_lower_case=True)
    saved(path, "mpnet-json")

    xlmr = folder("xlm-roberta")
    sentence_piece(xlmr / "sentencepiece.bpe.model", normalization_rule_tsv=str(rules))
    configured(xlmr, tokenizer_class="XLMRobertaTokenizer", model_max_length=48)
    path = saved(xlmr, "xlm-roberta-json")
    tokenizer = AutoTokenizer.from_pretrained(path)
    tokenizer.add_tokens([AddedToken("fox", single_word=True), "newtoken"])
    tokenizer.save_pretrained(path)
    saved(xlmr, "generic", tokenizer_class="PreTrainedTokenizerFast")
    camembert = folder("camembert")
    sentence_piece(camembert / "sentencepiece.bpe.model", normalization_rule_name="identity", user_defined_symbols=["<kept>"])
    configured(camembert, tokenizer_class="CamembertTokenizer")
    saved(camembert, "camembert-json", extra_special_tokens=[])
    albert = folder("albert")
    special = {"pad_id": 0, "unk_id": 1, "bos_id": -1, "eos_id": -1, "pad_piece": "<pad>"}
    sentence_piece(albert / "spiece.model", normalization_rule_tsv=str(rules), control_symbols=["[CLS]", "[SEP]", "[MASK]"], user_defined_symbols=["(", ")"], **special)
    configured(albert, tokenizer_class="AlbertTokenizer")
    saved(albert, "albert-json", keep_accents=True, do_lower_case=False)
    deberta2 = folder("deberta-v2")
    special = {"pad_id": 0, "bos_id": 1, "eos_id": 2, "unk_id": 3, "pad_piece": "[PAD]", "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"}
    sentence_piece(deberta2 / "spm.model", normalization_rule_name="identity", **special)
    configured(deberta2, tokenizer_class="DebertaV2Tokenizer", do_lower_case=False)
    saved(deberta2, "deberta-v2-json", do_lower_case=True, split_by_punct=True, add_prefix_space=False)
    rules.unlink()
    return sorted(path for path in output.glob("models-family-*"))


def main(output):
    rng = random.Random(9)
    every = texts()
    lines = 0
    with (output / "models-families.jsonl").open("w", encoding="utf-8") as file:
        for folder in families(output):
            tokenizer = AutoTokenizer.from_pretrained(folder)
            extra = {"class": type(tokenizer).__name__, "length": len(tokenizer), "size": tokenizer.vocab_size, "names": tokenizer.model_input_names, "special": tokenizer.all_special_tokens}
            for index, text in enumerate(every):
                pair = rng.choice(every) if index % 4 == 3 else None
                # An empty second text counts as none.
                found = tokenizer(text, pair or None, return_offsets_mapping=True)._encodings[0]
                case = {"folder": folder.name, "text": text, "pair": pair or None, "ids": found.ids, "types": found.type_ids, "tokens": found.tokens, "words": found.word_ids, "offsets": [n for span in found.offsets for n in span], "decoded": tokenizer.decode(found.ids), "skipped": tokenizer.decode(found.ids, skip_special_tokens=True)}
                file.write(json.dumps(case | (extra if index == 0 else {}), ensure_ascii=False, separators=(",", ":")) + "\n")
                lines += 1
    print(lines, "calls")


main(Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/tokenizers"))
