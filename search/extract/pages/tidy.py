"""Lines that do not belong to the main text: repeated titles, ways to other pages.

Nothing is lost: whatever goes from the main text stands in the rest of the text.
"""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from importlib.resources import files

TITLE_LINES = 6
"""A title is repeated within the first lines, or it is no repetition."""
TITLE_MIN_CODE_POINTS = 15
"""A shorter beginning of a title means nothing."""
TITLE_SLACK = 1.3
"""A line may be so many times longer than the title that it begins with."""
KEPT_LEAST = 0.5
"""Share of the main text that stays, or nothing of it goes."""
TEASER_CODE_POINTS = 160
"""A longer line is a paragraph, however it begins."""

_NO_WORD = re.compile(r"\W+")


def tidy_main(main: str, titles: Sequence[str]) -> str:
    """The main text without repeated titles at its top and without teasers."""
    folded = [fold for title in titles if (fold := _fold(title))]
    kept = []
    for number, line in enumerate(main.split("\n")):
        if number < TITLE_LINES and _is_title(_fold(line), folded):
            continue
        if len(line) < TEASER_CODE_POINTS and _teasers().match(line):
            continue
        kept.append(line)
    return "\n".join(kept).strip("\n")


def leave_out_beside(main: str, beside: Collection[str]) -> str:
    """The main text without lines that the page shows beside its text only.

    A page that is a list of links, or wrapped in an aside, keeps them: then they are
    what it says.
    """
    folded = {_fold(line) for line in beside}
    lines = main.split("\n")
    kept = [line for line in lines if not line.strip() or _fold(line) not in folded]
    left = "\n".join(kept).strip("\n")
    return left if len(left) >= KEPT_LEAST * len(main) else main


def _is_title(line: str, titles: Sequence[str]) -> bool:
    """Whether a folded line is a title, or one begins with the other."""
    for title in titles:
        if line == title and line:
            return True
        if min(len(line), len(title)) < TITLE_MIN_CODE_POINTS:
            continue
        close = len(line) < len(title) * TITLE_SLACK
        if title.startswith(line) or (line.startswith(title) and close):
            return True
    return False


def _fold(line: str) -> str:
    return _NO_WORD.sub(" ", line).strip().casefold()


@lru_cache(maxsize=1)
def _teasers() -> re.Pattern[str]:
    """One pattern of all beginnings, read once."""
    table = files("search").joinpath("data/teasers.tsv").read_text("utf-8")
    rows = [line.split("\t")[1] for line in table.splitlines() if line[:1] != "#"]
    beginnings = sorted({begin for row in rows for begin in row.split("; ")})
    alternatives = "|".join(map(re.escape, beginnings))
    return re.compile(rf"\W*(?:{alternatives})(?!\w)", re.IGNORECASE)
