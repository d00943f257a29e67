"""The child process that crawls: a Twisted reactor starts once per process only.

The child gets orders as JSON lines on standard input and answers in JSON lines. It is
asked to end by SIGTERM, and closes its jobs before it does; one that hangs is ended.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import archive.errors
from archive.child import python_command, python_path
from archive.errors import EvidenceError
from archive.store.layout import ArchivePaths
from archive.store.recovery.stuck import note_stuck
from crawlers.crawl import silence
from crawlers.crawl.order import END_OF_ORDERS, CrawlOrder
from crawlers.crawl.silence import Silence

CHILD = ("-m", "crawlers.crawl.children.start")
READ_BYTES = 1 << 16
CLOSE_SECONDS = 30.0
"""For closing the jobs of a process that was ended, while a person waits: opening an
archive after a crash takes a second or two, witnesses a few more."""
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

    def ask_to_stop(self) -> None:
        """Ask it to end in order; asked again, it cuts what runs, and is ended soon."""
        self._silence.ask()
        self._child.send_signal(signal.SIGTERM)

    def wait_answer(self, seconds: float) -> bool:
        """Wait so long at most; True = there is something to `take`."""
        return bool(select.select([self.answers], (), (), seconds)[0])

    def is_stuck(self, *, heard: bool) -> bool:
        """Look once more: whether nobody waits for it any more (`Silence`)."""
        self._silence.look(time.monotonic(), heard=heard)
        return self._silence.is_too_long()

    def end_stuck(self, archive: Path) -> None:
        """End it and wait until it is gone; whoever closes its jobs will say so."""
        self._child.kill()  # it hears nothing gentler: only its loop would
        self._child.wait()
        if self._silence.asked:  # it may have been slow only: they are cut short
            return
        for job_id in self._jobs.values():
            with suppress(EvidenceError):  # a full disk: it is closed as killed
                note_stuck(ArchivePaths(archive).spool, job_id)

    def why_ended(self, of: str) -> str:
        """Why it was ended, as the end of a sentence; `of`: whose selectors to see."""
        if self._silence.asked > 1:
            return "was asked twice to end, and was ended"
        if self._silence.asked:
            return (
                f"gave no sign of life for {silence.ASKED_SECONDS:g} s when it was"
                " asked to end, and was ended"
            )
        return (
            f"gave no sign of life for {silence.STUCK_SECONDS:g} s and was ended: look"
            f" at the selectors and patterns of {of}"
        )

    @property
    def open_jobs(self) -> int:
        """How many jobs it opened and did not answer for."""
        return len(self._jobs)

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
        """Hear no more of it, and wait until it is gone; one that hangs is ended."""
        while self._child.poll() is None:
            heard = self.wait_answer(silence.LOOK_SECONDS)
            if heard and not os.read(self.answers, READ_BYTES):
                break
            if self.is_stuck(heard=heard):
                self._child.kill()
        self._answers.close()
        self._child.wait()

    def wait(self) -> int:
        """Wait until it is gone; its exit code, negative for a signal."""
        return self._child.wait()


def close_jobs(
    order: CrawlOrder, *, jobs: int, seconds: float, is_enough: Callable[[], bool]
) -> bool:
    """Close the jobs that a process left which was ended; False = they stay open.

    A process of its own opens the archive, as whoever writes next would. It is given
    so many seconds, and ended once `is_enough`: at any moment it may be.
    """
    closed = False
    if not jobs:
        return True
    began = time.monotonic()
    with CrewProcess() as child:
        child.send(replace(order, closes_only=True))
        child.finish()
        while True:
            heard = child.wait_answer(silence.LOOK_SECONDS)
            messages = child.take() if heard else []
            if messages is None:
                return closed
            closed = closed or any("opened" in message for message in messages)
            closed = closed and not any("error" in message for message in messages)
            late = time.monotonic() - began > seconds
            if child.is_stuck(heard=heard) or late or is_enough():
                child.end_stuck(order.archive)
                return closed


def say_closed(closed: bool, *, jobs: int) -> str:
    """What became of the jobs that somebody left who was ended."""
    if not jobs:
        return "it had no job open"
    words, are = ("its job", "is") if jobs == 1 else ("its jobs", "are")
    return f"{words} {are} closed" if closed else f"the next writer closes {words}"


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
