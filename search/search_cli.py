"""The verb `search`."""

import json
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from archive.cli.root import CommandContext
from archive.errors import SearchError
from archive.export.selection import write_warc
from archive.export.target import check_target, write_stream
from archive.store.layout import read_identity
from search.answering.options import SearchOptions, Variants
from search.answering.saved import SavedSearch, read_searches, read_since, remember
from search.answering.service import LIMIT_MAX, SearchService
from search.cli import open_engines
from search.engines.base import Sorting
from search.output.answers import alike_json
from search.output.asking import Listing, Presentation, answer, answer_line
from search.output.listed import captures_of
from search.output.printing import alike_lines
from search.output.streams import FORMATS
from search.query.grammar import help_text
from search.report.comparison import main_capture

LISTED_WITH = {
    *("query", "query_file", "all_as", "output", "upto", "new_since", "remember"),
    *("expand", "variants"),
}
"""Options that say which documents are in a whole list."""
NOTHING_NEW = 10
"""Exit code: nothing was found since the checkpoint."""


def _show_language(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(help_text())
        ctx.exit()


@click.command()
@click.argument("query", nargs=-1, metavar="[QUERY...]")
@click.option(
    "--help-query",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_language,
    help="Explain the query language, and end.",
)
@click.option(
    "--from",
    "query_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True, allow_dash=True),
    help="File with one query a line, or .toml with [[search]] tables; JSON lines.",
)
@click.option(
    "--like",
    metavar="ID",
    help="Instead of a query: documents whose text is nearly that of this capture.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per query."
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="Most hits shown (with --new-since: 1000 by default).",
)
@click.option("--offset", type=click.IntRange(0), default=0, help="Hits left out.")
@click.option(
    "--upto",
    type=click.IntRange(0),
    help="Only entries of the log before this one: pages stay together while it grows.",
)
@click.option(
    "--expand/--no-expand",
    default=True,
    help="Also look for other names and translations (gazetteer).",
)
@click.option(
    "--variants/--no-variants",
    default=True,
    help="Look for any form and spelling, or only for words as written.",
)
@click.option(
    "--sort",
    type=click.Choice([sorting.value for sorting in Sorting]),
    default=Sorting.SCORE.value,
    show_default=True,
    help="Order of the hits; newest and oldest by the first capture of a text.",
)
@click.option(
    "--group/--no-group",
    default=False,
    help="Show equal and near-identical texts once, with their number.",
)
@click.option(
    "--facets", "--counts", is_flag=True, help="Count by source, host, language, day."
)
@click.option(
    "--names",
    is_flag=True,
    help="Name whom and what the first 500 documents mention, in all spellings.",
)
@click.option(
    "--all",
    "all_as",
    type=click.Choice([*sorted(FORMATS), "warc"]),
    help="Print everything found, without a limit, in the order of the log.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="New file for --all (default: standard output; warc needs one).",
)
@click.option(
    "--new-since",
    metavar="CHECKPOINT",
    help="Only texts first captured since: a number of entries, a checkpoint you kept, "
    "or the file of --remember.",
)
@click.option(
    "--remember",
    is_flag=True,
    help="Afterwards write how far was searched into the file of --new-since.",
)
@click.pass_context
def search(
    click_context: click.Context,
    /,
    query: tuple[str, ...],
    query_file: Path | None,
    **choices: Any,
) -> None:
    """Search the archive's texts in any language and script.

    Words are found in any form, all of them together. "a b" in a row, -without,
    one OR other, begin*, name:, host:, source:, lang:, captured:2025-01-26 or a..b.
    All of it: --help-query.

    Exit codes: 0 done, 2 wrong use, 3 a capture for a WARC is not what it was, 6 the
    archive folder or the place is taken, 9 search, 10 nothing new (--new-since).
    """
    if [query_file is not None, bool(query), choices["like"] is not None].count(
        True
    ) != 1:
        raise click.UsageError("give one QUERY, or --from FILE, or --like ID")
    _check_choices(choices)
    if choices["like"] is not None:
        _check_alone(click_context, "--like", {"like", "limit", "as_json"})
    if choices["all_as"] is not None:
        _check_alone(click_context, "--all", LISTED_WITH)
    ctx: CommandContext = click_context.obj
    service = SearchService.open([ctx.archive], open_engines(ctx))
    if choices["like"] is not None:
        _print_alike(ctx, service, choices)
        return
    upto = service.upto()
    options = _options(service, choices, _since(ctx, service, choices), upto)
    searches = (
        [SavedSearch(query=" ".join(query), options=options)]
        if query_file is None
        else read_searches(query_file, options)
    )
    if choices["new_since"] is not None and not _is_written(click_context, "limit"):
        choices["limit"] = LIMIT_MAX  # what is not told now is never told again
    found = _answer(ctx, service, searches, {**choices, "many": query_file is not None})
    if choices["remember"]:
        remember(Path(choices["new_since"]), min(upto.values()))
    if choices["new_since"] is not None and found == 0:
        click_context.exit(NOTHING_NEW)


def _print_alike(
    ctx: CommandContext, service: SearchService, choices: dict[str, Any]
) -> None:
    with closing(ctx.open_reader()) as reader:
        capture = main_capture(reader, reader.get_capture(choices["like"]))
    found = service.alike(capture.capture_id, limit=choices["limit"])
    if found is None:
        raise SearchError(
            f"no text of {capture.short_id} is in the index; run `evidence index`"
        )
    if choices["as_json"]:
        made = {"id": capture.capture_id, "alike": [alike_json(one) for one in found]}
        click.echo(json.dumps(made, ensure_ascii=False))
        return
    click.echo("\n".join(alike_lines(found)))


def _is_written(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _check_alone(ctx: click.Context, name: str, allowed: set[str]) -> None:
    """Refuse options that mean nothing beside another one."""
    for parameter in ctx.command.params:
        written = _is_written(ctx, parameter.name or "")
        if written and parameter.name not in allowed:
            raise click.UsageError(
                f"{parameter.opts[0]} does nothing with {name}; leave it out"
            )


def _check_choices(choices: dict[str, Any]) -> None:
    """Refuse options that would do nothing."""
    if choices["output"] is not None and choices["all_as"] is None:
        raise click.UsageError("-o is for --all")
    if choices["all_as"] == "warc" and choices["output"] is None:
        raise click.UsageError("--all warc needs -o NAME.warc.gz")
    written = choices["new_since"]
    if choices["remember"] and (written is None or written.isdigit()):
        raise click.UsageError("--remember needs a file: --new-since FILE --remember")
    if choices["remember"] and choices["upto"] is not None:
        raise click.UsageError("--remember goes without --upto: the rest would be lost")


def _since(
    ctx: CommandContext, service: SearchService, choices: dict[str, Any]
) -> dict[str, int]:
    if choices["new_since"] is None:
        return {}
    entries = read_since(
        choices["new_since"],
        origin=read_identity(ctx.archive).origin,
        may_begin=choices["remember"],
    )
    return dict.fromkeys(service.archive_ids, entries)


def _options(
    service: SearchService,
    choices: dict[str, Any],
    since: dict[str, int],
    upto: dict[str, int],
) -> SearchOptions:
    variants = Variants.ALL if choices["expand"] else Variants.FORMS
    if choices["upto"] is not None:
        upto = dict.fromkeys(service.archive_ids, choices["upto"])
    return SearchOptions(
        variants=variants if choices["variants"] else Variants.NONE,
        sorting=Sorting(choices["sort"]),
        grouped=choices["group"],
        since=since,
        upto=upto if since or choices["upto"] is not None else {},
    )


def _answer(
    ctx: CommandContext,
    service: SearchService,
    searches: Iterable[SavedSearch],
    choices: dict[str, Any],
) -> int:
    """Print the answers; how many documents were found in all."""
    if choices["all_as"] is not None:
        return _list_all(ctx, Listing(service, list(searches)), choices)
    shown = Presentation(
        limit=choices["limit"],
        offset=choices["offset"],
        facets=choices["facets"],
        names=choices["names"],
        as_json=choices["as_json"],
    )
    found = 0
    for one in searches:
        ask = answer_line if choices["many"] else answer
        made = ask(service, one, shown)
        found += made.total
        click.echo("\n".join(made.lines))
    return found


def _list_all(ctx: CommandContext, listing: Listing, choices: dict[str, Any]) -> int:
    form, output = choices["all_as"], choices["output"]
    if output is not None:
        check_target(output, ctx.archive)
    if form == "warc":
        with closing(ctx.open_reader()) as reader:
            captures = captures_of(reader, (hit for _, hit in listing.rows()))
            write_stream(output, partial(write_warc, reader, captures))
    else:
        lines = listing.many_lines(form) if choices["many"] else listing.lines(form)
        if output is None:
            for line in lines:
                click.echo(line, nl=False)
            return listing.count
        write_stream(
            output, lambda out: out.writelines(line.encode() for line in lines)
        )
    click.echo(f"{output}: {listing.count} documents")
    return listing.count
