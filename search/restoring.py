"""Kept texts made again, where they were lost: from the recorded bytes.

The index shows its own copy of a text; quotations and signed statements ask for the
file. A text is its digest, so one that today's extractors make otherwise stays lost.

Whether they are there is told by one of them, so a run costs no look at every file; a
single lost one is named by `evidence verify` and made again by `evidence rebuild`.
"""

from dataclasses import dataclass
from pathlib import Path

from archive.digest import Digest
from archive.files import DISK
from archive.store.layout import ArchivePaths
from archive.store.reader import ArchiveReader
from archive.store.texts import text_path
from search.captures import CaptureRows
from search.intake import Intake

_AT_HAND = "text_at_hand"
"""Progress value: digest of the text that tells for all, or one of the next two."""
_LOST, _NONE = "lost", "none"
"""Being made again, also after a run that ended in between; not one is at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """Texts that the rows name and that were not at hand."""

    again: int = 0
    """Made again, with the digest they had."""
    lost: int = 0
    """Not to be had from their captures any more; `evidence verify` names them."""


def texts_are_gone(root: Path, rows: CaptureRows) -> bool:
    """Whether the text that tells for all is gone; makes the folder, if that is."""
    folder = ArchivePaths(root).texts
    if not folder.exists():
        DISK.make_folder(folder)
    known = rows.get_progress(_AT_HAND) or rows.first_text() or _NONE
    if known in (_LOST, _NONE):
        return known == _LOST
    return not text_path(root, Digest(known)).exists()


def restore_texts(reader: ArchiveReader, rows: CaptureRows, intake: Intake) -> Restored:
    """Extract the captures whose texts are not at hand, each text once."""
    rows.set_progress(_AT_HAND, _LOST)
    present = set(DISK.list_names(reader.paths.texts))
    wanted: dict[str, str] = {}
    at_hand = _NONE
    for row in rows.every_capture():
        digest = row.text_digest
        if digest is None:
            continue
        if f"{digest}.gz" in present:
            at_hand = digest
        else:
            wanted.setdefault(digest, row.capture_id)
    digests = {capture_id: digest for digest, capture_id in wanted.items()}
    gone = (one for one in reader.captures(0) if one.capture_id in digests)
    again = 0
    for capture, kept in intake.extract_again(gone):
        if kept.digest == digests[capture.capture_id]:
            again += 1
            at_hand = kept.digest
    intake.settle()
    rows.set_progress(_AT_HAND, at_hand)
    return Restored(again=again, lost=len(digests) - again)
