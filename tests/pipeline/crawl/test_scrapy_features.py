"""Stock Scrapy through our handler: each feature works, and every attempt is kept."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.store.reading.reader import ArchiveReader
from archive.store.segments.segment import open_slice
from archive.warc.reading import read_records
from tests.support.capturing.sources import (
    ALL_FOLLOWED,
    IGNORE_ROBOTS,
    host_tables,
    seed_table,
)
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

REPOSITORY = Path(__file__).parents[3]
SOURCE = (
    host_tables() + seed_table("http://a.example/") + ALL_FOLLOWED + "concurrency = 2\n"
)

HOST = "http://a.example"
Probe = Callable[..., dict[str, Any]]


def reply(status: str, *head: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", *head, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
def probe(site: Site, evidence: Evidence, sources: Callable[..., Path]) -> Probe:
    """Run a spider over the site by `tests.support.capturing.probe`; its report."""

    def run(
        *paths: str, network: str = IGNORE_ROBOTS, meta: Any = None, **order: Any
    ) -> dict[str, Any]:
        folder = sources("outlet", SOURCE, network)
        values = {
            "archive": str(evidence.archive),
            "source": "outlet",
            "sources": str(folder),
            "connect_to": [f"a.example:80=127.0.0.1:{site.port}"],
            "requests": [(HOST + path, meta or {}) for path in paths],
            **order,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.capturing.probe"],
            input=json.dumps(values),
            env=evidence.environment(),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == 0, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    return run


def facts(evidence: Evidence) -> list[tuple[str, int | None, str]]:
    """Path, status and outcome of every capture of an exchange, in order."""
    reader = ArchiveReader.open(evidence.archive)
    found = [
        (c.target_uri.removeprefix(HOST), c.http_status, str(c.outcome))
        for c in reader.captures()
        if c.kind == "capture"
    ]
    reader.close()
    return found


def metadata(evidence: Evidence, path: str) -> list[dict[str, Any]]:
    reader = ArchiveReader.open(evidence.archive)
    found = [
        dict(reader.read_exchange(c).metadata)
        for c in reader.find_captures(HOST + path)
    ]
    reader.close()
    return found


def test_a_503_is_retried_and_each_attempt_is_a_capture(
    site: Site, evidence: Evidence, probe: Probe
) -> None:
    busy = reply("503 Busy")
    site.serve_in_turn("/x", busy, busy, reply("200 OK", body=b"there"))
    (seen,) = probe("/x")["seen"]
    assert (seen["status"], seen["body"], seen["retries"]) == (200, "there", 2)
    assert facts(evidence) == [
        ("/x", 503, "complete"),
        ("/x", 503, "complete"),
        ("/x", 200, "complete"),
    ]
    contexts = [m["context"] for m in metadata(evidence, "/x")]
    assert [c["attempt"] for c in contexts] == [1, 2, 3]
    assert contexts[0]["parent"] is None
    assert None not in [c["parent"] for c in contexts[1:]]
    assert evidence.verified() == "VERIFIED"


def test_a_spider_is_told_which_capture_a_response_is(
    site: Site, evidence: Evidence, probe: Probe
) -> None:
    site.serve("/x", "<p>there")
    (seen,) = probe("/x")["seen"]
    told = seen["warc"]
    reader = ArchiveReader.open(evidence.archive)
    capture = reader.get_capture(told["capture_id"])
    reader.close()
    with open_slice(evidence.archive / "segments", capture.location) as stream:
        response = next(iter(read_records(stream)))
    assert capture.short_id == told["short_id"]
    assert response.header.type == "response"
    assert response.header.record_id == told["record_id"] == capture.record_id
    segment = evidence.archive / "segments" / told["segment"]
    data = segment.with_name(segment.name + ".open").read_bytes()
    part = data[told["offset"] : told["offset"] + told["length"]]
    assert hashlib.sha256(part).hexdigest() == told["capture_id"]
    block = hashlib.sha256(site.pages["/x"]).hexdigest()
    payload = hashlib.sha256(b"<p>there").hexdigest()
    assert told["block_digest"] == f"sha256:{block}"
    assert told["payload_digest"] == f"sha256:{payload}"
    assert (told["outcome"], told["captured_at"][-1]) == ("complete", "Z")


def test_redirects_are_followed_and_each_hop_is_a_capture(
    site: Site, evidence: Evidence, probe: Probe
) -> None:
    statuses = (301, 302, 303, 307, 308)
    for status in statuses:
        site.serve_raw(
            f"/{status}", reply(f"{status} Go", f"Location: /b{status}").decode()
        )
        site.serve(f"/b{status}", "<p>end")
    report = probe(*(f"/{status}" for status in statuses))
    ends = {seen["asked"]: (seen["url"], seen["status"]) for seen in report["seen"]}
    assert ends == {f"{HOST}/{s}": (f"{HOST}/b{s}", 200) for s in statuses}
    hops = {(f"/{status}", status) for status in statuses}
    assert {f[:2] for f in facts(evidence)} == hops | {
        (f"/b{s}", 200) for s in statuses
    }
    for status in statuses:
        assert metadata(evidence, f"/b{status}")[0]["context"]["hop"] == 1


def test_a_loop_and_an_eleventh_hop_end_with_every_hop_kept(
    site: Site, evidence: Evidence, probe: Probe
) -> None:
    site.serve_raw("/loop", reply("302 Go", "Location: /loop?1").decode())
    site.serve_raw("/loop?1", reply("302 Go", "Location: /loop").decode())
    for hop in range(12):
        site.serve_raw(f"/{hop}", reply("301 Go", f"Location: /{hop + 1}").decode())
    report = probe("/loop", "/0", dont_filter=True)
    assert [s["error"] for s in report["seen"]] == ["IgnoreRequest"] * 2
    kept = [path for path, _, _ in facts(evidence)]
    assert sorted(p for p in kept if "loop" not in p) == sorted(
        f"/{n}" for n in range(11)
    )
    assert len([p for p in kept if "loop" in p]) == 11
    assert sorted(kept) == sorted(site.paths)


def test_robots_txt_is_obeyed_and_kept(
    site: Site, evidence: Evidence, probe: Probe
) -> None:
    robots = "User-agent: *\nDisallow: /private"
    site.serve("/robots.txt", robots, "Content-Type: text/plain")
    site.serve("/open", "<p>open")
    report = probe("/private", "/open", network="")
    results = {s["asked"]: s.get("error") or s["status"] for s in report["seen"]}
    assert results == {HOST + "/private": "IgnoreRequest", HOST + "/open": 200}
    assert [f[:2] for f in facts(evidence)] == [("/robots.txt", 200), ("/open", 200)]


def test_autothrottle_takes_our_latency(site: Site, probe: Probe) -> None:
    for number in range(4):
        site.serve(f"/{number}", "<p>")
    settings = {"AUTOTHROTTLE_ENABLED": True, "AUTOTHROTTLE_START_DELAY": 0.2}
    report = probe("/0", "/1", "/2", "/3", settings=settings)
    assert all(s["latency"] > 0 for s in report["seen"])
    (delay,) = report["delays"].values()
    assert 0 < delay < 0.2  # halved towards the latency with each response


def test_slots_bound_how_many_requests_run_at_once(site: Site, probe: Probe) -> None:
    lock, now, most = threading.Lock(), 0, 0

    def slow(_head: bytes, path: str) -> bytes:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.1)
        with lock:
            now -= 1
        return site.reply(path)

    site.answering = slow
    paths = [f"/{number}" for number in range(8)]
    report = probe(*paths)
    assert len(report["seen"]) == 8
    assert most == 2


def test_a_jobdir_goes_on_where_a_crawl_was_closed(
    site: Site, evidence: Evidence, probe: Probe, tmp_path: Path
) -> None:
    paths = [f"/{number}" for number in range(30)]
    for path in paths:
        site.serve(path, f"<p>{path}")
    settings = {"JOBDIR": str(tmp_path / "job"), "CONCURRENT_REQUESTS": 1}
    first = probe(*paths, settings=settings, close_after=8)
    queues = list((tmp_path / "job" / "requests.queue").rglob("*"))
    assert any(q.read_bytes().startswith(b"SQLite") for q in queues if q.is_file())
    second = probe(*paths, settings=settings)
    assert 8 <= len(first["seen"]) < 30
    assert len(second["seen"]) == 30 - len(first["seen"])
    assert sorted(site.paths) == sorted(paths)
    assert sorted(f[0] for f in facts(evidence)) == sorted(paths)
    assert evidence.verified() == "VERIFIED"


def test_the_files_pipeline_downloads_through_the_engine(
    site: Site, evidence: Evidence, probe: Probe, tmp_path: Path
) -> None:
    data = b"%PDF" + bytes(200_000)
    site.serve("/", "<p>")
    site.serve("/list.pdf", data, "Content-Type: application/pdf")
    settings = {
        "ITEM_PIPELINES": {"scrapy.pipelines.files.FilesPipeline": 1},
        "FILES_STORE": str(tmp_path / "files"),
    }
    report = probe("/", settings=settings, files=["/list.pdf", "/gone.pdf"])
    assert report["stats"]["file_status_count/downloaded"] == 1
    (stored,) = (tmp_path / "files" / "full").iterdir()
    assert stored.read_bytes() == data
    assert [f[:2] for f in facts(evidence)] == [
        ("/", 200),
        ("/list.pdf", 200),
        ("/gone.pdf", 404),
    ]


@pytest.mark.parametrize("rule", ["off", "run"])
def test_cookies_are_sent_back_only_where_the_source_says_so(
    site: Site, probe: Probe, rule: str
) -> None:
    site.serve("/", "<a href=/two>", "Set-Cookie: a=1", "Content-Type: text/html")
    site.serve("/two", "<p>")
    network = f'{IGNORE_ROBOTS}cookies = "{rule}"\n'
    assert len(probe("/", network=network, follow=True)["seen"]) == 2
    requests = {r.split(b" ", 2)[1]: r.lower() for r, _ in site.log}
    assert b"cookie" not in requests[b"/"]
    assert (b"\r\ncookie: a=1\r\n" in requests[b"/two"]) is (rule == "run")
    again = probe("/two", network=network)  # the jar ends with its run
    assert again["seen"][0]["status"] == 200
    assert b"cookie" not in site.log[-1][0].lower()


def test_a_meta_refresh_is_followed(
    site: Site, evidence: Evidence, probe: Probe
) -> None:
    site.serve("/a", '<meta http-equiv="refresh" content="0;url=/b">')
    site.serve("/b", "<p>end")
    (seen,) = probe("/a")["seen"]
    assert seen["url"] == HOST + "/b"
    assert [f[0] for f in facts(evidence)] == ["/a", "/b"]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("signal", ["headers_received", "bytes_received"])
def test_a_stopped_download_is_kept_as_far_as_it_came(
    site: Site, evidence: Evidence, probe: Probe, *, signal: str, fails: bool
) -> None:
    site.serve("/big", bytes(3_000_000), "Content-Type: application/pdf")
    order = {"spider": "stopper", "stop_at": signal, "stop_fails": fails}
    (seen,) = probe("/big", **order)["seen"]
    assert seen.get("error") == ("StopDownload" if fails else None)
    assert "download_stopped" in seen["flags"]
    assert facts(evidence) == [("/big", 200, "stopped")]
    assert evidence.verified() == "VERIFIED"


def test_the_smaller_of_two_size_limits_holds(
    site: Site, evidence: Evidence, probe: Probe
) -> None:
    site.serve("/big", bytes(100_000), "Content-Type: application/pdf")
    (seen,) = probe("/big", meta={"download_maxsize": 5_000})["seen"]
    assert seen["error"] == "DownloadCancelledError"
    assert facts(evidence) == [("/big", 200, "length")]
    (recorded,) = metadata(evidence, "/big")
    assert recorded["framing"]["body_bytes"] == 5_000


def test_a_cut_body_is_an_error_or_a_flag(
    site: Site, evidence: Evidence, probe: Probe
) -> None:
    head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"
    site.serve_raw("/cut", head, b"half")
    strict = probe("/cut", settings={"RETRY_ENABLED": False})["seen"]
    assert [s["error"] for s in strict] == ["ResponseDataLossError"]
    (seen,) = probe("/cut", settings={"DOWNLOAD_FAIL_ON_DATALOSS": False})["seen"]
    assert (seen["body"], "dataloss" in seen["flags"]) == ("half", True)
    assert {f[2] for f in facts(evidence)} == {"disconnect"}


def test_C11_no_header_is_run_as_code(
    site: Site, evidence: Evidence, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    bait, hooked = evidence.root / "bait", evidence.root / "hooked"
    bait.mkdir()
    (bait / "bait.py").write_text(f"open({str(hooked)!r}, 'w').close()")
    path = f"{REPOSITORY}:{bait}"
    environment = evidence.environment
    monkeypatch.setattr(
        type(evidence),
        "environment",
        lambda self: {**environment(), "PYTHONPATH": path},
    )
    names = ("Referrer-Policy", "Content-Type", "Content-Encoding", "X-Powered-By")
    hostile = [f"{name}: bait.Policy" for name in names]
    site.serve("/", "<a href=/two>two</a>", *hostile[:1], "Content-Type: text/html")
    site.serve("/two", "<p>two", *hostile, "Refresh: 0;url=javascript:bait.Policy")
    assert len(probe("/", follow=True)["seen"]) == 2
    assert not hooked.exists()
    assert [f[0] for f in facts(evidence)] == ["/", "/two"]


def test_a_conflicting_setting_stops_the_run_before_it_begins(
    site: Site, probe: Probe
) -> None:
    """One for all that the add-on refuses: `crawl/seam/test_seam.py` has each."""
    report = probe("/", settings={"TELNETCONSOLE_ENABLED": True})
    assert report["refused"].startswith("SettingsError")
    assert "TELNETCONSOLE_ENABLED" in report["refused"]
    assert site.log == []
