"""Searches asked one by one or from a file: pages and whole lists, as lines of text."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from archive.errors import InvalidQuery
from search.answering.results import Hit
from search.answering.saved import SavedSearch
from search.answering.service import SearchService
from search.extract.by_type import EXTRACTORS
from search.indexing.generations import VERSION
from search.output.answers import counts_json, names_json, page_json
from search.output.printing import Places, count_lines, name_lines, page_lines
from search.output.streams import FORMATS, MANY_FORMATS, Asked
from search.query.parser import parse_query
from search.query.pointing import point_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """Which part of a page of results is shown, and how."""

    limit: int
    offset: int = 0
    facets: bool = False
    names: bool = False
    as_json: bool = False
    places: Places = field(default_factory=dict)
    """How each archive was named, where several are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One search answered: documents that have all words, and the lines to print.

    `told`: how many of `total` are shown, be it as copies of others. `refused`: it has
    words and cannot be asked.
    """

    total: int
    told: int
    lines: Sequence[str]
    refused: bool = False


@contextmanager
def _pointing(query: str) -> Iterator[None]:
    """Let InvalidQuery show the wrong character below the query."""
    try:
        yield
    except InvalidQuery as error:
        pointed = point_at(query, error.column)
        raise InvalidQuery(f"{error}\n{pointed}", column=error.column) from error


def answer(service: SearchService, saved: SavedSearch, shown: Presentation) -> Answer:
    """Answer one search; InvalidQuery shows the wrong character of the query."""
    with _pointing(saved.query):
        page = service.search(
            saved.query,
            limit=shown.limit,
            offset=shown.offset,
            options=saved.options,
            counted=shown.facets,
        )
        if saved.options.upto:  # up to there is the answer, be the index ahead of it
            page = replace(page, upto={**page.upto, **saved.options.upto})
        else:
            page = replace(page, not_indexed=service.not_indexed(page.upto))
        told = sum(1 + hit.alike for hit in page.hits)
        counts = page.counts
        names = (
            service.mentions(saved.query, options=saved.options)
            if shown.names
            else None
        )
    if shown.as_json:
        made = _named(saved) | page_json(page)
        made |= {} if counts is None else counts_json(counts)
        made |= {} if names is None else names_json(names)
        line = json.dumps(made, ensure_ascii=False)
        return Answer(total=page.total, told=told, lines=[line])
    lines = [*page_lines(page, offset=shown.offset, places=shown.places)]
    lines += [] if counts is None else [*count_lines(counts)]
    lines += [] if names is None else [*name_lines(names)]
    return Answer(total=page.total, told=told, lines=lines)


def answer_line(
    service: SearchService, saved: SavedSearch, shown: Presentation
) -> Answer:
    """One JSON line; a query that cannot be asked says why and finds nothing."""
    try:
        return answer(service, saved, replace(shown, as_json=True))
    except InvalidQuery as error:
        empty: dict[str, Any] = {
            "query": saved.query,
            "total": 0,
            "hits": [],
            "error": str(error).partition("\n")[0],
            "column": error.column,
        }
        line = json.dumps(_named(saved) | empty, ensure_ascii=False)
        return Answer(total=0, told=0, lines=[line], refused=bool(saved.query.strip()))


def _named(saved: SavedSearch) -> dict[str, Any]:
    return {} if saved.name is None else {"name": saved.name}


class Listing:
    """Whole lists of some searches as of now: what is indexed meanwhile is not in them.

    `count` is the number of rows that were given out so far. `many`: rows say of which
    search they are.
    """

    def __init__(
        self,
        service: SearchService,
        searches: Sequence[SavedSearch],
        *,
        many: bool = False,
    ) -> None:
        upto = service.upto()
        self.service = service
        self._many = many
        self._searches = [
            replace(
                one, options=replace(one.options, upto={**upto, **one.options.upto})
            )
            for one in searches
        ]
        self.count = 0

    def check(self) -> None:
        """InvalidQuery for one that cannot be read, before a line is written."""
        for one in self._searches:
            with _pointing(one.query):
                parse_query(one.query)

    def lines(self, form: str) -> Iterator[str]:
        """The list in one of the `FORMATS`: of many searches one behind the other."""
        if self._many:
            head = {"searches": [self._head(one) for one in self._searches]}
            return MANY_FORMATS[form](head, self.rows())
        (saved,) = self._searches
        return FORMATS[form](self._head(saved), (hit for _, hit in self.rows()))

    def rows(self) -> Iterator[tuple[Asked, Hit]]:
        """Every document of every search; InvalidQuery shows the wrong character."""
        for one in self._searches:
            asked = Asked(name=one.name, query=one.query)
            with _pointing(one.query):
                for hit in self.service.stream(one.query, options=one.options):
                    self.count += 1
                    yield asked, hit

    def _head(self, saved: SavedSearch) -> dict[str, Any]:
        options = saved.options
        made = {
            **_named(saved),
            "query": saved.query,
            "variants": options.variants.value,
            "upto": dict(options.upto),
            "index_version": VERSION,
            "extractors": EXTRACTORS,
        }
        return made | ({"since": dict(options.since)} if options.since else {})
