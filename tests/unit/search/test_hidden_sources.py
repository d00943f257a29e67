"""What a reader learns of sources that are kept but not published: nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from search.service import SearchOptions, SearchService

HIDING = SearchOptions(hidden_sources=frozenset({"inside"}))


@pytest.fixture(scope="module")
def service(new_archive: Callable[[], Any]) -> SearchService:
    box = new_archive()
    box.capture(
        box.exchange("https://a.example/1", "<p>яўка вырасла", source_id="open"),
        box.exchange("https://secret.example/2", "<p>яўка ўпала", source_id="inside"),
    )
    box.index()
    made: SearchService = box.service()
    return made


@pytest.mark.parametrize(
    ("hidden", "nowhere"),
    [
        ("source:inside", "source:nosuch"),
        ("source:INSIDE", "source:NOSUCH"),
        ("host:secret.example", "host:nosuch"),
    ],
)
def test_a_hidden_value_is_answered_as_one_that_is_not_there(
    service: SearchService, hidden: str, nowhere: str
) -> None:
    (told,) = service.search(hidden, options=HIDING).unknown
    (other,) = service.search(nowhere, options=HIDING).unknown
    assert replace(told, value="") == replace(other, value="")
    assert told.known == (("open",) if "source" in hidden else ("a.example",))
    assert not service.search(hidden).unknown
