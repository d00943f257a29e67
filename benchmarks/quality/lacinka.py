"""Belarusian in Cyrillic letters to Łacinka: test material for Latin Belarusian.

Official spelling gives a text as today's users of Łacinka write it, but for the
softness signs of the classical orthography: close enough to measure with.
"""

_CONSONANTS = dict(
    zip(
        "бвгджзйклмнпрстўфхцчш'’",
        [
            "b",
            "v",
            "h",
            "d",
            "ž",
            "z",
            "j",
            "k",
            "ł",
            "m",
            "n",
            "p",
            "r",
            "s",
            "t",
            "ŭ",
            "f",
            "ch",
            "c",
            "č",
            "š",
            "",
            "",
        ],
        strict=True,
    )
)
_VOWELS = dict(zip("аэыоуі", "aeyoui", strict=True))
_SOFT = dict(zip("яеёю", "aeou", strict=True))
_BEFORE_SIGN = {"z": "ź", "s": "ś", "c": "ć", "n": "ń", "ł": "l"}


def to_lacinka(text: str) -> str:
    """Transliterate; what is not Cyrillic stays."""
    made: list[str] = []
    last = ""
    for sign in text:
        low = sign.lower()
        if low in _SOFT:
            if made and last in _CONSONANTS and last not in "й'’ў":
                made[-1] = _soften(made[-1])
                new = _SOFT[low] if made[-1].lower() == "l" else f"i{_SOFT[low]}"
            else:
                new = f"j{_SOFT[low]}"
        elif low == "і":
            if made and last in _CONSONANTS:
                made[-1] = _soften(made[-1])
            new = "i"
        elif low == "ь":
            if made:
                made[-1] = _signed(made[-1])
            new = ""
        else:
            new = _CONSONANTS.get(low, _VOWELS.get(low, sign))
        made.append(new.capitalize() if sign != low else new)
        last = low
    return "".join(made)


def _soften(letter: str) -> str:
    return {"ł": "l", "Ł": "L"}.get(letter, letter)


def _signed(letter: str) -> str:
    signed = _BEFORE_SIGN.get(letter.lower(), letter.lower())
    return signed.capitalize() if letter != letter.lower() else signed
