"""Comparing: what changed between the texts of two captures, in one or two columns."""

from dataclasses import dataclass

from flask import Flask, Response

from archive.capture import Capture, CaptureOutcome
from search.answering.service import ExtractedText
from search.report.comparing.changes import (
    Changes,
    Kind,
    ParagraphChange,
    compare_texts,
)
from web.site import Site
from web.views.answers import page

CONTEXT = 1
"""Unchanged paragraphs shown on each side of a change; the others are folded."""
ROWS_SHOWN = 2_000
"""Changed paragraphs and folds on one page."""
FAILURE_STATUS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class SideView:
    """One of the two captures."""

    capture: Capture
    """The main capture, where the id names a page."""
    text: ExtractedText | None

    @property
    def title(self) -> str:
        """As the page gave it; empty where it gave none."""
        return (self.text.title or "") if self.text else ""

    @property
    def is_page(self) -> bool:
        """Whether a whole answer came, with a status of success."""
        status = self.capture.http_status
        whole = self.capture.outcome is CaptureOutcome.COMPLETE
        return whole and status is not None and status < FAILURE_STATUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Paragraphs that are the same: those shown, and those behind a summary."""

    before: tuple[ParagraphChange, ...]
    hidden: tuple[ParagraphChange, ...]
    after: tuple[ParagraphChange, ...]


class ComparePages:
    """The comparison of two captures."""

    def __init__(self, site: Site) -> None:
        """Views hold nothing but the site."""
        self._site = site

    def register(self, app: Flask) -> None:
        """Add the routes."""
        for rule, name, view in (
            ("/compare/<first>/<second>", "compare", self.inline),
            ("/compare/<first>/<second>/beside", "compare-beside", self.beside),
        ):
            app.add_url_rule(rule, name, view, methods=["GET"])

    def inline(self, first: str, second: str) -> Response:
        """One text with what was taken out and put in."""
        return self._compare(first, second, "inline")

    def beside(self, first: str, second: str) -> Response:
        """Two columns, changed paragraphs beside each other."""
        return self._compare(first, second, "beside")

    def _side(self, short_id: str) -> SideView:
        main = self._site.page_of(self._site.get_capture(short_id)).main
        return SideView(capture=main, text=self._site.text_of(main))

    def _compare(self, first: str, second: str, mode: str) -> Response:
        site = self._site
        before, after = self._side(first), self._side(second)
        changes = None
        if before.text is not None and after.text is not None:
            changes = compare_texts(before.text.text, after.text.text)
        return page(
            site,
            "compare.html",
            mode=mode,
            before=before,
            after=after,
            place=f"/compare/{first}/{second}",
            swapped=f"/compare/{second}/{first}",
            changes=changes,
            counts={kind.value: count for kind, count in changes.counts.items()}
            if changes
            else {},
            blocks=blocks_of(changes)[:ROWS_SHOWN] if changes else [],
            same_bytes=before.capture.payload_digest is not None
            and before.capture.payload_digest == after.capture.payload_digest,
            notices=notices_of(before, after, changes),
        )


def notices_of(before: SideView, after: SideView, changes: Changes | None) -> list[str]:
    """Codes of what a difference may be that the page did not make."""
    found = []
    if not (before.is_page and after.is_page):
        found.append("no-page")
    if before.capture.target_uri != after.capture.target_uri:
        found.append("addresses")
    if before.capture.captured_at > after.capture.captured_at:
        found.append("order")
    if before.text and after.text and before.text.extractor != after.text.extractor:
        found.append("extractors")
    if before.text and after.text and not same_title(before.text, after.text):
        found.append("titles")
    if changes is not None and not changes.complete:
        found.append("long")
    return found


def same_title(one: ExtractedText, other: ExtractedText) -> bool:
    """Whether two captures are called the same; spacing means nothing."""
    return (one.title or "").split() == (other.title or "").split()


def blocks_of(changes: Changes) -> list[Fold | ParagraphChange]:
    """Changed paragraphs in reading order, runs of equal ones folded between them."""
    blocks: list[Fold | ParagraphChange] = []
    run: list[ParagraphChange] = []
    for one in changes.paragraphs:
        if one.kind is Kind.SAME:
            run.append(one)
            continue
        _close(blocks, run)
        blocks.append(one)
        run = []
    _close(blocks, run, at_end=True)
    return blocks


def _close(
    blocks: list[Fold | ParagraphChange],
    run: list[ParagraphChange],
    *,
    at_end: bool = False,
) -> None:
    if not run:
        return
    head = CONTEXT if blocks else 0
    tail = 0 if at_end else CONTEXT
    if len(run) <= head + tail + 1:
        blocks.append(Fold(before=tuple(run), hidden=(), after=()))
        return
    end = len(run) - tail
    blocks.append(
        Fold(
            before=tuple(run[:head]),
            hidden=tuple(run[head:end]),
            after=tuple(run[end:]),
        )
    )
