"""Attacks on the records of a segment: their fields, their order, what is put between.

Each is played on the golden archive; the findings that must follow stand above it.
"""

import gzip
import re
from dataclasses import replace
from pathlib import Path

from archive.digest import Digest
from archive.warc.library import read_with_warcio
from tests.support.attacks.tamper import (
    CAPTURE,
    CAPTURE_2,
    FIRST,
    OPEN,
    SECOND,
    Entry,
    Row,
    Table,
    Victim,
    play,
)
from tests.support.judging.told import GoldenReports

table = Table()
SLICE_CHANGED = ("5 slice-altered", "6 records-disagree", "17 segment-altered")
"""What follows when the bytes of a slice are not those that were signed."""
ENTRIES_CHANGED = (
    "2 leaf-differs",
    "7 root-differs",
    "16 chain-broken",
    "17 segment-altered",
    "20 anchor-elsewhere",
)
"""What follows when an entry is not the one that was logged."""
WALK_STOPPED = (
    "2 leaf-differs",
    "7 root-differs",
    "16 bytes-uncovered",
    "16 chain-broken",
    "16 statements-missing",
    "17 segment-altered",
    "18 seed-without-outcome",
    "20 anchor-elsewhere",
)
"""What follows when the first segment cannot be read beyond its second entry."""


# Nothing happened


@table.fires()
def nothing(victim: Victim) -> None:
    assert victim.root.is_dir()


@table.fires()
def derived_files_hold_anything(victim: Victim) -> None:
    (victim.root / "catalog.sqlite").write_bytes(b"anything")
    (victim.root / "index").mkdir()
    (victim.root / "index" / "x").write_bytes(b"anything")


# A record is changed


def with_digests(plain: bytes, old: bytes, new: bytes) -> bytes:
    """Change a body and make the record's own digests fit again."""
    head, _, block = plain.replace(old, new).partition(b"\r\n\r\n")
    block = block.removesuffix(b"\r\n\r\n")
    payload = block.partition(b"\r\n\r\n")[2]
    for name, data in ((b"Block", block), (b"Payload", payload)):
        line = b"WARC-%s-Digest: %s" % (name, str(Digest.of(data)).encode())
        head = re.sub(rb"WARC-%s-Digest: \S+" % name, line, head)
    return head + b"\r\n\r\n" + block + b"\r\n\r\n"


@table.fires(*SLICE_CHANGED)
def record_replaced_with_recomputed_digests(victim: Victim) -> None:
    victim.edit_record(
        FIRST, CAPTURE, 0, lambda p: with_digests(p, b"<p>page", b"<p>fake")
    )
    assert read_with_warcio(victim.segments[FIRST]), "other tools see nothing wrong"


@table.fires(*SLICE_CHANGED)
def body_changed_and_digests_left(victim: Victim) -> None:
    victim.edit_record(FIRST, CAPTURE, 0, lambda p: p.replace(b"<p>page", b"<p>fake"))


@table.fires(*SLICE_CHANGED)
def warc_date_changed(victim: Victim) -> None:
    victim.edit_record(
        FIRST, CAPTURE, 0, lambda p: p.replace(b"WARC-Date: 2025", b"WARC-Date: 2024")
    )


@table.fires(*SLICE_CHANGED)
def target_uri_changed(victim: Victim) -> None:
    victim.edit_record(
        FIRST, CAPTURE, 0, lambda p: p.replace(b"http://a.example", b"http://b.example")
    )


@table.fires(*WALK_STOPPED)
def block_digest_removed(victim: Victim) -> None:
    victim.edit_record(
        FIRST, CAPTURE, 0, lambda p: re.sub(rb"WARC-Block-Digest: \S+\r\n", b"", p)
    )


@table.fires(*SLICE_CHANGED)
def payload_digest_removed(victim: Victim) -> None:
    victim.edit_record(
        FIRST, CAPTURE, 0, lambda p: re.sub(rb"WARC-Payload-Digest: \S+\r\n", b"", p)
    )


@table.fires(*WALK_STOPPED)
def header_field_repeated(victim: Victim) -> None:
    line = b"WARC-Target-URI: http://b.example/\r\n"
    victim.edit_record(
        FIRST, CAPTURE, 0, lambda p: p.replace(b"WARC-Block", line + b"WARC-Block", 1)
    )


