"""What a revisit refers to, field by field, and what is told of those left open."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.digest import Digest
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Outcome
from archive.verify.statements.revisits import Revisits, name_capture, name_original
from tests.support.archives.bracketed import finding, findings

SLICE, OTHER = Digest.of(b"slice"), Digest.of(b"revisit")
PAYLOAD = Digest.of(b"payload")
FIELDS = {
    "WARC-Refers-To": "<urn:uuid:1>",
    "WARC-Refers-To-Target-URI": "http://a.example/",
    "WARC-Refers-To-Date": "2025-01-26T12:00:00Z",
}


def capture(**changes: object) -> Any:
    header = {
        "record_id": "urn:uuid:1",
        "target_uri": "http://a.example/",
        "date": "2025-01-26T12:00:00Z",
        "payload_digest": PAYLOAD,
        **changes,
    }
    return checked(SLICE, {"refers_to": None}, SimpleNamespace(**header))


def revisit(fields: dict[str, str] = FIELDS, **changes: object) -> Any:
    refers_to = {"capture": SLICE.hex, "digest": str(PAYLOAD), **changes}
    return checked(OTHER, {"refers_to": refers_to}, SimpleNamespace(find=fields.get))


def checked(digest: Digest, predicate: dict[str, object], header: object) -> Any:
    return SimpleNamespace(
        statement=SimpleNamespace(
            predicate=predicate, slice=SimpleNamespace(sha256=digest)
        ),
        entry=SimpleNamespace(records=(SimpleNamespace(header=header),)),
    )


def test_a_capture_is_remembered_by_one_digest_of_all_it_is_known_by() -> None:
    parts = [
        SLICE.hex,
        "urn:uuid:1",
        "http://a.example/",
        "2025-01-26T12:00:00Z",
        str(PAYLOAD),
    ]
    wanted = bytes.fromhex(Digest.of("\n".join(parts).encode()).hex)
    assert name_capture(capture()) == wanted
    assert name_original(revisit()) == wanted
    assert name_original(capture()) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"record_id": "urn:uuid:2"},
        {"target_uri": "http://b.example/"},
        {"date": "2025-01-26T12:00:01Z"},
        {"payload_digest": Digest.of(b"other")},
    ],
)
def test_a_capture_that_differs_in_one_field_is_another(
    changes: dict[str, object],
) -> None:
    assert name_capture(capture(**changes)) != name_original(revisit())


@pytest.mark.parametrize("field", FIELDS)
def test_a_revisit_that_leaves_a_field_out_refers_to_nothing(field: str) -> None:
    fields = {name: value for name, value in FIELDS.items() if name != field}
    assert name_original(revisit(fields)) not in (name_capture(capture()), None)


def test_only_earlier_captures_with_a_payload_are_referred_to() -> None:
    collector = Collector()
    revisits = Revisits(collector)
    revisits.note(revisit(), subject="entry 1")
    revisits.note(capture(payload_digest=None), subject="entry 2")
    revisits.note(revisit(digest="None"), subject="entry 3")
    revisits.note(capture(), subject="entry 4")
    revisits.note(revisit(), subject="entry 5")
    assert collector.counted(6) == 1
    pair = (OTHER.hex, SLICE.hex)
    assert list(revisits.without_original()) == [pair, pair]
    revisits.finish()
    words = f"no earlier capture {SLICE.hex} is what this revisit refers to"
    assert findings(collector) == [
        finding(6, "revisit-unfounded", Outcome.FAILED, subject, words)
        for subject in ("entry 1", "entry 3")
    ]
    assert collector.notices == []


def test_what_referred_to_removed_captures_is_counted_and_the_rest_named() -> None:
    collector = Collector()
    revisits = Revisits(collector)
    for number, name in enumerate(("gone", "gone too", "never", "gone")):
        revisits.note(revisit(capture=name), subject=f"entry {number}")
    for name in ("gone", "gone too"):
        revisits.note_tombstone({"capture": name})
    revisits.finish()
    assert collector.notices == ["3 revisits refer to captures that were removed"]
    words = "no earlier capture never is what this revisit refers to"
    assert findings(collector) == [
        finding(6, "revisit-unfounded", Outcome.FAILED, "entry 2", words)
    ]


def test_a_capture_without_records_is_none_to_refer_to() -> None:
    collector = Collector()
    revisits = Revisits(collector)
    bare = SimpleNamespace(entry=SimpleNamespace(records=()))
    revisits.note(cast("Any", bare), subject="entry 1")
    revisits.finish()
    assert findings(collector) == []
