"""What became of the records of a slice that is not the signed one."""

import gzip
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.statements.statement import parse_statement
from archive.digest import Digest
from archive.errors import FormatError
from archive.store.reading.reader import ArchiveReader
from archive.verify.statements.moved import Movement, Moves, trace_records
from archive.warc.reading import ReadRecord, RecordWalk
from tests.support.archives.archives import make_archive
from tests.support.disk.folders import open_segment

Parts = list[bytes]


@pytest.fixture(scope="module")
def signed(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Parts, list[dict[str, object]]]:
    """The members of one capture, and its signed table."""
    made = make_archive(tmp_path_factory.mktemp("moved"))
    (capture,) = made.fill(1)
    reader = ArchiveReader.open(made.root)
    with reader.open_slice(capture) as stream:
        data = stream.read()
    entry, _ = reader.entry(capture)
    reader.close()
    assert entry.envelope is not None
    rows = parse_statement(entry.envelope.payload).predicate["records"]
    parts = [data[row["offset"] : row["offset"] + row["length"]] for row in rows]
    assert len(parts) == 3
    return parts, rows


def trace(data: bytes, rows: list[dict[str, object]]) -> Moves:
    def digest_at(offset: int, length: int) -> Digest | None:
        if offset + length > len(data):
            return None
        return Digest.of(data[offset : offset + length])

    walk = RecordWalk(io.BytesIO(data))
    found: list[ReadRecord] = []
    try:
        for record in walk:
            found.append(record)
    except FormatError:
        pass
    return trace_records(rows, found, digest_at=digest_at)


def repress(part: bytes) -> bytes:
    return gzip.compress(gzip.decompress(part), 9, mtime=0)


def damage(part: bytes) -> bytes:
    text = bytearray(gzip.decompress(part))
    text[-10] ^= 1
    return gzip.compress(bytes(text), 9, mtime=0)


def torn(part: bytes) -> bytes:
    return part[:40] + b"\xff" * 20 + part[60:]


CASES: dict[str, tuple[Callable[[Parts], Parts], dict[str, int]]] = {
    "as signed": (lambda p: p, {"exact": 3}),
    "turned round": (lambda p: p[::-1], {"relocated": 3}),
    "something before": (lambda p: [p[0], *p], {"exact": 1, "relocated": 2}),
    "pressed again": (lambda p: [*map(repress, p)], {"recompressed": 3}),
    "the last pressed again": (
        lambda p: [p[0], p[1], repress(p[2])],
        {"exact": 2, "recompressed": 1},
    ),
    "the last altered": (
        lambda p: [p[0], p[1], damage(p[2])],
        {"exact": 2, "altered": 1},
    ),
    "the first unreadable": (
        lambda p: [torn(p[0]), p[1], p[2]],
        {"exact": 2, "altered": 1},
    ),
    "the last gone": (lambda p: p[:2], {"exact": 2, "missing": 1}),
    "all gone": (lambda p: [], {"missing": 3}),
}


@pytest.mark.parametrize("name", CASES)
def test_each_record_is_said_to_be_what_became_of_it(
    name: str, signed: tuple[Parts, list[dict[str, object]]]
) -> None:
    parts, rows = signed
    change, wanted = CASES[name]
    moves = trace(b"".join(change(list(parts))), rows)
    assert moves.counts == wanted
    assert moves.added == 0
    kinds = [kind for kind, _movement in moves.records]
    assert kinds == ["response", "request", "metadata"]


def test_records_that_nobody_signed_are_counted(
    signed: tuple[Parts, list[dict[str, object]]], tmp_path: Path
) -> None:
    made = make_archive(tmp_path)
    (capture,) = made.fill(1)
    reader = ArchiveReader.open(made.root)
    with reader.open_slice(capture) as stream:
        foreign = stream.read()
    reader.close()
    parts, rows = signed
    other = trace(b"".join(parts) + foreign, rows)
    assert other.counts["exact"] == 3
    assert other.counts.get("added", 0) in (0, 3)  # the fixed ids may be the same


