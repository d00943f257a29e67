"""Which files of an archive are handed on, and the listing a static server needs.

    evidence-files/v1
    SIZE PATH            a line a file, sorted by path, no path twice
                         an empty line
    ...                  the checkpoint these files belong to, as it was signed

The listing is written beside the evidence as `files.txt`, may be deleted at any time
and proves nothing: what is pulled with its help is verified as a whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.errors import FormatError, LimitExceeded, LogMissing
from archive.files import DISK
from archive.log.checkpoint import parse_checkpoint
from archive.log.fields import parse_decimal, quote
from archive.log.note import parse_note
from archive.log.reader import LogReader
from archive.log.tiles import parse_tile_path
from archive.store.layout import IDENTITY_FILE, LISTING_FILE, ArchivePaths
from archive.verify.looking import walk_entries

HEADER = "evidence-files/v1"
LISTING_LIMIT_BYTES = 64 << 20
"""A million files of 60 bytes a line."""
FILES_LIMIT = 1_000_000
FILE_LIMIT_BYTES = 1 << 40
CHECKPOINT_PATH = "log/checkpoint"

_SEGMENT = re.compile(
    r"segments/[0-9]{4}/[0-9]{2}/[0-9]{8}-[a-z2-7]{8}\.warc\.gz(\.open)?"
)
_ANCHOR = re.compile(
    r"anchors/[1-9][0-9]{0,14}/(checkpoint|[1-9][0-9]?\.(tsr|tsq|chain\.pem|crl))"
)
_TEXT = re.compile(r"texts/[0-9a-f]{64}\.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of one archive at one checkpoint: sizes by path, and its bytes."""

    sizes: dict[str, int]
    note: bytes

    def segments(self) -> list[str]:
        """Paths of segments, by serial."""
        found = [path for path in self.sizes if _SEGMENT.fullmatch(path)]
        return sorted(found, key=lambda path: path.rpartition("/")[2])

    def others(self) -> list[str]:
        """Paths of texts and of time stamps, sorted."""
        return sorted(
            p for p in self.sizes if _TEXT.fullmatch(p) or _ANCHOR.fullmatch(p)
        )


def is_handed_on(path: str) -> bool:
    """Whether a file of that path is part of a copy: evidence, nothing else.

    Spool, quarantine, lock and what is derived stay where they are. A path of another
    form never leads anywhere.
    """
    if path in (IDENTITY_FILE, CHECKPOINT_PATH):
        return True
    if any(form.fullmatch(path) for form in (_SEGMENT, _ANCHOR, _TEXT)):
        return True
    if not path.startswith("log/tile/"):
        return False
    try:
        parse_tile_path(path.removeprefix("log/"))
    except FormatError:
        return False
    return True


def list_files(root: Path) -> Listing:
    """List an archive as it is; the checkpoint is read first, so all of it is there.

    LogMissing where there is no checkpoint. Links and special files are left out.
    """
    note = LogReader(ArchivePaths(root).log).read_checkpoint()
    if note is None:
        raise LogMissing(f"{root} has no checkpoint yet; run `evidence checkpoint`")
    return Listing(sizes=dict(_walk(root)), note=note)


def format_listing(listing: Listing) -> bytes:
    """Write a listing."""
    lines = [f"{size} {path}\n" for path, size in sorted(listing.sizes.items())]
    return f"{HEADER}\n{''.join(lines)}\n".encode() + listing.note


def parse_listing(data: bytes) -> Listing:
    """Read a listing; FormatError for a path or size that is not in its form."""
    if len(data) > LISTING_LIMIT_BYTES:
        raise LimitExceeded(f"a listing of more than {LISTING_LIMIT_BYTES} bytes")
    head, blank_line, note = data.partition(b"\n\n")
    if not blank_line or not head.isascii():
        raise FormatError("a listing is lines, an empty line and a checkpoint")
    header, *lines = head.decode("ascii").split("\n")
    if header != HEADER or len(lines) > FILES_LIMIT:
        raise FormatError(
            f"not a listing of {HEADER}, or more than {FILES_LIMIT} files"
        )
    sizes: dict[str, int] = {}
    last = ""
    for line in lines:
        size, _, path = line.partition(" ")
        if not is_handed_on(path) or path <= last:
            raise FormatError(
                f"a listing names {quote(path)}: no file, or not in order"
            )
        sizes[path] = parse_decimal(size, FormatError)
        if sizes[path] > FILE_LIMIT_BYTES:
            raise LimitExceeded(f"{path} is said to have {size} bytes")
        last = path
    parse_checkpoint(parse_note(note).body)
    return Listing(sizes=sizes, note=note)


def write_listing(root: Path) -> Path:
    """Write the listing of an archive into its folder, for a static server."""
    path = root / LISTING_FILE
    DISK.replace(path, format_listing(list_files(root)))
    path.chmod(0o644)
    return path


def _walk(root: Path) -> Iterator[tuple[str, int]]:
    for entry in walk_entries(root, lambda _folder, _reason: None):
        path = Path(entry.path).relative_to(root).as_posix()
        if entry.is_file(follow_symlinks=False) and is_handed_on(path):
            yield path, entry.stat(follow_symlinks=False).st_size
