"""How the verbs of this package print: attempts and crawls, as words or as JSON."""

import json
from typing import Any

import click

from archive.capture import Capture, CaptureOutcome
from archive.instant import format_instant
from crawlers.crawl.order import CrawlResult


class AttemptPrinter:
    """Prints each attempt on standard output, as words or as JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self.failed = 0

    def emit(self, attempt: Capture) -> None:
        """Print one attempt."""
        self.failed += attempt.outcome is not CaptureOutcome.COMPLETE
        if self._as_json:
            click.echo(json.dumps(describe_attempt(attempt)))
        else:
            how = f"{attempt.outcome:<11} {attempt.http_status or '-':<3}"
            click.echo(f"{attempt.short_id} {how} {attempt.target_uri}")


def describe_attempt(attempt: Capture) -> dict[str, Any]:
    """One attempt as other people's scripts read it; keys never change."""
    return {
        "id": attempt.capture_id,
        "short_id": attempt.short_id,
        "uri": attempt.target_uri,
        "outcome": str(attempt.outcome),
        "http_status": attempt.http_status,
        "captured_at": format_instant(attempt.captured_at),
        "segment": attempt.location.segment or None,
        "offset": attempt.location.offset_bytes,
        "length": attempt.location.length_bytes,
    }


def print_crawl(result: CrawlResult, *, as_json: bool) -> None:
    """Print one finished crawl."""
    if as_json:
        click.echo(json.dumps(result.as_json()))
        return
    click.echo(
        f"{result.source_id}: {result.captures} captures ({result.failures} failed),"
        f" {result.items} list items, job {result.job_id}"
    )
    if result.taken_over:
        click.echo(f"  goes on with a run cut short: {result.taken_over} taken over")
    for seed in result.seeds:
        click.echo(f"  {seed.state:<11} {seed.uri} {seed.reason}".rstrip())
    for code, times in result.signals.items():
        click.echo(f"  signal {code}: {times}")
    for kept in result.expectations:
        click.echo(
            f"  {kept['name']} {kept['bound']}: {kept['value']} {kept['outcome']}"
        )
