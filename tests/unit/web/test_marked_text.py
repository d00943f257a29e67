"""A hit opens as its whole text with the words marked; no address holds them."""

import re

import pytest

from tests.support.web.page_reader import Reader
from tests.support.web.served import APP
from tests.support.web.web_world import World
from web.app import Applications


@pytest.fixture
def reader(apps: Applications) -> Reader:
    return Reader(apps)


def post(reader: Reader, path: str, query: str) -> str:
    answer = reader.client.post(path, data={"q": query}, base_url=APP)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_words_of_a_search_are_marked_in_the_whole_text(
    world: World, reader: Reader
) -> None:
    main = world.named["main"]
    world.index.hits.clear()
    world.index.add(main, "Яўка <b> і зноў яўка", title="Яўка")
    html = reader.get(reader.post("/search", q="яўка"))
    (path,) = re.findall(r'action="([^"]*/text)" method="post"', html)
    assert path == f"/c/{main.short_id}/text"
    assert '<input type="hidden" name="q" value="яўка">' in html
    marked = post(reader, path, "яўка")
    assert "Яўка &lt;b&gt; і зноў <mark>яўка</mark>" in marked
    assert "1 place is marked." in marked
    assert post(reader, path, "ў").count("<mark>") == 3
    assert "marked" not in reader.get(path)


@pytest.mark.parametrize("query", ["", "-only", "nowhere", "</pre><script>"])
def test_what_cannot_be_asked_marks_nothing(
    world: World, reader: Reader, query: str
) -> None:
    html = post(reader, f"/c/{world.named['main'].short_id}/text", query)
    assert "<mark" not in html
    assert "0 places are marked." in html
    assert "<script" not in html


def test_a_capture_without_text_has_none_to_mark(world: World, reader: Reader) -> None:
    reader.post(f"/c/{world.named['failure'].short_id}/text", 404, q="x")
    reader.post(f"/c/{'a' * 26}/text", 404, q="x")
