"""Checks on one statement: each difference from what was signed, told word for word."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.keys.signing import P256Signer
from archive.attest.statements.statement import Statement, pae
from archive.attest.trust.folder import TrustedOperator, TrustSet
from archive.digest import Digest
from archive.errors import BadSignature, DigestMismatch, MalformedRecord, UnknownKey
from archive.log.leaf import parse_leaf
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentEntry, SegmentWalk, read_statement
from archive.verify.statements.checks import (
    ROW_DIGESTS,
    ROW_FIELDS,
    ROW_PLACE,
    _check_headers,
    _check_import,
    _check_revisit,
    _check_row,
    check_interval,
    check_records,
    check_signature,
    find_key,
    is_by_root,
    leaf_of,
)
from archive.warc.revisit import SAME_PAYLOAD
from tests.support.attacks.tamper import CAPTURE, GOLDEN, PAGE

OPERATOR, ROOT = (P256Signer.from_scalar(1_000_003 + n) for n in range(2))
TRUST = TrustSet(
    roots=(ROOT.spki_der,),
    operators=(TrustedOperator(spki_der=OPERATOR.spki_der, first_leaf=3, end_leaf=9),),
    log_vkey=cast("Any", None),
)


def golden(place: int) -> SegmentEntry:
    """An entry of the golden archive."""
    path = list_segments(GOLDEN / "archive" / "segments")[0].path
    return list(SegmentWalk(path))[place]


def said(kind: str, action: str = "", seq: int = 5) -> Any:
    """A statement by its kind and what it does."""
    predicate = {"action": action}
    return SimpleNamespace(
        kind=kind, predicate=predicate, seq=seq, payload=b"said", records=()
    )


def by(signer: P256Signer, payload: bytes = b"said") -> Any:
    """The envelope of a signer."""
    return SimpleNamespace(key_id=signer.key_id, signature=signer.sign(pae(payload)))


def with_rows(statement: Statement, rows: object) -> Statement:
    """The same statement over another table of records."""
    return replace(statement, predicate={**statement.predicate, "records": rows})


# The signer


def test_only_new_keys_and_revocations_are_for_the_root_key() -> None:
    actions = ("new", "revoke", "rotate", "accept")
    assert [is_by_root(said("key", action)) for action in actions] == [
        *(True, True, False, False)
    ]
    assert not is_by_root(said("capture", "new"))


def test_the_key_of_a_statement_is_the_one_that_may_sign_it() -> None:
    assert find_key(said("capture"), by(OPERATOR), TRUST) == OPERATOR.spki_der
    assert find_key(said("key", "rotate"), by(OPERATOR), TRUST) == OPERATOR.spki_der
    assert find_key(said("key", "new"), by(ROOT), TRUST) == ROOT.spki_der
    for statement, signer in (
        (said("capture"), ROOT),
        (said("key", "accept"), ROOT),
        (said("key", "revoke"), OPERATOR),
    ):
        with pytest.raises(UnknownKey) as unknown:
            find_key(statement, by(signer), TRUST)
        assert str(unknown.value).startswith("entry 5: ")
        assert signer.key_id in str(unknown.value)


def test_a_signature_is_over_exactly_this_payload() -> None:
    check_signature(said("capture"), by(OPERATOR), OPERATOR.spki_der)
    for envelope, spki in (
        (by(OPERATOR, b"other"), OPERATOR.spki_der),
        (by(OPERATOR), ROOT.spki_der),
    ):
        with pytest.raises(BadSignature, match=r"entry 5: ."):
            check_signature(said("capture"), envelope, spki)


@pytest.mark.parametrize("seq", [2, 3, 8, 9])
def test_operators_sign_between_their_leaves_and_the_root_key_always(seq: int) -> None:
    check_interval(said("key", "new", seq), by(ROOT), TRUST)
    statement = said("capture", seq=seq)
    if 3 <= seq < 9:
        check_interval(statement, by(OPERATOR), TRUST)
        return
    with pytest.raises(BadSignature) as invalid:
        check_interval(statement, by(OPERATOR), TRUST)
    words = f"key {OPERATOR.key_id} was not valid at entry {seq}"
    assert str(invalid.value) == words


def test_a_leaf_names_kind_statement_key_and_signature() -> None:
    entry = golden(CAPTURE)
    statement = read_statement(entry)
    assert entry.envelope is not None
    leaf = parse_leaf(leaf_of(statement, entry.envelope))
    assert (leaf.kind, leaf.statement_digest) == ("capture", statement.digest)
    assert leaf.key_id == entry.envelope.key_id
    assert leaf.signature == entry.envelope.signature


# The table of records


@pytest.mark.parametrize("place", [CAPTURE, PAGE])
@pytest.mark.parametrize("field", [*ROW_FIELDS, *ROW_DIGESTS, *ROW_PLACE])
def test_each_field_of_each_row_is_the_one_that_was_signed(
    field: str, place: int
) -> None:
    entry = golden(place)
    statement = read_statement(entry)
    rows = statement.predicate["records"]
    check_records(statement, entry.records, entry.slice_offset)
    for number, row in enumerate(rows):
        if row[field] is None:
            other: object = str(Digest.of(b""))
        else:
            other = row[field] + (1 if isinstance(row[field], int) else "0")
        changed = [*rows[:number], {**row, field: other}, *rows[number + 1 :]]
        with pytest.raises(DigestMismatch) as differs:
            check_records(
                with_rows(statement, changed), entry.records, entry.slice_offset
            )
        told = f"record {number}: {field} is not the one that was signed"
        assert str(differs.value) == told


def test_of_several_differences_the_first_row_and_what_was_changed_is_told() -> None:
    entry = golden(CAPTURE)
    statement = read_statement(entry)
    rows = statement.predicate["records"]
    order = [*ROW_FIELDS, *ROW_DIGESTS, *ROW_PLACE]
    for number, field in enumerate(order):
        other = dict.fromkeys(order[number:], "x")
        changed = [rows[0], *({**row, **other} for row in rows[1:])]
        with pytest.raises(DigestMismatch, match=f"record 1: {field} is not"):
            check_records(
                with_rows(statement, changed), entry.records, entry.slice_offset
            )


def test_a_row_that_differs_nowhere_is_our_own_mistake() -> None:
    entry = golden(CAPTURE)
    row, record = read_statement(entry).predicate["records"][0], entry.records[0]
    with pytest.raises(AssertionError) as caught:
        _check_row(row, record.row, base=entry.slice_offset, place="record 0")
    told = "a row that is not the signed one differs somewhere"
    assert str(caught.value) == told


@pytest.mark.parametrize("count", [2, 4])
def test_as_many_records_as_were_signed(count: int) -> None:
    entry = golden(CAPTURE)
    statement = read_statement(entry)
    records = (*entry.records, *entry.records)[:count]
    with pytest.raises(DigestMismatch) as differs:
        check_records(statement, records, entry.slice_offset)
    told = f"entry {statement.seq}: {count} records, 3 were signed"
    assert str(differs.value) == told


def test_digests_that_records_state_of_themselves_are_checked_of_every_kind() -> None:
    checked: list[int] = []

    def record(number: int) -> Any:
        return SimpleNamespace(check_digests=lambda: checked.append(number))

    check_records(said("job-open"), [record(1), record(2)], 0)
    assert checked == [1, 2]


# Headers


def header(**values: object) -> Any:
    """A record by its headers."""
    fields = {
        "record_id": "urn:uuid:1",
        "date": "d",
        "type": "response",
        "target_uri": "http://a.example/",
        **values,
    }
    return SimpleNamespace(header=SimpleNamespace(**fields))


def predicate(**values: object) -> Mapping[str, Any]:
    """What was signed of them."""
    return {
        "target_uri": "http://a.example/",
        "host_alabel": "a.example",
        "captured_at": "d",
        "refers_to": None,
        **values,
    }


LONG = "http://[x/" + "y" * 100
DATE = "WARC-Date of urn:uuid:1 is not the signed captured_at"
ADDRESS = "WARC-Target-URI of urn:uuid:1 is not the signed target_uri"
NO_HOST = "host_alabel is not the host of target_uri"


@pytest.mark.parametrize(
    ("signed", "record", "words"),
    [
        ({"host_alabel": "b.example"}, {}, NO_HOST),
        ({}, {"date": "e"}, DATE),
        ({}, {"type": "metadata", "date": "e"}, DATE),
        ({}, {"target_uri": "http://b.example/"}, ADDRESS),
        ({}, {"type": "request", "target_uri": "http://b.example/"}, ADDRESS),
        ({}, {"type": "request", "target_uri": None}, ADDRESS),
    ],
)
def test_address_and_date_are_those_of_each_record(
    signed: dict[str, object], record: dict[str, object], words: str
) -> None:
    good = [header(), header(type="metadata", target_uri="urn:x")]
    _check_headers(predicate(), good)
    for records in ([header(**record), *good], [*good, header(**record)]):
        with pytest.raises(MalformedRecord) as malformed:
            _check_headers(predicate(**signed), records)
        assert str(malformed.value) == words


def test_an_address_that_is_none_is_told_up_to_a_length() -> None:
    with pytest.raises(MalformedRecord) as malformed:
        _check_headers(predicate(target_uri=LONG), [header()])
    told = str(malformed.value)
    assert told.startswith(f"target_uri {LONG[:80]!r} is no address: ")
    assert "y" * 71 not in told


REVISIT = {"type": "revisit"}
REFERS = {"refers_to": {"digest": "sha256:x", "capture": "c"}}
DISAGREE = "refers_to and the revisit record disagree"


@pytest.mark.parametrize(
    ("signed", "records", "words"),
    [
        ({}, [REVISIT], DISAGREE),
        (REFERS, [{}], DISAGREE),
        (REFERS, [], DISAGREE),
        (REFERS, [REVISIT, REVISIT], DISAGREE),
        (REFERS, [{}, REVISIT], "a revisit record is not the first one of its slice"),
    ],
)
def test_a_revisit_is_there_once_and_first_if_the_statement_names_one(
    signed: dict[str, object], records: list[dict[str, object]], words: str
) -> None:
    with pytest.raises(MalformedRecord) as malformed:
        _check_revisit(predicate(**signed), [header(**one) for one in records])
    assert str(malformed.value) == words
    _check_revisit(predicate(), [header()])
    _check_revisit(predicate(), [])


def test_a_revisit_record_is_of_the_address_of_its_statement() -> None:
    """It repeats an earlier capture of another address, and says so in itself."""
    elsewhere = "http://b.example/"
    said_of_it = {
        "WARC-Refers-To": "<urn:uuid:0>",
        "WARC-Refers-To-Target-URI": elsewhere,
        "WARC-Refers-To-Date": "c",
        "WARC-Payload-Digest": "sha256:x",
        "WARC-Profile": SAME_PAYLOAD,
    }
    record = header(**REVISIT, target_uri=elsewhere, find=said_of_it.get)
    _check_revisit(predicate(**REFERS), [record])
    with pytest.raises(MalformedRecord) as malformed:
        _check_headers(predicate(**REFERS), [record])
    assert str(malformed.value) == ADDRESS


IMPORT = "urn:evidence:import:"


@pytest.mark.parametrize("number", [0, 1])
def test_the_last_record_of_an_import_names_its_file(number: int) -> None:
    file, other = "ab" * 32, "cd" * 32
    stated = {"file": {"sha256": file}}
    records = [header(target_uri="http://a.example/"), header(target_uri="x")]
    records[number] = header(target_uri=f"{IMPORT}{other}")
    if number == 0:
        _check_import(stated, records)  # what was imported may be called anything
        return
    with pytest.raises(DigestMismatch) as differs:
        _check_import(stated, records)
    assert str(differs.value) == "the records are not of the file that was stated"
    _check_import(stated, [header(target_uri=f"{IMPORT}{file}")])


def test_only_of_imports_the_file_is_asked_for() -> None:
    record = header(target_uri=f"{IMPORT}{'cd' * 32}")
    record.check_digests = lambda: None
    statement = said("import")
    statement.predicate = {"file": {"sha256": "ab" * 32}}
    with pytest.raises(DigestMismatch):
        check_records(statement, [record], 0)
    statement.kind = "incident"
    check_records(statement, [record], 0)
