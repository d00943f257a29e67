"""The verb `search`."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from archive.cli.output import say
from archive.cli.root import CommandContext
from archive.cli.several import several_archives
from archive.errors import SearchError
from archive.store.layout import read_identity
from search.answering.entries import (
    Entries,
    is_file_name,
    read_since,
    read_upto,
    remember,
)
from search.answering.options import SearchOptions, Variants
from search.answering.saved import SavedSearch, read_searches
from search.answering.service import LIMIT_MAX, SearchService
from search.cli import open_engines
from search.engines.base import Sorting
from search.output.answers import alike_json
from search.output.asking import Listing, Presentation, answer, answer_line
from search.output.listed import WARC, find_capture, open_readers, write_list
from search.output.printing import Places, alike_lines
from search.output.streams import FORMATS
from search.query.grammar import help_text
from search.report.comparing.comparison import main_capture

LISTED_WITH = {
    *("query", "query_file", "all_as", "output", "upto", "new_since", "remember"),
    *("expand", "variants", "archives"),
}
"""Options that say which documents are in a whole list."""
NOTHING_NEW = 10
"""Exit code: nothing was found since the checkpoint."""


def _show_language(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(help_text())
        ctx.exit()


@click.command()
@several_archives("search")
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
    multiple=True,
    metavar="[ID:]N",
    help="Only entries of the log before this one: pages stay together while it grows. "
    "Of several archives ID:N, once for each.",
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
    "--facets",
    "--counts",
    is_flag=True,
    help="Count by source, host, language, day; of several archives by archive.",
)
@click.option(
    "--names",
    is_flag=True,
    help="Name whom and what the first 500 documents mention, in all spellings.",
)
@click.option(
    "--all",
    "all_as",
    type=click.Choice([*sorted(FORMATS), WARC]),
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
    multiple=True,
    metavar="[ID:]N|FILE",
    help="Only texts first captured since: a number of entries, a checkpoint you kept, "
    "or the file of --remember. Of several archives once for each, or one file of "
    "--remember.",
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
    archives: tuple[Path, ...],
    **choices: Any,
) -> None:
    """Search the texts of one or more archives in any language and script.

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
        _check_alone(click_context, "--like", {"like", "limit", "as_json", "archives"})
    if choices["all_as"] is not None:
        _check_alone(click_context, "--all", LISTED_WITH)
    ctx: CommandContext = click_context.obj
    service = SearchService.open(ctx.archives(archives), open_engines(ctx))
    if choices["like"] is not None:
        _print_alike(service, choices)
        return
    indexed = service.upto()
    options = _options(service, choices, indexed)
    searches = (
        [SavedSearch(query=" ".join(query), options=options)]
        if query_file is None
        else read_searches(query_file, options)
    )
    if choices["new_since"] and not _is_written(click_context, "limit"):
        choices["limit"] = LIMIT_MAX  # what is not told now is never told again
    found = _answer(service, searches, {**choices, "many": query_file is not None})
    if choices["remember"]:
        (place,) = choices["new_since"]
        remember(Path(place), indexed)
    if choices["new_since"] and found == 0:
        click_context.exit(NOTHING_NEW)


def _places(service: SearchService) -> Places:
    """What each archive is called beside its hits, where there are several."""
    roots = service.roots
    return {key: str(root) for key, root in roots.items()} if len(roots) > 1 else {}


def _print_alike(service: SearchService, choices: dict[str, Any]) -> None:
    with open_readers(service) as readers:
        reader, found = find_capture(readers, choices["like"])
        capture = main_capture(reader, found)
    alike = service.alike(capture.capture_id, limit=choices["limit"])
    if alike is None:
        raise SearchError(
            f"no text of {capture.short_id} is in the index; run `evidence index`"
        )
    if choices["as_json"]:
        made = {"id": capture.capture_id, "alike": [alike_json(one) for one in alike]}
        click.echo(json.dumps(made, ensure_ascii=False))
        return
    click.echo("\n".join(alike_lines(alike, _places(service))))


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
    if choices["all_as"] == WARC and choices["output"] is None:
        raise click.UsageError("--all warc needs -o NAME.warc.gz")
    files = [*map(is_file_name, choices["new_since"])]
    if choices["remember"] and files != [True]:
        raise click.UsageError("--remember needs one file: --new-since FILE --remember")
    if choices["remember"] and choices["upto"]:
        raise click.UsageError("--remember goes without --upto: the rest would be lost")


def _options(
    service: SearchService, choices: dict[str, Any], indexed: Entries
) -> SearchOptions:
    identities = [read_identity(root) for root in service.roots.values()]
    upto = read_upto(choices["upto"], identities, indexed)
    since = read_since(choices["new_since"], identities, may_begin=choices["remember"])
    variants = Variants.ALL if choices["expand"] else Variants.FORMS
    return SearchOptions(
        variants=variants if choices["variants"] else Variants.NONE,
        sorting=Sorting(choices["sort"]),
        grouped=choices["group"],
        since=since,
        upto=upto or (indexed if since else {}),
    )


def _answer(
    service: SearchService,
    searches: Iterable[SavedSearch],
    choices: dict[str, Any],
) -> int:
    """Print the answers; how many documents were found in all.

    SearchError behind them where one of many could not be asked: an alert that never
    fires would look like news that never came.
    """
    if choices["all_as"] is not None:
        listing = Listing(service, list(searches), many=choices["many"])
        write_list(listing, choices["all_as"], choices["output"])
        return listing.count
    shown = Presentation(
        limit=choices["limit"],
        offset=choices["offset"],
        facets=choices["facets"],
        names=choices["names"],
        as_json=choices["as_json"],
        places=_places(service),
    )
    found = refused = 0
    for one in searches:
        ask = answer_line if choices["many"] else answer
        made = ask(service, one, shown)
        found += made.total
        refused += made.refused
        click.echo("\n".join(made.lines))
        if choices["remember"] and made.told < made.total:
            say(
                f"{made.total - made.told} documents are not shown and count as told; "
                "--all tells every one"
            )
    if refused:
        raise SearchError(
            f"queries that cannot be asked: {refused}; `error` in their lines says why"
            + ("; nothing was remembered" if choices["remember"] else "")
        )
    return found
