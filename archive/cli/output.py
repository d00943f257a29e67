"""Standard output for people and programs; the only importer of rich.

Rich is imported where something is shown on a terminal: programs never wait for it.
"""

import codecs
import errno
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import click

PLAIN_EVERY = 10
"""Captures between two lines where progress is no live display."""
HOSTS_SHOWN = 3
"""Hosts named on the one line of a live display."""
_MEBIBYTE = 1 << 20
_NOBODY_READS = (errno.EPIPE, errno.EIO)
"""The pipe is broken, the terminal is closed: it does not come back."""
_AS_JSON = "escape-as-json"
"""Our handler of letters that an encoding lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job of captures is."""

    captured: int = 0
    failed: int = 0
    queued: int = 0
    received_bytes: int = 0
    hosts: tuple[str, ...] = ()
    """Those spoken to right now."""

    def line(self, label: str, seconds: float) -> str:
        """All of it in one line of plain text."""
        rate = self.captured / seconds if seconds > 0 else 0.0
        words = (
            f"{label}: {self.captured} captured, {self.failed} failed,"
            f" {self.queued} queued, {rate:.1f}/s,"
            f" {self.received_bytes / _MEBIBYTE:.1f} MiB"
        )
        shown = ", ".join(self.hosts[:HOSTS_SHOWN])
        more = len(self.hosts) - HOSTS_SHOWN
        shown += f" and {more} more" if more > 0 else ""
        return f"{words}, {shown}" if shown else words


ShowProgress = Callable[[Progress], None]


@contextmanager
def show_progress(label: str, *, silent: bool) -> Iterator[ShowProgress]:
    """One live line on a terminal, now and then a plain line elsewhere, or nothing.

    All on standard error; results printed meanwhile stand above the live line.
    """
    started = time.monotonic()
    if silent:
        yield lambda _progress: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(stderr=True, highlight=False)
        is_shared = sys.stdout.isatty()
        with Live(
            console=console,
            transient=True,
            redirect_stdout=is_shared,
            redirect_stderr=True,
        ) as live:
            yield lambda now: live.update(
                Text(now.line(label, time.monotonic() - started), overflow="ellipsis")
            )
    else:
        yield _plain_lines(label, started)


ShowShare = Callable[[int, int], None]
"""Told how many of how many bytes are done."""


@contextmanager
def show_share(label: str) -> Iterator[ShowShare]:
    """A progress bar on standard error while the body runs; nothing if no terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, highlight=False)
    with RichProgress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def _plain_lines(label: str, started: float) -> ShowProgress:
    said = 0

    def show(progress: Progress) -> None:
        nonlocal said
        if progress.captured // PLAIN_EVERY > said // PLAIN_EVERY:
            said = progress.captured
            say(progress.line(label, time.monotonic() - started))

    return show


def speak_any_locale() -> None:
    """Have standard output take all text, also where the locale cannot write it.

    What its encoding lacks is escaped as JSON does: an object stays an object, and a
    deed that is done is not told by a traceback.
    """
    codecs.register_error(_AS_JSON, _escape_as_json)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=_AS_JSON)


def _escape_as_json(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return json.dumps(lacking)[1:-1], error.end


def echo_if_read(line: str) -> None:
    """Print one line on standard output, if that is possible; whoever calls goes on.

    A watch outlives its terminal, the program its lines were piped into, and a full
    disk with its log on it.
    """
    try:
        click.echo(line)
    except OSError as error:
        if error.errno in _NOBODY_READS:
            _leave_output()


def end_output() -> None:
    """Write what waits for standard output, or drop it where that is not possible."""
    try:
        sys.stdout.flush()
    except OSError:
        _leave_output()


def _leave_output() -> None:
    """What waits for standard output, and all that comes, goes nowhere."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.stdout.fileno())
    os.close(silence)


def print_json(value: Mapping[str, object]) -> None:
    """Print one JSON object on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on a terminal, TAB-separated lines anywhere else.

    Cells are text, never markup.
    """
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


def say(line: str) -> None:
    """Print one line of progress on standard error."""
    click.echo(line, err=True)
