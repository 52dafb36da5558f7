"""Writes Tests/Fixtures/metrics/text_cases.json: inputs and what evaluate's metrics of texts, and its others, make of them.

    Tools/reference/metrics_text.py EVALUATE BLEU [OUTPUT]

EVALUATE is a checkout of huggingface/evaluate at a7dd338386a4fae9a1767e05eb9ef9479513d9e8, whose scripts are called with
the inputs as they are (its loader would round them to 32 bits); BLEU is nmt/scripts/bleu.py of tensorflow/nmt, which the
metric `bleu` downloads. Made with evaluate 0.4.6, sacrebleu 2.6.0, rouge_score 0.1.2, nltk 3.10.4, jiwer 4.0.0, cer 1.2.0,
charcut 1.1.1, scikit-learn 1.9.1, numpy 2.4.6 and Python 3.11 (see requirements.txt).
"""

import importlib.util
import json
import math
import pathlib
import random
import sys
import types
import warnings

import jiwer
import numpy as np
import sacrebleu
from nltk.translate import gleu_score, nist_score
from rouge_score import rouge_scorer, scoring
from sklearn import metrics as sk

evaluate_folder, bleu_file = pathlib.Path(sys.argv[1]), sys.argv[2]
root = pathlib.Path(__file__).resolve().parent.parent.parent
output = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else root / "Tests/Fixtures/metrics/text_cases.json")
rng = random.Random(20261127)
cases = []


def script(path, name):
    """A file of evaluate's as a module, with its neighbours in reach."""
    package = name.split(".")[0]
    if package not in sys.modules:
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(pathlib.Path(path).parent)]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def metric(name, cls):
    return getattr(script(evaluate_folder / f"metrics/{name}/{name}.py", f"{name}.{name}"), cls)


nmt_bleu = script(bleu_file, "nmt_bleu")
tokenizer_13a = script(evaluate_folder / "metrics/bleu/tokenizer_13a.py", "tokenizer_13a").Tokenizer13a()


def plain(value):
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    return float(value)


