"""The lead of an article, where the main text was found to begin below it (pure).

Pages state a description for machines; where they also show it to readers, above the
first paragraph, it is the first sentence of the article and no furniture.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence

LEAD_SIGNS = 30
"""Letters and digits of a lead; a shorter line is a label."""
LEAD_LINES = 40
"""A lead stands so many lines above the main text, or it is another's."""
ALIKE = 0.6
"""Share of the longer of description and line that the shorter one is: a place stands
before the one, the other is cut."""
BEGINNING = 5
"""Lines of the main text of which one is found again, so that it has a place."""
DESCRIPTIONS = 20
"""Looked at of one page."""

_STATED = re.compile(r'"description"\s*:\s*"((?:[^"\\]|\\.){30,1000})"')
_TAG = re.compile(r"<[^>]*>")
_NO_SIGN = re.compile(r"[\W_]+")


def with_lead(main: str, shown: Sequence[str], descriptions: Iterable[str]) -> str:
    """The main text, below the line above it that a description of the page states.

    `shown`: the lines of the page that may be one, in order, those of the main text
    among them; `descriptions`: those of its head and `stated_descriptions`.
    """
    first = _first_of(main, shown)
    if first is None:
        return main
    held = _fold(main)
    stated = [fold for one in descriptions if len(fold := _fold(one)) >= LEAD_SIGNS]
    for line in reversed(shown[max(0, first - LEAD_LINES) : first]):
        folded = _fold(line)
        is_new = len(folded) >= LEAD_SIGNS and folded not in held
        if is_new and any(_is_alike(folded, one) for one in stated):
            return f"{line}\n{main}"
    return main


def stated_descriptions(markup: str) -> Iterator[str]:
    """What the data of a page call a description, of it or of others."""
    for number, found in enumerate(_STATED.finditer(markup)):
        if number == DESCRIPTIONS:
            return
        try:
            text = json.loads(f'"{found[1]}"', strict=False)
        except ValueError:
            continue
        yield _TAG.sub(" ", html.unescape(text))


def _first_of(main: str, lines: Sequence[str]) -> int | None:
    """Number of the line with which the main text begins; None if none does."""
    beginning = map(_fold, main.split("\n", BEGINNING)[:BEGINNING])
    wanted = {fold for fold in beginning if len(fold) >= LEAD_SIGNS}
    return next((n for n, line in enumerate(lines) if _fold(line) in wanted), None)


def _is_alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return short in long and len(short) >= ALIKE * len(long)


def _fold(text: str) -> str:
    return _NO_SIGN.sub("", text).casefold()
