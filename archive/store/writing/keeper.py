"""Beside the writing: have published checkpoints cosigned and stamped.

Services speak to the network, so they work in a thread of their own and never hold a
capture up. Each is told of the newest checkpoint; those between are passed over. What
a service could not get done is tried again.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from archive.errors import EvidenceError
from archive.files import Files
from archive.log.checkpoint import Checkpoint
from archive.log.note import NoteSignature
from archive.log.reader import LogReader
from archive.store.anchors.anchoring import LowerBound
from archive.store.drafts import Draft
from archive.store.ledger import Committed

T = TypeVar("T")
RETRY_SECONDS = 30.0
"""Between two tries of what could not be done for want of an answer."""


class Host(Protocol):
    """What a service may use of the writer; thread-safe."""

    @property
    def root(self) -> Path:
        """The archive folder."""

    @property
    def log(self) -> LogReader:
        """The log, to read hashes and proofs from."""

    @property
    def files(self) -> Files:
        """How the disk is written."""

    def state(self, draft: Draft) -> "Future[Committed]":
        """State something that has no slice: an anchor, an incident."""

    def know(self, bound: LowerBound) -> None:
        """Let captures that begin from now on name a token that was stated."""

    def attach(self, body: str, lines: Sequence[NoteSignature]) -> bool:
        """Add signature lines to the stored checkpoint; False if it is another one."""

    def stop_signing(self, reason: str) -> bool:
        """Publish no checkpoint any more; captures go on. False if it was so before."""


class CheckpointService(Protocol):
    """Has something done about checkpoints by others: cosignatures, time stamps."""

    def start(self, host: Host) -> None:
        """Called once, before anything is signed; takes a bounded time."""

    def published(self, host: Host, checkpoint: Checkpoint, *, is_last: bool) -> bool:
        """A checkpoint was stored. Say whether something is left to be tried again.

        `is_last`: the writer is about to end, so whatever can be done is done now.
        """


class Keeper:
    """Runs services, in their order, in one thread of its own; none, no thread."""

    def __init__(
        self, services: Sequence[CheckpointService], tell: Callable[[str], None]
    ) -> None:
        self._services = services
        self.tell = tell
        self._newest: tuple[Checkpoint, bool] | None = None
        """The newest checkpoint that was handed in, and whether it is the last."""
        self._changed = threading.Condition()
        self._stopped = False
        self._busy = bool(services)
        self._started = threading.Event()
        self._thread: threading.Thread | None = None
        if not services:
            self._started.set()

    def start(self, host: Host) -> None:
        """Begin; nothing is signed before `wait_started` has returned."""
        if self._services:
            self._thread = threading.Thread(
                target=self._run, args=(host,), name="archive-keeper", daemon=True
            )
            self._thread.start()

    @property
    def has_services(self) -> bool:
        """Whether anything is to be done beside the writing."""
        return bool(self._services)

    @property
    def is_started(self) -> bool:
        """Whether each service has looked before anything is signed."""
        return self._started.is_set()

    @property
    def is_busy(self) -> bool:
        """Whether a checkpoint is being looked after, or waits for that."""
        return self._busy

    def wait_started(self) -> None:
        """Wait until each service has looked; they bound that themselves."""
        self._started.wait()

    def notify(self, checkpoint: Checkpoint) -> None:
        """Hand in a checkpoint that was just stored."""
        self._hand_in(checkpoint, is_last=False)

    def settle(self, checkpoint: Checkpoint) -> None:
        """Hand in the last checkpoint and wait until all was done that can be."""
        if self._thread is None:
            return
        self._hand_in(checkpoint, is_last=True)
        with self._changed:
            self._changed.wait_for(lambda: not self._busy or not self._lives())

    def wait_idle(self, seconds: float) -> None:
        """Wait, so long at most, until all that was handed in was looked after."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy or not self._lives(), seconds)

    def stop(self) -> None:
        """End the thread, after what it is doing right now."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _lives(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _hand_in(self, checkpoint: Checkpoint, *, is_last: bool) -> None:
        if self._thread is None:
            return
        with self._changed:
            self._newest = (checkpoint, is_last)
            self._busy = True
            self._changed.notify_all()

    def _run(self, host: Host) -> None:
        try:
            for service in self._services:
                self._guard(partial(service.start, host), None)
            self._started.set()
            self._rest()
            self._follow(host)
        finally:  # a bug of ours leaves nobody waiting
            self._started.set()
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _follow(self, host: Host) -> None:
        current: tuple[Checkpoint, bool] | None = None
        is_left = False
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._stopped or self._newest is not None,
                    RETRY_SECONDS if is_left else None,
                )
                if self._newest is not None:
                    current, self._newest = self._newest, None
                elif self._stopped:
                    return
            if current is not None:
                is_left = self._serve(host, *current)
            self._rest()

    def _rest(self) -> None:
        with self._changed:
            self._busy = self._newest is not None
            self._changed.notify_all()

    def _serve(self, host: Host, checkpoint: Checkpoint, is_last: bool) -> bool:
        """Let each service do its part; say whether one has something left."""
        left = [
            self._guard(
                partial(service.published, host, checkpoint, is_last=is_last), True
            )
            for service in self._services
        ]
        return any(left)

    def _guard(self, act: Callable[[], T], otherwise: T) -> T:
        """A service that fails keeps nobody else from working, says why, tries again.

        Peers may answer anything: whatever that raises, a writer that runs for weeks
        must not lose its witnesses. Only a broken invariant of ours ends the thread.
        """
        try:
            return act()
        except AssertionError:
            raise
        except Exception as error:  # noqa: BLE001  said, and tried again
            with suppress(OSError):
                self.tell(describe_failure(error))
            return otherwise


def describe_failure(error: Exception) -> str:
    """Our own words, or the type of an error that nobody thought of."""
    if isinstance(error, EvidenceError):
        return str(error)
    return (
        f"a witness or time stamp failed ({type(error).__name__}: {error!s:.200}); "
        "it is tried again"
    )
