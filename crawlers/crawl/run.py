"""One crawl in a child process, waited for; whoever stops us gets the shell back."""

import math
import signal
from collections.abc import Callable

from archive.cli.output import Progress, ShowProgress
from archive.cli.start import INTERRUPTED
from archive.errors import EvidenceError, FetchFailed
from archive.store.layout import demand_unlocked
from crawlers.crawl import silence
from crawlers.crawl.order import CrawlOrder, CrawlResult
from crawlers.crawl.process import (
    CLOSE_SECONDS,
    CrewProcess,
    Message,
    close_jobs,
    rebuild_error,
    say_closed,
)
from crawlers.crawl.stopping import STOPPING, Stops, counted_stops


def run_crawl(
    order: CrawlOrder,
    *,
    progress: ShowProgress = lambda _progress: None,
    tell: Callable[[str], None] = lambda _words: None,
    stops: Stops | None = None,
) -> CrawlResult:
    """Crawl one source and wait for the end; raises what went wrong in the child.

    `stops`: who counts the signals, if not this. `tell` hears that one is heeded.
    """
    demand_unlocked(order.archive)  # a child takes a second to find that out
    if stops is None:
        with counted_stops() as counted:
            return run_crawl(order, progress=progress, tell=tell, stops=counted)
    result: CrawlResult | None = None
    with CrewProcess() as child, stops.told_to(child.ask_to_stop):
        child.send(order)
        child.finish()
        while (messages := _listen(child, order, stops, tell)) is not None:
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
        raise EvidenceError(_end(child, order, f"ended early (code {code})", stops))
    return result


def _listen(
    child: CrewProcess, order: CrawlOrder, stops: Stops, tell: Callable[[str], None]
) -> list[Message] | None:
    """What it answers next; FetchFailed where it hangs, and had to be ended."""
    heard = child.wait_answer(silence.LOOK_SECONDS)
    if stops.count and not stops.said:
        stops.said = True
        tell(STOPPING)
    if child.is_stuck(heard=heard):
        child.end_stuck(order.archive)
        raise FetchFailed(_end(child, order, child.why_ended("its file"), stops))
    return child.take() if heard else []


def _end(child: CrewProcess, order: CrawlOrder, why: str, stops: Stops) -> str:
    """Close the job of a child that is gone before its time; what to say about it."""
    asked = stops.count
    closed = close_jobs(
        order,
        jobs=child.open_jobs,
        seconds=CLOSE_SECONDS if asked else math.inf,
        is_enough=lambda: stops.count > max(1, asked),
    )
    return (
        f"the crawl of {order.source_id} {why};"
        f" {say_closed(closed, jobs=child.open_jobs)}, what it acknowledged is in the"
        " archive, and the next crawl of it goes on there"
    )


def read_progress(message: Message) -> Progress:
    """How far the crawl is that a message speaks of."""
    values = message["progress"]
    return Progress(**{**values, "hosts": tuple(values["hosts"])})
