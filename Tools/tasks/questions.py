"""Questions on short texts whose answers stand in them: the schema of squad."""

from words import *

MONTHS = "January February March April May June July August September October November December".split()
GOODS = "wool|salt|copper wire|sailcloth|clocks|pianos|cheese|bricks|bicycles|lamps|barley|tiles|matches|boots".split("|")
BIRDS = "storks|herons|swifts|owls|cranes|terns|falcons|geese".split("|")
ILLS = "a broken boiler|a fire in the stores|a strike by the crew|heavy storms|an unpaid debt|a shortage of coal".split("|")
COLOURS = "red|dark green|pale yellow|black|blue and white|grey".split("|")
TRADES = "a blacksmith|a schoolteacher|a nurse|a carpenter|a sailor|a printer|a surveyor|a baker".split("|")


def facts(split, rng):
    """Values for one text; no two of a kind are the same."""
    def some(names, count):
        return rng.sample(part(names, split), count)

    people = [f"{first} {last}" for first, last in zip(some(FIRST, 4), some(LAST, 4))]
    towns, years = some(TOWNS, 4), sorted(rng.sample(range(1790, 2012), 4))
    return {
        "p1": people[0], "p2": people[1], "p3": people[2], "p4": people[3], "l1": people[0].split()[1],
        "t1": towns[0], "t2": towns[1], "t3": towns[2], "r1": rng.choice(part(REGIONS, split)),
        "c1": rng.choice(part(COMPANIES, split)), "b1": f"the {rng.choice(part(BODIES, split))}",
        "e1": f"the {rng.choice(part(EVENTS, split))}", "y1": str(years[0]), "y2": str(years[1]), "y3": str(years[2]),
        "n1": str(rng.randrange(11, 95)), "n2": str(rng.randrange(110, 990)),
        "n3": f"{rng.randrange(2, 60)},{rng.randrange(100, 999)}", "d1": f"{rng.randrange(2, 29)} {rng.choice(MONTHS)}",
        "g1": rng.choice(GOODS), "g2": rng.choice(GOODS), "f1": rng.choice(BIRDS), "i1": rng.choice(ILLS),
        "k1": rng.choice(COLOURS), "w1": rng.choice(TRADES),
    }


