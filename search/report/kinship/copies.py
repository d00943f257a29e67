"""Whether a text is a machine's copy of somebody else's, named by nobody (pure).

Sites on domains that others let go reprint articles through a rewriting machine: it
breaks sentences where no sentence ends, and takes the names of author and source away.
Such a text never speaks for the original; which that is, only a captured one can tell.
"""

import re
from dataclasses import dataclass

BREAKS_LEAST = 4
BREAKS_PER_WORDS = 1 / 400
"""More than this is no slip of the pen; ordinary articles have none, or one."""
NAME_CHARACTERS = 120
_SHORT = (
    r"(?:e\.g|i\.e|etc|vs|al|no|op|cit|approx|cf|ca|st|dr|mr|ms|pp|vol|art|sq|bzw|usw"
    r"|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|гг|др|пр|руб|тыс|млн|млрд|ст)"
)
_BREAK = re.compile(
    rf"(?<![.\w])(?!(?i:{_SHORT})\.)[^\W\d_]{{2,}}\. (?=[a-zа-яёіў])|\. \.(?!\.)"
)
_CREDIT = re.compile(
    r"^\W*(?:by|автор|аўтар|text|текст|von|autor|source|источник|крыніца|quelle)\b"
    r"[\s:]+\w|\((?:AP|Reuters|AFP|dpa|БелТА|BelTA|Interfax|TASS|ТАСС)\)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyNote:
    """Why a text is taken for an unattributed copy."""

    breaks: int
    """Sentences broken where none ends."""
    words: int
    example: str
    """One broken place, as printed."""

    code = "unattributed-copy"


def judge_copy(text: str) -> CopyNote | None:
    """None for a text that names whence it comes, or reads as people write."""
    breaks = list(_BREAK.finditer(text))
    words = len(text.split())
    few = len(breaks) < BREAKS_LEAST or len(breaks) < BREAKS_PER_WORDS * words
    if few or has_credit(text):
        return None
    first = breaks[0].start()
    example = " ".join(text[max(0, first - 40) : first + 40].split())
    return CopyNote(breaks=len(breaks), words=words, example=example)


def has_credit(text: str) -> bool:
    """Whether a line names an author, a source or an agency."""
    lines = (line.strip() for line in text.splitlines())
    return any(
        _CREDIT.search(line) is not None
        for line in lines
        if len(line) <= NAME_CHARACTERS or "(" in line[:NAME_CHARACTERS]
    )
