"""Whether an index holds what was removed since: then it is made anew.

Only a new index holds none of the words of a removed capture anywhere.
"""

from archive.digest import Digest
from archive.files import Files
from archive.store.reader import ArchiveReader
from archive.store.texts import text_path
from search.captures import CaptureRows


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
