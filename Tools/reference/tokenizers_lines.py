"""Texts of all kinds for comparisons of tokenizers: natural, from code, and made to be difficult.

`every(hub)` gives lists of one or two texts, always the same ones; `training(hub)` some on which tokenizers can be
trained, so that vocabularies have tokens of every script.
"""

import itertools
import random
import sysconfig
from pathlib import Path

# The beginning of the Universal Declaration of Human Rights, in its spirit if not to the letter.
SCRIPTS = [
    "All human beings are born free and equal in dignity and rights; they're endowed with reason & conscience.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Où l'âme déçue s'apaise: Noël, cœur.",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Größe, Straße, ÜBERFLUSS, süß.",
    "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności. Zażółć gęślą jaźń.",
    "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. İstanbul ılık.",
    "Все люди рождаются свободными и равными в своём достоинстве и правах. Съешь ещё этих булок.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια. ΣΊΣΥΦΟΣ, ᾳ ῷ.",
    "Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ ու իրավունքներով։",
    "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.",
    "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. עִבְרִית עם ניקוד",
    "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. الْعَرَبِيَّةُ ٠١٢٣٤٥ ﷺ",
    "تمام انسانها آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है। क्षत्रिय १२३",
    "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।",
    "ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ ਆਪਣੀ ਮਹਿਮਾ, ਸ਼ਾਨ ਅਤੇ ਹੱਕਾਂ ਦੇ ਪੱਖੋਂ ਜਨਮ ਤੋਂ ਹੀ ਆਜ਼ਾਦ ਹੈ।",
    "પ્રતિષ્ઠા અને અધિકારોની દૃષ્ટિએ સર્વ માનવો જન્મથી સ્વતંત્ર અને સમાન હોય છે.",
    "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; மதிப்பில் சமமானவர்கள்.",
    "ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు.",
    "ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಜನಿಸಿದ್ದಾರೆ. ಹಾಗೂ ಘನತೆ ಮತ್ತು ಹಕ್ಕುಗಳಲ್ಲಿ ಸಮಾನರಾಗಿದ್ದಾರೆ.",
    "മനുഷ്യരെല്ലാവരും തുല്യാവകാശങ്ങളോടും അന്തസ്സോടും സ്വാതന്ത്ര്യത്തോടുംകൂടി ജനിച്ചവരാണ്.",
    "සියලු මනුෂ්‍යයෝ නිදහස්ව උපත ලබා ඇත. ගරුත්වයෙන් සහ අයිතිවාසිකම්වලින් සමාන වෙති.",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ภาษาไทยไม่มีช่องว่าง",
    "ມະນຸດທຸກຄົນເກີດມາມີກຽດສັກສີ ສິດທິ ເສລີພາບ ແລະ ຄວາມສະເໝີພາບເທົ່າທຽມກັນ",
    "မနုស်သទាំងអស់ កើតមកមានសេរីភាព និងសមភាព ក្នុងផ្នែកសេចក្ដីថ្លៃថ្នូរនិងសិទ្ធិ",
    "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့်လည်းကောင်း မွေးဖွားလာသူများဖြစ်သည်။",
    "འགྲོ་བ་མིའི་རིགས་རྒྱུད་ཡོངས་ལ་སྐྱེས་ཙམ་ཉིད་ནས་ཆེ་མཐོངས་དང་། ཐོབ་ཐངགི་རང་དབང་འདྲ་མཉམ་དུ་ཡོད་ལ།",
    "የሰው ልጅ ሁሉ ሲወለድ ነጻና በክብርና በመብትም እኩልነት ያለው ነው።",
    "ᠬᠦᠮᠦᠨ ᠪᠦᠷ ᠲᠥᠷᠥᠵᠦ ᠮᠡᠨᠳᠡᠯᠡᠬᠦ ᠡᠷᠬᠡ ᠴᠢᠯᠥᠭᠡ ᠲᠡᠢ, ᠠᠳᠠᠯᠢᠬᠠᠨ",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，並應以兄弟關係的精神相對待。",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。ﾊﾝｶｸ テスト",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 각난닫 뷁",
    "ᎾᏍᎩ ᏂᎦᎥ ᏴᏫ ᎤᎾᏕᏅ ᏂᎨᏒᎾ ᎤᎾᏓᏤᎵᏗ ᎨᏒᎢ, ᐃᓄᒃᑎᑐᑦ ᐊᒥᓱᑦ",
]
EMOJI = ["👩‍👩‍👧‍👦", "👍🏽", "🇩🇪🇫🇷", "❤️", "🏳️‍🌈", "©️", "1️⃣", "😀", "👨🏿‍🚀", "🧑‍🤝‍🧑", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☃", "🫠", "‍", "️"]
MARKS = [
    *range(0x300, 0x370), *range(0x591, 0x5C8), *range(0x64B, 0x660), *range(0x1DC0, 0x1E00), 0x302E, 0x302F,
    *range(0x1D165, 0x1D170), *range(0xF71, 0xF85), *range(0x93C, 0x950), *range(0x20D0, 0x20F1), 0x9BE, 0x9D7, 0x200D,
]
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", "\xa0", "\u2003", "\u3000", "\u2028", "\x85", "\x1c", "\u200b", "\u180e", ""]
MARKERS = ["[MASK]", " [SEP]", "[CLS", "[PAD][UNK]", "<mask>", " <mask> ", "<s>", "</s>", "<unk>", "<kept>", "Kept", "kept", "▁", "Ġ", "##a"]
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def glue(hub):
    import pyarrow.parquet

    for config in ("mrpc", "cola", "rte"):
        for path in sorted((Path(hub) / "datasets/nyu-mll/glue" / config).glob("**/*.parquet")):
            table = pyarrow.parquet.read_table(path)
            columns = [table[name].to_pylist() for name in table.column_names if name.startswith("sentence")]
            yield from (list(texts) for texts in zip(*columns))


def code(rng, count):
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:80]
    lines = [line for path in files for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    for _ in range(count):
        start = rng.randrange(len(lines))
        yield "\n".join(lines[start : start + rng.choice([1, 1, 2, 4])])


def words(rng, count):
    """Words of a script in new orders, with other things between them."""
    every = [text.split() for text in SCRIPTS]
    for _ in range(count):
        pool = rng.choice(every) + (rng.choice(every) if rng.random() < 0.3 else [])
        parts = []
        for _ in range(rng.randint(1, 14)):
            word = rng.choice(pool)
            if rng.random() < 0.2:
                letters = list(word)
                rng.shuffle(letters)
                word = "".join(letters)
            if rng.random() < 0.1:
                word = rng.choice([word.upper(), word.title(), str(rng.randint(0, 99999)), word + rng.choice("?!.,;:…“”。、")])
            parts += [word, rng.choice(SPACES) if rng.random() < 0.15 else " "]
        yield "".join(parts)


def drawn(rng, count, pools, longest=40):
    for _ in range(count):
        pool = rng.choice(pools)
        text = "".join(chr(rng.choice(rng.choice([pool, pool, range(32, 127)]))) for _ in range(rng.randint(1, longest)))
        cut = rng.randint(0, len(text))
        yield text[:cut] + (rng.choice(MARKERS) if rng.random() < 0.2 else "") + text[cut:]


def mixed(rng, count):
    pieces = [*EMOJI, *SPACES, *MARKERS, "a", "the", "Don't", "3.14", "e\u0301", "ﬁ", "가", "ก็", "क्ष", "中"]
    for _ in range(count):
        yield "".join(rng.choice(pieces) for _ in range(rng.randint(1, 16)))


def training(hub):
    rng = random.Random(5)
    texts = [" ".join(row) for row in itertools.islice(glue(hub), 0, None, 9)]
    return SCRIPTS * 3 + texts + list(words(rng, 2500)) + list(code(rng, 900)) + list(mixed(rng, 200))


def every(hub):
    rng = random.Random(1)
    yield from glue(hub)
    low = [c for c in range(0x3100) if c not in MARKS]
    rtl = [*range(0x590, 0x800), *range(0xFB1D, 0xFE00), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
    control = [*range(0x20), *range(0x7F, 0xA1), 0xAD, *range(0x2000, 0x2070), 0xFEFF, *range(0xFFF0, 0x10000), 0xE0001, 0xE0041]
    texts = itertools.chain(
        SCRIPTS, EMOJI, SPACES, MARKERS, words(rng, 5000), code(rng, 3000), mixed(rng, 5000),
        drawn(rng, 2500, [MARKS, MARKS + low[:256]]), drawn(rng, 1500, [rtl]), drawn(rng, 1500, [control]),
        drawn(rng, 4000, [SCALARS, low, MARKS + low, range(0x1100, 0x1200), range(0xAC00, 0xD7A4)]))
    for text in texts:
        yield [text] if rng.random() < 0.8 else [text, text[::-1]]
    # Every scalar, in an order that puts unlike ones side by side.
    scalars = SCALARS[:]
    rng.shuffle(scalars)
    for start in range(0, len(scalars), 32):
        yield ["".join(rng.choice(["", "", " ", "a", "."]) + chr(c) for c in scalars[start : start + 32])]
    # Text of no characters comes from escapes that are halves of them.
    yield from (["a\ud800b"], ["\udfff"], ["x", "\ude00\ud83d"], ["", "a"], ["", ""], ["a", ""])
    for piece in ("a", "unbreakable", "é", "中", "🦊", "\u0301", "x\u0301", " ", ".", "ab\0"):
        yield [piece * (1_000_000 // len(piece.encode()))]
