"""Language of a text from its words alone; only importer of py3langid.

Never from <html lang>, address or headers: those are claims. Belarusian in Latin
script, which no identifier knows, is told by its letters.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

LANGUAGES = ("be", "ru", "uk", "en", "pl", "lt", "de", "lv")
LATIN_BELARUSIAN = "be-Latn"
SAMPLE_CODE_POINTS = 20_000
"""Read from the beginning of a text; more changes nothing."""
MIN_LETTERS = 3
"""Below this there is no language to tell."""
MARKED_SHARE = 0.08
"""Share of words with a Latin Belarusian letter that makes a text that language."""

_LETTER = re.compile(r"[^\W\d_]")
_LATIN_OR_CYRILLIC = re.compile("[A-Za-zÀ-ÖØ-öø-ɏЀ-ԯ]")
_WORD = re.compile(r"[^\W\d_]+")
_CARON = re.compile("[šžč]")
_ACUTE = re.compile("[łńśźć]")
_SHORT_U = "ŭ"
_FOREIGN = re.compile("[ąęóżėįųū]|sz|cz|rz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A code of LANGUAGES or `be-Latn`, and how sure that is, 0 to 1."""

    code: str
    probability: float


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    made = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    made.set_languages(list(LANGUAGES))
    return made


def identify(text: str) -> Language | None:
    """The language of a text, None where it has no words.

    None too where most letters are of a script that none of LANGUAGES is written in:
    the identifier always names one of them, however foreign the text is.
    """
    sample = text[:SAMPLE_CODE_POINTS]
    letters = len(_LETTER.findall(sample))
    if letters < MIN_LETTERS:
        return None
    if len(_LATIN_OR_CYRILLIC.findall(sample)) * 2 < letters:
        return None
    share = _latin_belarusian_share(sample.lower())
    if share >= MARKED_SHARE:
        return Language(code=LATIN_BELARUSIAN, probability=min(1.0, 0.5 + share))
    code, probability = _identifier().classify(sample)
    return Language(code=str(code), probability=round(float(probability), 3))


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