@table.fires(*WALK_STOPPED)
def header_field_behind_a_bare_line_feed(victim: Victim) -> None:
    victim.edit_record(
        FIRST,
        CAPTURE,
        0,
        lambda p: p.replace(b".example/0\r\n", b".example/0\nX: y\r\n"),
    )


@table.fires(*WALK_STOPPED)
def content_length_shortened(victim: Victim) -> None:
    victim.edit_record(
        FIRST,
        CAPTURE,
        0,
        lambda p: re.sub(rb"(\r\nContent-Length: )\d+", rb"\g<1>1", p, count=1),
    )


@table.fires(*SLICE_CHANGED)
def record_packed_anew(victim: Victim) -> None:
    def pack(entry: Entry) -> Entry:
        first = gzip.compress(gzip.decompress(entry.members[0]), 9, mtime=0)
        return replace(entry, members=(first, *entry.members[1:]))

    victim.edit(FIRST, CAPTURE, pack)


@table.fires(*SLICE_CHANGED)
def gzip_comment_added(victim: Victim) -> None:
    def comment(entry: Entry) -> Entry:
        first = bytearray(entry.members[0])
        first[3] |= 0x10
        first[10:10] = b"a comment nobody signed\0"
        return replace(entry, members=(bytes(first), *entry.members[1:]))

    victim.edit(FIRST, CAPTURE, comment)


# Order and number


@table.fires(*SLICE_CHANGED)
def records_reordered(victim: Victim) -> None:
    victim.edit(FIRST, CAPTURE, lambda e: replace(e, members=e.members[::-1]))


@table.fires(*SLICE_CHANGED)
def record_removed(victim: Victim) -> None:
    victim.edit(FIRST, CAPTURE, lambda e: replace(e, members=e.members[:-1]))


@table.fires(*SLICE_CHANGED)
def record_doubled(victim: Victim) -> None:
    victim.edit(
        FIRST, CAPTURE, lambda e: replace(e, members=(*e.members, e.members[-1]))
    )


@table.fires(*SLICE_CHANGED)
def record_of_another_slice_added(victim: Victim) -> None:
    foreign = victim.entries(SECOND)[0].members[0]
    victim.edit(FIRST, CAPTURE, lambda e: replace(e, members=(*e.members, foreign)))


@table.fires(*SLICE_CHANGED)
def slices_of_two_statements_swapped(victim: Victim) -> None:
    entries = victim.entries(FIRST)
    one, two = entries[CAPTURE], entries[CAPTURE_2]
    entries[CAPTURE] = replace(one, members=two.members)
    entries[CAPTURE_2] = replace(two, members=one.members)
    victim.rewrite(FIRST, entries)


@table.fires(*ENTRIES_CHANGED)
def entries_swapped(victim: Victim) -> None:
    entries = victim.entries(FIRST)
    entries[CAPTURE], entries[CAPTURE_2] = entries[CAPTURE_2], entries[CAPTURE]
    victim.rewrite(FIRST, entries)


@table.fires(
    "2 leaf-differs",
    "7 not-logged-yet NOT CHECKED",
    "7 root-differs",
    "16 chain-broken",
    "17 segment-altered",
    "19 tombstone-missing",
    "20 anchor-elsewhere",
)
def entry_doubled(victim: Victim) -> None:
    entries = victim.entries(FIRST)
    victim.rewrite(FIRST, [*entries[:3], *entries[2:]])


@table.fires(*WALK_STOPPED)
def junk_between_members(victim: Victim) -> None:
    victim.edit(
        FIRST,
        CAPTURE,
        lambda e: e.members[0] + b"junk" + b"".join(e.members[1:]) + e.record,
    )


@table.fires("16 bytes-uncovered", "17 segment-altered")
def junk_behind_a_sealed_segment(victim: Victim) -> None:
    with victim.segments[FIRST].open("ab") as stream:
        stream.write(b"\0")


@table.fires("16 bytes-uncovered")
def junk_behind_the_open_segment(victim: Victim) -> None:
    with victim.segments[OPEN].open("ab") as stream:
        stream.write(b"junk")


@table.fires("16 bytes-uncovered")
def record_without_a_statement_at_the_end(victim: Victim) -> None:
    with victim.segments[OPEN].open("ab") as stream:
        stream.write(victim.entries(FIRST)[CAPTURE].members[0])


# The test


@table.each()
def test_each_attack_fires_exactly_what_the_table_says(
    row: Row, tmp_path: Path, golden_reports: GoldenReports
) -> None:
    play(row, tmp_path, golden_reports)
