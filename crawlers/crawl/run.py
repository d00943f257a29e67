"""Crawls in a child process: a Twisted reactor starts once per process only.

The child gets orders as JSON lines on standard input and answers in JSON lines; SIGTERM
and SIGINT are passed on, and the child closes its jobs before it ends.
"""

import json
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Self

import archive.errors
from archive.child import python_command, python_path
from archive.cli.output import Progress, ShowProgress
from archive.cli.start import INTERRUPTED
from archive.errors import EvidenceError, FetchFailed
from archive.store.layout import ArchivePaths, demand_unlocked
from archive.store.recovery.stuck import note_stuck
from crawlers.crawl.order import END_OF_ORDERS, CrawlOrder, CrawlResult
from crawlers.crawl.silence import LOOK_SECONDS, STUCK_SECONDS, Silence
from crawlers.crawl.stopping import STOP_SIGNALS

CHILD = ("-m", "crawlers.crawl.children.start")
READ_BYTES = 1 << 16
Message = dict[str, Any]


class CrewProcess:
    """A child process that crawls what it is sent, side by side."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            python_command(*CHILD),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": python_path()},
            bufsize=0,
            process_group=0,  # Ctrl-C reaches it through us alone
        )
        if self._child.stdin is None or self._child.stdout is None:
            raise AssertionError("pipes were asked for")
        self._orders, self._answers = self._child.stdin, self._child.stdout
        self._rest = b""
        self._silence = Silence(time.monotonic())
        self._jobs: dict[str, str] = {}
        """Jobs that it opened and did not answer for yet, by source."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.finish()
        self.close()

    def send(self, order: CrawlOrder) -> None:
        """Have one more source crawled; a child that is gone says so by its end."""
        line = json.dumps(order.as_json()).encode() + b"\n"
        with suppress(BrokenPipeError):
            while line:
                line = line[self._orders.write(line) or 0 :]

    def finish(self) -> None:
        """Send no more: the child ends when it has done what it has.

        Without this word the end of its input means that we are gone.
        """
        if not self._orders.closed:
            with suppress(BrokenPipeError):
                self._orders.write(END_OF_ORDERS)
            self._orders.close()

    def signal(self, number: int) -> None:
        """Pass a signal on."""
        self._child.send_signal(number)

    def wait_answer(self, seconds: float) -> bool:
        """Wait so long at most; True = there is something to `take`."""
        return bool(select.select([self.answers], (), (), seconds)[0])

    def is_stuck(self, *, heard: bool) -> bool:
        """Look once more: whether it gave no sign of life for `STUCK_SECONDS`."""
        self._silence.look(time.monotonic(), heard=heard)
        return self._silence.seconds >= STUCK_SECONDS

    def end_stuck(self, archive: Path) -> None:
        """End it and wait until it is gone; whoever closes its jobs will say so."""
        self._child.kill()  # it hears nothing gentler: only its loop would
        self._child.wait()
        for job_id in self._jobs.values():
            with suppress(EvidenceError):  # a full disk: it is closed as killed
                note_stuck(ArchivePaths(archive).spool, job_id)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    @property
    def answers(self) -> int:
        """Descriptor that can be read when there is something to `take`."""
        return self._answers.fileno()

    def take(self) -> list[Message] | None:
        """What it answered since; waits for something. None = it has ended."""
        data = os.read(self.answers, READ_BYTES)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        messages = [json.loads(line) for line in lines]
        return [message for message in messages if not self._note(message)]

    def _note(self, message: Message) -> bool:
        """Note what is for us alone: signs of life, and which jobs there are."""
        if "result" in message:
            self._jobs.pop(message["result"]["source_id"], None)
        elif "error" in message:
            self._jobs.pop(message["error"]["source_id"], None)
        elif "job_id" in message:
            self._jobs[message["source_id"]] = message["job_id"]
        return "job_id" in message or "beat" in message

    def close(self) -> None:
        """Hear no more of it, and wait until it is gone."""
        self._answers.close()
        self._child.wait()

    def wait(self) -> int:
        """Wait until it is gone; its exit code, negative for a signal."""
        return self._child.wait()


def run_crawl(
    order: CrawlOrder, *, progress: ShowProgress = lambda _progress: None
) -> CrawlResult:
    """Crawl one source and wait for the end; raises what went wrong in the child."""
    demand_unlocked(order.archive)  # a child takes a second to find that out
    result: CrawlResult | None = None
    with CrewProcess() as child, _forwarding(child):
        child.send(order)
        child.finish()
        while (messages := _take(child, order)) is not None:
            for message in messages:
                if "progress" in message:
                    progress(read_progress(message))
                elif "error" in message:
                    raise rebuild_error(message["error"])
                else:
                    result = CrawlResult.from_json(message["result"])
        code = child.wait()
    if result is None and code in (INTERRUPTED, -signal.SIGINT):
        raise KeyboardInterrupt  # it was told so through us
    if result is None:
        raise EvidenceError(
            f"the crawl of {order.source_id} ended early (code {code});"
            " what it acknowledged is in the archive: run `evidence verify`"
        )
    return result


def _take(child: CrewProcess, order: CrawlOrder) -> list[Message] | None:
    """What it answers next; FetchFailed where it is stuck, and had to be ended."""
    while not (heard := child.wait_answer(LOOK_SECONDS)):
        if child.is_stuck(heard=heard):
            child.end_stuck(order.archive)
            raise FetchFailed(
                f"the crawl of {order.source_id} gave no sign of life for"
                f" {STUCK_SECONDS:g} s and was ended: look at the selectors and"
                " patterns of its file; what it acknowledged is in the archive, and"
                " the next crawl of it goes on there"
            )
    child.is_stuck(heard=heard)
    return child.take()


def read_progress(message: Message) -> Progress:
    """How far the crawl is that a message speaks of."""
    values = message["progress"]
    return Progress(**{**values, "hosts": tuple(values["hosts"])})


class Waker:
    """Signals as something to wait for, beside the answers of a child."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        os.set_blocking(self._read, False)
        self.heard: list[int] = []

    @contextmanager
    def listening(self, *numbers: int) -> Iterator[None]:
        """Keep signals here while the body runs."""
        before = {number: signal.signal(number, self._hear) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._read)
            os.close(self._write)

    def wait(self, seconds: float, child: CrewProcess | None) -> bool:
        """Wait for a signal or an answer; True = the child has something to say."""
        watched = [self._read, *([child.answers] if child else [])]
        ready, _, _ = select.select(watched, (), (), seconds)
        if self._read in ready:
            with suppress(BlockingIOError):
                os.read(self._read, READ_BYTES)
        return child is not None and child.answers in ready

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self.heard.append(number)
        with suppress(BlockingIOError):
            os.write(self._write, b"!")


@contextmanager
def _forwarding(child: CrewProcess) -> Iterator[None]:
    """Pass signals on while the child runs; only the main thread may set handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(number: int, _frame: FrameType | None) -> None:
        child.signal(number)

    before = {number: signal.signal(number, forward) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def rebuild_error(error: Message) -> EvidenceError:
    """The child's error as the class it was there."""
    kind = getattr(archive.errors, error["kind"], EvidenceError)
    if not (isinstance(kind, type) and issubclass(kind, EvidenceError)):
        kind = EvidenceError
    rebuilt = EvidenceError(error["message"])
    rebuilt.exit_code = error["exit_code"]
    try:
        return kind(error["message"])
    except TypeError:  # a class with further arguments
        return rebuilt
