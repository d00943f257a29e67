"""Saved searches, what is new since a checkpoint, and whole lists as files."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive.errors import InvalidQuery, SettingsError
from archive.warc.reading import read_records
from search.search_cli import NOTHING_NEW, search
from tests.support.archives.search_archive import ArchiveBox

Article = Callable[[str, str], str]
Run = Callable[..., Result]
SEARCHES = """\
[[search]]
name = "turnout"
query = "turnout"
sort = "newest"

[[search]]
name = "as written"
query = "яўкі"
variants = "none"
"""


@pytest.fixture(scope="module")
def box(new_archive: Callable[[], ArchiveBox], article: Article) -> ArchiveBox:
    """An archive in which something is captured and indexed later, twice."""
    made = new_archive()
    made.page("https://a.example/1", article("Вынікі", "Ціханоўская: яўка 85."))
    made.page("https://a.example/2", article("Results", "The turnout was low."))
    made.index()
    return made


@pytest.fixture(scope="module")
def run(box: ArchiveBox) -> Run:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(
            search, arguments, obj=box.context, catch_exceptions=False
        )

    return invoke


def test_new_since_finds_only_what_came_later_and_remembers(
    box: ArchiveBox, run: Run, article: Article, tmp_path: Path
) -> None:
    seen = str(tmp_path / "seen")
    asked = ("turnout", "--json", "--new-since", seen, "--remember")
    first = run(*asked)
    assert (first.exit_code, json.loads(first.output)["total"]) == (0, 2)
    again = run(*asked)
    assert (again.exit_code, json.loads(again.output)["total"]) == (NOTHING_NEW, 0)
    # A repeat is a capture, not news; a new text is.
    box.page("https://a.example/2", article("Results", "The turnout was low."))
    box.page("https://a.example/3", article("Results", "The turnout was high."))
    assert run(*asked).exit_code == NOTHING_NEW, "not indexed yet: it is told later"
    box.index()
    third = run(*asked)
    assert third.exit_code == 0
    (hit,) = json.loads(third.output)["hits"]
    assert hit["uri"] == "https://a.example/3"
    assert run(*asked).exit_code == NOTHING_NEW


def test_what_is_remembered_as_told_was_told(
    box: ArchiveBox, run: Run, article: Article, tmp_path: Path
) -> None:
    seen = str(tmp_path / "seen")
    box.capture(
        *(
            box.exchange(f"https://b.example/{n}", article("Walrus", f"Number {n}."))
            for n in range(12)
        )
    )
    box.index()
    asked = ("walrus", "--json", "--new-since", seen, "--remember")
    assert len(json.loads(run(*asked).output)["hits"]) == 12
    again = json.loads(
        run("walrus", "--json", "--new-since", "0", "--limit", "3").output
    )
    assert (again["total"], len(again["hits"])) == (12, 3)


def test_what_is_remembered_and_was_not_shown_is_said(
    run: Run, box: ArchiveBox, article: Article, tmp_path: Path
) -> None:
    pages = (article("Heron", f"The heron, number {n}.") for n in range(3))
    box.capture(
        *(box.exchange(f"https://c.example/{n}", p) for n, p in enumerate(pages))
    )
    box.index()
    words = "documents are not shown and count as told"
    for how, said in (
        (("--limit", "1"), f"2 {words}"),
        ((), ""),
        (("--all", "urls"), ""),
    ):
        seen = str(tmp_path / "-".join(["seen", *how]))
        done = run("heron", "--new-since", seen, "--remember", *how)
        assert (said in done.stderr) if said else not done.stderr


def test_an_answer_says_what_was_captured_and_is_not_indexed(
    run: Run, box: ArchiveBox, article: Article
) -> None:
    words = "captured later are not indexed yet"
    archive_id = json.loads(run("turnout", "--json").output)["hits"][0]["archive"]
    assert words not in run("turnout").output
    box.page("https://d.example/1", article("Later", "The turnout, later."))
    box.page("https://d.example/2", article("Later", "The turnout, even later."))
    assert f"    2 {words}: run `evidence index`\n" in run("turnout").output
    made = json.loads(run("turnout", "--json").output)
    assert made["not_indexed"] == {archive_id: 2}
    bounded = run("turnout", "--json", "--upto", str(made["upto"][archive_id])).output
    assert json.loads(bounded)["not_indexed"] == {}
    box.index(state=True)
    # The statement of the new texts is an entry behind the index, and no capture.
    assert json.loads(run("turnout", "--json").output)["not_indexed"] == {archive_id: 0}


def test_a_number_beyond_every_log_is_nothing_new(run: Run) -> None:
    assert run("turnout", "--new-since", "9" * 19).exit_code == NOTHING_NEW


def test_a_page_behind_the_last_hit_says_so(run: Run) -> None:
    assert "none behind the first 50\n" in run("turnout", "--offset", "50").output


def test_new_since_takes_a_number_or_a_checkpoint_of_this_log(
    box: ArchiveBox, run: Run, tmp_path: Path
) -> None:
    assert run("turnout", "--new-since", "0").exit_code == 0
    assert run("turnout", "--new-since", "999999").exit_code == NOTHING_NEW
    checkpoint = box.root / "log" / "checkpoint"
    assert run("turnout", "--new-since", str(checkpoint)).exit_code == NOTHING_NEW
    other = tmp_path / "other"
    note = checkpoint.read_text().replace(
        checkpoint.read_text().split("\n")[0], "b.x/l"
    )
    other.write_text(note)
    for name, why in (
        (other, "is of the log b.x/l"),
        (tmp_path / "none", "there is no"),
    ):
        with pytest.raises(SettingsError, match=why):
            run("turnout", "--new-since", str(name))
    with pytest.raises(SettingsError, match="not a file of --remember"):
        run("turnout", "--new-since", str(other), "--remember")
    assert other.read_text() == note


def test_saved_searches_have_names_and_options(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "searches.toml"
    saved.write_text(SEARCHES, "utf-8")
    answers = [
        json.loads(line) for line in run("--from", str(saved)).output.splitlines()
    ]
    assert [one["name"] for one in answers] == ["turnout", "as written"]
    assert answers[0]["total"] >= 2
    assert answers[1]["total"] == 0
    assert answers[1]["searched"][0]["base_forms"] == []
    listed = run("--from", str(saved), "--all", "csv").output
    rows = list(csv.DictReader(io.StringIO(listed.partition("\n")[2], newline="")))
    assert {row["search"] for row in rows} == {"turnout"}
    assert len(rows) == answers[0]["total"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[[search]]\nname = 'a'", "needs name and query"),
        ("[[search]]\nname = 'a'\nquery = 'b'\nx = 'c'", "no other key"),
        ("[[search]]\nname = 'a'\nquery = 1", "every value is a text"),
        ("[[search]]\nname = 'a'\nquery = 'b'\nsort = 'up'", "known are all, forms"),
        ("search = 1", r"must hold \[\[search\]\]"),
        ("a = [", "is not TOML"),
    ],
)
def test_a_wrong_file_of_searches_is_refused(
    run: Run, tmp_path: Path, text: str, why: str
) -> None:
    saved = tmp_path / "searches.toml"
    saved.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=why):
        run("--from", str(saved))


def test_a_whole_result_is_written_as_a_file_and_never_over_another(
    run: Run, tmp_path: Path
) -> None:
    place = tmp_path / "list.jsonl"
    total = json.loads(run("turnout", "--json").output)["total"]
    done = run("turnout", "--all", "jsonl", "-o", str(place))
    assert done.output == f"{place}: {total} documents\n"
    lines = place.read_text("utf-8").splitlines()
    assert json.loads(lines[0])["query"] == "turnout"
    assert len(lines) == total + 1
    with pytest.raises(Exception, match="exists"):
        run("turnout", "--all", "jsonl", "-o", str(place))
    assert place.read_text("utf-8").splitlines() == lines


def test_a_whole_result_is_a_warc_of_the_captures_shown(
    run: Run, tmp_path: Path
) -> None:
    place = tmp_path / "found.warc.gz"
    assert run("turnout", "--all", "warc", "-o", str(place)).exit_code == 0
    shown = {hit["uri"] for hit in json.loads(run("turnout", "--json").output)["hits"]}
    with place.open("rb") as stream:
        records = list(read_records(stream))
    kinds = [record.header.type for record in records]
    answers = [one for one in records if one.header.type == "response"]
    assert {record.header.target_uri for record in answers} == shown
    assert kinds.count("response") == kinds.count("request") == len(shown)


@pytest.mark.parametrize(
    "arguments",
    [
        ("a", "-o", "x"),
        ("a", "--all", "warc"),
        ("a", "--remember"),
        ("a", "--new-since", "7", "--remember"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    run: Run, arguments: tuple[str, ...]
) -> None:
    assert run(*arguments).exit_code == 2


def test_a_wrong_query_of_a_whole_list_is_pointed_at_and_writes_nothing(
    run: Run, tmp_path: Path
) -> None:
    place = tmp_path / "list.csv"
    with pytest.raises(InvalidQuery, match=r"claimed:x\n +\^"):
        run("claimed:x", "--all", "csv", "-o", str(place))
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_query_behind_others_lets_no_part_of_a_list_out(
    box: ArchiveBox, tmp_path: Path
) -> None:
    queries = tmp_path / "queries"
    queries.write_text("turnout\nclaimed:x\n")
    asked = ["--from", str(queries), "--all", "urls"]
    done = CliRunner().invoke(search, asked, obj=box.context)
    assert isinstance(done.exception, InvalidQuery)
    assert done.output == ""


@pytest.mark.parametrize(
    "written",
    [
        ("--sort", "newest"),
        ("--group",),
        ("--no-expand",),
        ("--offset", "1"),
        ("--all", "csv"),
        ("--facets",),
        ("--upto", "3"),
        ("--new-since", "0"),
    ],
)
def test_an_option_that_would_do_nothing_beside_like_is_refused(
    run: Run, written: tuple[str, ...]
) -> None:
    done = run("--like", "a" * 26, *written)
    assert done.exit_code == 2
    assert f"{written[0].replace('--no-', '--')}" in done.output
    assert "does nothing with --like" in done.output


@pytest.mark.parametrize(
    "written",
    [("--names",), ("--facets",), ("--limit", "3"), ("--sort", "newest"), ("--json",)],
)
def test_an_option_that_a_whole_list_has_no_place_for_is_refused(
    run: Run, written: tuple[str, ...]
) -> None:
    done = run("turnout", "--all", "csv", *written)
    assert done.exit_code == 2
    assert f"{written[0]} does nothing with --all" in done.output
