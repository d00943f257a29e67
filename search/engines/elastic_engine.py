"""The engine at scale: an Elasticsearch cluster; the only importer of its client.

One index per archive and generation, named `evidence-ARCHIVE-gNNNNNN`, behind the alias
`evidence-ARCHIVE`. Nothing is stored here that the archive does not hold.
"""

import json
import logging
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elasticsearch import (
    ApiError,
    Elasticsearch,
    ElasticsearchWarning,
    TransportError,
)

from archive.errors import SearchUnavailable
from search.documents.document import Document
from search.engines.base import (
    Clause,
    EngineHit,
    EnginePage,
    Rejected,
    Sorting,
    Tally,
)
from search.engines.elastic_bulk import (
    SENT_AGAIN,
    Answer,
    Parcel,
    Patience,
    deliver,
    requests_of,
)
from search.engines.elastic_layout import document_body, index_body
from search.engines.elastic_query import compile_clause, compile_sorting
from search.engines.fields import ORDER, STORED
from search.engines.tallying import aggregations, read_tally

SEARCH_SECONDS = 10.0
"""A reader waits no longer; a partial answer would be a wrong one."""
SEARCH_LIMIT = "8s"
"""What the cluster itself may take: it says so before we stop listening."""
WRITE_SECONDS = 60.0
"""One bulk request, or making an index."""
WAITING_DOCUMENTS = 2_000
"""Documents held before they are sent: what a busy cluster costs in memory."""
RESULT_WINDOW = 10_000
"""Hits a cluster ranks at once; pages beyond are walked to."""
STREAM_HITS = 500
STREAM_KEEP = "2m"
"""How long the cluster keeps a stream's point in time between two steps."""
_TOO_MANY, _SERVER_FAULT = 429, 500
_KEYS_REFUSED = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess:
    """Where the cluster is, and what opens it; the key is never shown."""

    url: str
    api_key: str | None = None
    ca_path: Path | None = None
    replicas: int = 0

    def __repr__(self) -> str:
        """Without the key."""
        return f"ClusterAccess({self.url!r})"


class Cluster:
    """A connection to a cluster; translates every error of the client."""

    def __init__(self, access: ClusterAccess) -> None:
        # Each failure is raised with the next step; the client would say it again.
        logging.getLogger("elastic_transport").setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore", category=ElasticsearchWarning)
        self._url = access.url
        self.replicas = access.replicas
        options: dict[str, Any] = {}
        if access.url.startswith("https:"):
            options["ca_certs"] = str(access.ca_path) if access.ca_path else None
        self._client = Elasticsearch(
            access.url,
            api_key=access.api_key,
            request_timeout=SEARCH_SECONDS,
            retry_on_timeout=False,
            max_retries=0,
            meta_header=False,
            **options,
        )

    @contextmanager
    def call(self, seconds: float = SEARCH_SECONDS) -> Iterator[Elasticsearch]:
        """The client for one call; SearchUnavailable with the next step."""
        try:
            yield self._client.options(request_timeout=seconds)
        except ApiError as error:
            raise SearchUnavailable(self._explain(error)) from error
        except TransportError as error:
            raise SearchUnavailable(
                f"the search cluster at {self._url} does not answer "
                f"({type(error).__name__}); start it, or set [search] url"
            ) from error

    def _explain(self, error: ApiError) -> str:
        status = error.meta.status
        if status in _KEYS_REFUSED:
            return (
                f"the search cluster at {self._url} refuses the key (HTTP {status}); "
                "check [search] api_key_file"
            )
        if status == _TOO_MANY or status >= _SERVER_FAULT:
            return f"the search cluster at {self._url} is busy or ill (HTTP {status})"
        return f"the search cluster at {self._url} refused (HTTP {status}, {error})"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def create_index(self, name: str) -> None:
        """Make an index with our mapping; one that is there is kept."""
        with self.call(WRITE_SECONDS) as client:
            if not client.indices.exists(index=name):
                client.indices.create(index=name, **index_body(self.replicas))

    def has_index(self, name: str) -> bool:
        """Whether the index is there."""
        with self.call() as client:
            return bool(client.indices.exists(index=name))

    def point_alias(self, alias: str, name: str) -> None:
        """Let the alias mean this index alone, in one step."""
        actions: list[Mapping[str, Any]] = [
            {"remove": {"index": f"{alias}-*", "alias": alias, "must_exist": False}},
            {"add": {"index": name, "alias": alias}},
        ]
        with self.call(WRITE_SECONDS) as client:
            client.indices.update_aliases(actions=actions)

    def drop_indices(self, alias: str, kept: Sequence[str]) -> None:
        """Remove the older generations of an alias."""
        with self.call(WRITE_SECONDS) as client:
            found = client.indices.get(index=f"{alias}-g*", allow_no_indices=True)
            for name in found:
                if name not in kept:
                    client.indices.delete(index=name)


