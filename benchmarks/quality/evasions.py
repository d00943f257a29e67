"""Evasions: words written so that a reader sees them and a machine should not.

Thirty terms, ten ways each, inside a sentence of their language; the plain term is
asked through the real planner and engine.
"""

import tempfile
import unicodedata
from collections import defaultdict
from pathlib import Path

from benchmarks.quality.figures import Figure
from benchmarks.quality.passages import PassageIndex

BAR = 0.95
TERMS = {
    "be": "выбары палітвязні Лукашэнка Ціханоўская пратэст бюлетэнь назіральнік улада",
    "ru": "выборы фальсификация Лукашенко забастовка свобода экстремизм протокол",
    "uk": "вибори спостерігач порушення опозиція президент",
    "en": "election fraud Lukashenko ballot observer",
    "pl": "wybory protest Łukaszenka wolność głosowanie",
}
SENTENCES = {
    "be": "Сёння ў краіне людзі гаварылі пра {} і пра тое, што будзе далей.",
    "ru": "Сегодня в стране люди говорили про {} и о том, что будет дальше.",
    "uk": "Сьогодні в країні люди говорили про {} і про те, що буде далі.",
    "en": "Today people in the country spoke about {} and about what comes next.",
    "pl": "Dzisiaj ludzie w kraju mówili o {} i o tym, co będzie dalej.",
}
_TWINS = dict(zip("асеорхуікмтнв", "aceopxyikmthb", strict=True))
_TWINS |= {latin: cyrillic for cyrillic, latin in _TWINS.items()}


def _between(word: str, sign: str, step: int = 2) -> str:
    parts = [word[at : at + step] for at in range(0, len(word), step)]
    return sign.join(parts)


def _swap(word: str, every: int) -> str:
    """Look-alikes from the other script for every n-th letter that has one."""
    made, seen = [], 0
    for letter in word:
        twin = _TWINS.get(letter)
        seen += twin is not None
        made.append(twin if twin and seen % every == 0 else letter)
    return "".join(made)


def evasions(word: str) -> dict[str, str]:
    """Ways of writing a word, by name."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word)
    return {
        "zero-width space": _between(word, "\u200b"),
        "zero-width joiner": _between(word, "\u200d", 3),
        "soft hyphen": _between(word, "\u00ad", 3),
        "word joiner and direction mark": _between(word, "\u2060\u200e"),
        "direction override": "\u202a" + _between(word, "\u202c", 3),
        "combining marks": "".join(c + "\u0336" for c in word),
        "one look-alike": _swap(word, 3),
        "half look-alikes": _swap(word, 2),
        "letters spaced out": " ".join(word),
        "thin spaces, or wide letters": "\u2009".join(word) if wide == word else wide,
    }


def measure(corpus: Path) -> list[Figure]:
    """Recall over all, and way by way."""
    del corpus  # the terms are our own
    found: dict[str, list[bool]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        index = PassageIndex(Path(folder))
        cases: list[tuple[str, str, str]] = []
        for language, words in TERMS.items():
            for word in words.split():
                for way, written in evasions(word).items():
                    uri = f"n{len(cases)}"
                    text = SENTENCES[language].format(written)
                    index.add(uri, unicodedata.normalize("NFC", text))
                    cases.append((uri, word, way))
        index.commit()
        answers = {word: set(index.find_all(word)) for _, word, _ in cases}
        for uri, word, way in cases:
            found[way].append(uri in answers[word])
        index.close()
    everything = [one for rows in found.values() for one in rows]
    note = "; ".join(f"{way} {sum(rows)}/{len(rows)}" for way, rows in found.items())
    return [
        Figure(
            part="evasions",
            name=f"{len(everything)} evasions of {len(answers)} terms, recall",
            value=sum(everything) / len(everything),
            bar=BAR,
            note=note,
        )
    ]
