"""The embedded engine; the only importer of tantivy.

Documents are only ever added: an index made in many runs holds the same documents and
the same word statistics as one made in a single run, so scores are equal too. Scores
are rounded before they are compared, because the order in which an engine adds up
32-bit numbers depends on its segments.
"""

import threading
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any

import tantivy

from archive.errors import SearchUnavailable
from search.documents.document import Document
from search.engines.base import (
    AllOf,
    Between,
    Clause,
    EngineHit,
    EnginePage,
    Rejected,
    Sorting,
    Tally,
)
from search.engines.combined_fields import (
    DAYS,
    GROUPS,
    ask_together,
    combine,
    day_number,
    read_together,
)
from search.engines.fields import (
    CAPTURED_US,
    CLAIMED_US,
    FILTER_FIELDS,
    ID,
    ORDER,
    STORED,
    TOKEN_FIELDS,
    UNORDERED_FIELDS,
)
from search.engines.linked_folder import linked_where_needed, look
from search.engines.ranking import RANKS, finds_rows, is_scored
from search.engines.stored_fields import pack, unpack
from search.engines.tallying import aggregations, read_tally
from search.engines.tantivy_query import Compiler, Frequencies

BULK_THREADS = 2
"""What was kept comes faster than one thread writes it; otherwise two would only make
two segments of each batch, with a dictionary each."""
WRITER_HEAP_BYTES = 256 * 1024 * 1024
"""Buffer of the writing threads before they start new segments.

Taken as far as a batch fills it; larger segments hold each word once and merge less."""
TIE_STEP = 64
"""Hits read beyond the page to find the end of a tie."""
ROWS_TIE_STEP = 500
"""The same for rows of words: they cost most to find, are found seldom, and weigh much
alike, so that a tie which does not end here had nearly all of them looked for again."""
STREAM_HITS = 500
"""Hits of one step of a stream: what is held in memory."""

_Order = tantivy.Order


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in TOKEN_FIELDS:
        option = "freq" if name in UNORDERED_FIELDS else "position"
        builder.add_text_field(name, tokenizer_name="whitespace", index_option=option)
    for name in FILTER_FIELDS:
        builder.add_text_field(
            name, tokenizer_name="raw", index_option="basic", fast=True
        )
    for name in GROUPS:
        builder.add_text_field(
            name, tokenizer_name="raw", index_option="basic", fast=True
        )
    builder.add_unsigned_field(ORDER, indexed=True, fast=True)
    for name in (CAPTURED_US, CLAIMED_US):
        builder.add_integer_field(name, indexed=True, fast=True)
        builder.add_unsigned_field(DAYS[name], fast=True)
    builder.add_bytes_field(STORED, stored=True)
    return builder.build()


