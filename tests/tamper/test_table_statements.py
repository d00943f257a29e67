"""Attacks on statements, by strangers and by whoever stole keys.

Each is played on the golden archive; the findings that must follow stand above it.
"""

import gzip
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from archive.attest.keys.signing import P256Signer
from archive.attest.statements.envelope import (
    format_statement_record,
    parse_statement_record,
)
from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.instant import format_instant
from archive.warc.carried import IMPORT_URN
from archive.warc.slice import ResourceBlock
from tests.support.archives.archives import START
from tests.support.attacks.tamper import (
    CAPTURE,
    CAPTURE_2,
    FIRST,
    OPEN,
    RESEAL,
    SEAL,
    SECOND,
    Entry,
    Row,
    Table,
    Victim,
    play,
)
from tests.support.judging.told import GoldenReports

table = Table()
ENTRIES_CHANGED = (
    "2 leaf-differs",
    "7 root-differs",
    "16 chain-broken",
    "17 segment-altered",
)
"""What follows when an entry is not the one that was logged."""

# Statements, without keys


@table.fires(
    "2 leaf-differs",
    "4 signature-bad",
    "7 root-differs",
    "16 chain-broken",
    "17 segment-altered",
    "20 anchor-elsewhere",
)
def payload_changed_and_signature_kept(victim: Victim) -> None:
    def change(entry: Entry) -> Entry:
        envelope = parse_statement_record(entry.record)
        payload = envelope.payload.replace(b"192.0.2.1:80", b"192.0.2.9:80")
        assert payload != envelope.payload
        changed = replace(envelope, payload=payload)
        return replace(entry, record=format_statement_record(changed))

    victim.edit(FIRST, CAPTURE, change)


@table.fires(
    "1 statement-malformed",
    "7 root-differs",
    "16 chain-broken",
    "17 segment-altered",
    "18 capture-missing",
    "20 anchor-elsewhere",
)
def statement_record_in_another_form(victim: Victim) -> None:
    victim.edit(
        FIRST,
        CAPTURE,
        lambda e: replace(e, record=gzip.compress(gzip.decompress(e.record), mtime=0)),
    )


@table.fires(
    "2 leaf-differs",
    "4 signature-bad",
    "7 root-differs",
    "17 segment-altered",
    "20 anchor-elsewhere",
)
def signature_of_another_statement(victim: Victim) -> None:
    other = parse_statement_record(victim.entries(FIRST)[CAPTURE_2].record)

    def change(entry: Entry) -> Entry:
        envelope = parse_statement_record(entry.record)
        changed = replace(envelope, signature=other.signature)
        return replace(entry, record=format_statement_record(changed))

    victim.edit(FIRST, CAPTURE, change)


@table.fires("7 not-logged-yet NOT CHECKED", "16 chain-broken")
def statement_replayed_at_the_end(victim: Victim) -> None:
    with victim.segments[OPEN].open("ab") as stream:
        stream.write(victim.entries(FIRST)[CAPTURE].data)


@table.fires("3 key-unknown NOT CHECKED")
def statement_signed_by_a_foreign_key_appended(victim: Victim) -> None:
    victim.keys = replace(victim.keys, operator=P256Signer.from_scalar(4242))
    victim.speak("incident", an_incident())


@table.fires(
    "2 leaf-differs",
    "3 key-unknown NOT CHECKED",
    "7 root-differs",
    "17 segment-altered",
    "20 anchor-elsewhere",
)
def whole_statement_signed_by_a_foreign_key(victim: Victim) -> None:
    victim.keys = replace(victim.keys, operator=P256Signer.from_scalar(4242))
    victim.edit(FIRST, CAPTURE, lambda e: resigned(victim, e, lambda p: p))


# Statements, with stolen keys


def resigned(victim: Victim, entry: Entry, change: Callable[[bytes], bytes]) -> Entry:
    """Change a statement's payload and sign it with the operator key at hand."""
    payload = change(parse_statement_record(entry.record).payload)
    return replace(entry, record=format_statement_record(victim.sign(payload)))


def peer_changed(payload: bytes) -> bytes:
    """Another fact, the same length."""
    changed = payload.replace(b"192.0.2.1:80", b"192.0.2.9:80")
    assert changed != payload
    return changed


