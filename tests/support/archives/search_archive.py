"""A small real archive to write into, index and search."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.capture import (
    Capture,
    CaptureOutcome,
    Exchange,
    ExchangeContext,
    Phase,
)
from archive.cli.root import CommandContext
from archive.store.create import CreateRequest, create_archive
from archive.store.reading.reader import ArchiveReader
from archive.store.writing.writer import ArchiveWriter
from search.answering.service import SearchService
from search.indexing.index import Indexer, IndexReport
from search.indexing.kept import state_texts
from search.rows.captures import CaptureRows
from tests.support.archives.exchanges import answered, unanswered

START = datetime(2025, 1, 26, 8, 0, tzinfo=UTC)


class SeededBytes:
    """Repeatable randomness."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(f"{self._seed}{self._count}".encode()).digest(size)


@dataclass
class ArchiveBox:
    """An archive that a test writes into, indexes and searches."""

    root: Path
    context: CommandContext
    now: list[datetime] = field(default_factory=lambda: [START])
    captures: list[Capture] = field(default_factory=list)
    """All that were written by it, in order."""

    def open_writer(self) -> ArchiveWriter:
        return self.context.open_writer()

    def open_reader(self) -> ArchiveReader:
        return ArchiveReader.open(self.root)

    def capture(self, *exchanges: Exchange) -> list[Capture]:
        with self.open_writer() as writer:
            futures = [writer.capture(exchange) for exchange in exchanges]
            made = [future.result(30) for future in futures]
        self.captures += made
        return made

    def page(self, uri: str, body: bytes | str, **options: Any) -> Capture:
        return self.capture(self.exchange(uri, body, **options))[0]

    def exchange(
        self,
        uri: str,
        body: bytes | str = b"",
        *,
        status: int = 200,
        content_type: str | None = "text/html; charset=utf-8",
        source_id: str | None = None,
        role: str = "page",
        outcome: CaptureOutcome = CaptureOutcome.COMPLETE,
    ) -> Exchange:
        """One exchange a minute after the last one."""
        self.now[0] += timedelta(minutes=1)
        data = body.encode() if isinstance(body, str) else body
        head = f"HTTP/1.1 {status} OK\r\nContent-Length: {len(data)}\r\n"
        head += f"Content-Type: {content_type}\r\n" if content_type else ""
        context = ExchangeContext(source_id=source_id, role=role)
        if outcome is not CaptureOutcome.COMPLETE:
            return unanswered(
                uri,
                outcome,
                at=self.now[0],
                phase=Phase.DNS,
                detail="no answer",
                context=context,
            )
        response = f"{head}\r\n".encode() + data
        return answered(uri, response, at=self.now[0], connection=None, context=context)

    def index(self, *, rebuild: bool = False, state: bool = False) -> IndexReport:
        def afterwards(rows: CaptureRows) -> None:
            if state:
                state_texts(self.root, rows, self.context)

        reader = self.open_reader()
        try:
            indexer = Indexer(reader, workers=1)
            return indexer.run(rebuild=rebuild, afterwards=afterwards)
        finally:
            reader.close()

    def service(self) -> SearchService:
        return SearchService.open([self.root])


def make_box(folder: Path, seed: str = "") -> ArchiveBox:
    """An empty archive in a folder, with its keys and trust folder.

    Archives of one seed have one id: in a server that others use, too, give another.
    """
    context = CommandContext(
        archive=folder / "archive",
        keys_folder=folder / "keys",
        trust_folder=folder / "trust",
        clock=lambda: START,
        random_bytes=SeededBytes(seed),
    )
    create_archive(
        CreateRequest(
            root=context.archive,
            name="test",
            keys_folder=context.keys_folder_of,
            trust_folder=context.trust(),
            software="test/1",
            clock=context.clock,
            random_bytes=context.random_bytes,
        )
    )
    return ArchiveBox(root=context.archive, context=context)