WORDS: dict[str, str] = {
    "as signed": "of 3 signed records: 3 exact",
    "something before": (
        "of 3 signed records: 1 exact, 2 relocated, "
        "record 1 (request) relocated; record 2 (metadata) relocated"
    ),
    "pressed again": (
        "of 3 signed records: 3 recompressed, record 0 (response) recompressed; "
        "record 1 (request) recompressed; record 2 (metadata) recompressed"
    ),
    "the last altered": (
        "of 3 signed records: 2 exact, 1 altered, record 2 (metadata) altered"
    ),
    "the last gone": (
        "of 3 signed records: 2 exact, 1 missing, record 2 (metadata) missing"
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_what_became_of_them_is_said_in_one_sentence(
    name: str, signed: tuple[Parts, list[dict[str, object]]]
) -> None:
    parts, rows = signed
    moves = trace(b"".join(CASES[name][0](list(parts))), rows)
    assert str(moves) == WORDS[name]


@pytest.mark.parametrize("name", ["as signed", "turned round", "pressed again"])
@pytest.mark.parametrize("base", [0, 1, 5000])
def test_places_count_from_where_the_slice_begins(
    name: str, base: int, signed: tuple[Parts, list[dict[str, object]]]
) -> None:
    parts, rows = signed
    data = b"".join(CASES[name][0](list(parts)))
    found = [
        replace(one, span=replace(one.span, offset=one.span.offset + base))
        for one in RecordWalk(io.BytesIO(data))
    ]
    moved = trace_records(rows, found, base=base)
    assert moved == trace(data, rows)
    assert moved == trace_records(rows, list(RecordWalk(io.BytesIO(data))))


def test_three_are_named_and_all_are_counted_in_the_order_of_the_words() -> None:
    kinds = [Movement.MISSING, Movement.EXACT, *[Movement.RELOCATED] * 3]
    moves = Moves(records=tuple(("request", kind) for kind in kinds), added=2)
    assert list(moves.counts.items()) == [
        ("exact", 1),
        ("relocated", 3),
        ("missing", 1),
        ("added", 2),
    ]
    assert str(moves) == (
        "of 5 signed records: 1 exact, 3 relocated, 1 missing, 2 added, "
        "record 0 (request) missing; record 2 (request) relocated; "
        "record 3 (request) relocated"
    )


def test_a_record_of_its_id_is_altered_and_one_of_no_id_is_added(
    signed: tuple[Parts, list[dict[str, object]]],
) -> None:
    """Behind damage nothing can be read: what lies at the place is altered then."""
    parts, rows = signed
    data = b"".join(parts)
    found = list(RecordWalk(io.BytesIO(data)))
    other = [{**row, "member": "x", "record": "x"} for row in rows]
    assert trace_records(other, found).counts == {"altered": 3}
    strangers = [{**row, "id": f"urn:uuid:{n}"} for n, row in enumerate(other)]
    assert trace_records(strangers, found).counts == {"missing": 3, "added": 3}
    lies = trace_records(strangers, [], digest_at=lambda *_place: Digest.of(b"x"))
    assert lies.counts == {"altered": 3}


def test_verify_says_it_for_archive_and_bundle(tmp_path: Path) -> None:
    from archive.verify.whole.folder import verify_archive

    made = make_archive(tmp_path)
    (capture,) = made.fill(1, job=False)
    path = open_segment(made.root)
    data = path.read_bytes()
    start = capture.location.offset_bytes
    end = start + capture.location.length_bytes
    walk = RecordWalk(io.BytesIO(data[start:end]))
    spans = [record.span for record in walk]
    members = [data[start + s.offset : start + s.offset + s.length] for s in spans]
    path.write_bytes(data[:start] + b"".join(map(repress, members)) + data[end:])
    report = verify_archive(made.root, trust=made.trust())
    (finding,) = [one for one in report.findings if one.code == "slice-altered"]
    assert finding.parameters == {"recompressed": len(members)}
