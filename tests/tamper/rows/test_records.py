"""Rows of the attack table: records changed, replaced, put in another order, added."""

import gzip
import random
import re
from collections.abc import Callable

import pytest

from archive.digest import Digest
from tests.support.archives.entries import segment_with, with_member
from tests.support.attacks.bench import Bench, bad, fires
from tests.support.attacks.tamper import (
    CAPTURE,
    CAPTURE_2,
    FIRST,
    Victim,
)

pytestmark = pytest.mark.timeout(600)
Members = list[bytes]


# Row: WARC-Date or Target-URI changed, digest headers removed, header repeated


def date_changed(plain: bytes, choice: random.Random) -> tuple[bytes, str]:
    digit = b"%d" % choice.randrange(1, 10)
    start = plain.index(b"WARC-Date: ") + len("WARC-Date: 2025-01-26T08:00:00.00000")
    if plain[start : start + 1] == digit:
        digit = b"0"
    return plain[:start] + digit + plain[start + 1 :], "date"


def uri_changed(plain: bytes, choice: random.Random) -> tuple[bytes, str]:
    match = re.search(rb"WARC-Target-URI: http://(\S+)", plain)
    assert match is not None
    at = choice.randrange(*match.span(1))
    letter = b"%c" % (plain[at] ^ 1 if plain[at : at + 1].isalnum() else 0x2D)
    return plain[:at] + letter + plain[at + 1 :], "arget"


def digest_removed(plain: bytes, choice: random.Random) -> tuple[bytes, str]:
    names_ = [b"Block"] + [b"Payload"] * (b"WARC-Payload-Digest" in plain)
    name = choice.choice(names_)
    cut = re.sub(rb"WARC-%s-Digest: \S+\r\n" % name, b"", plain, count=1)
    return cut, name.decode().lower()


def header_repeated(plain: bytes, choice: random.Random) -> tuple[bytes, str]:
    head, _, rest = plain.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    line = choice.choice(lines[1:])
    name, _, value = line.partition(b": ")
    lines.insert(choice.randrange(1, len(lines) + 1), name + b": " + value[::-1])
    return b"\r\n".join(lines) + b"\r\n\r\n" + rest, name.decode()


HEADER_ATTACKS = (date_changed, uri_changed, digest_removed, header_repeated)


@pytest.mark.parametrize("attack", HEADER_ATTACKS, ids=lambda a: a.__name__)
def test_warc_date_or_target_uri_changed_digests_removed_header_repeated(
    victim: Victim,
    bench: Bench,
    choice: random.Random,
    share: int,
    attack: Callable[[bytes, random.Random], tuple[bytes, str]],
) -> None:
    path, entries = victim.segments[FIRST], victim.entries(FIRST)
    for _ in range(200 // share):
        place = choice.choice((CAPTURE, CAPTURE_2))
        number = choice.randrange(2)
        plain = gzip.decompress(entries[place].members[number])
        changed, field = attack(plain, choice)
        entry = with_member(entries[place], number, changed)
        report = bench.judge_with(path, segment_with(victim, place, entry))
        fires(report, 5, 6, 16)
        shown = " ".join(f.detail for f in bad(report)).lower()
        assert field.lower() in shown, (attack.__name__, field, shown)


# Row: record replaced, digests recomputed


def test_record_replaced_and_digests_recomputed(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    path, entries = victim.segments[FIRST], victim.entries(FIRST)
    for _ in range(1000 // share):
        place = choice.choice((CAPTURE, CAPTURE_2))
        plain = gzip.decompress(entries[place].members[0])
        head, _, block = plain.partition(b"\r\n\r\n")
        body = bytearray(block)
        start = body.index(b"\r\n\r\n") + 4
        body[choice.randrange(start, len(body) - 4)] ^= 1 << choice.randrange(7)
        payload = bytes(body[start:-4])
        for name, content in ((b"Block", bytes(body[:-4])), (b"Payload", payload)):
            line = b"WARC-%s-Digest: %s" % (name, str(Digest.of(content)).encode())
            head = re.sub(rb"WARC-%s-Digest: \S+" % name, line, head)
        changed = head + b"\r\n\r\n" + bytes(body)
        entry = with_member(entries[place], 0, changed)
        fires(bench.judge_with(path, segment_with(victim, place, entry)), 5)


# Row: records reordered, doubled, added; gzip comment; junk between or behind


def reordered(members: Members, choice: random.Random) -> bytes:
    before = list(members)
    while members == before:
        choice.shuffle(members)
    return b"".join(members)


def doubled(members: Members, choice: random.Random) -> bytes:
    members.insert(choice.randrange(len(members) + 1), choice.choice(members))
    return b"".join(members)


def added(members: Members, choice: random.Random) -> bytes:
    record = b"WARC/1.0\r\nWARC-Type: metadata\r\nX: %d\r\n\r\n" % choice.randrange(
        9999
    )
    foreign = gzip.compress(record, mtime=0)
    members.insert(choice.randrange(len(members) + 1), foreign)
    return b"".join(members)


def commented(members: Members, choice: random.Random) -> bytes:
    number = choice.randrange(len(members))
    member = bytearray(members[number])
    member[3] |= 0x10
    member[10:10] = b"comment %d\0" % choice.randrange(9999)
    members[number] = bytes(member)
    return b"".join(members)


def junk_between(members: Members, choice: random.Random) -> bytes:
    members.insert(
        choice.randrange(1, len(members)), choice.randbytes(1 + choice.randrange(40))
    )
    return b"".join(members)


ORDER_ATTACKS = (reordered, doubled, added, commented, junk_between)


@pytest.mark.parametrize("attack", ORDER_ATTACKS, ids=lambda a: a.__name__)
def test_records_reordered_doubled_added_commented_or_with_junk_between(
    victim: Victim,
    bench: Bench,
    choice: random.Random,
    share: int,
    attack: Callable[[Members, random.Random], bytes],
) -> None:
    path, entries = victim.segments[FIRST], victim.entries(FIRST)
    for _ in range(100 // share):
        place = choice.choice((CAPTURE, CAPTURE_2))
        members = attack(list(entries[place].members), choice)
        data = segment_with(victim, place, members + entries[place].record)
        fires(bench.judge_with(path, data), 5, 16, 17)


def test_junk_behind_the_members_of_a_segment(
    victim: Victim, bench: Bench, choice: random.Random, share: int
) -> None:
    for _ in range(100 // share):
        path = choice.choice(victim.segments)
        junk = choice.randbytes(1 + choice.randrange(40))
        fires(bench.judge_with(path, path.read_bytes() + junk), 16, 17)
