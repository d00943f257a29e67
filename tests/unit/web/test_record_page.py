"""What the page of one capture says: times, proof, failures, removals, damage."""

import json
import re
import shutil
from pathlib import Path

import pytest
from werkzeug.test import Client

from archive.attest.trust.folder import read_trust
from archive.claim import CLAIM
from archive.store.reading.reader import ArchiveReader
from archive.store.tombstones import RemovalOrder
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Finding, Outcome, Report
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import make_archive
from tests.support.web.page_reader import PATHS, Reader
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import Applications, create_app
from web.services import TrustState
from web.settings import WebSettings


@pytest.fixture
def reader(apps: Applications) -> Reader:
    return Reader(apps)


def test_a_record_shows_times_proof_digests_headers_and_a_citation(
    world: World, reader: Reader
) -> None:
    main = world.named["main"]
    html = reader.get(f"/c/{main.short_id}")
    for text in (
        "2025-01-26 18:04:11",
        "VERIFIED",
        "one witness: the operator; no independent time",
        f"sha256:{main.capture_id}",
        str(main.payload_digest),
        "203.0.113.7:80",
        CLAIM,
        "Election observers",
        f"/c/{world.named['changed'].short_id}",
    ):
        assert text in html, text
    source = reader.get(f"/c/{main.short_id}/source")
    for text in (
        "WARC-Payload-Digest",
        "HTTP/1.1 200 Said",
        "GET /results HTTP/1.1",
        f"{REPLAY}/raw/{main.short_id}",
    ):
        assert text in source, text
    parts = reader.get(f"/c/{main.short_id}/parts")
    assert f"/c/{world.named['style'].short_id}" in parts
    assert "failed" in parts
    frame = re.search(r"<iframe[^>]+>", html)
    assert frame is not None
    assert f'src="{REPLAY}/v/{main.short_id}"' in frame[0]
    assert 'sandbox=""' in frame[0]


def test_a_receipt_names_each_check_that_was_not_made(
    world: World, apps: Applications, reader: Reader
) -> None:
    apps.site.sweep.run()
    of_a_capture = [
        "enough witnesses cosigned the checkpoint",
        "enough time-stamp authorities stamped the checkpoint",
        "the authorities&#39; certificates were not revoked",
        "capture times lie inside the proven bracket",
        "the log continues the checkpoint you saw last",
    ]
    of_all = [*of_a_capture, "time stamps lie beside the log as they were logged"]
    for path, unmade in (
        (f"/c/{world.named['main'].short_id}", of_a_capture),
        ("/status", of_all),
    ):
        named = re.findall(r"\bwhether ([^:<]+)", reader.get(path))
        assert sorted(map(str.strip, named)) == sorted(unmade)


def test_a_page_statement_has_a_record_of_its_own(world: World, reader: Reader) -> None:
    html = reader.get(f"/c/{world.named['page'].short_id}")
    assert "VERIFIED" in html
    assert f"sha256:{world.named['page'].capture_id}" in html


def test_a_failure_is_shown_as_not_reachable_from_here(
    world: World, reader: Reader
) -> None:
    html = reader.get(f"/c/{world.named['failure'].short_id}")
    assert "not reachable from here" in html
    assert "the name could not be resolved" in html
    assert "<iframe" not in html


@pytest.mark.parametrize(
    ("name", "banner", "citation"),
    [
        ("failure", "not reachable from here", "Nothing was received: the name could"),
        ("forbidden", "Not tried: no connection", "Nothing was received: our own"),
        ("posted", "no GET but</strong> <code>POST", "The request was POST, not GET."),
        ("cut", "Not whole: the bytes end", "Not whole: cut off by the server."),
        ("missing", "", "The server answered 404."),
        ("main", "", ""),
    ],
)
def test_what_is_no_plain_visit_says_so_in_banner_and_citation(
    name: str, banner: str, citation: str, world: World, reader: Reader
) -> None:
    html = reader.get(f"/c/{world.named[name].short_id}")
    cited = reader.get(f"/c/{world.named[name].short_id}/cite")
    assert banner in html
    assert citation in html
    assert citation in cited
    if name != "failure":
        assert "not reachable" not in html
    if name == "main":
        assert "Nothing was received" not in cited
        assert "The request was" not in cited
        assert "Not whole" not in cited


def test_what_is_cut_short_is_counted_as_a_failure(reader: Reader) -> None:
    rows = re.findall(r">([^<]+)(?:</a>)?</dt><dd>([^<]+)</dd>", reader.get("/"))
    assert ("Failures kept as evidence", "3") in rows


def test_a_failed_check_keeps_the_page_out_of_the_frame(world: World) -> None:
    report = world.services().verify(world.named["main"])
    bad = Finding(
        step=5,
        code="slice-altered",
        outcome=Outcome.FAILED,
        subject="x",
        detail="bytes were altered",
        specification="RFC 1952",
    )
    failed = Report(
        subject="x", findings=(bad,), required=report.required, headline=None
    )
    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    apps = create_app(settings, world.services(verify=lambda _: failed))
    html = Reader(apps).get(f"/c/{world.named['main'].short_id}")
    assert "badge-failed" in html
    assert "bytes were altered" in html
    assert "<iframe" not in html


