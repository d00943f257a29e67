"""Texts of captures for a report: what changed in the main text, which list moved."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from archive.capture import Capture
from archive.digest import Digest
from archive.errors import EvidenceError, SearchUnavailable
from archive.lines import one_line
from archive.store.reading.reader import ArchiveReader
from search.extract.result import Extract
from search.extract.worker import Worker
from search.reading import extract_capture
from search.report.comparing.changes import Kind as Became
from search.report.comparing.changes import ParagraphChange, compare_texts
from search.report.comparing.comparison import TextOf
from search.report.comparing.rows import RowChanges, compare_lists, is_list, split_rows
from search.report.span.findings import Finding, ShownChange
from search.report.span.second_profile import Sample, find_cloaking

LINES_SHOWN = 8
"""Of one change; the rest is counted."""
ROWS_SHOWN = 40
"""Of one list."""
LINE_CHARACTERS = 240
"""Of one line; a longer one is cut in the middle of what stayed."""
FILES_LOOKED_AT = 8
"""Earlier files of a source that a new one may be the next issue of."""
SAME_LIST = 0.3
"""Of the rows of the shorter list: with so many in common two files are one list."""
CUT = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Main texts, kept ones first; one child extracts the others."""

    reader: ArchiveReader
    kept: TextOf
    worker: Worker

    def compare(
        self, before: Capture, after: Capture, hidden: bool
    ) -> ShownChange | None:
        """What changed in the title and the main text; None where nothing did."""
        old, new = self._page_of(before), self._page_of(after)
        if is_list(old.main) and is_list(new.main):
            rows = compare_lists(old.main, new.main)
            made = show_rows(rows, hidden=hidden)
        else:
            changes = compare_texts(old.main, new.main)
            made = _show(changes.first_numbers(), hidden=hidden)
        if old.title != new.title:
            return _retitled(made, old.title, new.title, hidden=hidden)
        return made if any(made.counts.values()) else None

    def compare_samples(
        self, samples: Sequence[Sample], hidden: bool
    ) -> Iterator[Finding]:
        """What a second profile was shown otherwise, by the main texts."""
        return find_cloaking(
            samples,
            text_of=lambda capture: self.main_of(self.reader.original(capture)),
            digest_of=self._digest_of,
            show=lambda changes: _show(changes, hidden=hidden),
        )

    def _digest_of(self, capture: Capture) -> Digest | None:
        """Of what it stands for: "not modified" has no payload of its own."""
        try:
            return self.reader.original(capture).payload_digest
        except EvidenceError:  # removed or damaged: `verify` says which
            return None

    def find_list(self, capture: Capture) -> Capture | None:
        """The earlier issue of a list that is at a new address now."""
        if capture.source_id is None or not _may_be_file(capture):
            return None
        history = self.reader.history()
        earlier = history.files_before(capture.source_id, capture.leaf, FILES_LOOKED_AT)
        others = [one for one in earlier if one.target_uri != capture.target_uri]
        if not others:
            return None
        same = (o for o in others if o.payload_digest == capture.payload_digest)
        found = next(same, None)
        if found is not None:
            return found
        text = self.main_of(capture)
        if not is_list(text):
            return None
        return next(
            (one for one in others if _is_same_list(self.main_of(one), text)), None
        )

    def shown_of(self, capture: Capture) -> str:
        """All that a page shows, in its order; empty where there is nothing."""
        return _main(extract_capture(self.worker, self.reader, capture, whole=True))

    def main_of(self, capture: Capture) -> str:
        """The main text of a capture; empty where there is none."""
        return self._page_of(capture).main

    def _page_of(self, capture: Capture) -> "_Page":
        try:
            kept = self.kept(capture.capture_id)
        except SearchUnavailable:
            kept = None
        if kept is not None:
            return _Page(kept.title or "", kept.text[: kept.main_end])
        made = extract_capture(self.worker, self.reader, capture)
        return _Page((made.title if made else None) or "", _main(made))


class _Page:
    """Title and main text of a capture; spacing in a title means nothing."""

    def __init__(self, title: str, main: str) -> None:
        self.title, self.main = " ".join(title.split()), main


def _main(made: Extract | None) -> str:
    return made.text[: made.main_end] if made else ""


def _show(changed: Sequence[ParagraphChange], *, hidden: bool) -> ShownChange:
    """Changed paragraphs: counts, and the first of them unless words are restricted."""
    lines = () if hidden else tuple(map(_line, changed[:LINES_SHOWN]))
    counts = Counter(change.kind for change in changed)
    return ShownChange(
        counts={kind.value: counts[kind] for kind in Became if kind is not Became.SAME},
        is_list=False,
        lines=lines,
        more=len(changed) - len(lines),
    )


def _retitled(made: ShownChange, old: str, new: str, *, hidden: bool) -> ShownChange:
    """The same change with the titles in front, unless words are restricted."""
    if hidden:
        return replace(made, retitled=True, more=made.more + 1)
    words = " ".join([f"[-{old}-]"] * bool(old) + [f"{{+{new}+}}"] * bool(new))
    return replace(made, retitled=True, lines=(("~", _cut(words)), *made.lines))


def show_rows(rows: RowChanges, *, hidden: bool) -> ShownChange:
    """A changed list: counts, and its rows unless they may not be shown."""
    lines = [
        *(("+", " | ".join(row.cells)) for row in rows.added),
        *(("-", " | ".join(row.cells)) for row in rows.removed),
        *(
            (
                "~",
                " | ".join(row.after.cells)
                + " ("
                + "; ".join(f"was {cell.before or 'empty'}" for cell in row.cells)
                + ")",
            )
            for row in rows.corrected
        ),
    ]
    shown = [] if hidden else [(s, _cut(words)) for s, words in lines[:ROWS_SHOWN]]
    return ShownChange(
        counts=_row_counts(rows),
        is_list=True,
        lines=tuple(shown),
        more=len(lines) - len(shown),
    )


def _row_counts(rows: RowChanges) -> Mapping[str, int]:
    return {
        "added": len(rows.added),
        "removed": len(rows.removed),
        "corrected": len(rows.corrected),
    }


def _may_be_file(capture: Capture) -> bool:
    media_type = capture.media_type or "text/html"
    return not media_type.startswith(("text/", "application/xhtml"))


def _is_same_list(old: str, new: str) -> bool:
    one = Counter(cells for _, cells in split_rows(old))
    other = Counter(cells for _, cells in split_rows(new))
    shorter = min(one.total(), other.total())
    return shorter > 0 and (one & other).total() >= SAME_LIST * shorter


def _line(change: ParagraphChange) -> tuple[str, str]:
    """A changed paragraph as a sign and words; what is gone stands in brackets."""
    if change.kind is Became.CHANGED and change.pieces:
        words = "".join(
            {
                Became.REMOVED: f"[-{piece.text}-]",
                Became.ADDED: f"{{+{piece.text}+}}",
            }.get(piece.kind, _context(piece.text))
            for piece in change.pieces
        )
        return "~", _cut(words)
    signs = {Became.ADDED: "+", Became.REMOVED: "-", Became.MOVED: ">"}
    place = change.after or change.before
    return signs.get(change.kind, "~"), _cut(place.text if place else "")


def _context(text: str) -> str:
    """What stayed, short."""
    if len(text) <= LINE_CHARACTERS // 3:
        return text
    half = LINE_CHARACTERS // 8
    return f"{text[:half]} {CUT} {text[-half:]}"


def _cut(text: str) -> str:
    plain = one_line(text).strip()
    if len(plain) <= LINE_CHARACTERS:
        return plain
    return f"{plain[:LINE_CHARACTERS]} {CUT}"
