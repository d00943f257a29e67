"""The verb `watch`: parse, call one function, print what happens."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from archive.cli.output import echo_if_read, end_output
from archive.cli.root import CommandContext
from archive.instant import format_instant
from crawlers.beside import index_beside
from crawlers.cli import (
    choice_options,
    make_order,
    network_options,
    sources_option,
    take_choice,
)
from crawlers.crawl.proxies import read_choice
from crawlers.watching import open_watch


@click.command()
@click.argument("source_ids", nargs=-1, metavar="[SOURCE...]")
@choice_options
@sources_option
@click.option(
    "--index",
    "with_index",
    is_flag=True,
    help="Index what is captured meanwhile, in a process of its own.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object per event."
)
@network_options
@click.pass_obj
def watch(
    context: CommandContext,
    /,
    source_ids: tuple[str, ...],
    as_json: bool,
    proxies_path: Path | None,
    proxy_label: str | None,
    **options: Any,
) -> None:
    """Crawl sources whenever they are due, until stopped.

    What ran last is read from the archive: killed and started again, it goes on. Ctrl-C
    and SIGTERM let what runs end and close every job, a second one cuts what runs;
    SIGHUP reads sources and campaign again.

    Exit codes: 0 stopped by SIGTERM or Ctrl-C, every job closed, 2 unknown source or a
    bad file, 5 a job was left to be closed by whoever writes next, 6 archive folder, or
    another watch is at it, 7 keys, or what was captured without them waits unsigned.
    """
    via = read_choice(proxies_path, proxy_label, context.settings.network)
    with_index = options.pop("with_index")
    choice = take_choice(source_ids, options)
    order = make_order(context, via, options)

    def tell(message: dict[str, Any]) -> None:
        echo_if_read(json.dumps(message) if as_json else in_words(message))

    def tell_problem(said: str) -> None:
        at = format_instant(context.clock())
        tell({"event": "problem", "at": at, "source_id": None, "message": said})

    watched = open_watch(context, order, choice, once=False, tell=tell)
    with index_beside(context, tell_problem) if with_index else nullcontext():
        watched.run()
    end_output()
    for failure in watched.failures:
        raise failure


def in_words(message: dict[str, Any]) -> str:
    """One event as a line for a person."""
    at = f"{message['at'][:19]}Z"
    event, source_id = message["event"], message.get("source_id")
    if event == "waiting":
        return f"{at} next: {source_id} at {message['until'][:19]}Z"
    if event == "stopping":
        return f"{at} stopping: what runs may end, every job is closed"
    if event == "problem":
        place = f"{source_id}: " if source_id else ""
        return f"{at} PROBLEM {place}{message['message']}"
    seeds = message["seeds"]
    captured = sum(seed["state"] == "captured" for seed in seeds)
    words = (
        f"{at} {source_id}: {message['captures']} captures ({message['failures']}"
        f" failed), {captured} of {len(seeds)} promised addresses"
    )
    short = [e["name"] for e in message["expectations"] if e["outcome"] == "failed"]
    if short:
        words += f"; LESS THAN EXPECTED: {', '.join(short)}"
    signals = [f"{code} {times}" for code, times in message["signals"].items()]
    return f"{words}; signals: {', '.join(signals)}" if signals else words
