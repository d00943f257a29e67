"""Queries in memory, citations, settings, words, types, charsets, counts."""

import itertools
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archive.errors import InvalidQuery, SettingsError
from search.query.nodes import And, Filter, When
from search.query.parser import parse_query
from web.citing.citation import CLOCK, FORMATS, Citation
from web.replay import media
from web.replay.charset import decode_page
from web.results import (
    ENTRY_LIMIT,
    LIFE_SECONDS,
    OFFERED_MAX,
    Asked,
    Narrowing,
    QueryStore,
)
from web.settings import WebSettings, check_settings
from web.wording.rendering import cut

ROOT = Path(__file__).parents[3]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def store(clock: Clock) -> QueryStore:
    numbers = itertools.count(1)
    return QueryStore(
        monotonic=clock, random_bytes=lambda count: next(numbers).to_bytes(count, "big")
    )


def test_a_query_lives_two_hours() -> None:
    clock = Clock()
    queries = store(clock)
    asked = Asked(query="слова")
    token = queries.put(asked)
    clock.now = LIFE_SECONDS - 1
    assert queries.find(token) == asked
    clock.now = LIFE_SECONDS
    assert queries.find(token) is None
    assert len(queries) == 0


ONE = Narrowing(field="source", value="two")
DAYS = Narrowing(field="captured", value="2025-01-26..2025-01-31")


@pytest.mark.parametrize(
    "typed", ["election", 'election "', "commission) OR election", "(a OR b", "-x y"]
)
def test_what_a_link_adds_holds_whatever_stray_signs_were_typed(typed: str) -> None:
    asked = Asked(query=typed).with_narrowing(ONE).with_narrowing(DAYS)
    tree, bare = parse_query(asked.text), parse_query(typed)
    assert isinstance(tree, And)
    assert tree.items[-2] == Filter(field="source", values=("two",))
    assert isinstance(tree.items[-1], When)
    assert tree.items[:-2] == (bare.items if isinstance(bare, And) else (bare,))


def test_a_query_that_becomes_too_long_by_a_link_says_so() -> None:
    with pytest.raises(InvalidQuery, match="shorten it"):
        parse_query(Asked(query="a" * 990).with_narrowing(ONE).text)


def test_the_number_in_a_link_means_the_same_for_ever() -> None:
    queries = store(Clock())
    token = queries.put(Asked(query="x"))
    read = [Narrowing(field="lang", value=value) for value in ("be", "ru")]
    numbers = [queries.offer(token, one) for one in read]
    grown = [Narrowing(field="lang", value=value) for value in ("ru", "uk", "be")]
    for one in grown:
        queries.offer(token, one)
    assert [queries.offered(token, number) for number in numbers] == read
    assert queries.offered(token, queries.offer(token, grown[1])) == grown[1]
    for number in range(OFFERED_MAX + 9):
        last = queries.offer(token, Narrowing(field="host", value=f"h{number}"))
    assert queries.offered(token, last) is None
    assert queries.offered(token, -1) is None
    unknown = queries.offer("a" * 26, read[0])
    assert queries.offered("a" * 26, unknown) is None


def test_the_oldest_query_goes_when_the_store_is_full() -> None:
    queries = store(Clock())
    first = queries.put(Asked(query="first"))
    for number in range(ENTRY_LIMIT):
        queries.put(Asked(query=str(number)))
    assert queries.find(first) is None
    assert len(queries) == ENTRY_LIMIT


def citation(**changes: Any) -> Citation:
    made = Citation(
        capture_id="ab" * 32,
        target_uri="http://site.example/a_b?x={1}",
        captured_at=datetime(2025, 1, 26, 18, 4, 11, tzinfo=UTC),
        clock=CLOCK,
        title="Вынікі & 50 % {draft}\nER  - TY",
        publisher="commission",
        claimed="",
        reservations=(),
        archive_name="Observers",
        origin="election-evidence-archive/x",
        leaf=4211,
        checkpoint_size=4390,
        checkpoint_root="AAAA",
        headline="one witness: the operator; no independent time",
        link_base=None,
    )
    return replace(made, **changes)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_the_capture(name: str) -> None:
    written = FORMATS[name](citation())
    if name == "pwid":
        assert written == (
            "urn:pwid:x:2025-01-26T18:04:11Z:part:http://site.example/a_b?x={1}"
        )
        return
    assert citation().short_id in written
    assert "ab" * 32 in written
    assert "one witness: the operator; no independent time" in written
    assert "2025-01-26" in written or "2025/01/26" in written


def test_the_text_citation_word_for_word() -> None:
    assert FORMATS["text"](citation(link_base="https://archive.example/")) == (
        "commission. “Вынікі & 50 % {draft} ER - TY”. http://site.example/a_b?x={1}. "
        "Captured 2025-01-26 18:04:11 UTC (operator's clock). "
        "Observers (web archive), capture vov2xk5lvov2xk5lvov2xk5lvm. "
        "https://archive.example/c/vov2xk5lvov2xk5lvov2xk5lvm. "
        f"Slice sha256:{'ab' * 32}; log election-evidence-archive/x, entry 4211, "
        "checkpoint of size 4390, root AAAA. "
        "one witness: the operator; no independent time."
    )


