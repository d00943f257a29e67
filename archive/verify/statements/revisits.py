"""Check 6 across captures: what a revisit refers to is there, as it says.

The capture it names stands earlier in the archive, is no revisit itself, and has the
record, address, date and payload that the revisit's header and statement name. One
digest is remembered for each capture with a payload.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from archive.digest import Digest
from archive.verify.reporting.collector import Collector
from archive.verify.statements.entries import CheckedEntry
from archive.warc.revisit import DATE_FIELD, RECORD_FIELD, TARGET_URI_FIELD


class Revisits:
    """Collects captures in the order of the log and compares references with them."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._known: set[bytes] = set()
        self._open: dict[str, tuple[str, str]] = {}
        """By subject: the revisit, and the capture it refers to."""
        self._removed: set[str] = set()

    def note(self, checked: CheckedEntry, *, subject: str) -> None:
        """A `capture` statement: one more to refer to, or one that refers."""
        if not checked.entry.records:
            return  # check 5 says so
        named = name_original(checked)
        if named is None:
            if checked.entry.records[0].header.payload_digest is not None:
                self._known.add(name_capture(checked))
        elif named in self._known:
            self._collector.passed(6)
        else:
            refers_to = checked.statement.predicate["refers_to"]
            revisit = checked.statement.slice.sha256.hex
            self._open[subject] = (revisit, refers_to["capture"])

    def note_tombstone(self, predicate: Mapping[str, Any]) -> None:
        """A `tombstone`: what referred to it has lost its payload, lawfully."""
        self._removed.add(predicate["capture"])

    def without_original(self) -> Iterator[tuple[str, str]]:
        """Revisits whose original is not there, and the id of that one."""
        yield from self._open.values()

    def finish(self) -> None:
        """Name every reference that leads nowhere."""
        gone = 0
        for subject, (_revisit, capture_id) in self._open.items():
            if capture_id in self._removed:
                gone += 1
                continue
            self._collector.failed(
                6,
                "revisit-unfounded",
                subject,
                f"no earlier capture {capture_id} is what this revisit refers to",
            )
        if gone:
            self._collector.notices.append(
                f"{gone} revisits refer to captures that were removed"
            )


def name_capture(checked: CheckedEntry) -> bytes:
    """One digest for all that a revisit may say of this capture."""
    statement, records = checked.statement, checked.entry.records
    header = records[0].header
    return _digest(
        statement.slice.sha256.hex,
        header.record_id,
        header.target_uri,
        header.date,
        str(header.payload_digest),
    )


def name_original(checked: CheckedEntry) -> bytes | None:
    """The same of the capture that a revisit refers to; None for any other capture."""
    refers_to = checked.statement.predicate.get("refers_to")
    if refers_to is None:
        return None
    header = checked.entry.records[0].header
    return _digest(
        refers_to["capture"],
        (header.find(RECORD_FIELD) or "")[1:-1],
        header.find(TARGET_URI_FIELD),
        header.find(DATE_FIELD),
        refers_to["digest"],
    )


def _digest(*parts: str | None) -> bytes:
    return bytes.fromhex(Digest.of("\n".join(map(str, parts)).encode("ascii")).hex)