@table.fires(
    *ENTRIES_CHANGED,
    "20 anchor-elsewhere",
)
def statement_changed_with_the_operator_key(victim: Victim) -> None:
    victim.edit(FIRST, CAPTURE, lambda e: resigned(victim, e, peer_changed))


@table.fires(
    "16 chain-broken",
    "17 segment-altered",
    "20 anchor-elsewhere",
)
def statement_changed_with_operator_and_log_key(victim: Victim) -> None:
    victim.edit(FIRST, CAPTURE, lambda e: resigned(victim, e, peer_changed))
    victim.log_anew()


@table.fires(
    "2 leaf-differs",
    "3 key-unknown NOT CHECKED",
    "7 root-differs",
    "17 segment-altered",
    "20 anchor-elsewhere",
)
def operator_statement_signed_by_the_root_key(victim: Victim) -> None:
    def change(entry: Entry) -> Entry:
        payload = parse_statement_record(entry.record).payload
        envelope = victim.sign(payload, as_root=True)
        return replace(entry, record=format_statement_record(envelope))

    victim.edit(FIRST, CAPTURE, change)


@table.fires("1 kind-unknown NOT CHECKED")
def statement_of_an_unknown_kind(victim: Victim) -> None:
    victim.speak(
        "incident",
        an_incident(),
        change=lambda p: p.replace(b"/incident/v1", b"/telepathy/v1"),
    )


def an_incident() -> dict[str, object]:
    """An incident without a file."""
    return {
        "cause": "custody",
        "file": None,
        "offset": None,
        "length": None,
        "sha256": None,
        "words": "The disk was moved.",
    }


@table.fires("1 statement-malformed", "7 root-differs")
def statement_with_a_field_too_many(victim: Victim) -> None:
    victim.speak(
        "incident",
        an_incident(),
        change=lambda p: p.replace(b'"words":', b'"weather":"rain","words":'),
    )


@table.fires("16 chain-broken")
def statement_made_for_another_archive(victim: Victim) -> None:
    own = victim.identity.archive_id.encode()
    victim.speak("incident", an_incident(), change=lambda p: p.replace(own, b"a" * 26))


@table.fires("16 chain-broken")
def statement_with_a_wrong_number(victim: Victim) -> None:
    victim.speak(
        "incident", an_incident(), change=lambda p: p.replace(b'"seq":17', b'"seq":99')
    )


@table.fires("16 chain-broken")
def statement_that_breaks_the_chain(victim: Victim) -> None:
    victim.speak(
        "incident",
        an_incident(),
        change=lambda p: re.sub(rb'"prev":"sha256:.{8}', b'"prev":"sha256:00000000', p),
    )


@table.fires("6 records-disagree")
def import_described_as_of_another_file(victim: Victim) -> None:
    described = ResourceBlock(
        type="metadata",
        target_uri=f"{IMPORT_URN}{Digest.of(b'another file').hex}",
        content_type="application/json",
        block=MemoryBytes(b"{}"),
    )
    file = {"name": "f.warc", "length_bytes": 9, "sha256": Digest.of(b"stated").hex}
    received: dict[str, object] = {"file": file, "received_at": format_instant(START)}
    victim.speak("import", received, described)


@table.fires("7 not-logged-yet NOT CHECKED")
def statement_beyond_the_checkpoint(victim: Victim) -> None:
    log = victim.root / "log"
    shutil.copytree(log, victim.root.parent / "log")
    victim.speak("incident", an_incident())
    shutil.rmtree(log)
    shutil.copytree(victim.root.parent / "log", log)


# Seals


@table.fires(
    "16 chain-broken",
    "17 seal-missing",
    "17 segment-altered",
    "20 anchor-elsewhere",
)
def seal_missing_for_a_middle_segment(victim: Victim) -> None:
    """Two segments swapped in as one that nobody sealed."""
    victim.edit(
        SECOND,
        SEAL,
        lambda e: resigned(
            victim, e, lambda p: p.replace(b"00000000-lnq3yphw", b"00000000-aaaaaaaa")
        ),
    )
    victim.edit(
        OPEN,
        RESEAL,
        lambda e: resigned(
            victim, e, lambda p: p.replace(b"00000000-lnq3yphw", b"00000000-aaaaaaaa")
        ),
    )
    victim.log_anew()


# The test


@table.each()
def test_each_attack_fires_exactly_what_the_table_says(
    row: Row, tmp_path: Path, golden_reports: GoldenReports
) -> None:
    play(row, tmp_path, golden_reports)
