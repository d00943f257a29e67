"""CDX answers of this archive beside those of pywb over the same WARC files.

The answers that crawlers received, read from the files of other programs, are captured
anew into an archive of ours; pywb indexes its segments and answers as a program of its
own. Every question is asked of both; what may differ is what `docs/api.md` lists.
"""

import http.client
import json
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from werkzeug.test import Client

from archive.capture import Capture, CaptureOutcome, Exchange, MemoryBytes
from archive.digest import Digest
from archive.store.catalog.lookup import KeyedCapture
from archive.store.reading.reader import ArchiveReader
from archive.store.writing.writer import ArchiveWriter
from archive.warc.entity import read_entity
from archive.warc.head import parse_http_head
from archive.warc.surt import make_urlkey
from benchmarks.pywb_peer import install_pywb
from tests.support.archives.archives import make_archive
from tests.support.archives.exchanges import HEAD_END, answered, unanswered
from tests.support.web.served import APP, open_applications
from web.app import Applications
from web.protocols.cdx import line_of

pytestmark = pytest.mark.slow
START_SECONDS = 60.0
NAMES = ("urlkey", "timestamp", "url", "mime", "status", "digest", "offset", "filename")
"""Fields that both have; `length` is that of the record there, of the slice here."""
Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """Our application and the port of pywb, over one archive."""

    apps: Applications
    port: int
    uris: list[str]
    stamps: list[str]

    def ours(self, **asked: Any) -> list[Row]:
        response = Client(self.apps.app).get(
            "/cdx", base_url=APP, query_string={"limit": 10_000, **asked, **JSON}
        )
        assert response.status_code == 200, response.get_data(as_text=True)
        lines = map(json.loads, response.get_data(as_text=True).splitlines())
        # Differs: what got no answer is a line here, without a status.
        return [row_of(line) for line in lines if "status" in line]

    def theirs(self, **asked: Any) -> list[Row]:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        query = urlencode({**asked, **JSON, "allowFuzzy": "0"}, doseq=True)
        link.request("GET", f"/all/index?{query}")
        answer = link.getresponse()
        body = answer.read().decode()
        link.close()
        if answer.status == 404:  # Differs: no line is an error there.
            return []
        assert answer.status == 200, body
        return [row_of(json.loads(line)) for line in body.splitlines()]


JSON = {"output": "json"}
HTTP = b"HTTP/"


def row_of(line: dict[str, str]) -> Row:
    """The fields that both have, without the differences that are listed."""
    mime = line.get("mime")
    if mime is not None:
        # Differs: media types as sent there, in lower case and without parameters
        # here; `unk` there where none was sent.
        mime = mime.partition(";")[0].strip().lower() or None
        mime = None if mime == "unk" else mime
    name = line.get("filename", "").rpartition("/")[2].removesuffix(".open")
    digest = line.get("digest")
    if digest is not None and not digest.startswith("sha256:"):
        # Differs: where the record names none, its indexer hashes what is there
        # (SHA-1, base32); here an answer whose body is not whole has none.
        digest = None
    found = {**line, "mime": mime, "filename": name, "digest": digest}
    return tuple(found.get(one) for one in NAMES)


def answers(folder: Path) -> Iterator[tuple[str, datetime, bytes]]:
    """Target, time and message of every HTTP answer in the files of others."""
    for path in sorted(folder.rglob("*")):
        if ".warc" not in path.name:
            continue
        with path.open("rb") as stream:
            try:
                for record in ArchiveIterator(stream, no_record_parse=True):
                    head = record.rec_headers
                    uri = (head.get_header("WARC-Target-URI") or "").strip("<>")
                    message = record.raw_stream.read()
                    date = head.get_header("WARC-Date")
                    if record.rec_type == "response" and date and message[:5] == HTTP:
                        at = datetime.fromisoformat(date).astimezone(UTC)
                        yield uri, at, message
            except (ArchiveLoadFailed, ValueError):
                continue


