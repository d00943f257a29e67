"""Zones: the time zone of each source, as its signed job records state it.

All times are UTC; beside them stands what the clocks showed where a source lives.
"""

import threading
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archive.errors import EvidenceError
from web.services import ArchiveSource


class Zones:
    """Remembers zones for the life of a server; from any thread."""

    def __init__(self) -> None:
        """Nothing is read before a page asks."""
        self._found: dict[str, tuple[int, ZoneInfo | None]] = {}
        self._lock = threading.Lock()

    def find(self, archive: ArchiveSource, source_id: str | None) -> ZoneInfo | None:
        """The zone of a source; None without one, or before its first job ended.

        One that was found is kept; one that was not is looked for when entries came.
        """
        if source_id is None:
            return None
        with self._lock:
            size, zone = self._found.get(source_id, (-1, None))
        if zone is not None:
            return zone
        now = archive.next_leaf
        if size != now:
            zone = _read(archive, source_id)
            with self._lock:
                self._found[source_id] = (now, zone)
        return zone


def _read(archive: ArchiveSource, source_id: str) -> ZoneInfo | None:
    try:
        found = archive.jobs.last(source_id)
    except EvidenceError:  # damaged; the check of the archive says how
        return None
    name = found[0].source.get("timezone") if found else None
    if not isinstance(name, str):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
