"""Writes the tokenizer fixtures that the tests hold Swiftlet to.

    python Tools/reference/tokenizers_fixtures.py [Tests/Fixtures/tokenizers]

Trains a small WordPiece vocabulary on the texts below and records what the reference makes of them:
`bert-tiny/` (tokenizer.json and its configuration), `bert-cased/` (vocab.txt), `mpnet-tiny/`, and `cases.jsonl`:
one call a line with what came out.
"""

import importlib.metadata
import json
import random
import sys
from pathlib import Path

# This file's folder holds its namesake.
sys.path = [folder for folder in sys.path if Path(folder or ".").resolve() != Path(__file__).resolve().parent]

PINNED = {"tokenizers": "0.23.3", "transformers": "5.23.0"}
for name, wanted in PINNED.items():
    found = importlib.metadata.version(name)
    if found != wanted:
        sys.exit(f"{name} {wanted} is needed to make these fixtures; found {found}")

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, doesn't it?",
    "Amrozi accused his brother, whom he called \"the witness\", of deliberately distorting his evidence.",
    "Zażółć gęślą jaźń. Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "Größe, Straße, ÀÉÎÕÜ, Ångström; naïve café — Œuvre",
    "Съешь же ещё этих мягких французских булок, да выпей чаю. Ёжик Йод",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ΣΊΣΥΦΟΣ ᾳ ῷ ΐ",
    "נֵס גָּדוֹל הָיָה שָׁם — עִבְרִית 123",
    "الْعَرَبِيَّةُ لُغَةٌ، هَلْ تَفْهَمُ؟ ٠١٢٣",
    "हिन्दी में लिखना क्षत्रिय ज़रूर। बांग्লা ভাষা",
    "தமிழ் மொழி ௧௨௩, తెలుగు భాష, ಕನ್ನಡ, മലയാളം",
    "ภาษาไทยไม่มีช่องว่าง ເປັນພາສາລາວ ខ្មែរ မြန်မာ",
    "我来到北京清华大学，这是中文。漢字かな交じり文、テスト。",
    "ひらがなガギグゲゴ パピプペポ ﾊﾝｶｸ ｶﾞ ㌔ ㍿ 々〆〤",
    "한국어 문장입니다. 조선말 각난닫 가각",
    "Հայերեն լեզու, ქართული ენა, ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ Ꭰꭰ",
    "Tiếng Việt có dấu: ặ ễ ỗ ợ ữ Đđ ơ ư",
    "İstanbul ISPARTA ığdır Iİiı ŞşĞğ ß ẞ ǅ ﬁ ﬀ Ǆ",
    "emoji 👩‍👩‍👧‍👦 👍🏽 🇩🇪🇫🇷 ❤️ 🏳️‍🌈 ©️ ™ 1️⃣ 😀😃",
    "combining e\u0301 o\u0308\u0323 o\u0323\u0308 a\u0328\u0301\u0302 q\u0307\u0323 \u0344\u0323 \u0f73 \u0340",
    "hangul tone \uac00\u302e\u302f\u0300 \u302f\u302e\u0323 x\U0001d165\U0001d16e y\U0001d15e \u1dfa\u0345\u1df9",
    "control a\u0000b\u0001c\td\ne\rf\u000bg\u000ch\u001fi\u007fj\u0080k\u0085l\u009fm\u00adn\u200bo\u200dp\ufeffq\ufffdr",
    "spaces a\u00a0b\u1680c\u2000d\u2009e\u2028f\u2029g\u202fh\u205fi\u3000j\u180ek",
    "punctuation !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ ¡¿«»‹›„“”‘’‚…–—―·•§¶†‡ ‽ ⁇ 。、！？「」『』【】〜 ؟ ، ؛ ། ។ ።",
    "symbols €£¥₹₿ ±×÷√∞≠≤≥∑∏∫ αβγ ½¼¾ ²³¹ ℃ № ™ ® © ° ←→↑↓ ■□▲△ ♠♣♥♦ ♪♫ \u037e \u1fef \u2126 \u212b \u212a",
    "math 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝕬𝖇𝖈 𝟘𝟙𝟚 𝓐𝓑𝓒 deseret 𐐀𐐁𐐨 gothic 𐌰𐌱 adlam 𞤀𞤢 osage 𐒰𐓘",
    "compat 豈更車賈 \u2f800\u2fa1d ideographs 𠀀𠀁 𪜀 𫝀 𫠠 𬺰 𰀀 \u3007 \u3105 \u3400\u4dbf\u4e00\u9fff\ua000",
    "private \ue000\uf8ff\U000f0000\U0010ffff noncharacters \ufdd0\ufffe\uffff unassigned \u0378\u0379\U000e0fff tags \U000e0041\U000e007f",
    "variation 葛\U000e0100 ︎ ️ ᠋᠌᠍ mongolian ᠮᠣᠩᠭᠣᠯ tibetan བོད་སྐད\u0f71\u0f72\u0f74 \u0f77",
    "code: for (int i = 0; i < n; ++i) { x[i] += foo->bar(\"%d\\n\", i); } // TODO(me): fix_this_now",
    "https://example.com/path?query=a%20b&c=d#frag user.name+tag@mail.co.uk C:\\Windows\\System32",
    "#hashtag ##double ### a##b [unused1] [CLS][SEP] [cls] [ MASK ] [MASK][PAD] [UNK]! x[MASK]y",
    "Antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "1234567890 1,234.56 3.14e-10 0xDEADBEEF 10:30 2024-02-29 50% $9.99 1st 2nd",
    "don't won't I'm he's they've we're it'd you'll o'clock rock'n'roll do not",
]


