"""Pairs of texts for Benchmarks/tokenizers.py that no data set has at hand: words of many scripts, and what is hard for a
tokenizer. The same on every run. Standard library only."""

import random

# First and last letter, and the commonest lengths of a word; Han and kana are written without spaces.
SCRIPTS = {
    "Latin": ("a", "z", (2, 9)), "Latin with accents": ("à", "ÿ", (3, 9)), "Greek": ("α", "ω", (2, 10)),
    "Cyrillic": ("а", "я", (2, 11)), "Arabic": ("ا", "ي", (2, 7)), "Hebrew": ("א", "ת", (2, 6)),
    "Devanagari": ("अ", "ह", (2, 7)), "Thai": ("ก", "ฮ", (4, 14)), "Han": ("一", "龥", (4, 16)),
    "Hiragana": ("ぁ", "ん", (4, 12)), "Hangul": ("가", "힣", (2, 5)), "emoji": ("😀", "🙏", (1, 3)),
}


def mixed(rows, generator):
    """Sentences of 8 to 30 words, each in one of the scripts, of 400 words a script drawn as often as words are in a
    language (the n-th by 1 / n)."""
    words = {}
    for name, (first, last, (least, most)) in SCRIPTS.items():
        words[name] = [
            "".join(chr(generator.randint(ord(first), ord(last))) for _ in range(generator.randint(least, most)))
            for _ in range(400)
        ]
    weights = [1 / (rank + 1) for rank in range(400)]
    names = list(SCRIPTS)

    def sentence():
        chosen = generator.choices(words[generator.choice(names)], weights, k=generator.randint(8, 30))
        return " ".join(chosen) + generator.choice([".", "?", "!", "。", " ؟"])

    return [(sentence(), sentence()) for _ in range(rows)]


def adversarial(rows, generator):
    """What caches, tables and quick paths don't help with: no word comes twice, words of thousands of letters, runs of
    punctuation, letters with heaps of accents, control characters, and letters from anywhere in Unicode."""
    letters = "abcdefghijklmnopqrstuvwxyz"

    def unique():
        return " ".join("".join(generator.choices(letters, k=generator.randint(6, 14))) for _ in range(25))

    def long():
        return "".join(generator.choices(letters, k=2000))

    def punctuation():
        return "".join(generator.choices("!?.,;:-()[]{}'\"/\\|@#$%^&*~`", k=200))

    def accents():
        return " ".join(
            generator.choice(letters) + "".join(chr(generator.randint(0x300, 0x36F)) for _ in range(5)) for _ in range(40))

    def control():
        return "".join(generator.choice(letters + "\u0000\u0007\u200b\u200d\u00ad\ufeff\u2028\t") for _ in range(200))

    def anywhere():
        # Without surrogates.
        return "".join(
            chr(number if number < 0xD800 else number + 0x800)
            for number in (generator.randrange(0x20, 0x30000) for _ in range(80)))

    kinds = [unique, long, punctuation, accents, control, anywhere]
    return [(kinds[row % len(kinds)](), kinds[(row + 1) % len(kinds)]()) for row in range(rows)]


KINDS = {"mixed": mixed, "adversarial": adversarial}


def pairs(kind, rows=3000):
    """`rows` pairs of texts of a kind."""
    return KINDS[kind](rows, random.Random(20261127))
