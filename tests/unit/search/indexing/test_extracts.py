"""Kept answers of extraction and analysis: used again, and only where they fit."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from search.analysis.analyze import join_forms
from search.documents.analysed import analyse
from search.documents.document import Analysed
from search.engines.fields import TOKEN_FIELDS
from search.indexing import extracts, intake
from search.indexing.extracts import EXTRACTS_FILE
from search.passages import read_forms, read_plain
from tests.support.archives.search_archive import ArchiveBox, make_box

PAGE = "<title>Выбары</title><p>Лукашэнка сказаў пра выбары"


@pytest.fixture
def box(tmp_path: Path) -> ArchiveBox:
    made = make_box(tmp_path)
    made.page("https://a.example/", PAGE)
    made.index()
    return made


def count_analysed(monkeypatch: pytest.MonkeyPatch, box: ArchiveBox) -> int:
    """How many texts a rebuild analyses; what it finds must not depend on it."""
    calls = 0

    def counting(*page: Any) -> Analysed:
        nonlocal calls
        calls += 1
        return analyse(*page)

    monkeypatch.setattr(intake, "analyse", counting)
    box.index(rebuild=True)
    assert box.service().search("Lukashenko выборы").total == 1
    return calls


def test_a_rebuild_analyses_no_text_again(
    box: ArchiveBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count_analysed(monkeypatch, box) == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE answer SET analysis = '0.0'",
        "UPDATE answer SET analysed = x'00'",
        "UPDATE answer SET extractors = 'html/0'",
        "DELETE FROM answer",
        "DROP TABLE answer",
    ],
)
def test_answers_of_another_version_or_damaged_ones_are_made_anew(
    box: ArchiveBox, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    with sqlite3.connect(box.root / "index" / EXTRACTS_FILE) as rows:
        rows.execute(change)
    rows.close()
    assert count_analysed(monkeypatch, box) == 1


def test_a_kept_text_that_is_gone_is_extracted_again(
    box: ArchiveBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = (box.root / "texts").iterdir()
    path.unlink()
    assert count_analysed(monkeypatch, box) == 1
    assert path.is_file()


def test_tokens_beyond_the_bound_are_not_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = Analysed(tokens=dict.fromkeys(TOKEN_FIELDS, "a b"), fold="0f", simhash=None)
    packed = extracts._pack([found, replace(found, simhash=2**64 - 1)])
    assert extracts._unpack(packed) == [found, replace(found, simhash=2**64 - 1)]
    monkeypatch.setattr(extracts, "ANALYSED_BYTES", 8)
    with pytest.raises(ValueError, match="too long"):
        extracts._unpack(packed)


def test_margins_have_the_forms_they_would_have_in_an_article() -> None:
    text = "Ціханоўская 2024 'ь' \u0301 Ł-x\n1265 пра Выбары, о’ф"
    for language in ("be", "en", "de", None):
        whole = join_forms(read_forms(text, language))
        assert read_plain(text, language) == (whole.exact, whole.key)
