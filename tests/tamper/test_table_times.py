"""Attacks on time: wrong clocks, back-dated captures, bounds that nothing proves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.digest import Digest
from archive.files import DISK
from archive.store.anchors.anchoring import LowerBound, LowerBounds
from archive.store.anchors.folder import read_anchor
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome, Report
from archive.verify.times.bracket import STATED_LATE
from tests.support.archives.archives import make_exchange
from tests.support.archives.stamped import (
    StampedArchive,
    count,
    make_stamped,
    not_verified,
)

DAY = timedelta(days=1)


@pytest.fixture
def stamped(tmp_path: Path) -> Iterator[StampedArchive]:
    """Two jobs of one capture, each stamped by two authorities."""
    with make_stamped(tmp_path, fills=2) as made:
        yield made


def write_with_clock_off_by(folder: Path, off: timedelta) -> Report:
    """An archive whose machine's clock is wrong; the authorities' clocks are right."""
    with make_stamped(folder) as stamped:
        for served in stamped.authorities:
            served.offset = -off
        for _ in range(2):
            stamped.fill(1)
        return stamped.judge()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "off",
    [timedelta(minutes=5, seconds=20), DAY, 365 * DAY],
    ids=["5 min", "1 d", "1 y"],
)
def test_a_wrong_clock_is_named(tmp_path: Path, off: timedelta, sign: int) -> None:
    report = write_with_clock_off_by(tmp_path, sign * off)
    assert report.outcome is Outcome.FAILED
    assert "21 clock-skew" in not_verified(report)
    skew = next(f for f in report.findings if f.code == "clock-skew")
    assert abs(int(skew.parameters["seconds"]) - off.total_seconds()) < 60


@pytest.mark.parametrize("seconds", [240, -240])
def test_a_clock_within_its_tolerance_is_not_named(
    tmp_path: Path, seconds: int
) -> None:
    report = write_with_clock_off_by(tmp_path, timedelta(seconds=seconds))
    assert report.outcome is Outcome.VERIFIED


class AsOf(LowerBounds):
    """Says what was known at one instant, whatever a capture says of its time."""

    def __init__(self, known: LowerBounds, instant: datetime) -> None:
        super().__init__()
        self._field = known.field_at(instant)

    def field_at(self, began: datetime) -> dict[str, object] | None:
        return self._field


def insert(
    stamped: StampedArchive, ages: list[timedelta], bounds: LowerBounds | None = None
) -> Report:
    """Put captures that claim to be so old behind what is stamped already."""
    made = stamped.made
    with stamped.writer() as writer:
        honest = writer._bounds
        for number, age in enumerate(ages):
            uri = f"http://a.example/inserted/{number}"
            exchange = make_exchange(uri, b"<p>never said</p>" * 20, made)
            writer._bounds = AsOf(bounds or honest, exchange.started_at)
            old = replace(exchange, started_at=exchange.started_at - age)
            writer.capture(old).result()
        writer._bounds = bounds or honest
    return stamped.judge()


AGES = [timedelta(minutes=6) + number * timedelta(hours=7) for number in range(100)]


def test_back_dated_inserts_are_all_found(stamped: StampedArchive) -> None:
    """Row "back-dated insert": 100 of 100, by minutes and by weeks."""
    report = insert(stamped, AGES)
    assert report.outcome is Outcome.FAILED
    assert count(report, "time-outside") == 100


def test_back_dated_inserts_that_name_no_token_are_all_named(
    stamped: StampedArchive,
) -> None:
    stamped.made.clock.now += timedelta(hours=3)
    stamped.fill(1)
    ages = [STATED_LATE + timedelta(minutes=7) + number * DAY for number in range(100)]
    report = insert(stamped, ages, bounds=LowerBounds())
    assert report.outcome is Outcome.NOT_CHECKED
    assert count(report, "stated-late") == 100


def test_a_capture_dated_behind_its_stamp_is_found(stamped: StampedArchive) -> None:
    report = insert(stamped, [-timedelta(minutes=6), -DAY, -365 * DAY])
    assert count(report, "time-outside") == 3
    reader = ArchiveReader.open(stamped.made.root)
    newest = next(c for c in reader.captures() if c.target_uri.endswith("inserted/1"))
    alone = verify_capture(reader, newest, trust=stamped.trust())
    assert "13 time-outside" in not_verified(alone)


def test_a_token_that_was_never_logged_bounds_nothing(stamped: StampedArchive) -> None:
    anchor = read_anchor(stamped.anchors, stamped.sizes()[0], DISK)
    invented = LowerBound(
        token=Digest.of(b"a token"),
        checkpoint=anchor.checkpoint,
        gen_time=stamped.made.clock.now,
        known_at=datetime.min.replace(tzinfo=UTC),
    )
    bounds = LowerBounds()
    bounds.add(invented)
    report = insert(stamped, [timedelta()], bounds=bounds)
    assert "13 not-before-bad" in not_verified(report)
    reader = ArchiveReader.open(stamped.made.root)
    (found,) = [c for c in reader.captures() if "inserted" in c.target_uri]
    alone = verify_capture(reader, found, trust=stamped.trust())
    assert "13 not-before-bad" in not_verified(alone)


def test_a_bound_by_an_authority_that_is_not_trusted_is_missing(
    stamped: StampedArchive,
) -> None:
    trust = stamped.trust(quorum=1)
    reader = ArchiveReader.open(stamped.made.root)
    second = [c for c in reader.captures() if c.kind == "capture"][1]
    named = reader.entry(second)[1].predicate["not_before"]
    anchor = read_anchor(stamped.anchors, named["size"], DISK)
    (number,) = [
        number
        for number, token in enumerate(anchor.tokens)
        if str(token.digest) == named["token"]
    ]
    only_other = replace(trust, authorities=(trust.authorities[1 - number],))
    report = stamped.judge(only_other)
    assert "13 not-before-missing NOT CHECKED" in not_verified(report)
    alone = verify_capture(reader, second, trust=only_other)
    assert "13 not-before-missing NOT CHECKED" in not_verified(alone)
