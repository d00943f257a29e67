"""`evidence search` over two real archives: each answer says of which a hit is."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archive.cli.root import cli
from archive.errors import (
    CaptureNotFound,
    EvidenceError,
    FormatError,
    ImmutableConflict,
    SearchUnavailable,
    SettingsError,
    UsageProblem,
)
from archive.store.layout import read_identity
from archive.warc.reading import read_records
from search.search_cli import NOTHING_NEW
from tests.support.archives.search_archive import ArchiveBox, make_box

Article = Callable[[str, str], str]
NOWHERE = {"EVIDENCE_ARCHIVE": "/nowhere"}
COPIED = "The turnout was low, said the commission in Minsk on the evening of the day."


class Two:
    """Two archives with keys, logs and indexes of their own."""

    def __init__(self, folder: Path, article: Article) -> None:
        self.first = make_box(folder / "first", "first")
        self.second = make_box(folder / "second", "second")
        self.first.page("https://a.example/1", article("Results", COPIED))
        self.first.page("https://a.example/2", article("Turnout", "Nobody counted it."))
        self.second.page("https://b.example/1", article("Results", COPIED))
        for box in (self.first, self.second):
            box.index()

    @property
    def ids(self) -> list[str]:
        return [id_of(self.first), id_of(self.second)]

    def run(self, *words: str, code: int = 0) -> str:
        """What is printed for both archives; one stands on each side of the verb."""
        made = invoke(
            *("--archive", str(self.first.root)),
            *("search", "--archive", str(self.second.root), *words),
        )
        assert made.exit_code == code, made.output
        return made.output

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.run("--json", *words, code=code))

    def refused(self, kind: type[EvidenceError], words: str, *given: str) -> None:
        with pytest.raises(kind, match=words):
            self.run(*given)


def id_of(box: ArchiveBox) -> str:
    return read_identity(box.root).archive_id


def invoke(*words: str) -> Result:
    return CliRunner().invoke(cli, words, catch_exceptions=False, env=dict(NOWHERE))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, article: Article) -> Two:
    return Two(tmp_path_factory.mktemp("two"), article)


@pytest.fixture
def growing(tmp_path: Path, article: Article) -> Two:
    """Two archives that a test writes into."""
    return Two(tmp_path, article)


def test_both_are_searched_and_each_hit_says_where_it_is(two: Two) -> None:
    found = two.json("turnout")
    assert found["total"] == 3
    assert set(found["upto"]) == set(two.ids)
    by_uri = {hit["uri"]: hit["archive"] for hit in found["hits"]}
    assert by_uri == {
        "https://a.example/1": two.ids[0],
        "https://a.example/2": two.ids[0],
        "https://b.example/1": two.ids[1],
    }


def test_a_person_reads_of_which_folder_a_hit_is(two: Two) -> None:
    text = two.run("turnout")
    for box, hits in ((two.first, 2), (two.second, 1)):
        assert f"searched archive {id_of(box)} ({box.root}) up to entry" in text
        assert text.count(f"  in archive {box.root}\n") == hits
    alone = invoke("search", "--archive", str(two.first.root), "turnout").output
    assert "in archive" not in alone
    assert f"searched archive {two.ids[0]} up to entry" in alone


def test_one_named_behind_the_verb_is_the_only_one_searched(two: Two) -> None:
    made = invoke("search", "--archive", str(two.second.root), "--json", "turnout")
    assert json.loads(made.output)["total"] == 1


def test_counts_are_by_archive_too_and_narrow_to_one(two: Two) -> None:
    counted = two.json("--counts", "turnout")["facets"]["archive"]
    assert counted == {"values": {two.ids[0]: 2, two.ids[1]: 1}, "rest": 0}
    for archive_id, number in counted["values"].items():
        assert two.json(f"turnout archive:{archive_id}")["total"] == number
    alone = invoke(
        "--archive", str(two.first.root), "search", "--counts", "--json", "a"
    )
    assert "archive" not in json.loads(alone.output)["facets"]


def test_pages_of_both_are_one_list(two: Two) -> None:
    whole = [hit["id"] for hit in two.json("turnout")["hits"]]
    paged = [
        two.json("turnout", "--limit", "1", "--offset", str(n))["hits"][0]["id"]
        for n in range(3)
    ]
    assert paged == whole
    newest = two.json("turnout", "--sort", "newest")["hits"]
    times = [hit["captured_at"] for hit in newest]
    assert times == sorted(times, reverse=True)


def test_no_archive_is_buried_because_it_speaks_of_nothing_else(
    growing: Two, article: Article
) -> None:
    for n in range(12):
        words = "The walrus was seen." if n < 6 else "Of other animals nobody spoke."
        growing.first.page(f"https://a.example/w{n}", article(f"Page {n}", words))
    growing.second.page("https://b.example/w", article("Walrus", "A walrus, walrus."))
    growing.second.page("https://b.example/1", article("Walrus", f"{COPIED} Walrus."))
    for box in (growing.first, growing.second):
        box.index()
    for how in ((), ("--group",)):
        hits = growing.json(*how, "--limit", "2", "walrus")["hits"]
        assert {hit["archive"] for hit in hits} == set(growing.ids)
        assert [hit["score"] for hit in hits] == [100.0, 100.0]


def test_copies_in_two_archives_are_shown_once_and_found_by_each_other(
    two: Two,
) -> None:
    grouped = two.json("--group", "turnout")["hits"]
    assert sorted(hit["alike"] for hit in grouped) == [0, 1]
    for box, other in ((two.first, two.second), (two.second, two.first)):
        (like,) = two.json("--like", box.captures[0].short_id)["alike"]
        assert like["archive"] == id_of(other)
    assert f"in archive {two.second.root}" in two.run(
        "--like", two.first.captures[0].capture_id
    )
    two.refused(CaptureNotFound, f"in any of {two.first.root}, ", "--like", "a" * 26)


def test_names_are_read_in_both(two: Two) -> None:
    found = two.json("--names", "turnout")
    assert found["names_documents"] == 3
    assert {"name": "Minsk", "documents": 2}.items() <= found["names"][0].items()


def test_whole_lists_name_the_archive_of_each_row(two: Two) -> None:
    head, _, rest = two.run("--all", "csv", "turnout").partition("\n")
    assert set(json.loads(head.removeprefix("# "))["upto"]) == set(two.ids)
    rows = list(csv.DictReader(io.StringIO(rest, newline="")))
    assert [row["archive"] for row in rows] == [two.ids[0], *two.ids]
    lines = two.run("--all", "jsonl", "turnout").splitlines()
    assert [json.loads(line)["archive"] for line in lines[1:]] == [
        row["archive"] for row in rows
    ]
    assert len(two.run("--all", "urls", "turnout").splitlines()) == 4
    feed = two.run("--all", "atom", "turnout")
    assert all(feed.count(f" of archive {one}<") >= 1 for one in two.ids)


def test_a_feed_of_other_archives_is_another_feed(two: Two) -> None:
    def name(*words: str) -> str:
        lines = invoke("search", *words, "--all", "atom", "turnout").output
        return lines.splitlines()[2]

    first, second = (("--archive", str(b.root)) for b in (two.first, two.second))
    assert len({name(*first), name(*second), name(*first, *second)}) == 3
    assert name(*second, *first) == name(*first, *second)


def test_a_warc_holds_the_captures_of_both(two: Two, tmp_path: Path) -> None:
    place = tmp_path / "found.warc.gz"
    queries = tmp_path / "queries"
    queries.write_text("turnout\ncommission\n")
    two.run("--from", str(queries), "--all", "warc", "-o", str(place))
    with place.open("rb") as stream:
        heads = [record.header for record in read_records(stream)]
    answers = [head.target_uri for head in heads if head.type == "response"]
    assert sorted(map(str, answers)) == [
        *("https://a.example/1", "https://a.example/2", "https://b.example/1"),
    ]
    for box in (two.first, two.second):
        inside = str(box.root / "list.csv")
        two.refused(
            UsageProblem, "inside the archive", "--all", "csv", "-o", inside, "a"
        )
    two.refused(
        ImmutableConflict, "exists", "--all", "csv", "-o", str(place), "turnout"
    )


def test_a_number_of_entries_names_its_archive(two: Two) -> None:
    first, second = two.ids
    upto = two.json("turnout")["upto"]
    early = two.first.captures[0].leaf + 1
    asked = ("--upto", f"{first}:{early}", "--upto", f"{second}:{upto[second]}")
    found = two.json(*asked, "turnout")
    assert found["total"] == 2
    assert found["upto"] == {first: early, second: upto[second]}
    assert f"up to entry {early}\n" in two.run(*asked, "turnout")
    head = json.loads(two.run(*asked, "--all", "jsonl", "turnout").splitlines()[0])
    assert head["upto"] == found["upto"]
    since = two.json(
        "--new-since",
        f"{first}:0",
        "--new-since",
        f"{second}:{upto[second]}",
        "turnout",
    )
    assert {hit["archive"] for hit in since["hits"]} == {first}


@pytest.mark.parametrize("option", ["--upto", "--new-since"])
def test_what_a_number_cannot_mean_is_said_with_the_next_step(
    two: Two, option: str
) -> None:
    first, second = two.ids
    for given, why in (
        ([option, "1"], f"write {option} {first}:N {option} {second}:N"),
        ([option, f"{first}:1"], f"says nothing of archive {second}; add {option}"),
        ([option, f"{'a' * 26}:1"], f"not searched; searched is {first}, {second}"),
        ([option, f"{first}:1", option, f"{first}:2"], "twice"),
    ):
        two.refused(SettingsError, why, *given, "turnout")


def test_no_answer_claims_entries_that_are_not_indexed(two: Two) -> None:
    first, second = two.ids
    asked = ("--upto", f"{first}:1", "--upto", f"{second}:999999")
    two.refused(SettingsError, f"of archive {second} only entries before", *asked, "a")
    two.refused(SettingsError, "no number of entries", "--upto", "x", "a")
    assert two.json("--upto", f"{first}:0", "--upto", f"{second}:0", "a")["total"] == 0


def test_checkpoints_say_themselves_of_which_log_they_are(growing: Two) -> None:
    kept = []
    for box in (growing.first, growing.second):
        kept += ["--new-since", str(box.root / "log" / "checkpoint")]
    assert growing.json(*kept, "turnout", code=NOTHING_NEW)["total"] == 0
    growing.refused(SettingsError, "says nothing of", *kept[:2], "turnout")


def test_the_file_of_remember_holds_each_archive(
    growing: Two, article: Article, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    asked = ("--new-since", str(seen), "--remember", "turnout")
    assert growing.json(*asked)["total"] == 3
    assert growing.json(*asked, code=NOTHING_NEW)["total"] == 0
    lines = dict(line.split(" ") for line in seen.read_text().splitlines())
    assert set(lines) == set(growing.ids)
    growing.second.page("https://b.example/9", article("Late", "The turnout is out."))
    growing.second.index()
    # One archive alone moves its own line, and leaves that of the other.
    alone = ("search", "--archive", str(growing.first.root), *asked)
    assert invoke(*alone).exit_code == NOTHING_NEW
    assert f"{growing.ids[1]} {lines[growing.ids[1]]}\n" in seen.read_text()
    (hit,) = growing.json(*asked)["hits"]
    assert (hit["uri"], hit["archive"]) == ("https://b.example/9", growing.ids[1])
    assert growing.json(*asked, code=NOTHING_NEW)["total"] == 0


def test_an_archive_that_is_added_to_a_file_of_remember_is_told_from_its_start(
    growing: Two, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    asked = ("--new-since", str(seen), "--remember", "--json", "turnout")
    done = invoke("search", "--archive", str(growing.first.root), *asked)
    assert json.loads(done.output)["total"] == 2
    without = ("--new-since", str(seen), "turnout")
    growing.refused(SettingsError, f"nothing of archive {growing.ids[1]}", *without)
    (hit,) = growing.json(*asked)["hits"]
    assert hit["archive"] == growing.ids[1]


def test_a_file_with_a_number_alone_is_of_one_archive(two: Two, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    seen.write_text("7\n")
    asked = ("--new-since", str(seen), "--remember", "turnout")
    two.refused(SettingsError, "does not say of which archive; write `ID 7`", *asked)
    assert seen.read_text() == "7\n"
    done = invoke("search", "--archive", str(two.first.root), *asked)
    assert done.exit_code in (0, NOTHING_NEW)
    assert seen.read_text().startswith(f"{two.ids[0]} ")


def test_one_archive_twice_is_refused(two: Two, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "archive.toml").write_bytes((two.first.root / "archive.toml").read_bytes())
    for other in (copy, two.first.root):
        two.refused(UsageProblem, "are one archive", "--archive", str(other), "turnout")


def test_an_archive_without_an_index_is_never_left_out_in_silence(
    two: Two, tmp_path: Path
) -> None:
    bare = make_box(tmp_path, "bare").root
    words = f"{bare} has no search index yet; run `evidence --archive {bare} index`"
    for how in ((), ("--all", "csv"), ("--json",)):
        two.refused(SearchUnavailable, words, "--archive", str(bare), *how, "turnout")


def test_an_archive_whose_identity_is_damaged_is_named(
    two: Two, tmp_path: Path
) -> None:
    (tmp_path / "archive.toml").write_bytes(b"x")
    words = f"{tmp_path}: archive.toml is not readable"
    two.refused(FormatError, words, "--archive", str(tmp_path), "turnout")


def test_a_value_no_archive_has_is_told_with_those_there_are(two: Two) -> None:
    text = two.run("turnout host:c.example")
    assert "nothing has host:c.example; there are a.example, b.example" in text
