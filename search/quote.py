"""Quotations: words of a capture's text with their place, to be found again (pure).

A quotation is one line of canonical JSON (docs/format.md, "Quotations"): capture, the
words, what stands around them, their place in code points, the extractor and the digest
of the text, and the version of the analysis. It proves nothing by itself: capture and
`extract` statement do. Words are compared as they are, never nearly.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from archive.attest.values.canonical import dump_canonical, parse_canonical
from archive.attest.values.fields import (
    Table,
    Validator,
    check_table,
    digest,
    hex_digest,
    integer,
    refuse,
)
from archive.attest.values.forms import NAME
from archive.digest import Digest
from search.analysis.analyze import ANALYSIS_VERSION
from search.answering.results import ExtractedText

CONTEXT_CODE_POINTS = 32
"""Kept of what stands before and behind the words: tells equal words apart."""
QUOTE_CODE_POINTS = 20_000
"""Some pages of print; who quotes more cites the capture."""
LINE_BYTES = 256 * 1024
"""Of a quotation as JSON."""
PLACES_MAX = 1_000
"""Places of the same words that are looked at."""


def _signs(*, low: int, limit: int) -> Validator:
    """Any text that UTF-8 can hold: a page may hold any sign, and it is quoted."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or not low <= len(value) <= limit:
            raise refuse(path, f"is not a text of {low} to {limit} characters")

    return Validator(check)


