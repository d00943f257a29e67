"""A group of submissions: what one cannot have done to itself spares the others."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.attest.statements.statement import build_statement
from archive.capture import MemoryBytes
from archive.errors import (
    DigestMismatch,
    EvidenceError,
    KeyProblem,
    MalformedStatement,
    StoreError,
)
from archive.store import ledger
from archive.store.drafts import Draft
from archive.store.ledger import Ledger, Signed
from archive.store.writing.writer import ArchiveWriter
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


def alter_response(writer: ArchiveWriter, made: MadeArchive) -> "Future[Any]":
    """Hand in a response that is not the one received: its disk is bad, say."""
    exchange = make_exchange("http://a.example/altered", b"as received", made)
    altered = exchange.response.open().read().replace(b"as", b"at")
    return writer.capture(replace(exchange, response=MemoryBytes(altered)))


def break_statement(writer: ArchiveWriter, made: MadeArchive) -> "Future[Any]":
    """Hand in what no statement can be made of."""
    return writer.capture(make_exchange("http://a.example/odd", b"odd", made))


def build_or_refuse(kind: str, fields: dict[str, Any], subjects: Any) -> bytes:
    """As the real one, but for the odd address."""
    if fields.get("target_uri") == "http://a.example/odd":
        raise MalformedStatement("not a statement")
    return build_statement(kind, fields, subjects)


@pytest.mark.parametrize(
    ("hand_in", "error"),
    [(alter_response, DigestMismatch), (break_statement, MalformedStatement)],
)
def test_what_cannot_be_stated_fails_alone_and_the_writer_goes_on(
    made: MadeArchive,
    monkeypatch: pytest.MonkeyPatch,
    hand_in: Callable[[ArchiveWriter, MadeArchive], "Future[Any]"],
    error: type[EvidenceError],
) -> None:
    monkeypatch.setattr(ledger, "build_statement", build_or_refuse)
    with made.open_writer() as writer:
        before, bad, beside = (
            writer.capture(make_exchange("http://a.example/1", b"one", made)),
            hand_in(writer, made),
            writer.capture(make_exchange("http://a.example/2", b"two", made)),
        )
        with pytest.raises(error):
            bad.result()
        entries = [before.result(), beside.result()]
        entries.append(
            writer.capture(make_exchange("http://a.example/3", b"3", made)).result()
        )
        published = writer.checkpoint()
    places = [one.location.offset_bytes for one in entries]
    assert places == sorted(set(places))
    assert published.size == 1 + len(entries), "nothing was counted that is not there"


def test_a_key_that_cannot_sign_stops_the_writer_before_more_is_fetched(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Ledger, draft: Draft) -> Signed:
        raise KeyProblem("the token does not sign; is it still there?")

    with made.open_writer() as writer:
        writer.capture(make_exchange("http://a.example/1", b"one", made)).result()
        monkeypatch.setattr(Ledger, "sign", refuse)
        lost = writer.capture(make_exchange("http://a.example/2", b"2", made))
        with pytest.raises(EvidenceError, match="does not sign"):
            lost.result()
        monkeypatch.undo()
        late = writer.capture(make_exchange("http://a.example/4", b"4", made))
        with pytest.raises(StoreError, match="does not sign"):
            late.result()
