"""The verb `changes` over captures of a real archive."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from archive.capture import CaptureOutcome
from archive.errors import CaptureNotFound
from search.cli import index
from search.report.changes_cli import changes
from tests.support.archives.search_archive import ArchiveBox

Article = Callable[[str, str], str]
URI = "https://a.example/1"


@pytest.fixture(scope="module")
def archive(new_archive: Callable[[], ArchiveBox], article: Article) -> ArchiveBox:
    made = new_archive()
    text = "The commission counted {} ballots.\nThe rest of the page stays as it was."
    made.page(URI, article("Results", text.format("1,812")))
    made.page(URI, article("Results, corrected", text.format("1,718")))
    made.page(URI, b"", outcome=CaptureOutcome.TIMEOUT)
    made.page("https://b.example/", article("\x1b[31mred", text.format("1,812")))
    return made


@pytest.fixture(scope="module")
def run(archive: ArchiveBox) -> Callable[..., Result]:
    def invoke(first: int, second: int, *options: str) -> Result:
        ids = [archive.captures[n].short_id for n in (first, second)]
        return CliRunner().invoke(
            changes, [*ids, *options], obj=archive.context, catch_exceptions=False
        )

    return invoke


def test_changes_are_found_with_and_without_an_index(
    archive: ArchiveBox, run: Callable[..., Result]
) -> None:
    without = json.loads(run(0, 1, "--json").output)
    assert (without["before"]["kept"], without["equal"]) == (False, False)
    made = CliRunner().invoke(index, [], obj=archive.context, catch_exceptions=False)
    assert made.exit_code == 0
    kept = json.loads(run(0, 1, "--json").output)
    assert kept["before"]["kept"]
    for side in ("before", "after"):
        assert {**kept[side], "kept": False} == without[side]
    assert kept["paragraphs"] == without["paragraphs"]
    first = kept["paragraphs"][0]
    assert (first["kind"], first["numbers"], first["main"]) == ("changed", True, True)
    assert [piece["text"] for piece in first["pieces"]] == [
        "The commission counted ",
        "1,812",
        "1,718",
        " ballots.",
    ]


def test_changes_are_lines_for_a_person(run: Callable[..., Result]) -> None:
    lines = run(0, 1).output.splitlines()
    assert "~ The commission counted [-1,812-]{+1,718+} ballots." in lines
    assert "title   [-Results-] {+Results, corrected+}" in lines
    assert lines[0].startswith("before  ")
    assert any(line.startswith("paragraphs: ") for line in lines)


def test_equal_texts_and_other_addresses_are_said(run: Callable[..., Result]) -> None:
    shown = run(0, 3).output
    assert "captures of different addresses" in shown
    assert "\x1b" not in shown
    assert "The texts are equal." in run(0, 0).output


def test_a_failure_says_nothing_about_the_page(run: Callable[..., Result]) -> None:
    answer = json.loads(run(0, 2, "--json").output)
    assert answer["after"]["http_status"] is None
    assert "is no page (timeout)" in answer["notices"][0]


def test_an_unknown_capture_is_named(archive: ArchiveBox) -> None:
    with pytest.raises(CaptureNotFound):
        CliRunner().invoke(
            changes, ["a" * 26, "b" * 26], obj=archive.context, catch_exceptions=False
        )
