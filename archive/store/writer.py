"""The one writer of an archive: a thread that commits in groups, and checkpoints.

Callers hand in exchanges, pages and job records from any thread and get a future; it
is done when slice and statement are on disk (fsync). While one group is synced the
next one gathers, so there is no fixed delay.
"""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

from archive.attest.extract import ExtractRun
from archive.attest.job import JobClosing, JobOpening
from archive.attest.keyfolder import KeyFolder
from archive.capture import Capture, Exchange
from archive.digest import Digest
from archive.errors import EvidenceError, StoreError
from archive.log.checkpoint import Checkpoint
from archive.store.drafts import (
    Draft,
    PageDraft,
    draft_exchange,
    draft_extract,
    draft_job_close,
    draft_job_open,
    draft_page,
    new_slice_file,
)
from archive.store.killed import find_killed_jobs
from archive.store.layout import ArchivePaths, hold_lock, read_identity
from archive.store.ledger import Committed, Ledger, LedgerTools
from archive.store.recovery import RecoveryReport, recover
from archive.store.results import captured, paged
from archive.version import SOFTWARE
from archive.warc.member import Effort

QUEUE_LENGTH = 64
"""Submissions waiting for the thread: back pressure on whoever captures."""
CHECKPOINT_SECONDS = 5.0
"""How long a statement may wait for its checkpoint while the archive is active."""
CARRIER_LIMIT = 4096
"""Support records (chains, DNS answers) remembered: one a host, a few kB each."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterSettings:
    """What is the same for everything one process writes."""

    software: str = SOFTWARE
    """Stands in every record and statement."""
    effort: Effort | None = None
    """How hard slices are pressed; None lets each record's media type decide."""


DEFAULT_SETTINGS = WriterSettings()


def _nothing() -> None:
    """Nothing to give back."""


@dataclass(slots=True, kw_only=True)
class _Submission:
    """One thing to state: `draft` builds it, `result` makes what the future gives."""

    draft: Callable[[BinaryIO], Draft]
    result: Callable[[Draft, Committed], Any]
    future: "Future[Any]"
    done: Callable[[], None]


