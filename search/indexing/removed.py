"""What was removed since an index was made, and is in it still: the index is made anew.

Only a new index holds none of the words of a removed capture anywhere. Until there is
one, readers are told as if the removed were not there.
"""

from dataclasses import dataclass

from archive.digest import Digest
from archive.files import Files
from archive.store.reading.reader import ArchiveReader
from archive.store.texts import text_path
from search.rows.captures import CaptureRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What readers are not told of."""

    captures: frozenset[str] = frozenset()
    """Hex ids of captures in the index that are gone, or whose payload is."""
    orders: tuple[int, ...] = ()
    """Documents first captured by one of them: time, title and source that the index
    knows of such a document are those of what is gone."""


def find_removed(reader: ArchiveReader, rows: CaptureRows) -> Removed:
    """What the rows hold of the captures that have a tombstone, and of their revisits.

    As far as the reader has followed the log.
    """
    gone = {stone.capture_id for stone in reader.tombstones()}
    gone |= {again.capture_id for id_ in gone for again in reader.find_referring(id_)}
    held = [row for id_ in gone if (row := rows.find_capture(id_)) is not None]
    return Removed(
        captures=frozenset(row.capture_id for row in held),
        orders=rows.first_captured_at([row.leaf for row in held]),
    )


def holds_removed(reader: ArchiveReader, rows: CaptureRows) -> bool:
    """Whether something that has a tombstone is in the index.

    Its text goes if it still waited to be signed; signed ones went with the removal.
    """
    reader.catch_up()
    removed = {stone.capture_id for stone in reader.tombstones()}
    found = [row for id_ in removed if (row := rows.find_capture(id_)) is not None]
    for digest in {row.text_digest for row in found if row.text_digest}:
        users = rows.with_text(digest)
        if all(_is_gone(reader, row.capture_id, removed) for row in users):
            Files().remove(text_path(reader.paths.root, Digest(digest)))
    return bool(found)


def _is_gone(reader: ArchiveReader, capture_id: str, removed: set[str]) -> bool:
    """Whether a capture has no payload any more."""
    if capture_id in removed:
        return True
    found = reader.find_all(capture_id)
    return bool(found) and found[0].refers_to in removed
