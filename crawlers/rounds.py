"""One round over sources: one after the other, or all that are due; what went wrong."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from archive.cli.output import show_progress
from archive.cli.root import CommandContext
from archive.errors import EvidenceError, ExpectationFailed, FetchFailed
from crawlers.crawl.order import CrawlOrder, CrawlResult
from crawlers.crawl.run import run_crawl
from crawlers.crawl.stopping import STOPPING, counted_stops
from crawlers.output import print_crawl
from crawlers.watching import Choice, open_watch


def crawl_each(
    order: CrawlOrder, source_ids: Sequence[str], *, as_json: bool
) -> list[CrawlResult]:
    """Crawl one after the other until stopped.

    What hung, was cut or not begun is told, and raised behind the rest.
    """
    results: list[CrawlResult] = []
    failures: list[FetchFailed] = []
    rest = list(source_ids)
    with counted_stops() as stops:
        while rest and not stops.count:
            one = replace(order, source_id=rest.pop(0))
            try:
                with show_progress(one.source_id, silent=as_json) as show:
                    results.append(
                        run_crawl(one, progress=show, tell=_tell_problem, stops=stops)
                    )
            except FetchFailed as failure:
                failures.append(failure)
            else:
                print_crawl(results[-1], as_json=as_json)
    if rest:
        failures.append(FetchFailed(f"stopped; not begun: {', '.join(rest)}"))
    _raise_last(failures)
    return results


def crawl_due(
    context: CommandContext, order: CrawlOrder, choice: Choice, *, as_json: bool
) -> list[CrawlResult]:
    """Crawl all that is due, side by side; raises the first failure at the end."""

    def tell(message: dict[str, Any]) -> None:
        if message["event"] == "crawled":
            facts = {k: v for k, v in message.items() if k not in ("event", "at")}
            print_crawl(CrawlResult.from_json(facts), as_json=as_json)
        elif message["event"] == "problem":
            _tell_problem(message["message"])
        elif message["event"] == "stopping":
            _tell_problem(STOPPING)

    watch = open_watch(context, order, choice, once=True, tell=tell)
    watch.run()
    _raise_last(watch.failures)
    return watch.results


def _tell_problem(words: str) -> None:
    click.echo(f"evidence: {words}", err=True)


def _raise_last(failures: Sequence[EvidenceError]) -> None:
    """Tell all of them, the last one by raising it."""
    for before in failures[:-1]:
        _tell_problem(str(before))
    if failures:
        raise failures[-1]


def raise_if_poor(results: list[CrawlResult]) -> None:
    """Raise what a person has to know of crawls that came to their end."""
    poor = [result for result in results if not result.is_good]
    if not poor:
        return
    names = ", ".join(result.source_id for result in poor)
    if any(seed.state != "captured" for result in poor for seed in result.seeds):
        raise FetchFailed(
            f"not every seed of {names} was captured; see the lines above"
        )
    reasons = "; ".join(
        f"{result.source_id}: {kept['name']} {kept['bound']}, but {kept['value']}"
        for result in poor
        for kept in result.expectations
        if kept["outcome"] == "failed"
    )
    raise ExpectationFailed(f"less than the file expects: {reasons}; see [expect]")
