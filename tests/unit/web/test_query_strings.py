"""I1: whatever is typed is answered or refused; a cluster is asked in one shape."""

import json
from typing import Any

import pytest
from werkzeug.test import Client

from archive.store.reading.reader import ArchiveReader
from search.answering.service import SearchService
from search.indexing.index import Indexer
from tests.support.inputs.query_strings import Asker, check_shape, query_strings
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import create_app
from web.settings import WebSettings

STRINGS, POSTED = 120, 10
"""One in POSTED goes through the web interface, all go to the service."""
ANSWERED, REFUSED = 200, 400


@pytest.fixture
def service(world: World) -> SearchService:
    """The real index of a small archive."""
    reader = ArchiveReader.open(world.root)
    Indexer(reader, workers=1).run()
    reader.close()
    return SearchService.open([world.root])


def test_I1_no_query_string_breaks_the_server_or_the_shape_of_a_request(
    world: World, service: SearchService
) -> None:
    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    client = Client(create_app(settings, world.services(search=service)).app)

    def post(text: str) -> int:
        body = json.dumps({"query": text, "limit": 3})
        return client.post(
            "/api/v1/search", data=body, content_type="application/json", base_url=APP
        ).status_code

    asker, answered = Asker(service), 0
    for number, text in enumerate(query_strings(STRINGS)):
        answered += asker.is_answered(text)
        if number % POSTED == 0:
            assert post(text) in (ANSWERED, REFUSED), text
    assert answered > STRINGS // 10
    assert post("выбары \ud800") == ANSWERED


@pytest.mark.parametrize(
    "body",
    [
        {"query_string": {"query": "x"}},
        {"term": {"_id": {"value": "x", "boost": 1.0}}},
        {"term": {"exact": {"value": {"script": "x"}, "boost": 1.0}}},
        {"bool": {"must": [], "must_not": [], "filter": []}},
    ],
)
def test_a_shape_that_is_not_ours_is_noticed(body: dict[str, Any]) -> None:
    with pytest.raises((AssertionError, KeyError)):
        check_shape(body)
