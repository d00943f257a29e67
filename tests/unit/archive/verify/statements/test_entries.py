"""Checks 1 to 6 and 10 of one entry: each finding whole, and nothing beside it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from archive.attest.keys.signing import P256Signer
from archive.attest.statements.statement import statement_digest
from archive.attest.trust.folder import TrustSet, read_trust
from archive.digest import Digest
from archive.store.layout import read_identity
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentEntry, SegmentWalk
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding
from archive.verify.statements.checks import leaf_of
from archive.verify.statements.entries import CheckedEntry, check_entry
from tests.support.attacks.tamper import CAPTURE, GOLDEN, JOB_OPEN, KEY, OPEN
from tests.support.judging.findings import failed, found_by, holds, not_checked

SUBJECT = "entry of a test"
Change = Callable[[SegmentEntry], SegmentEntry]


def golden_entry(segment: int, place: int) -> SegmentEntry:
    """An entry of the golden archive as it is."""
    path = list_segments(GOLDEN / "archive" / "segments")[segment].path
    return list(SegmentWalk(path))[place]


def golden_trust() -> TrustSet:
    """What its reader believes."""
    identity = read_identity(GOLDEN / "archive")
    trust = read_trust(GOLDEN / "trust", identity.origin)
    assert trust is not None
    return trust


def judge(
    entry: SegmentEntry, trust: TrustSet | None = None
) -> tuple[CheckedEntry | None, list[Finding]]:
    collector = Collector()
    checked = check_entry(collector, entry, subject=SUBJECT, trust=trust)
    return checked, found_by(collector)


def with_payload(change: Callable[[bytes], bytes]) -> Change:
    """The same signature over another payload."""

    def apply(entry: SegmentEntry) -> SegmentEntry:
        assert entry.envelope is not None
        payload = change(entry.envelope.payload)
        return replace(entry, envelope=replace(entry.envelope, payload=payload))

    return apply


def with_key(key_id: str) -> Change:
    def apply(entry: SegmentEntry) -> SegmentEntry:
        assert entry.envelope is not None
        return replace(entry, envelope=replace(entry.envelope, key_id=key_id))

    return apply


@pytest.mark.parametrize(
    ("segment", "place"),
    [(0, KEY), (0, JOB_OPEN), (0, CAPTURE), (OPEN, 0), (OPEN, 2)],
)
def test_a_good_entry_holds_once_at_each_check_and_is_what_it_says(
    segment: int, place: int
) -> None:
    entry = golden_entry(segment, place)
    checked, found = judge(entry, golden_trust())
    assert found == [holds(step, 1) for step in (1, 3, 4, 5, 6, 10)]
    assert checked is not None
    assert entry.envelope is not None
    assert checked == CheckedEntry(
        entry=entry,
        statement=checked.statement,
        envelope=entry.envelope,
        leaf_line=leaf_of(checked.statement, entry.envelope),
        digest=statement_digest(entry.envelope.payload),
        holds=True,
    )
    assert checked.statement.payload == entry.envelope.payload


def test_without_trust_nobody_is_asked_who_signed() -> None:
    checked, found = judge(golden_entry(0, CAPTURE))
    assert found == [holds(step, 1) for step in (1, 5, 6)]
    assert checked is not None
    assert checked.holds


def test_a_statement_that_cannot_be_read_ends_there() -> None:
    entry = golden_entry(0, CAPTURE)
    unread = replace(entry, envelope=None, problem="no envelope")
    place = entry.statement_offset
    assert judge(unread, golden_trust()) == (
        None,
        [
            failed(
                1,
                "statement-malformed",
                SUBJECT,
                f"statement record at offset {place}: no envelope",
                offset=place,
            )
        ],
    )
    checked, (finding,) = judge(with_payload(lambda _data: b"{}")(entry))
    assert checked is None
    assert finding == failed(1, "statement-malformed", SUBJECT, finding.detail)
    assert finding.detail


KINDS = b"https://w3id.org/election-evidence-archive/capture/v1"


@pytest.mark.parametrize(
    ("kind", "leaf"),
    [
        (b"https://w3id.org/election-evidence-archive/capture/v2", b" capture "),
        (b"https://w3id.org/election-evidence-archive/next-9/v999", b" next-9 "),
        (b"https://w3id.org/election-evidence-archive/capture/v1000", None),
        (b"https://w3id.org/election-evidence-archive/Capture/v1", None),
        (b"https://other.example/kind/v1", None),
    ],
)
def test_a_later_kind_is_told_and_its_leaf_known_if_it_has_our_form(
    kind: bytes, leaf: bytes | None
) -> None:
    change = with_payload(lambda data: data.replace(KINDS, kind))
    checked, found = judge(change(golden_entry(0, CAPTURE)))
    assert found[0] == not_checked(1, "kind-unknown", SUBJECT, found[0].detail)
    assert kind.decode() in found[0].detail
    assert found[1:] == [holds(5, 1), holds(6, 1)]
    if leaf is None:
        assert checked is None
    else:
        assert checked is not None
        assert leaf in b" " + checked.leaf_line
        assert checked.statement.kind == kind.decode()


def test_another_slice_is_told_with_what_became_of_its_records() -> None:
    entry = golden_entry(0, CAPTURE)
    altered = replace(entry, slice_digest=Digest.of(b"other"))
    checked, found = judge(altered, golden_trust())
    count = len(entry.records)
    assert found[3] == failed(5, "slice-altered", SUBJECT, found[3].detail, exact=count)
    assert found[3].detail.endswith(f"; of {count} signed records: {count} exact")
    assert found[:3] + found[4:] == [holds(step, 1) for step in (1, 3, 4, 6, 10)]
    assert checked is not None
    assert not checked.holds


def test_what_lies_behind_the_last_record_that_can_be_read_is_looked_at() -> None:
    entry = golden_entry(0, CAPTURE)
    second, third = entry.records[1:]
    place = third.span.offset - entry.slice_offset, third.span.length

    def digest_at(*asked: int) -> Digest | None:
        return third.member if asked == place else Digest.of(b"other")

    cut = replace(entry, records=entry.records[:1], digest_at=digest_at)
    _checked, found = judge(cut)
    assert found[1].parameters == {"exact": 2, "altered": 1}
    assert f"record 1 ({second.header.type}) altered" in found[1].detail


@pytest.mark.parametrize(("segment", "place"), [(0, JOB_OPEN), (OPEN, 2)])
def test_of_records_without_a_table_only_the_slice_is_told(
    segment: int, place: int
) -> None:
    altered = replace(golden_entry(segment, place), slice_digest=Digest.of(b"other"))
    checked, found = judge(altered)
    assert found[1] == failed(5, "slice-altered", SUBJECT, found[1].detail)
    assert "signed records" not in found[1].detail
    assert [found[0], *found[2:]] == [holds(1, 1), holds(6, 1)]
    assert checked is not None
    assert not checked.holds


def test_records_that_disagree_are_told_and_the_slice_counts_on_its_own() -> None:
    entry = golden_entry(0, CAPTURE)
    turned = replace(entry, records=entry.records[::-1])
    checked, found = judge(turned, golden_trust())
    assert checked is not None
    words = "record 0: id is not the one that was signed"
    assert found == [
        *(holds(step, 1) for step in (1, 3, 4, 5)),
        failed(6, "records-disagree", SUBJECT, words),
        holds(10, 1),
    ]
    assert checked.holds


def test_an_unknown_signer_is_told_and_nothing_more_is_asked_of_him() -> None:
    stranger = P256Signer.from_scalar(2_000_003).key_id
    checked, found = judge(with_key(stranger)(golden_entry(0, CAPTURE)), golden_trust())
    assert found[1] == not_checked(3, "key-unknown", SUBJECT, found[1].detail)
    assert stranger in found[1].detail
    assert [found[0], *found[2:]] == [holds(step, 1) for step in (1, 5, 6)]
    assert checked is not None
    assert not checked.holds


def test_a_bad_signature_is_told_and_the_interval_is_asked_all_the_same() -> None:
    entry = golden_entry(0, CAPTURE)
    assert entry.envelope is not None
    envelope = replace(entry.envelope, signature=bytes(64))
    checked, found = judge(replace(entry, envelope=envelope), golden_trust())
    assert found[2] == failed(4, "signature-bad", SUBJECT, found[2].detail)
    assert checked is not None
    assert found[2].detail.startswith(f"entry {checked.statement.seq}: ")
    assert found[:2] + found[3:] == [holds(step, 1) for step in (1, 3, 5, 6, 10)]
    assert not checked.holds


@pytest.mark.parametrize("place", [CAPTURE, JOB_OPEN])
def test_a_key_counts_from_its_first_entry_to_the_one_before_its_end(
    place: int,
) -> None:
    entry, trust = golden_entry(0, place), golden_trust()
    assert entry.envelope is not None
    key_id = entry.envelope.key_id
    checked, _found = judge(entry, trust)
    assert checked is not None
    seq = checked.statement.seq

    def between(first: int, end: int) -> list[Finding]:
        (operator,) = (one for one in trust.operators if one.key_id == key_id)
        changed = replace(operator, first_leaf=first, end_leaf=end)
        checked, found = judge(entry, replace(trust, operators=(changed,)))
        assert checked is not None
        assert checked.holds, "its slice and its signature are right"
        return found

    words = f"key {key_id} was not valid at entry {seq}"
    late = failed(10, "key-not-valid", SUBJECT, words)
    assert between(seq, seq + 1)[-1] == holds(10, 1)
    assert between(seq + 1, seq + 2)[-1] == late
    assert between(0, seq)[-1] == late


def test_the_first_entry_is_signed_by_the_root_key_whatever_operators_there_are() -> (
    None
):
    trust = replace(golden_trust(), operators=())
    checked, found = judge(golden_entry(0, KEY), trust)
    assert found == [holds(step, 1) for step in (1, 3, 4, 5, 6, 10)]
    assert checked is not None
    assert checked.statement.seq == 0
