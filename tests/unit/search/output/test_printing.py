"""Hits as lines for a person at a terminal."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from search.answering.results import Hit, ResultPage
from search.output.printing import page_lines


@pytest.mark.parametrize(
    ("outcome", "status", "said"),
    [
        ("complete", 200, "  HTTP 200"),
        ("disconnect", 200, "  HTTP 200 (disconnect)"),
        ("length", 404, "  HTTP 404 (length)"),
        ("dns", None, "  dns"),
    ],
)
def test_a_reply_that_was_cut_short_is_told_from_a_whole_one(
    outcome: str, status: int | None, said: str
) -> None:
    made: dict[str, Any] = {
        "archive_id": "a",
        "document_id": "d",
        "capture_id": "c" * 64,
        "short_id": "s" * 26,
        "uri": "http://a.example/",
        "title": "A report",
        "language": "en",
        "captured_at": datetime(2025, 1, 26, tzinfo=UTC),
        "captures": 1,
        "score": 1.0,
        "snippets": (),
        "source_id": None,
        "outcome": outcome,
        "http_status": status,
        "missing": (),
        "warnings": (),
    }
    page = SimpleNamespace(
        total=1,
        hits=(Hit(**made),),
        some_missing=(),
        searched=(),
        took_ms=1,
        upto={},
        unknown=(),
        no_fields=(),
    )
    assert [*page_lines(cast("ResultPage", page))][-1].endswith(said)
