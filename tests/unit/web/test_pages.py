"""What the pages show, and what they never show."""

import json
import re

import pytest

from archive.claim import CLAIM
from archive.errors import SchemaMismatch, SearchError, SearchUnavailable
from tests.support.web.page_reader import Reader, all_paths
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import Applications


@pytest.fixture
def reader(apps: Applications) -> Reader:
    return Reader(apps)


def test_no_page_has_a_script_an_inline_style_or_an_outside_part(
    world: World, apps: Applications, reader: Reader
) -> None:
    for path in all_paths(world, apps):
        html = reader.get(path)
        assert "<script" not in html.lower()
        assert not re.search(r"<[^>]+\sstyle=", html)
        assert not re.search(r"<[^>]+\son[a-z]+=", html)
        sources = re.findall(
            r"<(?:link|img|iframe)[^>]+(?:href|src)=\"([^\"]*)\"", html
        )
        assert all(s.startswith(("/static/", "data:image/", REPLAY)) for s in sources)


def test_a_page_a_browser_showed_has_its_picture_and_prints(
    world: World, reader: Reader
) -> None:
    page = world.named["drawn-page"].short_id
    for name in ("drawn", "drawn-page"):
        html = reader.get(f"/c/{world.named[name].short_id}/picture")
        assert f'src="{REPLAY}/shot/{page}"' in html
        assert f'href="{REPLAY}/raw/{page}/kept/pdf"' in html
        told = json.loads(reader.get(f"/api/v1/c/{world.named[name].short_id}"))
        assert [one["name"] for one in told["artifacts"]] == ["view", "pdf"]
    reader.get(f"/c/{world.named['main'].short_id}/picture", 404)


def test_little_text_is_said_unless_a_browser_showed_the_page(
    world: World, reader: Reader
) -> None:
    words = "may need a browser to fill it"
    assert words in reader.get(f"/c/{world.named['main'].short_id}")
    assert words not in reader.get(f"/c/{world.named['drawn'].short_id}")


def test_every_page_has_one_heading_a_language_and_a_skip_link(
    world: World, apps: Applications, reader: Reader
) -> None:
    for path in all_paths(world, apps):
        html = reader.get(path)
        assert html.count("<h1") == 1, path
        assert '<html lang="en">' in html
        assert 'href="#main"' in html
        ids = re.findall(r"\sid=\"([^\"]*)\"", html)
        assert len(ids) == len(set(ids)), path


def test_the_search_page_says_what_is_held_and_what_is_claimed(
    world: World, apps: Applications, reader: Reader
) -> None:
    html = reader.get("/")
    assert CLAIM in html
    assert "NOT CHECKED" in html
    apps.site.sweep.run()
    html = reader.get("/")
    assert "VERIFIED" in html
    assert "one witness: the operator; no independent time" in html
    assert f"/c/{world.named['changed'].short_id}" in html


def test_a_search_goes_by_post_and_its_words_are_in_no_address(
    world: World, reader: Reader
) -> None:
    place = reader.post("/search", q="вынікі")
    assert re.fullmatch(r"/r/[a-z2-7]{26}", place)
    html = reader.get(place)
    assert set(world.index.asked) == {"вынікі"}
    assert "<mark>Папя</mark>рэднія вынікі &lt;script&gt;" in html
    assert f"/c/{world.named['main'].short_id}" in html
    addresses = re.findall(r"(?:href|action|src)=\"([^\"]*)\"", html)
    assert not any("вынікі" in one or "%D0" in one or "?" in one for one in addresses)


def test_an_empty_search_goes_home(reader: Reader) -> None:
    assert reader.post("/search", q="  ") == "/"


def test_a_query_that_cannot_be_read_is_explained(reader: Reader) -> None:
    html = reader.get(reader.post("/search", q="-only"))
    assert "only negatives" in html


def test_a_field_that_is_none_is_told_in_the_reader_s_language(reader: Reader) -> None:
    place = reader.post("/search", q="language:be")
    assert "language: is no field" in reader.get(place)
    assert "language: не поле" in reader.get(f"/be{place}")
    assert "source, host, lang," in reader.get(f"/ru{place}")
    assert "is no field" not in reader.get(reader.post("/search", q="lang:be"))


@pytest.mark.parametrize("problem", [SearchUnavailable("x"), SchemaMismatch("x")])
def test_without_an_index_the_next_step_is_named(
    world: World, reader: Reader, problem: SearchError
) -> None:
    world.index.broken, world.index.problem = True, problem
    assert "evidence index" in reader.get(reader.post("/search", q="x"), 503)
    assert "VERIFIED" in reader.get(f"/c/{world.named['main'].short_id}")