def test_a_restricted_capture_answers_like_an_unknown_one(world: World) -> None:
    secret = world.named["secret"]
    world.index.add(secret, "таямніца")
    apps = world.apps(restricted=frozenset({"inside"}))
    reader = Reader(apps)
    unknown = "a" * 26
    for path in ("/c/{}", "/c/{}/text", "/c/{}/cite", "/api/v1/c/{}"):
        hidden = reader.get(path.format(secret.short_id), 404)
        assert hidden == reader.get(path.format(unknown), 404)
    replay = Client(apps.replay)
    for path in ("/v/{}", "/raw/{}", "/raw/{}/wire", "/raw/{}/slice"):
        kept_back = replay.get(path.format(secret.short_id), base_url=REPLAY)
        absent = replay.get(path.format(unknown), base_url=REPLAY)
        assert (kept_back.status_code, kept_back.data) == (404, absent.data)
    key = apps.site.key_of(secret.target_uri)
    reader.get(f"/u/{key}", 404)
    reader.get(f"/s/{apps.site.key_of('inside')}", 404)
    for path in PATHS:
        assert not re.search(r"inside\.example|>inside<", reader.get(path))
    assert secret.short_id not in reader.get(reader.post("/search", q="x"))
    reader.post("/find", 404, q=secret.short_id)


def test_a_tombstone_says_what_was_removed_and_why(
    world: World, tmp_path: Path
) -> None:
    made = make_archive(tmp_path)
    gone, kept = made.fill(2)
    archive = ArchiveReader.open(made.root)
    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    apps = create_app(settings, world.services(archive=archive))
    reader = Reader(apps)
    key = apps.site.key_of(gone.target_uri)
    reader.get(f"/u/{key}")
    order = RemovalOrder(reason="personal data", authority="court <order>")
    with made.open_writer() as writer:
        writer.remove(gone, order)
    html = reader.get(f"/c/{gone.short_id}", 410)
    assert "personal data" in html
    assert "court &lt;order&gt;" in html
    response = Client(apps.replay).get(f"/v/{gone.short_id}", base_url=REPLAY)
    assert response.status_code == 410
    api = json.loads(reader.get(f"/api/v1/c/{gone.short_id}", 410))
    assert (api["tombstone"]["leaf"], api["tombstone"]["access"]) == (
        gone.leaf,
        "tombstoned",
    )
    reader.get(f"/u/{key}", 404)
    reader.get(f"/c/{kept.short_id}")
    assert apps.site.up_to_date().counts().captures == 1
    archive.close()


@pytest.fixture
def damaged(world: World, tmp_path: Path) -> Applications:
    """The same archive with one byte of the main capture changed."""
    root = tmp_path / "archive"
    shutil.copytree(world.root, root)
    location = world.named["main"].location
    (segment,) = root.glob("segments/*/*/*.gz*")
    segment.chmod(0o600)
    with segment.open("r+b") as stream:
        stream.seek(location.offset_bytes + location.length_bytes // 2)
        byte = stream.read(1)
        stream.seek(-1, 1)
        stream.write(bytes([byte[0] ^ 1]))
    reader = ArchiveReader.open(root)
    trust = read_trust(world.trust, reader.identity.origin)
    services = world.services(
        archive=reader,
        verify=lambda one: verify_capture(reader, one, trust=trust),
        verify_archive=lambda: verify_archive(root, trust=trust),
    )
    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    return create_app(settings, services)


def test_a_changed_byte_is_told_and_nothing_of_it_is_shown(
    world: World, damaged: Applications
) -> None:
    reader = Reader(damaged)
    short = world.named["main"].short_id
    html = reader.get(f"/c/{short}")
    assert "badge-failed" in html
    assert "badge-verified" not in html
    assert "<iframe" not in html
    assert "Nothing, as long as" in html
    record = json.loads(reader.get(f"/api/v1/c/{short}"))
    assert record["report"]["outcome"] == "FAILED"
    replay = Client(damaged.replay)
    for path in ("/v/{}", "/raw/{}", "/raw/{}/wire", "/raw/{}/slice"):
        answer = replay.get(path.format(short), base_url=REPLAY)
        assert answer.status_code == 500
        assert b"not the ones" in answer.data
    damaged.site.sweep.run()
    assert "badge-failed" in reader.get("/")
    assert "badge-verified" in reader.get(f"/c/{world.named['changed'].short_id}")


def test_an_unknown_log_is_not_checked(world: World) -> None:
    services = world.services(
        verify=lambda one: verify_capture(world.reader, one, trust=None),
        trust=TrustState(fingerprint=None),
    )
    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    html = Reader(create_app(settings, services)).get(
        f"/c/{world.named['main'].short_id}"
    )
    assert "badge-not-checked" in html
    assert "badge-verified" not in html
    assert "trust folder knows nothing" in html
