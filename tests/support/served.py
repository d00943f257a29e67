"""The web interface of an archive, served for real in a thread of the test."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from web.app import Applications, create_app
from web.serving import Server, listen
from web.settings import WebSettings
from web.wiring import Places, open_services


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
    """Serve on free ports of loopback until the body ends."""
    places = Places(
        archive=archive,
        trust=trust,
        clock=lambda: datetime.now(UTC),
        random_bytes=os.urandom,
        others=others,
    )
    listeners = listen("127.0.0.1", port=0, replay_port=0)
    settings = WebSettings(
        app_origin=f"http://127.0.0.1:{listeners.app_port}",
        replay_origin=f"http://localhost:{listeners.replay_port}",
        link_base=link_base,
    )
    services = open_services(places)
    applications = create_app(settings, services)
    server = Server(applications, listeners)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield Served(
            app=settings.app_origin,
            replay=settings.replay_origin,
            applications=applications,
        )
    finally:
        server.stop()
        thread.join(60)
        services.close()


def wait_for_sweep(served: Served, seconds: float = 120) -> None:
    """Let the check of the whole archive end."""
    until = time.monotonic() + seconds
    while served.applications.site.sweep.state.state == "running":
        if time.monotonic() > until:
            raise AssertionError("the check of the archive did not end")
        time.sleep(0.1)
