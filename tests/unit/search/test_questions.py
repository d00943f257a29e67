"""The evidence questions: ranking is measured, and may only get better."""

from pathlib import Path

import pytest

from benchmarks.quality.questions import measure, read_questions
from tests.support.judging.bars import missed

pytestmark = pytest.mark.corpus
FLOORS = {
    "en": (0.75, 0.77),
    "be": (0.67, 0.73),
    "ru": (0.67, 0.73),
    "uk": (0.67, 0.73),
    "be-tarask": (0.67, 0.71),
    "be-Latn": (0.59, 0.70),
    "pl": (0.64, 0.69),
    "lt": (0.59, 0.69),
}
"""Recall@10 and nDCG@10 reached; raised when they rise, never lowered."""


def test_ranking_is_no_worse_than_before(corpus: Path) -> None:
    figures = measure(corpus)
    for figure in figures:
        print(*figure.row(), sep=" | ")
    assert missed(figures) == []
    reached = {figure.name: figure.value for figure in figures}
    for language, (recall, gain) in FLOORS.items():
        assert reached[f"{language}, recall@10"] >= recall
        assert reached[f"{language}, nDCG@10"] >= gain


def test_every_quote_stands_in_its_line(corpus: Path) -> None:
    for question in read_questions(corpus):
        for one in question["expected"]:
            path = corpus / "seeds" / Path(one["file"]).name
            line = path.read_text("utf-8").splitlines()[one["line"] - 1]
            assert one["quote"] in line
