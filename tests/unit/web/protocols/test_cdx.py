"""The CDX server: names of parameters, order, limits, resuming; one guard for all."""

import base64
import json
import re

import pytest
from werkzeug.test import Client, TestResponse

from archive.store.catalog.lookup import KeyPlace
from tests.support.web.served import APP
from tests.support.web.web_world import World
from web.app import Applications
from web.protocols.cdx import CdxRefused, after, format_resume_key, parse_resume_key

PAGE = "commission.example/results"


def ask(apps: Applications, **asked: object) -> TestResponse:
    return Client(apps.app).get("/cdx", base_url=APP, query_string=asked)


def lines(apps: Applications, **asked: object) -> list[dict[str, str]]:
    response = ask(apps, output="json", **asked)
    assert response.status_code == 200, response.get_data(as_text=True)
    return [json.loads(line) for line in response.get_data(as_text=True).splitlines()]


def ids(apps: Applications, **asked: object) -> list[str]:
    return [line["id"] for line in lines(apps, **asked)]


def of(world: World, *names: str) -> list[str]:
    return [world.named[name].short_id for name in names]


def test_an_address_has_its_captures_in_time_failures_too(
    apps: Applications, world: World
) -> None:
    found = lines(apps, url=f"http://{PAGE}")
    assert [one["id"] for one in found] == of(world, "main", "changed", "failure")
    first = found[0]
    assert first["urlkey"] == "example,commission)/results"
    assert first["timestamp"] == "20250126180411"
    assert (first["mime"], first["status"]) == ("text/html", "200")
    assert first["digest"] == str(world.named["main"].payload_digest)
    assert first["filename"] == world.named["main"].location.segment
    assert "status" not in found[2]
    assert found[2]["outcome"] == "dns"


def test_the_usual_form_is_cdxj(apps: Applications) -> None:
    response = ask(apps, url=PAGE, limit=1)
    key, stamp, rest = response.get_data(as_text=True).split(" ", 2)
    assert (key, stamp) == ("example,commission)/results", "20250126180411")
    assert json.loads(rest)["url"] == f"http://{PAGE}"
    assert response.headers["Content-Type"] == "text/x-cdxj; charset=utf-8"


def test_text_has_a_dash_where_there_is_nothing(apps: Applications) -> None:
    asked = {"url": PAGE, "output": "text", "fl": "timestamp,statuscode,mimetype"}
    assert ask(apps, **asked).get_data(as_text=True).splitlines() == [
        "20250126180411 200 text/html",
        "20250126183411 200 text/html",
        "20250126190411 - -",
    ]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"url": "commission.example/", "matchType": "host"}, 9),
        ({"url": "commission.example/*"}, 9),
        ({"url": "example", "matchType": "domain"}, 17),
        ({"url": "*.example"}, 17),
        ({"url": "http://commission.example/s", "matchType": "prefix"}, 2),
        ({"url": "http://commission.example/s*", "filter": "=mime:text/css"}, 1),
        ({"url": "commission.example/*", "filter": "!=status:200"}, 2),
        ({"url": "commission.example/*", "filter": "mime:image"}, 2),
        ({"url": PAGE, "from": "20250126183411"}, 2),
        ({"url": PAGE, "to": "2025012618"}, 2),
        ({"url": PAGE, "to": "2024"}, 0),
        ({"url": PAGE, "collapse": "timestamp:10"}, 2),
        ({"url": PAGE, "collapse": "urlkey"}, 1),
        ({"url": "nowhere.example/"}, 0),
    ],
)
def test_what_is_asked_for_is_chosen(
    apps: Applications, asked: dict[str, str], count: int
) -> None:
    assert len(lines(apps, **asked)) == count


def test_lines_can_be_sorted_by_distance_and_backwards(
    apps: Applications, world: World
) -> None:
    closest = {"url": PAGE, "closest": "20250126183000", "sort": "closest"}
    assert ids(apps, **closest) == of(world, "changed", "main", "failure")
    assert ids(apps, **closest, limit=1) == of(world, "changed")
    backwards = ids(apps, url=PAGE, sort="reverse", limit=2)
    assert backwards == of(world, "failure", "changed")


def test_a_resumed_walk_gives_every_line_once(apps: Applications) -> None:
    asked = {"url": "example", "matchType": "domain", "output": "text", "fl": "id"}
    whole = ask(apps, **asked).get_data(as_text=True).split()
    found: list[str] = []
    key: dict[str, str] = {}
    for _ in range(20):
        body = ask(apps, **asked, **key, limit=2, showResumeKey="true")
        part, _, resume = body.get_data(as_text=True).partition("\n\n")
        found += part.split()
        if not resume:
            break
        key = {"resumeKey": resume.strip()}
    assert found == whole
    assert len(set(whole)) == 17


