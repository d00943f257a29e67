"""Verbs `mirrors` and `items`: what belongs together, and what one page is made of."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from archive.capture import Capture
from archive.capture_class import CaptureClass
from archive.cli.root import CommandContext
from archive.lines import one_line
from archive.store.reading.classes import CaptureClasses
from archive.store.reading.reader import ArchiveReader
from search.engines.opening import Engines
from search.extract.listing import Item, Items, split_items
from search.extract.worker import Worker
from search.report.changes_cli import kept_texts
from search.report.comparing.comparison import main_capture
from search.report.comparing.deviations import Deviation, find_within
from search.report.kinship.copies import judge_copy
from search.report.kinship.mirrors import (
    Kinship,
    Sighting,
    find_copies,
    find_mirrors,
)
from search.report.report_cli import check_sources, read_window
from search.report.span.text_changes import Texts

ADDRESSES = 5_000
"""Addresses whose texts are compared in one go; the newest capture of each."""
SHOWN_CHARACTERS = 200


@click.command()
@click.option("--source", "source_ids", multiple=True, help="Only this source.")
@click.option(
    "--since",
    default="30d",
    show_default=True,
    help="A span back from now (90m, 24h, 7d) or a time.",
)
@click.option("--copies", is_flag=True, help="Also the same story under other keys.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per article."
)
@click.pass_obj
def mirrors(
    ctx: CommandContext,
    source_ids: tuple[str, ...],
    since: str,
    copies: bool,
    as_json: bool,
) -> None:
    """Compare the texts of one article on several hosts: confirmed, or in conflict.

    Of each address the newest capture that shows its page.

    Exit codes: 0 done, 2 wrong use, 6 no archive, 9 search.
    """
    window = read_window(since, None, now=ctx.clock())
    with ExitStack() as stack:
        reader = ctx.open_reader()
        stack.callback(reader.close)
        check_sources(reader, source_ids)
        texts = _open_texts(ctx, reader, stack)
        shown = _newest(reader, source_ids, window.since)
        compared = shown[-ADDRESSES:]
        sightings = list(_sightings(reader, compared, texts))
    found = list(find_mirrors(sightings))
    if len(shown) > len(compared):
        _warn(f"{len(shown) - len(compared)} older addresses were not compared")
    if copies:
        alike = find_copies(sightings)
        found += alike.found
        if alike.pairs_left_out:
            _warn(f"{alike.pairs_left_out} pairs of texts were not compared")
    for kinship in found:
        print_kinship(kinship, as_json=as_json)


def _warn(what: str) -> None:
    """Say what is missing from the answer, and how to get it."""
    click.echo(f"{what}: name one --source, or a later --since", err=True)


@click.command()
@click.argument("capture_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def items(ctx: CommandContext, capture_id: str, as_json: bool) -> None:
    """Split a page that collects many texts: title, date, source of each, as printed.

    What is odd about a date, or missing, is a flag; nothing is put right.

    Exit codes: 0 done, 2 wrong use, 6 no such capture, 9 search.
    """
    with ExitStack() as stack:
        reader = ctx.open_reader()
        stack.callback(reader.close)
        texts = _open_texts(ctx, reader, stack)
        capture = main_capture(reader, reader.get_capture(capture_id))
        note = CaptureClasses(reader).find(capture)
        text = texts.shown_of(reader.original(capture))
    is_list = note is not None and note.capture_class == CaptureClass.LISTING
    found = split_items(text, is_list=is_list)
    copy = judge_copy(text)
    doubts = list(find_within([text[item.start : item.end] for item in found.items]))
    if as_json:
        value: dict[str, Any] = {
            "id": capture.capture_id,
            "uri": capture.target_uri,
            "doubles": found.doubles,
            "items": [item_json(item) for item in found.items],
            "doubts": [
                {"items": [one, other], **asdict(doubt)} for one, other, doubt in doubts
            ],
            "copy": None
            if copy is None
            else {"code": copy.code, "found": copy.example},
        }
        click.echo(json.dumps(value, ensure_ascii=False))
        return
    for line in (*item_lines(found), *map(_doubt_line, doubts)):
        click.echo(line)
    if copy is not None:
        click.echo(
            f"{copy.code}: {copy.breaks} broken sentences, such as: {copy.example}"
        )


def _doubt_line(found: tuple[int, int, Deviation]) -> str:
    """Items are numbered as `item_lines` numbers them."""
    one, other, doubt = found
    return (
        f"{doubt.doubt}: {one + 1} has {one_line(doubt.one)}, "
        f"{other + 1} has {one_line(doubt.other)}"
    )


def _open_texts(ctx: CommandContext, reader: ArchiveReader, stack: ExitStack) -> Texts:
    worker = stack.enter_context(Worker())
    kept = kept_texts(ctx.archive, Engines(settings=ctx.settings.search))
    return Texts(reader=reader, kept=kept, worker=worker)


def _newest(
    reader: ArchiveReader, source_ids: tuple[str, ...], start: datetime
) -> list[tuple[Capture, str]]:
    """The newest capture of each address since then that shows its page, and its key.

    Newest last.
    """
    classes = CaptureClasses(reader)
    found: dict[str, tuple[Capture, str]] = {}
    for capture in reader.captures():
        is_page = capture.kind == "capture" and capture.role == "page"
        if not is_page or capture.captured_at < start:
            continue
        if source_ids and capture.source_id not in source_ids:
            continue
        note = classes.find(capture)
        if note is None or note.key is None or not note.is_content:
            continue
        found.pop(capture.target_uri, None)
        found[capture.target_uri] = (capture, note.key)
    return list(found.values())


def _sightings(
    reader: ArchiveReader, shown: list[tuple[Capture, str]], texts: Texts
) -> Iterator[Sighting]:
    for capture, key in shown:
        text = texts.main_of(reader.original(capture))
        if text:
            yield Sighting(
                capture_id=capture.capture_id,
                uri=capture.target_uri,
                key=key,
                text=text,
            )


def print_kinship(kinship: Kinship, *, as_json: bool) -> None:
    """Print one group of captures."""
    if as_json:
        value = {
            "state": str(kinship.state),
            "key": kinship.key,
            "captures": [
                {"id": one.capture_id, "uri": one.uri, "key": one.key}
                for one in kinship.members
            ],
            "differences": [
                {
                    "before": change.before.text if change.before else None,
                    "after": change.after.text if change.after else None,
                }
                for change in kinship.differences
            ],
            "shared": list(kinship.shared),
            "deviations": [asdict(found) for found in kinship.deviations],
        }
        click.echo(json.dumps(value, ensure_ascii=False))
        return
    click.echo(f"{kinship.state} {kinship.key}")
    for one in kinship.members:
        click.echo(f"  {one.uri}")
    for change in kinship.differences:
        for sign, place in (("-", change.before), ("+", change.after)):
            if place is not None:
                click.echo(f"  {sign} {one_line(place.text)[:SHOWN_CHARACTERS]}")
    if kinship.shared:
        click.echo(f"  both state: {', '.join(kinship.shared)}")
    for found in kinship.deviations:
        click.echo(f"  {found.doubt}: {one_line(found.one)} | {one_line(found.other)}")


def item_json(item: Item) -> dict[str, object]:
    """One item; what is not printed is null."""
    return {
        "kind": str(item.kind),
        "title": item.title,
        "printed_date": item.printed_date,
        "day": item.day.isoformat() if item.day else None,
        "source": item.source,
        "flags": [str(flag) for flag in item.flags],
        "start": item.start,
        "end": item.end,
    }


def item_lines(found: Items) -> Iterator[str]:
    """The items as lines."""
    for number, item in enumerate(found.items, start=1):
        words = [item.printed_date, item.title, item.source and f"({item.source})"]
        flags = f" [{', '.join(item.flags)}]" if item.flags else ""
        said = " ".join(one_line(word) for word in words if word) or str(item.kind)
        yield f"{number:3} {said}{flags}"
    if found.doubles:
        yield f"{found.doubles} repeated next to each other were left out"
    if not found.items:
        yield "one document: no items of its own"
