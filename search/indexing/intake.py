"""Captures in the order of the log, each with its text, extracted ahead in children."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from archive.capture import Capture, CaptureOutcome
from archive.digest import Digest
from archive.errors import EvidenceError
from archive.store.reading.classes import CaptureClasses
from archive.store.reading.reader import ArchiveReader
from search.documents.analysed import analyse
from search.documents.document import Analysed, PageText, origin_of
from search.documents.parts import Divided, divide
from search.extract.by_type import FAILED_EXTRACTOR, NO_EXTRACTOR, empty_extract
from search.extract.children.nursery import Nursery
from search.extract.files.ocr import OCR
from search.extract.files.scans import SCANS
from search.extract.result import Extract
from search.extract.worker import MODULE, PAYLOAD_BYTES, Worker
from search.indexing.extracts import ExtractCache, Kept
from search.indexing.textfiles import TextFiles
from search.rows.captures import CaptureRow, CaptureRows

AHEAD_PER_WORKER = 4
"""Documents extracted before their turn: keeps children busy, memory small."""
MOVED_STATUS = 300
"""From here on a status says that this is not what was asked for."""
NOT_MODIFIED = 304
INDEXED_ROLES = frozenset({"page", "hop"})
"""Style sheets, images and robots.txt are found through their page."""


def is_indexed(capture: Capture) -> bool:
    """Whether a search must find it; a page capture is found by its main capture."""
    return capture.kind != "page" and capture.role in INDEXED_ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A capture and either its text or the earlier capture it repeats."""

    capture: Capture
    page: PageText | None
    analysed: Sequence[Analysed]
    """Of the page, or of each of its documents."""
    divided: Divided | None
    """The documents of a page of many texts."""
    same_as: CaptureRow | None
    text_digest: str | None
    charset: str | None
    declared_charset: str | None
    bytes_key: str | None


@dataclass(slots=True)
class Scans:
    """Pictures and scans of one run: those whose words were read, and the others."""

    read: int = 0
    unread: int = 0
    met: set[int] = field(default_factory=set)

    def count(self, taken: Taken) -> None:
        """Look at one capture; a repeat of an earlier one is no other document."""
        name, page = hash(taken.bytes_key), taken.page
        if page is None or name in self.met or not _is_scan(taken.capture, page):
            return
        self.met.add(name)
        if OCR in page.warnings:
            self.read += 1
        else:
            self.unread += 1


def _is_scan(capture: Capture, page: PageText) -> bool:
    """Whether its words are, or would be, those of pictures."""
    is_image = (capture.media_type or "").startswith("image/")
    silent = is_image and "no_extractor" in page.warnings
    return silent or OCR in page.warnings or is_scan(page.warnings)


def is_scan(warnings: Sequence[str]) -> bool:
    """Whether a document may have words in pictures that nobody read."""
    return not SCANS.isdisjoint(warnings)


_Coming = Future["Kept | Future[Kept]"]
"""What was kept of a capture, or its extraction."""


