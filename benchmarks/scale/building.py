"""Two archives with the same documents: one index in a folder, one in a cluster.

Other processes make the documents, as far as the ordinary indexer's analysis and
`build_document` go; this one hands them to the ordinary engine and rows, in order.
"""

import os
import resource
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from archive.settings import SearchSettings
from archive.store.layout import ArchivePaths, read_identity
from benchmarks.scale.texts import Made, Maker
from search.documents.analysed import analyse
from search.documents.document import Document, build_document, microseconds
from search.engines.base import SearchEngine
from search.engines.opening import CLUSTERED, EMBEDDED, Engines
from search.indexing.generations import VERSION, new_generation, use_generation
from search.rows.captures import CaptureRow, CaptureRows, DocumentRow
from tests.support.archives.search_archive import make_box

COMMIT_DOCUMENTS = 50_000
SHARE_DOCUMENTS = 250
"""Documents a process makes at a time: some 3 MB to hand over."""
SHARES_AHEAD = 4
"""Shares that wait for each process: it never stands still, and memory is bounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Figures of one build."""

    root: str
    documents: int
    text_bytes: int
    index_bytes: int
    rows_bytes: int
    seconds: float
    cpu_seconds: float
    """Of all processes."""
    peak_bytes: int
    """Of the process that writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """One document with its one capture, as engine and rows take them."""

    document: Document
    document_row: DocumentRow
    capture_row: CaptureRow
    text_bytes: int


def make_ready(archive_id: str, made: Made) -> Ready:
    """What the indexer makes of a capture with that text."""
    analysed = analyse(made.capture, made.page, made.tokens)
    document = build_document(archive_id, made.capture, made.page, analysed)
    source = made.capture.source_id
    return Ready(
        document=document,
        document_row=DocumentRow(
            order_key=document.order,
            document_id=document.document_id,
            title=made.page.title,
            language=made.page.language,
            fold=int(analysed.fold[:16], 16),
            simhash=analysed.simhash,
        ),
        capture_row=CaptureRow(
            capture_id=made.capture.capture_id,
            leaf=made.capture.leaf,
            order_key=document.order,
            captured_us=microseconds(made.capture),
            source_id=source,
            text_digest=None,
            extractor=made.page.extractor,
            charset="utf-8",
            declared_charset=None,
            bytes_key=None,
            stated=0,
        ),
        text_bytes=len(made.page.text.encode()),
    )


class Makers:
    """Processes that make documents; begun before anything here starts a thread."""

    def __init__(self, maker: Maker, archive_id: str, processes: int) -> None:
        self._processes = processes
        self._pool = ProcessPoolExecutor(
            processes,
            mp_context=get_context("fork"),
            initializer=_remember,
            initargs=(maker, archive_id),
        )
        list(self._pool.map(_make_share, [range(0)] * processes))

    def make(self, documents: int) -> Iterator[Ready]:
        """Documents of the numbers `[0, documents)` in order."""
        waiting: deque[Future[list[Ready]]] = deque()
        for first in range(0, documents, SHARE_DOCUMENTS):
            numbers = range(first, min(first + SHARE_DOCUMENTS, documents))
            waiting.append(self._pool.submit(_make_share, numbers))
            if len(waiting) >= self._processes * SHARES_AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()

    def close(self) -> None:
        """End the processes, and what they have not begun."""
        self._pool.shutdown(cancel_futures=True)


_OWN: list[tuple[Maker, str]] = []
"""In a process that makes documents: of what, and for which archive."""


def _remember(maker: Maker, archive_id: str) -> None:
    _OWN.append((maker, archive_id))


def _make_share(numbers: range) -> list[Ready]:
    maker, archive_id = _OWN[0]
    return [make_ready(archive_id, maker.make(number)) for number in numbers]


class Target:
    """One archive's index that is being filled."""

    def __init__(self, root: Path, kind: str, url: str | None) -> None:
        archive_id = read_identity(root).archive_id
        index = ArchivePaths(root).index
        index.mkdir(exist_ok=True)
        self._generation = new_generation(index)
        self._rows = CaptureRows.create(self._generation.rows_path)
        self._rows.begin()
        for name, value in (
            ("version", VERSION),
            ("archive", archive_id),
            ("engine", kind),
        ):
            self._rows.set_progress(name, value)
        self._engine: SearchEngine = Engines(settings=SearchSettings(url=url)).open(
            kind,
            folder=self._generation.folder,
            archive_id=archive_id,
            writable=True,
            bulk=True,
        )

    def add(self, ready: Ready) -> None:
        """Index one document with its one capture."""
        self._engine.add([ready.document])
        self._rows.add_document(ready.document_row)
        self._rows.add_capture(ready.capture_row)

    def commit(self, count: int) -> None:
        """Store what was added."""
        if self._engine.commit():
            raise AssertionError("the engine refused documents")
        self._rows.set_progress("next_leaf", str(count))
        self._rows.commit()
        self._rows.begin()

    def finish(self, count: int) -> None:
        """Store the rest and put the index in use."""
        self.commit(count)
        self._engine.close()
        self._rows.commit()
        self._rows.close()
        use_generation(self._generation)

    def sizes(self) -> tuple[int, int]:
        """Bytes of the engine's folder and of the rows."""
        engine = self._generation.folder / "engine"
        files = [path for path in engine.rglob("*") if path.is_file()]
        rows = self._generation.rows_path.stat().st_size
        return sum(path.stat().st_size for path in files), rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many documents, made by how many processes, and how long at most."""

    documents: int
    makers: int
    minutes: float
    """The build ends with what it has by then."""


def build(maker: Maker, folder: Path, plan: Plan, url: str | None) -> list[Built]:
    """Fill the embedded index and, with `url`, the cluster's, with the same documents.

    Both in one pass: to make the documents is most of the work. Time and CPU are of
    that pass.
    """
    first = make_box(folder / EMBEDDED).root
    roots = {EMBEDDED: first}
    if url:
        roots[CLUSTERED] = folder / CLUSTERED / first.name
        shutil.copytree(first.parent, roots[CLUSTERED].parent)
    began, cpu = time.monotonic(), _cpu_seconds()
    makers = Makers(maker, read_identity(first).archive_id, plan.makers)
    targets = {kind: Target(root, kind, url) for kind, root in roots.items()}
    text_bytes = number = 0
    for number, ready in enumerate(makers.make(plan.documents), 1):
        text_bytes += ready.text_bytes
        for target in targets.values():
            target.add(ready)
        if number % COMMIT_DOCUMENTS == 0:
            for target in targets.values():
                target.commit(number)
            rate = number / (time.monotonic() - began)
            sys.stderr.write(f"{number} documents, {rate:.0f}/s\n")
        if time.monotonic() - began > plan.minutes * 60:
            break
    for target in targets.values():
        target.finish(number)
    makers.close()
    seconds, cpu = time.monotonic() - began, _cpu_seconds() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    built = []
    for kind, target in targets.items():
        index_bytes, rows_bytes = target.sizes()
        built.append(
            Built(
                root=str(roots[kind]),
                documents=number,
                text_bytes=text_bytes,
                index_bytes=index_bytes,
                rows_bytes=rows_bytes,
                seconds=seconds,
                cpu_seconds=cpu,
                peak_bytes=peak,
            )
        )
    return built


def _cpu_seconds() -> float:
    """Of this process and of those it has ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
