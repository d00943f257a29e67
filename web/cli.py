"""Verbs `serve`, `cite` and `export static`: parse, call one function, print."""

import logging
import signal
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from archive.cli.root import CommandContext
from archive.errors import SettingsError
from search.collecting import rare_collections
from web.access import AccessPolicy
from web.app import create_app
from web.citing.citation import FORMATS
from web.services import Services
from web.serving import Listeners, Server, listen
from web.settings import WebSettings, check_settings, is_loopback
from web.site import Site
from web.static_copy.freeze import FreezeRequest, freeze
from web.views.record import cite_capture
from web.wiring import Places, open_services
from web.wording.languages import CODES, DEFAULT

LOOPBACK = "127.0.0.1"
REPLAY_NAME = "localhost"
"""Another host name than `LOOPBACK`, so another site for every browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """Where to listen, and the origins readers see."""

    port: int
    replay_port: int
    bind: str
    app_origin: str | None
    replay_origin: str | None
    allow_public: bool


@click.command()
@click.option(
    "--port", default=8000, show_default=True, help="Port of the pages; 0: any."
)
@click.option(
    "--replay-port", default=8001, show_default=True, help="Port of archived content."
)
@click.option("--bind", default=LOOPBACK, show_default=True, help="IP to listen on.")
@click.option("--app-origin", help="Origin readers see, https://archive.example.")
@click.option("--replay-origin", help="The same for archived content; another site.")
@click.option("--allow-public", is_flag=True, help="Let --bind leave this machine.")
@click.option("--no-sweep", is_flag=True, help="Do not check the whole archive.")
@click.option(
    "--with",
    "others",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Another archive, or your mirror of it, compared on record pages; repeatable.",
)
@click.pass_obj
def serve(
    ctx: CommandContext, /, no_sweep: bool, others: tuple[Path, ...], **options: object
) -> None:
    """Serve search and records; archived content on an origin of its own.

    Exit codes: 0 stopped, 2 unsafe or impossible settings, 6 no archive.
    """
    chosen = ServeOptions(**options)  # type: ignore[arg-type]
    check_options(chosen)
    logging.getLogger("waitress").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, _stop)
    with closing(open_services(_places(ctx, others), sweep=not no_sweep)) as services:
        _serve(chosen, services)


def _serve(chosen: ServeOptions, services: Services) -> None:
    """Serve until stopped."""
    listeners = listen(chosen.bind, port=chosen.port, replay_port=chosen.replay_port)
    settings = settings_of(chosen, listeners, AccessPolicy(marked=services.restricted))
    applications = create_app(settings, services)
    applications.site.sweep.start()
    click.echo(f"open {settings.app_origin}/")
    click.echo(f"archived content on {settings.replay_origin}; stop with Ctrl-C")
    with rare_collections(), suppress(KeyboardInterrupt):
        Server(applications, listeners).run()


@click.command()
@click.argument("capture_id", metavar="ID")
@click.option(
    "--format",
    "name",
    type=click.Choice(sorted(FORMATS)),
    default="text",
    show_default=True,
)
@click.option("--link-base", help="Public address of the archive, for the permalink.")
@click.pass_obj
def cite(
    ctx: CommandContext, capture_id: str, name: str, link_base: str | None
) -> None:
    """Print the citation of one capture.

    Exit codes: 0 printed, 6 no such capture.
    """
    settings = WebSettings(
        app_origin=f"http://{LOOPBACK}",
        replay_origin=f"http://{REPLAY_NAME}",
        link_base=link_base,
    )
    with closing(open_services(_places(ctx), sweep=False)) as services:
        site = Site.create(settings, services)
        capture = services.archive.get_capture(capture_id)
        click.echo(FORMATS[name](cite_capture(site, capture)).rstrip("\r\n"))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--language",
    type=click.Choice(CODES),
    default=DEFAULT,
    show_default=True,
    help="Language of the pages.",
)
@click.option("--no-bundles", is_flag=True, help="Leave the evidence bundles out.")
@click.pass_obj
def static(ctx: CommandContext, folder: Path, language: str, no_bundles: bool) -> None:
    """Write the archive as plain files: for mirrors, onion hosts, a stick.

    Calendars and lists instead of search; bundles verify without this program.

    Exit codes: 0 written, 2 wrong use, 6 the folder is there already, or no archive.
    """
    request = FreezeRequest(target=folder, language=language, bundles=not no_bundles)
    with closing(open_services(_places(ctx), sweep=False)) as services:
        settings = WebSettings(
            app_origin=f"http://{LOOPBACK}",
            replay_origin=f"http://{REPLAY_NAME}",
            access=AccessPolicy(marked=services.restricted),
        )
        done = freeze(settings, services, request)
    click.echo(
        f"{folder}: {done.pages} pages of {done.captures} captures, "
        f"{done.bundles} bundles; open {folder / 'index.html'}"
    )
    if done.too_large:
        click.echo(
            f"{done.too_large} captures are too large for a bundle here; "
            "`evidence export bundle` makes those",
            err=True,
        )


def check_options(options: ServeOptions) -> None:
    """Refuse what would show an archive to a network by accident."""
    named = options.app_origin is not None and options.replay_origin is not None
    if (options.app_origin is None) != (options.replay_origin is None):
        raise SettingsError("give --app-origin and --replay-origin together")
    if is_loopback(options.bind):
        return
    if not options.allow_public:
        raise SettingsError(
            f"{options.bind} can be reached from other machines; if that is meant, "
            "add --allow-public with --app-origin and --replay-origin"
        )
    if not named:
        raise SettingsError(
            "a server others can reach needs --app-origin and --replay-origin on "
            "two different sites"
        )


def settings_of(
    options: ServeOptions, listeners: Listeners, access: AccessPolicy
) -> WebSettings:
    """The origins: as given, else the loopback pair with the ports listened on."""
    app = options.app_origin or f"http://{LOOPBACK}:{listeners.app_port}"
    replay = options.replay_origin or f"http://{REPLAY_NAME}:{listeners.replay_port}"
    settings = WebSettings(
        app_origin=app,
        replay_origin=replay,
        link_base=options.app_origin,
        access=access,
    )
    check_settings(settings)
    return settings


def _places(ctx: CommandContext, others: tuple[Path, ...] = ()) -> Places:
    return Places(
        archive=ctx.archive,
        trust=ctx.trust(),
        clock=ctx.clock,
        random_bytes=ctx.random_bytes,
        search=ctx.settings.search,
        others=others,
    )


def _stop(number: int, frame: FrameType | None) -> None:
    """Turn SIGTERM into the same orderly end as Ctrl-C, with exit code 0."""
    del number, frame
    raise SystemExit(0)
