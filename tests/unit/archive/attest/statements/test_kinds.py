"""Each kind: what is read, and that everything beside it is refused."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from archive.attest.statements.kinds import KINDS
from archive.attest.statements.predicates import COMMON
from archive.attest.statements.statement import (
    build_statement,
    parse_common,
    parse_statement,
)
from archive.attest.values.canonical import dump_canonical
from archive.digest import Digest
from archive.errors import FormatError, MalformedStatement

PredicateOf = Callable[[str], dict[str, Any]]

ALL = sorted(KINDS)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a predicate, inner ones first."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from paths_of(inner, (*path, number))
    if path:
        yield path


WRONG: tuple[object, ...] = (True, -1, "", [], {}, "\x00", "x" * 40_000, 10**15)


def spoiled(
    predicate: dict[str, Any], path: tuple[Any, ...], value: Any
) -> dict[str, Any]:
    """The payload that holds `value` at `path`, made without our checks."""
    holder = predicate
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return predicate


def payload_of(kind: str, predicate: dict[str, Any], *, like: bytes) -> bytes:
    frame = json.loads(like)
    frame["predicate"] = predicate
    frame["subject"][0]["digest"]["sha256"] = predicate["slice"]["sha256"]
    return dump_canonical(frame)


def test_there_are_thirteen_kinds() -> None:
    assert len(KINDS) == 13


@pytest.mark.parametrize("kind", ALL)
def test_what_is_built_is_read_back(kind: str, predicate_of: PredicateOf) -> None:
    payload = build_statement(kind, predicate_of(kind))
    statement = parse_statement(payload)
    assert (statement.kind, statement.predicate) == (kind, predicate_of(kind))
    assert statement.payload == payload
    assert statement.subjects[0] == ("capture.warc.gz", statement.slice.sha256.hex)
    assert (statement.seq, statement.digest) == (7, parse_common(payload).digest)


@pytest.mark.parametrize("kind", ALL)
def test_a_missing_or_a_surplus_key_is_refused_at_every_level(
    kind: str, predicate_of: PredicateOf
) -> None:
    good = build_statement(kind, predicate_of(kind))
    tried = 0
    for path in paths_of(predicate_of(kind)):
        if not isinstance(path[-1], str):
            continue
        for spoil in ("drop", "add"):
            predicate = predicate_of(kind)
            holder = predicate
            for step in path[:-1]:
                holder = holder[step]
            if spoil == "drop":
                del holder[path[-1]]
            else:
                holder["zzz"] = None
            if "slice" not in predicate or "sha256" not in predicate["slice"]:
                continue
            with pytest.raises(MalformedStatement):
                parse_statement(payload_of(kind, predicate, like=good))
            tried += 1
    assert tried > 20


@pytest.mark.parametrize("kind", ALL)
def test_a_value_of_another_type_is_refused_in_every_field(
    kind: str, predicate_of: PredicateOf
) -> None:
    good = build_statement(kind, predicate_of(kind))
    for path in paths_of(predicate_of(kind)):
        if path == ("slice",) or path == ("slice", "sha256"):
            continue
        for wrong in WRONG:
            predicate = spoiled(predicate_of(kind), path, wrong)
            with pytest.raises(MalformedStatement):
                parse_statement(payload_of(kind, predicate, like=good))


NULL_ALLOWED = {
    "capture": {
        "chain",
        "chain.capture",
        "connection",
        "connection.allow_network",
        "connection.connect_to",
        "connection.peer",
        "connection.tls",
        "dns",
        "dns.capture",
        "host_alabel",
        "job",
        "not_before",
        "records.1.payload",
        "records.0.target_uri",
        "records.1.target_uri",
        "refers_to",
        "source_id",
    },
    "page": {
        "chain",
        "connection",
        "dns",
        "host_alabel",
        "job",
        "not_before",
        "records.0.payload",
        "records.1.payload",
        "records.0.target_uri",
        "records.1.target_uri",
        "refers_to",
        "source_id",
    },
    "job-open": {"source_id"},
    "seal": {"reseal"},
    "anchor": {"tokens.0.crl"},
    "key": {f"keys.{n}.end_leaf" for n in range(4)} | {"log_vkey", "archive_toml"},
    "import": {"slice.first_record_id"},
}
"""Places that may be null; the payload of a response too, but it names a subject."""


@pytest.mark.parametrize("kind", ALL)
def test_null_stands_only_where_the_format_allows_it(
    kind: str, predicate_of: PredicateOf
) -> None:
    good = build_statement(kind, predicate_of(kind))
    allowed = set()
    for path in paths_of(predicate_of(kind)):
        if path in (("slice",), ("slice", "sha256")):
            continue
        predicate = spoiled(predicate_of(kind), path, None)
        try:
            parse_statement(payload_of(kind, predicate, like=good))
        except MalformedStatement:
            continue
        allowed.add(".".join(map(str, path)))
    empty = {"slice.first_record_id"} if KIND_IS_EMPTY.get(kind) else set()
    assert allowed == NULL_ALLOWED.get(kind, set()) | empty


KIND_IS_EMPTY = {"anchor": True, "cosign": True, "tombstone": True, "incident": True}


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("capture", ("seq",), 0),
        ("capture", ("prev",), "sha256:" + "0" * 64),
        ("capture", ("seq",), 1.0),
        ("capture", ("archive",), "A" * 26),
        ("capture", ("archive",), "a" * 25 + "b"),
        ("capture", ("salt",), "ab" * 31),
        ("capture", ("salt",), "AB" * 32),
        ("capture", ("signed",), "2025-01-26T08:00:00Z"),
        ("capture", ("signed",), "2025-02-30T08:00:00.000000Z"),
        ("capture", ("signed",), "2025-01-26T08:00:00.000000+00:00"),
        ("capture", ("operator",), "two\nlines"),
        ("capture", ("operator",), "right\u202eto left"),
        ("capture", ("operator",), "x" * 201),
        ("capture", ("slice", "members"), 0),
        ("capture", ("slice", "members"), 3),
        ("capture", ("slice", "length_bytes"), 199),
        ("capture", ("slice", "first_record_id"), None),
        ("capture", ("slice", "first_record_id"), "urn:uuid:x\r\nX: y"),
        ("capture", ("target_uri",), "https://a.example/ b"),
        ("capture", ("target_uri",), "https://a.example/\r\n"),
        ("capture", ("target_uri",), "https://бел.example/"),
        ("capture", ("host_alabel",), "IZBIRKOM.example"),
        ("capture", ("outcome",), "ok"),
        ("capture", ("connection", "tls"), "verified"),
        ("capture", ("chain", "digest"), "ab" * 32),
        ("capture", ("chain", "digest"), "sha1:" + "ab" * 20),
        ("capture", ("chain", "digest"), "sha256:" + "AB" * 32),
        ("capture", ("not_before", "root"), "AA=="),
        ("capture", ("not_before", "root"), "A" * 42 + "B="),
        ("capture", ("not_before", "size"), 0),
        ("capture", ("records", 0, "offset"), 1),
        ("capture", ("records", 1, "offset"), 101),
        ("capture", ("records", 1, "length"), 99),
        ("capture", ("records", 1, "type"), "warcinfo"),
        ("capture", ("records",), []),
        ("capture", ("source_id",), "Izbirkom"),
        ("page", ("outcome",), "timeout"),
        ("page", ("rendering",), "none"),
        ("page", ("main",), Digest.of(b"style").hex),
        ("page", ("captures",), [Digest.of(b"main").hex] * 2),
        ("page", ("connection",), {}),
        ("seal", ("segment", "file"), "../../etc/passwd"),
        ("seal", ("segment", "file"), "2025/13/00000000-abcdefg2.warc.gz"),
        ("seal", ("segment", "file"), "2025/01/00000000-abcdefg2.warc.gz.open"),
        ("seal", ("segment", "end_leaf"), 0),
        ("seal", ("segment", "end_leaf"), 8),
        ("seal", ("reseal",), {"tombstone": 7}),
        ("key", ("keys", 0, "key_id"), "0" * 16),
        ("key", ("keys", 1, "end_leaf"), 0),
        ("key", ("log_vkey",), "name+00000000+AAAA"),
        ("key", ("keys",), []),
        ("tombstone", ("leaf",), 7),
        ("incident", ("file",), "/etc/passwd"),
        ("incident", ("file",), "a/../b"),
        ("incident", ("cause",), "fire"),
        ("incident", ("offset",), None),
        ("import", ("file", "name"), "a/b.warc"),
        ("import", ("file", "name"), ".."),
        ("extract", ("texts",), 0),
        ("anchor", ("tokens",), []),
        ("cosign", ("signature",), base64.b64encode(bytes(73)).decode()),
        ("cosign", ("words",), "a\rb"),
        ("note", ("captures",), []),
    ],
)
def test_a_value_out_of_range_is_refused(
    kind: str, path: tuple[Any, ...], value: Any, predicate_of: PredicateOf
) -> None:
    good = build_statement(kind, predicate_of(kind))
    predicate = spoiled(predicate_of(kind), path, value)
    with pytest.raises(MalformedStatement):
        build_statement(kind, predicate)
    if value != 1.0 or isinstance(value, int):
        with pytest.raises(MalformedStatement):
            parse_statement(payload_of(kind, predicate, like=good))


@pytest.mark.parametrize("kind", ["anchor", "cosign", "tombstone", "incident"])
def test_kinds_without_content_refuse_a_slice(
    kind: str, predicate_of: PredicateOf
) -> None:
    predicate = predicate_of(kind) | {"slice": predicate_of("capture")["slice"]}
    with pytest.raises(MalformedStatement, match="not empty"):
        build_statement(kind, predicate)


@pytest.mark.parametrize(
    "kind",
    ["capture", "page", "job-open", "job-close", "seal", "extract", "import", "note"],
)
def test_kinds_with_content_refuse_an_empty_slice(
    kind: str, predicate_of: PredicateOf
) -> None:
    predicate = predicate_of(kind) | {"slice": predicate_of("anchor")["slice"]}
    with pytest.raises(MalformedStatement):
        build_statement(kind, predicate)


def test_entry_zero_is_a_new_key_with_log_and_identity(
    predicate_of: PredicateOf,
) -> None:
    first = {"seq": 0, "prev": "sha256:" + "0" * 64}
    build_statement("key", predicate_of("key") | first)
    for spoil in (
        {"action": "rotate"},
        {"log_vkey": None},
        {"archive_toml": None},
        {"slice": predicate_of("anchor")["slice"]},
    ):
        with pytest.raises(MalformedStatement):
            build_statement("key", predicate_of("key") | first | spoil)


def test_a_rewriting_is_sealed_without_a_new_segment(predicate_of: PredicateOf) -> None:
    predicate = predicate_of("seal") | {
        "slice": predicate_of("anchor")["slice"],
        "reseal": {"tombstone": 6},
    }
    assert parse_statement(build_statement("seal", predicate)).kind == "seal"


def test_subjects_follow_from_the_predicate(predicate_of: PredicateOf) -> None:
    payload = Digest.of(b"payload").hex
    capture = parse_statement(build_statement("capture", predicate_of("capture")))
    assert capture.subjects[1:] == (("payload", payload),)
    failed = predicate_of("capture")
    failed["records"][0] |= {"type": "request"}
    assert len(parse_statement(build_statement("capture", failed)).subjects) == 1
    page = parse_statement(build_statement("page", predicate_of("page")))
    assert page.subjects[1:] == tuple(
        (f"captures/{Digest(used).short_id}/capture.warc.gz", used)
        for used in page.predicate["captures"]
    )


def test_other_subjects_than_those_of_the_predicate_are_refused(
    predicate_of: PredicateOf,
) -> None:
    good = json.loads(build_statement("page", predicate_of("page")))
    extra = {"digest": {"sha256": "0" * 64}, "name": "x"}
    variants = [
        good["subject"][:1],
        good["subject"][1:],
        [good["subject"][0], good["subject"][2], good["subject"][1]],
        [*good["subject"], extra],
        [],
        None,
        [{**good["subject"][0], "uri": "x"}, *good["subject"][1:]],
        [{"digest": {"sha512": "00"}, "name": "capture.warc.gz"}],
    ]
    for subject in variants:
        with pytest.raises(MalformedStatement):
            parse_statement(dump_canonical(good | {"subject": subject}))
    with pytest.raises(MalformedStatement):
        build_statement("page", predicate_of("page"), [("capture.warc.gz", "0" * 64)])


@pytest.mark.parametrize("kind", ALL)
def test_the_shell_verifier_finds_what_it_greps_for(
    kind: str, predicate_of: PredicateOf
) -> None:
    payload = build_statement(kind, predicate_of(kind))
    digest = predicate_of(kind)["slice"]["sha256"]
    subject = b'{"digest":{"sha256":"%b"},"name":"capture.warc.gz"}' % digest.encode()
    assert payload.count(subject) == 1
    assert payload.count(b'"seq":7,') == 1
    assert payload.count(b'"seq":') == 1


def test_no_free_text_can_fake_a_subject_or_a_seq(predicate_of: PredicateOf) -> None:
    fake = '{"digest":{"sha256":"00"},"name":"capture.warc.gz"},"seq":9,'
    payload = build_statement("cosign", predicate_of("cosign") | {"words": fake})
    assert payload.count(b'"seq":') == 1
    assert payload.count(b'"name":"capture.warc.gz"') == 1


@pytest.mark.parametrize("kind", ALL)
def test_any_altered_byte_of_a_payload_is_another_statement_or_none(
    kind: str, predicate_of: PredicateOf
) -> None:
    payload = build_statement(kind, predicate_of(kind))
    digest = parse_statement(payload).digest
    for place in range(0, len(payload), 3):
        altered = bytearray(payload)
        altered[place] ^= 1 << (place % 8)
        try:
            assert parse_statement(bytes(altered)).digest != digest
        except FormatError:
            continue


def test_the_fields_of_every_statement_are_in_no_kind_twice() -> None:
    assert all(not COMMON.keys() & kind.fields.keys() for kind in KINDS.values())
