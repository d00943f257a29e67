"""Errors of the API have one shape, wherever in the program they arise."""

import json
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from archive.errors import ArchiveMissing
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import Applications, create_app
from web.settings import WebSettings

UNKNOWN = "a" * 26


def ask(apps: Applications, path: str, method: str = "GET") -> TestResponse:
    return Client(apps.app).open(path, base_url=APP, method=method)


def test_what_is_not_there_is_answered_alike_by_router_view_and_guard(
    world: World,
) -> None:
    apps = world.apps(restricted=frozenset(["inside"]))
    hidden = world.named["secret"].short_id
    paths = [
        *("/api/v1/nothing", "/api/", f"/api/v1/u/{UNKNOWN}", "/api/v1/captures/99"),
        *(f"/api/v1/c/{one}{view}" for one in (UNKNOWN, hidden, "x") for view in VIEWS),
        f"/api/v1/compare/{UNKNOWN}/{hidden}",
        f"/en/api/v1/c/{hidden}",
    ]
    answers = {(got.status_code, got.get_data()) for got in map(_asker(apps), paths)}
    assert len(answers) == 1
    status, body = answers.pop()
    assert status == 404
    assert json.loads(body)["error"]["code"] == "not-found"


VIEWS = ("", "/text", "/cite")


def _asker(apps: Applications) -> Any:
    return lambda path: ask(apps, path)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("PUT", "/api/v1/status", "method-not-allowed"),
        ("POST", "/api/v1/search", "wrong-type"),
    ],
)
def test_refusals_have_the_same_shape(
    apps: Applications, method: str, path: str, code: str
) -> None:
    fault = json.loads(ask(apps, path, method).get_data())["error"]
    assert set(fault) == {"code", "message", "next_step"}
    assert fault["code"] == code


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_a_bad_request(
    apps: Applications, body: bytes
) -> None:
    reply = Client(apps.app).post(
        "/api/v1/search", data=body, content_type="application/json", base_url=APP
    )
    assert reply.status_code == 400
    assert json.loads(reply.get_data())["error"]["code"] == "bad-request"


def test_an_archive_that_is_gone_is_a_fault_in_json_and_a_page_for_readers(
    world: World,
) -> None:
    class Gone:
        def __getattr__(self, name: str) -> Any:
            if name == "identity":
                return world.reader.identity
            raise ArchiveMissing("no archive here")

    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    apps = create_app(settings, world.services(archive=Gone()))
    fault = ask(apps, f"/api/v1/c/{UNKNOWN}")
    assert fault.status_code == 503
    assert json.loads(fault.get_data())["error"]["code"] == "unavailable"
    page = ask(apps, f"/c/{UNKNOWN}")
    assert page.status_code == 503
    assert page.content_type.startswith("text/html")
