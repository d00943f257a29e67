"""Verbs `capture`, `crawl`, `sources`: parse, call one function, print.

Engine and browser are imported by the verb that uses them in this process: `crawl` only
starts a child.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.output import show_progress
from archive.cli.root import CommandContext
from archive.errors import FetchFailed, UsageProblem
from crawlers.crawl.order import UNSTATED_VANTAGE, CrawlOrder
from crawlers.crawl.proxies import ProxyChoice, read_choice
from crawlers.engine.policy import parse_allow_network, parse_connect_to
from crawlers.output import AttemptPrinter
from crawlers.rounds import crawl_due, crawl_each, raise_if_poor
from crawlers.sources.registry import get_source
from crawlers.sources.source import PartsMode
from crawlers.watching import PLACES, Choice, parse_shard

if TYPE_CHECKING:
    from crawlers.crawl.capture_job import CaptureOrder, OpenRun
    from crawlers.crawl.jobs.joblog import JobLog

VANTAGE_CHARACTERS = 200
PLACES_MAX = 64
"""Sources at a time: each costs a few MB."""
LIST_BYTES = 256 << 20
"""A list of captures; a million lines of 256 bytes."""
Verb = Callable[..., Any]


def _check_vantage(_context: click.Context, _option: Any, label: str) -> str:
    if not label.isprintable() or not 1 <= len(label) <= VANTAGE_CHARACTERS:
        raise UsageProblem("--vantage must be one short printable line; shorten it")
    return label


def network_options(verb: Verb) -> Verb:
    """Options of every verb that contacts a host."""
    options = (
        click.option(
            "--allow-network",
            "allow_networks",
            multiple=True,
            metavar="CIDR",
            help="Test set-ups: reach these addresses, on any port, despite the rules.",
        ),
        click.option(
            "--connect-to",
            multiple=True,
            metavar="HOST:PORT=ADDRESS:PORT",
            help="Test set-ups: lead a name elsewhere; each capture says so.",
        ),
        click.option(
            "--vantage",
            default=UNSTATED_VANTAGE,
            show_default=True,
            callback=_check_vantage,
            help="Label of the place captured from; signed into the job record.",
        ),
        click.option(
            "--proxies",
            "proxies_path",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Your proxies (TOML), with their passwords: readable by you alone.",
        ),
        click.option(
            "--proxy",
            "proxy_label",
            metavar="LABEL",
            help="Go through this proxy of FILE and never past it; its label is kept.",
        ),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


def sources_option(verb: Verb) -> Verb:
    """The option that adds a folder of source files."""
    return click.option(
        "--sources",
        "sources_folders",
        multiple=True,
        type=click.Path(path_type=Path, file_okay=False),
        help="A further folder of source files (TOML).",
    )(verb)


def choice_options(verb: Verb) -> Verb:
    """Options of the verbs that keep to the schedule."""
    options = (
        click.option(
            "--campaign",
            "campaign_path",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Your file (TOML) of the sources and phases of one campaign.",
        ),
        click.option(
            "--all", "every_source", is_flag=True, help="Every source of the registry."
        ),
        click.option(
            "--shard",
            default="1/1",
            show_default=True,
            metavar="K/N",
            help="The sources that are dealt to machine K of N.",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(1, PLACES_MAX),
            default=PLACES,
            show_default=True,
            help="Sources at a time.",
        ),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


@click.command()
@click.argument("urls", nargs=-1, metavar="[URL...]")
@click.option(
    "--from",
    "list_path",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="A list: each line a URL or a JSON object with url, method, headers, body.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per attempt."
)
@click.option(
    "--parts",
    type=click.Choice([str(mode) for mode in PartsMode]),
    default=str(PartsMode.STATIC),
    show_default=True,
    help="What is captured with an HTML page: style sheets, images, fonts (static),"
    " all that a browser asks for, with a picture (browser), or nothing.",
)
@click.option("--page", is_flag=True, help="Short for --parts browser.")
@network_options
@click.pass_obj
def capture(
    context: CommandContext, /, urls: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Capture URLs now, each line and each redirect as a capture of its own.

    Exit codes: 0 every attempt is complete, 2 wrong use (nothing was captured), 5 at
    least one attempt failed (each failure is a signed capture), 6 archive folder, 7
    keys.
    """
    from crawlers.crawl.capture_job import capture_list

    network = context.settings.network
    via = read_choice(options.pop("proxies_path"), options.pop("proxy_label"), network)
    via.label_for(None)
    if options.pop("page"):
        options["parts"] = PartsMode.BROWSER
    order = _capture_order(urls, via=via, **options)
    printer = AttemptPrinter(as_json=as_json)
    with show_progress("capture", silent=as_json) as show:
        log = capture_list(
            context,
            order,
            emit=printer.emit,
            open_run=_choose_run(context, order),
            show=show,
        )
    _raise_if_failed(log, failed=printer.failed)