def test_a_date_the_page_claims_is_labelled() -> None:
    written = FORMATS["text"](citation(claimed="2025-01-25"))
    assert "Date on the page: 2025-01-25 (not checked)." in written


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "pwid"])
def test_a_citation_says_what_is_missing_or_unusual(name: str) -> None:
    words = ("Not whole: cut off by the server", "Test set-up: a:80=127.0.0.1:1")
    written = FORMATS[name](citation(reservations=words))
    plain = FORMATS[name](citation())
    for one in words:
        assert one in written
        assert one not in plain


def test_bibtex_braces_balance_and_special_letters_are_escaped() -> None:
    written = FORMATS["bibtex"](citation())
    bare = re.sub(r"\\[{}]", "", written)
    assert bare.count("{") == bare.count("}")
    assert "\\& 50 \\% \\{draft\\}" in written


def test_ris_has_one_end_and_one_field_a_line() -> None:
    lines = FORMATS["ris"](citation()).split("\r\n")
    assert lines.pop() == ""
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines)
    assert [line for line in lines if line.startswith("ER")] == ["ER  - "]


def test_csl_is_json_of_one_web_page() -> None:
    (item,) = json.loads(FORMATS["csl"](citation()))
    assert item["type"] == "webpage"
    assert item["accessed"] == {"date-parts": [[2025, 1, 26]]}


@pytest.mark.parametrize(
    ("app", "replay"),
    [
        ("http://127.0.0.1:1", "http://127.0.0.1:2"),
        ("https://a.archive.example", "https://b.archive.example"),
        ("https://archive.example", "https://replay.archive.example"),
        ("https://archive.example/", "https://other.example2"),
        ("ftp://archive.example", "https://other.example2"),
        ("https://archive.example", "https://user@other.example2"),
        ("", ""),
    ],
)
def test_origins_that_share_a_site_or_are_none_are_refused(
    app: str, replay: str
) -> None:
    with pytest.raises(SettingsError):
        check_settings(WebSettings(app_origin=app, replay_origin=replay))


@pytest.mark.parametrize(
    ("app", "replay"),
    [
        ("http://127.0.0.1:8000", "http://localhost:8001"),
        ("https://archive.example", "https://archive-replay.example2"),
        ("http://aaaa.onion", "http://bbbb.onion.example"),
    ],
)
def test_origins_on_two_sites_are_taken(app: str, replay: str) -> None:
    check_settings(WebSettings(app_origin=app, replay_origin=replay))


def test_templates_mark_nothing_as_safe() -> None:
    for path in (ROOT / "web" / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), path


@pytest.mark.parametrize(
    ("text", "marks", "expected"),
    [
        ("abc", [], [("abc", False)]),
        ("abc", [(0, 1)], [("a", True), ("bc", False)]),
        ("abc", [(1, 9)], [("a", False), ("bc", True)]),
        ("abc", [(0, 2), (1, 3)], [("ab", True), ("c", True)]),
        ("a<b>", [(1, 4)], [("a", False), ("<b>", True)]),
        ("", [(0, 1)], []),
        ("😀б", [(1, 2)], [("😀", False), ("б", True)]),
    ],
)
def test_text_is_cut_at_its_marks(
    text: str, marks: list[tuple[int, int]], expected: list[tuple[str, bool]]
) -> None:
    assert cut(text, marks) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x89PNG\r\n\x1a\nxx", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"<svg xmlns=", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_images_are_known_by_their_first_bytes(
    data: bytes, expected: str | None
) -> None:
    assert media.image_type(data) == expected


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("text/html", "capture-abababab.html.txt"),
        ("image/svg+xml", "capture-abababab.svg.txt"),
        ("application/pdf", "capture-abababab.pdf.txt"),
        ("image/png", "capture-abababab.png"),
        ("x/../../etc", "capture-abababab.bin"),
        (None, "capture-abababab.bin"),
    ],
)
def test_what_a_desktop_would_run_is_named_as_text(
    media_type: str | None, name: str
) -> None:
    assert media.file_name("ab" * 32, media_type) == name


@pytest.mark.parametrize(
    ("data", "known", "declared", "expected"),
    [
        ("Мінск".encode(), None, None, "Мінск"),
        ("Мінск".encode("cp1251"), "windows-1251", None, "Мінск"),
        ("Мінск".encode("cp1251"), None, "windows-1251", "Мінск"),
        ("Мінск".encode("cp1251"), "windows-1251", "utf-8", "Мінск"),
        ("<meta charset=koi8-r>Минск".encode("koi8-r"), None, None, "Минск"),
        ("Мінск".encode("utf-8-sig"), None, "windows-1251", "Мінск"),
        ("Мінск".encode("utf-16"), None, None, "Мінск"),
        (b"caf\xe9", None, None, "café"),
        (b"x", "zip", "idna", "x"),
    ],
)
def test_pages_are_decoded_as_extraction_decided(
    data: bytes, known: str | None, declared: str | None, expected: str
) -> None:
    text = decode_page(data, known=known, declared=declared)
    assert text.endswith(expected)
