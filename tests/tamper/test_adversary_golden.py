"""Tokens, stubs and tails of the golden archive changed.

Each attack changes a copy of a VERIFIED archive. Then the whole procedure must come to
an end in bounded time and memory, raise nothing, not say VERIFIED, and name the place
in a finding that counts.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.statements.envelope import format_stub_record, parse_stub_record
from archive.digest import Digest
from archive.instant import format_instant
from archive.log.fields import format_base64
from archive.store.drafts import Draft
from tests.make.golden_archive import fixed_keys
from tests.support.archives.archives import START, MadeArchive
from tests.support.attacks.attacks import Attacks, assert_refused
from tests.support.attacks.forgery import (
    Forger,
    entries,
    flip,
    pipe_at,
    rewrite,
    segments,
)

pytestmark = pytest.mark.timeout(120)
ATTACKS = Attacks()
attack = ATTACKS.attack


# Tokens, stubs, tails: in the golden archive


@attack("anchors/9/1.tsr", 20)
def a_token_is_altered(made: MadeArchive) -> None:
    flip(made.root / "anchors/9/1.tsr", 50)


@attack("anchors/9/1.chain.pem", 20)
def a_token_chain_is_deleted(made: MadeArchive) -> None:
    (made.root / "anchors/9/1.chain.pem").unlink()


@attack("anchors/9/1.tsr", 20)
def a_token_is_longer_than_anybody_reads(made: MadeArchive) -> None:
    (made.root / "anchors/9/1.tsr").chmod(0o600)
    os.truncate(made.root / "anchors/9/1.tsr", 1 << 42)


@attack("anchors/9/checkpoint", 20)
def the_stamped_checkpoint_is_altered(made: MadeArchive) -> None:
    flip(made.root / "anchors/9/checkpoint", 70)


@attack("anchors/9/checkpoint", 20)
def the_signature_of_the_stamped_checkpoint_is_altered(made: MadeArchive) -> None:
    flip(made.root / "anchors/9/checkpoint", -20)


@attack("anchors/9/checkpoint", 20)
def the_stamped_checkpoint_is_deleted(made: MadeArchive) -> None:
    (made.root / "anchors/9/checkpoint").unlink()


@attack("anchors/9/checkpoint", 20)
def the_stamped_checkpoint_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(made.root / "anchors/9/checkpoint")


@attack("quarantine/", 17)
def a_tail_set_aside_is_altered(made: MadeArchive) -> None:
    (path,) = (made.root / "quarantine").iterdir()
    flip(path, 5)


@attack("quarantine/", 17)
def a_tail_set_aside_is_longer_than_stated(made: MadeArchive) -> None:
    (path,) = (made.root / "quarantine").iterdir()
    path.chmod(0o600)
    os.truncate(path, 1 << 42)


def replace_stub(root: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the stub record where it lies."""
    for path in segments(root):
        for entry in entries(path):
            if entry.stub is not None:
                data = path.read_bytes()
                begin, end = entry.statement_offset, entry.end_bytes
                rewrite(path, data[:begin] + change(data[begin:end]) + data[end:])
                return


@attack("offset", 19)
def the_date_of_a_stub_is_changed(made: MadeArchive) -> None:
    def change(record: bytes) -> bytes:
        return format_stub_record(replace(parse_stub_record(record), date=START))

    replace_stub(made.root, change)


@attack("offset", 19)
def a_stub_of_another_entry_stands_for_a_capture(made: MadeArchive) -> None:
    """The lawful stub of one removal is used to remove a second entry."""
    path = segments(made.root)[0]
    stub = next(entry for entry in entries(path) if entry.stub is not None)
    victim = next(entry for entry in entries(path) if entry.records and entry.envelope)
    data = path.read_bytes()
    record = data[stub.statement_offset : stub.end_bytes]
    rewrite(path, data[: victim.slice_offset] + record + data[victim.end_bytes :])


@attack("offset", 19)
def a_record_stands_before_a_stub(made: MadeArchive) -> None:
    path = segments(made.root)[0]
    entry = entries(path)[0]
    data = path.read_bytes()
    member = data[
        entry.slice_offset : entry.slice_offset + entry.records[0].span.length
    ]
    replace_stub(made.root, lambda record: member + record)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_golden_archive_is_refused(
    golden: MadeArchive, name: str
) -> None:
    found = ATTACKS[name]
    found.run(golden)
    assert_refused(golden, found.place, *found.steps)


def test_a_stamp_over_a_root_of_no_tree_is_refused(golden: MadeArchive) -> None:
    """Signed with the operator's key: the token would prove another log."""
    forger = Forger(made=golden, key=fixed_keys(golden.identity.origin).operator)
    token = {
        "authority": "Test authority",
        "chain": str(Digest.of(b"")),
        "crl": None,
        "gen_time": format_instant(START),
        "tsq": str(Digest.of(b"")),
        "tsr": str(Digest.of(b"")),
    }
    predicate: dict[str, object] = {
        "size": 5,
        "root": format_base64(bytes(32)),
        "sent": format_instant(START),
        "received": format_instant(START),
        "tokens": [token],
    }
    draft = Draft(kind="anchor", slice=None, facts=None, predicate=predicate)
    forger.append(forger.entry(draft))
    report = assert_refused(golden, "anchors/5", 20)
    assert "anchor-elsewhere" in {finding.code for finding in report.findings}
