"""Kept texts and their one signed statement per run of the indexer.

Texts are stated by whoever holds the archive lock: this run if it gets the lock, else
the lines wait in `spool/extract-RUN.jsonl` for the next run that does.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from archive.attest.records.extract import (
    EXTRACT_LIMIT_BYTES,
    ExtractLine,
    ExtractRun,
    format_extract,
    parse_extract,
)
from archive.digest import Digest, format_short_id, is_short_id
from archive.errors import ArchiveLocked, FormatError, KeyProblem, StoreError
from archive.files import Files
from archive.store.layout import ArchivePaths
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.store.texts import text_path
from archive.store.writing.writer import ArchiveWriter
from archive.version import SOFTWARE
from archive.warc.record import RecordHeader
from search.rows.captures import SPOOLED, STATED, CaptureRow, CaptureRows

LOOKED_BACK = "looked_back"
"""Progress value: the statements made before this generation have been read."""
EXTRACT_URI = "urn:evidence:extract:"
EXTRACT_BLOCK_BYTES = 256 * 1024 * 1024
"""Largest `extract` block read back: a million captures."""


class Stating(Protocol):
    """What stating needs of a command's context."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """Tells the time."""
        ...

    @property
    def random_bytes(self) -> Callable[[int], bytes]:
        """Gives so many random bytes."""
        ...

    def open_writer(self) -> ArchiveWriter:
        """Take the archive lock; ArchiveLocked if another process holds it."""
        ...


def state_texts(root: Path, rows: CaptureRows, context: Stating) -> str:
    """State every text that no statement names yet; returns what was done.

    What cannot be stated now, for want of a key or of a place to write, stays due: an
    index is used without it.
    """
    if not rows.unstated():
        return "no new text"
    with rows.transaction():
        rows.mark(_spooled_captures(root), SPOOLED)
        if rows.get_progress(LOOKED_BACK) is None:
            rows.mark((line.capture for line in stated_lines(root)), STATED)
            rows.set_progress(LOOKED_BACK, "yes")
    lines = tuple(_line(root, row) for row in rows.unstated())
    if not lines:
        return "no new text"
    run = ExtractRun(
        run_id=format_short_id(context.random_bytes(16)),
        finished_at=context.clock(),
        extractor=SOFTWARE,
        lines=lines,
    )
    try:
        done, state = _hand_over(root, rows, run, context)
    except (KeyProblem, StoreError) as problem:
        return f"{run.texts} texts not signed ({problem})"
    with rows.transaction():
        rows.mark([line.capture for line in lines], state)
    return done


def _hand_over(
    root: Path, rows: CaptureRows, run: ExtractRun, context: Stating
) -> tuple[str, int]:
    try:
        writer = context.open_writer()
    except ArchiveLocked:
        path = ArchivePaths(root).spool / f"extract-{run.run_id}.jsonl"
        Files().write_once(path, format_extract(run.lines))
        return f"{run.texts} texts wait to be signed (the archive is in use)", SPOOLED
    with writer:
        writer.state_extract(run).result()
        _state_spooled(root, rows, writer, run.finished_at)
    return f"{run.texts} texts signed", STATED


def _state_spooled(
    root: Path, rows: CaptureRows, writer: ArchiveWriter, now: datetime
) -> None:
    """State what earlier runs had to leave, then remove their files.

    Only what this index knows, too: a file of the spool is nobody's word.
    """
    for path in _spool_files(root):
        lines = tuple(
            _line(root, row)
            for line in _read_spooled(path)
            if (row := rows.find_capture(line.capture)) is not None
            and row.text_digest == line.text.hex
        )
        if lines:
            run = ExtractRun(
                run_id=path.stem.removeprefix("extract-"),
                finished_at=now,
                extractor=SOFTWARE,
                lines=lines,
            )
            writer.state_extract(run).result()
        Files().remove(path)


def _line(root: Path, row: CaptureRow) -> ExtractLine:
    if row.text_digest is None:
        raise AssertionError("only captures with a text are stated")
    text = Digest(row.text_digest)
    path = text_path(root, text)
    return ExtractLine(
        capture=row.capture_id,
        extractor=row.extractor,
        text=text,
        file=Digest.of(path.read_bytes()) if path.is_file() else None,
    )


def _spool_files(root: Path) -> Sequence[Path]:
    return sorted(
        path
        for path in ArchivePaths(root).spool.glob("extract-*.jsonl")
        if is_short_id(path.stem.removeprefix("extract-"))
    )


def _read_spooled(path: Path) -> Sequence[ExtractLine]:
    data = Files().read(path, limit_bytes=EXTRACT_LIMIT_BYTES)
    return parse_extract(data) if data else ()


def _spooled_captures(root: Path) -> Iterator[str]:
    for path in _spool_files(root):
        for line in _read_spooled(path):
            yield line.capture


def stated_lines(root: Path) -> Iterator[ExtractLine]:
    """Lines of the signed `extract` statements that lie in the segments."""
    for segment in list_segments(ArchivePaths(root).segments):
        for entry in SegmentWalk(segment.path, keep=_keep_extracts):
            try:
                statement = read_statement(entry)
                if statement.kind != "extract":
                    continue
                for record in entry.records:
                    yield from parse_extract(record.kept)
            except FormatError:
                break  # verify says why; here it only means "not stated"


def _keep_extracts(header: RecordHeader) -> int:
    target = header.target_uri or ""
    return EXTRACT_BLOCK_BYTES if target.startswith(EXTRACT_URI) else 0
