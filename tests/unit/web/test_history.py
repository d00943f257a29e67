"""The captures of one address: every one is on a page, and the pages say so."""

import json
import re

import pytest
from werkzeug.test import Client, TestResponse

from tests.support.web.served import APP
from tests.support.web.web_world import World
from web.app import Applications


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.views.listing.HISTORY_ROWS", 2)


def ask(apps: Applications, path: str) -> TestResponse:
    return Client(apps.app).get(path, base_url=APP)


def key_of(apps: Applications, world: World) -> str:
    return apps.site.key_of(world.named["main"].target_uri)


def test_pages_hold_every_capture_once_and_count_all(
    apps: Applications, world: World
) -> None:
    key = key_of(apps, world)
    first = json.loads(ask(apps, f"/api/v1/u/{key}").get_data())
    second = json.loads(ask(apps, f"/api/v1/u/{key}/2").get_data())
    for found in (first, second):
        assert (found["total"], found["pages"]) == (3, 2)
    shown = [row["short_id"] for row in (*second["captures"], *first["captures"])]
    named = ("main", "changed", "failure")
    assert shown == [world.named[name].short_id for name in named]
    # What a row is compared with may stand on another page.
    assert [row["change"] for row in first["captures"]] == ["changed", "none"]
    for beyond in ("0", "3", "1000000000"):
        assert ask(apps, f"/api/v1/u/{key}/{beyond}").status_code == 404
        assert ask(apps, f"/u/{key}/{beyond}").status_code == 404


@pytest.mark.parametrize("language", ["en", "be", "ru"])
def test_a_page_that_is_not_all_says_so_and_leads_on(
    apps: Applications, world: World, language: str
) -> None:
    path = f"/{language}/u/{key_of(apps, world)}"
    html = ask(apps, path).get_data(as_text=True)
    note = re.search(r'<p class="note">([^<]*)</p>', html)
    assert note
    assert "3" in note[1]
    assert note[1].count("2025") == 2
    assert f'href="{path}/2"' in html
    older = ask(apps, f"{path}/2").get_data(as_text=True)
    assert world.named["main"].short_id in older
    assert world.named["failure"].short_id not in older


def test_an_address_whose_captures_are_all_on_the_page_says_nothing_of_pages(
    apps: Applications, world: World
) -> None:
    key = apps.site.key_of(world.named["cyrillic"].target_uri)
    html = ask(apps, f"/u/{key}").get_data(as_text=True)
    assert 'class="note"' not in html
    assert 'class="pager"' not in html