_SPACING = re.compile(r"\s+")
_CONTEXT = _signs(low=0, limit=CONTEXT_CODE_POINTS)
_QUOTATION: Table = {
    "analysis": integer(low=1),
    "capture": hex_digest,
    "end": integer(),
    "exact": _signs(low=1, limit=QUOTE_CODE_POINTS),
    "extractor": NAME,
    "part": integer(),
    "prefix": _CONTEXT,
    "start": integer(),
    "suffix": _CONTEXT,
    "text_digest": digest,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """Words of a text and where they stand; offsets in code points, `[start, end)`."""

    capture_id: str
    exact: str
    prefix: str
    suffix: str
    start: int
    end: int
    extractor: str
    """Name and version of what made the text."""
    text_digest: Digest
    """Of the UTF-8 bytes of the whole extracted text."""
    analysis: int = ANALYSIS_VERSION
    part: int = 0
    """0: the whole page; offsets are those of the whole text in any case."""


class State(StrEnum):
    """What became of a quotation; only the first two are good."""

    SAME = "same"
    """The text it names is its capture's, and the words stand where it says."""
    FOUND_ELSEWHERE = "found elsewhere"
    """Its capture has another text now; they stand in exactly one place of it."""
    AMBIGUOUS = "ambiguous"
    """They stand in several places, and what was around them does not tell which."""
    NOT_FOUND = "not found"
    """The words are lost, or never stood there."""
    NO_CAPTURE = "no such capture"
    """Nothing was looked at: the capture is not in this archive, or was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A quotation looked up: its state, and its place now where there is one."""

    state: State
    span: tuple[int, int] | None
    places: int
    """How often the words stand in the text that was looked at."""
    extractor: str | None
    """What made that text; None where there was none."""


def make_quotation(
    capture_id: str, made: ExtractedText, span: tuple[int, int]
) -> Quotation:
    """Quote `[start, end)` of a text; ValueError where that is no place in it."""
    start, end = span
    if not 0 <= start < end <= len(made.text) or end - start > QUOTE_CODE_POINTS:
        raise ValueError(f"[{start}, {end}) is no place in {len(made.text)} characters")
    return Quotation(
        capture_id=capture_id,
        exact=made.text[start:end],
        prefix=made.text[max(0, start - CONTEXT_CODE_POINTS) : start],
        suffix=made.text[end : end + CONTEXT_CODE_POINTS],
        start=start,
        end=end,
        extractor=made.extractor,
        text_digest=made.text_digest,
    )


def find_words(whole: str, words: str) -> list[tuple[int, int]]:
    """Where pasted words stand in a text: any spacing counts as a space, else exactly.

    Empty where they stand nowhere, or nothing but spacing was pasted. Takes time by the
    lengths of both, not by their product: anybody may paste anything.
    """
    wanted = " ".join(unicodedata.normalize("NFC", words).split())
    if not wanted:
        return []
    spaced = _Spaced(whole)
    spans: list[tuple[int, int]] = []
    at = spaced.text.find(wanted)
    while at >= 0 and len(spans) < PLACES_MAX:
        end = at + len(wanted)
        spans.append((spaced.place(at), spaced.place(end - 1) + 1))
        at = spaced.text.find(wanted, end)
    return spans


class _Spaced:
    """A text with one space for any spacing, and where each sign of it stood."""

    def __init__(self, whole: str) -> None:
        self.text = _SPACING.sub(" ", whole)
        self._ends: list[int] = []
        self._dropped: list[int] = []
        dropped = 0
        for gap in _SPACING.finditer(whole):
            dropped += gap.end() - gap.start() - 1
            self._ends.append(gap.end() - dropped)
            self._dropped.append(dropped)

    def place(self, at: int) -> int:
        """Where a sign that is no space stood."""
        behind = bisect_right(self._ends, at)
        return at + (self._dropped[behind - 1] if behind else 0)


def check_quotation(
    quoted: Quotation,
    named: str | None,
    made_now: Callable[[], ExtractedText | None],
) -> Checked:
    """Look a quotation up in the text it names, else in its capture's as made now.

    `named`: the text of that digest, where that extractor is known to have made it of
    that capture; None where it is not at hand or not known to be so. Only then
    `made_now` is asked; it answers None where there is no such capture.
    """
    if named is not None:
        return _in_named(quoted, named)
    made = made_now()
    if made is None:
        return Checked(state=State.NO_CAPTURE, span=None, places=0, extractor=None)
    if (made.extractor, made.text_digest) == (quoted.extractor, quoted.text_digest):
        return _in_named(quoted, made.text)
    return _in_other(quoted, made)


def _in_named(quoted: Quotation, named: str) -> Checked:
    """The text is the very one: the words stand at their place, or never did."""
    before = named[: quoted.start][-len(quoted.prefix) :] if quoted.prefix else ""
    stands = (
        named[quoted.start : quoted.end] == quoted.exact
        and before == quoted.prefix
        and named[quoted.end :].startswith(quoted.suffix)
    )
    return Checked(
        state=State.SAME if stands else State.NOT_FOUND,
        span=(quoted.start, quoted.end) if stands else None,
        places=sum(1 for _ in _places(named, quoted.exact)),
        extractor=quoted.extractor,
    )


def _in_other(quoted: Quotation, made: ExtractedText) -> Checked:
    places = list(_places(made.text, quoted.exact))
    around = [at for at in places if _has_context(made.text, at, quoted)]
    chosen = around if around else places
    state = {0: State.NOT_FOUND, 1: State.FOUND_ELSEWHERE}.get(
        len(chosen), State.AMBIGUOUS
    )
    span = None
    if state is State.FOUND_ELSEWHERE:
        span = (chosen[0], chosen[0] + len(quoted.exact))
    return Checked(state=state, span=span, places=len(places), extractor=made.extractor)


def _has_context(whole: str, at: int, quoted: Quotation) -> bool:
    end = at + len(quoted.exact)
    return whole[:at].endswith(quoted.prefix) and whole.startswith(quoted.suffix, end)


def _places(whole: str, exact: str) -> Iterator[int]:
    at = whole.find(exact)
    for _ in range(PLACES_MAX):
        if at < 0:
            return
        yield at
        at = whole.find(exact, at + 1)


def format_quotation(quoted: Quotation) -> bytes:
    """One line of canonical JSON, without its line end."""
    value: dict[str, Any] = {
        "analysis": quoted.analysis,
        "capture": quoted.capture_id,
        "end": quoted.end,
        "exact": quoted.exact,
        "extractor": quoted.extractor,
        "part": quoted.part,
        "prefix": quoted.prefix,
        "start": quoted.start,
        "suffix": quoted.suffix,
        "text_digest": str(quoted.text_digest),
    }
    check_table(_QUOTATION, value, "quotation")
    return dump_canonical(value)


def parse_quotation(line: bytes) -> Quotation:
    """Read one line; FormatError names the field. Equal to its written form."""
    value: Any = parse_canonical(line, limit_bytes=LINE_BYTES)
    check_table(_QUOTATION, value, "quotation")
    quoted = Quotation(
        capture_id=value["capture"],
        exact=value["exact"],
        prefix=value["prefix"],
        suffix=value["suffix"],
        start=value["start"],
        end=value["end"],
        extractor=value["extractor"],
        text_digest=Digest.parse(value["text_digest"]),
        analysis=value["analysis"],
        part=value["part"],
    )
    if quoted.end - quoted.start != len(quoted.exact):
        raise refuse("quotation.end", "is not start and the length of exact")
    return quoted
