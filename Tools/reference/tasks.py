"""Writes the fixture of the tasks other than classification: what Python's collators, tokenizers and scripts make of
rows, to the last number.

    python Tools/reference/tasks.py UTILS_QA SQUAD_V2 [Tests/Fixtures]

- `UTILS_QA` is `examples/pytorch/question-answering/utils_qa.py` of transformers (as of v4.17), which the installed
  package doesn't have.
- `SQUAD_V2` is `metrics/squad_v2/compute_score.py` of evaluate, which `evaluate.load` would fetch.

Needs sentence-transformers beside the packages of `requirements.txt` (`pip install --no-deps`).
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import random
import sys
import warnings
from pathlib import Path

PINNED = {"torch": "2.13.0", "transformers": "5.23.0", "tokenizers": "0.23.3", "sentence-transformers": "6.2.0"}
SOURCES = {
    "utils_qa": "ab7dde1e2ea87b0dd8dc3c69bf9276b5d97e4b23d6e55e9fc94da9456caffee4",
    "compute_score": "a15fd71be3bc594a0a7efba3e070a25e984d75ed3a135663a75bc5c6e4cf57c8",
}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found.split("+")[0] != wanted:
        sys.exit(f"{name} {wanted} is needed to make this fixture; found {found}")

warnings.simplefilter("ignore")
import numpy as np
import torch
from transformers import (
    AutoTokenizer, DataCollatorForLanguageModeling, DataCollatorForMultipleChoice, DataCollatorForTokenClassification)

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "Examples" / "data"


def source(path, name):
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != SOURCES[name]:
        sys.exit(f"{path} is not the {name}.py that this fixture was made with")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(name, count, split="train"):
    with open(DATA / name / f"{split}.jsonl", encoding="utf-8") as lines:
        return [json.loads(line) for line, _ in zip(lines, range(count))]


def tensors(batch):
    return {key: {"shape": list(value.shape), "values": value.flatten().tolist()} for key, value in batch.items()}


def without_token_types(batch):
    return {key: value for key, value in batch.items() if key != "token_type_ids"}


# Token classification

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]


def token_labels(tokenizer):
    sentences = [(row["tokens"], row["ner_tags"]) for row in rows("entities", 5)]
    # Words of which nothing is left, of many pieces, and of several words' signs; and a sentence that is cut.
    sentences.append((["Ondal", "\u00ad", "'s", "antidisestablishmentarianism", "U.S.-born", "x", ""], [5, 0, 0, 7, 8, 1, 2]))
    sentences.append((["Valdoro"] * 30, [5] * 30))
    words, tags = [list(part) for part in zip(*sentences)]
    encoded = tokenizer(words, is_split_into_words=True, truncation=True, max_length=48)
    first, whole = [], []
    for row, labels in enumerate(tags):
        ids, previous, a, b = encoded.word_ids(row), None, [], []
        for word in ids:
            if word is None:
                a.append(-100)
                b.append(-100)
            elif word != previous:
                a.append(labels[word])
                b.append(labels[word])
            else:
                a.append(-100)
                b.append(TAGS.index("I" + TAGS[labels[word]][1:]) if TAGS[labels[word]][0] == "B" else labels[word])
            previous = word
        first.append(a)
        whole.append(b)
    examples = [
        {key: encoded[key][row] for key in encoded} | {"labels": first[row]} for row in range(len(words))]
    batches = {}
    for side in ("right", "left"):
        tokenizer.padding_side = side
        for multiple in (None, 8):
            collate = DataCollatorForTokenClassification(tokenizer, pad_to_multiple_of=multiple)
            batches[f"{side}-{multiple or 1}"] = tensors(without_token_types(collate([dict(example) for example in examples[:3]])))
    tokenizer.padding_side = "right"
    return {
        "words": words, "tags": tags, "max_length": 48, "input_ids": encoded["input_ids"], "first": first,
        "all": whole, "batches": batches,
    }


# Question answering


def questions(tokenizer, utils_qa, squad_v2):
    squad = rows("questions", 2)
    long = " ".join(row["context"] for row in rows("questions", 4)[::2])[:420]
    made = [(row["question"], row["context"], row["answers"]) for row in squad]
    # Answers at the very beginning and end, one across two parts, one that is not there, one with other signs.
    made += [
        ("  What begins the text?", long, {"text": [long[:6]], "answer_start": [0]}),
        ("What ends it?", long, {"text": [long[-9:]], "answer_start": [len(long) - 9]}),
        ("A long answer?", long, {"text": [long[100:300]], "answer_start": [100]}),
        ("Is there an answer?", long, {"text": [], "answer_start": []}),
        ("Wo?", "Das Café 😀 in Zürich öffnet früh.", {"text": ["Zürich"], "answer_start": [14]}),
        ("Part of a word?", "Antidisestablishmentarianism again", {"text": ["establish"], "answer_start": [7]}),
        ("Nothing?", "A short text without it.", {"text": [], "answer_start": []}),
    ]
    examples = {
        "id": [f"q{index}" for index in range(len(made))], "question": [row[0] for row in made],
        "context": [row[1] for row in made], "answers": [row[2] for row in made],
    }
    length, stride = 64, 20
    encoded = tokenizer(
        [question.lstrip() for question in examples["question"]], examples["context"], truncation="only_second",
        max_length=length, stride=stride, return_overflowing_tokens=True, return_offsets_mapping=True)
    samples, starts, ends, offsets = encoded["overflow_to_sample_mapping"], [], [], []
    for feature, sample in enumerate(samples):
        start = end = None
        answer = examples["answers"][sample]
        if answer["text"]:
            begin = answer["answer_start"][0]
            start = encoded.char_to_token(feature, begin, sequence_index=1)
            end = encoded.char_to_token(feature, begin + len(answer["text"][0]) - 1, sequence_index=1)
        whole = start is not None and end is not None
        starts.append(start if whole else 0)
        ends.append(end if whole else 0)
        offsets.append([
            list(place) if sequence == 1 else None
            for place, sequence in zip(encoded["offset_mapping"][feature], encoded.sequence_ids(feature))])
    out = examples | {
        "max_length": length, "stride": stride, "input_ids": encoded["input_ids"],
        "token_type_ids": encoded["token_type_ids"], "samples": samples, "starts": starts, "ends": ends,
        "offsets": offsets,
    }

    draw = np.random.default_rng(5)
    shape = (len(samples), max(map(len, encoded["input_ids"])))
    # Few digits in the file, all different, and such that both answers and "no answer" win.
    logits = [np.round(draw.normal(size=shape) * 3, 3).astype(np.float32) for _ in range(2)]
    for part in logits:
        part[:, 0] += 4
    out["start_logits"], out["end_logits"] = [[[round(float(x), 3) for x in row] for row in part] for part in logits]
    features = [
        {"example_id": examples["id"][sample], "offset_mapping": [place and tuple(place) for place in places]}
        for sample, places in zip(samples, offsets)]

    class Examples(list):
        def __getitem__(self, key):
            return [row[key] for row in self] if isinstance(key, str) else list.__getitem__(self, key)

    table = Examples({key: examples[key][index] for key in examples} for index in range(len(made)))
    out["searches"] = []
    for v2, threshold, n_best, longest in ((False, 0.0, 20, 30), (True, 0.0, 5, 8), (True, 3.5, 20, 30), (True, -2.0, 1, 2)):
        folder = Path("/tmp/swiftlet-answers")
        folder.mkdir(exist_ok=True)
        answers = utils_qa.postprocess_qa_predictions(
            table, features, tuple(logits), version_2_with_negative=v2, n_best_size=n_best, max_answer_length=longest,
            null_score_diff_threshold=threshold, output_dir=str(folder))
        best = json.loads((folder / "nbest_predictions.json").read_text())
        nulls = json.loads((folder / "null_odds.json").read_text()) if v2 else None
        case = {
            "allows_no_answer": v2, "threshold": threshold, "n_best": n_best, "max_answer_length": longest,
            "answers": [answers[name] for name in examples["id"]],
            "candidates": [
                [[c["text"], round(c["start_logit"], 4), round(c["end_logit"], 4), round(c["probability"], 8)] for c in best[name][:4]]
                for name in examples["id"]],
            "null_differences": [round(nulls[name], 4) for name in examples["id"]] if v2 else None,
        }
        if v2:
            articles = [{"paragraphs": [{"qas": [
                {"id": name, "answers": answer}
                for name, answer in zip(examples["id"], examples["answers"])]}]}]
            exact, f1 = squad_v2.get_raw_scores(articles, answers)
            has = squad_v2.make_qid_to_has_ans(articles)
            case["scores"] = dict(squad_v2.make_eval_dict(exact, f1))
            for prefix, wanted in (("HasAns", True), ("NoAns", False)):
                some = [name for name, value in has.items() if value == wanted]
                part = squad_v2.make_eval_dict(exact, f1, qid_list=some)
                case["scores"] |= {f"{prefix}_{key}": value for key, value in part.items()}
        out["searches"].append(case)
    return out


# Multiple choice


def choices(tokenizer):
    some = rows("endings", 2)
    encoded = []
    for row in some:
        made = tokenizer(
            [row["sent1"]] * 4, [f"{row['sent2']} {row[f'ending{n}']}" for n in range(4)], truncation=True, max_length=40)
        encoded.append({key: made[key] for key in made} | {"label": row["label"]})
    batch = DataCollatorForMultipleChoice(tokenizer, pad_to_multiple_of=None)([dict(row) for row in encoded])
    return {"rows": some, "max_length": 40, "batch": tensors(batch)}


# Filling in


def filling(tokenizer):
    texts = [row["context"] for row in rows("questions", 8)][::2]
    encoded = tokenizer(
        texts, truncation=True, max_length=60, return_special_tokens_mask=True, return_offsets_mapping=True)
    keys = ["input_ids", "token_type_ids", "attention_mask", "special_tokens_mask", "offset_mapping"]
    # Offsets are not padded, so all texts are cut to one length for masks of whole words.
    length = min(map(len, encoded["input_ids"]))
    cases = []
    for name, seed, options, columns, cut in (
        ("ragged, own generator", 7, {}, keys[:3], None),
        ("ragged, special tokens given", 7, {"mlm_probability": 0.4}, keys[:4], None),
        ("default generator", None, {"mlm_probability": 0.3, "pad_to_multiple_of": 8}, keys[:3], None),
        ("all masked", 3, {"mlm_probability": 0.5, "mask_replace_prob": 1.0, "random_replace_prob": 0.0}, keys[:3], None),
        ("all random", 3, {"mlm_probability": 0.5, "mask_replace_prob": 0.0, "random_replace_prob": 1.0}, keys[:3], None),
        ("whole words", 11, {"whole_word_mask": True, "mlm_probability": 0.3}, keys, length),
    ):
        collate = DataCollatorForLanguageModeling(tokenizer, seed=seed, **options)
        torch.manual_seed(99)
        batches = []
        for pair in ((0, 1), (2, 3), (0, 3)):
            made = collate([{key: encoded[key][row][:cut] for key in columns} for row in pair])
            batches.append({key: tensors({key: made[key]})[key] for key in ("input_ids", "labels")})
        cases.append({"name": name, "seed": seed, "options": options, "columns": columns, "cut": cut, "batches": batches})

    size, joined = 16, {key: sum(encoded[key], []) for key in keys}
    total = len(joined["input_ids"]) // size * size
    blocks = {key: [joined[key][start:start + size] for start in range(0, total, size)] for key in keys}
    return {"texts": texts, "max_length": 60, "pairs": [[0, 1], [2, 3], [0, 3]], "cases": cases, "block_size": size, "blocks": blocks}


# Sentence embeddings


def embeddings():
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    from sentence_transformers.sentence_transformer.modules import Pooling

    draw = torch.Generator().manual_seed(1)
    states = [torch.round(torch.randn(4, 5, 6, generator=draw), decimals=3).requires_grad_() for _ in range(2)]
    masks = [torch.tensor([[1] * n + [0] * (5 - n) for n in lengths]) for lengths in ((5, 2, 3, 1), (1, 4, 5, 5))]
    pool = Pooling(6, "mean")
    pooled = [pool({"token_embeddings": s, "attention_mask": m})["sentence_embedding"] for s, m in zip(states, masks)]
    loss = MultipleNegativesRankingLoss(model=None, scale=20.0).compute_loss_from_embeddings(pooled, None)
    loss.backward()
    return {
        "states": [s.flatten().tolist() for s in states], "masks": [m.flatten().tolist() for m in masks],
        "pooled": [p.flatten().tolist() for p in pooled], "loss": loss.item(),
        "gradients": [s.grad.flatten().tolist() for s in states],
    }


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    random.seed(0)
    root = Path(sys.argv[3] if len(sys.argv) > 3 else "Tests/Fixtures")
    tokenizer = AutoTokenizer.from_pretrained(root / "tokenizers" / "bert-tiny")
    expected = {
        "versions": PINNED,
        "token_classification": token_labels(tokenizer),
        "question_answering": questions(
            tokenizer, source(sys.argv[1], "utils_qa"), source(sys.argv[2], "compute_score")),
        "multiple_choice": choices(tokenizer),
        "fill_mask": filling(tokenizer),
        "sentence_embeddings": embeddings(),
    }
    folder = root / "tasks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":"), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
