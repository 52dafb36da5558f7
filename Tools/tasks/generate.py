#!/usr/bin/env python3
"""Writes the small sets for token classification, question answering and multiple choice.

    python3 Tools/tasks/generate.py

Needs nothing but Python. The same seed gives the same files. The data cards beside them are written by hand, except
the table of sizes and of what simple rules reach.
"""

import json
import random
import re
from pathlib import Path

import endings
import entities
import questions

ROOT = Path(__file__).resolve().parents[2] / "Examples" / "data"
SETS = {
    "entities": (entities.rows, {"train": 600, "validation": 150, "test": 150}),
    "questions": (questions.rows, {"train": 600, "validation": 150, "test": 150}),
    "endings": (endings.rows, {"train": 600, "validation": 150, "test": 150}),
}


def words(text):
    return re.findall(r"[a-z0-9]+", text.lower())


def overlap(first, second):
    shared = len(set(first) & set(second))
    return 2 * shared / (len(set(first)) + len(set(second))) if first and second else 0


def entity_baselines(rows, train):
    tags = [tag for row in rows for tag in row["ner_tags"]]
    # Names by heart: the tag that a capitalized word most often had in the train split.
    seen = {}
    for row in train:
        for token, tag in zip(row["tokens"], row["ner_tags"]):
            seen.setdefault(token, []).append(tag)
    best = {token: max(set(all_tags), key=all_tags.count) for token, all_tags in seen.items()}
    right = sum(best.get(token, 0) == tag for row in rows for token, tag in zip(row["tokens"], row["ner_tags"]))
    return {"accuracy of tags, always O": tags.count(0) / len(tags), "accuracy of tags, words by heart": right / len(tags)}


def question_baselines(rows, train):
    def bag_f1(prediction, answer):
        prediction, answer = words(prediction), words(answer)
        shared = sum(min(prediction.count(word), answer.count(word)) for word in set(answer))
        return 2 * shared / (len(prediction) + len(answer))

    def nearest(row):
        asked = words(row["question"])
        return max(re.split(r"(?<=\.) ", row["context"]), key=lambda sentence: overlap(asked, words(sentence)))

    return {
        "F1, first sentence": sum(
            bag_f1(re.split(r"(?<=\.) ", row["context"])[0], row["answers"]["text"][0]) for row in rows) / len(rows),
        "F1, sentence most like the question": sum(
            bag_f1(nearest(row), row["answers"]["text"][0]) for row in rows) / len(rows),
    }


def ending_baselines(rows, train):
    labels = [row["label"] for row in rows]
    common = max(range(4), key=labels.count)
    near = sum(
        max(range(4), key=lambda place: overlap(words(row["sent1"]), words(row[f"ending{place}"]))) == row["label"]
        for row in rows)
    return {"accuracy, most frequent place": labels.count(common) / len(rows), "accuracy, most words shared": near / len(rows)}


BASELINES = {"entities": entity_baselines, "questions": question_baselines, "endings": ending_baselines}


def main():
    for name, (make, sizes) in SETS.items():
        folder = ROOT / name
        folder.mkdir(parents=True, exist_ok=True)
        made = {split: make(split, count, random.Random(f"{name} {split} 2026")) for split, count in sizes.items()}
        for split, rows in made.items():
            lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
            (folder / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
        table = {split: BASELINES[name](made[split], made["train"]) for split in ("validation", "test")}
        text = "| | validation | test |\n|---|---|---|\n" + "".join(
            f"| {key} | {table['validation'][key]:.4f} | {table['test'][key]:.4f} |\n" for key in table["test"])
        card = folder / "README.md"
        if card.exists():
            before = card.read_text(encoding="utf-8")
            card.write_text(
                re.sub(r"(<!-- baselines -->\n).*?(<!-- end -->)", lambda m: m[1] + text + m[2], before, flags=re.S),
                encoding="utf-8")
        print(name, sizes, table)


if __name__ == "__main__":
    main()
