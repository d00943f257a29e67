"""One run in a private network namespace; prints what was seen as JSON.

usage: unshare --net --mount python -m tests.support.rig FOLDER BROWSER TASK
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.types import StartResponse, WSGIEnvironment

from archive.capture import Capture, Exchange
from archive.store.drafts import PageDraft
from tests.support.archives.archives import MadeArchive, make_archive, part_row
from tests.support.archives.exchanges import answered
from tests.support.rig.browsers import Browser, run_browser
from tests.support.rig.hostile import (
    RAN,
    SUFFIX,
    leaking_page,
    leaking_sheet,
    odd_files,
    payloads,
)
from tests.support.rig.sinks import Sinks
from tests.support.web.served import open_later, running
from web.app import Applications, create_app
from web.serving import listen
from web.settings import WebSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SETTLE_SECONDS = 4.0
"""A browser that would reach out has done so by then: the control shows it."""
SCRIPT_SECONDS = 0.25
PARAGRAPH = "<p>Page</p>"
"""Stands in every page of scripts."""
LATE = f".control{SUFFIX}"
"""Hosts of the unprotected page, which a browser may still be asking for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Both applications on real sockets, and the replay origin without its redirect."""

    made: MadeArchive
    app: str
    replay: str
    direct: str
    """The replay application for a browser that says nothing of where it loads."""


def typed(uri: str, media_type: str, body: bytes, made: MadeArchive) -> Exchange:
    """An answer that says this media type, or none."""
    kind = f"Content-Type: {media_type}\r\n" if media_type else ""
    head = f"HTTP/1.1 200 OK\r\n{kind}Content-Length: {len(body)}\r\n\r\n".encode()
    return answered(uri, head + body, at=made.clock())


class _Direct:
    """Takes away what tells a frame from a window."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ.pop("HTTP_SEC_FETCH_DEST", None)
        environ["HTTP_HOST"] = environ["HTTP_HOST"].partition(":")[0]
        return self._application(environ, start_response)


@contextmanager
def serve(made: MadeArchive) -> Iterator[Place]:
    """Serve the archive as `evidence serve` does."""
    listeners = listen("127.0.0.1", port=0, replay_port=0)
    app = f"http://127.0.0.1:{listeners.app_port}"
    replay = f"http://localhost:{listeners.replay_port}"
    services = open_later(made.root, made.trust_folder)
    settings = WebSettings(app_origin=app, replay_origin=replay)
    applications = create_app(settings, services)
    extra = listen("127.0.0.1", port=0, replay_port=0)
    wrapped: Any = _Direct(applications.replay)
    wrapped.sets = applications.replay.sets
    second = Applications(app=wrapped, replay=wrapped, site=applications.site)
    with running(applications, listeners), running(second, extra):
        direct = f"http://localhost:{extra.app_port}"
        yield Place(made=made, app=app, replay=replay, direct=direct)


