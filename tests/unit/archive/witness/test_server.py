"""The HTTP of a witness: what is asked, bounded; what is answered, and nothing else."""

import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.attest.keys.signing import Ed25519Signer
from archive.errors import SettingsError
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.merkle import leaf_hash
from archive.log.note import format_note, format_vkey, sign_note
from archive.log.witness import AddCheckpoint, format_add_checkpoint
from archive.witness import server as server_module
from archive.witness.desk import origin_hash
from archive.witness.server import WitnessServer, check_bind
from tests.support.servers.witnesses import Running, running

ORIGIN = "election-evidence-archive/test"
SIGNER = Ed25519Signer.from_seed(bytes(32), name=ORIGIN)
BODY = format_add_checkpoint(
    AddCheckpoint(
        old_size=0,
        proof=(),
        note=format_note(
            sign_note(
                format_checkpoint(
                    Checkpoint(origin=ORIGIN, size=1, root=leaf_hash(b"0"))
                ),
                SIGNER,
            )
        ),
    )
)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "w", logs=(format_vkey(SIGNER.vkey),)) as found:
        yield found


def port_of(witness: Running) -> int:
    return int(witness.peer.url.rstrip("/").rpartition(":")[2])


def connect(witness: Running) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port_of(witness), timeout=10)


def exchange(witness: Running, data: bytes) -> bytes:
    """Send raw bytes, read to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port_of(witness)), timeout=10) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    return answer


def test_a_connection_serves_several_requests(witness: Running) -> None:
    connection = connect(witness)
    for _ in range(2):
        connection.request("POST", "/add-checkpoint", BODY)
        answer = connection.getresponse()
        assert answer.status in (200, 409)
        answer.read()
    connection.request("GET", f"/{origin_hash(ORIGIN)}/checkpoint")
    answer = connection.getresponse()
    assert answer.status == 200
    note = answer.read()
    assert note.startswith(ORIGIN.encode())
    assert witness.desk.vkey.name.encode() in note
    connection.close()


def test_an_answer_says_nothing_of_machine_or_program(witness: Running) -> None:
    answer = exchange(witness, b"GET /nothing HTTP/1.1\r\nHost: w\r\n\r\n")
    head = answer.partition(b"\r\n\r\n")[0]
    names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert names == {
        b"content-type",
        b"content-length",
        b"x-content-type-options",
        b"connection",
    }


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST /other HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 404),
        (b"POST /add-checkpoint?x HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 404),
        (b"POST /add-checkpoint HTTP/1.1\r\n\r\n", 411),
        (
            b"POST /add-checkpoint HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            411,
        ),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 70000\r\n\r\n", 413),
        (
            b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: "
            + b"9" * 30
            + b"\r\n\r\n",
            413,
        ),
        (b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /../logs HTTP/1.1\r\n\r\n", 404),
        (b"GET /" + b"A" * 64 + b"/checkpoint HTTP/1.1\r\n\r\n", 404),
        (b"GET /" + b"0" * 64 + b"/checkpoint HTTP/1.1\r\n\r\n", 404),
        (b"PUT /add-checkpoint HTTP/1.1\r\n\r\n", 501),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
    ],
)
def test_everything_else_is_refused(witness: Running, data: bytes, status: int) -> None:
    answer = exchange(witness, data)
    assert (
        answer.startswith(b"HTTP/1.1 %d " % status)
        or b" %d " % status in (answer.split(b"\r\n")[0])
    )


def test_a_body_that_ends_early_is_not_answered(witness: Running) -> None:
    head = b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(BODY)
    assert exchange(witness, head + BODY[:-1]) == b""
    assert exchange(witness, head + BODY).startswith(b"HTTP/1.1 200 ")


def test_who_is_slow_is_cut_off(
    witness: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "REQUEST_SECONDS", 0.3)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port_of(witness)), timeout=10) as sock:
        try:
            while time.monotonic() - began < 8:
                sock.sendall(b"G")
                time.sleep(0.05)
        except OSError:
            pass
    assert time.monotonic() - began < 6


def test_connections_beyond_the_bound_are_turned_away(
    witness: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "CONNECTIONS", 3)
    with running(witness.folder.with_name("other")) as small:
        held = [
            socket.create_connection(("127.0.0.1", port_of(small)), timeout=10)
            for _ in range(3)
        ]
        for sock in held:  # answered, so the server has taken each of them
            sock.sendall(b"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"[:5])
        time.sleep(0.2)
        refused = socket.create_connection(("127.0.0.1", port_of(small)), timeout=10)
        try:
            refused.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert refused.recv(10) == b""
        except ConnectionError:
            pass
        for sock in (*held, refused):
            sock.close()
        deadline = time.monotonic() + 10
        answer = b""
        while not answer and time.monotonic() < deadline:
            try:
                answer = exchange(small, b"GET / HTTP/1.1\r\n\r\n")
            except OSError:  # turned away still; ENOTCONN is no ConnectionError
                time.sleep(0.05)
        assert b" 404 " in answer.split(b"\r\n")[0]


def test_nothing_is_written_anywhere_by_asking(
    witness: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path for path in witness.folder.rglob("*"))
    exchange(witness, b"GET /nothing HTTP/1.1\r\n\r\n")
    exchange(witness, b"\0\1\2\r\n\r\n")
    exchange(witness, b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
    assert sorted(path for path in witness.folder.rglob("*")) == before
    assert capfd.readouterr() == ("", "")


def test_it_listens_to_this_machine_unless_told_otherwise(witness: Running) -> None:
    check_bind("127.0.0.1", allow_public=False)
    check_bind("::1", allow_public=False)
    check_bind("0.0.0.0", allow_public=True)
    for address in ("0.0.0.0", "192.0.2.1", "::"):
        with pytest.raises(SettingsError, match="allow-public"):
            check_bind(address, allow_public=False)
    with pytest.raises(SettingsError, match="IP address"):
        check_bind("localhost", allow_public=False)
    with pytest.raises(SettingsError, match="another --port"):
        WitnessServer(witness.desk, port=port_of(witness))
