"""Whole results as files, and the captures behind them, each from its archive."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from archive.capture import Capture
from archive.errors import CaptureNotFound, CaptureRemoved
from archive.export.selection import with_parts, write_warc
from archive.export.target import check_target, write_stream
from archive.store.reading.reader import ArchiveReader
from search.answering.results import Hit
from search.answering.service import SearchService
from search.output.asking import Listing

WARC = "warc"
"""The form of a list that is the captures themselves."""
NAME_SHOWN = 80
"""Characters of an id that is none, in an error: a whole digest and some more."""

Readers = Mapping[str, ArchiveReader]
"""Archives by id."""


@contextmanager
def open_readers(service: SearchService) -> Iterator[Readers]:
    """The archives that are searched, by id."""
    with ExitStack() as stack:
        readers = {}
        for archive_id, root in service.roots.items():
            readers[archive_id] = ArchiveReader.open(root)
            stack.callback(readers[archive_id].close)
        yield readers


def find_capture(readers: Readers, name: str) -> tuple[ArchiveReader, Capture]:
    """The capture of a hex or short id, and the first archive that has it.

    CaptureNotFound where none has; CaptureRemoved where one had.
    """
    problems: list[CaptureNotFound] = []
    for reader in readers.values():
        try:
            return reader, reader.get_capture(name)
        except CaptureNotFound as problem:
            problems.append(problem)
    for one in problems:
        if isinstance(one, CaptureRemoved) or len(problems) == 1:
            raise one
    folders = ", ".join(str(reader.paths.root) for reader in readers.values())
    raise CaptureNotFound(
        f"no capture {name[:NAME_SHOWN]} in any of {folders}; `evidence list` of each "
        "names those there are"
    )


def write_list(listing: Listing, form: str, output: Path | None) -> None:
    """Write a whole list into a new file, or to standard output; a WARC needs a file.

    UsageProblem for a place inside an archive, ImmutableConflict for one that is taken,
    InvalidQuery before anything is written.
    """
    listing.check()
    if output is None:
        for line in listing.lines(form):
            click.echo(line, nl=False)
        return
    for root in listing.service.roots.values():
        check_target(output, root)
    if form == WARC:
        with open_readers(listing.service) as readers:
            hits = (hit for _, hit in listing.rows())
            write_stream(output, lambda out: write_captures(readers, hits, out))
    else:
        lines = listing.lines(form)
        write_stream(
            output, lambda out: out.writelines(line.encode() for line in lines)
        )
    click.echo(f"{output}: {listing.count} documents")


def write_captures(readers: Readers, hits: Iterable[Hit], out: BinaryIO) -> None:
    """Write the captures of hits with their statements, each from its archive.

    DigestMismatch if one is not what it was.
    """
    for archive_id, capture in captures_of(readers, hits):
        write_warc(readers[archive_id], [capture], out)


def captures_of(readers: Readers, hits: Iterable[Hit]) -> Iterator[tuple[str, Capture]]:
    """The capture each hit is shown by, its page with parts, and what it refers to.

    With the id of its archive; each once. In memory are digests alone, 32 bytes a
    capture.
    """
    given: dict[str, set[bytes]] = {archive_id: set() for archive_id in readers}
    for hit in hits:
        reader, done = readers[hit.archive_id], given[hit.archive_id]
        capture = reader.get_capture(hit.capture_id)
        page = reader.page_of(capture)
        for one in with_parts(reader, [page or capture]):
            digest = bytes.fromhex(one.capture_id)
            if digest not in done:
                done.add(digest)
                yield hit.archive_id, one
