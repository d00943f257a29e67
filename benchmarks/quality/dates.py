"""Dates of publication: right, wrong and none; confidence must separate them."""

import json
from pathlib import Path

from benchmarks.quality.figures import Figure
from search.extract.dates import Claimed, find_claimed
from search.extract.encoding import decode
from search.extract.pages.html import extract_html

RIGHT_BAR, WRONG_BAR = 0.90, 0.08
SURE = 0.8
Row = tuple[str, str | None, Claimed | None]


def rows(corpus: Path) -> list[Row]:
    """File, gold date and what was found, for each page; addresses are not used."""
    folder = corpus / "dates"
    gold = json.loads((folder / "gold.json").read_text("utf-8"))
    found: list[Row] = []
    for page in gold.values():
        markup = decode((folder / "pages" / page["file"]).read_bytes(), None).text
        made = extract_html(markup)
        dates = find_claimed(markup, made.text[: made.main_end])
        found.append((page["file"], page["date"], dates.claimed))
    return found


def is_right(row: Row) -> bool:
    """The day is the gold day, or there is none and none was found."""
    _, gold, claimed = row
    return (claimed.value[:10] if claimed else None) == gold


def measure(corpus: Path) -> list[Figure]:
    """Shares over all pages, and over those found with high confidence."""
    found = rows(corpus)
    right = [row for row in found if is_right(row)]
    wrong = [row for row in found if row[2] is not None and not is_right(row)]
    sure = [row for row in found if row[2] and row[2].confidence >= SURE]
    unsure = [row for row in found if row[2] and row[2].confidence < SURE]
    share = sum(map(is_right, sure)) / max(len(sure), 1)
    unsure_share = sum(map(is_right, unsure)) / max(len(unsure), 1)
    rows_ = [
        ("right (or rightly none)", len(right) / len(found), RIGHT_BAR, False, ""),
        ("wrong", len(wrong) / len(found), WRONG_BAR, True, ""),
        ("right, of the sure ones", share, None, False, f"{len(sure)} pages"),
        ("right, of the others", unsure_share, None, False, f"{len(unsure)} pages"),
    ]
    return [
        Figure(part="dates", name=n, value=v, bar=b, at_most=m, note=note)
        for n, v, b, m, note in rows_
    ]