@contextmanager
def as_archived(pages: dict[str, tuple[str, bytes]]) -> Iterator[str]:
    """Serve pages with no protection at all: what a browser does with them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = pages.get(self.path[1:], ("text/plain", b""))
            self.send_response(200)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def leaks(folder: Path, name: str) -> dict[str, object]:
    """Hosts reached by a hostile page: unprotected, framed, opened directly."""
    made = make_archive(folder)
    page = _leaking_capture(made)
    sinks = Sinks(suffix=SUFFIX)
    sinks.start(folder)
    found: dict[str, object] = {}
    control = {"control": ("text/html", leaking_page("control"))}
    with (
        as_archived(control) as raw,
        serve(made) as place,
        run_browser(name, folder) as browser,
    ):
        for case, address in (
            ("control", f"{raw}/control"),
            ("framed", f"{place.app}/c/{page.short_id}"),
            ("direct", f"{place.direct}/v/{page.short_id}"),
        ):
            browser.open(address)
            time.sleep(SETTLE_SECONDS)
            found[case] = sinks.take(late="" if case == "control" else LATE)
            (folder / f"{case}.png").write_bytes(browser.picture())
            if case != "control":
                shown = "Long enough" in "".join(browser.documents())
                found[f"{case}-shown"] = shown
        found["pages"] = _visit_pages(browser, place, page, sinks)
    return found


def _leaking_capture(made: MadeArchive) -> Capture:
    with made.open_writer() as writer:
        uri = f"http://site{SUFFIX}/page"
        sheet_uri = f"http://link-style.archived{SUFFIX}/s.css"
        main, sheet = (
            writer.capture(typed(*values, made)).result()
            for values in (
                (uri, "text/html", leaking_page("archived")),
                (sheet_uri, "text/css", leaking_sheet("archived")),
            )
        )
        draft = PageDraft(
            target_uri=uri,
            main=main,
            captures=(main, sheet),
            rendering="static",
            page_info={"parts": [part_row(sheet_uri, "style", sheet.capture_id)]},
            job_id=None,
            source_id=None,
        )
        writer.page(draft).result()
        return main


def _visit_pages(
    browser: Browser, place: Place, page: Capture, sinks: Sinks
) -> dict[str, list[str]]:
    """Every page of ours, one after the other."""
    short = page.short_id
    paths = ["/", "/captures", "/sources", "/claims", "/help", "/status"]
    paths += [
        f"/c/{short}/text",
        f"/c/{short}/cite",
        f"/timemap/link/{page.target_uri}",
    ]
    for path in paths:
        browser.open(place.app + path)
        time.sleep(SCRIPT_SECONDS)
    time.sleep(SETTLE_SECONDS)
    return sinks.take(late=LATE)


def scripts(folder: Path, name: str) -> dict[str, object]:
    """Which payloads ran: unprotected, framed, opened directly."""
    made = make_archive(folder)
    sinks = Sinks(suffix=SUFFIX)
    sinks.start(folder)
    pages = _script_pages(made)
    captures = _captured(made, pages)
    found: dict[str, list[str]] = {"control": [], "framed": [], "direct": []}
    with (
        as_archived(pages) as raw,
        serve(made) as place,
        run_browser(name, folder) as browser,
    ):
        roads: tuple[tuple[str, Callable[[str], str]], ...] = (
            ("control", lambda page: f"{raw}/{page}"),
            ("framed", lambda page: f"{place.app}/c/{captures[page]}"),
            ("direct", lambda page: f"{place.direct}/v/{captures[page]}"),
        )
        for case, road in roads:
            for page in pages:
                browser.open(road(page))
                time.sleep(SCRIPT_SECONDS)
                shown = "".join(browser.documents())
                if f"{RAN}=" in shown or "<title>RAN" in shown:
                    found[case].append(page)
                if case != "control" and not _is_shown(page, case, shown):
                    found.setdefault("unseen", []).append(f"{case} {page}")
    return {**found, "pages": list(pages)}


def _is_shown(page: str, case: str, shown: str) -> bool:
    """Whether the archived page was there, or what we show instead of a file."""
    if not page.startswith("file-"):
        return PARAGRAPH in shown
    # Framed, the frame's document stands beside that of the record page.
    return shown.count("<html") > (case == "framed")


def _script_pages(made: MadeArchive) -> dict[str, tuple[str, bytes]]:
    del made
    pages = {
        name: ("text/html; charset=utf-8", body)
        for name, body in payloads("http://127.0.0.1").items()
    }
    odd = {f"file-{name}": found for name, found in odd_files().items()}
    return {**pages, **odd}


def _captured(made: MadeArchive, pages: dict[str, tuple[str, bytes]]) -> dict[str, str]:
    with made.open_writer() as writer:
        futures = {
            name: writer.capture(typed(f"http://h{SUFFIX}/{name}", *one, made))
            for name, one in pages.items()
        }
        return {name: one.result().short_id for name, one in futures.items()}


TASKS = {"leaks": leaks, "scripts": scripts}


def main() -> None:
    """Run one task."""
    folder, browser, task = sys.argv[1:]
    print(json.dumps(TASKS[task](Path(folder), browser)))


main()
