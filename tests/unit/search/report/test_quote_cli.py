"""The verbs `quote make` and `quote check` over a real archive."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from archive.capture import Capture
from archive.errors import (
    CaptureNotFound,
    FormatError,
    SearchError,
    SearchUnavailable,
)
from archive.store.texts import text_path
from search.answering.service import SearchService
from search.quote import Quotation, format_quotation, parse_quotation
from search.report import quotations
from search.report.quote_cli import quote
from tests.support.archives.search_archive import ArchiveBox

Article = Callable[[str, str], str]


@pytest.fixture(scope="module")
def archive(new_archive: Callable[[], ArchiveBox], article: Article) -> ArchiveBox:
    made = new_archive()
    text = "Ціханоўская сказала: «Так».\nA second line says «Так», too."
    made.page("https://a.example/1", article("Title", text))
    made.index()
    return made


@pytest.fixture(scope="module")
def run(archive: ArchiveBox) -> Callable[..., Result]:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(
            quote, arguments, obj=archive.context, catch_exceptions=False
        )

    return invoke


def test_words_are_quoted_and_found_again(
    archive: ArchiveBox, run: Callable[..., Result], tmp_path: Path
) -> None:
    made = run("make", archive.captures[0].short_id, "Ціханоўская  сказала:")
    assert made.exit_code == 0
    quoted = parse_quotation(made.output.rstrip("\n").encode())
    assert (quoted.exact, quoted.capture_id) == (
        "Ціханоўская сказала:",
        archive.captures[0].capture_id,
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
    archive: ArchiveBox, run: Callable[..., Result]
) -> None:
    asked = ("make", archive.captures[0].short_id, "«Так»")
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
    archive: ArchiveBox, run: Callable[..., Result], tmp_path: Path
) -> None:
    line = run("make", archive.captures[0].short_id, "сказала").output
    file = tmp_path / "quotations.jsonl"
    file.write_text(line.replace('"сказала"', '"казалас"'), "utf-8")
    checked = run("check", str(file))
    assert checked.exit_code == 3
    assert checked.output.startswith("not found  ")


def test_a_quotation_of_another_archive_is_not_called_lost(
    archive: ArchiveBox, run: Callable[..., Result], tmp_path: Path
) -> None:
    """Whoever asks the wrong archive is not told that the words never stood there."""
    made = run("make", archive.captures[0].short_id, "сказала").output
    foreign = replace(parse_quotation(made[:-1].encode()), capture_id="0" * 64)
    code, found = check(archive, tmp_path, foreign)
    assert (code, found["state"], found["places"]) == (3, "no such capture", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """Two captures of different texts, and a quotation of the second's words."""

    archive: ArchiveBox
    quoted: Quotation

    @property
    def first(self) -> Capture:
        return self.archive.captures[0]

    @property
    def second(self) -> Capture:
        return self.archive.captures[1]


@pytest.fixture(scope="module")
def two_voices(new_archive: Callable[[], ArchiveBox], article: Article) -> Voices:
    made = new_archive()
    normal = "The commission says that turnout was normal in every region."
    forged = "Somebody says that the results were forged in every region."
    made.page("https://commission.example/", article("First", normal))
    made.page("https://troll.example/", article("Second", forged))
    made.index(state=True)
    words = ("make", made.captures[1].short_id, "results were forged")
    line = CliRunner().invoke(quote, words, obj=made.context).output
    return Voices(archive=made, quoted=parse_quotation(line.rstrip("\n").encode()))


def check(
    archive: ArchiveBox, folder: Path, quoted: Quotation
) -> tuple[int, dict[str, Any]]:
    file = folder / "quotation.jsonl"
    file.write_bytes(format_quotation(quoted) + b"\n")
    arguments = ("check", "--json", str(file))
    done = CliRunner().invoke(quote, arguments, obj=archive.context)
    return done.exit_code, json.loads(done.output)


def test_words_of_another_capture_are_never_the_named_one_s(
    two_voices: Voices, tmp_path: Path
) -> None:
    """The text of that digest is at hand, but it is not what this capture said."""
    assert check(two_voices.archive, tmp_path, two_voices.quoted)[1]["state"] == "same"
    unknown = {two_voices.first.capture_id: "not found", "ab" * 32: "no such capture"}
    for named, state in unknown.items():
        forged = replace(two_voices.quoted, capture_id=named)
        code, found = check(two_voices.archive, tmp_path, forged)
        assert (code, found["state"], found["start"]) == (3, state, None)


def test_a_text_that_another_extractor_made_is_not_called_the_same(
    two_voices: Voices, tmp_path: Path
) -> None:
    other = replace(two_voices.quoted, extractor="pdf/99")
    _, found = check(two_voices.archive, tmp_path, other)
    assert found["state"] == "found elsewhere"
    assert found["extractor"] != found["named_extractor"] == "pdf/99"


def test_a_signed_statement_says_whose_a_text_is_where_no_index_does(
    two_voices: Voices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a quotation survives an extractor that makes another text today."""

    def nothing(*_: Any) -> None:
        raise SearchUnavailable("no index")

    monkeypatch.setattr(SearchService, "text_of", nothing)
    monkeypatch.setattr(quotations, "extract_now", nothing)
    assert check(two_voices.archive, tmp_path, two_voices.quoted)[1]["state"] == "same"


def test_what_cannot_be_quoted_is_said(
    archive: ArchiveBox, run: Callable[..., Result], tmp_path: Path
) -> None:
    with pytest.raises(SearchError, match="does not hold these words"):
        run("make", archive.captures[0].short_id, "never said")
    with pytest.raises(CaptureNotFound):
        run("make", "a" * 26, "x")
    bad = tmp_path / "bad"
    bad.write_text('\n{"a":1}\n')
    with pytest.raises(FormatError, match=r"line 2 of .*bad"):
        run("check", str(bad))