class Intake:
    """Reads payloads and extracts in `workers` children, keeping the log's order."""

    def __init__(
        self,
        reader: ArchiveReader,
        rows: CaptureRows,
        *,
        workers: int,
        ocr: bool = False,
    ) -> None:
        self._reader = reader
        self._rows = rows
        self._ocr = ocr
        self._classes = CaptureClasses(reader)
        self._ahead = workers * AHEAD_PER_WORKER
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="extract")
        # One thread: what was kept is read in Python, in which two only wait in turn.
        self._looking = ThreadPoolExecutor(1, thread_name_prefix="kept")
        self._local = threading.local()
        self._children: list[Worker] = []
        self._nursery = Nursery(MODULE)
        self._cache = ExtractCache(reader.paths.index, reader.paths.root)
        self._texts = TextFiles(reader.paths.root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._looking.shutdown(wait=True, cancel_futures=True)
        self._pool.shutdown(wait=True, cancel_futures=True)
        for child in self._children:
            child.close()
        self._nursery.close()
        self._texts.close()
        self._cache.close()

    def settle(self) -> None:
        """Wait until every text given out so far is durable; store what was kept."""
        self._texts.settle()
        self._cache.commit()

    def follow(self, start: int, end: int) -> Iterator[Taken]:
        """Captures of the leaves `[start, end)` that are indexed, in order."""
        window: deque[tuple[Capture, _Coming | None]] = deque()
        for capture in self._reader.captures(start):
            if capture.leaf >= end:
                break
            if not is_indexed(capture):
                continue
            window.append((capture, self._begin(capture)))
            if len(window) > self._ahead:
                yield self._finish(*window.popleft())
        while window:
            yield self._finish(*window.popleft())

    def make_again(
        self, captures: Iterable[tuple[Capture, str]]
    ) -> Iterator[tuple[str, bool]]:
        """Extract captures, each for a lost text; whether it gave that one.

        In and out by the hex digest of the text, in order. What is made otherwise
        today is not kept: nothing would name it, so no removal would reach it.
        """
        window: deque[tuple[str, Future[bool]]] = deque()
        for capture, digest in captures:
            window.append(
                (digest, self._pool.submit(self._make_again, capture, digest))
            )
            if len(window) > self._ahead:
                done, waiting = window.popleft()
                yield done, waiting.result()
        for done, waiting in window:
            yield done, waiting.result()

    def _make_again(self, capture: Capture, digest: str) -> bool:
        made = self._make(capture)
        if Digest.of(made.text.encode()).hex != digest:
            return False
        self._texts.write(made.text)
        return True

    def _begin(self, capture: Capture) -> _Coming | None:
        """Look for what was kept, unless an earlier capture has the same bytes."""
        if capture.refers_to is not None or self._find_same(capture) is not None:
            return None
        return self._looking.submit(self._kept_or_begun, capture)

    def _kept_or_begun(self, capture: Capture) -> "Kept | Future[Kept]":
        """What was kept of a capture; else its extraction, begun."""
        return self._find_kept(capture) or self._pool.submit(self._extract, capture)

    def _find_kept(self, capture: Capture) -> Kept | None:
        """What was kept; a scan that nobody could read is read again with OCR."""
        kept = self._cache.find(capture.capture_id)
        again = kept is not None and self._ocr and is_scan(kept.made.warnings)
        return None if again else kept

    def _find_same(self, capture: Capture) -> CaptureRow | None:
        if capture.refers_to is not None:
            row = self._rows.find_capture(capture.refers_to)
            if row is not None and row.source_id == capture.source_id:
                return row
        key = bytes_key(capture)
        return None if key is None else self._rows.find_bytes(key)

    def _extract(self, capture: Capture) -> Kept:
        """The text of one capture, kept; never raises for a bad capture."""
        made = self._make(capture)
        if not made.text:
            return Kept(made=made, digest=None, compressed=None, analysed=None)
        digest, compressed = self._texts.write(made.text)
        return Kept(made=made, digest=digest, compressed=compressed, analysed=None)

    def _make(self, capture: Capture) -> Extract:
        """Read and extract one payload, keeping nothing."""
        if capture.http_status is None:
            return empty_extract(NO_EXTRACTOR)
        try:
            payload = self._reader.payload(capture, limit_bytes=PAYLOAD_BYTES)
        except EvidenceError:
            return empty_extract(FAILED_EXTRACTOR, "unreadable")
        made = self._child().extract(
            payload.data, media_type=payload.media_type, charset=payload.charset
        )
        if payload.problem is not None:
            made = replace(made, warnings=(*made.warnings, "truncated"))
        return made

    def _child(self) -> Worker:
        if not hasattr(self._local, "child"):
            self._local.child = Worker(ocr=self._ocr, start=self._nursery.start)
            self._children.append(self._local.child)
        child: Worker = self._local.child
        return child

    def _finish(self, capture: Capture, waiting: _Coming | None) -> Taken:
        same = self._find_same(capture) if waiting is None else None
        if same is not None:
            return Taken(
                capture=capture,
                page=None,
                analysed=(),
                divided=None,
                same_as=same,
                text_digest=None,
                charset=None,
                declared_charset=None,
                bytes_key=bytes_key(capture),
            )
        found = waiting.result() if waiting else self._kept_or_begun(capture)
        kept = found if isinstance(found, Kept) else found.result()
        capture = as_answered(self._reader, capture)
        noted = self._classes.find(capture)
        page = page_text(kept.made, noted.capture_class if noted else None)
        page = replace(page, compressed=kept.compressed, digest=kept.digest)
        divided = _divided(capture, page, kept.made)
        pages = divided.pages if divided else (page,)
        analysed = kept.analysed
        if analysed is None or len(analysed) != len(pages):
            analysed = [analyse(capture, one) for one in pages]
            self._cache.keep(capture.capture_id, replace(kept, analysed=analysed))
        return Taken(
            capture=capture,
            page=page,
            analysed=analysed,
            divided=divided,
            same_as=None,
            text_digest=kept.digest,
            charset=kept.made.charset,
            declared_charset=kept.made.declared_charset,
            bytes_key=bytes_key(capture),
        )


def as_answered(reader: ArchiveReader, capture: Capture) -> Capture:
    """A capture with the status and type of what it shows.

    "Not modified" says that it is what was captured before, here by another source.
    """
    if capture.refers_to is None or capture.http_status != NOT_MODIFIED:
        return capture
    try:
        original = reader.original(capture)
    except EvidenceError:
        return capture
    return replace(
        capture, http_status=original.http_status, media_type=original.media_type
    )


def _divided(capture: Capture, page: PageText, made: Extract) -> Divided | None:
    """The documents of a page of many texts; a page of an error is none."""
    complete = capture.outcome is CaptureOutcome.COMPLETE
    status = capture.http_status or 0
    if not made.parts or not complete or status >= MOVED_STATUS:
        return None
    return divide(page, made.parts)


def page_text(made: Extract, noted_class: str | None = None) -> PageText:
    """An extract with its language, and what the crawl says it is."""
    return PageText(
        text=made.text,
        main_end=made.main_end,
        title=made.title,
        language=made.language,
        extractor=made.extractor,
        warnings=made.warnings,
        claimed=made.claimed,
        pages=made.pages,
        noted_class=noted_class,
        sure=made.sure,
    )


def bytes_key(capture: Capture) -> str | None:
    """Equal for captures that must give the same document; None without a payload."""
    if capture.payload_digest is None:
        return None
    parts = (
        capture.target_uri,
        capture.source_id or "",
        f"{capture.http_status} {capture.outcome.value}",
        capture.media_type or "",
        capture.payload_digest.hex,
        *origin_of(capture),
    )
    return "\n".join(parts)
