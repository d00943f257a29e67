"""Verbs `sources list` and `sources check`: the registry, and how far it is proved."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from archive.cli.output import print_table, say
from archive.cli.root import CommandContext
from archive.errors import ArchiveMissing, EvidenceError
from archive.instant import format_instant
from archive.store.reading.reader import ArchiveReader
from crawlers.cli import sources_option
from crawlers.sources.registry import read_registry
from crawlers.sources.source import Source
from crawlers.sources.standing import LastRun, Standing, judge_standing

JOBS_LOOKED_AT = 20
"""Newest runs of a source among which one that met its expectations is sought."""
UNITS = {
    timedelta(days=1): "d",
    timedelta(hours=1): "h",
    timedelta(minutes=1): "m",
    timedelta(seconds=1): "s",
}
COLUMNS = ("id", "group", "confidence", "counts", "every", "spiders", "hosts", "notes")


@click.group()
def sources() -> None:
    """Show and check the registry of sources.

    Exit codes: those of the single verbs.
    """


@sources.command("list")
@sources_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per source."
)
def list_sources(sources_folders: tuple[Path, ...], as_json: bool) -> None:
    """List every source: id, group, confidence, hosts, title.

    Exit codes: 0 every file is sound, 2 a file is not.
    """
    for source in read_registry(sources_folders).values():
        row: dict[str, Any] = {
            "id": source.id,
            "group": str(source.group),
            "confidence": str(source.confidence),
            "hosts": len(source.hosts),
            "seeds": len(source.seeds),
            "languages": list(source.languages),
            "title": source.title,
        }
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            hosts = "host " if row["hosts"] == 1 else "hosts"
            click.echo(
                f"{source.id:<20} {row['group']:<13} {row['confidence']:<9}"
                f" {row['hosts']:>3} {hosts}  {source.title}"
            )


@sources.command("check")
@sources_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def check_sources(
    context: CommandContext, sources_folders: tuple[Path, ...], as_json: bool
) -> None:
    """Read every file strictly; say which sources count, and which must prove it.

    Exit codes: 0 every file is sound, 2 a file is not.
    """
    registry = read_registry(sources_folders)
    runs = _last_runs(context, registry)
    standings = [judge_standing(one, runs.get(one.id)) for one in registry.values()]
    if as_json:
        click.echo(json.dumps(_as_json(standings), ensure_ascii=False))
        return
    print_table(COLUMNS, map(_row, standings))
    unproved = sum(not standing.counts for standing in standings)
    say(f"{len(registry)} source files are sound; {unproved} must prove themselves")


def _row(standing: Standing) -> tuple[str, ...]:
    source = standing.source
    kinds = dict.fromkeys(str(seed.spider) for seed in source.seeds)
    return (
        source.id,
        str(source.group),
        str(source.confidence),
        standing.words,
        _span(source.schedule.every),
        "+".join(kinds),
        str(len(source.hosts)),
        "; ".join(standing.notes) or "-",
    )


def _span(span: timedelta) -> str:
    """A span as files write it: `6h`, `1d`."""
    for unit, letter in UNITS.items():
        if span % unit == timedelta():
            return f"{span // unit}{letter}"
    return str(span)


def _as_json(standings: list[Standing]) -> dict[str, object]:
    return {
        "sources": len(standings),
        "unverified": sorted(s.source.id for s in standings if not s.is_verified),
        "must_prove": sorted(s.source.id for s in standings if not s.counts),
        "standings": [
            {
                "id": standing.source.id,
                "confidence": str(standing.source.confidence),
                "counts": standing.counts,
                "proved_at": _instant(standing),
                "notes": list(standing.notes),
            }
            for standing in standings
        ],
    }


def _instant(standing: Standing) -> str | None:
    return format_instant(standing.proved_at) if standing.proved_at else None


def _last_runs(
    context: CommandContext, registry: dict[str, Source]
) -> dict[str, LastRun]:
    """How the newest good run of each source ended; nothing without an archive."""
    try:
        reader = context.open_reader()
    except ArchiveMissing:
        return {}
    try:
        found = {name: _best_run(reader, name) for name in registry}
    finally:
        reader.close()
    return {name: run for name, run in found.items() if run is not None}


def _best_run(reader: ArchiveReader, source_id: str) -> LastRun | None:
    runs = list(_runs(reader, source_id))
    return next((run for run in runs if run.is_good), next(iter(runs), None))


def _runs(reader: ArchiveReader, source_id: str) -> Iterator[LastRun]:
    for job in reader.jobs.newest(source_id, JOBS_LOOKED_AT):
        if job.closing is None:
            continue
        try:
            closing = reader.jobs.read_closing(job.closing)
        except EvidenceError:  # `verify` says what is wrong with it
            continue
        yield LastRun(
            closed_at=closing.closed_at,
            seeds_captured=all(one.state == "captured" for one in closing.outcomes),
            outcomes=tuple(str(kept.get("outcome")) for kept in closing.expectations),
        )
