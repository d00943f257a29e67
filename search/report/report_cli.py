"""The verb `report`: gather, judge, print; for a person, for cron and for mail."""

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from archive.attest.trust.folder import TrustSet, read_trust
from archive.cli.root import CommandContext
from archive.errors import EvidenceError, UnknownSource, UsageProblem
from archive.instant import format_instant, parse_instant
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.corroboration import Partner, TextOf
from search.comparing import open_texts
from search.engines.opening import Engines
from search.extract.worker import Worker
from search.report.changes_cli import kept_texts
from search.report.span.daily import Judge
from search.report.span.english import Links, html_page, text_lines
from search.report.span.findings import SourceReport
from search.report.span.period import SourcePeriod, Window, gather
from search.report.span.span_report import Report
from search.report.span.text_changes import Texts
from search.report.span.vantage import compare_places

FORMS = ("text", "html", "json")
PROBLEM_EXIT_CODE = 5
"""As a failed crawl: somebody has to look."""
_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@click.command()
@click.option(
    "--since",
    default="24h",
    show_default=True,
    help="A span back from the end (90m, 24h, 7d) or a time (2030-01-31T06:00:00Z).",
)
@click.option("--until", help="The end (default: now).")
@click.option("--source", "source_ids", multiple=True, help="Only this source.")
@click.option(
    "--with",
    "others",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Another archive of the same sources, or your mirror of it: what was served"
    " there?",
)
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="text", show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("--link-base", help="Address of your web interface: lines link there.")
@click.option(
    "--show-restricted",
    is_flag=True,
    help="Print what changed in lists of persons, too: keep it to yourself.",
)
@click.pass_obj
def report(
    ctx: CommandContext,
    /,
    since: str,
    until: str | None,
    source_ids: tuple[str, ...],
    others: tuple[Path, ...],
    form: str,
    as_json: bool,
    link_base: str | None,
    show_restricted: bool,
) -> None:
    """Say what was captured, new, changed, vanished, failed, late, suspicious.

    Exit codes: 0 nothing failed, nothing is late or suspicious, 2 wrong use, 5
    something did, and the report says what, 6 no archive.
    """
    window = read_window(since, until, now=ctx.clock())
    order = ReportOrder(
        window=window,
        source_ids=source_ids,
        others=others,
        show_restricted=show_restricted,
    )
    made = make_report(ctx, order)
    links = Links(base=link_base.rstrip("/") if link_base else None)
    if as_json or form == "json":
        click.echo(json.dumps(made.as_json(), ensure_ascii=False))
    elif form == "html":
        click.echo(html_page(made, links), nl=False)
    else:
        for line in text_lines(made, links):
            click.echo(line)
    if made.has_problems:
        raise click.exceptions.Exit(PROBLEM_EXIT_CODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOrder:
    """What is reported on."""

    window: Window
    source_ids: tuple[str, ...]
    others: tuple[Path, ...]
    show_restricted: bool


def read_window(since: str, until: str | None, *, now: datetime) -> Window:
    """The span of time asked for; UsageProblem where it is none."""
    end = now if until is None else _instant(until)
    span = _SPAN.fullmatch(since)
    if span is not None:
        start = end - timedelta(**{_UNITS[span.group(2)]: int(span.group(1))})
    else:
        start = _instant(since)
    if start >= end:
        raise UsageProblem(f"{format_instant(start)} is not before the end")
    return Window(since=start, until=end)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageProblem(
            f"{ascii(text)[:40]} is no time: write 2030-01-31T06:00:00Z, or for --since"
            " a span such as 24h"
        ) from error
    if found.tzinfo is None:
        raise UsageProblem(
            f"{text} has no offset: write {found.isoformat()}Z, or +03:00 in place of Z"
        )
    return parse_instant(format_instant(found.astimezone(UTC)))


def make_report(ctx: CommandContext, order: ReportOrder) -> Report:
    """Read the archives, judge every source."""
    with ExitStack() as stack:
        reader = ArchiveReader.open(ctx.archive)
        stack.callback(reader.close)
        check_sources(reader, order.source_ids)
        worker = stack.enter_context(Worker())
        engines = Engines(settings=ctx.settings.search)
        kept = kept_texts(ctx.archive, engines)
        texts = Texts(reader=reader, kept=kept, worker=worker)
        judge = Judge(
            window=order.window,
            earlier=reader.history().content_before,
            compare=texts.compare,
            find_list=texts.find_list,
            compare_samples=texts.compare_samples,
            show_restricted=order.show_restricted,
        )
        text_of = stack.enter_context(open_texts())
        own, others = _partners(ctx, reader, order.others, stack)
        sources = []
        for period in gather(reader, order.window, source_ids=order.source_ids):
            judged = judge.judge(period)
            for other in others:
                judged = _add_sights(judged, period, own, other, text_of)
            sources.append(judged)
        return Report(
            archive_id=reader.identity.archive_id,
            archive_name=reader.identity.name,
            window=order.window,
            sources=tuple(sources),
        )


def check_sources(reader: ArchiveReader, source_ids: Sequence[str]) -> None:
    """UnknownSource for one without a job: of a misspelt one all would be well."""
    known = reader.history().source_ids()
    for one in source_ids:
        if one not in known:
            raise UnknownSource(
                f"source {one!a} never had a job in this archive; "
                + (f"these had: {', '.join(known)}" if known else "none had")
            )


def _partners(
    ctx: CommandContext,
    reader: ArchiveReader,
    roots: Sequence[Path],
    stack: ExitStack,
) -> tuple[Partner, list[Partner]]:
    own = Partner(reader=reader, trust=_find_trust(ctx, reader))
    found = []
    for root in roots:
        other = ArchiveReader.open(root)
        stack.callback(other.close)
        found.append(Partner(reader=other, trust=_find_trust(ctx, other)))
    return own, found


def _find_trust(ctx: CommandContext, reader: ArchiveReader) -> TrustSet | None:
    try:
        return read_trust(ctx.trust(), reader.identity.origin)
    except EvidenceError:
        return None


def _add_sights(
    judged: SourceReport,
    period: SourcePeriod,
    own: Partner,
    other: Partner,
    text_of: TextOf,
) -> SourceReport:
    sights = compare_places(own, other, period.attempts, text_of=text_of)
    added = [found for sight in sights if (found := sight.as_finding())]
    return replace(judged, findings=(*judged.findings, *added))
