"""Which kept texts are only of captures that were removed, so that they go, too."""

from collections.abc import Iterable
from pathlib import Path

from archive.attest.records.extract import (
    EXTRACT_LIMIT_BYTES,
    ExtractLine,
    parse_extract,
)
from archive.errors import FormatError, VerificationError
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.warc.record import RecordHeader


class TextUse:
    """Collects which captures each text is of, and which of them are gone.

    A revisit has no payload of its own: it is gone with the capture it refers to.
    """

    def __init__(self) -> None:
        self._users: dict[bytes, list[bytes]] = {}
        self._gone: set[bytes] = set()
        self._originals: dict[bytes, bytes] = {}

    def note_lines(self, lines: Iterable[ExtractLine]) -> None:
        """Take in the lines of an `extract` statement."""
        for line in lines:
            users = self._users.setdefault(line.text.raw, [])
            users.append(bytes.fromhex(line.capture))

    def note_removed(self, capture_id: str) -> None:
        """Take in a capture with a tombstone."""
        self._gone.add(bytes.fromhex(capture_id))

    def note_revisit(self, capture_id: str, original: str) -> None:
        """Take in a capture whose payload is another's."""
        self._originals[bytes.fromhex(capture_id)] = bytes.fromhex(original)

    def is_gone(self, text_hex: str) -> bool:
        """Whether all captures of a text are gone; False if none is known."""
        users = self._users.get(bytes.fromhex(text_hex), ())
        return bool(users) and all(self._is_gone(user) for user in users)

    def gone_texts(self) -> list[str]:
        """Hex digests of all texts that are only of captures that are gone."""
        return [text.hex() for text in self._users if self.is_gone(text.hex())]

    def _is_gone(self, capture: bytes) -> bool:
        return capture in self._gone or self._originals.get(capture) in self._gone


def read_text_use(segments: Path) -> TextUse:
    """Read all segments of an archive; an entry that does not hold says nothing."""
    use = TextUse()
    for found in list_segments(segments):
        for entry in SegmentWalk(found.path, keep=_keep):
            try:
                if entry.envelope is None:
                    continue
                statement = read_statement(entry)
                if statement.kind == "extract":
                    use.note_lines(parse_extract(entry.records[0].kept))
            except (FormatError, VerificationError):
                continue
            predicate = statement.predicate
            if statement.kind == "tombstone":
                use.note_removed(predicate["capture"])
            elif statement.kind == "capture" and predicate["refers_to"] is not None:
                original = predicate["refers_to"]["capture"]
                use.note_revisit(statement.slice.sha256.hex, original)
    return use


def _keep(header: RecordHeader) -> int:
    uri = header.target_uri or ""
    return EXTRACT_LIMIT_BYTES if uri.startswith("urn:evidence:extract:") else 0
