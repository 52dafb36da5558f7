"""Sentences with tagged names: the schema of conll2003 (`id`, `tokens`, `ner_tags`)."""

from words import *

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]

# {PER}, {LAST}, {ORG}, {BODY}, {LOC}, {REG}, {MISC}, {EVENT} become tagged names, the small ones plain words.
TEMPLATES = """{PER} , who runs a bakery in {LOC} , won the {EVENT} on {day} .
{ORG} said on {day} it would close {number} shops in {REG} by the end of the year .
The {BODY} of {LOC} has asked {PER} to lead an inquiry into the {thing} .
" We did not expect the {thing} to last , " {LAST} told reporters .
Shares in {ORG} fell {number} percent after the {MISC} government raised duties on {goods} .
{PER} and {PER} will meet in {LOC} for the final of the {EVENT} .
A {MISC} court fined {ORG} {number} million crowns over the {thing} .
{LOC} -- Heavy rain delayed the {EVENT} for a second day on {day} .
{ORG} has bought {ORG} , a maker of {goods} based in {LOC} .
Farmers in {REG} sold {number} tonnes of {goods} last month , the {BODY} reported .
{LAST} joined {ORG} in {year} and became its head {number} years later .
Nobody at the {BODY} would say why the {thing} had been put off until {day} .
{PER} grew up near {LOC} but has lived in {LOC} since {year} .
The {MISC} singer {PER} cancelled two concerts in {LOC} because of the {thing} .
On {day} , workers at {ORG} walked out over the {thing} .
{ORG} 's new plant in {LOC} will make {goods} for the {MISC} market .
It was the third time in {number} years that {LOC} had lost the vote .
Police in {LOC} were looking for a lorry full of {goods} that vanished on {day} .
{PER} ( {MISC} ) beat {PER} ( {MISC} ) in {number} minutes .
The road from {LOC} to {LOC} stays shut until {day} , the {BODY} said .
At the {EVENT} , {ORG} showed a boat that needs no fuel .
The price of {goods} rose again , and traders in {LOC} blame the {thing} .
" Ask {LAST} , " said the mayor of {LOC} when the {thing} came up .
{REG} and {REG} signed a treaty on {goods} in {year} .
Two {MISC} hikers were found by the {BODY} after {number} hours in the snow .
{PER} , {number} , wrote the book during a winter in {REG} .
Critics of {ORG} say the {thing} could have been avoided .
The {EVENT} has been held in {LOC} every spring since {year} .
A spokesman for {LAST} did not answer calls on {day} .
The match between {LOC} and {LOC} ended without a goal .
Prices , wages and rents all rose by about {number} percent in {year} .
The {thing} was over by {day} , and few people remembered it .
{ORG} and the {BODY} will share the cost of the {thing} .
In {REG} , {MISC} is still taught in {number} schools .
After the {thing} , {PER} left {ORG} for {ORG} .
She had walked for {number} hours before anybody asked about the {goods} .
The {BODY} counted {number} {MISC} ships off the coast of {REG} .
{LOC} 's only cinema , owned by {ORG} , reopens on {day} .
Engineers from {ORG} repaired the bridge at {LOC} in {number} days .
{LAST} , a {MISC} chemist , received the prize at the {EVENT} .""".split("\n")

WORDS = {
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "thing": """strike flood delay merger fire election shortage investigation blackout leak accident
reform drought dispute hearing""".split(),
    "goods": "cheese copper timber bicycles wool batteries olives glass coffee fish engines paper barley salt".split(),
    "number": [str(n) for n in list(range(2, 40)) + [45, 60, 75, 120, 300, 450, 1200]],
    "year": [str(n) for n in range(1951, 2020)],
}


def name(kind, split, rng):
    """The words of a name and its type."""
    def pick(names):
        return rng.choice(part(names, split)).split()

    if kind == "PER":
        return pick(FIRST) + pick(LAST), "PER"
    if kind == "LAST":
        return pick(LAST), "PER"
    if kind == "ORG":
        return pick(COMPANIES), "ORG"
    if kind == "BODY":
        body = pick(BODIES)
        return (pick(TOWNS) + body if rng.random() < 0.4 else body), "ORG"
    if kind == "LOC":
        return pick(TOWNS), "LOC"
    if kind == "REG":
        return pick(REGIONS), "LOC"
    return pick(PEOPLES if kind == "MISC" else EVENTS), "MISC"


def rows(split, count, rng):
    seen, made = set(), []
    while len(made) < count:
        tokens, tags = [], []
        for word in rng.choice(TEMPLATES).split():
            if word[0] != "{":
                tokens.append(word)
                tags.append(0)
            elif word[1].islower():
                tokens.append(rng.choice(WORDS[word[1:-1]]))
                tags.append(0)
            else:
                words, kind = name(word[1:-1], split, rng)
                # "the Aldan Valley": the article is no part of the name.
                if words[0] == "the":
                    tokens.append(words.pop(0))
                    tags.append(0)
                tokens += words
                tags += [TAGS.index(f"B-{kind}")] + [TAGS.index(f"I-{kind}")] * (len(words) - 1)
        tokens[0] = tokens[0][0].upper() + tokens[0][1:]
        if " ".join(tokens) in seen:
            continue
        seen.add(" ".join(tokens))
        made.append({"id": str(len(made)), "tokens": tokens, "ner_tags": tags})
    return made
