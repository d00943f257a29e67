"""Documents of any number out of real paragraphs, each analysed once.

A document is some paragraphs of one language, one made-up name that hardly any other
document has (so that the vocabulary grows), and the menu of its site. Everything
follows from the number of the document.
"""

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.capture import Capture, CaptureOutcome, SliceLocation
from archive.digest import Digest
from archive.store.texts import compress_text, deflated_part
from search.analysis.analyze import TokenFields, join_forms
from search.documents.analysed import BODY_FIELDS
from search.documents.document import PageText
from search.extract.by_type import extract
from search.extract.dates import Claimed
from search.extract.language import identify
from search.extract.result import SEPARATOR
from search.passages import read_forms

PARAGRAPH_CODE_POINTS = 60
"""Shorter ones are captions."""
DOCUMENT_CODE_POINTS = 2_000
"""A document gets paragraphs until it is so long: some 300 words."""
SITES = 40
MENU_WORDS = 40
START = datetime(2023, 1, 1, tzinfo=UTC)
LANGUAGE_PIECES = 100
"""A language with fewer paragraphs would repeat itself too much."""
BELARUSIAN_SHARE = 0.3
"""Of the documents; the other languages share the rest by their paragraphs."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph and the fields of its tokens."""

    text: str
    fields: TokenFields


@dataclass(frozen=True, slots=True)
class Made:
    """A document to index, before the engine's form of it."""

    capture: Capture
    page: PageText
    tokens: dict[str, str]


def make_piece(text: str, language: str) -> Piece:
    """Analyse one line of a text in that language."""
    return Piece(text, join_forms(read_forms(text, language)))


def read_pieces(corpus: Path) -> dict[str, list[Piece]]:
    """All paragraphs of the test material, by language, of languages with many."""
    pages = [
        *corpus.glob("html-news/fundus/*/*.html.gz"),
        *corpus.glob("html-news/article-extraction-benchmark/**/*.html.gz"),
    ]
    texts = [
        extract(gzip.decompress(path.read_bytes()), media_type="text/html")
        for path in sorted(pages)
    ]
    lines = [line for made in texts for line in made.text[: made.main_end].split("\n")]
    for path in sorted((corpus / "seeds").glob("*.txt")):
        lines += path.read_text("utf-8").splitlines()
    for path in sorted((corpus / "lang-be").glob("*.conllu")):
        starts = "# text = "
        rows = path.read_text("utf-8").splitlines()
        lines += [row.removeprefix(starts) for row in rows if row.startswith(starts)]
    pieces: dict[str, list[Piece]] = {}
    for line in dict.fromkeys(lines):
        found = identify(line) if len(line) >= PARAGRAPH_CODE_POINTS else None
        if found is not None:
            pieces.setdefault(found.code, []).append(make_piece(line, found.code))
    return {
        code: found
        for code, found in sorted(pieces.items())
        if len(found) >= LANGUAGE_PIECES
    }


class Maker:
    """Makes document number n, always the same."""

    def __init__(self, pieces: dict[str, list[Piece]]) -> None:
        self.pieces = pieces
        self._languages = list(self.pieces)
        counts = {code: len(found) for code, found in self.pieces.items()}
        others = sum(counts.values()) - counts.get("be", 0)
        self._shares = [
            BELARUSIAN_SHARE
            if code == "be"
            else (1 - BELARUSIAN_SHARE) * count / max(others, 1)
            for code, count in counts.items()
        ]
        self._names = {
            language: [
                word
                for piece in pieces
                for word in piece.text.split()
                if word.isalpha() and word.istitle() and len(word) > 6
            ]
            for language, pieces in self.pieces.items()
        }
        chance = random.Random("menus")  # noqa: S311  repeatable
        self._menus = {
            (site, language): make_piece(
                " ".join(
                    word
                    for piece in chance.choices(pieces, k=4)
                    for word in piece.text.split()[:10]
                )[: MENU_WORDS * 8],
                language,
            )
            for site in range(SITES)
            for language, pieces in self.pieces.items()
        }

    def make(self, number: int) -> Made:
        """Document `number`, counted from 0."""
        chance = random.Random(number)  # noqa: S311  repeatable
        (language,) = chance.choices(self._languages, self._shares)
        site = min(int(chance.paretovariate(0.8)), SITES) - 1
        chosen = [make_piece(self._dateline(chance, language), language)]
        length = 0
        while length < DOCUMENT_CODE_POINTS:
            piece = chance.choice(self.pieces[language])
            chosen.append(piece)
            length += len(piece.text)
        main = "\n".join(piece.text for piece in chosen)
        menu = self._menus[site, language]
        captured = START + timedelta(seconds=60 * number)
        text = f"{main}{SEPARATOR}{menu.text}"
        page = PageText(
            text=text,
            main_end=len(main),
            title=chosen[1].text[:80],
            language=language,
            extractor="html/2",
            warnings=(),
            claimed=_claimed(captured - timedelta(hours=chance.randrange(72))),
            compressed=deflated_part(compress_text(text.encode())),
        )
        joined = (" ".join(column) for column in zip(*_fields(chosen), strict=True))
        rest = (menu.fields.exact, menu.fields.key)
        return Made(
            capture=_capture(number, site, captured),
            page=page,
            tokens=dict(zip(BODY_FIELDS, (*joined, *rest), strict=True)),
        )

    def _dateline(self, chance: random.Random, language: str) -> str:
        """A name nobody has, made of halves of two that somebody has; a number."""
        first, second = chance.choices(self._names[language] or ["Абвгдежз"], k=2)
        made = first[: len(first) // 2 + 1] + second[len(second) // 2 :]
        return f"{made} {chance.randrange(1_000_000)}"


def _fields(pieces: list[Piece]) -> Iterator[TokenFields]:
    return (piece.fields for piece in pieces)


def _claimed(moment: datetime) -> Claimed:
    return Claimed(
        value=moment.date().isoformat(), raw="", method="meta", confidence=0.9
    )


def _capture(number: int, site: int, captured: datetime) -> Capture:
    uri = f"https://site{site}.example/news/{number}"
    return Capture(
        capture_id=Digest.of(uri.encode()).hex,
        kind="capture",
        leaf=number,
        target_uri=uri,
        captured_at=captured,
        outcome=CaptureOutcome.COMPLETE,
        http_status=200,
        media_type="text/html",
        source_id=f"site{site}",
        job_id=None,
        payload_digest=None,
        block_digest=None,
        refers_to=None,
        role="page",
        override=None,
        location=SliceLocation(segment="x", offset_bytes=0, length_bytes=0),
    )
