"""Take in a WARC or WACZ that others made: `import` statements, never captures.

The file is read twice: first every record is checked and nothing is written, then one
statement is made for each exchange or loose record. A file of which a part is here
already (an import that was killed) is gone on with: its slices are the same again.
What is stated is that the file was received, not where anybody fetched it.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from archive.attest.values.forms import FILE_NAME_LIMIT
from archive.digest import Digest
from archive.errors import (
    DigestMismatch,
    FormatError,
    StoreError,
    UsageProblem,
    VerificationError,
)
from archive.files import open_regular
from archive.instant import format_instant
from archive.store.drafts import Draft, new_slice_file
from archive.store.ledger import Committed
from archive.store.reading.reader import ArchiveReader
from archive.store.writing.writer import ArchiveWriter
from archive.warc.carried import ForeignFile, build_carried_slice, group_records
from archive.warc.foreign import ForeignRecord, read_foreign
from archive.warc.foreignblock import DIFFERS
from archive.warc.member import GZIP_MAGIC
from archive.zipped import ZIP_LIMIT_BYTES, is_zip, open_zip

ARCHIVE_FOLDER = "archive/"
"""Where a WACZ keeps its WARC files."""
WARC_ENDS = (".warc", ".warc.gz")
AT_ONCE = 16
"""Statements waiting for the disk: one group of the writer, and the next."""
Opening = Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file of others, all of whose records were read and are whole."""

    name: str
    digest: Digest
    length_bytes: int
    records: int
    payloads_differing: int
    """Records whose payload is not the one their header names: programs differ."""
    blocks: tuple[bytes, ...]
    """SHA-256 of each block in the order of the file: it must stay as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of it."""

    stated: int
    """Slices stated now."""
    present: int
    """Slices that were here before."""


def examine(path: Path, folder: Path) -> ReceivedFile:
    """Read the whole file and write nothing but temporary files in `folder`.

    UsageProblem for a file that is none; FormatError or DigestMismatch for a record
    that is not whole or not the one its header names.
    """
    name = path.name
    if not name or len(name) > FILE_NAME_LIMIT or not name.isprintable():
        raise UsageProblem(f"{path} has a name that cannot be stated; rename it")
    blocks: list[bytes] = []
    differing = 0
    with _opened(path) as (digest, length, parts):
        for member, opening, size in parts:
            with closing(_read(opening, size, folder, _where(path, member))) as found:
                for record in found:
                    blocks.append(record.block_digest.raw)
                    differing += record.payload_verdict == DIFFERS
                    record.close()
    return ReceivedFile(
        name=name,
        digest=digest,
        length_bytes=length,
        records=len(blocks),
        payloads_differing=differing,
        blocks=tuple(blocks),
    )


def import_file(
    path: Path,
    received: ReceivedFile,
    *,
    writer: ArchiveWriter,
    reader: ArchiveReader,
    at: datetime,
) -> Imported:
    """State every record of a file that was examined.

    StoreError if it is another file by now; what was stated stays true.
    """
    with _opened(path) as (digest, _length, parts):
        if digest != received.digest:
            raise _changed(path)
        run = _Run(writer=writer, reader=reader, received=received, at=at)
        with closing(run):
            for member, opening, size in parts:
                file = ForeignFile(digest=digest, member=member)
                where = _where(path, member)
                read = _read(opening, size, writer.spool_folder, where)
                with closing(read) as records:
                    for group in group_records(run.compare(records, path)):
                        run.state(group, file)
            return run.finish()


class _Run:
    """States group after group, some ahead of the disk."""

    def __init__(
        self,
        *,
        writer: ArchiveWriter,
        reader: ArchiveReader,
        received: ReceivedFile,
        at: datetime,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._blocks = iter(received.blocks)
        self._waiting: deque[tuple[Future[Committed], BinaryIO]] = deque()
        self._open: deque[ForeignRecord] = deque()
        """Records that were read and are in no slice yet."""
        self._stated = self._present = 0
        self._predicate: dict[str, object] = {
            "file": {
                "length_bytes": received.length_bytes,
                "name": received.name,
                "sha256": received.digest.hex,
            },
            "received_at": format_instant(at),
        }

    def compare(
        self, records: Iterator[ForeignRecord], path: Path
    ) -> Iterator[ForeignRecord]:
        """The records, each the one that was examined."""
        for record in records:
            if record.block_digest.raw != next(self._blocks, None):
                record.close()
                raise _changed(path)
            self._open.append(record)
            yield record

    def state(self, group: tuple[ForeignRecord, ...], file: ForeignFile) -> None:
        """State one group, unless its slice is here already."""
        with ExitStack() as failed:
            out = failed.enter_context(new_slice_file(self._writer.spool_folder))
            try:
                facts = build_carried_slice(group, out, file=file)
            finally:
                for _record in group:
                    self._open.popleft().close()
            if self._reader.find_all(facts.capture_id):
                self._present += 1
                return
            draft = Draft(
                kind="import", slice=out, facts=facts, predicate=self._predicate
            )
            self._waiting.append((self._writer.state(draft), out))
            failed.pop_all()
        if len(self._waiting) > AT_ONCE:
            self._settle()

    def finish(self) -> Imported:
        """Wait for the disk."""
        while self._waiting:
            self._settle()
        return Imported(stated=self._stated, present=self._present)

    def close(self) -> None:
        """Give back what an error left: temporary files of blocks and slices."""
        while self._open:
            self._open.popleft().close()
        while self._waiting:
            future, out = self._waiting.popleft()
            wait([future])  # the writer reads from it until then
            out.close()

    def _settle(self) -> None:
        future, out = self._waiting.popleft()
        with out:
            future.result()
        self._stated += 1


@contextmanager
def _opened(
    path: Path,
) -> Iterator[tuple[Digest, int, list[tuple[str | None, Opening, int]]]]:
    """Digest and length of a file, and the WARC files in it: name, opening, size."""
    if not path.is_file():
        raise UsageProblem(f"{path} is no file; name a WARC or a WACZ")
    with open_regular(path) as stream:
        magic = stream.read(4)
        stream.seek(0)
        digest = Digest.of_stream(stream)
        length = stream.tell()
    if not is_zip(path):
        if not magic.startswith((GZIP_MAGIC, b"WARC")):
            raise FormatError(f"{path} is neither a WARC nor a WACZ")
        yield digest, length, [(None, partial(_open_file, path), length)]
        return
    with open_zip(path, limit_bytes=ZIP_LIMIT_BYTES) as files:
        names = [
            name
            for name in files.names
            if name.startswith(ARCHIVE_FOLDER) and name.endswith(WARC_ENDS)
        ]
        if not names:
            raise FormatError(f"{path} is a zip without a WARC below {ARCHIVE_FOLDER}")
        yield (
            digest,
            length,
            [(name, partial(files.open, name), files.size(name)) for name in names],
        )


def _open_file(path: Path) -> BinaryIO:
    return open_regular(path)


def _read(
    opening: Opening, size: int, folder: Path, where: str
) -> Generator[ForeignRecord, None, None]:
    """The records of one WARC file; errors name it."""
    with opening() as stream:
        try:
            yield from read_foreign(stream, length_bytes=size, folder=folder)
        except FormatError as error:
            raise FormatError(f"{where}: {error}") from error
        except VerificationError as error:
            raise DigestMismatch(f"{where}: {error}") from error


def _where(path: Path, member: str | None) -> str:
    return str(path) if member is None else f"{path}, {member}"


def _changed(path: Path) -> StoreError:
    return StoreError(
        f"{path} changed while it was read; import it again when nobody writes to it"
    )
