"""Pull another archive: build the new copy beside the old one, verify it, swap.

Nothing is taken over before the whole copy has passed the numbered procedure against
the reader's own trust and against the head this mirror verified last. What is there is
linked, not read again over the network; if the copy turns out damaged, it is built
again from the other copy's files, and that is verified in the same way: a wrong repair
would not pass. A crash leaves the old copy or the new one, never a mixture.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from archive.attest.keys.signing import verify_ed25519
from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import (
    EvidenceError,
    InconsistentCheckpoint,
    StoreError,
    VerificationError,
)
from archive.files import DISK, sync_folder
from archive.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from archive.log.log import TiledLog
from archive.log.merkle import leaf_hash, root_from_hashes
from archive.log.note import parse_note
from archive.log.reader import LogReader
from archive.mirror.leaves import read_leaves
from archive.mirror.listing import CHECKPOINT_PATH, Listing, write_listing
from archive.mirror.memory import Memory, demand_growth, forked, link_or_copy
from archive.mirror.source import Source, read_small, write_from
from archive.store.layout import (
    DERIVED_NAMES,
    FOLDERS,
    IDENTITY_FILE,
    IDENTITY_LIMIT_BYTES,
    LISTING_FILE,
    ArchivePaths,
    hold_lock,
    parse_identity,
)
from archive.store.segments.segment import OPEN_SUFFIX, list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.store.space import Reserve
from archive.verify.log.witnesses import LastSeen
from archive.verify.reporting.report import Outcome, Report
from archive.verify.whole.folder import Progress, verify_archive

POLICY_STEPS = frozenset({9, 11, 12, 13, 20})
"""What may still come: a copy is kept while its cosignatures are pending."""
OWN_FOLDERS = ("spool", "quarantine")
"""Of the copy that is there: nobody hands these on, so they stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """Which copy is brought up to date, from where, and who is believed."""

    target: Path
    source: Source
    trust: TrustSet
    progress: Callable[[Progress], None] = field(default=lambda _progress: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What came of it; `report` is that of the new copy."""

    old_size: int
    new_size: int
    report: Report
    repaired: tuple[str, ...] = ()
    """Paths of ours that were not what was verified, and are now."""
    kept: tuple[Path, ...] = ()
    """Where files lie that their operator replaced or took away."""


class NotTaken(VerificationError):
    """The other copy does not verify; nothing was changed."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


def read_origin(source: Source, listing: Listing) -> str:
    """Which log the other copy says it is of: to find what the reader believes."""
    toml = read_small(source, IDENTITY_FILE, listing, IDENTITY_LIMIT_BYTES)
    return parse_identity(toml).origin


def pull(request: PullRequest, listing: Listing) -> Pulled:
    """Bring the copy at `target` up to the checkpoint of the listing.

    InconsistentCheckpoint: it is smaller, or a fork. NotTaken: it does not verify.
    In both cases, and after any other error, the copy is what it was. ArchiveLocked:
    another process pulls it, or writes to it. StoreError: the disk is full, say.
    """
    target = request.target
    with ExitStack() as stack:
        stack.enter_context(Memory(target).hold())
        _finish_interrupted(target)
        if target.exists():
            stack.enter_context(hold_lock(target))
        stack.callback(shutil.rmtree, _beside(target), ignore_errors=True)
        try:
            return _Pull(request, listing).run()
        except OSError as error:
            raise StoreError(f"cannot write {target}: {error.strerror}") from error


class _Pull:
    """One run, from a listing to a verified copy."""

    def __init__(self, request: PullRequest, listing: Listing) -> None:
        self._target = request.target
        self._source = request.source
        self._trust = request.trust
        self._progress = request.progress
        self._listing = listing
        self._memory = Memory(request.target)
        self._own = LogReader(ArchivePaths(request.target).log)
        self._staging = _beside(request.target)
        self._checked: list[bytes] = []
        """Their leaves, which give the root that was signed."""

    def run(self) -> Pulled:
        """Build, verify, swap; build anew from the source alone if that fails."""
        seen = self._read_seen()
        checkpoint = demand_growth(
            seen,
            self._listing.note,
            log_key=self._trust.log_vkey,
            memory=self._memory,
        )
        self._demand_all_segments()
        self._demand_continuity(seen, checkpoint)
        report = self._build(checkpoint, seen, use_own=self._target.exists())
        repaired: tuple[str, ...] = ()
        if not is_acceptable(report) and self._target.exists():
            first, report = report, self._build(checkpoint, seen, use_own=False)
            repaired = tuple(self._differing()) if is_acceptable(report) else ()
            report = report if is_acceptable(report) else first
        if not is_acceptable(report):
            raise NotTaken(
                f"{self._source.name} does not verify; nothing was changed", report
            )
        kept = tuple(self._keep_replaced(repaired))
        self._swap()
        self._memory.write_head(self._listing.note)
        old_size = parse_checkpoint(parse_note(seen).body).size if seen else 0
        return Pulled(
            old_size=old_size,
            new_size=checkpoint.size,
            report=report,
            repaired=repaired,
            kept=kept,
        )

    def _read_seen(self) -> bytes | None:
        """The head this mirror verified last; without one, that of the copy itself."""
        seen = self._memory.read_head(self._trust.log_vkey)
        if seen is None and self._target.exists():
            try:
                seen = self._own.read_checkpoint()
                if seen is not None:
                    open_checkpoint(seen, self._trust.log_vkey, verify_ed25519)
            except EvidenceError:
                return None  # a damaged copy is repaired like any other
        return seen

    def _demand_all_segments(self) -> None:
        """A segment that we have and they do not is shrinkage, whatever they say."""
        theirs = {path.removesuffix(OPEN_SUFFIX) for path in self._listing.segments()}
        for found in list_segments(ArchivePaths(self._target).segments):
            if f"segments/{found.name}" not in theirs:
                raise InconsistentCheckpoint(
                    f"{self._source.name} no longer has the segment {found.name}; "
                    "nothing was changed"
                )

    def _demand_continuity(self, seen: bytes | None, checkpoint: Checkpoint) -> None:
        """Their entries give the signed root, and at our size the root we verified."""
        self._checked = read_leaves(
            self._source, self._listing, checkpoint, target=self._target
        )
        if seen is None:
            return
        old = parse_checkpoint(parse_note(seen).body)
        hashes = [leaf_hash(leaf) for leaf in self._checked[: old.size]]
        if root_from_hashes(hashes) != old.root:
            raise forked(self._memory, seen, self._listing.note)

    def _build(
        self, checkpoint: Checkpoint, seen: bytes | None, *, use_own: bool
    ) -> Report:
        """Put the new copy together and run the numbered procedure over it."""
        shutil.rmtree(self._staging, ignore_errors=True)
        paths = (IDENTITY_FILE, *self._listing.segments(), *self._listing.others())
        self._demand_room(paths, use_own=use_own)
        for name in FOLDERS:
            DISK.make_folder(self._staging / name)
        ArchivePaths(self._staging).lock.touch(mode=0o600)
        for path in paths:
            self._stage(path, use_own=use_own)
        self._cut(checkpoint.size)
        log = TiledLog(self._staging / "log", DISK)
        log.adopt(self._checked, self._listing.note)
        for name in OWN_FOLDERS:
            for own in sorted((self._target / name).glob("*")):
                link_or_copy(own, self._staging / name / own.name)
        last_seen = None if seen is None else LastSeen(name="mirror head", note=seen)
        return verify_archive(
            self._staging,
            trust=self._trust,
            progress=self._progress,
            last_seen=last_seen,
        )

    def _demand_room(self, paths: tuple[str, ...], *, use_own: bool) -> None:
        """StoreError before the first byte if what is to come would fill the disk."""
        needed = 0
        for path in paths:
            own = self._find_own(path) if use_own else None
            size = self._listing.sizes.get(path, 0)
            needed += 0 if own and own.stat().st_size == size else size
        Reserve(folder=self._target.parent, files=DISK).check(needed)

    def _stage(self, path: str, *, use_own: bool) -> None:
        """Take a file from our copy where it has it, the rest from theirs."""
        target = self._staging / path
        own = self._find_own(path) if use_own else None
        size = self._listing.sizes.get(path)
        if own is None or size is None:
            write_from(self._source, path, self._listing, target)
            return
        have = own.stat().st_size
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if have == size and not own.name.endswith(OPEN_SUFFIX):
            link_or_copy(own, target)
        elif have <= size and path.startswith("segments/"):
            shutil.copyfile(own, target)
            write_from(self._source, path, self._listing, target, start=have)
        else:
            write_from(self._source, path, self._listing, target)
        if path.startswith(("texts/", "anchors/")):
            return
        if not path.endswith(OPEN_SUFFIX):
            target.chmod(0o444)

    def _find_own(self, path: str) -> Path | None:
        """Our file of that path; a segment that was sealed since has another name."""
        for name in (path, path + OPEN_SUFFIX):
            own = self._target / name
            if own.is_file() and not own.is_symlink():
                return own
        return None

    def _cut(self, size: int) -> None:
        """Leave out what the checkpoint does not cover: it may be half written."""
        for found in reversed(list_segments(ArchivePaths(self._staging).segments)):
            if not found.is_open:
                return
            end = _end_of(found.path, size)
            if end:
                os.truncate(found.path, end)
                return
            found.path.unlink()

    def _differing(self) -> Iterator[str]:
        """Files of ours that are not what was just verified."""
        for new in sorted(self._staging.rglob("*")):
            path = new.relative_to(self._staging).as_posix()
            if not new.is_file() or path.split("/")[0] in OWN_FOLDERS:
                continue
            own = self._find_own(path)
            if own is None or own.name.endswith(OPEN_SUFFIX):
                continue  # it is new, or grew since
            if path != CHECKPOINT_PATH and not _same(own, new):
                yield path

    def _keep_replaced(self, repaired: tuple[str, ...]) -> Iterator[Path]:
        """Set aside what their operator replaced or took away; it verified without."""
        for folder in ("segments", "texts", "anchors"):
            for own in sorted((self._target / folder).rglob("*")):
                path = own.relative_to(self._target).as_posix()
                if not own.is_file() or path in repaired:
                    continue
                new = self._staging / path.removesuffix(OPEN_SUFFIX)
                new = new if new.is_file() else self._staging / path
                if own.name.endswith(OPEN_SUFFIX):
                    continue
                if not new.is_file() or own.stat().st_size != new.stat().st_size:
                    yield self._memory.keep_file(own)

    def _swap(self) -> None:
        """Let the new copy take the place of the old one, with what is derived."""
        for folder in (self._staging, *self._staging.rglob("*/")):
            sync_folder(folder)
        if not self._target.exists():
            DISK.rename(self._staging, self._target)
            return
        before = _before(self._target)
        DISK.rename(self._target, before)
        DISK.rename(self._staging, self._target)
        for name in DERIVED_NAMES:
            if (before / name).exists():
                DISK.rename(before / name, self._target / name)
        if (self._target / LISTING_FILE).exists():
            write_listing(self._target)  # what it said is of the copy before
        shutil.rmtree(before, ignore_errors=True)


def is_acceptable(report: Report) -> bool:
    """Whether a copy may be taken: nothing FAILED, only what may come is missing."""
    if any(finding.outcome is Outcome.FAILED for finding in report.findings):
        return False
    return set(report.not_checked) <= POLICY_STEPS


def _end_of(path: Path, size: int) -> int:
    """Where the last entry below leaf index `size` ends; 0 if there is none."""
    end, index = 0, -1
    for entry in SegmentWalk(path):
        if entry.stub is None:
            index = read_statement(entry).seq
        else:
            index += 1
        if index >= size:
            break
        end = entry.end_bytes
    return end


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        return Digest.of_stream(left) == Digest.of_stream(right)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.pulling")


def _before(target: Path) -> Path:
    return target.with_name(f".{target.name}.before")


def _finish_interrupted(target: Path) -> None:
    """A swap that was cut short: the old copy takes its place again, or goes."""
    before = _before(target)
    if not before.exists():
        return
    if target.exists():
        shutil.rmtree(before, ignore_errors=True)
        return
    try:
        DISK.rename(before, target)
    except StoreError as error:
        raise StoreError(f"{before} should be {target}: {error}") from error