class ArchiveWriter:
    """Holds the archive lock from `open` to `close`; methods are thread-safe."""

    def __init__(
        self, ledger: Ledger, stack: ExitStack, recovery: RecoveryReport | None
    ) -> None:
        self.recovery = recovery
        self._ledger = ledger
        self._stack = stack
        self._queue: queue.Queue[_Submission | None] = queue.Queue(QUEUE_LENGTH)
        self._carriers: dict[Digest, str] = {}
        self._broken: str | None = None
        self._closed = False
        self._ledger_lock = threading.Lock()
        self._checkpointed = time.monotonic()
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

        ArchiveLocked if another process writes; KeyProblem if the keys are not its.
        """
        with ExitStack() as stack:
            identity = read_identity(root)
            stack.enter_context(hold_lock(root))
            tools = LedgerTools(
                paths=ArchivePaths(root),
                identity=identity,
                keys=keys,
                clock=clock,
                random_bytes=random_bytes,
                software=settings.software,
                effort=settings.effort,
            )
            ledger, report = recover(tools)
            stack.callback(ledger.close)
            killed = find_killed_jobs(root, clock)
            writer = cls(ledger, stack.pop_all(), report)
        for closing in killed:
            writer.close_job(closing).result()
        return writer

    @property
    def spool_folder(self) -> Path:
        """Where the engine may keep raw spools while an exchange runs."""
        return self._ledger.tools.paths.spool

    def capture(self, exchange: Exchange) -> "Future[Capture]":
        """State one exchange or failed attempt; its spool is given back when done."""

        def draft(out: BinaryIO) -> Draft:
            return draft_exchange(
                exchange,
                out,
                material=self._ledger.tools.material(self._carriers),
            )

        def result(made: Draft, committed: Committed) -> Capture:
            return captured(exchange, made, committed)

        return self._submit(draft, result, done=exchange.response.close)

    def page(self, page: PageDraft) -> "Future[Capture]":
        """State which captures a page is made of."""

        def draft(out: BinaryIO) -> Draft:
            material = self._ledger.tools.material()
            return draft_page(page, out, material=material)

        def result(made: Draft, committed: Committed) -> Capture:
            return paged(page, made, committed)

        return self._submit(draft, result)

    def open_job(self, opening: JobOpening) -> "Future[Committed]":
        """State what a job promises, before its first fetch."""
        salts = [self._ledger.tools.random_bytes(32).hex() for _ in opening.seeds]

        def draft(out: BinaryIO) -> Draft:
            material = self._ledger.tools.material()
            return draft_job_open(opening, out, material=material, salts=salts)

        return self._submit(draft, _as_committed)

    def close_job(self, closing: JobClosing) -> "Future[Committed]":
        """State how each promised seed ended."""

        def draft(out: BinaryIO) -> Draft:
            material = self._ledger.tools.material()
            return draft_job_close(closing, out, material=material)

        return self._submit(draft, _as_committed)

    def state_extract(self, run: ExtractRun) -> "Future[Committed]":
        """State which texts an extractor made of which captures."""

        def draft(out: BinaryIO) -> Draft:
            return draft_extract(run, out, material=self._ledger.tools.material())

        return self._submit(draft, _as_committed)

    def checkpoint(self) -> Checkpoint:
        """Publish a checkpoint over everything acknowledged so far."""
        with self._ledger_lock:
            return self._publish()

    def rotate(self) -> None:
        """Seal the open segment now and begin the next one."""
        with self._ledger_lock:
            self._ledger.rotate()

    def close(self) -> None:
        """Finish what is queued, checkpoint, give the lock back. Never seals."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        try:
            if self._broken is None:
                self.checkpoint()
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
    ) -> "Future[T]":
        future: Future[T] = Future()
        if self._closed or self._broken:
            done()
            future.set_exception(
                StoreError(self._broken or "the archive writer is closed already")
            )
            return future
        self._queue.put(
            _Submission(draft=draft, result=result, future=future, done=done)
        )
        return future

    def _run(self) -> None:
        """The thread: take all that is queued, commit it, checkpoint in time."""
        while True:
            group, ended = self._take_group()
            if group:
                with self._ledger_lock:
                    self._commit(group)
            if ended:
                return
            self._checkpoint_if_due()

    def _take_group(self) -> tuple[list[_Submission], bool]:
        group: list[_Submission] = []
        try:
            item = self._queue.get(timeout=CHECKPOINT_SECONDS)
            while True:
                if item is None:
                    return group, True
                group.append(item)
                if len(group) >= QUEUE_LENGTH:
                    break
                item = self._queue.get_nowait()
        except queue.Empty:
            pass
        return group, False

    def _commit(self, group: list[_Submission]) -> None:
        with ExitStack() as files:
            built = self._build(group, files)
            if not built:
                return
            try:
                committed = self._write([draft for _, draft in built])
            except (OSError, EvidenceError) as error:
                self._fail([item for item, _ in built], error)
                return
        for (item, draft), place in zip(built, committed, strict=True):
            item.done()
            item.future.set_result(item.result(draft, place))

    def _build(
        self, group: list[_Submission], files: ExitStack
    ) -> list[tuple[_Submission, Draft]]:
        """Build every slice; one that cannot be built fails alone."""
        built = []
        for item in group:
            out = files.enter_context(new_slice_file(self.spool_folder))
            try:
                draft = item.draft(out)
            except (OSError, EvidenceError, AssertionError) as error:
                item.done()
                item.future.set_exception(error)
                continue
            self._remember_carriers(draft)
            built.append((item, draft))
        return built

    def _write(self, drafts: list[Draft]) -> list[Committed]:
        if self._broken:
            raise StoreError(self._broken)
        committed = self._ledger.commit(drafts)
        if self._ledger.is_due_for_sealing():
            self._ledger.rotate()
        return committed

    def _fail(self, items: list[_Submission], error: OSError | EvidenceError) -> None:
        # What reached the disk is unknown: only recovery may say so.
        self._broken = (
            f"writing to the archive failed ({error}); free the cause, then run the "
            "command again: nothing that was acknowledged is lost"
        )
        for item in items:
            item.done()
            item.future.set_exception(StoreError(self._broken))

    def _remember_carriers(self, draft: Draft) -> None:
        if draft.facts is None:
            return
        if len(self._carriers) >= CARRIER_LIMIT:
            self._carriers.clear()
        for carried in (draft.facts.chain, draft.facts.dns):
            if carried is not None and carried.capture is None:
                self._carriers[carried.digest] = draft.facts.capture_id

    def _checkpoint_if_due(self) -> None:
        if self._broken is None and self._is_checkpoint_due():
            with self._ledger_lock:
                self._publish()

    def _is_checkpoint_due(self) -> bool:
        waiting = bool(self._ledger.position.pending)
        return waiting and time.monotonic() - self._checkpointed >= CHECKPOINT_SECONDS

    def _publish(self) -> Checkpoint:
        self._checkpointed = time.monotonic()
        return self._ledger.checkpoint()


def _as_committed(_draft: Draft, committed: Committed) -> Committed:
    return committed
