"""Long responses are downloaded as they are read, byte for byte as the short ones."""

import gzip
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import pytest
from werkzeug.test import Client, TestResponse

from archive.capture import Capture
from archive.digest import Digest
from archive.errors import MalformedRecord
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.archives.exchanges import answered
from tests.support.web.served import REPLAY, open_applications
from web.app import Applications
from web.replay import long

BODY = b"".join(b"line %d of a long body\n" % number for number in range(5_000))
CHUNKED = b"".join(
    b"%x\r\n%s\r\n" % (len(part), part)
    for part in (BODY[start : start + 999] for start in range(0, len(BODY), 999))
)
BOMB = b"\0" * (1 << 20)
CASES: dict[str, tuple[bytes, bytes, bytes | None]] = {
    "plain": (b"", BODY, BODY),
    "chunked": (b"Transfer-Encoding: chunked\r\n", CHUNKED + b"0\r\n\r\n", BODY),
    "gzip": (b"Content-Encoding: gzip\r\n", gzip.compress(BODY, mtime=0), BODY),
    "bomb": (b"Content-Encoding: deflate\r\n", zlib.compress(BOMB), BOMB),
    "cut": (b"Content-Encoding: gzip\r\n", gzip.compress(BODY)[:-9], None),
    "twice": (b"Content-Encoding: gzip, br\r\n", gzip.compress(BODY), None),
}
"""Header line, what was sent, and the body as decoded."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    return make_archive(tmp_path_factory.mktemp("long"))


@pytest.fixture(scope="module")
def captures(made: MadeArchive) -> dict[str, Capture]:
    with made.open_writer() as writer:
        return {
            name: writer.capture(exchange_of(name, made)).result() for name in CASES
        }


def exchange_of(name: str, made: MadeArchive) -> Any:
    line, sent, _ = CASES[name]
    length = b"" if name == "chunked" else b"Content-Length: %d\r\n" % len(sent)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + line + length + b"\r\n"
    entity = BODY if name == "chunked" else sent
    return answered(
        f"http://a.example/{name}",
        head + sent,
        at=made.clock(),
        payload_digest=Digest.of(entity),
        payload_bytes=len(entity),
    )


@pytest.fixture
def apps(made: MadeArchive, captures: dict[str, Capture]) -> Iterator[Applications]:
    with open_applications(made) as opened:
        yield opened


def get(apps: Applications, path: str, **headers: str) -> TestResponse:
    return Client(apps.replay).get(path, base_url=REPLAY, headers=headers)


@pytest.fixture
def all_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long, "HELD_BYTES", 100)
    monkeypatch.setattr("web.replay.responses.RAW_LIMIT_BYTES", 100)


@pytest.mark.usefixtures("all_long")
@pytest.mark.parametrize("name", CASES)
def test_a_long_response_is_sent_whole_as_on_the_wire(
    apps: Applications, captures: dict[str, Capture], name: str
) -> None:
    got = get(apps, f"/raw/{captures[name].short_id}/wire")
    data = got.get_data()
    assert got.status_code == 200
    assert got.content_length == len(data)
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert data.partition(b"\r\n\r\n")[2] == CASES[name][1]
    assert got.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.usefixtures("all_long")
@pytest.mark.parametrize("name", ["plain", "chunked"])
def test_a_long_body_is_sent_whole_as_decoded(
    apps: Applications, captures: dict[str, Capture], name: str
) -> None:
    got = get(apps, f"/raw/{captures[name].short_id}")
    assert got.status_code == 200
    assert got.get_data() == CASES[name][2]
    assert got.content_type == "application/octet-stream"
    assert "Memento-Datetime" in got.headers


@pytest.mark.parametrize("name", ["gzip", "bomb", "plain"])
def test_a_short_response_with_a_long_body_is_not_cut(
    apps: Applications,
    captures: dict[str, Capture],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setattr("web.replay.responses.RAW_LIMIT_BYTES", 1_000)
    assert get(apps, f"/raw/{captures[name].short_id}").get_data() == CASES[name][2]


@pytest.mark.usefixtures("all_long")
@pytest.mark.parametrize("name", ["gzip", "twice"])
def test_what_cannot_be_decoded_in_pieces_is_not_offered_as_decoded(
    apps: Applications, captures: dict[str, Capture], name: str
) -> None:
    assert get(apps, f"/raw/{captures[name].short_id}").status_code == 404


def test_a_slice_whose_length_cannot_be_told_is_closed(
    apps: Applications, captures: dict[str, Capture], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[BinaryIO] = []

    def refuse(stream: BinaryIO) -> bool:
        seen.append(stream)
        raise MalformedRecord("no record")

    monkeypatch.setattr("web.replay.responses.is_long", refuse)
    get(apps, f"/raw/{captures['plain'].short_id}/wire")
    assert [stream.closed for stream in seen] == [True]


def test_ranges_of_short_ones_are_answered(
    apps: Applications, captures: dict[str, Capture]
) -> None:
    for path, whole in (("", BODY), ("/wire", None)):
        address = f"/raw/{captures['plain'].short_id}{path}"
        whole = whole or get(apps, address).get_data()
        got = get(apps, address, Range="bytes=10-99")
        assert got.status_code == 206
        assert got.get_data() == whole[10:100]
        assert got.headers["Content-Range"] == f"bytes 10-99/{len(whole)}"
    cut = get(apps, f"/raw/{captures['cut'].short_id}").get_data()
    assert cut
    assert BODY.startswith(cut)
