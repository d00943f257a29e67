"""What web tests look at: an archive, a fake index over it, and its applications."""

import itertools
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from archive.attest.trust.folder import read_trust
from archive.capture import (
    Capture,
)
from archive.digest import Digest
from archive.errors import InvalidQuery, SearchUnavailable
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.whole.folder import verify_archive
from search.answering.highlight import Snippet
from search.answering.options import EVERYTHING, SearchOptions
from search.answering.service import ExtractedText, Heading, Hit, ResultPage
from search.counting import Counts, make_facet
from search.extract.dates import Claimed
from search.query.parser import no_fields_of
from tests.support.web.served import APP, REPLAY
from web.access import AccessPolicy
from web.app import Applications, create_app
from web.services import Services, TrustState
from web.settings import WebSettings
from web.wiring import make_bundle

ARCHIVE = "a" * 26
START = datetime(2025, 1, 26, 18, 4, 11, 250_000, tzinfo=UTC)


@dataclass
class FakeIndex:
    """Answers what a test put in; `broken` stands for a missing index."""

    texts: dict[str, ExtractedText] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    broken: bool = False
    claims: dict[str, Claimed] = field(default_factory=dict)
    problem: Exception = field(default_factory=lambda: SearchUnavailable("no index"))
    entries: int = 40
    """How far the log was searched, which an indexer moves on."""
    uptos: list[dict[str, int]] = field(default_factory=list)
    """The bounds of each question."""
    grouped: list[bool] = field(default_factory=list)
    """Whether each question wanted copies once."""
    more: Counter[str] = field(default_factory=Counter)
    """Further values of the facet `lang`."""

    def text_of(self, capture_id: str) -> ExtractedText | None:
        if self.broken:
            raise self.problem
        return self.texts.get(capture_id)

    def heading_of(self, capture_id: str) -> Heading | None:
        text = self.text_of(capture_id)
        return Heading(title=text.title, language=text.language) if text else None

    def marks(self, query: str, text: ExtractedText) -> list[tuple[int, int]]:
        if query == "-only":
            raise InvalidQuery("only negatives", column=1)
        found = re.finditer(re.escape(query), text.text)
        return [one.span() for one in found if query]

    def claimed_of(self, capture_id: str) -> Claimed | None:
        if self.broken:
            raise self.problem
        return self.claims.get(capture_id)

    def upto(self) -> dict[str, int]:
        if self.broken:
            raise self.problem
        return {ARCHIVE: self.entries}

    def _shown(self, options: SearchOptions) -> list[Hit]:
        hidden = options.hidden_sources
        return [hit for hit in self.hits if hit.source_id not in hidden]

    def counts(self, text: str, *, options: SearchOptions = EVERYTHING) -> Counts:
        self.asked.append(text)
        if self.broken:
            raise self.problem
        shown = self._shown(options)
        values = Counter(hit.language or "" for hit in shown)
        return Counts(
            total=len(shown),
            facets={"lang": make_facet([values | self.more])},
            captured_days={20114: 2, 20120: 1},
            claimed_days={},
        )

    def search(
        self,
        text: str,
        *,
        limit: int,
        offset: int,
        options: SearchOptions = EVERYTHING,
        counted: bool = False,
    ) -> ResultPage:
        self.asked.append(text)
        self.uptos.append(dict(options.upto))
        self.grouped.append(options.grouped)
        if self.broken:
            raise self.problem
        if text == "-only":
            raise InvalidQuery("only negatives", column=1)
        return ResultPage(
            query=text,
            total=len(self._shown(options)),
            hits=tuple(self._shown(options)[offset : offset + limit]),
            some_missing=(),
            searched=(),
            took_ms=1,
            upto={ARCHIVE: self.entries},
            no_fields=no_fields_of(text),
            counts=self.counts(text, options=options) if counted else None,
        )

    def add(self, capture: Capture, text: str, title: str = "Вынікі") -> None:
        self.texts[capture.capture_id] = ExtractedText(
            text=text,
            main_end=len(text),
            title=title,
            extractor="test 1",
            text_digest=Digest.of(text.encode()),
            charset=None,
            declared_charset=None,
            language="be",
        )
        self.hits.append(
            Hit(
                archive_id=ARCHIVE,
                document_id=capture.capture_id,
                capture_id=capture.capture_id,
                short_id=capture.short_id,
                uri=capture.target_uri,
                title=title,
                language="be",
                captured_at=capture.captured_at,
                captures=1,
                score=1.0,
                snippets=(Snippet(text=text, start=0, marks=((0, 4),)),),
                source_id=capture.source_id,
                outcome=str(capture.outcome),
                http_status=capture.http_status,
                missing=(),
                warnings=(),
            )
        )


@dataclass
class World:
    """The archive, its captures by name, and the fake index."""

    root: Path
    trust: Path
    reader: ArchiveReader
    named: dict[str, Capture]
    index: FakeIndex

    def services(self, **changes: Any) -> Services:
        """What views use; `changes` are fields that differ."""
        trust = read_trust(self.trust, self.reader.identity.origin)
        numbers = itertools.count(1)
        made = Services(
            archive=self.reader,
            search=self.index,
            verify=lambda one: verify_capture(self.reader, one, trust=trust),
            verify_archive=lambda: verify_archive(self.root, trust=trust),
            bundle=lambda one: make_bundle(self.reader, one, trust),
            trust=TrustState(fingerprint="f" * 64),
            clock=lambda: START + timedelta(hours=1),
            monotonic=lambda: 1000.0,
            random_bytes=lambda count: next(numbers).to_bytes(count, "big"),
        )
        return replace(made, **changes)

    def apps(self, *, restricted: frozenset[str] = frozenset()) -> Applications:
        policy = AccessPolicy(restricted_sources=restricted)
        settings = WebSettings(app_origin=APP, replay_origin=REPLAY, access=policy)
        return create_app(settings, self.services())