def test_a_forgotten_search_gives_an_empty_form(reader: Reader) -> None:
    assert 'name="q"' in reader.get(f"/r/{'a' * 26}", 410)


def test_the_history_of_an_address_tells_same_changed_and_failed(
    world: World, apps: Applications, reader: Reader
) -> None:
    key = apps.site.key_of(world.named["main"].target_uri)
    html = reader.get(f"/u/{key}")
    rows = re.findall(r"class=\"change change-(\w+)\"", html)
    assert rows == ["none", "changed", "first"]


@pytest.mark.parametrize(
    "text",
    ["{short}", "{hex}", "sha256:{hex}", "Title. capture {short}. More", "{uri}"],
)
def test_pasted_ids_digests_citations_and_addresses_are_found(
    world: World, reader: Reader, text: str
) -> None:
    main = world.named["main"]
    filled = text.format(short=main.short_id, hex=main.capture_id, uri=main.target_uri)
    place = reader.post("/find", q=filled)
    assert place.startswith("/u/" if "{uri}" in text else f"/c/{main.short_id}")


def test_what_is_not_there_is_not_found(reader: Reader) -> None:
    reader.post("/find", 404, q="http://nowhere.example/")
    reader.post("/find", 404, q="a" * 26)


def test_the_json_twins_say_the_same(world: World, reader: Reader) -> None:
    main = world.named["main"]
    record = json.loads(reader.get(f"/api/v1/c/{main.short_id}"))
    assert record["id"] == main.capture_id
    assert record["report"]["outcome"] == "VERIFIED"
    assert [part["gap"] for part in record["parts"]].count(None) == 4
    answer = reader.client.post(
        "/api/v1/search", json={"query": "вынікі", "limit": 5}, base_url=APP
    )
    found = json.loads(answer.get_data(as_text=True))
    assert found["total"] == 1
    assert found["hits"][0]["short_id"] == main.short_id
    assert found["hits"][0]["snippets"][0]["marks"] == [[0, 4]]
    status = json.loads(reader.get("/api/v1/status"))
    assert status["name"] == "Election observers"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": 5},
        {"query": "x", "limit": 0},
        {"query": "x", "limit": True},
        {"query": "x", "offset": -1},
    ],
)
def test_a_bad_search_object_gives_the_one_error_shape(
    reader: Reader, body: dict[str, object]
) -> None:
    answer = reader.client.post("/api/v1/search", json=body, base_url=APP)
    assert answer.status_code == 400
    error = json.loads(answer.get_data(as_text=True))["error"]
    assert set(error) == {"code", "message", "next_step"}


def test_hostile_titles_and_texts_stay_text(world: World, reader: Reader) -> None:
    attack = "</bdi><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    world.index.hits.clear()
    world.index.add(world.named["main"], attack, title=attack)
    short = world.named["main"].short_id
    place = reader.post("/search", q=attack)
    for path in (place, f"/c/{short}", f"/c/{short}/text", f"/c/{short}/cite"):
        html = reader.get(path)
        assert "&lt;script&gt;alert(1)" in html, path
        assert "<script>alert" not in html
        assert "<img src=x" not in html


def test_a_title_that_changed_alone_is_told(world: World, reader: Reader) -> None:
    main, changed = world.named["main"], world.named["changed"]
    place = f"/compare/{main.short_id}/{changed.short_id}"
    told = "They have different titles."
    world.index.add(main, "Тэкст", title="Вынікі")
    for title, said in (("Вынікі \n", False), ("Вынікі скасаваныя", True)):
        world.index.add(changed, "Тэкст", title=title)
        assert (told in reader.get(place)) is said
    answer = json.loads(reader.get(f"/api/v1{place}"))
    assert answer["equal"]
    assert answer["titles"] == ["Вынікі", "Вынікі скасаваныя"]


def test_lists_read_no_text_to_name_what_they_list(
    world: World, apps: Applications, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = world.named["main"]
    world.index.add(main, "Тэкст", title="Вынікі дня")
    heading = world.index.heading_of(main.capture_id)
    monkeypatch.setattr(world.index, "heading_of", {main.capture_id: heading}.get)
    monkeypatch.setattr(world.index, "text_of", None)
    for path in ("/captures", f"/s/{apps.site.key_of('commission')}"):
        assert "Вынікі дня" in reader.get(path)