def hostile(rng):
    """Scalars drawn from everywhere, with many that combine."""
    pools = [
        range(0x20, 0x7F), range(0xA0, 0x250), range(0x300, 0x370), range(0x370, 0x530), range(0x590, 0x700),
        range(0x900, 0xE00), range(0xF00, 0x1000), range(0x1100, 0x1200), range(0x1DC0, 0x2100), range(0x3000, 0x3100),
        range(0x4E00, 0x4E80), range(0xAC00, 0xAD00), range(0xF900, 0xFB50), range(0xFE20, 0xFE30),
        range(0x1D150, 0x1D190), range(0x1F300, 0x1F700), range(0x2F800, 0x2FA1E), range(0x11000, 0x11480),
    ]
    return "".join(chr(rng.choice(rng.choice(pools))) for _ in range(rng.randint(1, 16)))


def texts():
    rng = random.Random(7)
    result = ["", " ", "\n\t ", "\u0301", "\u200b", "a", "[", "[MASK", "\U0010ffff", *SENTENCES]
    result += [word for line in SENTENCES for word in line.split(" ") if len(word) > 1][::9]
    result += ["x" * n for n in (100, 101)] + ["é" * 100, "é" * 101, "e\u0301" * 100, "e\u0301" * 101]
    result += ["\u0915\u093c" * 52, "a\u0300" * 8 + "\u0323" * 30, "字" * 120, "가" * 40, "ab" * 300 + " end"]
    # All planes, a sample of each.
    for start in range(0, 0x110000, 0x2DC3):
        scalars = [c for c in range(start, start + 5) if not 0xD800 <= c < 0xE000 and c < 0x110000]
        if scalars:
            result.append("in " + " ".join(f"a{chr(c)}b" for c in scalars) + " out")
    return result + [hostile(rng) for _ in range(45)]


def tiny_vocabulary(folder, lowercase, special, size):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    alphabet = sorted({c for line in SENTENCES for c in tokenizer.normalizer.normalize_str(line)})
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=special, limit_alphabet=900, show_progress=False, initial_alphabet=alphabet[:600])
    tokenizer.train_from_iterator(SENTENCES * 3 + ["the then there other mother fox foxes quickly jumping"], trainer)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in vocabulary), encoding="utf-8")


def configured(folder, **config):
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def record(tokenizer, name, text, pair=None, **options):
    encoding = tokenizer(text, pair, return_offsets_mapping=True, return_special_tokens_mask=True, **options)
    inner = encoding._encodings[0]
    return {
        "tokenizer": name, "text": text, "pair": pair, "options": options, "ids": inner.ids, "types": inner.type_ids,
        "mask": inner.attention_mask, "special": inner.special_tokens_mask,
        "offsets": [n for pair in inner.offsets for n in pair], "words": inner.word_ids,
        "sequences": inner.sequence_ids, "tokens": inner.tokens if len(inner.tokens) < 40 else None,
        "decoded": tokenizer.decode(inner.ids) if len(inner.ids) < 40 else None,
        "skipped": tokenizer.decode(inner.ids, skip_special_tokens=True) if len(inner.ids) < 40 else None,
    }


