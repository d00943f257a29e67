"""The verbs `quote make` and `quote check`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from archive.cli.root import CommandContext
from archive.digest import Digest
from archive.errors import FormatError, SearchError, VerificationError
from archive.lines import one_line
from archive.store.reading.reader import ArchiveReader
from search.answering.results import ExtractedText
from search.answering.service import SearchService
from search.cli import open_engines
from search.quote import (
    LINE_BYTES,
    Checked,
    Quotation,
    State,
    find_words,
    format_quotation,
    make_quotation,
    parse_quotation,
)
from search.report.comparing.comparison import main_capture
from search.report.quotations import look_up

GOOD = (State.SAME, State.FOUND_ELSEWHERE)
LOST = VerificationError.exit_code


@click.group()
def quote() -> None:
    """Quote words of a capture so that they can be found again, and look quotations up.

    Exit codes: those of the single verbs.
    """


@quote.command()
@click.argument("capture_id", metavar="ID")
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--place",
    type=click.IntRange(1),
    help="Which of several places is meant, from 1.",
)
@click.pass_obj
def make(
    ctx: CommandContext, capture_id: str, words: tuple[str, ...], place: int | None
) -> None:
    """Print a quotation of words of the capture's text, as one line of JSON.

    Spacing may differ, nothing else. Where the words stand in several places, all are
    named and --place chooses.

    Exit codes: 0 made, 2 wrong use, 6 no such capture, 9 no index, no text, or the
    words do not stand in it.
    """
    with_reader = ArchiveReader.open(ctx.archive)
    try:
        capture = main_capture(with_reader, with_reader.get_capture(capture_id))
    finally:
        with_reader.close()
    service = SearchService.open([ctx.archive], open_engines(ctx))
    text = service.text_of(capture.capture_id)
    if text is None:
        raise SearchError(
            f"no text of {capture.short_id} is kept; run `evidence index`, and see "
            "`evidence show` whether it has one"
        )
    spans = find_words(text.text, " ".join(words))
    quoted = make_quotation(
        capture.capture_id, text, _choose(spans, place, text, capture.short_id)
    )
    click.echo(format_quotation(quoted))


def _choose(
    spans: list[tuple[int, int]], place: int | None, text: ExtractedText, name: str
) -> tuple[int, int]:
    if not spans:
        raise SearchError(f"the text of {name} does not hold these words in a row")
    if place is None and len(spans) > 1:
        shown = "\n".join(_place_lines(spans, text.text))
        raise click.UsageError(f"they stand in {len(spans)} places: --place N\n{shown}")
    if place is not None and place > len(spans):
        raise click.UsageError(f"there are only {len(spans)} places")
    return spans[(place or 1) - 1]


def _place_lines(spans: list[tuple[int, int]], whole: str) -> Iterator[str]:
    for number, (start, end) in enumerate(spans, start=1):
        before, after = whole[max(0, start - 30) : start], whole[end : end + 30]
        yield f"  {number}  …{one_line(f'{before}[{whole[start:end]}]{after}')}…"


@quote.command()
@click.argument(
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True),
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per quotation."
)
@click.pass_context
def check(click_context: click.Context, file: Path, as_json: bool) -> None:
    """Look up quotations, one a line of FILE: same, found elsewhere, ambiguous, lost.

    Each in the text of the capture that it names, and in no other's: "no such capture"
    says that this archive has none of that id, and nothing about the words.

    Exit codes: 0 each is there (same, or found elsewhere), 3 one is not, 4 a line is no
    quotation, 6 no archive.
    """
    ctx: CommandContext = click_context.obj
    reader = ArchiveReader.open(ctx.archive)
    service = SearchService.open([ctx.archive], open_engines(ctx))
    lost = 0
    try:
        for quoted, checked in look_up(reader, service, _read(file)):
            lost += checked.state not in GOOD
            shown = _json(quoted, checked) if as_json else _line(quoted, checked)
            click.echo(shown)
    finally:
        reader.close()
    if lost:
        click_context.exit(LOST)


def _read(file: Path) -> Iterator[Quotation]:
    with click.open_file(str(file), "rb") as lines:
        number = 0
        while line := lines.readline(LINE_BYTES + 2):
            number += 1
            if not line.strip():
                continue
            try:
                yield parse_quotation(line.rstrip(b"\r\n"))
            except FormatError as error:
                raise FormatError(f"line {number} of {file}: {error}") from error


def _json(quoted: Quotation, checked: Checked) -> str:
    made: dict[str, Any] = {
        "capture": quoted.capture_id,
        "state": checked.state.value,
        "start": checked.span[0] if checked.span else None,
        "end": checked.span[1] if checked.span else None,
        "places": checked.places,
        "extractor": checked.extractor,
        "named_extractor": quoted.extractor,
        "exact": quoted.exact,
    }
    return json.dumps(made, ensure_ascii=False)


def _line(quoted: Quotation, checked: Checked) -> str:
    capture = Digest(quoted.capture_id).short_id
    words = one_line(quoted.exact)
    shown = words if len(words) <= 60 else f"{words[:60]}…"
    return f"{checked.state.value:15} {capture}  {shown}"
