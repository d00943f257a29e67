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
from archive.verify.policy import (
    NO_WISHES,
    Wishes,
    headline,
    note_unknown_origin,
    required_steps,
)
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import ARCHIVE_REQUIRED, Bracket, Outcome, Report
from archive.verify.segments.pieces import Ended, Told
from archive.verify.segments.readers import ReaderEnded, count_readers, reading
from archive.verify.whole.stated import Stated

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
        self._stated = Stated(self._collector, self._paths, trust)
        self._is_locked = is_being_written(root)
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
        self._stated.stamps.read(self._collector, self._paths.anchors)
        chain = Chain(self._collector, self._paths.log, checkpoint)
        if not self._walk_whole(chain, identity.archive_id):
            return self._report()
        if not self._stated.has_gap:
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
        self._stated.finish(chain, origin=identity.origin, is_locked=self._is_locked)
        self._stated.judge_times(self._wishes.now)
        self._check_trust(toml)
        if self._stated.has_gap:  # what holds of a part says nothing of the whole
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

    def _walk(self, chain: Chain, archive_id: str) -> None:
        if not is_listed(self._paths.segments):
            self._stated.note_gap()
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
                if segment.name.serial != serial and not self._stated.has_gap:
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
        unsealed = (
            self._stated.removals.unsealed_segments() if self._is_locked else set()
        )
        for segment in found:
            self._stated.files.check_segment(
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
            self._stated.note_gap()
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
        number = "an entry" if self._stated.has_gap else f"entry {chain.entries}"
        subject = f"{number} ({name}, offset {entry.slice_offset})"
        for fault in told.faults:
            failed = fault.outcome is Outcome.FAILED
            note = self._collector.failed if failed else self._collector.not_checked
            note(fault.step, fault.code, subject, fault.detail, **fault.parameters)
        if self._stated.has_gap:
            if checked is not None:
                self._stated.note_alone(checked, subject, segment.path)
        elif entry.stub is not None:
            self._stated.removals.note_stub(
                entry, chain.entries, segment=str(segment.name), subject=subject
            )
            chain.follow_stub(entry.stub, subject=subject)
        elif checked is None:
            chain.skip()
        else:
            chain.follow(checked, subject=subject, archive_id=archive_id)
            self._stated.note(checked, subject, segment.path)

    def _check_trust(self, toml: bytes) -> None:
        if self._trust is not None:
            self._stated.check_keys(self._trust, toml)
            return
        note_unknown_origin(self._collector, TRUSTED_STEPS)

    def _report(self) -> Report:
        self._collector.notices.extend(self._stated.notices())
        bracket = Bracket(not_before=None, existed_by=self._stated.stamps.newest)
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
