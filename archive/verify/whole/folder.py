"""A whole archive against the caller's trust: the numbered procedure, in one stream.

Takes no lock and never writes. The checkpoint is read first; statements beyond it are
reported as not logged yet. Memory stays flat but for one hash per entry.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from archive.attest.trust.folder import TrustSet
from archive.errors import ArchiveMissing, FormatError, StoreError
from archive.files import DISK
from archive.store.layout import (
    IDENTITY_FILE,
    IDENTITY_LIMIT_BYTES,
    ArchivePaths,
    parse_identity,
)
from archive.store.segments.segment import FoundSegment, list_segments
from archive.store.segments.walk import SegmentChanged
from archive.verify.log.chain import Chain, check_tiles, read_checkpoint
from archive.verify.log.witnesses import (
    WITNESS_STEP,
    LastSeen,
    asked_by,
    check_last_seen,
)
from archive.verify.looking import (
    file_size,
    is_being_written,
    is_listed,
    is_other,
)
from archive.verify.notices.lookalikes import LookAlikes
from archive.verify.notices.overrides import Overrides
from archive.verify.policy import (
    ANCHOR_STEP,
    NO_WISHES,
    REVOCATION_STEP,
    TOKEN_STEPS,
    Wishes,
    headline,
    note_unjudged,
    note_unknown_origin,
    required_steps,
)
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import ARCHIVE_REQUIRED, Bracket, Outcome, Report
from archive.verify.segments.pieces import Ended, Told, with_block
from archive.verify.segments.readers import ReaderEnded, count_readers, reading
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

TRUSTED_STEPS = (3, 4, 8, 10, 21)
"""Checks that need the reader's trust folder."""
WITHOUT_SEGMENTS = frozenset({8, 9, 11, 12, 14, 15})
"""Checks that hold or not, whatever stands in the segments."""

PROGRESS_BYTES = 8 << 20
"""Read between two reports of progress: some tenths of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a verification is: bytes of segments read, and how many there are."""

    done_bytes: int
    all_bytes: int


def verify_archive(
    root: Path,
    *,
    trust: TrustSet | None,
    progress: Callable[[Progress], None] = lambda _progress: None,
    last_seen: LastSeen | None = None,
    wishes: Wishes = NO_WISHES,
) -> Report:
    """Check everything in the archive at `root`; damage never raises, it is reported.

    ArchiveMissing is for the caller: `read_identity` says so before.
    """
    return _Verification(root, trust, progress, last_seen, wishes).run()


