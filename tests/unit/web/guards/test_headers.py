"""Every answer of both origins carries exactly its fixed header set, errors too."""

from typing import Any

import pytest
from werkzeug.test import Client

from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import Applications
from web.guards.headers import app_headers, replay_headers

CONTENT = {"Content-Type", "Content-Length", "Content-Language", "Vary"}
UNKNOWN = "a" * 26

APP_ANSWERS = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("GET", "/captures", 200),
    ("GET", "/captures/1", 200),
    ("GET", "/captures/99", 404),
    ("GET", "/sources", 200),
    ("GET", "/claims", 200),
    ("GET", "/help", 200),
    ("GET", "/status", 200),
    ("GET", "/c/{main}", 200),
    ("GET", "/c/{page}", 200),
    ("GET", "/c/{failure}", 200),
    ("GET", "/c/{main}/text", 200),
    ("GET", "/c/{changed}/text", 404),
    ("GET", "/c/{main}/cite", 200),
    ("POST", "/c/{main}/cite", 200),
    ("GET", "/c/{main}/source", 200),
    ("GET", "/c/{main}/proof", 200),
    ("GET", "/c/{main}/parts", 200),
    ("GET", "/c/{main}/picture", 404),
    ("GET", "/c/{main}/bundle", 200),
    ("GET", "/c/{main}/text?t=0-4&x=x&d=nothing", 400),
    ("GET", "/failures", 200),
    ("GET", "/verify", 200),
    ("POST", "/verify", 200),
    ("GET", "/verify/archive", 200),
    ("POST", "/verify/archive", 303),
    ("GET", "/compare", 404),
    ("GET", "/be/claims", 200),
    ("GET", f"/r/{UNKNOWN}/only/0", 404),
    ("GET", "/c/{hex}", 308),
    ("GET", "/u/{key}", 200),
    ("GET", "/out/{key}", 200),
    ("GET", "/s/{source}", 200),
    ("GET", "/s/{source}/1", 200),
    ("GET", "/api/v1/c/{main}", 200),
    ("GET", "/api/v1/u/{key}", 200),
    ("GET", "/api/v1/status", 200),
    ("GET", "/cdx", 400),
    ("GET", "/cdx?url=commission.example", 200),
    ("GET", "/timemap/link/http://commission.example/results", 200),
    ("GET", "/timemap/xml/http://commission.example/results", 404),
    ("GET", "/pwid/urn:pwid:x", 404),
    ("GET", f"/api/v1/c/{UNKNOWN}", 404),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v1/search", 405),
    ("POST", "/api/v1/search", 415),
    ("GET", "/nothing", 404),
    ("GET", f"/c/{UNKNOWN}", 404),
    ("GET", "/c/" + "a" * 25 + "b", 404),
    ("GET", f"/u/{UNKNOWN}", 404),
    ("GET", f"/s/{UNKNOWN}", 404),
    ("GET", f"/out/{UNKNOWN}", 404),
    ("GET", f"/r/{UNKNOWN}", 410),
    ("GET", "/search", 303),
    ("POST", "/", 405),
    ("OPTIONS", "/", 405),
    ("TRACE", "/", 405),
    ("POST", "/search", 303),
    ("POST", "/find", 404),
    ("GET", "/static/nothing.css", 404),
    ("GET", "/static/../app.py", 404),
    ("GET", "//c//x", 404),
]
REPLAY_ANSWERS = [
    ("GET", "/v/{main}", 200),
    ("HEAD", "/v/{main}", 200),
    ("GET", "/v/{page}", 200),
    ("GET", "/v/{failure}", 200),
    ("GET", "/v/{moved}", 200),
    ("GET", "/v/{cyrillic}", 200),
    ("GET", "/v/{binary}", 200),
    ("GET", "/v/{missing}", 404),
    ("GET", f"/v/{UNKNOWN}", 404),
    ("GET", "/p/{page}/0", 200),
    ("GET", "/p/{page}/2", 200),
    ("GET", "/p/{page}/4", 404),
    ("GET", "/p/{page}/5", 404),
    ("GET", "/p/{page}/6", 404),
    ("GET", "/p/{main}/0", 404),
    ("GET", "/raw/{failure}", 404),
    ("GET", "/", 404),
    ("POST", "/v/{main}", 405),
    ("OPTIONS", "/v/{main}", 405),
    ("DELETE", "/raw/{main}", 405),
]


@pytest.fixture
def names(world: World) -> dict[str, str]:
    """What stands in the addresses of the tables."""
    named = {name: one.short_id for name, one in world.named.items()}
    key_of = world.apps().site.key_of
    return named | {
        "hex": world.named["main"].capture_id,
        "key": key_of(world.named["main"].target_uri),
        "source": key_of("commission"),
    }


def check(
    response: Any, expected: tuple[tuple[str, str], ...], extra: set[str]
) -> None:
    ours = {name: value for name, value in response.headers if name not in extra}
    assert ours == dict(expected)
    assert len(response.headers) == len(set(response.headers.keys()))


