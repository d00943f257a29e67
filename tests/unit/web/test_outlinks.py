"""Links of a page are listed outside the frame, and none leads out of the archive."""

import json
import re

import pytest
from werkzeug.test import Client

from archive.errors import DigestMismatch
from tests.support.web.served import APP
from tests.support.web.web_world import World
from web.app import Applications
from web.replay.outlinks import LINKS_LIMIT, find_outlinks

BASE = "http://site.example/dir/page"


def addresses(html: str) -> list[str]:
    return [one.uri for one in find_outlinks(html, base=BASE).links]


def test_each_address_is_listed_once_in_ascii_by_the_base_of_the_page() -> None:
    html = """<base href="/other/"><a href="a">one</a><a href="/other/a#x"> again </a>
    <a href="http://сайт.example/шлях?q=ў">кірыліца</a>
    <map><area href="b" alt="area"></map>"""
    found = find_outlinks(html, base=BASE)
    assert [(one.uri, one.words) for one in found.links] == [
        ("http://site.example/other/a", "one"),
        (
            "http://xn--80aswg.example/%D1%88%D0%BB%D1%8F%D1%85?q=%D1%9E",
            "кірыліца",
        ),
        ("http://site.example/other/b", "area"),
    ]


@pytest.mark.parametrize(
    "href",
    [
        "#end",
        "page",
        "javascript:alert(1)",
        "mailto:a@b.example",
        "data:text/html,x",
        "http://[broken",
        "  ",
    ],
)
def test_what_leads_nowhere_else_is_left_out(href: str) -> None:
    assert addresses(f'<a href="{href}">x</a>') == []


def test_more_links_than_are_listed_are_counted() -> None:
    html = "".join(f"<a href=/{number}>x</a>" for number in range(LINKS_LIMIT + 7))
    found = find_outlinks(html, base=BASE)
    assert (len(found.links), found.more) == (LINKS_LIMIT, 7)


def test_captured_links_lead_to_the_nearest_capture_and_others_nowhere(
    world: World, apps: Applications
) -> None:
    client = Client(apps.app, use_cookies=False)
    name = world.named["main"].short_id
    html = client.get(f"/c/{name}/links", base_url=APP).get_data(as_text=True)
    assert "http://commission.example/next" in html
    assert not re.search(r'href="https?://(?!en\.wikipedia)', html)
    told = json.loads(client.get(f"/api/v1/c/{name}/links", base_url=APP).data)
    assert told["links"]["captured"] == []
    assert [one["uri"] for one in told["links"]["missing"]] == [
        "http://commission.example/next"
    ]


def test_the_nearest_of_several_captures_is_taken(world: World) -> None:
    from web.replay.outlinks import Outlink
    from web.views.linking import _row

    site = world.apps().site
    link = Outlink(uri="http://commission.example/results", words="x")
    for name in ("main", "changed", "failure"):
        capture = world.named[name]
        row = _row(site, link, capture.captured_at)
        assert (row.nearest, row.captures) == (capture.short_id, 3)
    hidden = world.apps(restricted=frozenset(["commission"])).site
    assert _row(hidden, link, capture.captured_at).captures == 0


@pytest.mark.parametrize("name", ["binary", "failure", "seal"])
def test_what_is_no_page_has_no_links(
    name: str, world: World, apps: Applications
) -> None:
    client = Client(apps.app, use_cookies=False)
    path = f"/c/{world.named[name].short_id}/links"
    assert client.get(path, base_url=APP).status_code == 404


def test_links_of_altered_bytes_are_not_read_and_the_receipt_says_why(
    world: World, apps: Applications, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(capture: object) -> None:
        raise DigestMismatch("altered")

    monkeypatch.setattr(world.reader, "open_slice", refuse)
    client = Client(apps.app, use_cookies=False)
    path = f"/c/{world.named['main'].short_id}/links"
    found = client.get(path, base_url=APP)
    assert found.status_code == 200
    assert "The links cannot be read" in found.get_data(as_text=True)
    assert client.get(f"/api/v1{path}", base_url=APP).status_code == 404
