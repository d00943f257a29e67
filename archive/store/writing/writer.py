"""The one writer of an archive: a thread that commits in groups, and checkpoints.

Callers hand in exchanges, pages and job records from any thread and get a future; it
is done when slice and statement are on disk (fsync). While one group is synced the
next one gathers; only a busy writer waits for a few milliseconds more. After an error
of the disk nothing more is acknowledged: close the writer, and the next `open`
recovers.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.records.extract import ExtractRun
from archive.attest.records.job import JobClosing, JobOpening
from archive.capture import Capture, Exchange
from archive.errors import StoreError, WitnessRefused
from archive.files import Files
from archive.log.checkpoint import Checkpoint
from archive.log.note import NoteSignature
from archive.log.reader import LogReader
from archive.store.anchors.anchoring import LowerBound, LowerBounds
from archive.store.anchors.stated import StatedAnchors
from archive.store.drafts import (
    Draft,
    PageDraft,
    draft_exchange,
    draft_extract,
    draft_job_close,
    draft_job_open,
    draft_page,
)
from archive.store.layout import ArchivePaths, hold_lock, read_identity
from archive.store.ledger import Committed
from archive.store.places import check_places
from archive.store.rebuild import drop_catalog_ahead
from archive.store.recovery.killed import find_killed_jobs, forget_closed
from archive.store.recovery.recovery import RecoveryReport, recover
from archive.store.recovery.visits import remove_visits
from archive.store.removal.removal import Removed
from archive.store.space import Reserve, SpoolRoom
from archive.store.tombstones import RemovalOrder
from archive.store.writing.gathering import Gathering
from archive.store.writing.group import GroupCommitter, Submission
from archive.store.writing.keeper import Keeper
from archive.store.writing.results import captured, paged
from archive.store.writing.settings import DEFAULT_SETTINGS, WriterSettings
from archive.store.writing.takedown import Takedown

CHECKPOINT_SECONDS = 5.0
"""How long a statement may wait for its checkpoint while the archive is active."""
BUSY_CHECKPOINT_SECONDS = 10.0
"""The same while the checkpoint before it is still being cosigned and stamped."""
SETTLING_TURNS = 3
"""Checkpoints at the end: the last one, that of its anchor, and one to spare."""

T = TypeVar("T")


def _nothing() -> None:
    """Nothing to give back."""


class ArchiveWriter:
    """Holds the archive lock from `open` to `close`; methods are thread-safe."""

    def __init__(
        self,
        group: GroupCommitter,
        keeper: Keeper,
        stack: ExitStack,
        recovery: RecoveryReport | None,
    ) -> None:
        self.recovery = recovery
        self.spool_room = SpoolRoom(group.reserve)
        self._group = group
        self._keeper = keeper
        self._tools = group.ledger.tools
        self._stack = stack
        self._takedown = Takedown(
            root=self._tools.paths.root, group=group, keeper=keeper
        )
        self._material = self._tools.material(group.carriers)
        self._bounds = LowerBounds()
        self._gathering = Gathering()
        self._closed = False
        self._told = False
        self._ended = False
        self._door = threading.Lock()
        self._thread = threading.Thread(
            target=self._run, name="archive-writer", daemon=True
        )
        self._thread.start()

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        keys: KeyFolder,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        settings: WriterSettings = DEFAULT_SETTINGS,
    ) -> "ArchiveWriter":
        """Lock the archive, put right what a crash left, and be ready to write.

        ArchiveLocked if another process writes; KeyProblem if the keys are not its;
        StoreError if the folder is not safe to write to (`check_places`).
        """
        with ExitStack() as stack:
            identity = read_identity(root)
            check_places(ArchivePaths(root))
            stack.enter_context(hold_lock(root))
            tools = settings.tools(
                root, identity, keys=keys, clock=clock, random_bytes=random_bytes
            )
            remove_visits(tools.paths.spool, tools.files, settings.tell)
            ledger, report = recover(tools)
            stack.callback(ledger.close)
            drop_catalog_ahead(root, ledger.position.next_leaf)
            killed = find_killed_jobs(root, clock)
            reserve = Reserve(
                folder=root, files=settings.files, reserve_bytes=settings.reserve_bytes
            )
            keeper = Keeper(settings.services, settings.tell)
            group = GroupCommitter(ledger, reserve)
            if not settings.despite_refusal:
                group.refusal = ledger.position.refusal
            writer = cls(group, keeper, stack.pop_all(), report)
        with ExitStack() as failed:
            failed.callback(writer.close)
            writer._know_anchors()
            for closing in killed:
                writer.close_job(closing).result()
            forget_closed(tools.paths.spool, tools.files)
            keeper.start(writer)
            writer._takedown.finish()
            failed.pop_all()
        return writer

    @property
    def spool_folder(self) -> Path:
        """Where the engine may keep raw spools while an exchange runs."""
        return self._tools.paths.spool

    def capture(self, exchange: Exchange) -> "Future[Capture]":
        """State one exchange or failed attempt; its spool is given back when done."""

        def draft(out: BinaryIO) -> Draft:
            return draft_exchange(
                exchange,
                out,
                material=self._material,
                not_before=self._bounds.field_at(exchange.started_at),
            )

        def result(made: Draft, committed: Committed) -> Capture:
            return captured(exchange, made, committed)

        return self._submit(
            draft,
            result,
            done=exchange.response.close,
            content_bytes=exchange.response.length_bytes,
        )

    def page(self, page: PageDraft) -> "Future[Capture]":
        """State which captures a page is made of."""

        def draft(out: BinaryIO) -> Draft:
            return draft_page(
                page,
                out,
                material=self._tools.material(),
                not_before=self._bounds.field_at(page.main.captured_at),
            )

        def result(made: Draft, committed: Committed) -> Capture:
            return paged(page, made, committed)

        return self._submit(draft, result)

    def open_job(self, opening: JobOpening) -> "Future[Committed]":
        """State what a job promises, before its first fetch."""
        salts = [self._tools.random_bytes(32).hex() for _ in opening.seeds]

        def draft(out: BinaryIO) -> Draft:
            material = self._tools.material()
            return draft_job_open(opening, out, material=material, salts=salts)

        return self._submit(draft, _as_committed)

    def close_job(self, closing: JobClosing) -> "Future[Committed]":
        """State how each promised seed ended."""

        def draft(out: BinaryIO) -> Draft:
            material = self._tools.material()
            return draft_job_close(closing, out, material=material)

        return self._submit(draft, _as_committed)

    def state_extract(self, run: ExtractRun) -> "Future[Committed]":
        """State which texts an extractor made of which captures."""

        def draft(out: BinaryIO) -> Draft:
            return draft_extract(run, out, material=self._tools.material())

        return self._submit(draft, _as_committed)

    def state(self, draft: Draft) -> "Future[Committed]":
        """State something that has no slice: an anchor, an incident, a cosignature."""
        return self._submit(lambda _out: draft, _as_committed)

    def remove(self, capture: Capture, order: RemovalOrder) -> Removed:
        """Remove a capture or page lawfully: tombstone, stub, new seal; returns then.

        FormatError or VerificationError if its segment is damaged, and nothing is done.
        """
        return self._takedown.remove(capture, order)

    def checkpoint(self) -> Checkpoint:
        """Publish a checkpoint over everything acknowledged so far.

        WitnessRefused if signing was stopped.
        """
        self._keeper.wait_started()
        done = self._group.checkpoint()
        self._keeper.notify(done)
        return done

    @property
    def root(self) -> Path:
        """The archive folder."""
        return self._tools.paths.root

    @property
    def files(self) -> Files:
        """How the disk is written."""
        return self._tools.files

    @property
    def log(self) -> LogReader:
        """The log, to read hashes and proofs from."""
        return self._group.log

    def attach(self, body: str, lines: Sequence[NoteSignature]) -> bool:
        """Add signature lines to the stored checkpoint; False if it is another one."""
        return self._group.attach(body, lines)

    def know(self, bound: LowerBound) -> None:
        """Let captures that begin from now on name a token that was stated."""
        self._bounds.add(bound)

    def stop_signing(self, reason: str) -> bool:
        """Publish no checkpoint any more; captures go on. False if it was so before."""
        was_signing = self._group.refusal is None
        self._group.refusal = self._group.refusal or reason
        return was_signing

    def rotate(self) -> None:
        """Seal the open segment now and begin the next one."""
        self._group.rotate()

    def close(self) -> None:
        """Finish what is queued, checkpoint, give the lock back. Never seals.

        The services do what they can about the last checkpoint. StoreError if the
        writer broke and nobody was told yet, WitnessRefused if signing was stopped.
        """
        try:
            if not self._closed and self._keeper.has_services:
                self._settle()
        finally:
            self._keeper.stop()
            self._end()

    def _know_anchors(self) -> None:
        """Find the newest token; state an anchor that a crash left without."""
        position = self._group.ledger.position
        tools = self._tools
        stated = StatedAnchors(
            tools.paths.segments,
            self._group.log,
            waiting=tuple(position.pending),
            known=position.anchors,
        )
        unstated = self._bounds.find(
            tools.paths.anchors, stated, files=tools.files, tell=tools.tell
        )
        if unstated is not None:
            self.state(unstated).result()

    def _settle(self) -> None:
        """Have the newest checkpoint looked after, and what that made us state."""
        self._keeper.wait_started()
        self._drain()
        for _turn in range(SETTLING_TURNS):
            with suppress(StoreError, WitnessRefused):  # `_end` tells
                self._keeper.settle(self._group.checkpoint())
            if not self._group.has_pending:
                return

    def _drain(self) -> None:
        """Wait until all that was handed in so far is on disk, or failed."""

        def nothing(_out: BinaryIO) -> Draft:
            raise StoreError("there is nothing to state")

        self._submit(nothing, _as_committed).exception()

    def _end(self) -> None:
        with self._door:
            if self._closed:
                return
            self._closed = True
            self._gathering.end()
        self._thread.join()
        try:
            if self._group.broken is None:
                self._group.checkpoint()
            elif not self._told:
                raise StoreError(self._group.broken)
        finally:
            self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _submit(
        self,
        draft: Callable[[BinaryIO], Draft],
        result: Callable[[Draft, Committed], T],
        *,
        done: Callable[[], None] = _nothing,
        content_bytes: int | None = None,
    ) -> "Future[T]":
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # from here on nobody can cancel it
        item = Submission(
            draft=draft,
            result=result,
            future=future,
            done=done,
            content_bytes=content_bytes,
        )
        with self._door:
            if self._closed:
                item.fail(StoreError("the archive writer is closed already"))
                return future
            self._gathering.put(item)
        if self._ended:
            self._turn_away()
        return future

    def _run(self) -> None:
        """The thread: take all that is queued, commit it, checkpoint in time."""
        ended = False
        try:
            while not ended:
                group, ended = self._gathering.take(seconds=CHECKPOINT_SECONDS)
                if group:
                    self._group.commit(group)
                    self._told = self._group.broken is not None
                if self._is_checkpoint_due():
                    with suppress(StoreError, WitnessRefused):
                        self.checkpoint()  # whoever comes next is told
        finally:
            self._ended = True
            self._turn_away()  # only a bug of ours leaves anybody: none may wait

    def _is_checkpoint_due(self) -> bool:
        busy = self._keeper.is_busy
        seconds = BUSY_CHECKPOINT_SECONDS if busy else CHECKPOINT_SECONDS
        return self._keeper.is_started and self._group.is_checkpoint_due(seconds)

    def _turn_away(self) -> None:
        """Fail all that is queued."""
        for item in self._gathering.rest():
            item.fail(StoreError(self._group.broken or "the writer ended"))


def _as_committed(_draft: Draft, committed: Committed) -> Committed:
    return committed