@click.command()
@click.argument("source_ids", nargs=-1, metavar="[SOURCE...]")
@sources_option
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per source."
)
@click.option("--due", is_flag=True, help="Only those whose interval has passed.")
@choice_options
@click.option(
    "--fresh",
    is_flag=True,
    help="Begin anew, also where the last run was cut short within a day.",
)
@network_options
@click.pass_obj
def crawl(
    context: CommandContext,
    /,
    source_ids: tuple[str, ...],
    as_json: bool,
    proxies_path: Path | None,
    proxy_label: str | None,
    **options: Any,
) -> None:
    """Crawl sources of the registry once: one after the other, or with --due those
    whose interval has passed, side by side.

    Exit codes: 0 every seed captured and expectations met, 2 unknown source or bad
    source file, 5 a seed failed or the crawl brought less than expected, 6 archive
    folder, 7 keys.
    """
    via = read_choice(proxies_path, proxy_label, context.settings.network)
    choice = take_choice(source_ids, options)
    due = options.pop("due")
    if not due and choice != Choice(source_ids=source_ids):
        raise click.UsageError("--campaign, --all, --shard and --jobs go with --due")
    if not due and not source_ids:
        raise click.UsageError("name at least one SOURCE, or give --due")
    for source_id in source_ids:  # all are looked up before the first is crawled
        via.label_for(get_source(source_id, options["sources_folders"]))
    order = make_order(context, via, options)
    if due:
        raise_if_poor(crawl_due(context, order, choice, as_json=as_json))
        return
    raise_if_poor(crawl_each(order, source_ids, as_json=as_json))


def make_order(
    context: CommandContext, via: ProxyChoice, options: dict[str, Any]
) -> CrawlOrder:
    """What all crawls of a command have in common; the passphrase is asked for."""
    for text in options["connect_to"]:
        parse_connect_to(text)
    for text in options["allow_networks"]:
        parse_allow_network(text)
    context.ask_passphrase()
    return CrawlOrder(
        archive=context.archive,
        keys_folder=context.keys_folder,
        trust_folder=context.trust_folder,
        settings=context.settings,
        passphrase=context.secret.text(),
        source_id="",
        via=via,
        **options,
    )


def take_choice(source_ids: tuple[str, ...], options: dict[str, Any]) -> Choice:
    """Take the options of `choice_options` out of a verb's options."""
    return Choice(
        source_ids=source_ids,
        campaign_path=options.pop("campaign_path"),
        every_source=options.pop("every_source"),
        shard=parse_shard(options.pop("shard")),
        places=options.pop("jobs"),
    )


def _capture_order(
    urls: tuple[str, ...],
    *,
    list_path: Path | None,
    parts: str,
    vantage: str,
    via: ProxyChoice,
    **network: tuple[str, ...],
) -> "CaptureOrder":
    from crawlers.crawl.capture_job import CaptureOrder
    from crawlers.crawl.capturing.lines import read_lines

    return CaptureOrder(
        lines=read_lines(urls, _read_list(list_path)),
        parts=PartsMode(parts),
        vantage=vantage,
        via=via,
        connect_to=tuple(parse_connect_to(text) for text in network["connect_to"]),
        allow_networks=tuple(map(parse_allow_network, network["allow_networks"])),
    )


def _choose_run(context: CommandContext, order: "CaptureOrder") -> "OpenRun":
    """Over the engine alone, or through the browser of this machine."""
    from crawlers.browser.job import check_lines, open_page_run
    from crawlers.crawl.capture_job import open_list_run

    if order.parts is not PartsMode.BROWSER:
        return open_list_run
    check_lines(order.lines)
    return open_page_run(context.environ)


def _read_list(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        with click.open_file(str(path), "rb") as stream:
            data: bytes = stream.read(LIST_BYTES + 1)
    except OSError as error:
        raise UsageProblem(
            f"the list {path} cannot be read: {error.strerror}"
        ) from error
    if len(data) > LIST_BYTES:
        raise UsageProblem(f"the list {path} is longer than {LIST_BYTES} bytes; cut it")
    return data


def _raise_if_failed(log: "JobLog", *, failed: int) -> None:
    short = [result for result in log.settled() if result.state != "captured"]
    if failed == 0 and not short:
        return
    reasons = sorted({result.reason for result in short})
    raise FetchFailed(
        f"failed attempts: {failed}; addresses not captured: {len(short)} of"
        f" {len(log.seeds)} ({', '.join(reasons) or 'parts only'}); each attempt is in"
        " the archive: `evidence show ID` says why"
    )
