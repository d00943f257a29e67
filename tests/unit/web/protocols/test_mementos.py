"""Memento, RFC 7089: TimeGate, TimeMaps, mementos, rule by rule."""

import json
import re

import pytest
from werkzeug.test import Client, TestResponse

from archive.errors import FormatError
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import Applications
from web.protocols.mementos import format_http_date, parse_http_date, parse_pwid, plain

URI = "http://commission.example/results"
FIRST = "Sun, 26 Jan 2025 18:04:11 GMT"
SECOND = "Sun, 26 Jan 2025 18:34:11 GMT"
LINK = re.compile(r'<([^>]*)>((?:; [a-z]+="[^"]*")*)')


def app_get(apps: Applications, path: str, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(apps.app).get(path, base_url=APP, headers=sent)


def links(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Links by relation: address and attributes; the whole text must be links."""
    found = {}
    rest = LINK.sub("", text)
    assert rest.strip(", \n") == ""
    for address, attributes in LINK.findall(text):
        values = dict(re.findall(r'([a-z]+)="([^"]*)"', attributes))
        found[values.pop("rel")] = (address, values)
    return found


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (None, "changed"),
        (FIRST, "main"),
        (SECOND, "changed"),
        ("Sun, 26 Jan 2025 18:19:11 GMT", "main"),
        ("Sun, 26 Jan 2025 18:19:12 GMT", "changed"),
        ("Thu, 01 Jan 1970 00:00:00 GMT", "main"),
        ("Fri, 01 Jan 2100 00:00:00 GMT", "changed"),
    ],
)
def test_a_timegate_leads_to_the_nearest_memento(
    apps: Applications, world: World, asked: str | None, name: str
) -> None:
    headers = {} if asked is None else {"Accept_Datetime": asked}
    response = app_get(apps, f"/timegate/{URI}", **headers)
    assert response.status_code == 302
    expected = f"{REPLAY}/v/{world.named[name].short_id}"
    assert response.headers["Location"] == expected
    assert response.headers["Vary"] == "Accept-Datetime"
    assert "Memento-Datetime" not in response.headers
    found = links(response.headers["Link"])
    assert found["original"][0] == URI
    assert found["timemap"] == (
        f"{APP}/timemap/link/{URI}",
        {"type": "application/link-format"},
    )
    assert found["memento"][0] == expected


@pytest.mark.parametrize(
    "asked",
    [
        "yesterday",
        "2025-01-26",
        "Mon, 26 Jan 2025 18:04:11 GMT",
        "Sun, 26 Jan 2025 18:04:11 CET",
        "Sun, 32 Jan 2025 18:04:11 GMT",
        "Sun, 26 Jan 25 18:04:11 GMT",
        "",
    ],
)
def test_a_malformed_date_is_refused(apps: Applications, asked: str) -> None:
    response = app_get(apps, f"/timegate/{URI}", Accept_Datetime=asked)
    assert response.status_code == 400
    assert response.headers["Vary"] == "Accept-Datetime"
    assert "Link" not in response.headers


@pytest.mark.parametrize("path", ["timegate", "timemap/link", "timemap/json"])
def test_what_was_not_captured_is_not_found(apps: Applications, path: str) -> None:
    assert app_get(apps, f"/{path}/http://nowhere.example/").status_code == 404
    assert app_get(apps, f"/{path}/javascript:alert(1)//x").status_code == 404


def test_a_failure_alone_is_no_memento(apps: Applications) -> None:
    for path in ("timegate", "timemap/link"):
        assert app_get(apps, f"/{path}/http://drawn.example/").status_code == 404
    text = app_get(apps, f"/timemap/link/{URI}").get_data(as_text=True)
    assert text.count('memento"; datetime=') == 2


def test_a_restricted_source_has_no_memento(world: World) -> None:
    path = "/timegate/http://inside.example/a"
    assert app_get(world.apps(), path).status_code == 302
    hidden = world.apps(restricted=frozenset(["inside"]))
    unknown = app_get(hidden, "/timegate/http://nowhere.example/a")
    assert app_get(hidden, path).data == unknown.data
    assert app_get(hidden, "/timemap/link/http://inside.example/a").status_code == 404


def test_a_timemap_lists_every_memento_with_its_time(
    apps: Applications, world: World
) -> None:
    response = app_get(apps, f"/timemap/link/{URI}")
    assert response.headers["Content-Type"] == "application/link-format"
    assert "Memento-Datetime" not in response.headers
    assert "Vary" not in response.headers
    found = links(response.get_data(as_text=True))
    assert found["original"] == (URI, {})
    assert found["timegate"] == (f"{APP}/timegate/{URI}", {})
    assert found["self"] == (
        f"{APP}/timemap/link/{URI}",
        {"type": "application/link-format", "from": FIRST, "until": SECOND},
    )
    first, last = world.named["main"].short_id, world.named["changed"].short_id
    assert found["first memento"] == (f"{REPLAY}/v/{first}", {"datetime": FIRST})
    assert found["last memento"] == (f"{REPLAY}/v/{last}", {"datetime": SECOND})


def test_the_other_forms_say_the_same(apps: Applications, world: World) -> None:
    value = json.loads(app_get(apps, f"/timemap/json/{URI}").data)
    assert value["original_uri"] == URI
    expected = [f"{REPLAY}/v/{world.named[n].short_id}" for n in ("main", "changed")]
    assert [one["uri"] for one in value["mementos"]["list"]] == expected
    assert value["mementos"]["first"]["datetime"] == "2025-01-26T18:04:11Z"
    body = app_get(apps, f"/timemap/cdxj/{URI}").get_data(as_text=True)
    rows = [line for line in body.splitlines() if not line.startswith("!")]
    assert [json.loads(row.partition(" ")[2])["uri"] for row in rows] == expected
    assert rows[0].startswith("20250126180411 ")


def test_a_long_timemap_has_pages(
    apps: Applications, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.views.mementos.PAGE_MEMENTOS", 1)
    first = links(app_get(apps, f"/timemap/link/{URI}").get_data(as_text=True))
    assert first["timemap"][0] == f"{APP}/timemap/link/2/{URI}"
    assert "last memento" not in first
    second = links(app_get(apps, f"/timemap/link/2/{URI}").get_data(as_text=True))
    assert second["timemap"][0] == f"{APP}/timemap/link/{URI}"
    assert second["last memento"][0].endswith(world.named["changed"].short_id)
    assert app_get(apps, f"/timemap/link/3/{URI}").status_code == 404


def test_a_memento_says_when_it_was_and_where_its_neighbours_are(
    apps: Applications, world: World
) -> None:
    short = world.named["main"].short_id
    for path in (f"/v/{short}", f"/raw/{short}"):
        response = Client(apps.replay).get(
            path, base_url=REPLAY, headers={"Accept-Datetime": SECOND}
        )
        assert response.headers["Memento-Datetime"] == FIRST
        assert "Vary" not in response.headers
        assert SECOND not in response.get_data(as_text=True)
        found = links(response.headers["Link"])
        assert found["original"][0] == URI
        assert found["timegate"][0] == f"{APP}/timegate/{URI}"
        assert found["timemap"][0] == f"{APP}/timemap/link/{URI}"
        assert found["first memento"] == (f"{REPLAY}/v/{short}", {"datetime": FIRST})
        assert found["next last memento"][1] == {"datetime": SECOND}


def test_an_archived_error_is_a_memento_and_keeps_its_status(
    apps: Applications, world: World
) -> None:
    path = f"/v/{world.named['missing'].short_id}"
    response = Client(apps.replay).get(path, base_url=REPLAY)
    assert response.status_code == 404
    assert response.headers["Memento-Datetime"] == FIRST


def test_a_record_page_has_the_links_and_is_no_memento(
    apps: Applications, world: World
) -> None:
    response = app_get(apps, f"/c/{world.named['main'].short_id}")
    assert "Memento-Datetime" not in response.headers
    assert links(response.headers["Link"])["original"][0] == URI


@pytest.mark.parametrize(
    "written",
    [URI, "http%3A%2F%2Fcommission.example%2Fresults", "commission.example/results"],
)
def test_an_address_is_read_as_it_was_sent(apps: Applications, written: str) -> None:
    assert app_get(apps, f"/timegate/{written}").status_code == 302


def test_a_query_belongs_to_the_address(apps: Applications) -> None:
    assert app_get(apps, f"/timegate/{URI}?x=1").status_code == 404


def test_a_pwid_leads_to_the_record(apps: Applications, world: World) -> None:
    archive = world.reader.identity.origin.rsplit("/", 1)[-1]
    for part, name in (("part", "main"), ("page", "page")):
        pwid = f"urn:pwid:{archive}:2025-01-26T18:04:11Z:{part}:{URI}"
        response = app_get(apps, f"/pwid/{pwid}")
        assert response.status_code == 303
        assert response.headers["Location"] == f"/c/{world.named[name].short_id}"
    other = f"urn:pwid:elsewhere:2025-01-26T18:04:11Z:part:{URI}"
    assert app_get(apps, f"/pwid/{other}").status_code == 404
    assert app_get(apps, "/pwid/urn:isbn:1").status_code == 404


def test_no_archived_address_ends_a_link() -> None:
    for hostile in ('http://x/>;rel="next"', "http://x/\r\nA: b", "http://x/é,<"):
        assert re.fullmatch(r"[!#-;=?-\]_a-~]+", plain(hostile)), plain(hostile)


def test_dates_are_read_back_as_written() -> None:
    assert format_http_date(parse_http_date(FIRST)) == FIRST
    with pytest.raises(FormatError):
        parse_pwid("urn:pwid:x:2025-13-26T18:04:11Z:part:http://x/")


def test_a_timemap_leaves_nothing_out_however_many_there_are(
    apps: Applications, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.views.mementos.MOST_ROWS", 1)
    found = json.loads(app_get(apps, f"/timemap/json/{URI}").get_data(as_text=True))
    named = [f"{REPLAY}/v/{world.named[one].short_id}" for one in ("main", "changed")]
    assert [one["uri"] for one in found["mementos"]["list"]] == named
