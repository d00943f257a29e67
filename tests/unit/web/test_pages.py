"""What the pages show, and what they never show."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from archive.attest.trust import read_trust
from archive.claim import CLAIM
from archive.errors import SchemaMismatch, SearchUnavailable
from archive.store.reader import ArchiveReader
from archive.store.tombstones import RemovalOrder
from archive.verify.capture import verify_capture
from archive.verify.folder import verify_archive
from archive.verify.report import Finding, Outcome, Report
from tests.support.archives import make_archive
from tests.support.served import APP, REPLAY
from web.app import Applications, create_app
from web.services import TrustState
from web.settings import WebSettings

PATHS = (
    "/",
    "/captures",
    "/failures",
    "/sources",
    "/verify",
    "/verify/archive",
    "/claims",
    "/help",
    "/status",
)


class Reader:
    """A browser without cookies that follows nothing by itself."""

    def __init__(self, apps: Applications) -> None:
        self.client = Client(apps.app, use_cookies=False)

    def get(self, path: str, status: int = 200) -> str:
        response = self.client.get(path, base_url=APP)
        assert response.status_code == status, path
        return response.get_data(as_text=True)

    def post(self, path: str, status: int = 303, **form: str) -> str:
        response = self.client.post(path, data=form, base_url=APP)
        assert response.status_code == status
        return response.headers.get("Location", "")


@pytest.fixture
def reader(apps: Applications) -> Reader:
    return Reader(apps)


def all_paths(world: Any, apps: Applications) -> list[str]:
    paths = list(PATHS)
    for capture in world.named.values():
        paths.append(f"/c/{capture.short_id}")
        paths += [f"/c/{capture.short_id}/{tab}" for tab in ("cite", "source", "proof")]
        paths.append(f"/c/{capture.short_id}/bundle")
        if capture.kind == "capture":
            paths.append(f"/u/{apps.site.key_of(capture.target_uri)}")
    paths.append(f"/c/{world.named['main'].short_id}/text")
    paths.append(f"/c/{world.named['main'].short_id}/parts")
    paths.append(f"/c/{world.named['main'].short_id}/links")
    paths.append(f"/c/{world.named['drawn'].short_id}/picture")
    paths.append(f"/s/{apps.site.key_of('commission')}")
    return paths


def test_no_page_has_a_script_an_inline_style_or_an_outside_part(
    world: Any, apps: Applications, reader: Reader
) -> None:
    for path in all_paths(world, apps):
        html = reader.get(path)
        assert "<script" not in html.lower()
        assert not re.search(r"<[^>]+\sstyle=", html)
        assert not re.search(r"<[^>]+\son[a-z]+=", html)
        sources = re.findall(
            r"<(?:link|img|iframe)[^>]+(?:href|src)=\"([^\"]*)\"", html
        )
        assert all(s.startswith(("/static/", "data:image/", REPLAY)) for s in sources)


def test_a_page_a_browser_showed_has_its_picture_and_prints(
    world: Any, reader: Reader
) -> None:
    page = world.named["drawn-page"].short_id
    for name in ("drawn", "drawn-page"):
        html = reader.get(f"/c/{world.named[name].short_id}/picture")
        assert f'src="{REPLAY}/shot/{page}"' in html
        assert f'href="{REPLAY}/raw/{page}/kept/pdf"' in html
        told = json.loads(reader.get(f"/api/v1/c/{world.named[name].short_id}"))
        assert [one["name"] for one in told["artifacts"]] == ["view", "pdf"]
    reader.get(f"/c/{world.named['main'].short_id}/picture", 404)


def test_little_text_is_said_unless_a_browser_showed_the_page(
    world: Any, reader: Reader
) -> None:
    words = "may need a browser to fill it"
    assert words in reader.get(f"/c/{world.named['main'].short_id}")
    assert words not in reader.get(f"/c/{world.named['drawn'].short_id}")


def test_every_page_has_one_heading_a_language_and_a_skip_link(
    world: Any, apps: Applications, reader: Reader
) -> None:
    for path in all_paths(world, apps):
        html = reader.get(path)
        assert html.count("<h1") == 1, path
        assert '<html lang="en">' in html
        assert 'href="#main"' in html
        ids = re.findall(r"\sid=\"([^\"]*)\"", html)
        assert len(ids) == len(set(ids)), path


def test_the_search_page_says_what_is_held_and_what_is_claimed(
    world: Any, apps: Applications, reader: Reader
) -> None:
    html = reader.get("/")
    assert CLAIM in html
    assert "NOT CHECKED" in html
    apps.site.sweep.run()
    html = reader.get("/")
    assert "VERIFIED" in html
    assert "one witness: the operator; no independent time" in html
    assert f"/c/{world.named['changed'].short_id}" in html


def test_a_search_goes_by_post_and_its_words_are_in_no_address(
    world: Any, reader: Reader
) -> None:
    place = reader.post("/search", q="вынікі")
    assert re.fullmatch(r"/r/[a-z2-7]{26}", place)
    html = reader.get(place)
    assert set(world.index.asked) == {"вынікі"}
    assert "<mark>Папя</mark>рэднія вынікі &lt;script&gt;" in html
    assert f"/c/{world.named['main'].short_id}" in html
    addresses = re.findall(r"(?:href|action|src)=\"([^\"]*)\"", html)
    assert not any("вынікі" in one or "%D0" in one or "?" in one for one in addresses)


def test_an_empty_search_goes_home(reader: Reader) -> None:
    assert reader.post("/search", q="  ") == "/"


def test_a_query_that_cannot_be_read_is_explained(reader: Reader) -> None:
    html = reader.get(reader.post("/search", q="-only"))
    assert "only negatives" in html


@pytest.mark.parametrize("problem", [SearchUnavailable("x"), SchemaMismatch("x")])
def test_without_an_index_the_next_step_is_named(
    world: Any, reader: Reader, problem: Exception
) -> None:
    world.index.broken, world.index.problem = True, problem
    assert "evidence index" in reader.get(reader.post("/search", q="x"), 503)
    assert "VERIFIED" in reader.get(f"/c/{world.named['main'].short_id}")


def test_a_forgotten_search_gives_an_empty_form(reader: Reader) -> None:
    assert 'name="q"' in reader.get(f"/r/{'a' * 26}", 410)


def test_a_record_shows_times_proof_digests_headers_and_a_citation(
    world: Any, reader: Reader
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
    world: Any, apps: Applications, reader: Reader
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


def test_a_page_statement_has_a_record_of_its_own(world: Any, reader: Reader) -> None:
    html = reader.get(f"/c/{world.named['page'].short_id}")
    assert "VERIFIED" in html
    assert f"sha256:{world.named['page'].capture_id}" in html


def test_a_failure_is_shown_as_not_reachable_from_here(
    world: Any, reader: Reader
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
    name: str, banner: str, citation: str, world: Any, reader: Reader
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


def test_a_failed_check_keeps_the_page_out_of_the_frame(world: Any) -> None:
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


def test_the_history_of_an_address_tells_same_changed_and_failed(
    world: Any, apps: Applications, reader: Reader
) -> None:
    key = apps.site.key_of(world.named["main"].target_uri)
    html = reader.get(f"/u/{key}")
    rows = re.findall(r"class=\"change change-(\w+)\"", html)
    assert rows == ["none", "changed", "first"]


@pytest.mark.parametrize(
    "text",
    ["{short}", "{hex}", "sha256:{hex}", "Title. capture {short}. More", "{uri}"],
)
def test_pasted_ids_digests_citations_and_addresses_are_found(
    world: Any, reader: Reader, text: str
) -> None:
    main = world.named["main"]
    filled = text.format(short=main.short_id, hex=main.capture_id, uri=main.target_uri)
    place = reader.post("/find", q=filled)
    assert place.startswith("/u/" if "{uri}" in text else f"/c/{main.short_id}")


def test_what_is_not_there_is_not_found(reader: Reader) -> None:
    reader.post("/find", 404, q="http://nowhere.example/")
    reader.post("/find", 404, q="a" * 26)


def test_a_restricted_capture_answers_like_an_unknown_one(world: Any) -> None:
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


def test_a_tombstone_says_what_was_removed_and_why(world: Any, tmp_path: Path) -> None:
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


def test_the_json_twins_say_the_same(world: Any, reader: Reader) -> None:
    main = world.named["main"]
    record = json.loads(reader.get(f"/api/v1/c/{main.short_id}"))
    assert record["id"] == main.capture_id
    assert record["report"]["outcome"] == "VERIFIED"
    assert [part["gap"] for part in record["parts"]].count(None) == 4
    answer = reader.client.post(
        "/api/v1/search", json={"query": "вынікі", "limit": 5}, base_url=APP
    )
    found = json.loads(answer.get_data(as_text=True))
    assert found["total"] == 1
    assert found["hits"][0]["short_id"] == main.short_id
    assert found["hits"][0]["snippets"][0]["marks"] == [[0, 4]]
    status = json.loads(reader.get("/api/v1/status"))
    assert status["name"] == "Election observers"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": 5},
        {"query": "x", "limit": 0},
        {"query": "x", "limit": True},
        {"query": "x", "offset": -1},
    ],
)
def test_a_bad_search_object_gives_the_one_error_shape(
    reader: Reader, body: dict[str, object]
) -> None:
    answer = reader.client.post("/api/v1/search", json=body, base_url=APP)
    assert answer.status_code == 400
    error = json.loads(answer.get_data(as_text=True))["error"]
    assert set(error) == {"code", "message", "next_step"}


def test_hostile_titles_and_texts_stay_text(world: Any, reader: Reader) -> None:
    attack = "</bdi><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    world.index.hits.clear()
    world.index.add(world.named["main"], attack, title=attack)
    short = world.named["main"].short_id
    place = reader.post("/search", q=attack)
    for path in (place, f"/c/{short}", f"/c/{short}/text", f"/c/{short}/cite", "/"):
        html = reader.get(path)
        assert "<script>alert" not in html
        assert "<img src=x" not in html


@pytest.fixture
def damaged(world: Any, tmp_path: Path) -> Applications:
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
    world: Any, damaged: Applications
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


def test_an_unknown_log_is_not_checked(world: Any) -> None:
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
