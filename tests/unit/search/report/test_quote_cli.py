"""The verbs `quote make` and `quote check` over a real archive."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archive.errors import CaptureNotFound, FormatError, SearchError
from archive.store.texts import text_path
from search.quote import parse_quotation
from search.report.quote_cli import quote

Article = Callable[[str, str], str]


@pytest.fixture(scope="module")
def archive(new_archive: Callable[[], Any], article: Article) -> Any:
    made = new_archive()
    text = "Ціханоўская сказала: «Так».\nA second line says «Так», too."
    made.capture_ = made.page("https://a.example/1", article("Title", text))
    made.index()
    return made


@pytest.fixture(scope="module")
def run(archive: Any) -> Callable[..., Result]:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(
            quote, arguments, obj=archive.context, catch_exceptions=False
        )

    return invoke


def test_words_are_quoted_and_found_again(
    archive: Any, run: Callable[..., Result], tmp_path: Path
) -> None:
    made = run("make", archive.capture_.short_id, "Ціханоўская  сказала:")
    assert made.exit_code == 0
    quoted = parse_quotation(made.output.rstrip("\n").encode())
    assert (quoted.exact, quoted.capture_id) == (
        "Ціханоўская сказала:",
        archive.capture_.capture_id,
    )
    file = tmp_path / "quotations.jsonl"
    file.write_text(made.output * 2, "utf-8")
    checked = run("check", str(file))
    assert checked.exit_code == 0
    assert checked.output.splitlines()[0].startswith("same  ")
    # The kept text is gone: the words are found in the text as it is made now.
    kept = text_path(archive.root, quoted.text_digest)
    moved = kept.rename(tmp_path / "kept")
    try:
        again = run("check", "--json", str(file))
    finally:
        moved.rename(kept)
    assert [json.loads(line)["state"] for line in again.output.splitlines()] == [
        "same",
        "same",
    ]


def test_several_places_are_named_and_one_is_chosen(
    archive: Any, run: Callable[..., Result]
) -> None:
    asked = ("make", archive.capture_.short_id, "«Так»")
    refused = run(*asked)
    assert refused.exit_code == 2
    assert "--place N" in refused.output
    places = [
        parse_quotation(run(*asked, "--place", str(n)).output.rstrip("\n").encode())
        for n in (1, 2)
    ]
    assert places[0].start < places[1].start
    assert run(*asked, "--place", "99").exit_code == 2


def test_a_lost_quotation_ends_with_3(
    archive: Any, run: Callable[..., Result], tmp_path: Path
) -> None:
    line = run("make", archive.capture_.short_id, "сказала").output
    file = tmp_path / "quotations.jsonl"
    file.write_text(line.replace('"сказала"', '"казалас"'), "utf-8")
    checked = run("check", str(file))
    assert checked.exit_code == 3
    assert checked.output.startswith("not found  ")


def test_what_cannot_be_quoted_is_said(
    archive: Any, run: Callable[..., Result], tmp_path: Path
) -> None:
    with pytest.raises(SearchError, match="does not hold these words"):
        run("make", archive.capture_.short_id, "never said")
    with pytest.raises(CaptureNotFound):
        run("make", "a" * 26, "x")
    bad = tmp_path / "bad"
    bad.write_text('\n{"a":1}\n')
    with pytest.raises(FormatError, match=r"line 2 of .*bad"):
        run("check", str(bad))
