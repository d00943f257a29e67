"""No page and no command shows as VERIFIED what somebody put into the archive."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import pytest
from werkzeug.test import Client

from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from tests.support.archives.archives import START, MadeArchive
from tests.support.attacks.attacked import capture_at, edit_catalog, paged_archive, read
from tests.support.attacks.forgery import Forger, pipe_at
from tests.support.programs.command import Command
from web.app import create_app
from web.services import SearchSource, Services, TrustState
from web.settings import WebSettings

pytestmark = pytest.mark.timeout(60)
APP, REPLAY = "http://127.0.0.1:8000", "http://127.0.0.2:8001"
VERIFIED_MARK = "badge-verified"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """A job of two captures, and a page of one of them and a part."""
    return paged_archive(tmp_path_factory.mktemp("origin"))


@dataclass
class NoSearch:
    """No index."""

    def catch_up(self) -> None:
        """Nothing to do."""

    def text_of(self, _capture_id: str) -> None:
        """No text."""

    def heading_of(self, _capture_id: str) -> None:
        """No title."""

    def marks(self, _query: str, _text: object) -> tuple[()]:
        """No places."""
        return ()

    def claimed_of(self, _capture_id: str) -> None:
        """No date."""


class PageOf(Protocol):
    """Gives the record page of the capture of an address, as HTML."""

    def __call__(self, uri: str, kind: str = ...) -> str: ...


@pytest.fixture
def page_of(made: MadeArchive) -> Iterator[PageOf]:
    """The record page of a capture, as HTML, by its address in the catalog."""
    readers: list[ArchiveReader] = []

    def show(uri: str, kind: str = "capture") -> str:
        reader, trust = read(made), made.trust()
        readers.append(reader)
        services = Services(
            archive=reader,
            search=cast("SearchSource", NoSearch()),
            verify=lambda one: verify_capture(reader, one, trust=trust),
            verify_archive=None,
            bundle=None,
            trust=TrustState(fingerprint="f" * 64),
            clock=lambda: START,
            monotonic=lambda: 0.0,
            random_bytes=os.urandom,
        )
        settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
        client = Client(create_app(settings, services).app)
        capture = capture_at(reader, uri, kind)
        answer = client.get(f"/c/{capture.short_id}", base_url=APP)
        assert answer.status_code == 200, "no error page: the report says what is wrong"
        return answer.get_data(as_text=True)

    yield show
    for reader in readers:
        reader.close()


def test_the_page_of_a_true_capture_has_its_mark(page_of: PageOf) -> None:
    assert VERIFIED_MARK in page_of("http://a.example/1")
    assert VERIFIED_MARK in page_of("http://a.example/0", "page")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("captured_at", "2020-01-01T00:00:00.000000Z"),
        ("http_status", 404),
        ("offset_bytes", 1),
        ("length_bytes", 100 << 20),
        ("segment", "2025/01/00000007-aaaaaaaa.warc.gz"),
    ],
)
@pytest.mark.parametrize("kind", ["capture", "page"])
def test_a_page_with_a_lie_of_the_catalog_has_no_mark(
    made: MadeArchive, page_of: PageOf, column: str, value: object, kind: str
) -> None:
    """On the page of the capture, and of the page capture that it is main of."""
    where = "target_uri = 'http://a.example/0' and kind = 'capture'"
    edit_catalog(made, f"update capture set {column} = ? where {where}", value)
    assert VERIFIED_MARK not in page_of("http://a.example/0", kind)


@pytest.mark.parametrize(
    "place", ["log/checkpoint", "log/tile/0/000.p", "log/tile/entries/000.p"]
)
@pytest.mark.parametrize("become", [pipe_at, Path.mkdir, Path.touch])
def test_a_page_over_a_broken_log_has_no_mark(
    made: MadeArchive, page_of: PageOf, place: str, become: Callable[[Path], None]
) -> None:
    path = made.root / place
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    become(path)
    assert VERIFIED_MARK not in page_of("http://a.example/1")


def test_a_page_of_a_forged_capture_has_no_mark(
    made: MadeArchive, page_of: PageOf
) -> None:
    for forger in (Forger.stranger(made), Forger.insider(made)):
        forger.append(forger.entry(forger.capture("http://a.example/forged")))
    assert VERIFIED_MARK not in page_of("http://a.example/forged")


def test_commands_over_a_forged_catalog_end_in_a_sentence(
    made: MadeArchive, tmp_path: Path
) -> None:
    """No traceback: `Command.run` fails the test at one."""
    edit_catalog(made, "update capture set outcome = 'nonsense', captured_at = 'never'")
    command = Command(home=tmp_path, archive=made.root, trust=made.trust_folder)
    assert command.run("list").returncode == 6
    assert command.run("show", "0" * 64).returncode == 6
    assert command.run("rebuild").returncode == 0
    assert command.run("list").returncode == 0