def test_a_restricted_source_has_no_line(world: World) -> None:
    asked = {"url": "inside.example", "matchType": "host"}
    assert len(lines(world.apps(), **asked)) == 1
    assert lines(world.apps(restricted=frozenset(["inside"])), **asked) == []


def test_a_resume_key_and_what_is_looked_through_tell_nothing_of_hidden_captures(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps = world.apps(restricted=frozenset(["inside", "commission"]))
    asked = {"url": "example", "matchType": "domain", "output": "text", "fl": "urlkey"}
    shown = ask(apps, **asked).get_data(as_text=True).split()
    assert shown
    for limit in range(1, len(shown) + 1):
        body = ask(apps, **asked, limit=limit, showResumeKey="1").get_data(as_text=True)
        key = parse_resume_key(body.rpartition("\n\n")[2].strip())
        assert key.urlkey == shown[limit - 1]
    monkeypatch.setattr("web.views.cdx.SCAN_ROWS", 1)
    narrow = {"url": PAGE, "filter": "=status:999"}
    assert ask(apps, **narrow).status_code == 200, "hidden captures fill no scan"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "url is missing"),
        ({"url": PAGE, "wishes": "1"}, "does not know"),
        ({"url": PAGE, "limit": "0"}, "limit is"),
        ({"url": PAGE, "limit": "10001"}, "limit is"),
        ({"url": PAGE, "limit": "-1"}, "limit is"),
        ({"url": PAGE, "matchType": "regex"}, "matchType is"),
        ({"url": PAGE, "filter": "~status:2.."}, "not offered"),
        ({"url": PAGE, "filter": "status"}, "filter is"),
        ({"url": PAGE, "filter": "=color:red"}, "filter is"),
        ({"url": PAGE, "fl": "color"}, "fl names"),
        ({"url": PAGE, "output": "xml"}, "output is"),
        ({"url": PAGE, "from": "yesterday"}, "from is"),
        ({"url": PAGE, "closest": "20251332"}, "closest is"),
        ({"url": PAGE, "sort": "closest"}, "needs closest"),
        ({"url": PAGE, "collapse": "all"}, "collapse is"),
        ({"url": PAGE, "resumeKey": "x"}, "resumeKey is"),
        ({"url": PAGE, "sort": "reverse", "showResumeKey": "1"}, "resumed"),
    ],
)
def test_what_is_not_known_is_refused_in_one_sentence(
    apps: Applications, asked: dict[str, str], told: str
) -> None:
    response = ask(apps, **asked)
    assert response.status_code == 400
    assert told in response.get_data(as_text=True)
    assert response.get_data(as_text=True).count("\n") == 1


def resume_key(apps: Applications) -> str:
    asked = {"url": "example", "matchType": "domain", "limit": 1, "showResumeKey": "1"}
    return ask(apps, **asked).get_data(as_text=True).rpartition("\n\n")[2].strip()


def test_a_resume_key_is_one_word_and_is_written_back_as_it_was_read(
    apps: Applications,
) -> None:
    key = resume_key(apps)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", key)
    assert format_resume_key(parse_resume_key(key)) == key
    for urlkey in ("example,a)/?x=100%25 y", "example,a)/%2541", "x-é:\n 5 \U0010ffff"):
        place = KeyPlace(
            urlkey=urlkey, captured_at="2025-01-26T18:04:11.250000Z", leaf=7
        )
        assert parse_resume_key(format_resume_key(place)) == place


def _word(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


AT = "2025-01-26T18:04:11.250000Z"


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "=", f"{_word(f'7 {AT} a')}=", f" {_word(f'7 {AT} a')}"),
        *(_word(f"{leaf} {AT} a") for leaf in ("+7", "07", "-1", " 7", "1_0", "٧")),
        _word(f"{1 << 63} {AT} a"),
        _word("7 2025-01-26T18:04:11Z a"),
        _word(f"7 {AT} "),
        _word(f"7 {AT}"),
        _word(f"7 {AT} a")[:-1] + "h",
        "%37%20",
        "_" * 30_000,
    ],
)
def test_a_resume_key_we_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(CdxRefused):
        parse_resume_key(text)


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("x-é:\U0010ffff*", 200),
        ("x-é:\ud7ff*", 200),
        ("\U0010ffff*", 200),
        ("x:*", 200),
        ("*", 200),
        ("*.", 200),
    ],
)
def test_the_last_letters_end_a_stretch_of_keys_too(
    apps: Applications, url: str, status: int
) -> None:
    assert ask(apps, url=url).status_code == status


def test_a_stretch_ends_behind_all_keys_that_begin_alike() -> None:
    for key, end in (
        ("ab", "ac"),
        ("a\U0010ffff", "b"),
        ("a\ud7ff", "a\ue000"),
        ("a\U0010ffff\U0010ffff", "b"),
    ):
        assert after(key) == end
        assert key.encode() < (key + "\U0010ffff").encode() < end.encode()
    with pytest.raises(CdxRefused):
        after("\U0010ffff")