class TantivyEngine:
    """One index folder; opened for reading, or by its one writer for writing."""

    def __init__(
        self, folder: Path, *, writable: bool = False, bulk: bool = False
    ) -> None:
        """Open the folder, or create the index there if it is to be written.

        `bulk`: documents come as fast as they are written.
        """
        if writable:
            folder.mkdir(parents=True, exist_ok=True)
        elif not (folder / "meta.json").is_file():
            raise SearchUnavailable(
                f"no search index in {folder}; run `evidence index`"
            )
        self._links = None
        try:
            if not writable:
                self._links = linked_where_needed(folder)
            place = str(self._links.path if self._links else folder)
            self._index = (
                tantivy.Index(_schema(), path=place)
                if writable
                else look(self._links, lambda: tantivy.Index.open(place))
            )
            self._writer = (
                self._index.writer(WRITER_HEAP_BYTES, BULK_THREADS if bulk else 1)
                if writable
                else None
            )
        except (ValueError, OSError) as error:
            raise SearchUnavailable(
                f"the search index in {folder} cannot be opened ({error}); "
                "if no other `evidence index` runs, run `evidence rebuild`"
            ) from error
        self._schema = self._index.schema
        self._lock = threading.Lock()
        self._frequencies = Frequencies()

    @property
    def takes_repeats(self) -> bool:
        """False: added twice is there twice."""
        return False

    def add(self, documents: Sequence[Document]) -> None:
        """Take in documents whose ids are new; visible after `commit`."""
        writer = self._open_writer()
        for document in documents:
            writer.add_document(_to_engine(document))

    def commit(self) -> Sequence[Rejected]:
        """Make everything added durable and visible; nothing is ever refused."""
        self._open_writer().commit()
        self.reload()
        return ()

    def reload(self) -> None:
        """See what was committed since the index was opened; SearchUnavailable."""
        try:
            with self._lock:
                look(self._links, self._index.reload)
        except (ValueError, OSError) as error:
            raise SearchUnavailable(
                f"the search index cannot be read again ({error}); ask once more, and "
                "if that does not help, run `evidence rebuild`"
            ) from error

    def count(self) -> int:
        """How many documents the index holds."""
        return int(self._index.searcher().num_docs)

    def close(self) -> None:
        """Wait for merges and give the writer back; readers need nothing."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.wait_merging_threads()

    def search(
        self,
        clause: Clause,
        *,
        limit: int,
        offset: int = 0,
        sorting: Sorting = Sorting.SCORE,
        bare: bool = False,
    ) -> EnginePage:
        """Find documents; `limit` 0 only counts, `bare` leaves `stored` empty."""
        searcher = self._searcher()
        query = self._compile(clause, searcher)
        ranked = sorting is Sorting.SCORE
        with _engine_errors():
            if ranked and not is_scored(clause):
                rows, total = _in_order(searcher, query, offset + limit)
            else:
                step = ROWS_TIE_STEP if finds_rows(clause) else TIE_STEP
                wanted = offset + limit
                rows, total = _ranked(searcher, query, wanted, sorting, step)
        hits = tuple(
            _hit(
                -value if ranked else 0.0,
                order,
                None if bare else searcher.doc(address),
            )
            for value, order, address in rows[offset : offset + limit]
        )
        return EnginePage(total=total, hits=hits)

    def tally(
        self, clause: Clause, fields: Sequence[str], times: Sequence[str] = ()
    ) -> Tally:
        """Count the documents of a clause by values of filter fields and by day."""
        searcher = self._searcher()
        query = self._compile(clause, searcher)
        with _engine_errors():
            together = searcher.aggregate(query, ask_together(fields, times))
            made = read_together(together, fields, times)
            if made is not None:
                return made
            asked = aggregations(fields, times)
            asked["total"] = {"value_count": {"field": ORDER}}  # each document has one
            found = searcher.aggregate(query, asked)
        return read_tally(int(found["total"]["value"]), found, fields, times)

    def stream(self, clause: Clause) -> Iterator[EngineHit]:
        """All documents of a clause in order-key order, as of now."""
        searcher = self._searcher()
        low = 0
        while True:
            beyond = Between(field=ORDER, low=low, high=None)
            query = self._compile(AllOf(wanted=(clause, beyond)), searcher)
            with _engine_errors():
                hits = searcher.search(
                    query,
                    limit=STREAM_HITS,
                    count=False,
                    order_by_field=ORDER,
                    order=_Order.Asc,
                ).hits
            for order, address in hits:
                yield _hit(0.0, int(order), searcher.doc(address))
                low = int(order) + 1
            if len(hits) < STREAM_HITS:
                return

    def _searcher(self) -> Any:
        with self._lock:
            return self._index.searcher()

    def _compile(self, clause: Clause, searcher: Any) -> Any:
        compiler = Compiler(self._schema, searcher, self._frequencies)
        return compiler.compile(clause)

    def _open_writer(self) -> Any:
        if self._writer is None:
            raise AssertionError("this index was opened for reading")
        return self._writer


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise SearchUnavailable(f"the search engine failed: {error}") from error


def _ranked(
    searcher: Any, query: Any, wanted: int, sorting: Sorting, step: int
) -> tuple[list[tuple[float, int, Any]], int]:
    """Rank at least `wanted` hits by rising value, then order key, ties complete.

    `step`: hits read beyond those to find the end of a tie.
    """
    fetched = wanted + step
    value = RANKS[sorting]
    while True:
        # The engine makes room for all that is asked for, be it there or not.
        fetched = min(fetched, searcher.num_docs + 1)
        result = _fetch(searcher, query, max(fetched, 1), sorting)
        total = int(result.count)
        found = [(value(key), address) for key, address in result.hits]
        if fetched >= total or wanted == 0 or found[wanted - 1][0] != found[-1][0]:
            break
        fetched *= 4
    if 0 < wanted < len(found):
        last = found[wanted - 1][0]
        found = found[: bisect_right(found, last, key=itemgetter(0))]
    orders = searcher.fast_field_values(ORDER, [address for _, address in found])
    rows = [
        (rank, int(order), address)
        for (rank, address), order in zip(found, orders, strict=True)
    ]
    rows.sort(key=itemgetter(0, 1))
    return rows, total


def _in_order(
    searcher: Any, query: Any, wanted: int
) -> tuple[list[tuple[float, int, Any]], int]:
    """The first `wanted` hits by order key, where nothing ranks one before another.

    To look for the end of such a tie would be to read all that a filter finds.
    """
    result = searcher.search(
        query,
        limit=max(min(wanted, searcher.num_docs), 1),
        count=True,
        order_by_field=ORDER,
        order=_Order.Asc,
    )
    rows = [(-0.0, int(order), address) for order, address in result.hits]
    return rows, int(result.count)


def _fetch(searcher: Any, query: Any, limit: int, sorting: Sorting) -> Any:
    if sorting is Sorting.SCORE:
        return searcher.search(query, limit=limit, count=True)
    field, order = _FAST_SORTS[sorting]
    return searcher.search(
        query, limit=limit, count=True, order_by_field=field, order=order
    )


_FAST_SORTS = {
    Sorting.NEWEST: (CAPTURED_US, _Order.Desc),
    Sorting.OLDEST: (CAPTURED_US, _Order.Asc),
    Sorting.CLAIMED_NEWEST: (CLAIMED_US, _Order.Desc),
    Sorting.CLAIMED_OLDEST: (CLAIMED_US, _Order.Asc),
}


def _hit(score: float, order: int, found: Any | None) -> EngineHit:
    stored: Mapping[str, object] = (
        {} if found is None else unpack(bytes(found.get_first(STORED)))
    )
    return EngineHit(order=order, score=score, stored=stored)


def _to_engine(document: Document) -> Any:
    """Every value is put in by its own typed method: a wrong type kills the writer."""
    made = tantivy.Document()
    for name, tokens in document.tokens.items():
        made.add_text(name, tokens)
    for name, values in document.filters.items():
        for value in values:
            made.add_text(name, value)
    for name in GROUPS:
        made.add_text(name, combine(name, document.filters))
    made.add_unsigned(ORDER, document.order)
    times = {CAPTURED_US: document.captured_us, CLAIMED_US: document.claimed_us}
    for name, moment in times.items():
        if moment is not None:
            made.add_integer(name, moment)
            made.add_unsigned(DAYS[name], day_number(moment))
    stored = {**document.stored, ID: document.document_id}
    made.add_bytes(STORED, pack(stored, document.compressed))
    return made
