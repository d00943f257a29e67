"""Queries over real words, asked of one service or several in turn."""

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import SearchError
from benchmarks.scale.texts import Piece
from search.answering.service import SearchService

PAGE = 10
KINDS = ("one word", "two words", "three words", "name:", "with filters", "phrase")
FACETED = KINDS[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query of one kind and what it cost one service, in milliseconds."""

    kind: str
    query: str
    engine: str
    total: int
    clock_ms: float
    cpu_ms: float
    """CPU time of this process: all of it for an embedded index."""


def make_queries(pieces: dict[str, list[Piece]], each: int) -> list[tuple[str, str]]:
    """Kind and text: words as they stand in the texts, common ones more often."""
    chance = random.Random("queries")  # noqa: S311  repeatable
    queries: list[tuple[str, str]] = []
    codes = list(pieces)
    weights = [len(found) for found in pieces.values()]
    for _ in range(each):
        (code,) = chance.choices(codes, weights)
        words = _words(chance.choice(pieces[code]))
        first = chance.choice(words)
        queries += [
            ("one word", first),
            ("two words", f"{first} {chance.choice(words)}"),
            ("three words", " ".join(chance.choices(words, k=3))),
            ("name:", f'name:"{chance.choice(_names(pieces[code], chance))}"'),
            ("with filters", f"{first} lang:{code} captured:2023..2024"),
            ("phrase", _phrase(chance.choice(pieces[code]), chance)),
        ]
    return queries


def _words(piece: Piece) -> list[str]:
    return [word for word in piece.text.split() if word.isalpha()] or ["выбары"]


def _names(pieces: list[Piece], chance: random.Random) -> list[str]:
    counted = Counter(
        word
        for piece in chance.choices(pieces, k=40)
        for word in piece.text.split()[1:]
        if word.isalpha() and word.istitle() and len(word) > 4
    )
    return list(counted) or ["Лукашэнка"]


def _phrase(piece: Piece, chance: random.Random) -> str:
    words = piece.text.replace('"', " ").split()
    at = chance.randrange(max(1, len(words) - 3))
    return f'"{" ".join(words[at : at + 3])}"'


def ask(
    services: dict[str, SearchService], queries: Sequence[tuple[str, str]]
) -> list[Asked]:
    """Each query of each service in turn, as a page of results asks it.

    Phrases without counts.
    """
    asked = []
    for number, (kind, query) in enumerate(queries):
        names = list(services)
        for name in names if number % 2 else reversed(names):
            cpu, start = time.process_time(), time.perf_counter()
            try:
                page = services[name].search(query, limit=PAGE, counted=kind in FACETED)
            except SearchError:
                continue
            end = time.perf_counter()
            asked.append(
                Asked(
                    kind=kind,
                    query=query,
                    engine=name,
                    total=page.total,
                    clock_ms=(end - start) * 1000,
                    cpu_ms=(time.process_time() - cpu) * 1000,
                )
            )
    return asked


def anonymous_bytes() -> int:
    """Anonymous memory of this process."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no RssAnon in /proc/self/status")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share does not exceed; 0 of none."""
    ranked = sorted(values)
    return ranked[min(int(len(ranked) * share), len(ranked) - 1)] if ranked else 0.0
