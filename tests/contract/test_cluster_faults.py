"""A cluster that is away, slow, busy or half refusing loses and doubles nothing.

A proxy of our own stands in front of a real server and misbehaves by a seeded plan. The
archive is the queue: what failed is sent again from it, by the same run or the next.
"""

import json
import random
import shutil
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from archive.errors import SearchUnavailable
from archive.settings import SearchSettings
from archive.store.reading.reader import ArchiveReader
from search.documents.document import Document
from search.engines import elastic_bulk, elastic_engine
from search.engines.base import AllOf
from search.engines.elastic_engine import Cluster, ClusterAccess, ElasticEngine
from search.engines.elastic_layout import document_body
from search.engines.opening import CLUSTERED, Engines, index_name
from search.indexing.generations import find_current
from search.indexing.index import Indexer, IndexReport
from search.rows.captures import CaptureRows
from tests.contract.conftest import SERVERS, require_server
from tests.support.archives.search_archive import ArchiveBox, make_box
from tests.support.servers.elastic_server import Server, running
from tests.support.servers.serving import QuietHttpServer, serving

pytestmark = pytest.mark.timeout(600)
PAGES = 80
FAULTS = {"none": 20, "down": 3, "busy": 3, "ill": 3, "lost": 3, "half": 6, "slow": 1}
"""How often each happens, of all bulk requests."""
STATUSES = {"busy": 429, "ill": 503, "locked": 403, "gone": 404}
HANG_SECONDS = 4.0