def extra_of(status: int, path: str = "") -> set[str]:
    links = {
        "/c/{": {"Link"} if path.count("/") == 2 else set(),
        "/v/{": {"Link", "Memento-Datetime"},
    }
    return (
        CONTENT
        | links.get(path[:4], set())
        | {303: {"Location"}, 308: {"Location"}, 405: {"Allow"}}.get(status, set())
    )


@pytest.mark.parametrize(("method", "path", "status"), APP_ANSWERS)
def test_every_app_answer_has_the_app_set(
    apps: Applications, names: dict[str, str], method: str, path: str, status: int
) -> None:
    client = Client(apps.app)
    response = client.open(path.format(**names), method=method, base_url=APP)
    assert response.status_code == status
    expected = app_headers(app_origin=APP, replay_origin=REPLAY).usual
    check(response, expected, extra_of(status, path))
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(("method", "path", "status"), REPLAY_ANSWERS)
def test_every_replay_answer_has_the_replay_set(
    apps: Applications, names: dict[str, str], method: str, path: str, status: int
) -> None:
    client = Client(apps.replay)
    response = client.open(path.format(**names), method=method, base_url=REPLAY)
    assert response.status_code == status
    expected = replay_headers(app_origin=APP, replay_origin=REPLAY).usual
    check(response, expected, extra_of(status, path))


def test_downloads_add_only_what_a_download_needs(
    apps: Applications, names: dict[str, str]
) -> None:
    client = Client(apps.replay)
    expected = replay_headers(app_origin=APP, replay_origin=REPLAY).usual
    for view in ("", "/wire", "/slice"):
        path = f"/raw/{names['main']}{view}"
        response = client.get(path, base_url=REPLAY)
        assert response.status_code == 200
        extra = CONTENT | {"Content-Disposition", "Accept-Ranges"}
        if not view:
            extra |= {"Link", "Memento-Datetime"}
        check(response, expected, extra)
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment; ")


def test_fonts_may_be_read_from_an_opaque_origin(
    apps: Applications, names: dict[str, str]
) -> None:
    response = Client(apps.replay).get(f"/p/{names['page']}/3", base_url=REPLAY)
    assert response.headers["Content-Type"] == "font/woff2"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    others = Client(apps.replay).get(f"/p/{names['page']}/2", base_url=REPLAY)
    assert "Access-Control-Allow-Origin" not in others.headers


def test_only_static_files_may_be_kept(apps: Applications) -> None:
    name = next(iter(apps.site.renderer.assets))
    response = Client(apps.app).get(f"/static/{name}", base_url=APP)
    expected = app_headers(app_origin=APP, replay_origin=REPLAY).static
    check(response, expected, CONTENT)
    assert "immutable" in response.headers["Cache-Control"]


def test_an_unexpected_error_is_constant_and_says_nothing(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.index.problem = ZeroDivisionError("secret canary")
    world.index.broken = True
    apps = world.apps()
    client = Client(apps.app)
    sent = client.post("/search", data={"q": "canary"}, base_url=APP)
    response = client.get(sent.headers["Location"], base_url=APP)
    assert response.status_code == 500
    assert b"secret" not in response.data
    assert b"Traceback" not in response.data
    assert b"canary" not in response.data
    check(response, app_headers(app_origin=APP, replay_origin=REPLAY).usual, CONTENT)
    assert "canary" not in caplog.text
    assert "/r/" not in caplog.text


def test_a_body_that_is_too_large_is_refused(apps: Applications) -> None:
    response = Client(apps.app).post("/search", data={"q": "x" * 70_000}, base_url=APP)
    assert response.status_code == 413
    check(response, app_headers(app_origin=APP, replay_origin=REPLAY).usual, CONTENT)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_forms_of_other_sites_are_refused(apps: Applications, site: str) -> None:
    headers = {"Sec-Fetch-Site": site, "Origin": "null"}
    response = Client(apps.app).post(
        "/search", data={"q": "x"}, headers=headers, base_url=APP
    )
    assert response.status_code == 403
    check(response, app_headers(app_origin=APP, replay_origin=REPLAY).usual, CONTENT)


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_our_own_forms_are_taken(apps: Applications, site: str | None) -> None:
    headers = {"Origin": "null"} | ({"Sec-Fetch-Site": site} if site else {})
    response = Client(apps.app).post(
        "/search", data={"q": "x"}, headers=headers, base_url=APP
    )
    assert response.status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "localhost:8000", "127.0.0.1.x"])
def test_another_host_name_is_refused(apps: Applications, host: str) -> None:
    response = Client(apps.app).get("/", base_url=f"http://{host}")
    assert response.status_code == 400
    check(response, app_headers(app_origin=APP, replay_origin=REPLAY).usual, CONTENT)
    assert host.encode() not in response.data


def test_error_pages_reflect_nothing(apps: Applications) -> None:
    client = Client(apps.app)
    paths = ("/canary<script>", "/c/canary", "/u/canary?q=canary", "/static/canary")
    bodies = {client.get(path, base_url=APP).data for path in paths}
    assert len(bodies) == 1
    assert b"canary" not in bodies.pop()


def test_https_origins_ask_for_https_for_ever(world: World) -> None:
    sets = app_headers(
        app_origin="https://a.example", replay_origin="https://b.example"
    )
    assert "Strict-Transport-Security" in dict(sets.usual)
