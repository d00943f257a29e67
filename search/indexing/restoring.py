"""Kept texts made again, where they were lost: from the recorded bytes.

The index shows its own copy of a text; quotations and signed statements ask for the
file. A text is its digest, so one that today's extractors make otherwise stays lost.

Whether they are there is told by one of them, so a run costs no look at every file; a
single lost one is named by `evidence verify` and made again by `evidence rebuild`, if
it is made as it was.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.capture import Capture
from archive.digest import Digest
from archive.files import DISK
from archive.store.layout import ArchivePaths
from archive.store.reading.reader import ArchiveReader
from archive.store.texts import text_path
from search.indexing.intake import Intake
from search.rows.captures import CaptureRows

TRIES_MAX = 3
"""Captures with bytes of their own that one text is looked for in: one of them may be
damaged, and what three give otherwise is made otherwise today."""
_AT_HAND = "text_at_hand"
"""Progress value: digest of the text that tells for all, or one of the next two."""
_LOST, _NONE = "lost", "none"
"""Being made again, also after a run that ended in between; not one was at hand."""
_SOUGHT_TO = "texts_sought_to"
"""Progress value: entry before which no text was at hand; one behind it tells."""
_UNREAD = "texts_lost_unread"
"""Progress value: "yes" if texts stay lost of which no picture was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """Texts that the rows name and that were not at hand."""

    again: int = 0
    """Made again, with the digest they had."""
    lost: int = 0
    """Not to be had from their captures any more; `evidence verify` names them."""


def texts_are_gone(root: Path, rows: CaptureRows, *, ocr: bool) -> bool:
    """Whether the text that tells for all is gone; makes the folder, if that is.

    `ocr`: this run reads pictures; it tries again what one that did not has given up.
    """
    folder = ArchivePaths(root).texts
    if not folder.exists():
        DISK.make_folder(folder)
    if ocr and rows.get_progress(_UNREAD) == "yes":
        return True
    known = rows.get_progress(_AT_HAND)
    if known == _LOST:
        return True
    if known in (None, _NONE):
        known = rows.first_text(int(rows.get_progress(_SOUGHT_TO) or 0))
    return known is not None and not text_path(root, Digest(known)).exists()


def restore_texts(
    reader: ArchiveReader, rows: CaptureRows, intake: Intake, *, ocr: bool
) -> Restored:
    """Make the texts that are not at hand again, each from the first capture it can."""
    rows.set_progress(_AT_HAND, _LOST)
    present = set(DISK.list_names(reader.paths.texts))
    tried: dict[str, set[str]] = {}
    at_hand = _NONE
    for row in rows.every_capture():
        digest = row.text_digest
        if digest is None:
            continue
        if f"{digest}.gz" in present:
            at_hand = digest
        else:
            tried.setdefault(digest, set())
    wanted = len(tried)
    for _ in range(TRIES_MAX):
        for digest, is_again in intake.make_again(_untried(reader, rows, tried)):
            if is_again:
                del tried[digest]
                at_hand = digest
    intake.settle()
    with rows.transaction():
        rows.set_progress(_AT_HAND, at_hand)
        rows.set_progress(_SOUGHT_TO, rows.get_progress("next_leaf") or "0")
        rows.set_progress(_UNREAD, "yes" if tried and not ocr else "no")
    return Restored(again=wanted - len(tried), lost=len(tried))


def _untried(
    reader: ArchiveReader, rows: CaptureRows, tried: Mapping[str, set[str]]
) -> Iterator[tuple[Capture, str]]:
    """For each text the first capture whose bytes were not tried; notes that they are.

    A revisit has no bytes of its own: with its original it counts as one.
    """
    if not tried:
        return
    asked: set[str] = set()
    for capture in reader.captures(0):
        row = rows.find_capture(capture.capture_id)
        digest = None if row is None else row.text_digest
        if digest is None or digest in asked or digest not in tried:
            continue
        original = capture.refers_to or capture.capture_id
        if original not in tried[digest]:
            asked.add(digest)
            tried[digest].add(original)
            yield capture, digest
