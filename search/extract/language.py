"""Language of a text from its words alone; only importer of py3langid.

Never from <html lang>, address or headers: those are claims. The script of most
letters says which languages are possible; letters that a language does not have count
against it; the identifier decides among the rest. Belarusian in Latin script, which no
identifier knows, is told by its letters. What is in no script known here is `und`.
"""

import math
import re
from collections import Counter
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from py3langid.langid import MODEL_FILE, LanguageIdentifier

LANGUAGES = ("be", "ru", "uk", "en", "pl", "lt", "de", "lv")
"""Languages of the archive: what is as likely another one is taken for these."""
LATIN_BELARUSIAN = "be-Latn"
UNKNOWN = "und"
LANGUAGE_VERSION = "language/2"
SAMPLE_CODE_POINTS = 4_000
"""Read from the beginning of a text; more changes nothing."""
MIN_LETTERS = 3
"""Below this there is no language to tell."""
SHORT_LETTERS = 200
"""In a shorter text a third of Cyrillic is enough: so many brands are Latin."""
MARKED_SHARE = 0.08
"""Share of words with a Latin Belarusian letter that makes a text that language."""
FOREIGN_PRIOR = -1.5
"""Natural logarithm: how much rarer a language outside LANGUAGES is."""
IMPOSSIBLE_LETTER = -1.5
"""The same for each letter a language does not have, of the first IMPOSSIBLE_MAX."""
IMPOSSIBLE_MAX = 8
TELLING_LETTER = 1.0
"""The same for each letter or pair that among LANGUAGES only one has."""
FOREIGN_LETTERS = 3
"""So many impossible letters in a line make it worth a look."""
LINE_WITHOUT_TELLING = 120
"""So long a line without a letter that tells its language is worth a look too."""
OWN_WORD = 0.7
"""The same for each function word that only one of LANGUAGES has, in a short text."""
ONLY_SCRIPT = 0.99
"""Probability given to the one language of a script; neighbours may share it."""

