"""Processes that read segments side by side, a piece each; results in their order.

What comes back is what one process would have found: pieces are put together only
where they join, and a reader that ends in the midst of its work ends the whole
verification. The pipes are the only room between them, so memory stays bounded.
"""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from archive.attest.trust import TrustSet
from archive.child import python_command, python_path
from archive.errors import StoreError
from archive.store.walk import SegmentChanged
from archive.verify.pieces import (
    Ended,
    Piece,
    Told,
    cut_segment,
    kept_small,
    trim,
    walk_piece,
)

READERS_MOST: Final = 2
"""Processes beside our own: some 50 MB each, and 200 MB are the bound for all."""
WORTH_BYTES: Final = 32 << 20
"""Of segments: below it starting the readers takes longer than they save."""
PIPE_BYTES: Final = 1 << 20
"""Room for results of a reader that is ahead; the most Linux gives to everybody."""
BATCH: Final = 16
"""Entries handed on at once."""


class ReaderEnded(StoreError):
    """A reading process ended before its work; nothing may be concluded."""


def count_readers(all_bytes: int) -> int:
    """How many processes to start for so many bytes; 0: read them in this one."""
    processors = _count_processors()
    if processors < 2 or all_bytes < WORTH_BYTES:
        return 0
    return min(processors, READERS_MOST)


def _count_processors() -> int:
    """Those we may use; where only Linux can tell, those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


Read = Callable[[Path], Iterator[Told | Ended]]
"""What one walk over a segment finds."""


@contextmanager
def reading(
    paths: Sequence[Path], trust: TrustSet | None, count: int
) -> Iterator[Read]:
    """Read segments in their order with so many processes; 0: in this one."""

    def read_here(path: Path) -> Iterator[Told | Ended]:
        return walk_piece(Piece(path=path, start=0, stop=None), trust)

    with ExitStack() as stack:
        read: Read = read_here
        if count:
            segments = {path: _cut(path) for path in paths}
            with suppress(OSError):  # no more processes may be started here
                read = stack.enter_context(Readers(segments, trust, count)).read
        yield read


def _cut(path: Path) -> list[Piece]:
    try:
        return cut_segment(path)
    except (StoreError, OSError):  # whoever reads it will say so
        return [Piece(path=path, start=0, stop=None)]


class Readers:
    """Reading processes over the pieces of some segments; ended with the context.

    Segments must be asked for in the order given, each once and to its end.
    """

    def __init__(
        self,
        segments: Mapping[Path, Sequence[Piece]],
        trust: TrustSet | None,
        count: int,
    ) -> None:
        self._segments = segments
        self._trust = trust
        self._count = count
        self._children: list[subprocess.Popen[bytes]] = []
        self._heard: set[int] = set()
        self._next = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        pieces = [piece for cut in self._segments.values() for piece in cut]
        with ExitStack() as stack:
            for number in range(self._count):
                child = _start()
                stack.callback(_end, child)
                self._children.append(child)
                with suppress(BrokenPipeError):  # it ended: its silence is noticed
                    _send(child, pieces[number :: self._count], self._trust)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def read(self, path: Path) -> Iterator[Told | Ended]:
        """What one walk over the segment gives; several `Ended` where it was cut.

        ReaderEnded if a reader did not finish, SegmentChanged if another file stands
        there than was cut.
        """
        pieces = self._segments[path]
        is_over = False
        for piece, following in zip(pieces, [*pieces[1:], None], strict=True):
            ended = None
            for item in self._receive(piece):
                if is_over:
                    continue  # one walk would not have come here
                yield _unchanged(item)
                ended = item if isinstance(item, Ended) else None
            if is_over or following is None or ended is None:
                continue
            is_over = not ended.joins(following)
            if is_over and ended.problem is None and ended.unreadable is None:
                # No statement ends there after all: go on as one walk does.
                rest = replace(piece, start=ended.covered_bytes, stop=None)
                yield from map(_unchanged, walk_piece(rest, self._trust))

    def _receive(self, piece: Piece) -> Iterator[Told | Ended]:
        """The results of the next piece.

        A reader that ends before it said anything cannot work here: it is done without.
        """
        number = self._next % self._count
        self._next += 1
        item: Told | Ended | None = None
        while not isinstance(item, Ended):
            try:
                batch = _load(self._children[number])
            except ReaderEnded:
                if number in self._heard:
                    raise
                yield from walk_piece(piece, self._trust)
                return
            self._heard.add(number)
            for item in batch:
                yield item


def _unchanged(item: Told | Ended) -> Told | Ended:
    if isinstance(item, Ended) and item.is_changed:
        raise SegmentChanged(item.unreadable)
    return item


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        python_command("-c", "from archive.verify.readers import main; main()"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": python_path(), "LC_ALL": "C.UTF-8"},
        pipesize=PIPE_BYTES,
    )


def _send(
    child: subprocess.Popen[bytes], pieces: Sequence[Piece], trust: TrustSet | None
) -> None:
    if child.stdin is None:
        raise AssertionError("started with pipes")
    with child.stdin as pipe:
        pickle.dump((pieces, trust), pipe)


def _load(child: subprocess.Popen[bytes]) -> list[Told | Ended]:
    if child.stdout is None:
        raise AssertionError("started with pipes")
    try:
        # From our own child, over a pipe that nobody else has.
        found: list[Told | Ended] = pickle.load(child.stdout)  # noqa: S301
    except (EOFError, pickle.UnpicklingError) as error:
        code = child.wait()
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        raise ReaderEnded(
            f"a process that reads segments ended {how} before its work; verify again"
        ) from error
    return found


def _end(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    child.wait()
    for pipe in filter(None, (child.stdin, child.stdout)):
        with suppress(OSError):
            pipe.close()


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """The life of a reader: its pieces in order, until nobody listens any more."""
    pieces, trust = pickle.load(source)  # noqa: S301 - from the process that began us
    batch: list[Told | Ended] = []
    for piece in pieces:
        for item in walk_piece(piece, trust, keep=kept_small):
            batch.append(trim(item) if isinstance(item, Told) else item)
            if len(batch) >= BATCH or isinstance(item, Ended):
                pickle.dump(batch, target, protocol=pickle.HIGHEST_PROTOCOL)
                target.flush()
                batch = []


def main() -> None:
    """Read on, whatever is typed at the terminal: who began us ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer)
    os._exit(0)  # what is not written, nobody wants
