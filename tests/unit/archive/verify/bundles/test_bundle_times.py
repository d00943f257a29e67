"""The lower bound that a part of a bundle names: each fault told whole."""

from datetime import timedelta
from typing import Any

import pytest

from archive.attest.statements.statement import Statement, parse_statement
from archive.attest.trust.folder import TrustSet
from archive.capture import MemoryBytes
from archive.export.judge import PlannedFiles
from archive.instant import format_instant, parse_instant
from archive.verify.bundles.bundletimes import BundleTimes
from archive.verify.bundles.bundletree import BundleTree
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding, Outcome
from tests.support.archives.bracketed import finding, findings
from tests.support.archives.bundles import Files_, World

BAD, FAILED = "not-before-bad", Outcome.FAILED
PART = f"captures/{'a' * 26}/"
NAME = f"{PART}not_before.tsr"
SAID = f"{PART}statement.json"


def times_of(
    world: World, files: Files_, trust: TrustSet | None = None
) -> tuple[Collector, BundleTimes]:
    """A part of a collection, with these files."""
    collector = Collector()
    planned = {f"{PART}{name}": MemoryBytes(data) for name, data in files.items()}
    times = BundleTimes(
        collector, PlannedFiles(dict(planned)), prefix=PART, trust=trust or world.trust
    )
    return collector, times


def named_by(files: Files_) -> dict[str, Any]:
    return dict(parse_statement(files["statement.json"]).predicate["not_before"])


def bad(detail: str) -> list[Finding]:
    return [finding(13, BAD, FAILED, NAME, detail)]


def test_the_named_token_bounds_from_below(world: World) -> None:
    bounded = world.bundles["bounded"]
    collector, times = times_of(world, bounded)
    named = named_by(bounded)
    assert times._find_lower_bound(named) == parse_instant(named["gen_time"])
    assert findings(collector) == []


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        (
            {"gen_time": "2001-01-01T00:00:00.000000Z"},
            "is of another time than the statement says",
        ),
        (
            {"token": "sha256:" + "ab" * 32},
            "is not the token that the statement names",
        ),
        ({"root": "="}, "not base64: '='"),
    ],
)
def test_a_token_is_the_named_one_in_each_field(
    world: World, changes: dict[str, str], detail: str
) -> None:
    bounded = world.bundles["bounded"]
    collector, times = times_of(world, bounded)
    assert times._find_lower_bound({**named_by(bounded), **changes}) is None
    assert findings(collector) == bad(detail)


@pytest.mark.parametrize("field", ["size", "root"])
def test_a_token_stamps_the_checkpoint_that_is_named(world: World, field: str) -> None:
    bounded = world.bundles["bounded"]
    named = named_by(bounded)
    other = {"size": int(named["size"]) + 1, "root": "A" * 43 + "="}
    collector, times = times_of(world, bounded)
    assert times._find_lower_bound({**named, field: other[field]}) is None
    (found,) = findings(collector)
    assert (found.step, found.code, found.subject) == (13, BAD, NAME)
    assert found.outcome is FAILED


def test_a_token_that_is_absent_or_by_nobody_trusted_is_not_checked(
    world: World,
) -> None:
    bounded = world.bundles["bounded"]
    without = {k: v for k, v in bounded.items() if k != "not_before.tsr"}
    collector, times = times_of(world, without)
    assert times._find_lower_bound(named_by(bounded)) is None
    assert findings(collector) == [
        finding(
            13,
            "not-before-missing",
            Outcome.NOT_CHECKED,
            NAME,
            "the token of the lower bound is absent",
        )
    ]


def statement_of(files: Files_) -> Statement:
    return parse_statement(files["statement.json"])


def test_a_capture_lies_between_its_tokens(world: World) -> None:
    bounded = world.bundles["bounded"]
    statement = statement_of(bounded)
    captured = parse_instant(statement.predicate["captured_at"])
    after = parse_instant(named_by(bounded)["gen_time"])
    hour = timedelta(hours=1)
    late = captured - hour
    for before, found, counted in (
        (captured + hour, [], 1),
        (
            None,
            [
                finding(
                    13,
                    "time-stamps-none",
                    Outcome.NOT_CHECKED,
                    SAID,
                    "no time stamp bounds it from above",
                )
            ],
            0,
        ),
        (
            late,
            [
                finding(
                    13,
                    "time-outside",
                    FAILED,
                    SAID,
                    "captured_at lies 1 h behind the time stamp of "
                    f"{format_instant(late)}",
                )
            ],
            0,
        ),
    ):
        collector, times = times_of(world, bounded)
        assert times._check_bracket(statement, before) == after
        assert collector.counted(13) == counted
        assert [f for f in findings(collector) if f.code != "holds"] == found


def test_without_a_named_token_there_is_no_lower_bound(world: World) -> None:
    one = world.bundles["one"]
    statement = statement_of(one)
    captured = parse_instant(statement.predicate["captured_at"])
    collector, times = times_of(world, one)
    assert times._check_bracket(statement, captured) is None
    assert collector.counted(13) == 1


def test_a_bad_lower_bound_ends_the_check(world: World) -> None:
    bounded = world.bundles["bounded"]
    statement = statement_of(bounded)
    captured = parse_instant(statement.predicate["captured_at"])
    files = {**bounded, "not_before.tsr": bounded["anchor.tsr"]}
    collector, times = times_of(world, files)
    late = captured - timedelta(days=1)
    assert times._check_bracket(statement, late) is None
    assert findings(collector) == bad("is not the token that the statement names")


def test_an_original_without_records_is_another(world: World) -> None:
    revisit = world.bundles["revisit"]
    predicate = statement_of(revisit).predicate
    wanted = predicate["refers_to"]["capture"]
    collector = Collector()
    tree = BundleTree(collector, PlannedFiles({}))

    class Node:
        def __init__(self, hexes: str, records: tuple[object, ...]) -> None:
            self.hex = hexes
            self.slice_digest = self
            self.records = records
            self.entry = self.statement = self
            self.predicate = predicate

    nodes: dict[str, Any] = {
        "also/a/": Node(wanted, ()),
        "x/": Node("other", (object(),)),
    }
    tree._nodes = nodes
    tree._check_original("x/", nodes["x/"])
    tree._check_original("", nodes["x/"])
    del nodes["also/a/"]
    tree._check_original("x/", nodes["x/"])
    is_another = f"capture {wanted} is another"
    assert findings(collector) == [
        finding(6, "revisit-unfounded", FAILED, "x", is_another),
        finding(6, "revisit-unfounded", FAILED, "bundle", is_another),
        finding(
            6,
            "revisit-unfounded",
            Outcome.NOT_CHECKED,
            "x",
            f"capture {wanted} is not at hand",
        ),
    ]
