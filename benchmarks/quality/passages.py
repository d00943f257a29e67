"""An index of short texts by the ordinary path: analysis, engine, planner, tiers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.capture import Capture, CaptureOutcome, SliceLocation
from archive.digest import Digest
from search.analysis.gazetteer import load_gazetteer, load_stop_words
from search.answering.tiers import Window, first_tier, ordered, second_tier
from search.documents.analysed import analyse
from search.documents.document import PageText, build_document
from search.engines.base import AnyOf, Tokens
from search.engines.planning import Planner
from search.engines.tantivy_engine import TantivyEngine
from search.extract.language import identify
from search.query.parser import parse_query

ARCHIVE_ID = "a" * 26
ALL = 5_000
"""More documents than any measure here makes one query find."""
DETECT = "?"
"""The language is to be found from the text."""


class PassageIndex:
    """Texts with made-up addresses; searched as the service searches."""

    archive_id = ARCHIVE_ID

    def __init__(self, folder: Path) -> None:
        self._engine = TantivyEngine(folder, writable=True)
        self._leaf = 0

    def add(self, uri: str, text: str, language: str | None = DETECT) -> None:
        """Index one text as a page of its own."""
        self._leaf += 1
        if language == DETECT:
            found = identify(text)
            language = found.code if found else None
        page = PageText(
            text=text,
            main_end=len(text),
            title=None,
            language=language,
            extractor="text/1",
            warnings=(),
        )
        capture = _capture(uri, self._leaf)
        analysed = analyse(capture, page)
        self._engine.add([build_document(ARCHIVE_ID, capture, page, analysed)])

    def commit(self) -> None:
        """Make everything added findable."""
        self._engine.commit()

    def close(self) -> None:
        """End the writer."""
        self._engine.close()

    def use(self, action: Any) -> Any:
        """Stand in for an opened index."""
        return action(self._engine, None)

    def _plan(self, query: str, *, expand: bool) -> Any:
        return Planner(
            gazetteer=load_gazetteer() if expand else None,
            stop_words=load_stop_words(),
            seen_again=lambda _node: (),
        ).plan(parse_query(query))

    def find_all(self, query: str, *, expand: bool = True) -> list[str]:
        """Addresses of every document of the first tier."""
        index: Any = self
        plan = self._plan(query, expand=expand)
        page = first_tier(index, plan, Window(limit=ALL))
        return [str(hit.stored["uri"]) for hit in page.hits]

    def rank(self, query: str, *, limit: int = 10, expand: bool = True) -> list[str]:
        """The first addresses of a result page: all words, then some missing."""
        index: Any = self
        plan = self._plan(query, expand=expand)
        page = first_tier(index, plan, Window(limit=limit))
        found = [str(hit.stored["uri"]) for hit in page.hits]
        if page.total < limit:
            some = ordered(second_tier(index, plan))[: limit - len(found)]
            found += [str(one.hit.stored["uri"]) for one in some]
        return found

    def any_token(self, field: str, tokens: tuple[str, ...]) -> list[str]:
        """Plain BM25 over any of the tokens: the baseline."""
        clauses = tuple(Tokens(field=field, values=(token,)) for token in tokens)
        hits = self._engine.search(AnyOf(clauses=clauses), limit=10).hits
        return [str(hit.stored["uri"]) for hit in hits]


def _capture(uri: str, leaf: int) -> Capture:
    return Capture(
        capture_id=Digest.of(uri.encode()).hex,
        kind="capture",
        leaf=leaf,
        target_uri=uri,
        captured_at=datetime(2025, 1, 26, tzinfo=UTC),
        outcome=CaptureOutcome.COMPLETE,
        http_status=200,
        media_type="text/plain",
        source_id=None,
        job_id=None,
        payload_digest=None,
        block_digest=None,
        refers_to=None,
        role="page",
        override=None,
        location=SliceLocation(segment="x", offset_bytes=0, length_bytes=0),
    )
