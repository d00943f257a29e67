"""What statements say of other things than their own slice: noted, then compared.

They come in the order of the archive, and most of what they say can be judged only
when all have come: that a job settled every seed, that a stub has its tombstone.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from archive.attest.trust.folder import TrustSet
from archive.errors import FormatError, StoreError
from archive.store.layout import ArchivePaths
from archive.verify.log.chain import Chain
from archive.verify.notices.lookalikes import LookAlikes
from archive.verify.notices.overrides import Overrides
from archive.verify.policy import (
    ANCHOR_STEP,
    REVOCATION_STEP,
    TOKEN_STEPS,
    note_unjudged,
)
from archive.verify.reporting.collector import Collector
from archive.verify.segments.pieces import with_block
from archive.verify.statements.cosigns import Cosigns
from archive.verify.statements.entries import CheckedEntry
from archive.verify.statements.revisits import Revisits
from archive.verify.times.anchors import Anchors
from archive.verify.times.bracket import Brackets
from archive.verify.times.stamps import Stamps
from archive.verify.whole.files import FolderFiles
from archive.verify.whole.jobs import JOB_KINDS, Jobs
from archive.verify.whole.keys import check_key_history, counts
from archive.verify.whole.removals import Removals


class Stated:
    """Takes in the statements of an archive one by one, then judges what they say."""

    def __init__(
        self, collector: Collector, paths: ArchivePaths, trust: TrustSet | None
    ) -> None:
        self._collector = collector
        self._trust = trust
        self.files = FolderFiles(collector, paths)
        self.removals = Removals(collector)
        self.stamps = Stamps(trust)
        self.has_gap = False
        """Part of the segments is not read: the disk does not give it."""
        self._jobs = Jobs(collector)
        self._revisits = Revisits(collector)
        self._cosigns = Cosigns(collector)
        self._anchors = Anchors(collector, paths.anchors)
        self._brackets = Brackets(collector, self.stamps)
        self._history: list[dict[str, object]] = []
        self._overrides = Overrides()
        self._lookalikes = LookAlikes()

    def note_gap(self) -> None:
        """From here on entries have no known place, and what is missing may be there.

        What can be read is still looked at by itself, and failures in it are named.
        """
        self.has_gap = self.files.is_partial = True

    def note(self, checked: CheckedEntry, subject: str, path: Path) -> None:
        """The next statement, whose place in the archive is known."""
        statement = checked.statement
        self._brackets.note(statement, holds=checked.holds, subject=subject)
        predicate = dict(statement.predicate)
        if statement.kind == "seal":
            if predicate["reseal"] is not None:
                self.removals.note_reseal(predicate, subject=subject)
        elif statement.kind in JOB_KINDS and checked.holds:
            self._note_block(checked, subject, path)
        elif statement.kind == "tombstone":
            self.removals.note_tombstone(predicate, checked.leaf_line)
            self._revisits.note_tombstone(predicate)
            self.files.text_use.note_removed(predicate["capture"])
            self._jobs.note_capture(predicate["capture"])
        elif statement.kind == "key" and counts(checked, self._trust):
            self._history.append(predicate)
        elif statement.kind == "capture":
            self._jobs.note_capture(statement.slice.sha256.hex)
            self._revisits.note(checked, subject=subject)
            self._overrides.note(predicate["connection"] or {})
            self._lookalikes.note(predicate["host_alabel"])
        self.note_alone(checked, subject, path)

    def note_alone(self, checked: CheckedEntry, subject: str, path: Path) -> None:
        """What one says of files, which is true whatever other statements say."""
        statement = checked.statement
        if statement.kind == "seal":
            self.files.note_seal(statement.predicate)
        elif statement.kind == "incident":
            self.files.note_incident(statement.predicate)
        elif statement.kind == "anchor":
            self._anchors.note(statement.predicate)
        elif statement.kind == "extract" and checked.holds:
            self._note_block(checked, subject, path)
        elif statement.kind == "cosign":
            self._cosigns.note(statement.predicate, subject=subject)

    def _note_block(self, checked: CheckedEntry, subject: str, path: Path) -> None:
        """What stands in the record of a job or of an extraction."""
        try:
            record = with_block(path, checked.entry.records[0])
        except (StoreError, FormatError, OSError) as error:
            self.note_gap()
            self._collector.not_checked(16, "segment-unreadable", subject, str(error))
            return
        if checked.statement.kind == "extract":
            self.files.note_extract(record, subject=subject)
        else:
            self._jobs.note(checked.statement, record, subject=subject)

    def finish(self, chain: Chain, *, origin: str, is_locked: bool) -> None:
        """Checks 6 and 17 to 20: compare what was stated with files and each other."""
        for revisit, original in self._revisits.without_original():
            self.files.text_use.note_revisit(revisit, original)
        self.files.finish()
        self._anchors.finish(
            origin=origin,
            trust=self._trust,
            roots_of=None if self.has_gap else chain.roots_of,
            is_locked=is_locked,
        )
        if self.has_gap:
            return
        self._jobs.finish(is_locked=is_locked)
        self.removals.finish()
        self._revisits.finish()
        self._cosigns.finish(chain.statements)

    def judge_times(self, now: datetime | None) -> None:
        """Checks 11 to 13, and of 20 whether everything is stamped by now."""
        if not self.stamps.is_judged:
            steps = TOKEN_STEPS | {REVOCATION_STEP, ANCHOR_STEP}
            note_unjudged(self._collector, self._trust, steps=steps)
            return
        self.stamps.check_quorum(self._collector, leaf=0)
        self.stamps.check_revocations(self._collector)
        if not self.has_gap:
            self._brackets.finish(now)

    def check_keys(self, trust: TrustSet, archive_toml: bytes) -> None:
        """Check 21; which key statements there are, a part does not tell."""
        if not self.has_gap:
            check_key_history(
                self._collector, self._history, trust=trust, archive_toml=archive_toml
            )

    def notices(self) -> Iterator[str]:
        """What is told of captures without a verdict."""
        yield from self._overrides.notices()
        yield from self._lookalikes.notices()
