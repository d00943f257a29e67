"""Commit a group of submissions together: one sync for all, a future for each.

What cannot be built, stated or stored for want of space fails alone and nothing has
happened. Any other error breaks the committer: what reached the disk is unknown then,
only recovery may say so, and nothing is acknowledged or signed any more.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from archive.capture import Capture
from archive.digest import Digest
from archive.errors import (
    EvidenceError,
    FormatError,
    StoreError,
    VerificationError,
    WitnessRefused,
)
from archive.log.checkpoint import Checkpoint
from archive.log.log import TiledLog
from archive.log.note import NoteSignature
from archive.store.drafts import Draft, new_slice_file
from archive.store.ledger import Committed, Ledger
from archive.store.removal.removal import (
    Removed,
    finish_removal,
    plan_removal,
    read_removable,
    state_tombstone,
)
from archive.store.segments.segment import find_segment, parse_segment_name
from archive.store.space import Reserve, Room
from archive.store.tombstones import RemovalOrder, Tombstone

CARRIER_LIMIT = 4096
"""Support records (chains, DNS answers) remembered: one a host, a few kB each."""
COPIES = 2
"""Each slice is written to the redo file and to the segment."""
STATEMENT_ROOM_BYTES = 64 * 1024
"""Set aside for a statement beside its slice: 5 KB for a capture, more for a page."""

Staged = tuple["Submission", Draft, Committed]


@dataclass(slots=True, kw_only=True)
class Submission:
    """One thing to state: `draft` builds it, `result` makes what the future gives."""

    draft: Callable[[BinaryIO], Draft]
    result: Callable[[Draft, Committed], Any]
    future: "Future[Any]"
    done: Callable[[], None]
    content_bytes: int | None = None
    """Of a response, if its slice is of one."""

    def fail(self, error: BaseException) -> None:
        """Give back what was handed in; it is not in the archive."""
        self._give_back()
        self.future.set_exception(error)

    def acknowledge(self, draft: Draft, committed: Committed) -> None:
        """Give back what was handed in; it is in the archive."""
        self._give_back()
        self.future.set_result(self.result(draft, committed))

    def _give_back(self) -> None:
        with suppress(OSError):  # a spool left behind goes to quarantine one day
            self.done()


class GroupCommitter:
    """Owns the ledger; thread-safe. `broken` says why nothing is written any more."""

    def __init__(self, ledger: Ledger, reserve: Reserve) -> None:
        self.ledger = ledger
        self.broken: str | None = None
        self.refusal: str | None = None
        """Why no checkpoint is signed any more; captures go on."""
        self.carriers: dict[Digest, str] = {}
        """Support records by digest, and the capture that carries each."""
        self._spool_folder = ledger.tools.paths.spool
        self.reserve = reserve
        self._lock = threading.Lock()
        self._checkpointed = time.monotonic()
        self._room: Room | None = None
        """What was free when the group began; what it needs itself is counted."""
        self._staged_bytes = 0
        """Room that the group needs so far, not yet taken from the disk."""

    def commit(self, group: Sequence[Submission]) -> None:
        """Make a group durable, then tell everybody how his submission ended."""
        staged: list[Staged] = []
        try:
            with self._lock, self._breaking(), ExitStack() as slices:
                self._staged_bytes, self._room = 0, None
                for item in group:
                    self._stage(item, staged, slices)
                if staged:
                    self.ledger.flush()
        except BaseException as error:
            for item in group:
                if not item.future.done():
                    item.fail(StoreError(self.broken))
            if not isinstance(error, StoreError):
                raise
            return
        for item, draft, committed in staged:
            item.acknowledge(draft, committed)
        self._rotate_if_due()

    def checkpoint(self) -> Checkpoint:
        """Publish a checkpoint over everything acknowledged so far.

        WitnessRefused if signing was stopped: nothing is broken by that.
        """
        with self._lock:
            if self.refusal is not None and self.broken is None:
                raise WitnessRefused(self.refusal)
        with self._lock, self._breaking():
            self._checkpointed = time.monotonic()
            return self.ledger.checkpoint()

    def attach(self, body: str, lines: Sequence[NoteSignature]) -> bool:
        """Add signature lines to the stored checkpoint; False if it is another one."""
        with self._lock, self._breaking():
            return self.log.attach(body, lines)

    @property
    def log(self) -> TiledLog:
        """The log of the archive."""
        tools = self.ledger.tools
        return TiledLog(tools.paths.log, tools.files)

    @property
    def has_pending(self) -> bool:
        """Whether a statement waits for its checkpoint and may have one."""
        waiting = bool(self.ledger.position.pending)
        return waiting and self.broken is None and self.refusal is None

    def rotate(self) -> None:
        """Seal the open segment now and begin the next one."""
        with self._lock, self._breaking():
            self.ledger.rotate()

    def state_tombstone(self, capture: Capture, order: RemovalOrder) -> Tombstone:
        """Promise a removal; damage is found before anything is stated."""
        with self._lock:
            self._demand_signing()
            tools = self.ledger.tools
            removed = read_removable(tools, capture)
            name = parse_segment_name(capture.location.segment)
            size = find_segment(tools.paths.segments, name).stat().st_size
            self.reserve.check(COPIES * STATEMENT_ROOM_BYTES + size)
            with self._breaking():
                return state_tombstone(self.ledger, removed, order)

    def finish_removal(self, entry: int) -> Removed:
        """Do what the tombstone in an entry says; damage is found before."""
        with self._lock:
            self._demand_signing()
            plan = plan_removal(self.ledger.tools, entry)
            self.carriers.clear()  # what it carried will not be there
            with self._breaking():
                return finish_removal(self.ledger, plan)

    def _demand_signing(self) -> None:
        if self.broken:
            raise StoreError(self.broken)
        if self.refusal is not None:
            raise WitnessRefused(self.refusal)

    def is_checkpoint_due(self, seconds: float) -> bool:
        """Whether a statement has waited that long for its checkpoint."""
        return self.has_pending and time.monotonic() - self._checkpointed >= seconds

    def _rotate_if_due(self) -> None:
        """Begin a new segment in time; a failure is told to whoever comes next."""
        with suppress(StoreError), self._lock, self._breaking():
            if self.ledger.is_due_for_sealing():
                self.ledger.rotate()

    @contextmanager
    def _breaking(self) -> Iterator[None]:
        """Do nothing when broken; break when the body fails, however it does."""
        if self.broken:
            raise StoreError(self.broken)
        try:
            yield
        except BaseException as error:
            self.broken = (
                f"writing to the archive failed ({error}); free the cause, then run "
                "the command again: nothing that was acknowledged is lost"
            )
            if isinstance(error, OSError | EvidenceError):
                raise StoreError(self.broken) from error
            raise

    def _stage(
        self, item: Submission, staged: "list[Staged]", slices: ExitStack
    ) -> None:
        """Build, sign and write one; what concerns it alone fails it alone."""
        out = slices.enter_context(
            new_slice_file(self._spool_folder, content_bytes=item.content_bytes)
        )
        try:
            draft = item.draft(out)
            needed = _room(draft)
            self._room = self._room or self.reserve.look()
            self._room.check(COPIES * (self._staged_bytes + needed))
            signed = self.ledger.sign(draft)
        except (OSError, MemoryError) as error:
            item.fail(StoreError(f"this exchange could not be stored: {error!r}"))
            return
        except (StoreError, FormatError, VerificationError, AssertionError) as error:
            item.fail(error)  # a key that cannot sign (LogError) concerns all
            return
        staged.append((item, draft, self.ledger.stage(signed)))
        self._staged_bytes += needed
        remember_carriers(self.carriers, draft)


def remember_carriers(carriers: dict[Digest, str], draft: Draft) -> None:
    """Later captures need not carry what this one does."""
    if draft.facts is None:
        return
    if len(carriers) >= CARRIER_LIMIT:
        carriers.clear()
    for carried in (draft.facts.chain, draft.facts.dns):
        if carried is not None and carried.capture is None:
            carriers[carried.digest] = draft.facts.capture_id


def _room(draft: Draft) -> int:
    """Bytes that a slice and its statement will need."""
    return STATEMENT_ROOM_BYTES + (draft.facts.length_bytes if draft.facts else 0)
