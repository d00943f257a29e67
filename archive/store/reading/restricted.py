"""Restricted: the sources whose captures are kept but not published, by job records.

What a source is stands in the signed record of each of its jobs. Its newest job that
says so decides; one whose record cannot be read restricts it, until it can be read.
"""

import threading
from collections.abc import Mapping
from typing import Any

from archive.errors import EvidenceError
from archive.store.catalog.jobrows import JobPlaces
from archive.store.reading.reader import ArchiveReader

EVERY_JOB = -1
"""Limit of a query that has none."""


class RestrictedSources:
    """Follows one archive; safe to use from several threads."""

    def __init__(self, reader: ArchiveReader) -> None:
        """Nothing is read before `ids` is asked for."""
        self._reader = reader
        self._lock = threading.Lock()
        self._next_leaf = -1
        self._seen: dict[str, int] = {}
        self._ids: frozenset[str] = frozenset()

    def ids(self) -> frozenset[str]:
        """Source ids that are not published, as of the entries the catalog has now."""
        with self._lock:
            next_leaf = self._reader.next_leaf
            if next_leaf != self._next_leaf:
                self._follow()
                self._next_leaf = next_leaf
            return self._ids

    def _follow(self) -> None:
        """Look at the new jobs of each source that has some."""
        for source_id, leaf in self._reader.history().newest_jobs().items():
            before = self._seen.get(source_id, -1)
            if before == leaf:
                continue
            try:
                is_restricted = self._newest_word(source_id, before)
            except (EvidenceError, OSError):
                self._ids |= {source_id}  # and looked at again with the next entry
                continue
            if is_restricted is not None:
                rest = self._ids - {source_id}
                self._ids = rest | {source_id} if is_restricted else rest
            self._seen[source_id] = leaf

    def _newest_word(self, source_id: str, before: int) -> bool | None:
        """What the newest job behind an entry says that says anything; None: none."""
        for limit in (1, EVERY_JOB):
            for job in self._reader.jobs.newest(source_id, limit):
                if job.leaf <= before:
                    return None
                word = self._word_of(job)
                if word is not None:
                    return word
        return None

    def _word_of(self, job: JobPlaces) -> bool | None:
        return says_restricted(self._reader.jobs.read_opening(job.opening).source)


def says_restricted(description: Mapping[str, Any]) -> bool | None:
    """Whether a source's description restricts it; None where it does not say.

    What cannot be understood restricts.
    """
    if "sensitivity" not in description:
        return None
    sensitivity = description["sensitivity"]
    return not (
        isinstance(sensitivity, dict) and sensitivity.get("restricted", False) is False
    )
