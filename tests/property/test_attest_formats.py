"""Every format of `attest`: what is written is read back, and nothing else is read."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.attest.keys.signing import Ed25519Signer, P256Signer, verify_p256
from archive.attest.records.extract import ExtractLine, format_extract, parse_extract
from archive.attest.records.job import (
    STATES,
    JobClosing,
    JobOpening,
    SeedOutcome,
    format_job_close,
    format_job_open,
    parse_job_close,
    parse_job_open,
)
from archive.attest.statements.envelope import (
    Envelope,
    format_envelope,
    format_statement_record,
    parse_envelope,
    parse_statement_record,
)
from archive.attest.statements.kinds import KINDS, check_written, written_form
from archive.attest.statements.statement import (
    build_statement,
    pae,
    parse_common,
    parse_statement,
)
from archive.attest.trust.folder import TrustedOperator, TrustSet
from archive.attest.trust.policy import Policy, format_policy, parse_policy
from archive.attest.trust.trustset import format_trust, parse_trust
from archive.attest.values.canonical import dump_canonical, parse_canonical
from archive.attest.values.fields import check_table
from archive.digest import Digest, format_short_id
from archive.errors import EvidenceError, FormatError, MalformedStatement
from archive.instant import format_instant
from archive.log.note import COSIGNATURE, make_vkey
from tests.support.judging.examples import examples

EXAMPLES = settings(max_examples=examples(2000), deadline=None)
LIMIT = 1 << 20

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys_of_objects = st.text(st.characters(max_codepoint=127), max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys_of_objects, inner, max_size=4)
    ),
    max_leaves=12,
)
instants = st.integers(0, 4 * 10**15).map(
    lambda microseconds: (
        datetime(1990, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    )
)
ids = st.binary(min_size=16, max_size=16).map(format_short_id)
digests = st.binary(max_size=8).map(Digest.of)
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]),
    min_size=1,
    max_size=30,
)
words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]))
uris = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60
)
uuids = st.uuids(version=4).map(lambda value: f"urn:uuid:{value}")


@cache
def signer() -> P256Signer:
    return P256Signer.from_scalar(77)


@st.composite
def commons(draw: Callable[..., Any], *, members: int, length: int) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "sha256": draw(digests.filter(lambda d: d != Digest.of(b""))).hex,
        "length_bytes": length,
        "members": members,
        "first_record_id": draw(uuids),
    }
    if members == 0:
        facts |= {"sha256": Digest.of(b"").hex, "first_record_id": None}
    return {
        "archive": draw(ids),
        "seq": draw(st.integers(1, 10**15 - 1)),
        "prev": str(draw(digests)),
        "salt": draw(digests).hex,
        "signed": format_instant(draw(instants)),
        "software": draw(names),
        "operator": draw(names),
        "slice": facts,
    }


@st.composite
def captures(draw: Callable[..., Any]) -> tuple[str, dict[str, Any]]:
    lengths = draw(st.lists(st.integers(1, 10**6), min_size=1, max_size=4))
    record_ids = draw(
        st.lists(uuids, min_size=len(lengths), max_size=len(lengths), unique=True)
    )
    types = ["response", "request", "resource", "metadata"]
    moment = format_instant(draw(instants))
    rows = [
        {
            "id": record_id,
            "type": draw(st.sampled_from(types)),
            "target_uri": draw(st.none() | uris),
            "date": moment,
            "offset": sum(lengths[:place]),
            "length": length,
            "member": str(draw(digests)),
            "record": str(draw(digests)),
            "block": str(draw(digests)),
            "payload": draw(st.none() | digests.map(str)),
        }
        for place, (length, record_id) in enumerate(
            zip(lengths, record_ids, strict=True)
        )
    ]
    common = draw(commons(members=len(lengths), length=sum(lengths)))
    common["slice"]["first_record_id"] = record_ids[0]
    carried = st.none() | st.fixed_dictionaries(
        {
            "digest": digests.map(str),
            "capture": st.none() | digests.map(lambda d: d.hex),
        }
    )
    return "capture", common | {
        "target_uri": draw(uris),
        "host_alabel": draw(st.none() | uris.map(str.lower)),
        "captured_at": moment,
        "not_before": None,
        "job": draw(st.none() | ids),
        "source_id": draw(
            st.none() | st.from_regex(r"[a-z0-9-]{2,32}", fullmatch=True)
        ),
        "outcome": draw(st.sampled_from(["complete", "dns", "not-http"])),
        "connection": None,
        "chain": draw(carried),
        "dns": draw(carried),
        "refers_to": None,
        "records": rows,
    }


@st.composite
def incidents(draw: Callable[..., Any]) -> tuple[str, dict[str, Any]]:
    return "incident", draw(commons(members=0, length=0)) | {
        "cause": draw(st.sampled_from(["refused-checkpoint", "key-alarm", "custody"])),
        "file": None,
        "offset": draw(st.none() | st.integers(0, 10**15 - 1)),
        "length": None,
        "sha256": draw(st.none() | digests.map(lambda d: d.hex)),
        "words": draw(words.filter(bool)),
    }


@st.composite
def job_ends(draw: Callable[..., Any]) -> tuple[str, dict[str, Any]]:
    counts = ("captured", "failed", "blocked", "not_reached")
    return "job-close", draw(commons(members=1, length=9)) | {
        "job": draw(ids),
        "counts": {name: draw(st.integers(0, 10**15 - 1)) for name in counts},
    }


statements = captures() | incidents() | job_ends()


@EXAMPLES
@given(captures(), st.data())
def test_what_is_good_at_one_look_is_good_field_by_field(
    capture: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    kind, predicate = capture
    written = dump_canonical(predicate).decode()
    place = data.draw(st.integers(0, len(written) - 1))
    end = place + data.draw(st.integers(0, 12))
    signs = st.text('"\\{}[],:0123456789abzZ-\n', max_size=4)
    changed = written[:place] + data.draw(signs) + written[end:]
    form = written_form(kind)
    assert form is not None
    if form.fullmatch(changed) is None:
        return
    again = json.loads(changed)
    assert dump_canonical(again).decode() == changed
    with suppress(MalformedStatement):  # rules that look at several fields at once
        check_written(kind, again, changed)
    check_table(KINDS[kind].table, again, "predicate")


@EXAMPLES
@given(values)
def test_canonical_json_is_read_back(value: Any) -> None:
    data = dump_canonical(value)
    assert parse_canonical(data, limit_bytes=LIMIT) == value
    assert json.loads(data) == value


@EXAMPLES
@given(values, st.data())
def test_altered_json_is_refused_or_canonical_itself(
    value: Any, data: st.DataObject
) -> None:
    written = bytearray(dump_canonical(value))
    place = data.draw(st.integers(0, len(written) - 1))
    written[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        again = parse_canonical(bytes(written), limit_bytes=LIMIT)
    except FormatError:
        return
    assert dump_canonical(again) == bytes(written)


@EXAMPLES
@given(st.binary(max_size=200))
def test_hostile_bytes_raise_nothing_but_format_errors(data: bytes) -> None:
    for parse in (
        lambda raw: parse_canonical(raw, limit_bytes=LIMIT),
        parse_common,
        parse_statement,
        parse_envelope,
        parse_statement_record,
        parse_policy,
        parse_extract,
        parse_job_open,
        parse_job_close,
    ):
        with suppress(FormatError):
            parse(data)


@EXAMPLES
@given(values)
def test_hostile_json_raises_nothing_but_format_errors(value: Any) -> None:
    data = dump_canonical(value)
    for parse in (parse_statement, parse_envelope, parse_job_open, parse_job_close):
        with pytest.raises(FormatError):
            parse(data)


@EXAMPLES
@given(statements)
def test_statements_are_read_back(made: tuple[str, dict[str, Any]]) -> None:
    kind, predicate = made
    payload = build_statement(kind, predicate)
    statement = parse_statement(payload)
    assert (statement.kind, statement.predicate) == made
    assert build_statement(kind, statement.predicate, statement.subjects) == payload
    assert b'"seq":%d,' % predicate["seq"] in payload


@settings(EXAMPLES, max_examples=examples(500))
@given(statements, st.data())
def test_statement_records_are_read_back_and_no_flip_is(
    made: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    payload = build_statement(*made)
    envelope = Envelope(
        payload=payload, key_id=signer().key_id, signature=signer().sign(pae(payload))
    )
    assert parse_envelope(format_envelope(envelope)) == envelope
    member = format_statement_record(envelope)
    assert parse_statement_record(member) == envelope
    verify_p256(signer().spki_der, envelope.signature, pae(payload))
    altered = bytearray(member)
    altered[data.draw(st.integers(0, len(member) - 1))] ^= 1 << data.draw(
        st.integers(0, 7)
    )
    with pytest.raises(FormatError):
        parse_statement_record(bytes(altered))


@EXAMPLES
@given(
    st.lists(
        st.builds(
            ExtractLine,
            capture=digests.map(lambda digest: digest.hex),
            extractor=names,
            text=digests,
            file=st.none() | digests,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_extracts_are_read_back(lines: list[ExtractLine]) -> None:
    assert parse_extract(format_extract(lines)) == tuple(lines)


@EXAMPLES
@given(
    st.builds(
        JobOpening,
        job_id=ids,
        opened_at=instants,
        source_id=st.none() | st.just("viasna"),
        source=st.dictionaries(keys_of_objects, values, max_size=3),
        vantage=names,
        settings_digest=digests,
        seeds=st.lists(names, max_size=3).map(tuple),
    )
)
def test_job_openings_are_read_back(opening: JobOpening) -> None:
    salts = tuple(f"{n:064x}" for n in range(len(opening.seeds)))
    assert parse_job_open(format_job_open(opening, salts=salts)) == (opening, salts)


@EXAMPLES
@given(
    st.builds(
        JobClosing,
        job_id=ids,
        closed_at=instants,
        outcomes=st.lists(
            st.tuples(st.sampled_from(STATES), words, digests), max_size=4
        ).map(
            lambda ends: tuple(
                SeedOutcome(n=n, state=state, captures=(digest.hex,), reason=reason)
                for n, (state, reason, digest) in enumerate(ends)
            )
        ),
        signals=st.dictionaries(keys_of_objects, values, max_size=3),
        expectations=st.lists(
            st.dictionaries(keys_of_objects, values, max_size=2), max_size=2
        ).map(tuple),
    )
)
def test_job_closings_are_read_back(closing: JobClosing) -> None:
    assert parse_job_close(format_job_close(closing)) == closing


@settings(EXAMPLES, max_examples=examples(200))
@given(st.integers(0, 5), st.data())
def test_policies_and_trust_folders_are_read_back(
    count: int, data: st.DataObject
) -> None:
    log = Ed25519Signer.from_seed(bytes(32), name="election-evidence-archive/x").vkey
    found = tuple(
        (f"w{n}", make_vkey(f"w{n}.example", COSIGNATURE, bytes([n]) * 32))
        for n in range(count)
    )
    quorum = data.draw(st.integers(0, count))
    policy = Policy(log_vkey=log, witnesses=found, quorum=quorum)
    assert parse_policy(format_policy(policy)) == policy
    trust = TrustSet(
        roots=(signer().spki_der,),
        operators=(
            TrustedOperator(
                spki_der=signer().spki_der,
                first_leaf=data.draw(st.integers(0, 10**15 - 1)),
                end_leaf=data.draw(st.integers(0, 10**15 - 1)),
            ),
        ),
        log_vkey=log,
        witnesses=found,
        witness_quorum=quorum,
        token_quorum=data.draw(st.integers(0, 9)),
    )
    files = format_trust(trust)
    assert parse_trust(files) == trust
    name = data.draw(st.sampled_from(sorted(files)))
    spoiled = bytearray(files[name])
    spoiled[data.draw(st.integers(0, len(spoiled) - 1))] ^= 1 << data.draw(
        st.integers(0, 7)
    )
    try:
        again = parse_trust({**files, name: bytes(spoiled)})
    except EvidenceError:
        return
    assert format_trust(again) != files or name == "policy"
