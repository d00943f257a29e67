"""The verbs `index` and `search`: their stable forms."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from archive.errors import InvalidQuery, SearchError, SearchUnavailable
from archive.settings import Settings
from search.cli import index, rebuild_index
from search.query.grammar import help_text
from search.search_cli import search
from tests.support.archives.search_archive import ArchiveBox

Article = Callable[[str, str], str]


@pytest.fixture
def run(archive: ArchiveBox) -> Callable[..., Result]:
    def invoke(command: click.Command, *arguments: str) -> Result:
        return CliRunner().invoke(
            command, arguments, obj=archive.context, catch_exceptions=False
        )

    return invoke


@pytest.fixture
def filled(
    archive: ArchiveBox, article: Article, run: Callable[..., Result]
) -> ArchiveBox:
    archive.page(
        "https://a.example/1", article("Вынікі", "Ціханоўская: \x1b[31m яўка 85.")
    )
    archive.page("https://a.example/2", article("Results", "The turnout was low."))
    assert run(index).exit_code == 0
    return archive


def test_index_says_what_it_did(
    archive: ArchiveBox, article: Article, run: Callable[..., Result]
) -> None:
    archive.page("https://a.example/1", article("Вынікі", "Яўка 85."))
    assert run(index).output == (
        "index: 1 captures added; now 1 documents for 1 captures, up to entry 3; "
        "1 texts signed\n"
    )
    report = json.loads(run(index, "--json", "--no-statement").output)
    assert report["captures_added"] == 0


def test_search_prints_the_stable_json(
    filled: ArchiveBox, run: Callable[..., Result]
) -> None:
    answer = json.loads(run(search, "--json", "Tsikhanouskaya").output)
    assert (answer["query"], answer["total"]) == ("Tsikhanouskaya", 1)
    (hit,) = answer["hits"]
    assert {
        "id",
        "short_id",
        "uri",
        "title",
        "language",
        "captured_at",
        "score",
        "snippets",
    } <= set(hit)
    assert hit["uri"] == "https://a.example/1"
    assert hit["captured_at"] == "2025-01-26T08:01:00.000000Z"
    text, ((start, end),) = hit["snippets"][0]["text"], hit["snippets"][0]["marks"]
    assert text[start:end] == "Ціханоўская"


def test_queries_from_a_file_give_one_line_each(
    filled: ArchiveBox, tmp_path: Path
) -> None:
    queries = tmp_path / "queries"
    queries.write_text("turnout\n\n-bad\nЯўка (\n", "utf-8")
    arguments = ("--json", "--from", str(queries), "--limit", "1")
    done = CliRunner().invoke(search, arguments, obj=filled.context)
    assert isinstance(done.exception, SearchError)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["query"] for answer in answers] == ["turnout", "", "-bad", "Яўка ("]
    assert "error" in answers[1]
    assert "error" in answers[2]
    assert [len(answer["hits"]) for answer in answers] == [1, 0, 0, 1]


def test_a_query_that_cannot_be_asked_is_no_quiet_night(
    filled: ArchiveBox, run: Callable[..., Result], tmp_path: Path
) -> None:
    """All others are answered; it ends neither with 0 nor with "nothing new"."""
    queries, seen = tmp_path / "queries", tmp_path / "seen"
    told = ("--new-since", str(seen), "--remember")
    queries.write_text("turnout\ncaptured:yesterday\n", "utf-8")
    with pytest.raises(SearchError, match=r"asked: 1; .* nothing was remembered"):
        run(search, "--from", str(queries), *told)
    assert not seen.exists()
    queries.write_text("turnout\n\n", "utf-8")
    assert run(search, "--from", str(queries), *told).exit_code == 0
    assert seen.exists()


def test_counts_sorting_and_the_whole_list(
    filled: ArchiveBox, run: Callable[..., Result]
) -> None:
    answer = json.loads(run(search, "--json", "--facets", "host:a.example").output)
    assert answer["total"] == sum(answer["captured_days"].values())
    assert answer["undated"] == answer["total"]
    assert answer["claimed_days"] == {}
    assert answer["facets"]["host"]["values"]["a.example"] == answer["total"]
    newest = json.loads(
        run(search, "--json", "--sort", "newest", "host:a.example").output
    )
    oldest = json.loads(
        run(search, "--json", "--sort", "oldest", "host:a.example").output
    )
    ids = [[hit["id"] for hit in one["hits"]] for one in (newest, oldest)]
    assert ids[0] == ids[1][::-1]
    lines = run(search, "--all", "jsonl", "host:a.example").output.splitlines()
    assert json.loads(lines[0])["query"] == "host:a.example"
    assert [json.loads(line)["id"] for line in lines[1:]] == ids[1]


def test_the_language_is_explained_without_an_archive() -> None:
    shown = CliRunner().invoke(search, ["--help-query"])
    assert shown.exit_code == 0
    assert shown.output == help_text() + "\n"


def test_a_wrong_query_is_shown_with_the_wrong_character(
    filled: ArchiveBox, run: Callable[..., Result]
) -> None:
    with pytest.raises(InvalidQuery) as caught:
        run(search, "яўка", "claimed:2025-01..2025-13")
    assert str(caught.value) == (
        "'2025-13' is no time; write 2025, 2025-01, 2025-01-26 or a..b\n"
        "  яўка claimed:2025-01..2025-13\n"
        "                        ^"
    )


def test_facets_and_histograms_are_lines_with_bars(
    filled: ArchiveBox, run: Callable[..., Result]
) -> None:
    lines = run(search, "--facets", "host:a.example").output.splitlines()
    assert "host: a.example 2" in lines
    assert "class: page 2" in lines
    assert f"  2025-01-26 2 {'█' * 40}" in lines
    assert "  no date 2" in lines


def test_pages_of_one_upto_stay_together_while_the_archive_grows(
    filled: ArchiveBox, article: Article, run: Callable[..., Result]
) -> None:
    asked = ("--json", "--limit", "1", "--sort", "newest", "host:a.example")
    first = json.loads(run(search, *asked).output)
    (upto,) = first["upto"].values()
    filled.page("https://a.example/3", article("Later", "The turnout again."))
    assert run(index).exit_code == 0
    second = json.loads(run(search, *asked, "--offset", "1").output)
    assert second["hits"][0]["id"] == first["hits"][0]["id"]
    kept = json.loads(run(search, *asked, "--offset", "1", "--upto", str(upto)).output)
    assert (kept["total"], kept["hits"][0]["uri"]) == (2, "https://a.example/1")


def test_human_output_is_safe_for_a_terminal(
    filled: ArchiveBox, run: Callable[..., Result]
) -> None:
    output = run(search, "яўка").output
    assert "[яўка]" in output
    assert "\x1b" not in output
    assert "https://a.example/1" in output


@pytest.mark.parametrize("arguments", [(), ("a", "--from", "-"), ("a", "--limit", "0")])
def test_wrong_use_exits_2(run: Callable[..., Result], arguments: tuple[str]) -> None:
    assert run(search, *arguments).exit_code == 2


def test_no_index_is_an_error_of_search(run: Callable[..., Result]) -> None:
    with pytest.raises(SearchUnavailable):
        run(search, "a")


def test_rebuild_needs_no_keys_and_answers_the_same(
    filled: ArchiveBox, run: Callable[..., Result]
) -> None:
    before = json.loads(run(search, "--json", "яўка").output)
    assert before.pop("took_ms") >= 0
    (filled.root.parent / "keys").rename(filled.root.parent / "elsewhere")
    assert rebuild_index(filled.root, Settings()).startswith("2 captures added")
    again = json.loads(run(search, "--json", "яўка").output)
    assert again.pop("took_ms") >= 0
    assert again == before


def test_index_without_keys_is_made_and_says_that_nothing_was_signed(
    archive: ArchiveBox, article: Article, run: Callable[..., Result]
) -> None:
    archive.page("https://a.example/1", article("Вынікі", "Яўка 85."))
    (archive.root.parent / "keys").rename(archive.root.parent / "elsewhere")
    done = run(index)
    assert done.exit_code == 0
    assert "1 texts not signed" in done.output
    assert json.loads(run(search, "--json", "яўка").output)["total"] == 1


def test_a_field_that_is_none_is_told_where_nothing_is_found(
    filled: ArchiveBox, run: Callable[..., Result]
) -> None:
    shown = run(search, "language:be").output
    assert "  language: is no field and was read as a word; fields are source" in shown
    assert json.loads(run(search, "--json", "language:be").output)["no_fields"] == [
        "language"
    ]
    assert "no_fields" not in json.loads(run(search, "--json", "turnout").output)
