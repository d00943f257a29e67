"""The web interface of an archive: asked in the process, or served in a thread."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.support.archives.archives import MadeArchive
from web.app import Applications, create_app
from web.services import Services
from web.serving import Listeners, Server, listen
from web.settings import WebSettings
from web.wiring import Places, open_services

APP, REPLAY = "http://127.0.0.1:8000", "http://localhost:8001"
"""The origins of what is asked without a socket."""
STOP_SECONDS = 60
LATER = datetime(2025, 2, 1, tzinfo=UTC)
"""A week after the captures that tests make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Both origins, and the applications behind them."""

    app: str
    replay: str
    applications: Applications


@contextmanager
def serve_archive(
    archive: Path,
    trust: Path,
    *,
    link_base: str | None = None,
    others: tuple[Path, ...] = (),
) -> Iterator[Served]:
    """Serve at the time of today, with a check of the whole archive, until the end."""
    places = Places(
        archive=archive,
        trust=trust,
        clock=lambda: datetime.now(UTC),
        random_bytes=os.urandom,
        others=others,
    )
    services = open_services(places)
    with serve_services(services, link_base=link_base) as served:
        yield served


def open_later(
    archive: Path, trust: Path, *, others: tuple[Path, ...] = ()
) -> Services:
    """What pages are made from a week after the captures, without a check of all."""
    places = Places(
        archive=archive,
        trust=trust,
        clock=lambda: LATER,
        random_bytes=os.urandom,
        others=others,
    )
    return open_services(places, sweep=False)


@contextmanager
def open_applications(
    made: MadeArchive, *, others: tuple[Path, ...] = ()
) -> Iterator[Applications]:
    """Both applications of an archive, to be asked without a socket until the end."""
    services = open_later(made.root, made.trust_folder, others=others)
    try:
        yield create_app(WebSettings(app_origin=APP, replay_origin=REPLAY), services)
    finally:
        services.close()


@contextmanager
def serve_services(
    services: Services, *, link_base: str | None = None
) -> Iterator[Served]:
    """Serve on free ports of loopback until the body ends, then close them."""
    listeners = listen("127.0.0.1", port=0, replay_port=0)
    settings = WebSettings(
        app_origin=f"http://127.0.0.1:{listeners.app_port}",
        replay_origin=f"http://localhost:{listeners.replay_port}",
        link_base=link_base,
    )
    applications = create_app(settings, services)
    try:
        with running(applications, listeners):
            yield Served(
                app=settings.app_origin,
                replay=settings.replay_origin,
                applications=applications,
            )
    finally:
        services.close()


@contextmanager
def running(applications: Applications, listeners: Listeners) -> Iterator[None]:
    """Run the server of the product in a thread."""
    server = Server(applications, listeners)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join(STOP_SECONDS)