class _Proxy(BaseHTTPRequestHandler):
    """Hands requests to the real server, unless the plan says otherwise."""

    protocol_version = "HTTP/1.1"
    target = ""
    plan: Callable[[], str]

    def do_ANY(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        fault = type(self).plan() if self.path.endswith("_bulk") else "none"
        if fault == "down":
            self.close_connection = True
        elif fault in STATUSES:
            self._answer(STATUSES[fault], b'{"error":"not now"}')
        elif fault == "half":
            self._half(body)
        else:
            status, answer = self._forward(body)
            if fault == "lost":
                self.close_connection = True
                return
            if fault == "slow":
                threading.Event().wait(HANG_SECONDS)
            self._answer(status, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_ANY

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        request = urllib.request.Request(
            self.target + self.path, data=body or None, method=self.command
        )
        if kind := self.headers.get("Content-Type"):
            request.add_header("Content-Type", kind)
        request.add_header("Accept", self.headers.get("Accept", "application/json"))
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def _half(self, body: bytes) -> None:
        """Every second document is refused as too many, the others are taken."""
        lines = body.splitlines(keepends=True)
        pairs = [lines[at : at + 2] for at in range(0, len(lines), 2)]
        taken = b"".join(line for pair in pairs[::2] for line in pair)
        _, answer = self._forward(taken)
        items = iter(json.loads(answer)["items"])
        made: list[Any] = []
        for number, pair in enumerate(pairs):
            name = json.loads(pair[0])["index"]["_id"]
            refused = {"_id": name, "status": 429, "error": {"type": "rejected"}}
            made.append(next(items) if number % 2 == 0 else {"index": refused})
        whole = {"errors": True, "took": 1, "items": made}
        self._answer(200, json.dumps(whole).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header(
            "Content-Type", "application/vnd.elasticsearch+json;compatible-with=8"
        )
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            with suppress(ConnectionError):  # whoever waited may have given up
                self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def misbehaving(target: str, plan: Callable[[], str]) -> Iterator[str]:
    """The address of a proxy in front of `target`."""
    handler = type("Proxy", (_Proxy,), {"target": target, "plan": staticmethod(plan)})
    with serving(QuietHttpServer(("127.0.0.1", 0), handler)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> ArchiveBox:
    """An archive with some pages."""
    made = make_box(tmp_path_factory.mktemp("faults"), seed="faults")
    made.capture(
        *(
            made.exchange(f"https://a.example/{n}", f"<p>Page {n}, выбары {n % 9}</p>")
            for n in range(PAGES)
        )
    )
    return made


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small requests, so that there are many; short waits and limits of time."""
    monkeypatch.setattr(elastic_bulk, "REQUEST_DOCUMENTS", 4)
    monkeypatch.setattr(elastic_bulk, "BACKOFF_SECONDS", (0.001, 0.01))
    monkeypatch.setattr(elastic_engine, "WAITING_DOCUMENTS", 10)
    monkeypatch.setattr(elastic_engine, "WRITE_SECONDS", HANG_SECONDS / 2)
    monkeypatch.setattr("search.indexing.batch.COMMIT_CAPTURES", 20)


def copy_of(box: ArchiveBox, folder: Path) -> Path:
    """A copy of the archive without an index."""
    root = folder / "archive"
    shutil.copytree(box.root, root, ignore=shutil.ignore_patterns("index"))
    return root


def run_index(root: Path, url: str) -> IndexReport:
    """One run of the indexer."""
    engines = Engines(settings=SearchSettings(url=url, engine=CLUSTERED))
    reader = ArchiveReader.open(root)
    try:
        return Indexer(reader, engines=engines, workers=1).run()
    finally:
        reader.close()


def run_until_done(root: Path, url: str, runs: int = 30) -> IndexReport:
    """Run again after each failure, as a person or a timer would."""
    for _ in range(runs):
        try:
            return run_index(root, url)
        except SearchUnavailable:
            continue
    raise AssertionError(f"not done after {runs} runs")


def assert_complete(root: Path, url: str, report: IndexReport) -> None:
    """Each capture has its document in the cluster, once."""
    assert (report.documents, report.captures, report.rejected) == (PAGES, PAGES, 0)
    current = find_current(root)
    assert current is not None
    rows = CaptureRows.open(current.rows_path)
    archive_id = rows.get_progress("archive")
    rows.close()
    assert archive_id is not None
    name = index_name(archive_id, current.folder.name)
    engine = ElasticEngine(Cluster(ClusterAccess(url=url)), name)
    hits = list(engine.stream(AllOf(wanted=())))
    assert len({str(hit.stored["capture"]) for hit in hits}) == len(hits) == PAGES


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 9))]
)
def test_faults_in_any_mix_lose_and_double_nothing(
    box: ArchiveBox, server: Server, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    seen: list[str] = []

    def plan() -> str:
        seen.extend(rng.choices(list(FAULTS), list(FAULTS.values())))
        return seen[-1]

    root = copy_of(box, tmp_path)
    with misbehaving(server.url, plan) as url:
        report = run_until_done(root, url)
    assert_complete(root, server.url, report)
    assert len(set(seen) - {"none"}) >= 4


def test_a_cluster_that_is_away_ends_the_run_and_the_next_goes_on(
    box: ArchiveBox, server: Server, tmp_path: Path
) -> None:
    root = copy_of(box, tmp_path)
    calls = 0

    def plan() -> str:
        nonlocal calls
        calls += 1
        return "none" if calls < 6 else "down"

    with (
        misbehaving(server.url, plan) as url,
        pytest.raises(SearchUnavailable, match="nothing is lost"),
    ):
        run_index(root, url)
    assert_complete(root, server.url, run_index(root, server.url))


@pytest.mark.parametrize("fault", ["locked", "gone"])
def test_a_request_refused_as_a_whole_refuses_no_document(
    box: ArchiveBox, server: Server, tmp_path: Path, fault: str
) -> None:
    """As when a key ends, or somebody removes the index, in the middle of a run."""
    root = copy_of(box, tmp_path)
    calls = 0

    def plan() -> str:
        nonlocal calls
        calls += 1
        return "none" if calls < 4 else fault

    with (
        misbehaving(server.url, plan) as url,
        pytest.raises(SearchUnavailable, match="refuse"),
    ):
        run_index(root, url)
    assert_complete(root, server.url, run_index(root, server.url))


def test_a_document_refused_for_good_is_named_and_blocks_no_other(
    box: ArchiveBox, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after somebody changed the mapping: a field of ours has another type."""

    def spoil(document: Document) -> dict[str, Any]:
        body = document_body(document)
        spoiled = "/7" in str(document.stored["uri"])
        return body | ({"order": "text"} if spoiled else {})

    monkeypatch.setattr(elastic_engine, "document_body", spoil)
    root = copy_of(box, tmp_path)
    report = run_index(root, server.url)
    current = find_current(root)
    assert current is not None
    lines = (current.folder / "rejected.jsonl").read_text("utf-8").splitlines()
    assert report.rejected == len(lines) == 11
    assert all("order" in json.loads(line)["reason"] for line in lines)
    again = run_index(root, server.url)
    assert (again.captures_added, again.rebuilt) == (0, False)


@pytest.mark.slow
def test_a_node_killed_while_indexing_loses_nothing(
    box: ArchiveBox,
    tmp_path: Path,
    require_program: Callable[[str], Path],
) -> None:
    require_server(SERVERS[0], require_program)
    root = copy_of(box, tmp_path)
    with running(SERVERS[0], nodes=3) as servers:
        calls = 0

        def plan() -> str:
            nonlocal calls
            calls += 1
            if calls == 8:
                servers[2].stop(signal.SIGKILL)
            return "none"

        with misbehaving(servers[0].url, plan) as url:
            settings = SearchSettings(url=url, engine=CLUSTERED, replicas=1)
            for _ in range(60):
                reader = ArchiveReader.open(root)
                try:
                    engines = Engines(settings=settings)
                    report = Indexer(reader, engines=engines, workers=1).run()
                    break
                except SearchUnavailable:
                    continue
                finally:
                    reader.close()
            else:
                raise AssertionError("the cluster did not recover")
        assert calls >= 8
        assert_complete(root, servers[0].url, report)
