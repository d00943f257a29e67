"""Kept answers of extraction and analysis: used again, and only where they fit."""

import sqlite3
from pathlib import Path

import pytest

from search import extracts, intake
from search.document import body_tokens
from search.extracts import EXTRACTS_FILE
from tests.support.search_archive import ArchiveBox, make_box

PAGE = "<title>Выбары</title><p>Лукашэнка сказаў пра выбары"


@pytest.fixture
def box(tmp_path: Path) -> ArchiveBox:
    made = make_box(tmp_path)
    made.page("https://a.example/", PAGE)
    made.index()
    return made


def count_analysed(monkeypatch: pytest.MonkeyPatch, box: ArchiveBox) -> int:
    """How many texts a rebuild analyses; what it finds must not depend on it."""
    calls = []
    monkeypatch.setattr(
        intake, "body_tokens", lambda page: calls.append(1) or body_tokens(page)
    )
    box.index(rebuild=True)
    assert box.service().search("Lukashenko выборы").total == 1
    return len(calls)


def test_a_rebuild_analyses_no_text_again(
    box: ArchiveBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert count_analysed(monkeypatch, box) == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE kept SET analysis = '0.0'",
        "UPDATE kept SET tokens = x'00'",
        "UPDATE kept SET extractors = 'html/0'",
        "DELETE FROM kept",
        "DROP TABLE kept",
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
    packed = extracts._pack([dict.fromkeys(extracts.BODY_FIELDS, "a b")] * 2)
    assert [one["exact"] for one in extracts._unpack(packed)] == ["a b", "a b"]
    monkeypatch.setattr(extracts, "TOKEN_BYTES", 8)
    with pytest.raises(ValueError, match="too long"):
        extracts._unpack(packed)
