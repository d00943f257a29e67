import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from archive.attest.records.classes import FOUND_LIMIT, format_classes, parse_classes
from archive.attest.records.job import (
    JobClosing,
    JobOpening,
    SeedOutcome,
    format_job_close,
    format_job_open,
    parse_job_close,
    parse_job_open,
)
from archive.attest.values.canonical import dump_canonical
from archive.capture_class import ClassNote
from archive.digest import Digest
from archive.errors import FormatError, MalformedStatement

JOB = "a" * 26
MOMENT = datetime(2025, 1, 26, 8, tzinfo=UTC)
CAPTURE = Digest.of(b"capture").hex
OPENING = JobOpening(
    job_id=JOB,
    opened_at=MOMENT,
    source_id="izbirkom",
    source={"publisher": "Избирком", "interval_seconds": 3600},
    vantage="vilnius",
    settings_digest=Digest.of(b"settings"),
    seeds=("https://izbirkom.example/", "https://избирком.example/итоги"),
)
SALTS = ("ab" * 32, "cd" * 32)
CLOSING = JobClosing(
    job_id=JOB,
    closed_at=MOMENT,
    outcomes=(
        SeedOutcome(n=0, state="captured", captures=(CAPTURE,), reason=""),
        SeedOutcome(n=1, state="failed", captures=(CAPTURE, CAPTURE), reason="dns"),
        SeedOutcome(n=2, state="blocked", captures=(), reason="policy"),
        SeedOutcome(n=3, state="not-reached", captures=(), reason="killed"),
        SeedOutcome(n=4, state="not-reached", captures=(), reason="killed"),
    ),
    signals={"unused-rule": 2},
    expectations=({"name": "pages", "minimum": 3, "found": 1, "held": False},),
)


def test_an_opening_is_read_back_with_its_salts() -> None:
    data = format_job_open(OPENING, salts=SALTS)
    assert parse_job_open(data) == (OPENING, SALTS)
    assert json.loads(data)["seeds"][0] == {
        "n": 0,
        "salt": "ab" * 32,
        "uri": "https://izbirkom.example/",
    }


def test_a_closing_is_read_back_and_counts_its_seeds() -> None:
    data = format_job_close(CLOSING)
    assert parse_job_close(data) == CLOSING
    expected = {"captured": 1, "failed": 1, "blocked": 1, "not_reached": 2}
    assert json.loads(data)["counts"] == CLOSING.counts == expected


def test_unknown_keys_are_skipped_in_both() -> None:
    opened = json.loads(format_job_open(OPENING, salts=SALTS))
    opened["seeds"][0]["later"] = opened["later"] = {"x": 1}
    assert parse_job_open(dump_canonical(opened)) == (OPENING, SALTS)
    closed = json.loads(format_job_close(CLOSING))
    closed["seeds"][0]["later"] = closed["later"] = closed["counts"]["later"] = 1
    assert parse_job_close(dump_canonical(closed)) == CLOSING


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("job",), "x"),
        (("opened_at",), "2025-01-26"),
        (("seeds",), {}),
        (("seeds", 0, "n"), 1),
        (("seeds", 1, "n"), 0),
        (("seeds", 0, "salt"), "ab"),
        (("seeds", 0, "uri"), ""),
        (("settings_digest",), "ab" * 32),
        (("source",), None),
        (("source_id",), "Ф"),
        (("vantage",), ""),
    ],
)
def test_an_opening_out_of_form_is_refused(place: tuple[Any, ...], value: Any) -> None:
    document = json.loads(format_job_open(OPENING, salts=SALTS))
    check_spoiled(document, place, value, parse_job_open)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("closed_at",), None),
        (("counts", "captured"), 2),
        (("counts", "not_reached"), 0),
        (("expectations",), [1]),
        (("signals",), []),
        (("seeds", 1, "n"), 0),
        (("seeds", 0, "captures"), []),
        (("seeds", 0, "captures"), ["x"]),
        (("seeds", 2, "state"), "lost"),
        (("seeds", 2, "reason"), None),
    ],
)
def test_a_closing_out_of_form_is_refused(place: tuple[Any, ...], value: Any) -> None:
    document = json.loads(format_job_close(CLOSING))
    check_spoiled(document, place, value, parse_job_close)


def check_spoiled(
    document: Any, place: tuple[Any, ...], value: Any, parse: Callable[[bytes], Any]
) -> None:
    """Neither the value nor its absence may be read."""
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    with pytest.raises(MalformedStatement):
        parse(dump_canonical(document))
    del holder[place[-1]]
    if isinstance(place[-1], str):
        with pytest.raises(MalformedStatement):
            parse(dump_canonical(document))


def test_what_we_write_is_checked_like_what_we_read() -> None:
    with pytest.raises(MalformedStatement):
        format_job_open(replace(OPENING, vantage="two\nlines"), salts=SALTS)
    with pytest.raises(ValueError, match="zip"):
        format_job_open(OPENING, salts=SALTS[:1])
    twice = (*CLOSING.outcomes, CLOSING.outcomes[0])
    with pytest.raises(MalformedStatement):
        format_job_close(replace(CLOSING, outcomes=twice))


def test_json_that_is_no_object_is_refused() -> None:
    for data in (b"[]", b"{}", b"nonsense"):
        with pytest.raises(FormatError):
            parse_job_open(data)
        with pytest.raises(FormatError):
            parse_job_close(data)


def test_words_of_strangers_in_a_class_never_keep_a_job_from_being_closed() -> None:
    words = "a\x00b\u202ec\ud800" + "d" * FOUND_LIMIT
    note = ClassNote(capture_class="page", rule="r", found=words, key="s:/\x85\n")
    value = format_classes({"0" * 64: note}, rules=1)
    (kept,) = parse_classes(value)[0].values()
    assert kept.found == ("a\ufffdb\ufffdc?" + "d" * FOUND_LIMIT)[:FOUND_LIMIT]
    assert kept.key == "s:/\ufffd\ufffd"
