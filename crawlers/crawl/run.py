"""One crawl in a child process: a Twisted reactor starts once per process only.

The child gets its order as JSON on standard input and answers in JSON lines; SIGTERM
and SIGINT are passed on, and the child closes its job before it ends.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import archive.errors
from archive.cli.output import Progress, ShowProgress
from archive.errors import EvidenceError
from archive.store.layout import demand_unlocked
from crawlers.crawl.order import CrawlOrder, CrawlResult

CHILD = ("-m", "crawlers.crawl.start")
FORWARDED = (signal.SIGTERM, signal.SIGINT)


def run_crawl(
    order: CrawlOrder, *, progress: ShowProgress = lambda _progress: None
) -> CrawlResult:
    """Crawl one source and wait for the end; raises what went wrong in the child."""
    demand_unlocked(order.archive)  # a child takes a second to find that out
    result: CrawlResult | None = None
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, *CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
    )
    with child, _forwarding(child):
        if child.stdin is None or child.stdout is None:
            raise AssertionError("pipes were asked for")
        child.stdin.write(json.dumps(order.as_json()).encode() + b"\n")
        child.stdin.close()
        for line in child.stdout:
            message = json.loads(line)
            if "progress" in message:
                values = message["progress"]
                progress(Progress(**{**values, "hosts": tuple(values["hosts"])}))
            elif "error" in message:
                raise _rebuild(message["error"])
            else:
                result = CrawlResult.from_json(message["result"])
    if result is None:
        raise EvidenceError(
            f"the crawl of {order.source_id} ended early (code {child.returncode});"
            " what it acknowledged is in the archive: run `evidence verify`"
        )
    return result


def _environment() -> dict[str, str]:
    """The child finds our packages where this process found them."""
    here = str(Path(__file__).resolve().parents[2])
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([here, before] if before else [here])
    return {**os.environ, "PYTHONPATH": path}


@contextmanager
def _forwarding(child: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Pass signals on while the child runs; only the main thread may set handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _rebuild(error: dict[str, Any]) -> EvidenceError:
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
