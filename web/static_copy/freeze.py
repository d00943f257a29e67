"""Freeze: the archive as a folder of plain files: for mirrors, onion hosts, a stick.

The pages are those of the server, asked for in this process and rewritten; nothing is
listened on. Instead of search there are calendars and lists; each capture has its
bundle, which verifies without us. The folder appears whole or not at all.
"""

import shutil
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from werkzeug.test import Client, TestResponse

from archive.capture import Capture
from archive.errors import ArchiveExists, LimitExceeded, StoreError
from archive.verify.reporting.report import Report
from web.access import shown_by
from web.app import Applications, create_app
from web.guards.headers import HeaderSets
from web.services import Services
from web.settings import WebSettings
from web.static_copy.frozen import (
    ENDINGS,
    INDEX,
    Words,
    file_of_path,
    freeze_page,
    freeze_replay,
    is_plain_path,
)
from web.wording.languages import LANGUAGES

FIRST_PAGES = ("/", "/captures", "/failures", "/sources", "/claims", "/help", "/status")
VIEWS = (
    *("", "/text", "/picture", "/source", "/parts", "/links"),
    *("/proof", "/cite", "/bundle"),
)
"""Views of one capture that are written."""
FOLLOWED = ("/captures/", "/failures/", "/s/", "/u/", "/out/", "/verify")
"""Links from page to page that are followed."""
REPLAYED = ("/v/", "/p/", "/page/", "/media/", "/shot/")
"""What is taken over from the origin of archived content."""
UNFINISHED = ".unfinished"
OK = 200
SERVER_ERROR = 500
KEPT_STATUS = frozenset((200, 410))
"""Pages, and what says that a capture was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeRequest:
    """What to write, and where."""

    target: Path
    language: str
    bundles: bool


@dataclass(slots=True, kw_only=True)
class Frozen:
    """What was written."""

    pages: int = 0
    captures: int = 0
    bundles: int = 0
    too_large: int = 0
    """Captures whose bundle `evidence export bundle` has to make."""


class CheckedOnce:
    """The live check, kept while the pages of one capture are written.

    A copy shows one moment, and each of its captures on some eight pages.
    """

    def __init__(self, verify: Callable[[Capture], Report]) -> None:
        """`verify` is the check itself."""
        self._verify = verify
        self._last: tuple[str, Report] | None = None

    def __call__(self, capture: Capture) -> Report:
        """The report of a capture; made anew when another one was asked for."""
        if self._last is None or self._last[0] != capture.capture_id:
            self._last = (capture.capture_id, self._verify(capture))
        return self._last[1]


@dataclass(slots=True)
class _Freezer:
    """Walks the pages of both applications."""

    applications: Applications
    request: FreezeRequest
    folder: Path
    done: Frozen = field(default_factory=Frozen)
    _files: dict[str, str | None] = field(default_factory=dict)
    _waiting: deque[str] = field(default_factory=deque)
    _written: set[str] = field(default_factory=set)

    def run(self) -> Frozen:
        site = self.applications.site
        archive = site.services.archive
        self._waiting.extend(FIRST_PAGES)
        captures = list(filter(shown_by(site.settings.access), archive.captures(0)))
        gone = [f"/c/{one.short_id}" for one in archive.tombstones()]
        known = {f"/c/{one.short_id}{view}" for one in captures for view in VIEWS}
        self._files |= {path: file_of_path(path) for path in (*known, *gone)}
        self._files |= {path: file_of_path(path) for path in FIRST_PAGES}
        for name in site.renderer.assets:
            self._write(f"static/{name}", site.renderer.assets[name].data)
            self._files[f"/static/{name}"] = f"static/{name}"
        for capture in captures:
            self._capture(capture)
        self._waiting.extend(gone)
        while self._waiting:
            self._page(self._waiting.popleft())
        self._headers()
        return self.done

    def _capture(self, capture: Capture) -> None:
        self.done.captures += 1
        self._bundle(capture)
        for view in VIEWS:
            path = f"/c/{capture.short_id}{view}"
            if not self._page(path):
                self._files[path] = None

    def _bundle(self, capture: Capture) -> None:
        make = self.applications.site.services.bundle
        if self.request.bundles and make is not None:
            try:
                data = make(capture)
            except LimitExceeded:
                self.done.too_large += 1
                return
            self._write(f"c/{capture.short_id}/bundle.zip", data)
            self.done.bundles += 1

    def _page(self, path: str) -> bool:
        """Write one page of ours; False if there is none."""
        file = file_of_path(path)
        if file in self._written:
            return True
        response = self._ask(self.applications.app, self._app, path)
        if response.status_code >= SERVER_ERROR:
            raise StoreError(
                f"the page {path} cannot be made; run `evidence verify`, and "
                "`evidence index` if the index is of another version"
            )
        is_page = response.content_type.startswith("text/html")
        if response.status_code not in KEPT_STATUS or not is_page:
            return False
        html = response.get_data(as_text=True)
        data = freeze_page(html, page=file, file_of=self._file_of, words=self._words())
        self._write(file, data)
        self.done.pages += 1
        return True

    def _file_of(self, address: str) -> str | None:
        """The file of an address on either origin; links of lists are followed."""
        if address.startswith(self._replay + "/"):
            return self._replay_file(address[len(self._replay) :])
        path = address.removeprefix(self._app)
        if not is_plain_path(path):
            return None
        if path.endswith("/bundle.zip"):
            return path[1:] if path[1:] in self._written else None
        if path in self._files:
            return self._files[path]
        if path.startswith(FOLLOWED):
            self._waiting.append(path)
            self._files[path] = file_of_path(path)
            return self._files[path]
        return None

    def _replay_file(self, path: str) -> str | None:
        """Write what a page shows from the replay origin; None: nothing is."""
        name = f"replay{path}"
        if name in self._files:
            return self._files[name]
        self._files[name] = None
        if not is_plain_path(path) or not path.startswith(REPLAYED):
            return None
        response = self._ask(self.applications.replay, self._replay, path)
        kind = response.content_type.partition(";")[0]
        if kind not in ENDINGS or (
            path.startswith(("/p/", "/page/", "/media/")) and response.status_code != OK
        ):
            return None
        ending = ENDINGS[kind]
        file = f"{name}/{INDEX}" if ending == INDEX else f"{name}{ending}"
        self._files[name] = file
        data = response.get_data()
        if kind in ("text/html", "text/css"):
            data = freeze_replay(data, page=file, file_of=self._replay_file)
        self._write(file, data)
        return file

    def _ask(self, application: object, origin: str, path: str) -> TestResponse:
        client = Client(application, use_cookies=False)  # type: ignore[arg-type]
        language = {"Accept-Language": self.request.language}
        return client.get(path, base_url=origin, headers=language)

    @property
    def _app(self) -> str:
        return self.applications.site.settings.app_origin

    @property
    def _replay(self) -> str:
        return self.applications.site.settings.replay_origin

    def _words(self) -> Words:
        text = LANGUAGES[self.request.language].text
        return Words(
            no_search=text("static.no-search"),
            open_copy=text("static.open-copy"),
            bundle=text("static.bundle"),
        )

    def _headers(self) -> None:
        """What a server in front should send: both sets, ready for nginx."""
        for name, sets in (
            ("pages", self.applications.app.sets),
            ("replay", self.applications.replay.sets),
        ):
            self._write(f"server/{name}.nginx.conf", _nginx(sets))

    def _write(self, file: str, data: bytes) -> None:
        if not is_plain_path(f"/{file}"):
            raise AssertionError("every file lies below the folder")
        path = self.folder / file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error.strerror}; mend that and run the command "
                "again, which begins anew"
            ) from error
        self._written.add(file)


def _nginx(sets: HeaderSets) -> bytes:
    lines = [f'add_header {name} "{value}" always;' for name, value in sets.usual]
    return (
        "\n".join(["server_tokens off;", "access_log off;", *lines]) + "\n"
    ).encode()


def freeze(settings: WebSettings, services: Services, request: FreezeRequest) -> Frozen:
    """Write the copy; ArchiveExists if the folder is there, StoreError on its disk."""
    if request.target.exists():
        raise ArchiveExists(f"{request.target} is there already; name a new folder")
    unfinished = request.target.with_name(request.target.name + UNFINISHED)
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True)
    once = replace(services, verify=CheckedOnce(services.verify))
    done = _Freezer(create_app(settings, once), request, unfinished).run()
    unfinished.rename(request.target)
    return done
