"""A capture is looked at in one go when written; what that misses, field by field."""

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from archive.attest.statements import kinds
from archive.attest.statements.statement import build_statement, parse_statement
from archive.attest.values.fields import encoded, instant
from archive.attest.values.forms import HOST, RECORD_ID, SOURCE_ID, URI
from archive.errors import FormatError, MalformedStatement
from archive.instant import format_instant
from tests.unit.archive.attest.statements.test_kinds import paths_of, spoiled

PredicateOf = Callable[[str], dict[str, Any]]
WRONG: tuple[object, ...] = (
    True,
    -1,
    1.5,
    float("nan"),
    "",
    [],
    {},
    b"bytes",
    "\x00",
    "\n",
    '"',
    '","x":"',
    "\\",
    "x" * 40_000,
    10**15,
    "2025-02-30T08:00:00.000000Z",
)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the expression may say that a predicate is good."""

    def take_apart(kind: str, _predicate: Any) -> None:
        raise AssertionError(f"a {kind} was looked at field by field")

    monkeypatch.setattr(kinds, "check_predicate", take_apart)


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"not_before": None, "connection": None, "chain": None, "dns": None},
        {"job": None, "source_id": None, "host_alabel": None},
        {"operator": "Назіральнікі 🗳"},
        {"signed": "2024-12-31T23:59:59.999999Z"},
    ],
)
def test_a_usual_capture_needs_one_look(
    predicate_of: PredicateOf, changes: dict[str, Any]
) -> None:
    predicate = predicate_of("capture") | changes
    assert parse_statement(build_statement("capture", predicate)).predicate == predicate


@pytest.mark.parametrize("operator", ['The "Archive"', "back\\slash"])
def test_what_needs_an_escape_is_stated_as_well(
    predicate_of: PredicateOf, operator: str
) -> None:
    predicate = predicate_of("capture") | {"operator": operator}
    assert parse_statement(build_statement("capture", predicate)).predicate == predicate


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_a_wrong_value_is_stated_in_no_field(
    predicate_of: PredicateOf, wrong: Any
) -> None:
    for path in paths_of(predicate_of("capture")):
        predicate = spoiled(predicate_of("capture"), path, wrong)
        try:
            payload = build_statement("capture", predicate)
        except MalformedStatement:
            continue
        # A quotation mark and such may stand in names and addresses.
        assert parse_statement(payload).predicate == predicate
        assert isinstance(wrong, str)


def test_the_rules_over_several_fields_hold(predicate_of: PredicateOf) -> None:
    predicate = predicate_of("capture")
    predicate["records"][1]["offset"] = 99
    with pytest.raises(MalformedStatement, match="offset"):
        build_statement("capture", predicate)


def test_times_are_those_that_the_calendar_has() -> None:
    form = re.compile(instant.written or "", re.ASCII)
    moment = datetime(2023, 12, 30, tzinfo=UTC)
    left_out = []
    while moment.year < 2025:
        if form.fullmatch(f'"{format_instant(moment)}"') is None:
            left_out.append(moment.date().isoformat())
        moment += timedelta(days=1, hours=1, minutes=1, seconds=1, microseconds=1)
    assert set(left_out) <= {"2024-02-29"}
    for month in range(14):
        for day in range(34):
            text = f"2023-{month:02d}-{day:02d}T08:00:00.000000Z"
            if form.fullmatch(f'"{text}"'):
                instant.check(text, "day")
    for text in (
        "0000-01-01T00:00:00.000000Z",
        "2023-01-01T24:00:00.000000Z",
        "2023-01-01T00:60:00.000000Z",
        "2023-01-01T00:00:60.000000Z",
    ):
        assert form.fullmatch(f'"{text}"') is None


@pytest.mark.parametrize("size", range(1, 7))
def test_base64_of_one_size_is_canonical(size: int) -> None:
    validator = encoded(low=size, high=size)
    form = re.compile(validator.written or "")
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    good = base64.b64encode(bytes(size)).decode()
    padding = len(good) - len(good.rstrip("="))
    for sign in signs:
        place = len(good) - padding - 1
        text = good[:place] + sign + good[place + 1 :]
        try:
            validator.check(text, "hash")
            is_good = True
        except FormatError:
            is_good = False
        assert (form.fullmatch(f'"{text}"') is not None) == is_good


@pytest.mark.parametrize("validator", [HOST, RECORD_ID, SOURCE_ID, URI])
@pytest.mark.parametrize("sign", ['"', "\\", "\n", "\x7f", "\u2028"])
def test_what_stands_in_json_as_it_is_has_no_escapes(validator: Any, sign: str) -> None:
    assert re.fullmatch(validator.written, f'"{sign}"', re.ASCII) is None
    assert re.fullmatch(validator.written, f'"a{sign}a"', re.ASCII) is None
