"""Attacks on segments: entries and whole files that are gone, and what was removed.

Each is played on the golden archive; the findings that must follow stand above it.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from archive.attest.statements.envelope import (
    format_stub_record,
    parse_stub_record,
)
from archive.digest import Digest
from tests.support.attacks.tamper import (
    CAPTURE,
    FIRST,
    OPEN,
    RESEAL,
    SECOND,
    STUB,
    TOMBSTONE,
    Entry,
    Row,
    Table,
    Victim,
    leaf_line,
    play,
)
from tests.support.judging.told import GoldenReports

table = Table()


# Something is gone


@table.fires(
    "2 leaf-differs",
    "7 root-differs",
    "16 chain-broken",
    "16 statements-missing",
    "17 segment-altered",
    "18 capture-missing",
    "19 tombstone-missing",
    "20 anchor-elsewhere",
)
def capture_removed_with_its_statement(victim: Victim) -> None:
    victim.edit(FIRST, CAPTURE, lambda _entry: None)


@table.fires(
    "2 leaf-differs",
    "5 slice-altered",
    "6 records-disagree",
    "7 root-differs",
    "16 chain-broken",
    "16 statements-missing",
    "17 segment-altered",
    "18 capture-missing",
    "19 tombstone-missing",
    "20 anchor-elsewhere",
)
def statement_removed_and_slice_left(victim: Victim) -> None:
    victim.edit(FIRST, CAPTURE, lambda e: b"".join(e.members))


@table.fires("5 slice-altered", "6 records-disagree", "17 segment-altered")
def slice_removed_and_statement_left(victim: Victim) -> None:
    victim.edit(FIRST, CAPTURE, lambda e: replace(e, members=()))


@table.fires("7 root-differs", "16 statements-missing", "17 segment-altered")
def last_entry_cut_off_cleanly(victim: Victim) -> None:
    victim.rewrite(OPEN, victim.entries(OPEN)[:-1])


@table.fires(
    "7 root-differs",
    "16 statements-missing",
    "17 seal-missing",
    "17 segment-altered",
    "18 capture-missing",
    "19 tombstone-missing",
)
def open_segment_emptied(victim: Victim) -> None:
    victim.segments[OPEN].write_bytes(b"")


@table.fires(
    "7 root-differs",
    "16 bytes-uncovered",
    "16 statements-missing",
    "17 segment-altered",
)
def tail_torn(victim: Victim) -> None:
    path = victim.segments[OPEN]
    os.truncate(path, path.stat().st_size - 5)


@table.fires(
    "7 root-differs",
    "16 statements-missing",
    "17 segment-altered",
    "18 capture-missing",
    "19 tombstone-missing",
)
def open_segment_removed(victim: Victim) -> None:
    victim.segments[OPEN].unlink()


@table.fires(
    "2 leaf-differs",
    "7 root-differs",
    "16 chain-broken",
    "16 segment-missing",
    "16 statements-missing",
    "17 file-unknown",
    "17 segment-altered",
)
def sealed_segment_removed(victim: Victim) -> None:
    victim.segments[SECOND].unlink()


@table.fires(
    "2 leaf-differs",
    "7 root-differs",
    "16 chain-broken",
    "16 segment-missing",
    "16 statements-missing",
    "17 segment-altered",
    "20 anchor-elsewhere",
    "21 keys-unstated NOT CHECKED",
)
def first_segment_removed(victim: Victim) -> None:
    victim.segments[FIRST].unlink()


@table.fires(
    "1 not-reached NOT CHECKED",
    "2 not-reached NOT CHECKED",
    "3 not-reached NOT CHECKED",
    "4 not-reached NOT CHECKED",
    "5 not-reached NOT CHECKED",
    "6 not-reached NOT CHECKED",
    "7 root-differs",
    "10 not-reached NOT CHECKED",
    "16 statements-missing",
    "17 file-unknown",
    "21 keys-unstated NOT CHECKED",
)
def all_segments_removed(victim: Victim) -> None:
    shutil.rmtree(victim.root / "segments")


@table.fires("17 segment-altered")
def seal_undone(victim: Victim) -> None:
    path = victim.segments[FIRST]
    path.rename(path.with_name(path.name + ".open"))


@table.fires(
    "2 leaf-differs",
    "7 not-logged-yet NOT CHECKED",
    "7 root-differs",
    "16 chain-broken",
    "16 segment-missing",
    "17 seal-missing",
    "19 tombstone-missing",
    "20 anchor-elsewhere",
)
def segment_doubled_under_another_name(victim: Victim) -> None:
    path = victim.segments[FIRST]
    shutil.copy(path, path.with_name("00000000-aaaaaaaa.warc.gz"))


@table.fires("17 seal-missing", "17 segment-altered")
def segment_moved_to_another_month(victim: Victim) -> None:
    folder = victim.root / "segments" / "2025" / "02"
    folder.mkdir()
    victim.segments[FIRST].rename(folder / victim.segments[FIRST].name)


# Removal


def stub_changed(victim: Victim, change: Callable[[Entry], Entry | bytes]) -> None:
    """Change the stub of the first segment."""
    victim.edit(FIRST, STUB, change)


@table.fires(
    "2 leaf-differs",
    "7 root-differs",
    "16 chain-broken",
    "16 statements-missing",
    "17 segment-altered",
    "20 anchor-elsewhere",
)
def stub_removed(victim: Victim) -> None:
    victim.edit(FIRST, STUB, lambda _entry: None)


@table.fires("17 segment-altered", "19 tombstone-missing")
def stub_names_another_tombstone(victim: Victim) -> None:
    def change(entry: Entry) -> Entry:
        stub = parse_stub_record(entry.record)
        line = stub.tombstone_leaf.split(b" ")
        line[2] = str(Digest.of(b"another")).encode()
        changed = replace(stub, tombstone_leaf=b" ".join(line))
        return replace(entry, record=format_stub_record(changed))

    victim.edit(FIRST, STUB, change)


@table.fires(
    "17 segment-altered",
    "18 capture-missing",
    "19 tombstone-missing",
)
def second_capture_removed_under_the_same_tombstone(victim: Victim) -> None:

    stub = parse_stub_record(victim.entries(FIRST)[STUB].record)

    def change(entry: Entry) -> Entry:
        fake = replace(stub, removed_leaf=leaf_line(entry))
        return Entry(members=(), record=format_stub_record(fake))

    victim.edit(FIRST, CAPTURE, change)


@table.fires("17 segment-altered", "19 stub-with-slice")
def records_before_a_stub(victim: Victim) -> None:
    members = victim.entries(FIRST)[CAPTURE].members
    victim.edit(FIRST, STUB, lambda e: replace(e, members=members))


def seal_anew(victim: Victim, **changes: object) -> None:
    """State another seal of the first segment, as it is now."""
    path = victim.segments[FIRST]
    reseal = dict(victim.entries(OPEN)[RESEAL].statement.predicate)
    segment = {
        **reseal["segment"],
        "length_bytes": path.stat().st_size,
        "sha256": Digest.of(path.read_bytes()).hex,
    }
    victim.speak("seal", {"segment": segment, "reseal": changes})


@table.fires("19 reseal-unfounded")
def segment_sealed_anew_for_no_tombstone(victim: Victim) -> None:
    seal_anew(victim, tombstone=3)


@table.fires("5 slice-altered", "6 records-disagree")
def altered_segment_sealed_anew_with_the_operator_key(victim: Victim) -> None:
    victim.edit_record(FIRST, CAPTURE, 0, lambda p: p.replace(b"<p>page", b"<p>fake"))
    seal_anew(victim, tombstone=victim.entries(OPEN)[TOMBSTONE].statement.seq)


@table.fires("17 segment-altered")
def stub_without_a_new_seal(victim: Victim) -> None:
    """As a removal that was killed leaves it."""
    victim.rewrite(OPEN, victim.entries(OPEN)[:RESEAL])
    victim.log_anew()


@table.fires()
def tombstone_stated_and_entry_still_there(victim: Victim) -> None:
    tombstone = dict(victim.entries(OPEN)[TOMBSTONE].statement.predicate)
    capture = victim.entries(FIRST)[CAPTURE].statement
    fields = ("reason", "authority", "segment_sha256")
    victim.speak(
        "tombstone",
        {
            **{field: tombstone[field] for field in fields},
            "leaf": capture.seq,
            "statement": str(capture.digest),
            "capture": capture.slice.sha256.hex,
        },
    )
    (notice,) = [note for note in victim.verify().notices if "still here" in note]
    assert capture.slice.sha256.short_id in notice


# The test


@table.each()
def test_each_attack_fires_exactly_what_the_table_says(
    row: Row, tmp_path: Path, golden_reports: GoldenReports
) -> None:
    play(row, tmp_path, golden_reports)
