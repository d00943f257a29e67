"""A whole result leaves the archive as text that harms nobody who opens it."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import pytest

from search.answering.results import Hit
from search.counting import FACET_SHOWN, add_up, make_facet
from search.output.feed import NAMESPACE, format_atom
from search.output.streams import (
    COLUMNS,
    FORMATS,
    MANY_FORMATS,
    QUERY_COLUMNS,
    Asked,
    format_csv,
)


def hit(**changes: Any) -> Hit:
    made = Hit(
        archive_id="a" * 26,
        document_id="d" * 64,
        capture_id="0" * 64,
        short_id="a" * 26,
        uri="https://a.example/?q=1,2",
        title='Вынікі "выбараў"',
        language="be",
        captured_at=datetime(2025, 1, 26, 8, tzinfo=UTC),
        captures=3,
        score=0.0,
        snippets=(),
        source_id=None,
        outcome="complete",
        http_status=200,
        missing=(),
        warnings=(),
    )
    return replace(made, **changes)


HEAD: dict[str, object] = {"query": 'name:"Ціханоўская"\n', "upto": {"a": 12}}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_run_as_a_formula(start: str) -> None:
    lines = "".join(format_csv(HEAD, [hit(title=f"{start}cmd|' /C calc'!A0")]))
    _, *rows = csv.reader(io.StringIO(lines.partition("\r\n")[2], newline=""))
    assert rows[0][COLUMNS.index("title")].startswith(f"'{start}")


def test_csv_reads_back_as_it_was() -> None:
    text = "".join(format_csv(HEAD, [hit(), hit(title=None, http_status=None)]))
    head, _, rest = text.partition("\r\n")
    assert json.loads(head.removeprefix("# ")) == HEAD
    names, first, second = csv.reader(io.StringIO(rest, newline=""))
    assert tuple(names) == COLUMNS
    assert first[COLUMNS.index("title")] == 'Вынікі "выбараў"'
    assert first[COLUMNS.index("captured_at")] == "2025-01-26T08:00:00.000000Z"
    assert second[COLUMNS.index("http_status")] == ""


def test_every_form_begins_with_the_question_and_has_a_line_a_document() -> None:
    for name, form in FORMATS.items():
        lines = "".join(form(HEAD, [hit()] * 5)).splitlines()
        if name == "atom":
            continue
        assert json.loads(lines[0].removeprefix("# ")) == HEAD
        assert len(lines) == 5 + 1 + (name == "csv")


def test_a_feed_is_xml_and_names_what_was_captured() -> None:
    bad = hit(title="</title><script>\x00&", uri="https://a.example/?a=1&b=<2>")
    newer = hit(captured_at=datetime(2025, 2, 1, tzinfo=UTC), source_id="s")
    feed = ElementTree.fromstring("".join(format_atom(HEAD, [bad, newer])))
    atom = f"{{{NAMESPACE}}}"
    assert feed.findtext(f"{atom}title") == str(HEAD["query"]).replace("\n", " ")
    assert feed.findtext(f"{atom}updated") == "2025-02-01T00:00:00.000000Z"
    first, second = feed.findall(f"{atom}entry")
    assert first.findtext(f"{atom}title") == "</title><script> &"
    assert "https://a.example/?a=1&b=<2>" in str(first.findtext(f"{atom}summary"))
    assert second.findtext(f"{atom}id") == f"urn:evidence:document:{'d' * 64}"


def test_lists_of_several_searches_name_the_search_in_each_row() -> None:
    listed = [
        (Asked(name="n", query="=q"), hit()),
        (Asked(name=None, query="r"), hit()),
    ]
    text = "".join(MANY_FORMATS["csv"](HEAD, listed)).partition("\r\n")[2]
    names, first, second = csv.reader(io.StringIO(text, newline=""))
    assert tuple(names) == (*QUERY_COLUMNS, *COLUMNS)
    assert (first[:2], second[:2]) == (["n", "'=q"], ["", "r"])
    rows = [json.loads(line) for line in MANY_FORMATS["jsonl"](HEAD, listed)]
    assert [row["query"] for row in rows[1:]] == ["=q", "r"]


def test_facets_add_up_and_name_the_commonest() -> None:
    facet = make_facet([{"a": 1, "b": 5}, {"a": 4, "c": 1}])
    assert facet.values == (("a", 5), ("b", 5), ("c", 1))
    many = make_facet([{f"v{n:02}": 1 for n in range(FACET_SHOWN + 7)}])
    assert len(many.values) == FACET_SHOWN
    assert many.rest == 7
    assert add_up([{3: 1, 1: 2}, {3: 4}]) == {1: 2, 3: 5}