# Each subject: what always begins the text, then statements, of which some are taken. A statement has forms, and
# questions with the name of the fact that answers them.
SUBJECTS = [
    ("{t1}", "{t1} is a small town in {r1} .", [
        (["It was founded in {y1} by settlers from {t2} .", "Settlers from {t2} built the first houses in {y1} ."],
         [("When was {t1} founded?", "y1"), ("Where did the first settlers of {t1} come from?", "t2")]),
        (["About {n3} people live there today .", "At the last count it had {n3} inhabitants ."],
         [("How many people live in {t1}?", "n3"), ("What is the population of {t1}?", "n3")]),
        (["The town hall , designed by {p1} , was finished in {y2} .",
          "{p1} drew the plans of the town hall , which opened in {y2} ."],
         [("Who designed the town hall of {t1}?", "p1"), ("In what year was the town hall completed?", "y2")]),
        (["For a long time most families lived from making {g1} .", "It used to be known all over the country for its {g1} ."],
         [("What was {t1} known for?", "g1"), ("What did people in {t1} make?", "g1")]),
        (["The present mayor is {p2} , who used to be {w1} .", "Since the last election {p2} , once {w1} , has been mayor ."],
         [("Who is the mayor?", "p2"), ("What was the mayor's earlier job?", "w1")]),
        (["Every summer {f1} nest on the roofs of the old mill .", "Visitors come to see the {f1} that nest on the mill ."],
         [("Which birds nest on the mill?", "f1"), ("What can be seen on the roofs of the mill in summer?", "f1")]),
        (["A railway to {t3} was opened in {y3} .", "Since {y3} trains have run from here to {t3} ."],
         [("Which town can be reached from {t1} by train?", "t3"), ("When was the railway opened?", "y3")]),
    ]),
    ("{p1}", "{p1} was born in {t1} , the child of {w1} .", [
        (["{l1} studied in {t2} and wrote a first novel in {y2} .", "The first novel appeared in {y2} , when {l1} was a student in {t2} ."],
         [("Where did {l1} study?", "t2"), ("When did {l1}'s first novel come out?", "y2")]),
        (["In {y3} {l1} married {p2} , a painter .", "The painter {p2} and {l1} were married in {y3} ."],
         [("Who did {l1} marry?", "p2"), ("What year was the wedding of {l1}?", "y3")]),
        (["Before that came {n1} months as a clerk at {c1} .", "For {n1} months {l1} kept the books at {c1} ."],
         [("Which company did {l1} work for?", "c1"), ("How many months did {l1} work as a clerk?", "n1")]),
        (["The best known book , about the trade in {g1} , sold {n3} copies .", "{n3} copies were sold of a book about the trade in {g1} ."],
         [("What trade is the best known book of {l1} about?", "g1"), ("How many copies were sold?", "n3")]),
        (["{l1} died in {t3} on {d1} .", "Death came on {d1} , during a visit to {t3} ."],
         [("Where did {l1} die?", "t3"), ("On what day did {l1} die?", "d1")]),
        (["A prize given by {b1} still carries the name .", "Today {b1} gives a prize in memory of the writer ."],
         [("Who gives a prize in memory of {l1}?", "b1")]),
    ]),
    ("{c1}", "{c1} is a company from {t1} that makes {g1} .", [
        (["{p1} started it in {y1} with {n1} workers .", "It began in {y1} , when {p1} hired {n1} people ."],
         [("Who started {c1}?", "p1"), ("How many workers did {c1} have at first?", "n1"), ("When did {c1} begin?", "y1")]),
        (["Today {p2} runs it from an office in {t2} .", "Its director , {p2} , works in {t2} ."],
         [("Who runs {c1} today?", "p2"), ("In which town is the director's office?", "t2")]),
        (["Work stopped for a year in {y2} because of {i1} .", "In {y2} {i1} kept the works closed for a year ."],
         [("Why did work stop?", "i1"), ("In what year were the works closed?", "y2")]),
        (["Its vans are painted {k1} and known everywhere in {r1} .", "All over {r1} people know its {k1} vans ."],
         [("What colour are the vans of {c1}?", "k1"), ("Where are the vans well known?", "r1")]),
        (["Last year it sold goods worth {n2} million crowns .", "Sales came to {n2} million crowns last year ."],
         [("How many million crowns did the sales of {c1} come to?", "n2")]),
        (["It pays for {e1} , which is held near its works .", "For years it has paid for {e1} ."],
         [("Which event does {c1} pay for?", "e1")]),
    ]),
    ("The ship", "The steamer that brought {g1} from {t1} to {t2} was built in {y1} .", [
        (["Her first captain was {p1} , who had been {w1} .", "{p1} , once {w1} , was the first to command her ."],
         [("Who was the first captain?", "p1"), ("What had the first captain been before?", "w1")]),
        (["She could carry {n2} passengers and a crew of {n1} .", "There was room for {n2} passengers , and {n1} men worked on board ."],
         [("How many passengers could the steamer carry?", "n2"), ("How large was the crew?", "n1")]),
        (["Her hull was {k1} .", "People knew her by her {k1} hull ."], [("What was the colour of the hull?", "k1")]),
        (["In {y2} she was sold to {c1} .", "{c1} bought her in {y2} ."],
         [("Who bought the steamer?", "c1"), ("When was the steamer sold?", "y2")]),
        (["She sank off {t3} on {d1} after {i1} .", "On {d1} , after {i1} , she went down near {t3} ."],
         [("Near which town did the steamer sink?", "t3"), ("On what day did she sink?", "d1"), ("What happened before she sank?", "i1")]),
        (["Her bell is now kept by {b1} .", "Divers gave her bell to {b1} ."], [("Who keeps the bell of the steamer?", "b1")]),
    ]),
    ("{e1}", "People in {r1} look forward all year to {e1} .", [
        (["It begins on {d1} and lasts for {n1} hours .", "For {n1} hours from {d1} nobody thinks of anything else ."],
         [("When does {e1} begin?", "d1"), ("How long does {e1} last?", "n1")]),
        (["{p1} had the idea in {y1} .", "The idea came to {p1} in {y1} ."],
         [("Who had the idea of {e1}?", "p1"), ("In which year did the idea come up?", "y1")]),
        (["Some {n3} guests came last time , most of them from {t1} .", "Last time {n3} people came , many of them from {t1} ."],
         [("How many people came last time?", "n3"), ("Where were most of the guests from?", "t1")]),
        (["The winner , {p2} , was given a {k1} coat .", "A {k1} coat went to the winner , {p2} ."],
         [("Who was the winner?", "p2"), ("What colour was the coat?", "k1")]),
        (["It had to be put off in {y2} because of {i1} .", "Only in {y2} was it put off , because of {i1} ."],
         [("Why was {e1} put off?", "i1"), ("In what year was {e1} put off?", "y2")]),
        (["Money comes from {c1} and from {b1} .", "It is paid for by {c1} , with some help from {b1} ."],
         [("Which company pays for {e1}?", "c1")]),
    ]),
]


def written(text):
    """With the marks where English has them."""
    for mark in ".,":
        text = text.replace(f" {mark}", mark)
    return text


def rows(split, count, rng):
    made = []
    while len(made) < count:
        subject, opening, statements = rng.choice(SUBJECTS)
        values = facts(split, rng)
        chosen = rng.sample(statements, rng.randint(4, len(statements)))
        # Each statement is looked for by its own answer, so the sentences are put together one by one.
        context, found = written(opening.format(**values)), []
        for forms, questions in chosen:
            sentence = written(rng.choice(forms).format(**values))
            sentence = sentence[0].upper() + sentence[1:]
            for question, key in questions:
                answer = values[key]
                place = sentence.find(answer)
                if place < 0:  # a capital at the beginning of the sentence
                    answer = answer[0].upper() + answer[1:]
                    place = sentence.index(answer)
                if answer.startswith(("the ", "The ")):
                    place, answer = place + 4, answer[4:]
                found.append((question.format(**values), answer, len(context) + 1 + place))
            context += " " + sentence
        for question, answer, start in rng.sample(found, 2):
            if len(made) < count:
                made.append({
                    "id": f"{split}-{len(made)}", "title": written(subject.format(**values)), "context": context,
                    "question": question, "answers": {"text": [answer], "answer_start": [start]}})
                assert context[start:start + len(answer)] == answer
    return made
