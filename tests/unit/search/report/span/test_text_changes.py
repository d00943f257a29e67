"""What the report tells of two captures: their main texts, and what they are called."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.digest import Digest
from search.answering.results import ExtractedText
from search.report.span.english import sentence
from search.report.span.findings import Finding, Kind, ShownChange
from search.report.span.text_changes import Texts

TEXT = "The commission counted.\nTurnout was 64 per cent."
ROWS = "\n".join(f"{n}\tName {n}\tCity {n}" for n in range(1, 9))


def compared(
    before: tuple[str | None, str], after: tuple[str | None, str], *, hidden: bool
) -> ShownChange | None:
    made = {name: kept(*side) for name, side in (("a", before), ("b", after))}
    unused = cast(Any, None)
    texts = Texts(reader=unused, kept=made.get, worker=unused)
    captures = [cast(Any, SimpleNamespace(capture_id=name)) for name in "ab"]
    return texts.compare(captures[0], captures[1], hidden)


def kept(title: str | None, text: str) -> ExtractedText:
    return ExtractedText(
        text=text,
        main_end=len(text),
        title=title,
        extractor="test/1",
        text_digest=Digest.of(text.encode()),
        charset=None,
        declared_charset=None,
        language=None,
    )


@pytest.mark.parametrize("text", [TEXT, ROWS], ids=["text", "list"])
def test_a_title_that_changed_alone_is_told(text: str) -> None:
    found = compared(("Results", text), ("Results annulled", text), hidden=False)
    assert found is not None
    assert found.retitled
    assert found.lines == (("~", "[-Results-] {+Results annulled+}"),)
    assert not any(found.counts.values())
    finding = Finding(kind=Kind.CHANGED, code="changed", change=found)
    assert sentence(finding) == "changed (title)"


def test_words_of_a_title_are_hidden_where_words_are() -> None:
    found = compared(("List of A", ROWS), (None, ROWS), hidden=True)
    assert found is not None
    assert (found.retitled, found.lines, found.more) == (True, (), 1)


def test_title_and_text_are_told_together_and_spacing_is_no_change() -> None:
    after = TEXT.replace("64", "46")
    found = compared(("Results", TEXT), ("Annulled", after), hidden=False)
    assert found is not None
    assert len(found.lines) == 2
    finding = Finding(kind=Kind.CHANGED, code="changed", change=found)
    assert sentence(finding) == "changed (title; paragraphs: 1 changed)"
    assert compared((" Results\n", TEXT), ("Results", TEXT), hidden=False) is None
    assert compared((None, TEXT), ("", TEXT), hidden=False) is None
