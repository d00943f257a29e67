"""An archive after an attack: read, and opened by a writer that puts it right."""

import sqlite3
from pathlib import Path

from archive.capture import Capture
from archive.store.drafts import PageDraft
from archive.store.reading.reader import ArchiveReader
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import (
    MadeArchive,
    fill,
    make_archive,
    make_exchange,
)


def make_two_segments(folder: Path) -> MadeArchive:
    """A sealed segment and an open one, two captures in each."""
    made = make_archive(folder)
    made.fill(2)
    with made.open_writer() as writer:
        writer.rotate()
    made.fill(2)
    return made


def read(made: MadeArchive) -> ArchiveReader:
    """Open the archive as every reading command does."""
    return ArchiveReader.open(made.root)


def edit_catalog(made: MadeArchive, statement: str, *values: object) -> None:
    """Change the catalog behind everybody's back."""
    db = sqlite3.connect(made.root / "catalog.sqlite")
    with db:
        db.execute(statement, values)
    db.close()


def capture_at(reader: ArchiveReader, uri: str, kind: str = "capture") -> Capture:
    """The capture of an address, or the page capture of it."""
    return next(c for c in reader.find_captures(uri) if c.kind == kind)


def captured(made: MadeArchive) -> list[str]:
    """Addresses of all captures, from a catalog made anew."""
    (made.root / "catalog.sqlite").unlink(missing_ok=True)
    reader = read(made)
    try:
        return [capture.target_uri for capture in reader.captures()]
    finally:
        reader.close()


def assert_put_right(made: MadeArchive, before: list[str]) -> None:
    """A writer opens the archive; it is VERIFIED, nothing is lost, nothing forged."""
    with made.open_writer() as writer:
        fill(writer, made, 1, job=False)
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))
    assert captured(made) == [*before, "http://a.example/0"]


def paged_archive(folder: Path) -> MadeArchive:
    """A job of two captures, a page of one of them and a part; a catalog up to date."""
    made = make_archive(folder)
    captures = made.fill(2)
    with made.open_writer() as writer:
        part = writer.capture(
            make_exchange("http://a.example/style.css", b"p{}", made)
        ).result()
        writer.page(
            PageDraft(
                target_uri=captures[0].target_uri,
                main=captures[0],
                captures=(captures[0], part),
                rendering="static",
                page_info={"parts": []},
                job_id=None,
                source_id=None,
            )
        ).result()
    read(made).close()
    return made
