"""Rows of the attack table: signatures of another context; content that is invented."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.keys.signing import Ed25519Signer, verify_ed25519
from archive.attest.statements.envelope import (
    Envelope,
    format_statement_record,
    parse_statement_record,
)
from archive.attest.statements.statement import pae
from archive.digest import Digest
from archive.errors import EvidenceError
from archive.files import Files
from archive.log.checkpoint import open_checkpoint
from archive.log.leaf import parse_leaf
from archive.log.log import TiledLog
from archive.log.note import NoteSignature, format_note, parse_note
from archive.verify.reporting.report import ONE_WITNESS, Outcome
from tests.support.archives.archives import make_archive
from tests.support.archives.entries import segment_with
from tests.support.attacks.bench import Bench, fires
from tests.support.attacks.tamper import (
    CAPTURE,
    FIRST,
    Victim,
)

pytestmark = pytest.mark.timeout(600)


# Row: signature used in another context


def contexts(payload: bytes, victim: Victim) -> Iterator[bytes]:
    """What a signer might be made to sign elsewhere, for the payload's sake."""
    encoded = pae(payload)
    body = parse_note((victim.root / "log" / "checkpoint").read_bytes()).body.encode()
    digest = Digest.of(encoded)
    yield payload
    yield payload + b"\n"
    yield payload[:-1]
    yield digest.raw
    yield digest.hex.encode()
    yield str(digest).encode()
    yield encoded.replace(b"DSSEv1", b"DSSEv2")
    yield encoded.replace(b"vnd.in-toto+json", b"json", 1)
    yield encoded.replace(b" 28 ", b" 028 ", 1)
    yield encoded + b"\n"
    yield b"DSSEv1 " + payload
    yield b"evidence-cosign/v1\n" + payload
    yield f"evidence-cosign/v1\n{digest}\nname\nrole\nwords".encode()
    yield f"evidence/v1 capture {digest}\n".encode()
    yield body
    yield b"cosignature/v1\ntime 1\n" + body
    yield b""


def test_signature_of_another_context_is_no_statement(
    victim: Victim, bench: Bench
) -> None:
    path, entries = victim.segments[FIRST], victim.entries(FIRST)
    payload = parse_statement_record(entries[CAPTURE].record).payload
    played = 0
    for message in contexts(payload, victim):
        envelope = Envelope(
            payload=payload,
            key_id=victim.keys.operator.key_id,
            signature=victim.keys.operator.sign(message),
        )
        entry = replace(entries[CAPTURE], record=format_statement_record(envelope))
        data = segment_with(victim, CAPTURE, entry.data)
        report = bench.judge_with(path, data)
        fires(report, 4)
        played += 1
    assert played >= 17


def test_signature_of_another_context_is_no_checkpoint(
    victim: Victim, bench: Bench
) -> None:
    path = victim.root / "log" / "checkpoint"
    note = parse_note(path.read_bytes())
    signer, body = victim.keys.log, note.body.encode()
    (own,) = note.signatures
    for message in (
        b"cosignature/v1\ntime 1700000000\n" + body,
        body + b"\n",
        body[:-1],
        b"\n".join(body.split(b"\n")[1:]),
        pae(body),
        Digest.of(body).raw,
    ):
        line = NoteSignature(
            name=own.name,
            key_hash=own.key_hash,
            signature=signer.sign(message),
        )
        forged = format_note(replace(note, signatures=(line,)))
        fires(bench.judge_with(path, forged), 8)
    other = Ed25519Signer.from_seed(bytes(range(32)), name="another.example/log")
    with pytest.raises(EvidenceError):
        open_checkpoint(path.read_bytes(), other.vkey, verify_ed25519)


@pytest.mark.parametrize("kind", ["page", "tombstone", "key", "anchor"])
def test_a_statement_logged_under_another_kind(tmp_path: Path, kind: str) -> None:
    victim = Victim.copy(tmp_path)
    log = TiledLog(victim.root / "log", Files())
    leaves = list(log.read_leaves(0, log.size))
    assert parse_leaf(leaves[CAPTURE]).kind == "capture"
    leaves[CAPTURE] = leaves[CAPTURE].replace(b" capture ", f" {kind} ".encode())
    shutil.rmtree(victim.root / "log")
    TiledLog(victim.root / "log", Files()).create()
    victim.log(*leaves)
    fires(victim.verify(), 2)


# Row: operator invents content


def test_invented_content_has_one_witness(tmp_path: Path) -> None:
    """With all keys in hand everything holds; the report says what that is worth."""
    made = make_archive(tmp_path)
    made.fill(2)
    report = Bench(root=made.root, trust=made.trust()).judge()
    assert report.outcome is Outcome.VERIFIED
    assert report.headline == ONE_WITNESS
