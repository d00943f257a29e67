"""Results hold the entries up to which they were answered, and can be asked again."""

import json
import re
from dataclasses import replace
from html import unescape
from urllib.parse import quote

import pytest

from tests.support.web.page_reader import Reader
from tests.support.web.served import APP
from tests.support.web.web_world import ARCHIVE, World
from web.app import Applications
from web.views.searching import PAGE_HITS


@pytest.fixture
def reader(apps: Applications) -> Reader:
    return Reader(apps)


def test_pages_orders_and_narrowed_lists_are_of_the_set_of_the_first_page(
    world: World, reader: Reader
) -> None:
    world.index.more = world.index.more.__class__(be=5, ru=3)
    first = world.index.hits[0]
    world.index.hits[:] = [first] * (PAGE_HITS + 1)
    place = reader.post("/search", q="вынікі")
    reader.get(place)
    world.index.entries = 90
    for path in (f"{place}/2", place, f"{place}/by/newest", f"{place}/only/0"):
        if "/by/" in path or "/only/" in path:
            answer = reader.client.get(path, base_url=APP)
            path = answer.headers["Location"]
        html = reader.get(path)
        assert "up to entry 40" in html
    assert world.index.uptos == [{ARCHIVE: 40}] * 5
    reader.get(reader.post("/search", q="вынікі"))
    assert world.index.uptos[-1] == {ARCHIVE: 90}


def test_a_link_to_a_search_asks_the_same_again_and_leads_to_an_address_without_words(
    world: World, reader: Reader
) -> None:
    world.index.more = world.index.more.__class__(be=5, ru=3)
    place = reader.post("/search", q='"two words" & more')
    reader.get(place)
    place = reader.client.get(f"{place}/only/0", base_url=APP).headers["Location"]
    html = reader.get(place)
    (link,) = re.findall(r"<code>([^<]*/search[?][^<]*)</code>", html)
    assert link not in re.findall(r"(?:href|action|src)=\"([^\"]*)\"", html)
    world.index.entries = 90
    again = reader.client.get(unescape(link).removeprefix(APP), base_url=APP)
    assert again.status_code == 303
    assert re.fullmatch(r"/r/[a-z2-7]{26}", again.headers["Location"])
    reader.get(again.headers["Location"])
    assert world.index.uptos[-1] == {ARCHIVE: 40}
    assert world.index.asked[-1] == world.index.asked[-3]
    assert "two words" in world.index.asked[-1]


def test_a_link_that_names_more_than_is_searched_here_is_told(
    world: World, reader: Reader
) -> None:
    for upto, held in ((f"{ARCHIVE}:41", 40), (f"{'c' * 25}a:7", 0)):
        path = f"/search?q=x&upto={upto}"
        place = reader.client.get(path, base_url=APP).headers["Location"]
        assert upto.partition(":")[0] in reader.get(place)
        assert "more than is searched here" in reader.get(place)
        assert world.index.uptos[-1] == {ARCHIVE: held}


@pytest.mark.parametrize(
    "upto", ["", "7", "a:7", f"{ARCHIVE}:-1", f"{ARCHIVE}:{'9' * 16}", f"{ARCHIVE}:٧"]
)
def test_a_link_with_bounds_that_are_none_is_refused(reader: Reader, upto: str) -> None:
    reader.get(f"/search?q=x&upto={quote(upto)}", 400)


@pytest.mark.parametrize("used_as", ["image", "iframe", "script", "empty"])
def test_no_page_can_fill_the_memory_of_searches_by_its_parts(
    apps: Applications, reader: Reader, used_as: str
) -> None:
    """Each link that is followed is kept; a page of ten thousand would push out all."""
    answer = reader.client.get(
        "/search?q=x", base_url=APP, headers={"Sec-Fetch-Dest": used_as}
    )
    assert answer.status_code == 403
    assert len(apps.site.queries) == 0


def test_the_api_answers_up_to_what_it_is_given_and_says_so(
    world: World, reader: Reader
) -> None:
    def ask(status: int = 200, **asked: object) -> dict[str, object]:
        body = {"query": "x", **asked}
        answer = reader.client.post("/api/v1/search", json=body, base_url=APP)
        assert answer.status_code == status
        found: dict[str, object] = json.loads(answer.get_data(as_text=True))
        return found

    first = ask()
    assert first["upto"] == {ARCHIVE: 40}
    world.index.entries = 90
    assert ask(offset=10, upto=first["upto"])["upto"] == {ARCHIVE: 40}
    assert ask(upto={ARCHIVE: 100})["upto"] == {ARCHIVE: 90}
    assert world.index.uptos == [{ARCHIVE: 40}, {ARCHIVE: 40}, {ARCHIVE: 90}]
    bad: list[object] = [
        [],
        {ARCHIVE: -1},
        {ARCHIVE: True},
        {"x": 1},
        {ARCHIVE: 10**16},
    ]
    for upto in bad:
        ask(400, upto=upto)


def test_copies_are_shown_once_on_request_and_counted(
    world: World, reader: Reader
) -> None:
    """I4: what was put in a thousand times cannot bury what is rare."""
    first = world.index.hits[0]
    world.index.hits[:] = [replace(first, alike=999)] * (PAGE_HITS + 1)
    place = reader.post("/search", q="x")
    assert world.index.grouped == []
    html = reader.get(place)
    assert world.index.grouped == [False]
    (path,) = re.findall(r'href="(/r/[a-z2-7]{26}/copies/once)"', html)
    world.index.entries = 90
    once = reader.client.get(path, base_url=APP).headers["Location"]
    html = reader.get(once)
    assert "999 texts nearly the same are not shown." in html
    assert world.index.grouped[-1]
    assert world.index.uptos[-1] == {ARCHIVE: 40}
    assert f"{once}/2" in html
    assert f"{once}/3" not in reader.get(f"{once}/2")
    assert "/copies/all" in html
    reader.get(f"{place}/copies/some", 404)


def test_a_bar_leads_to_what_was_first_captured_on_its_days(
    world: World, reader: Reader
) -> None:
    html = reader.get(reader.post("/search", q="x"))
    place = r'<li><a href="(/r/[^"]*/only/[0-9]+)">[^<]*</a> <span class="count">2<'
    (path,) = re.findall(place, html)
    reader.get(reader.client.get(path, base_url=APP).headers["Location"])
    assert "first:2025-01-26" in world.index.asked[-1]
