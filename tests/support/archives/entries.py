"""Entries of the golden archive in another form."""

import gzip
from dataclasses import replace

from tests.support.attacks.tamper import (
    FIRST,
    Entry,
    Victim,
)


def segment_with(victim: Victim, place: int, data: bytes) -> bytes:
    """The first segment with other bytes for one of its entries."""
    return b"".join(
        data if index == place else entry.data
        for index, entry in enumerate(victim.entries(FIRST))
    )


def with_member(entry: Entry, number: int, plain: bytes) -> bytes:
    """An entry with another record in place of one of its own."""
    members = list(entry.members)
    members[number] = gzip.compress(plain, mtime=0)
    return replace(entry, members=tuple(members)).data
