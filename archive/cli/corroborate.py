"""Verb `corroborate`: what other archives captured of the same address."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path

import click

from archive.attest.trust.folder import read_trust
from archive.cli.output import print_json
from archive.cli.root import CommandContext
from archive.instant import format_instant
from archive.lines import one_line
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.corroboration import (
    Agreement,
    Comparison,
    Corroboration,
    Partner,
    TextOf,
    corroborate,
)

HOURS = 24
TEXTS_GROUP = "evidence.texts"
"""Entry points: each opens a context that gives the text of a capture."""
WORDS = {
    Agreement.SAME_PAYLOAD: "received the same payload",
    Agreement.SAME_TEXT: "received the same text",
    Agreement.DIFFERS: "received something else",
    Agreement.NOT_COMPARED: "received other bytes, which could not be compared",
    Agreement.UNREACHABLE: "could not reach it",
}


@click.command(name="corroborate")
@click.argument("capture_id", metavar="ID")
@click.option(
    "--with",
    "others",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Another archive, or your mirror of it; may be repeated.",
)
@click.option(
    "--hours",
    type=click.IntRange(min=1),
    default=HOURS,
    show_default=True,
    help="How far apart in time captures are still compared.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def corroborate_command(
    ctx: CommandContext,
    capture_id: str,
    others: tuple[Path, ...],
    hours: int,
    as_json: bool,
) -> None:
    """Compare a capture with those of other archives, and count the operators.

    Only captures that verify against your own trust folder count, and one operator
    counts once, however many archives they keep.

    Exit codes: 0 compared, 6 no such capture or archive.
    """
    with ExitStack() as stack:
        own, *partners = [
            stack.enter_context(_opened(ctx, root)) for root in (ctx.archive, *others)
        ]
        found = corroborate(
            own,
            own.reader.get_capture(capture_id),
            partners,
            text_of=_find_texts(stack),
            window=timedelta(hours=hours),
        )
    if as_json:
        print_json(corroboration_json(found))
        return
    _print(found)


def corroboration_json(found: Corroboration) -> dict[str, object]:
    """The stable JSON form."""
    return {
        "id": found.capture.capture_id,
        "uri": found.capture.target_uri,
        "witnesses": found.witnesses,
        "operators": {str(key): count for key, count in found.operators.items()},
        "comparisons": [
            {
                "origin": one.origin,
                "operator": one.operator,
                "agreement": str(one.agreement) if one.agreement else None,
                "id": one.capture.capture_id if one.capture else None,
                "captured_at": _time(one),
                "not_counted": one.not_counted,
            }
            for one in found.comparisons
        ],
    }


def _print(found: Corroboration) -> None:
    others = found.witnesses - 1
    if found.witnesses == 1:
        click.echo("one witness: no other operator is known to have received the same")
    else:
        click.echo(f"{found.witnesses} witnesses: {others} besides this operator")
    if found.has_differences:
        count = found.operators[Agreement.DIFFERS]
        click.echo(f"{count} other operators received something else at that time")
    for one in found.comparisons:
        words = WORDS[one.agreement] if one.agreement else "has nothing of it"
        line = f"{one.operator} ({one.origin}) {words}"
        if one.capture is not None:
            line += f" at {_time(one)}, capture {one.capture.short_id}"
        if one.not_counted and one.capture is not None:
            line += f"; not counted: {one.not_counted}"
        click.echo(one_line(line))


def _time(one: Comparison) -> str | None:
    return None if one.capture is None else format_instant(one.capture.captured_at)


def _find_texts(stack: ExitStack) -> TextOf | None:
    """How texts are read, if an installed package knows how."""
    for point in entry_points(group=TEXTS_GROUP):
        text_of: TextOf = stack.enter_context(point.load()())
        return text_of
    return None


@contextmanager
def _opened(ctx: CommandContext, root: Path) -> Iterator[Partner]:
    """One archive with what the reader believes about it."""
    reader = ArchiveReader.open(root)
    try:
        trust = read_trust(ctx.trust(), reader.identity.origin)
        yield Partner(reader=reader, trust=trust)
    finally:
        reader.close()
