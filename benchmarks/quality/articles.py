"""Article text: word 4-grams of the main text against gold, as upstream scores it.

Precision and recall of a page come from the multiset of its shingles; the averages
over the pages give F1. Beside that: nothing a page visibly says may be unfindable.
"""

import gzip
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.quality.figures import Figure
from benchmarks.quality.language import gold_of
from search.extract.by_type import extract

BAR = 0.96
SHINGLE_WORDS = 4
WORKERS = 2
_WORD = re.compile(r"\w+")
Page = tuple[str, bytes, str]


def benchmark_pages(corpus: Path) -> Iterator[Page]:
    """Name, page and gold text of the article extraction benchmark."""
    folder = corpus / "html-news" / "article-extraction-benchmark"
    gold = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    for name, page in sorted(gold.items()):
        data = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes())
        yield name, data, page["articleBody"]


def publisher_pages(corpus: Path) -> Iterator[Page]:
    """Name, page and gold text of the publishers' pages; paragraphs one a line."""
    folder = corpus / "html-news" / "fundus"
    for name, _, gold in gold_of(corpus):
        yield name, gzip.decompress((folder / name).read_bytes()), gold


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Word n-grams of a text; the whole of a shorter one."""
    words = _WORD.findall(text)
    if len(words) < SHINGLE_WORDS:
        return Counter([tuple(words)] if words else [])
    return Counter(
        tuple(words[at : at + SHINGLE_WORDS])
        for at in range(len(words) - SHINGLE_WORDS + 1)
    )


def score(page: Page) -> tuple[str, float, float, float]:
    """Name, precision, recall, and the share of gold words found in the whole text."""
    name, data, gold = page[0], page[1], unicodedata.normalize("NFC", page[2])
    made = extract(data, media_type="text/html")
    found, wanted = shingles(made.text[: made.main_end]), shingles(gold)
    same = sum((found & wanted).values())
    precision = same / sum(found.values()) if found else 1.0 - bool(wanted)
    recall = same / sum(wanted.values()) if wanted else 1.0
    words = {word.casefold() for word in _WORD.findall(gold)}
    held = {word.casefold() for word in _WORD.findall(f"{made.title}\n{made.text}")}
    return name, precision, recall, len(words & held) / max(len(words), 1)


def scores(pages: Iterator[Page]) -> list[tuple[str, float, float, float]]:
    """Score pages in a few processes."""
    with ProcessPoolExecutor(WORKERS) as pool:
        return list(pool.map(score, pages, chunksize=8))


def f1(rows: list[tuple[str, float, float, float]]) -> float:
    """F1 of the mean precision and the mean recall."""
    precision = sum(row[1] for row in rows) / len(rows)
    recall = sum(row[2] for row in rows) / len(rows)
    return 2 * precision * recall / (precision + recall)


def measure(corpus: Path) -> list[Figure]:
    """F1 of both sets, and of the words that can be found at all."""
    sets = {
        "article benchmark": scores(benchmark_pages(corpus)),
        "publishers' pages": scores(publisher_pages(corpus)),
    }
    figures = []
    for title, rows in sets.items():
        precision = sum(row[1] for row in rows) / len(rows)
        recall = sum(row[2] for row in rows) / len(rows)
        note = f"{len(rows)} pages, precision {precision:.3f}, recall {recall:.3f}"
        figures.append(
            Figure(
                part="articles",
                name=f"{title}, F1 of 4-grams",
                value=f1(rows),
                bar=BAR,
                note=note,
            )
        )
        figures.append(
            Figure(
                part="articles",
                name=f"{title}, gold words that can be found",
                value=sum(row[3] for row in rows) / len(rows),
                bar=0.995,
            )
        )
    return figures
