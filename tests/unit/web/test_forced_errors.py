"""P12: whatever breaks inside, an answer shows no trace, no path and no question."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import Client

from archive.errors import DigestMismatch, FormatError, LogMissing, StoreError
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import create_app
from web.settings import WebSettings

CANARY = "canary-9c1f"
SECRET = f"/srv/{CANARY}/archive/catalog.sqlite"
ERRORS: tuple[Callable[[], Exception], ...] = (
    lambda: OSError(5, "Input/output error", SECRET),
    lambda: PermissionError(13, "Permission denied", SECRET),
    lambda: MemoryError(SECRET),
    lambda: RuntimeError(SECRET),
    lambda: KeyError(SECRET),
    lambda: UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET),
    lambda: StoreError(SECRET),
    lambda: FormatError(SECRET),
    lambda: DigestMismatch(SECRET),
    lambda: LogMissing(SECRET),
)
PATHS = (
    (APP, f"/?x={CANARY}"),
    (APP, "/c/{main}"),
    (APP, "/c/{main}/text"),
    (APP, "/u/{key}"),
    (APP, f"/cdx?url=http://{CANARY}.example/"),
    (APP, f"/timegate/http://{CANARY}.example/"),
    (APP, f"/timemap/link/http://{CANARY}.example/"),
    (APP, "/api/v1/c/{main}"),
    (REPLAY, "/v/{main}"),
    (REPLAY, "/raw/{main}"),
)


class Broken:
    """An archive every question to which fails."""

    def __init__(self, make: Callable[[], Exception], identity: object) -> None:
        self._make = make
        self.identity = identity

    def __getattr__(self, name: str) -> Any:
        def fail(*_: object, **__: object) -> Any:
            raise self._make()

        return fail


def test_the_table_makes_a_hundred() -> None:
    assert len(ERRORS) * len(PATHS) >= 100


@pytest.mark.parametrize("make", ERRORS)
def test_P12_a_hundred_forced_errors_show_nothing(
    world: World, make: Callable[[], Exception], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    broken = Broken(make, world.reader.identity)
    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    apps = create_app(settings, world.services(archive=broken))
    names = {
        "main": world.named["main"].short_id,
        "key": apps.site.key_of(world.named["main"].target_uri),
    }
    for origin, path in PATHS:
        application = apps.app if origin == APP else apps.replay
        got = Client(application).get(path.format(**names), base_url=origin)
        body = got.get_data(as_text=True) + str(got.headers)
        assert got.status_code >= 400, (path, got.status_code)
        for leak in (CANARY, "Traceback", 'File "', "/srv/", "Error:", "sqlite"):
            assert leak not in body, (path, leak)
    assert CANARY not in caplog.text