def case(name, function, predictions, references, config=None, sources=None, weights=None, **options):
    item = {"metric": name, "predictions": plain(predictions), "references": plain(references)}
    if config:
        item["config"] = config
    if sources is not None:
        item["sources"] = plain(sources)
    if weights is not None:
        item["weights"] = plain(weights)
    if options:
        item["options"] = plain(options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            item["values"] = plain(function())
        except (ValueError, ZeroDivisionError, IndexError, KeyError, AssertionError) as error:
            item["error"] = f"{type(error).__name__}: {error}"
    cases.append(item)


# MARK: texts

ENGLISH = "the a an cat cats dog running runs ran run on mat mats was were is quickly relational relation happily happy skies".split()
ENGLISH += "dying agreed feed hopping hoped fly flies national nationally organization organizer probate".split()
HARD = ["U.S.A.", "3.14", "1,000", "e-mail", "don't", "naïve", "e\u0301te\u0301", "été", "日本語", "中文，测试。", "한국어", "ﬁn", "İstanbul"]
HARD += ["ΣΑΣ", "straße", "½", "10", "—", "“quoted”", "&quot;", "&amp;lt;", "<skipped>", "x_y", "🙂👍🏽", "१२३", "٣٤.٥", "(par)", "'s", "it's"]
HARD += ["...", "!?", "$5", "état-major", "5-", "-5", "カタカナ", "ひらがな", "。", "ｆｕｌｌ！", "、", "「引用」", "㈱", "㌔", "⼀", "⁂", "K", "a.b,c", ".5,", "§", "€5", "ǅ"]
SPACES = [" "] * 12 + ["  ", "\t", " \t ", "\n", "\u00a0", "\u3000", "-\n", "\u2028", "\x1f"]


def text(words, low=0, high=12, hard_spaces=False):
    result = ""
    for _ in range(rng.randint(low, high)):
        word = rng.choice(words)
        result += word.capitalize() if rng.random() < 0.1 else word
        result += rng.choice(SPACES) if hard_spaces else " "
    return result if hard_spaces and rng.random() < 0.3 else result.rstrip(" ") + rng.choice(["", ".", " ."])


def changed(words, reference):
    """A text near another: words left out, put in, exchanged, moved in runs."""
    parts = reference.split(" ")
    for _ in range(rng.randint(0, 4)):
        if not parts:
            break
        at, kind = rng.randrange(len(parts)), rng.random()
        if kind < 0.25:
            del parts[at]
        elif kind < 0.5:
            parts.insert(at, rng.choice(words))
        elif kind < 0.7:
            parts[at] = rng.choice(words)
        else:
            run = parts[at : at + rng.randint(1, 4)]
            del parts[at : at + len(run)]
            to = rng.randint(0, len(parts))
            parts[to:to] = run
    return " ".join(parts)


def corpus(words, rows, references=1, low=0, high=12, hard_spaces=False):
    first = [text(words, low, high, hard_spaces) for _ in range(rows)]
    predictions = [changed(words, t) if rng.random() < 0.9 else t for t in first]
    if references == 0:
        return predictions, first
    return predictions, [[t] + [changed(words, t) for _ in range(references - 1)] for t in first]


few = ENGLISH[:12]
CORPORA = [corpus(ENGLISH, 14, 1, 1), corpus(ENGLISH + HARD, 16, 2, 0, 10, True), corpus(HARD, 14, 1, 0, 8, True)]
CORPORA += [corpus(few, 8, 3, 10, 45), corpus(ENGLISH, 1, 1, 6), corpus(ENGLISH, 6, 0, 2), (["", "  ", "a"], [[""], ["b"], [""]])]
CORPORA += [(["same words here .", "日本 語"], [["same words here ."], ["日本 語"]]), (["none"], [["other"]]), (["", ""], [["x y"], ["z"]])]
CORPORA += [(["", "x y"], [[""], [" "]])]
LONG = corpus(few, 3, 1, 60, 120)


def lists(references):
    return [[r] if isinstance(r, str) else r for r in references]


def turned(references):
    return [list(column) for column in zip(*lists(references))]


def bleus():
    def score(p, r, **o):
        tokenize = {"tokenize": o.pop("tokenize")} if "tokenize" in o else {}
        s = sacrebleu.corpus_bleu(p, turned(r), **o, **tokenize)
        return {"score": s.score, "counts": s.counts, "totals": s.totals, "precisions": s.precisions, "bp": s.bp, "sys_len": s.sys_len, "ref_len": s.ref_len}

    every = [{}] + [{"tokenize": t} for t in ("zh", "char", "intl", "none")] + [{"lowercase": True}, {"use_effective_order": True}, {"force": True}]
    every += [{"smooth_method": m} for m in ("none", "floor", "add-k")] + [{"smooth_method": "floor", "smooth_value": 0.5}]
    every += [{"smooth_method": "add-k", "smooth_value": 0.3, "tokenize": "intl", "lowercase": True, "use_effective_order": True}]
    for p, r in CORPORA:
        for o in every:
            case("sacrebleu", lambda: score(list(p), r, **o), p, r, **o)

    def bleu(p, r, **o):
        values = nmt_bleu.compute_bleu([[tokenizer_13a(t) for t in row] for row in lists(r)], [tokenizer_13a(t) for t in p], **o)
        return dict(zip(("bleu", "precisions", "brevity_penalty", "length_ratio", "translation_length", "reference_length"), values))

    def gleu(p, r, **o):
        return {"google_bleu": gleu_score.corpus_gleu([[tokenizer_13a(t) for t in row] for row in lists(r)], [tokenizer_13a(t) for t in p], **o)}

    for p, r in CORPORA:
        for o in ({}, {"max_order": 2}, {"smooth": True}, {"max_order": 6, "smooth": True}):
            case("bleu", lambda: bleu(p, r, **o), p, r, **o)
        for o in ({}, {"min_len": 2}, {"max_len": 2}, {"min_len": 3, "max_len": 5}):
            case("google_bleu", lambda: gleu(p, r, **o), p, r, **o)


def nist():
    import nltk.corpus  # The tokenizer's other method needs data that this one doesn't.

    nltk.corpus.perluniprops = types.SimpleNamespace(chars=lambda kind: "x")
    from nltk.tokenize.nist import NISTTokenizer

    tokenizer = NISTTokenizer()

    def score(p, r, n=5, lowercase=False, western_lang=True):
        words = lambda t: tokenizer.tokenize(t, return_str=False, lowercase=lowercase, western_lang=western_lang)
        return {"nist_mt": nist_score.corpus_nist([[words(t) for t in row] for row in lists(r)], [words(t) for t in p], n=n)}

    for p, r in CORPORA:
        for o in ({}, {"n": 2}, {"n": 1, "lowercase": True}, {"western_lang": False, "n": 3}):
            case("nist_mt", lambda: score(p, r, **o), p, r, **o)


def characters():
    def chrf(p, r, **o):
        s = sacrebleu.CHRF(**o).corpus_score(p, turned(r))
        return {"score": s.score, "char_order": s.char_order, "word_order": s.word_order, "beta": s.beta}

    def ter(p, r, **o):
        names = {"ignore_punct": "no_punct", "support_zh_ja_chars": "asian_support"}
        s = sacrebleu.TER(**{names.get(k, k): v for k, v in o.items()}).corpus_score(p, turned(r))
        return {"score": s.score, "num_edits": s.num_edits, "ref_length": s.ref_length}

    for p, r in CORPORA:
        for o in ({}, {"word_order": 2}, {"lowercase": True, "whitespace": True}, {"eps_smoothing": True}, {"char_order": 3, "word_order": 1, "beta": 3}, {"char_order": 0, "word_order": 2}):
            case("chrf", lambda: chrf(p, r, **o), p, r, **o)
        for o in ({}, {"normalized": True}, {"ignore_punct": True, "case_sensitive": True}, {"normalized": True, "support_zh_ja_chars": True}, {"ignore_punct": True, "support_zh_ja_chars": True, "normalized": True}):
            case("ter", lambda: ter(p, r, **o), p, r, **o)
    case("ter", lambda: ter(*LONG), *LONG)
    case("ter", lambda: ter(["a " * 400, "b"], [["b"], ["c " * 400]]), ["a " * 400, "b"], [["b"], ["c " * 400]])

    from charcut import calculate_charcut

    for p, r in CORPORA + [LONG]:
        p, r = ([t.replace("\n", " ") for t in column] for column in (p, [row[0] for row in lists(r)]))
        case("charcut_mt", lambda: {"charcut_mt": calculate_charcut(p, r)[0]}, p, r)
        for a, b in zip(p[:6], r[:6]):
            case("charcut_mt", lambda: {"charcut_mt": calculate_charcut([a], [b])[0]}, [a], [b])
    character = metric("character", "Character")
    for p, r in CORPORA:
        for o in ({}, {"aggregate": "sum"}, {"aggregate": "median", "return_all_scores": True}):
            case("character", lambda: character._compute(None, p, lists(r), **o), p, r, **o)


def rates():
    def rate(unit):
        process = {"wer": jiwer.process_words, "cer": jiwer.process_characters}[unit]

        def score(p, r, concatenate_texts=False):
            if concatenate_texts:
                return getattr(process(list(r), list(p)), unit)
            outputs = [process(b, a) for a, b in zip(p, r)]
            return sum(o.substitutions + o.deletions + o.insertions for o in outputs) / sum(o.substitutions + o.deletions + o.hits for o in outputs)

        return score

    for p, r in CORPORA:
        r = [row[0] for row in lists(r)]
        for o in ({}, {"concatenate_texts": True}):
            for unit in ("wer", "cer"):
                case(unit, lambda: {unit: rate(unit)(p, r, **o)}, p, r, **o)
            case("xtreme_s", lambda: {unit: rate(unit)(p, r, **o) for unit in ("wer", "cer")}, p, r, "mls", **o)
        case("xtreme_s", lambda: {"bleu": sacrebleu.corpus_bleu(p, [r]).score}, p, r, "covost2")


def rouge():
    def score(p, r, seed=0, use_aggregator=True, use_stemmer=False, rouge_types=("rouge1", "rouge2", "rougeL", "rougeLsum")):
        np.random.seed(seed)
        scorer = rouge_scorer.RougeScorer(list(rouge_types), use_stemmer=use_stemmer)
        scores = [scorer.score_multi(b, a) if isinstance(b, list) else scorer.score(b, a) for a, b in zip(p, r)]
        if not use_aggregator:
            return {k: [s[k].fmeasure for s in scores] for k in scores[0]}
        aggregator = scoring.BootstrapAggregator()
        for s in scores:
            aggregator.add_scores(s)
        return {k: v.mid.fmeasure for k, v in aggregator.aggregate().items()}

    lines = [t.replace(" ", "\n") if i % 2 else t.replace(" the ", "\nthe ") for i, t in enumerate(CORPORA[3][0])]
    more = [(lines, [[t.replace(" a ", "\na ") for t in row] for row in CORPORA[3][1]]), (["a\n\nb", "\n"], ["b\na", "x"])]
    for p, r in CORPORA + more:
        for o in ({}, {"use_stemmer": True, "use_aggregator": False}, {"rouge_types": ["rouge3", "rougeLsum"], "use_aggregator": False}, {"seed": 42, "rouge_types": ["rouge1", "rougeL"]}):
            case("rouge", lambda: score(p, r, **o), p, r, **o)


def simplification():
    sari, split = metric("sari", "Sari"), metric("wiki_split", "WikiSplit")
    for p, r in CORPORA:
        r = lists(r)
        s = [changed(ENGLISH, row[0]) for row in r]
        case("sari", lambda: sari._compute(None, s, p, r), p, r, sources=s)
        case("wiki_split", lambda: split._compute(None, s, p, r), p, r, sources=s)


# MARK: others

def answers():
    squad_v2 = metric("squad_v2", "SquadV2")
    for n in (40, 8, 1):
        references = [{"id": f"q{i}", "answers": {"text": [text(ENGLISH + HARD, 0, 3) for _ in range(rng.choice([0, 0, 1, 3]))]}} for i in range(n)]
        predictions = []
        for row in references:
            truth = row["answers"]["text"]
            words = rng.choice(truth).upper() if truth and rng.random() < 0.5 else rng.choice(["", text(ENGLISH, 0, 3), "the"])
            predictions.append({"id": row["id"], "prediction_text": words, "no_answer_probability": round(rng.random(), 1)})
        rng.shuffle(predictions)
        columns = [[p["id"], p["prediction_text"], p["no_answer_probability"]] for p in predictions], [[r["id"], r["answers"]["text"]] for r in references]
        for o in ({}, {"no_answer_threshold": 0.5}):
            case("squad_v2", lambda: squad_v2._compute(None, predictions, references, **o), *columns, **o)
    np.trapz = np.trapezoid  # the name until numpy 2
    cuad = metric("cuad", "CUAD")
    for n in (30, 1):
        references = [{"id": f"{rng.choice(['Parties', 'Date'])}{i}", "answers": {"text": [text(few, 1, 6) for _ in range(rng.randint(1, 3))]}} for i in range(n)]
        predictions = [{"id": r["id"], "prediction_text": [changed(few, rng.choice(r["answers"]["text"])) for _ in range(rng.randint(1, 4))]} for r in references]
        case("cuad", lambda: cuad._compute(None, predictions, references), [[p["id"], p["prediction_text"]] for p in predictions], [[r["id"], r["answers"]["text"]] for r in references])
    fever = metric("fever", "FEVER")
    labels, evidence = ["SUPPORTS", "REFUTES", "NOT ENOUGH INFO"], ["A", " a", "É", "É", "b ", "c"]
    pick = lambda: rng.sample(evidence, rng.randint(0, 4))
    p = [{"label": rng.choice(labels), "evidence": pick()} for _ in range(30)]
    r = [{"label": rng.choice(labels), "evidence_sets": [pick() for _ in range(rng.randint(0, 3))]} for _ in range(30)]
    case("fever", lambda: fever._compute(None, p, r), [[i["label"], i["evidence"]] for i in p], [[i["label"], i["evidence_sets"]] for i in r])


def tags():
    names = ["NOUN", "VERB", "é", "e\u0301", "ADJ", "X", "accuracy"]
    for kinds in (names[:4], names[:1], names[3:]):
        r = [[rng.choice(kinds) for _ in range(rng.randint(0, 9))] for _ in range(12)]
        p = [[t if rng.random() < 0.6 else rng.choice(names[:6]) for t in row] for row in r]
        for o in ({}, {"zero_division": 1.0}, {"zero_division": 0.0}):
            case("poseval", lambda: sk.classification_report(sum(r, []), sum(p, []), output_dict=True, **({"zero_division": 0.0} | o)), p, r, **o)


def numbers():
    mase = metric("mase", "Mase")
    number = lambda: round(rng.gauss(0, 3), 3)
    for outputs in (0, 3):
        one = lambda: [number() for _ in range(outputs)] if outputs else number()
        p, r, training, w = [one() for _ in range(9)], [one() for _ in range(9)], [one() for _ in range(20)], [round(rng.random() + 0.1, 2) for _ in range(9)]
        config = "multilist" if outputs else None
        for o in ({}, {"periodicity": 4}, {"periodicity": 20}) + (({"multioutput": "raw_values"}, {"multioutput": [0.2, 0.3, 0.5]}) if outputs else ()):
            for weights in (None, w):
                case("mase", lambda: mase._compute(None, p, r, np.array(training), sample_weight=weights, **o), p, r, config, weights=weights, training=training, **o)
    scores = [[round(rng.random(), 1) for _ in range(5)] for _ in range(30)]
    r = [rng.randrange(4) for _ in range(30)]
    w = [round(rng.random() + 0.1, 2) for _ in range(30)]
    binary = [round(rng.gauss(0, 1), 1) for _ in range(30)]
    for weights in (None, w):
        for o in ({"labels": list(range(5))}, {"labels": list(range(5)), "k": 1}, {"labels": list(range(5)), "k": 3, "normalize": False}, {"labels": [0, 1, 2, 3, 9], "k": 2}, {}, {"labels": [1, 0, 2, 3, 4]}, {"labels": [0, 1, 2, 4, 5]}, {"labels": list(range(5)), "k": 7}):
            case("top_k_accuracy", lambda: {"top_k_accuracy": sk.top_k_accuracy_score(r, scores, sample_weight=weights, **o)}, scores, r, weights=weights, **o)
        for o in ({"k": 1}, {}, {"k": 1, "normalize": False}):
            for s in (binary, [abs(b) / 4 for b in binary]):
                case("top_k_accuracy", lambda: {"top_k_accuracy": sk.top_k_accuracy_score([i % 2 for i in r], s, sample_weight=weights, **o)}, s, [i % 2 for i in r], weights=weights, **o)
        # With the classes of all columns: what label_binarize makes of them.
        for average in ("macro", "weighted", "micro", None):
            y = np.array([[int(i == c) for c in range(5)] for i in r])
            case("average_precision", lambda: {"average_precision": sk.average_precision_score(y, np.array(scores), average=average, sample_weight=weights)}, scores, r, "multiclass", weights=weights, average=average, labels=list(range(5)))
    iou = script(evaluate_folder / "metrics/mean_iou/mean_iou.py", "mean_iou.mean_iou")
    images = lambda: [[[rng.choice([0, 1, 2, 3, 7, 255]) for _ in range(6)] for _ in range(4)] for _ in range(3)]
    p, r = images(), images()
    for o in ({"num_labels": 4, "ignore_index": 255}, {"num_labels": 9, "ignore_index": 0}, {"num_labels": 9, "ignore_index": 255, "nan_to_num": 0.0}, {"num_labels": 3, "ignore_index": 255, "reduce_labels": True}, {"num_labels": 5, "ignore_index": -1, "label_map": {7: 3, 3: 1}}):
        case("mean_iou", lambda: iou.mean_iou([np.array(i) for i in p], [np.array(i) for i in r], **o), p, r, **o)
    precision_at_10 = script(evaluate_folder / "metrics/indic_glue/indic_glue.py", "indic_glue.indic_glue").precision_at_10
    p = [[number() for _ in range(3)] for _ in range(40)]
    r = [[round(v + rng.gauss(0, 2), 3) for v in row] for row in p]
    for n in (40, 12):
        case("indic_glue", lambda: {"precision@10": precision_at_10(p[:n], r[:n])}, p[:n], r[:n], "cvit-mkb-clsr")
    mahalanobis = metric("mahalanobis", "Mahalanobis")
    points = lambda n, d: [[number() for _ in range(d)] for _ in range(n)]
    for d, n in ((2, 9), (4, 20)):
        x, reference = points(5, d), points(n, d)
        case("mahalanobis", lambda: mahalanobis._compute(None, x, reference), x, x, reference_distribution=reference)
    same = [[v, 0.0] for (v,) in points(6, 1)]
    x = points(4, 2)
    case("mahalanobis", lambda: mahalanobis._compute(None, x, same), x, x, reference_distribution=same)
    case("mahalanobis", lambda: mahalanobis._compute(None, x, [[1.0, 2.0]]), x, x, reference_distribution=[[1.0, 2.0]])


def words():
    """Stems, and texts parted into words."""
    from nltk.stem.porter import PorterStemmer

    endings = "s es ed eed ing ies ied y ly alli ational tional enci izer bli entli ousli ization ation ator alism iveness fulness ousness aliti iviti biliti fulli logi icate ative alize iciti ical ful ness al ance ence er ic able ible ant ement ment ent sion tion ou ism ate iti ous ive ize e ll".split()
    roots = "b ab tr hop rat fizz controll happ sk yy sy geo theo archaeo probat ceas bowdl rel fail til conflat troubl agr pl motor xyz ß éta saß Ǆ ΑΣ".split()
    stemmer = PorterStemmer()
    listed = "sky skies dying lying tying news innings inning outings cannings howe proceed exceed succeed Sky a is".split()
    pool = sorted({r + rng.choice(["", rng.choice(endings)]) + e for r in roots for e in endings} | set(listed))
    pool = sorted(set(rng.sample(pool, 700)) | set(listed))
    stems = [[w, stemmer.stem(w)] for w in pool]
    texts = sorted({t for p, r in CORPORA for t in p + sum(lists(r), [])})
    parted = [[t, [sacrebleu.BLEU(tokenize=n).tokenizer(t.rstrip()).split() for n in ("13a", "zh", "intl", "char", "none")]] for t in texts[::3]]
    return {"stems": stems, "parted": parted}


def small_nltk_data(folder):
    """Files in the formats of NLTK's data that know a few words: enough for every path of the readers."""
    senses = {"noun": [["dog", "hound", "domestic_dog"], ["hound", "villain"], ["man", "adult_male"], ["city", "town"], ["Paris", "capital"], ["box", "loge"]]}
    senses["verb"] = [["run", "operate", "function"], ["run", "flee"], ["hop", "jump"], ["fly", "wing"], ["be", "exist"]]
    senses["adj"] = [["happy(a)", "glad", "well-chosen(ip)"], ["good", "full"], ["quick", "speedy"]]
    senses["adv"] = [["quickly", "speedily", "apace"], ["état", "ainsi"]]
    exceptions = {"noun": ["mice mouse", "men man"], "verb": ["ran run", "was be", "flew fly", "hopped hop"], "adj": ["better good well"], "adv": ["best well"]}
    wordnet = folder / "corpora/wordnet"
    wordnet.mkdir(parents=True, exist_ok=True)
    (wordnet / "lexnames").write_text("00\tadj.all\t3\n01\tadj.pert\t3\n02\tadv.all\t4\n03\tnoun.Tops\t1\n")
    (wordnet / "index.sense").write_text("")
    licence = "  1 A made-up lexicon.\n"
    for name, letter in (("noun", "n"), ("verb", "v"), ("adj", "a"), ("adv", "r")):
        data, index = licence, {}
        for sense in senses[name]:
            offset = len(data.encode())
            words = "".join(f"{w} 0 " for w in sense)
            frames = "01 + 02 00 " if letter == "v" else ""
            data += f"{offset:08d} 03 {letter} {len(sense):02x} {words}000 {frames}| gloss  \n"
            for word in sense:
                index.setdefault(word.split("(")[0].lower(), []).append(f"{offset:08d}")
        (wordnet / f"data.{name}").write_text(data)
        lines = [f"{w} {letter} {len(o)} 1 @ {len(o)} 0 {' '.join(o)}  \n" for w, o in index.items()]
        (wordnet / f"index.{name}").write_text(licence + "".join(sorted(lines, key=lambda l: l.split(" ")[0].encode())))
        (wordnet / f"{name}.exc").write_text("".join(f"{e}\n" for e in exceptions[name]))
    punkt = folder / "tokenizers/punkt_tab/english"
    punkt.mkdir(parents=True, exist_ok=True)
    (punkt / "abbrev_types.txt").write_text("dr\nu.s\ne.g\nst\n")
    (punkt / "sent_starters.txt").write_text("the\nhe\n")
    (punkt / "collocations.tab").write_text("j\tbach\n##number##\tcats\n")
    (punkt / "ortho_context.tab").write_text("the\t54\nhe\t18\ndog\t48\nsmith\t14\nparis\t12\nruns\t32\nit\t50\n")


def meteor():
    import nltk

    folder = output.parent / "nltk_data"
    small_nltk_data(folder)
    nltk.data.path[:] = [str(folder)]
    meteor = metric("meteor", "Meteor")
    words = "dog dogs hound hounds man men city cities town runs ran run operate operates operating hopped jumping jump flew fly happy glad gladly good better full".split()
    words += "best well quickly speedily apace quick quicker speediest boxes loge Paris capital mice mouse was be exist état ainsi cannot gonna d'ye wanna more'n 'tis".split()
    words += ["Dr. Smith", "U.S. The", "J. Bach", "J. He", "e.g. dogs", "3.", "5. cats", "St. Paris", "runs. It", "runs. it", "...", ". . . the", "run?", "run!)", "\"run.\"", "'run'", "dog's", "don't", "they'll", "I'M"]
    words += ["(see", "--", "«run»", "“ran”", "run.\n\nThe", "a,b:c", "5,000", "A.", "x.y.", "''", "``", "$5%", "dog—city", "WON'T ", "the", "he", "it"]
    for references in (1, 3, 0):
        p, r = corpus(words, 24, references, 0, 12)
        for o in ({}, {"alpha": 0.5, "beta": 2.0, "gamma": 0.25}):
            case("meteor", lambda: meteor._compute(None, p, r, **o), p, r, nltk_data="metrics/nltk_data", **o)
        for a, b in zip(p, r):
            case("meteor", lambda: meteor._compute(None, [a], [b]), [a], [b], nltk_data="metrics/nltk_data")


for part in (bleus, nist, characters, rates, rouge, simplification, answers, tags, numbers, meteor):
    part()

# Inputs come many times: they are written once and named by their place.
columns, places = [], {}
for item in cases:
    for key in ("predictions", "references", "sources", "weights"):
        if key in item:
            line = json.dumps(item[key])
            if line not in places:
                places[line] = len(columns)
                columns.append(item[key])
            item[key] = places[line]
lines = lambda items: ",\n".join(json.dumps(i, ensure_ascii=False, separators=(",", ":")) for i in items)
extra = "".join(f',"{name}":[\n{lines(rows)}\n]' for name, rows in words().items())
output.write_text('{"columns":[\n' + lines(columns) + '\n],"cases":[\n' + lines(cases) + "\n]" + extra + "}\n", encoding="utf-8")
print(len(cases), "cases,", sum("error" in c for c in cases), "errors,", output.stat().st_size, "bytes")
