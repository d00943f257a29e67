"""The verb `demo`: make or reuse the demonstration, check it, say what to look at.

`index` and `serve` are looked up by name on the command root, so this package imports
neither of the packages they come from.
"""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from archive.cli.root import CommandContext
from archive.errors import CaptureError
from crawlers.demo.cases import (
    ARTICLE,
    MIRRORED,
    REFUSING,
    REPORT,
    RESULTS,
    TURNOUT,
    CaseResult,
)
from crawlers.demo.fidelity import Fidelity
from crawlers.demo.story import (
    DemoPlaces,
    begin_archive,
    check_archive,
    finish_archive,
    is_finished,
    place_context,
    raise_if_poor,
    visit_twice,
)
from crawlers.demo.vouchers import LABEL, WITHOUT_OPENSSL, run_vouchers

COMMAND = "evidence"
DEFAULT_ARCHIVE = Path("warcs") / "demo"
PORT, REPLAY_PORT = 8000, 8001
QUERIES = (
    (
        "Tsikhanouskaya",
        "also finds Ціханоўская, Тихановская, Cichanoŭskaja, Cichanouska",
    ),
    ("палітвязні", "figures on political prisoners, in several languages"),
    ("candidate A", "what the observers noticed in the changed table"),
)
SIGHTS = (
    ("results, corrected without a word between two visits", RESULTS),
    ("a page that disappeared", TURNOUT),
    ("an article with its pictures, style sheets, font, and one gap", ARTICLE),
    ("the same article on the mirror", MIRRORED),
    ("a reply cut short", REPORT),
    ("a server that refused", REFUSING),
)
"""What is worth a look, and which address shows it."""


@click.command()
@click.option("--once", is_flag=True, help="Stop before serving.")
@click.option(
    "--archive",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Where the demonstration is kept (default: {DEFAULT_ARCHIVE}).",
)
@click.option("--port", default=PORT, show_default=True, help="Port of the pages.")
@click.option(
    "--replay-port",
    default=REPLAY_PORT,
    show_default=True,
    help="Port of archived content.",
)
@click.pass_context
def demo(
    ctx: click.Context, once: bool, archive: Path | None, port: int, replay_port: int
) -> None:
    """Crawl made-up sites in five languages twice, sign, index, verify, serve.

    Nothing leaves this machine. Trust and keys lie beside the archive, in folders of
    the same name with -trust and -keys; a second run uses what is there.

    Exit codes: 0 VERIFIED and every planned case captured, 2 wrong use, 3 not VERIFIED,
    5 a planned case is missing, 6 the folder is not a demonstration, 7 keys.
    """
    places = DemoPlaces(archive=archive or _root_option(ctx) or DEFAULT_ARCHIVE)
    context = _make_or_reuse(ctx, places)
    report, cases = check_archive(context)
    if report.headline:
        click.echo(report.headline)
    passed = sum(case.problem is None for case in cases)
    click.echo(f"{report.outcome}; {passed} of {len(cases)} planned cases captured")
    raise_if_poor(report, cases)
    click.echo(_describe(places, cases, base=None if once else _base(port)))
    if not once:
        ports = ("--port", str(port), "--replay-port", str(replay_port))
        _run_verb(ctx, context, "serve", ports)


def _make_or_reuse(ctx: click.Context, places: DemoPlaces) -> CommandContext:
    """The context of a finished demonstration, made now if there is none."""
    if is_finished(places):
        click.echo(f"{places.archive} is there already and is used again")
        return place_context(ctx.obj, places)
    context = begin_archive(ctx.obj, places)
    with run_vouchers(context) as vouched:
        click.echo(LABEL if vouched.settings.witnesses else WITHOUT_OPENSSL)
        visited = visit_twice(vouched, click.echo)
        click.echo(_fidelity_line(visited.fidelity))
        if not visited.fidelity.is_exact:
            raise CaptureError("the archive does not hold exactly what the server sent")
        _run_verb(ctx, vouched, "index", ())
    report, cases = check_archive(context)
    raise_if_poor(report, cases)
    return finish_archive(context, places)


def _run_verb(
    ctx: click.Context, context: CommandContext, name: str, arguments: Sequence[str]
) -> None:
    """Run another verb as if it had been typed, on the demonstration's archive."""
    root = ctx.find_root()
    if not isinstance(root.command, click.Group):
        raise AssertionError("the command root is a group of verbs")
    command = root.command.get_command(ctx, name)
    if command is None:
        raise AssertionError(f"this installation has no verb {name}")
    parent = click.Context(root.command, info_name=root.info_name, obj=context)
    with command.make_context(name, list(arguments), parent=parent) as verb:
        command.invoke(verb)


def _root_option(ctx: click.Context) -> Path | None:
    """`evidence --archive DIR demo` means the same as `evidence demo --archive DIR`."""
    context: CommandContext = ctx.obj
    return None if context.is_usual else context.archive


def _typed() -> str:
    """The command as it was typed, so that what is printed can be typed again."""
    typed = sys.argv[0]
    return typed if Path(typed).name == COMMAND else COMMAND


def _base(port: int) -> str:
    """What stands before `/c/ID`: nothing where the port is not known yet."""
    return f"http://127.0.0.1:{port}" if port else ""


def _fidelity_line(fidelity: Fidelity) -> str:
    return (
        f"{fidelity.equal} of {fidelity.served} exchanges are byte for byte what the"
        " server logged"
    )


def _describe(
    places: DemoPlaces, cases: Sequence[CaseResult], *, base: str | None
) -> str:
    """What to look at, as links or as commands."""
    shown: Mapping[str, list[str]] = {uri: [] for _, uri in SIGHTS}
    for case in cases:
        for capture in case.captures:
            known = shown.get(capture.target_uri, [])
            if capture.short_id not in known:
                known.append(capture.short_id)
    command = f"{_typed()} --archive {places.archive} --trust {places.trust}"
    lines = ["", "Look at:"]
    for words, uri in SIGHTS:
        lines.append(f"  {words}: {uri}")
        for short_id in shown[uri]:
            show = f"{command} show {short_id}"
            lines.append(f"    {show if base is None else f'{base}/c/{short_id}'}")
    lines.append("Search for:")
    for query, words in QUERIES:
        typed = f"{command} search {shlex.quote(query)}" if base is None else query
        lines.append(f"  {typed}   ({words})")
    example = next((found[0] for found in shown.values() if found), "ID")
    lines += [
        "Export and check, the second with openssl alone:",
        f"  {command} export bundle {example} -o demo-bundle",
        f"  sh demo-bundle/verify.sh demo-bundle {places.trust}/*",
    ]
    return "\n".join([*lines, ""])
