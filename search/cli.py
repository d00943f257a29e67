"""The verb `index`, and the part of `rebuild` that is the index."""

import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from archive.cli.output import echo_if_read
from archive.cli.root import CommandContext
from archive.digest import Digest
from archive.errors import SearchError
from archive.settings import ENGINES, Settings
from archive.store.reading.reader import ArchiveReader
from search.answering.opened import OpenIndex
from search.engines.opening import Engines
from search.extract.files.ocr import MISSING, find_tesseract
from search.indexing.following import LOOK_SECONDS, Follower
from search.indexing.index import Indexer, IndexReport
from search.indexing.kept import state_texts
from search.indexing.reconcile import Difference, reconcile


@click.command()
@click.option("--rebuild", is_flag=True, help="Make the index anew from the archive.")
@click.option(
    "--no-statement",
    is_flag=True,
    help="Do not sign the list of new texts in this run (needs no keys).",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    help="Where the index lies (default: where it is, else as the settings say).",
)
@click.option(
    "--check",
    is_flag=True,
    help="Change nothing; name every difference between index and archive.",
)
@click.option(
    "--ocr",
    is_flag=True,
    help="Read words from pictures and scans, with tesseract: a second or two a page.",
)
@click.option(
    "--follow",
    is_flag=True,
    help="Go on until SIGTERM or Ctrl-C: index what is captured meanwhile.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a run.")
@click.pass_obj
def index(
    ctx: CommandContext, /, check: bool, follow: bool, as_json: bool, **options: Any
) -> None:
    """Bring the search index up to date with the archive.

    Exit codes: 0 done, 2 wrong use, 6 the archive folder, 7 log or keys, 9 search.
    """
    if follow and not check:
        _follow(ctx, as_json=as_json, **options)
    elif not check:
        _bring_up_to_date(ctx, _Talk(_progress, click.echo), as_json=as_json, **options)
    elif follow or any(options.values()):
        raise click.UsageError("--check goes with --json alone: it changes nothing")
    else:
        _check(ctx, as_json=as_json)


def _check(ctx: CommandContext, *, as_json: bool) -> None:
    """Print what differs; SearchError if anything does."""
    opened = OpenIndex(ctx.archive, open_engines(ctx))
    opened.refresh(now=time.monotonic(), force=True)
    reader = ArchiveReader.open(ctx.archive)
    try:
        reader.catch_up()
        with opened.hold_whole() as (engine, rows):
            found = reconcile(reader, engine, rows)
    finally:
        reader.close()
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        for one in found.differences:
            click.echo(_format_difference(one))
        click.echo(
            f"index: {found.captures} signed captures up to entry {found.upto} and "
            f"{found.documents} documents compared, "
            f"{len(found.differences)} differences"
        )
    if found.differences:
        raise SearchError("the index is not what was signed; run `evidence rebuild`")


def _format_difference(one: Difference) -> str:
    name = Digest(one.capture_id).short_id if one.capture_id else "-"
    place = "-" if one.leaf is None else f"entry {one.leaf}"
    return f"{one.code}  {name}  {place}  {one.uri or '-'}"


@dataclass(frozen=True, slots=True)
class _Talk:
    """Whom a run tells how far it is, and what it did."""

    progress: Callable[[int], None]
    say: Callable[[str], object]


def _bring_up_to_date(
    ctx: CommandContext,
    talk: "_Talk",
    *,
    no_statement: bool,
    ocr: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Index what is new; returns up to which entry that is."""
    if ocr and find_tesseract() is None:
        click.echo(f"evidence: {MISSING}", err=True)
    stated: list[str] = []
    reader = ArchiveReader.open(ctx.archive)
    try:
        engines = open_engines(ctx)
        indexer = Indexer(reader, engines=engines, progress=talk.progress, ocr=ocr)
        report = indexer.run(
            **options,
            afterwards=None
            if no_statement
            else lambda rows: stated.append(state_texts(ctx.archive, rows, ctx)),
        )
    finally:
        reader.close()
    if as_json:
        talk.say(json.dumps(_report(report)))
    else:
        talk.say("; ".join([f"index: {_counts(report)}", *stated]))
    return report.next_leaf


def _follow(ctx: CommandContext, **options: Any) -> None:
    """Index again and again, in the order of the log."""
    reader = ArchiveReader.open(ctx.archive)

    def position() -> int:
        reader.catch_up()
        return reader.next_leaf

    def progress(count: int) -> None:
        _progress(count)
        follower.pause()

    def run() -> int:
        end = _bring_up_to_date(ctx, _Talk(progress, echo_if_read), **options)
        options["rebuild"] = False  # what was made anew follows from then on
        return end

    follower = Follower(run=run, position=position, tell=_tell)
    stops = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(one, lambda *_: follower.stop()) for one in stops]
    try:
        follower.follow(LOOK_SECONDS)
    finally:
        for one, handler in zip(stops, before, strict=True):
            signal.signal(one, handler)
        reader.close()


def _tell(problem: str) -> None:
    click.echo(f"evidence: {problem}; trying again", err=True)


def open_engines(ctx: CommandContext) -> Engines:
    """The engines of a command's settings."""
    return Engines(settings=ctx.settings.search, random_bytes=ctx.random_bytes)


def rebuild_index(archive_root: Path, settings: Settings) -> str:
    """Throw the index away and make it again; needs no keys and states nothing.

    Returns what was done, without the name `index`: the caller writes it in front.
    """
    reader = ArchiveReader.open(archive_root)
    try:
        engines = Engines(settings=settings.search)
        report = Indexer(reader, engines=engines).run(rebuild=True)
    finally:
        reader.close()
    return _counts(report)


def _progress(count: int) -> None:
    if count % 100 == 0 and sys.stderr.isatty():
        click.echo(f"\r{count} captures read", nl=False, err=True)


def _report(report: IndexReport) -> dict[str, object]:
    return {
        "captures_added": report.captures_added,
        "documents_added": report.documents_added,
        "captures": report.captures,
        "documents": report.documents,
        "next_leaf": report.next_leaf,
        "rebuilt": report.rebuilt,
        "rejected": report.rejected,
        "scans_read": report.scans_read,
        "scans_unread": report.scans_unread,
        "texts_again": report.texts_again,
        "texts_lost": report.texts_lost,
    }


def _counts(report: IndexReport) -> str:
    refused = f"; {report.rejected} documents refused" if report.rejected else ""
    return (
        f"{report.captures_added} captures added; now {report.documents} "
        f"documents for {report.captures} captures, up to entry {report.next_leaf}"
        f"{refused}{_scans(report)}{_texts(report)}"
    )


def _texts(report: IndexReport) -> str:
    """Kept texts that were gone."""
    again, lost = report.texts_again, report.texts_lost
    if not again and not lost:
        return ""
    named = f", {lost} lost (`evidence verify` names them)" if lost else ""
    return f"; kept texts were gone: {again} made again{named}"


def _scans(report: IndexReport) -> str:
    """Pictures and scans: how many were read, and how the others can be."""
    read = f"; {report.scans_read} read by OCR" if report.scans_read else ""
    if not report.scans_unread:
        return read
    return (
        f"{read}; {report.scans_unread} pictures or scans without text "
        "(`evidence index --ocr --rebuild` reads them)"
    )
