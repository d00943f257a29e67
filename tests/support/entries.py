"""Entries of the golden archive in another form."""

import gzip
from collections.abc import Callable
from dataclasses import replace

from tests.support.tamper import (
    FIRST,
    Entry,
    Victim,
)


def segment_with(victim: Victim, place: int, change: Callable[[Entry], bytes]) -> bytes:
    """The first segment with one entry in another form."""
    entries = victim.entries(FIRST)
    return b"".join(
        change(entry) if index == place else entry.data
        for index, entry in enumerate(entries)
    )


def with_member(entry: Entry, number: int, plain: bytes) -> bytes:
    """An entry with another record in place of one of its own."""
    members = list(entry.members)
    members[number] = gzip.compress(plain, mtime=0)
    return replace(entry, members=tuple(members)).data