_OTHER_LATIN = (
    "af az bs ca cs cy da eo es et eu fi fr ga gl hr hu id is it la lb ms mt nl nn no"
    " oc pt ro sk sl sq sv sw tl tr uz vi xh zu"
)
_SCRIPTS: dict[str, tuple[str, str]] = {
    "latin": ("A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ", f"en pl lt de lv {_OTHER_LATIN}"),
    "cyrillic": ("Ѐ-ԯ", "be ru uk ba bg kk ky mk mn sr tg tt"),
    "arabic": (
        "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff",
        "ar fa ps ug ur",
    ),
    "devanagari": ("\u0900-\u097f", "hi mr ne"),
    "kana": ("\u3040-\u30ff", "ja"),
    "hangul": ("\u1100-\u11ff\u3130-\u318f\uac00-\ud7af", "ko"),
    "han": ("\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff", "zh"),
    "greek": ("\u0370-\u03ff\u1f00-\u1fff", "el"),
    "hebrew": ("\u0590-\u05ff", "he"),
    "armenian": ("\u0530-\u058f", "hy"),
    "georgian": ("\u10a0-\u10ff\u1c90-\u1cbf", "ka"),
    "thai": ("\u0e00-\u0e7f", "th"),
    "bengali": ("\u0980-\u09ff", "as bn"),
    "gurmukhi": ("\u0a00-\u0a7f", "pa"),
    "gujarati": ("\u0a80-\u0aff", "gu"),
    "oriya": ("\u0b00-\u0b7f", "or"),
    "tamil": ("\u0b80-\u0bff", "ta"),
    "telugu": ("\u0c00-\u0c7f", "te"),
    "kannada": ("\u0c80-\u0cff", "kn"),
    "malayalam": ("\u0d00-\u0d7f", "ml"),
    "sinhala": ("\u0d80-\u0dff", "si"),
    "lao": ("\u0e80-\u0eff", "lo"),
    "burmese": ("\u1000-\u109f", "my"),
    "khmer": ("\u1780-\u17ff", "km"),
    "ethiopic": ("\u1200-\u137f", "am"),
}
"""Letters of each script, and the languages of the identifier written in it."""
_OF_SCRIPT = {name: re.compile(f"[{chars}]") for name, (chars, _) in _SCRIPTS.items()}
_SOUTHERN = "ђѓѕјљњћќџѐѝҒғҖ-ӿ"
"""Letters of Serbian, Macedonian and the languages of Central Asia."""
_IMPOSSIBLE = {
    "be": re.compile(f"[ищъїєґ{_SOUTHERN}]"),
    "ru": re.compile(f"[іўїєґ{_SOUTHERN}]"),
    "uk": re.compile(f"[ыэёъў{_SOUTHERN}]"),
    "bg": re.compile("[ыэёіїєў]"),
    "sr": re.compile("[йыэщъюяьіїєў]"),
    "mk": re.compile("[йыэщъюяьіїєў]"),
    "en": re.compile("[ā-žǎ-ǜåäöüßñ]"),
    "pl": re.compile("[qvxäöüßåáéíúñãõçàèìòùâêîôûëïčšžřůěťďėįųūāēīļķņģő]"),
    "lt": re.compile("[qwxäöüßåáéíóúñãõçàèìòùâêîôûëïłśźżćńřěťďāēīļķņģő]"),
    "lv": re.compile("[qwxyäöüßåáéíóúñãõçàèìòùâêîôûëïłśźżćńąęėįųřěťďő]"),
    "de": re.compile("[łśźżćńąęėįųčšžřěťďāēīļķņģőñãõ]"),
}
"""Lower-case letters that native words of a language do not have."""
_TELLING = {
    "be": re.compile("ў|дз[іеёюяь]|[жшч]ы"),
    "uk": re.compile("[їєґ]"),
    "pl": re.compile("[łśźżćńęąó]"),
    "lt": re.compile("[ėįųąęū]"),
    "lv": re.compile("[āēīļķņģ]"),
    "de": re.compile("[äöüß]"),
}
_NOT_WORDS = re.compile(
    r"</?\w[^<>]*>|(?:https?://|www\.)\S+|\S+@\S+|(?<!\S)@\S+"
    r"|\b[\w.-]+\.(?:com|org|net|by|ru|ua|pl|lt|eu|me|info)\b\S*"
)
"""Addresses and mark-up are in no language."""
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
_CARON = re.compile("[šžč]")
_ACUTE = re.compile("[łńśźć]")
_SHORT_U = "ŭ"
_FOREIGN = re.compile("[ąęóżėįųū]|sz|cz|rz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """An ISO 639 code, `be-Latn` or `und`, and how sure that is, 0 to 1."""

    code: str
    probability: float


@lru_cache(maxsize=1)
def _model() -> LanguageIdentifier:
    """Read once: it passes through a file, which an extracting child may not write."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@lru_cache(maxsize=len(_SCRIPTS))
def _identifier(script: str) -> LanguageIdentifier:
    made = copy(_model())
    made.set_languages(_SCRIPTS[script][1].split())
    return made


def identify(text: str) -> Language | None:
    """The language of a text, None where it has no words."""
    sample = _NOT_WORDS.sub(" ", text[:SAMPLE_CODE_POINTS])
    letters = len(_LETTER.findall(sample))
    if letters < MIN_LETTERS:
        return None
    script = _script_of(sample, letters)
    if script is None:
        return Language(code=UNKNOWN, probability=0.0)
    sample = _without_names(sample, script)
    if script == "latin":
        share = _latin_belarusian_share(sample.lower())
        if share >= MARKED_SHARE:
            return Language(code=LATIN_BELARUSIAN, probability=min(1.0, 0.5 + share))
    codes = _SCRIPTS[script][1].split()
    if len(codes) == 1:
        return Language(code=codes[0], probability=ONLY_SCRIPT)
    return _most_likely(sample, script)


def may_differ(line: str, code: str) -> bool:
    """Cheaply: whether a line of a text in `code` may be in another language."""
    lowered = line.lower()
    impossible, telling = _IMPOSSIBLE.get(code), _TELLING.get(code)
    if impossible is not None and len(impossible.findall(lowered)) >= FOREIGN_LETTERS:
        return True
    return (
        telling is not None
        and code != "de"
        and len(line) >= LINE_WITHOUT_TELLING
        and telling.search(lowered) is None
    )


def _script_of(sample: str, letters: int) -> str | None:
    """The script of most letters; kana among Chinese signs are Japanese."""
    counts = Counter(
        {name: len(letter.findall(sample)) for name, letter in _OF_SCRIPT.items()}
    )
    if counts["kana"] * 10 > counts["han"]:
        counts["kana"] += counts.pop("han")
    if letters < SHORT_LETTERS and counts["cyrillic"] * 3 >= letters:
        return "cyrillic"
    name, count = counts.most_common(1)[0]
    return name if count * 2 >= letters else None


def _without_names(sample: str, script: str) -> str:
    """Without Latin words in a text of another script: names, titles, brands."""
    return sample if script == "latin" else _OF_SCRIPT["latin"].sub("", sample)


def _most_likely(sample: str, script: str) -> Language:
    lowered = sample.lower()
    short = len(sample) < SHORT_LETTERS
    words = _own_words(_WORD.findall(lowered)) if short else Counter[str]()
    weights: dict[str, float] = {}
    for code, probability in _identifier(script).rank(sample):
        weight = math.log(max(float(probability), 1e-30))
        weight += 0.0 if code in LANGUAGES else FOREIGN_PRIOR
        for table, worth in (
            (_IMPOSSIBLE, IMPOSSIBLE_LETTER),
            (_TELLING, TELLING_LETTER),
        ):
            if code in table:
                found = min(len(table[code].findall(lowered)), IMPOSSIBLE_MAX)
                weight += worth * found
        weights[code] = weight + OWN_WORD * words[code]
    best = max(weights, key=lambda code: weights[code])
    top = weights[best]
    total = sum(math.exp(weight - top) for weight in weights.values())
    return Language(code=best, probability=round(1 / total, 3))


@lru_cache(maxsize=1)
def _owners() -> dict[str, str]:
    """Function words that only one of the languages has, with that language."""
    table = files("search").joinpath("data/stop.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line[:1] != "#"]
    languages_of: dict[str, set[str]] = {}
    for code, words in rows:
        for word in words.split():
            languages_of.setdefault(word, set()).add(code)
    return {
        word: next(iter(codes))
        for word, codes in languages_of.items()
        if len(codes) == 1 and codes <= set(LANGUAGES)
    }


def _own_words(words: list[str]) -> Counter[str]:
    owners = _owners()
    return Counter(owners[word] for word in words if word in owners)


def _latin_belarusian_share(text: str) -> float:
    """Share of marked words in a text that follows the rule of letters; else 0."""
    short_u = _SHORT_U in text
    both = _CARON.search(text) is not None and _ACUTE.search(text) is not None
    if not short_u and not (both and _FOREIGN.search(text) is None):
        return 0.0
    words = _WORD.findall(text)
    marked = [
        word
        for word in words
        if _SHORT_U in word or _CARON.search(word) or _ACUTE.search(word)
    ]
    foreign = [word for word in words if _FOREIGN.search(word)]
    if len(foreign) * 4 > len(marked):
        return 0.0
    return len(marked) / len(words)