class _Verification:
    """One run over one archive."""

    def __init__(
        self,
        root: Path,
        trust: TrustSet | None,
        progress: Callable[[Progress], None],
        last_seen: LastSeen | None,
        wishes: Wishes,
    ) -> None:
        self._paths = ArchivePaths(root)
        self._wishes = wishes
        self._last_seen = last_seen
        self._trust = trust
        self._progress = progress
        self._collector = Collector()
        self._files = FolderFiles(self._collector, self._paths)
        self._jobs = Jobs(self._collector)
        self._removals = Removals(self._collector)
        self._revisits = Revisits(self._collector)
        self._cosigns = Cosigns(self._collector)
        self._anchors = Anchors(self._collector, self._paths.anchors)
        self._stamps = Stamps(trust)
        self._brackets = Brackets(self._collector, self._stamps)
        self._history: list[dict[str, object]] = []
        self._overrides = Overrides()
        self._lookalikes = LookAlikes()
        self._is_locked = is_being_written(root)
        self._has_gap = False
        """Part of the segments is not read: the disk does not give it."""
        self._all_bytes = self._done_bytes = self._shown_bytes = 0

    def run(self) -> Report:
        """All checks, in an order that needs one pass over the segments."""
        try:
            toml = self._read_identity()
            identity = parse_identity(toml)
        except (FormatError, StoreError) as error:
            self._collector.raised(21, "identity-altered", IDENTITY_FILE, error)
            return self._report()
        checkpoint = read_checkpoint(
            self._collector,
            self._paths.log,
            origin=identity.origin,
            trust=self._trust,
        )
        self._stamps.read(self._collector, self._paths.anchors)
        chain = Chain(self._collector, self._paths.log, checkpoint)
        if not self._walk_whole(chain, identity.archive_id):
            return self._report()
        if not self._has_gap:
            chain.finish()
        check_last_seen(
            self._collector,
            self._paths.log,
            checkpoint=checkpoint,
            last_seen=self._last_seen,
            trust=self._trust,
        )
        check_tiles(
            self._collector, self._paths.log, checkpoint, is_locked=self._is_locked
        )
        for revisit, original in self._revisits.without_original():
            self._files.text_use.note_revisit(revisit, original)
        self._files.finish()
        self._anchors.finish(
            origin=identity.origin,
            trust=self._trust,
            roots_of=None if self._has_gap else chain.roots_of,
            is_locked=self._is_locked,
        )
        if not self._has_gap:
            self._jobs.finish(is_locked=self._is_locked)
            self._removals.finish()
            self._revisits.finish()
            self._cosigns.finish(chain.statements)
        self._judge_times()
        self._check_trust(toml)
        if self._has_gap:  # what holds of a part says nothing of the whole
            self._collector.abandon(but=WITHOUT_SEGMENTS)
        return self._report()

    def _read_identity(self) -> bytes:
        toml = DISK.read(self._paths.identity, limit_bytes=IDENTITY_LIMIT_BYTES)
        if toml is None:
            raise ArchiveMissing(f"there is no {IDENTITY_FILE}")
        return toml

    def _walk_whole(self, chain: Chain, archive_id: str) -> bool:
        """Whether the segments were read to their end; if not, nothing is concluded."""
        try:
            self._walk(chain, archive_id)
        except ReaderEnded as error:
            self._collector.not_checked(16, "reader-ended", "segments", str(error))
        except SegmentChanged as error:
            self._collector.not_checked(16, "segment-changed", "segments", str(error))
        else:
            return True
        self._collector.abandon()
        return False

    def _note_gap(self) -> None:
        """From here on entries have no known place, and what is missing may be there.

        What can be read is still looked at by itself, and failures in it are named.
        """
        self._has_gap = self._files.is_partial = True

    def _walk(self, chain: Chain, archive_id: str) -> None:
        if not is_listed(self._paths.segments):
            self._note_gap()
        found = [
            segment
            for segment in list_segments(self._paths.segments)
            if not is_other(segment.path)  # a pipe of that name would never end
        ]
        # Now: one that is being written may have another name when it was read.
        sizes = [file_size(segment.path) or 0 for segment in found]
        self._all_bytes = sum(sizes)
        count = count_readers(self._all_bytes) if self._wishes.side_by_side else 0
        paths = [segment.path for segment in found]
        with reading(paths, self._trust, count) as read:
            for serial, segment in enumerate(found):
                if segment.name.serial != serial and not self._has_gap:
                    self._collector.failed(
                        16,
                        "segment-missing",
                        f"segments/{serial:08d}",
                        f"the segment is missing or doubled; found {segment.name}",
                    )
                for item in read(segment.path):
                    if isinstance(item, Ended):
                        self._note_end(item, segment, is_last=segment is found[-1])
                    else:
                        self._take(item, chain, archive_id, segment)
                self._done_bytes += sizes[serial]
                self._show(0)
        # A seal stands in the segment after the one it seals: compare at the end.
        unsealed = self._removals.unsealed_segments() if self._is_locked else set()
        for segment in found:
            self._files.check_segment(
                segment,
                is_last=segment is found[-1],
                is_being_removed=str(segment.name) in unsealed,
            )

    def _show(self, inside_bytes: int) -> None:
        """Tell how far the reading is, now and then."""
        done = self._done_bytes + inside_bytes
        if not inside_bytes or done - self._shown_bytes >= PROGRESS_BYTES:
            self._shown_bytes = done
            self._progress(Progress(done_bytes=done, all_bytes=self._all_bytes))

    def _note_end(self, ended: Ended, segment: FoundSegment, *, is_last: bool) -> None:
        """Checks 1 to 6 and 10 of a piece, and what of its bytes is in no entry."""
        name = f"segments/{segment.name}"
        for step, count in ended.passes.items():
            self._collector.passed(step, count)
        if ended.unreadable is not None:
            self._note_gap()
            self._collector.not_checked(
                16, "segment-unreadable", name, ended.unreadable
            )
        if ended.problem is None:
            return
        if is_last and self._is_locked:
            self._collector.not_checked(
                16,
                "tail-being-written",
                name,
                "somebody writes to it, or may",
            )
            return
        hint = "; run any writing verb to recover" if is_last else ""
        self._collector.failed(
            16,
            "bytes-uncovered",
            name,
            f"from offset {ended.covered_bytes}: {ended.problem}{hint}",
            offset=ended.covered_bytes,
        )

    def _take(
        self, told: Told, chain: Chain, archive_id: str, segment: FoundSegment
    ) -> None:
        """The next entry of the archive: its findings, its place, what it says."""
        entry, checked = told.entry, told.checked
        self._show(entry.end_bytes)
        name = f"segments/{segment.name}"
        number = "an entry" if self._has_gap else f"entry {chain.entries}"
        subject = f"{number} ({name}, offset {entry.slice_offset})"
        for fault in told.faults:
            failed = fault.outcome is Outcome.FAILED
            note = self._collector.failed if failed else self._collector.not_checked
            note(fault.step, fault.code, subject, fault.detail, **fault.parameters)
        if self._has_gap:
            if checked is not None:
                self._note_alone(checked, subject, segment.path)
        elif entry.stub is not None:
            self._removals.note_stub(
                entry, chain.entries, segment=str(segment.name), subject=subject
            )
            chain.follow_stub(entry.stub, subject=subject)
        elif checked is None:
            chain.skip()
        else:
            chain.follow(checked, subject=subject, archive_id=archive_id)
            self._note(checked, subject, segment.path)

    def _note(self, checked: CheckedEntry, subject: str, path: Path) -> None:
        """Remember what a statement says about other things than its own slice."""
        statement = checked.statement
        self._brackets.note(statement, holds=checked.holds, subject=subject)
        predicate = dict(statement.predicate)
        if statement.kind == "seal":
            if predicate["reseal"] is not None:
                self._removals.note_reseal(predicate, subject=subject)
        elif statement.kind in JOB_KINDS and checked.holds:
            self._note_block(checked, subject, path)
        elif statement.kind == "tombstone":
            self._removals.note_tombstone(predicate, checked.leaf_line)
            self._revisits.note_tombstone(predicate)
            self._files.text_use.note_removed(predicate["capture"])
            self._jobs.note_capture(predicate["capture"])
        elif statement.kind == "key" and counts(checked, self._trust):
            self._history.append(predicate)
        elif statement.kind == "capture":
            self._jobs.note_capture(statement.slice.sha256.hex)
            self._revisits.note(checked, subject=subject)
            self._overrides.note(predicate["connection"] or {})
            self._lookalikes.note(predicate["host_alabel"])
        self._note_alone(checked, subject, path)

    def _note_alone(self, checked: CheckedEntry, subject: str, path: Path) -> None:
        """What it says of files, which is true whatever other statements say."""
        statement = checked.statement
        if statement.kind == "seal":
            self._files.note_seal(statement.predicate)
        elif statement.kind == "incident":
            self._files.note_incident(statement.predicate)
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
            self._note_gap()
            self._collector.not_checked(16, "segment-unreadable", subject, str(error))
            return
        if checked.statement.kind == "extract":
            self._files.note_extract(record, subject=subject)
        else:
            self._jobs.note(checked.statement, record, subject=subject)

    def _judge_times(self) -> None:
        """Checks 11 to 13, and of 20 whether everything is stamped by now."""
        if not self._stamps.is_judged:
            steps = TOKEN_STEPS | {REVOCATION_STEP, ANCHOR_STEP}
            note_unjudged(self._collector, self._trust, steps=steps)
            return
        self._stamps.check_quorum(self._collector, leaf=0)
        self._stamps.check_revocations(self._collector)
        if not self._has_gap:
            self._brackets.finish(self._wishes.now)

    def _check_trust(self, toml: bytes) -> None:
        if self._trust is not None and self._has_gap:
            return
        if self._trust is not None:
            check_key_history(
                self._collector, self._history, trust=self._trust, archive_toml=toml
            )
            return
        note_unknown_origin(self._collector, TRUSTED_STEPS)

    def _report(self) -> Report:
        self._collector.notices.extend(self._overrides.notices())
        self._collector.notices.extend(self._lookalikes.notices())
        bracket = Bracket(not_before=None, existed_by=self._stamps.newest)
        required = required_steps(
            ARCHIVE_REQUIRED,
            self._trust,
            asked=asked_by(self._last_seen),
            wishes=self._wishes,
        )
        report = self._collector.report(
            str(self._paths.root),
            required=required,
            headline=headline(
                self._collector.counted(WITNESS_STEP), self._trust, bracket
            ),
        )
        return replace(report, bracket=bracket)