class ElasticEngine:
    """One index of a cluster; opened for reading, or by its one writer for writing."""

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        *,
        writable: bool = False,
        patience: Patience | None = None,
    ) -> None:
        """Open an index that is there, or make it if it is to be written."""
        self._cluster, self._name = cluster, name
        self._patience = patience or Patience(sleep=time.sleep, random=lambda: 0.0)
        self._waiting: list[Parcel] = []
        self._rejected: list[Rejected] = []
        if writable:
            cluster.create_index(name)
        elif not cluster.has_index(name):
            raise SearchUnavailable(
                f"the search cluster has no index {name}; run `evidence index`"
            )

    @property
    def takes_repeats(self) -> bool:
        """True: ids are deterministic and each document carries its version."""
        return True

    def add(self, documents: Sequence[Document]) -> None:
        """Take in documents; sent in batches, visible after `commit`."""
        self._waiting += map(_parcel, documents)
        if len(self._waiting) >= WAITING_DOCUMENTS:
            self._flush()

    def commit(self) -> Sequence[Rejected]:
        """Make everything added durable and visible; says what was refused since."""
        self._flush()
        with self._cluster.call(WRITE_SECONDS) as client:
            client.indices.refresh(index=self._name)
        rejected, self._rejected = self._rejected, []
        return rejected

    def _flush(self) -> None:
        for parcels in requests_of(self._waiting):
            self._rejected += deliver(parcels, self._send, self._patience)
        self._waiting = []

    def _send(self, parcels: Sequence[Parcel]) -> Sequence[Answer]:
        """One bulk request; when the cluster is busy or away, each document waits.

        A request that is refused as a whole (a key that ended, an index that is gone)
        says nothing of the documents: it is raised, so that none counts as refused.
        """
        lines: list[Any] = []
        for parcel in parcels:
            action = {
                "_id": parcel.document_id,
                "version": parcel.version,
                "version_type": "external",
            }
            lines += [json.dumps({"index": action}).encode(), parcel.body]
        try:
            with self._cluster.call(WRITE_SECONDS) as client:
                answer = client.bulk(index=self._name, operations=lines)
        except SearchUnavailable as problem:
            status = _status_of(problem)
            if status not in SENT_AGAIN:
                raise
            return [Answer(status=status, reason=str(problem))] * len(parcels)
        return [_answer(item["index"]) for item in answer["items"]]

    def reload(self) -> None:
        """Nothing to do: the cluster shows what was refreshed."""

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
        order = compile_sorting(sorting)
        asked: dict[str, Any] = {
            "query": compile_clause(clause),
            "sort": order,
            "_source": False if bare else [STORED],
            "track_total_hits": True,
        }
        if offset + limit <= RESULT_WINDOW:
            found = self._ask({**asked, "size": limit, "from": offset})
            hits = found["hits"]["hits"]
            total = found["hits"]["total"]["value"]
        else:
            hits, total = self._walk(asked, offset=offset, limit=limit)
        place = len(order) - 1
        return EnginePage(total=total, hits=tuple(_hit(hit, place) for hit in hits))

    def _walk(
        self, asked: dict[str, Any], *, offset: int, limit: int
    ) -> tuple[list[Any], int]:
        """Hits `[offset, offset + limit)` where they lie beyond the window."""
        kept: list[Any] = []
        at = total = 0
        with self._frozen() as point:
            after: list[Any] | None = None
            while at < offset + limit:
                size = min(RESULT_WINDOW, offset + limit - at)
                skips = at + size <= offset
                step = {**asked, "size": size, "pit": point}
                step |= {"_source": False} if skips else {}
                step |= {"search_after": after} if after else {}
                found = self._ask(step)["hits"]
                total = found["total"]["value"]
                hits = found["hits"]
                kept += hits[max(0, offset - at) :]
                at += len(hits)
                if len(hits) < size:
                    break
                after = hits[-1]["sort"]
        return kept, total

    def tally(
        self, clause: Clause, fields: Sequence[str], times: Sequence[str] = ()
    ) -> Tally:
        """Count the documents of a clause by values of filter fields and by day."""
        found = self._ask(
            {
                "query": compile_clause(clause),
                "size": 0,
                "track_total_hits": True,
                "aggregations": aggregations(fields, times),
            }
        )
        total = int(found["hits"]["total"]["value"])
        return read_tally(total, found["aggregations"], fields, times)

    def stream(self, clause: Clause) -> Iterator[EngineHit]:
        """All documents of a clause in order-key order, as of now."""
        asked: dict[str, Any] = {
            "query": compile_clause(clause),
            "sort": [{ORDER: "asc"}],
            "size": STREAM_HITS,
            "_source": [STORED],
            "track_total_hits": False,
        }
        with self._frozen() as point:
            while True:
                hits = self._ask({**asked, "pit": point})["hits"]["hits"]
                yield from (_hit(hit, 0) for hit in hits)
                if len(hits) < STREAM_HITS:
                    return
                asked["search_after"] = hits[-1]["sort"]

    @contextmanager
    def _frozen(self) -> Iterator[dict[str, str]]:
        """A point in time: what is written meanwhile is not seen."""
        with self._cluster.call() as client:
            opened = client.open_point_in_time(index=self._name, keep_alive=STREAM_KEEP)
        try:
            yield {"id": opened["id"], "keep_alive": STREAM_KEEP}
        finally:
            with self._cluster.call() as client:
                client.close_point_in_time(id=opened["id"])

    def _ask(self, body: dict[str, Any]) -> Any:
        """Search; an answer of some shards only, or of a part of the time, is none."""
        index = None if "pit" in body else self._name
        with self._cluster.call() as client:
            found = client.search(
                index=index,
                body={**body, "timeout": SEARCH_LIMIT},
                allow_partial_search_results=False,
            )
        if found["timed_out"]:
            raise SearchUnavailable("the search cluster did not finish in time")
        return found

    def count(self) -> int:
        """How many documents the index holds."""
        with self._cluster.call() as client:
            return int(client.count(index=self._name)["count"])

    def close(self) -> None:
        """Send nothing more; what was not committed is sent again by the next run."""
        self._waiting = []


def _parcel(document: Document) -> Parcel:
    body = document_body(document)
    body[STORED] |= {"id": document.document_id}
    return Parcel(
        document_id=document.document_id,
        version=document.order,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
    )


def _answer(item: Mapping[str, Any]) -> Answer:
    error = item.get("error") or {}
    return Answer(
        status=int(item["status"]),
        reason=f"{error.get('type', '')} {error.get('reason', '')}".strip()[:500],
    )


def _status_of(problem: SearchUnavailable) -> int:
    """The HTTP status behind a problem; none came back: 503, try again."""
    cause = problem.__cause__
    if isinstance(cause, ApiError):
        return int(cause.meta.status)
    return 503


def _hit(found: Mapping[str, Any], place: int) -> EngineHit:
    """A hit; its order key is sort value `place`: a frozen reader adds one behind."""
    return EngineHit(
        order=int(found["sort"][place]),
        score=float(found["_score"] or 0),
        stored=found.get("_source", {}).get(STORED, {}),
    )
