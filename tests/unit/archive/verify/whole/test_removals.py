"""Check 19: stubs, tombstones and new seals belong together; told word for word."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.statements.envelope import Stub
from archive.digest import Digest
from archive.instant import format_instant
from archive.log.leaf import Leaf, format_leaf
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding
from archive.verify.whole.removals import Removals
from tests.support.archives.archives import START
from tests.support.judging.findings import failed, found_by, holds

REMOVED = [Digest.of(b"%d" % number) for number in range(9)]
"""Digests of the statements of entries that may be removed."""


def line(kind: str, digest: Digest) -> bytes:
    key_id, signature = "0" * 16, bytes(64)
    return format_leaf(
        Leaf(kind=kind, statement_digest=digest, key_id=key_id, signature=signature)
    )


def stone_line(seq: int) -> bytes:
    return line("tombstone", Digest.of(b"stone %d" % seq))


class Followed:
    """Removals as the entries of an archive show them."""

    def __init__(self) -> None:
        self.collector = Collector()
        self.removals = Removals(self.collector)

    def stub(
        self, index: int, stone: int, *, of: int | None = None, **changes: Any
    ) -> None:
        stub = Stub(
            removed_leaf=line("capture", REMOVED[index if of is None else of]),
            tombstone_leaf=stone_line(stone),
            date=changes.get("date", START),
        )
        entry = SimpleNamespace(stub=stub, records=changes.get("records", ()))
        self.removals.note_stub(
            cast("Any", entry),
            index,
            segment=changes.get("segment", "2025/01/s"),
            subject=f"entry {index}",
        )

    def stone(self, seq: int, leaf: int) -> None:
        predicate = {
            "seq": seq,
            "leaf": leaf,
            "statement": str(REMOVED[leaf]),
            "signed": format_instant(START),
            "capture": f"{leaf:064x}",
            "authority": "a court",
            "reason": f"reason {leaf}",
        }
        self.removals.note_tombstone(predicate, stone_line(seq))

    def reseal(self, stone: int, first: int, end: int) -> None:
        segment = {"file": f"file of {stone}", "first_leaf": first, "end_leaf": end}
        predicate = {"reseal": {"tombstone": stone}, "segment": segment}
        self.removals.note_reseal(predicate, subject=f"seal for {stone}")

    def finish(self) -> list[Finding]:
        """All findings."""
        self.removals.finish()
        return found_by(self.collector)


def done(leaf: int) -> str:
    short = Digest(f"{leaf:064x}").short_id
    why = f"{short} (entry {leaf}) by order of a court: reason {leaf}"
    return f"removed on {format_instant(START)}: {why}"


def to_be_done(leaf: int) -> str:
    why = done(leaf).partition(": ")[2]
    return f"to be removed and still here: {why}; any writing verb finishes it"


def missing(index: int, words: str) -> Finding:
    return failed(19, "tombstone-missing", f"entry {index}", words)


def unfounded(stone: int) -> Finding:
    words = f"seals file of {stone} anew for entry {stone}, no tombstone "
    subject = f"seal for {stone}"
    return failed(19, "reseal-unfounded", subject, f"{words}of an entry in it")


def test_where_nothing_was_removed_nothing_is_told() -> None:
    followed = Followed()
    assert followed.finish() == [holds(19, 0)]
    assert followed.collector.notices == []


def test_removals_that_are_done_are_counted_and_told_in_the_order_of_tombstones() -> (
    None
):
    followed = Followed()
    followed.stub(2, 5)
    followed.stub(3, 6)
    followed.stone(6, 3)
    followed.stone(5, 2)
    followed.reseal(5, 2, 3)
    followed.reseal(6, 0, 4)
    assert followed.finish() == [holds(19, 4)]
    assert followed.collector.notices == [done(3), done(2)]


def test_a_removal_that_is_stated_and_not_done_is_told() -> None:
    followed = Followed()
    followed.stone(5, 2)
    assert followed.finish() == [holds(19, 0)]
    assert followed.collector.notices == [to_be_done(2)]


def test_each_stub_is_judged_by_the_tombstone_it_names() -> None:
    followed = Followed()
    for seq, leaf in ((5, 1), (6, 2), (7, 3), (8, 4)):
        followed.stone(seq, leaf)
    followed.stub(0, 99)
    followed.stub(1, 5)
    followed.stub(2, 6, of=3)
    followed.stub(3, 8)
    followed.stub(4, 8, date=START + timedelta(microseconds=1))
    followed.stub(7, 7)
    another = "names the tombstone of another entry"
    assert followed.finish() == [
        missing(0, "names a tombstone that is not in the archive"),
        missing(2, another),
        missing(3, another),
        missing(4, "has not the date of its tombstone"),
        missing(7, another),
    ]
    assert followed.collector.counted(19) == 1


def test_a_new_seal_is_of_a_segment_with_the_entry_of_its_tombstone() -> None:
    followed = Followed()
    for seq in (5, 6, 7, 8):
        followed.stone(seq, 2)
    followed.reseal(5, 3, 4)
    followed.reseal(6, 2, 3)
    followed.reseal(7, 0, 2)
    followed.reseal(9, 0, 9)
    followed.reseal(8, 0, 3)
    assert followed.finish() == [unfounded(5), unfounded(7), unfounded(9)]
    assert followed.collector.counted(19) == 2


def test_a_stub_stands_alone() -> None:
    followed = Followed()
    followed.stub(2, 5, records=("a record",))
    followed.stone(5, 2)
    words = "records before a stub belong to nothing"
    assert followed.finish() == [failed(19, "stub-with-slice", "entry 2", words)]
    with pytest.raises(AssertionError) as caught:
        followed.removals.note_stub(
            cast("Any", SimpleNamespace(stub=None)), 0, segment="s", subject="x"
        )
    assert str(caught.value) == "only for stubs"


def test_segments_whose_new_seal_is_still_to_come_are_known() -> None:
    followed = Followed()
    for index, segment in ((2, "a"), (3, "b"), (4, "c")):
        followed.stub(index, 10 + index, segment=segment)
    followed.stone(12, 2)
    followed.stone(13, 3)
    assert followed.removals.unsealed_segments() == {"a", "b", "c"}
    followed.reseal(13, 3, 4)
    assert followed.removals.unsealed_segments() == {"a", "c"}
    followed.reseal(12, 2, 3)
    assert followed.removals.unsealed_segments() == {"c"}