def fill(writer: ArchiveWriter, folder: Path) -> list[tuple[str, datetime]]:
    """Capture them; one a second and key: ties are compared on their own."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for uri, at, message in answers(folder):
        name = (make_urlkey(uri), f"{at:%Y%m%d%H%M%S}")
        head, _, body = message.partition(b"\r\n\r\n")
        parsed = parse_http_head(message)
        if name in seen or not uri.startswith("http"):
            continue
        if parsed is None or parsed.status is None:  # one, compared as `cut.example`
            continue
        seen.add(name)
        entity = read_entity(MemoryBytes(message).open(), limit_bytes=1 << 26)
        exchange = answered(
            uri,
            head + HEAD_END + body,
            at=at,
            request=b"",
            http_status=parsed.status,
            payload_digest=Digest.of(entity.body),
            payload_bytes=len(entity.body),
        )
        writer.capture(exchange).result()
        kept.append((uri, at))
    for exchange in odd_ones():
        writer.capture(exchange).result()
    return kept


def odd_ones() -> Iterator[Exchange]:
    """No answer; an answer cut in its first line; three answers of one second."""
    at = datetime(2025, 1, 26, 8, 0, tzinfo=UTC)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    for number in range(3):
        body = b"%d" % number
        uri = "http://tie.example/"
        yield answered(uri, head + body, at=at, request=b"")
    yield unanswered("http://no.example/", CaptureOutcome.DNS, at=at)
    cut = unanswered("http://cut.example/", CaptureOutcome.DISCONNECT, at=at)
    came = MemoryBytes(b"HTTP/1.")
    yield replace(cut, response=came, wire_digest=Digest.of(came.data))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, corpus_dir: Path) -> Iterator[Both]:
    try:
        peer = install_pywb()
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"program: pywb cannot be installed: {type(error).__name__}")
    folder = tmp_path_factory.mktemp("pywb")
    made = make_archive(folder)
    with ArchiveWriter.open(
        made.root,
        keys=made.keys(),
        clock=made.clock,
        random_bytes=made.random_bytes,
    ) as writer:
        kept = fill(writer, corpus_dir / "warc")
    index_for(peer, folder, made.root)
    with open_applications(made) as apps, serving(peer, folder) as port:
        uris = sorted({uri for uri, _ in kept})
        stamps = sorted({f"{at:%Y%m%d%H%M%S}" for _, at in kept})
        yield Both(apps=apps, port=port, uris=uris, stamps=stamps)


def index_for(peer: Path, folder: Path, root: Path) -> None:
    """What pywb indexes of our segments, without what is no answer."""
    collection = folder / "collections" / "all"
    _run(folder, peer / "bin" / "wb-manager", "init", "all")
    for path in sorted((root / "segments").rglob("*.warc.gz*")):
        (collection / "archive" / path.name.removesuffix(".open")).symlink_to(path)
    paths = sorted((collection / "archive").iterdir())
    found = _run(folder, peer / "bin" / "cdx-indexer", "-j", "-s", *paths)
    reader = ArchiveReader.open(root)
    begins = {
        (row["filename"].rpartition("/")[2].removesuffix(".open"), row["offset"])
        for row in map(_line, reader.captures(0))
        if row["outcome"] != CaptureOutcome.DNS.value
    }
    reader.close()
    kept = []
    for line in found.splitlines(keepends=True):
        value = json.loads(line.split(" ", 2)[2])
        if (value["filename"], value["offset"]) in begins:
            kept.append(line)
        else:  # Differs: its indexer takes metadata records for answers.
            assert "status" not in value, line
    (collection / "indexes" / "index.cdxj").write_text("".join(kept))


def _run(folder: Path, *command: Path | str) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def _line(capture: Capture) -> dict[str, str]:
    return line_of(KeyedCapture(urlkey="", capture=capture))


@contextmanager
def serving(peer: Path, folder: Path) -> Iterator[int]:
    """The index server of pywb over that folder; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    quiet = subprocess.DEVNULL
    program = str(peer / "bin" / "warcserver")
    command = [program, "-b", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _wait_for(port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("pywb did not start")


def test_the_archive_is_worth_comparing(both: Both) -> None:
    assert len(both.uris) > 250
    assert len({urlsplit(uri).netloc for uri in both.uris}) > 40


def test_every_address_has_the_same_lines(both: Both) -> None:
    """Exact lookups; also of addresses nobody captured."""
    for uri in (*both.uris, "http://nowhere.example/", "http://no.example/"):
        assert both.ours(url=uri) == both.theirs(url=uri), uri


@pytest.mark.parametrize("kind", ["host", "domain", "prefix"])
def test_every_host_and_folder_has_the_same_lines(both: Both, kind: str) -> None:
    asked = {urlsplit(uri).netloc for uri in both.uris}
    if kind == "domain":
        asked |= {host.rpartition(".")[2] for host in asked}
    if kind == "prefix":
        asked |= {uri.rpartition("/")[0] + "/" for uri in both.uris}
        asked |= {uri[:-3] for uri in both.uris if uri.count("/") > 3}
    for url in sorted(asked):
        question = {"url": url, "matchType": kind}
        assert both.ours(**question) == both.theirs(**question), url


def test_a_star_says_the_same_as_a_kind_of_match(both: Both) -> None:
    hosts = {urlsplit(uri).netloc for uri in both.uris}
    for url in [*(f"*.{host}" for host in hosts), *(f"{host}/*" for host in hosts)]:
        assert both.ours(url=url) == both.theirs(url=url), url


def questions(both: Both, count: int) -> Iterator[dict[str, Any]]:
    """Questions put together by chance, alike in every run."""
    chance = random.Random(7)
    statuses, types = ("200", "302", "404", "2"), ("text/html", "image", "css", "text")
    filters = [
        *(f"{sign}status:{one}" for one in statuses for sign in ("", "!", "=", "!=")),
        *(f"{sign}mime:{one}" for one in types for sign in ("", "!", "=", "!=")),
        *("url:https", "!url:https", "urlkey:com,", "=statuscode:200", "!mimetype:x"),
    ]
    for _ in range(count):
        asked: dict[str, Any] = {"url": chance.choice(both.uris)}
        kind = chance.choice(["exact", "prefix", "host", "domain"])
        if kind != "exact":
            asked["matchType"] = kind
        if chance.random() < 0.4:
            asked["from"] = chance.choice(both.stamps)[: chance.choice((4, 6, 8, 14))]
        if chance.random() < 0.4:
            asked["to"] = chance.choice(both.stamps)[: chance.choice((4, 6, 8, 14))]
        if chance.random() < 0.5:
            asked["limit"] = str(chance.choice((1, 2, 3, 10, 1_000)))
        if chance.random() < 0.25:
            asked["sort"] = "reverse"
        if chance.random() < 0.6:
            asked["filter"] = chance.sample(filters, chance.choice((1, 1, 2)))
        yield asked


def test_questions_put_together_by_chance_have_the_same_lines(both: Both) -> None:
    lines = 0
    for asked in questions(both, 600):
        ours, theirs = both.ours(**asked), both.theirs(**asked)
        assert ours == theirs, asked
        lines += len(ours)
    assert lines > 2_000


def test_the_closest_lines_come_first_in_both(both: Both) -> None:
    chance = random.Random(8)
    for uri in both.uris[::4]:
        asked = {
            "url": uri,
            "closest": chance.choice(both.stamps),
            "limit": str(chance.choice((1, 3, 100))),
        }
        # Differs: `closest` alone sorts there, `sort=closest` is not asked for.
        assert both.ours(**asked, sort="closest") == both.theirs(**asked), asked


@pytest.mark.parametrize("name", ["fl", "fields"])
def test_chosen_fields_are_written_alike_letter_by_letter(
    both: Both, name: str
) -> None:
    asked = {name: "urlkey,timestamp,url,status,offset", "output": "text"}
    for uri in both.uris[::5]:
        ours = Client(both.apps.app).get(
            "/cdx", base_url=APP, query_string={"url": uri, **asked}
        )
        link = http.client.HTTPConnection("127.0.0.1", both.port, timeout=60)
        link.request("GET", "/all/index?" + urlencode({"url": uri, **asked}))
        theirs = link.getresponse().read().decode()
        link.close()
        assert ours.get_data(as_text=True) == theirs, uri


def test_lines_of_one_second_are_the_same_in_another_order(both: Both) -> None:
    """Differs: the order of the log here, of their text there."""
    ours, theirs = (ask(url="http://tie.example/") for ask in (both.ours, both.theirs))
    assert len(ours) == 3
    assert sorted(map(str, ours)) == sorted(map(str, theirs))
    offsets = [int(row[NAMES.index("offset")] or 0) for row in ours]
    assert offsets == sorted(offsets)


def test_an_answer_whose_status_was_not_received_has_none_here(both: Both) -> None:
    """Differs: its indexer writes 200 where the first line is cut."""
    assert both.ours(url="http://cut.example/") == []
    (row,) = both.theirs(url="http://cut.example/")
    assert row[NAMES.index("status")] == "200"


def test_what_is_refused_here_is_answered_there(both: Both) -> None:
    """Differs: no regular expressions; unknown parameters are not passed over."""
    uri = both.uris[0]
    for asked in ({"filter": "~status:2.."}, {"collapseTime": "10"}, {"page": "0"}):
        response = Client(both.apps.app).get(
            "/cdx", base_url=APP, query_string={"url": uri, **asked}
        )
        assert response.status_code == 400
        assert both.theirs(url=uri, **asked)


def test_collapsing_by_time_keeps_the_same_lines(both: Both) -> None:
    """Differs: `collapseTime` there counts the status as well."""
    for host in sorted({urlsplit(uri).netloc for uri in both.uris})[::3]:
        asked = {"url": host, "matchType": "host", "filter": "=status:200"}
        for letters in (4, 8, 10):
            ours = both.ours(**asked, collapse=f"timestamp:{letters}")
            theirs = both.theirs(**asked, collapseTime=str(letters))
            assert ours == theirs, (host, letters)