def compact(case):
    """Leaves out what is as a reader expects, and decoding where the tokens were decoded already."""
    plain = {"types": 0, "mask": 1}
    case = {key: value for key, value in case.items() if value not in (None, {})}
    for key, value in plain.items():
        if key in case and set(case[key]) <= {value}:
            del case[key]
    if not case.get("pair"):
        case.pop("sequences", None)
        case.pop("special", None)
    if case.get("options"):
        for key in ("tokens", "decoded", "skipped"):
            case.pop(key, None)
    return case


def main(output):
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tiny, cased, mpnet = output / "bert-tiny", output / "bert-cased", output / "mpnet-tiny"
    tiny_vocabulary(tiny, True, specials, 1150)
    configured(tiny, tokenizer_class="BertTokenizer", do_lower_case=True, model_max_length=64)
    loaded = AutoTokenizer.from_pretrained(tiny)
    loaded.add_tokens(["newword", "Überfox"])
    loaded.save_pretrained(tiny)
    (tiny / "vocab.txt").unlink()
    tiny_vocabulary(cased, False, specials, 1050)
    configured(cased, tokenizer_class="BertTokenizer", do_lower_case=False, model_max_length=512, padding_side="left")
    tiny_vocabulary(mpnet, True, ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"], 1000)
    configured(mpnet, tokenizer_class="MPNetTokenizer", do_lower_case=True, model_max_length=512, truncation_side="left")

    cases = []
    tokenizers = {folder.name: AutoTokenizer.from_pretrained(folder) for folder in (tiny, cased, mpnet)}
    every = texts()
    for index, text in enumerate(every):
        names = list(tokenizers) if index < 43 and index % 3 == 0 and len(text) < 200 else [list(tokenizers)[index % 3]]
        for name in names:
            special = " <mask> [MASK]newword</s> überfox" if index % 11 == 0 else ""
            cases.append(record(tokenizers[name], name, text + special))
    rng = random.Random(3)
    for _ in range(100):
        name = rng.choice(list(tokenizers))
        text, pair = rng.choice(SENTENCES), rng.choice([*SENTENCES, "", "a", None])
        options = {}
        if rng.random() < 0.8:
            strategies = ["longest_first", "only_first"] + (["only_second"] if pair else [])
            options.update(truncation=rng.choice(strategies), max_length=rng.choice([4, 5, 7, 8, 12, 16, 31, 64]))
        if rng.random() < 0.5:
            options.update(padding="max_length", max_length=options.get("max_length", 48))
        if rng.random() < 0.2:
            options["add_special_tokens"] = False
        try:
            cases.append(record(tokenizers[name], name, text, pair, **options))
        except Exception as error:
            if "Truncation error" not in str(error):
                raise
            cases.append({"tokenizer": name, "text": text, "pair": pair, "options": options, "fails": True})
    with (output / "cases.jsonl").open("w", encoding="utf-8") as file:
        for case in cases:
            file.write(json.dumps(compact(case), ensure_ascii=False, separators=(",", ":")) + "\n")
    batches = []
    for name, tokenizer in tokenizers.items():
        for options in ({}, {"padding": True}, {"padding": True, "pad_to_multiple_of": 8}, {"padding": "longest", "truncation": True, "max_length": 16}):
            rows, pairs = SENTENCES[:4], SENTENCES[6:9] + [""]
            encoded = tokenizer(rows, pairs, **options)
            batches.append({"tokenizer": name, "texts": rows, "pairs": pairs, "options": options, "encoded": dict(encoded)})
    (output / "batches.json").write_text(json.dumps(batches, ensure_ascii=True, separators=(",", ":")), encoding="utf-8")
    print(len(cases), "cases")


main(Path(sys.argv[1] if len(sys.argv) > 1 else "Tests/Fixtures/tokenizers"))
