"""The source's own clock stands beside UTC, alike in every language."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from archive.errors import MalformedRecord
from web.services import ArchiveSource
from web.wording.languages import LANGUAGES
from web.zones import Zones

MINSK = ZoneInfo("Europe/Minsk")


class Jobs:
    """An archive whose last job of a source says a time zone."""

    def __init__(self, timezone: object) -> None:
        self.timezone = timezone
        self.next_leaf = 1
        self.asked = 0

    @property
    def jobs(self) -> "Jobs":
        return self

    def last(self, source_id: str) -> Any:
        self.asked += 1
        if isinstance(self.timezone, Exception):
            raise self.timezone
        if self.timezone is None:
            return None
        return SimpleNamespace(source={"timezone": self.timezone}), None


def find(
    jobs: Jobs, zones: Zones | None = None, source: str | None = "a"
) -> ZoneInfo | None:
    return (zones or Zones()).find(cast("ArchiveSource", jobs), source)


def test_the_zone_of_a_source_is_the_one_its_job_states() -> None:
    assert find(Jobs("Europe/Minsk")) == MINSK
    assert find(Jobs("Europe/Minsk"), source=None) is None


@pytest.mark.parametrize(
    "timezone", ["Nowhere/At-all", "../../etc/passwd", "", 3, MalformedRecord("x")]
)
def test_a_zone_that_is_none_is_left_out(timezone: object) -> None:
    assert find(Jobs(timezone)) is None


def test_a_first_job_that_ends_later_is_seen_and_then_kept() -> None:
    jobs, zones = Jobs(None), Zones()
    assert find(jobs, zones) is None
    assert find(jobs, zones) is None
    assert jobs.asked == 1
    jobs.timezone, jobs.next_leaf = "Europe/Minsk", 2
    assert find(jobs, zones) == MINSK
    jobs.next_leaf = 3
    assert find(jobs, zones) == MINSK
    assert jobs.asked == 2


@pytest.mark.parametrize(
    ("code", "hour", "zone", "written"),
    [
        ("en", 18, "Europe/Minsk", "Minsk: 21:04:11, UTC+3"),
        ("be", 18, "Europe/Minsk", "Мінск: 21:04:11, UTC+3"),
        ("ru", 22, "Europe/Minsk", "Минск: 2025-01-27 01:04:11, UTC+3"),
        ("en", 2, "America/New_York", "New York: 2025-01-25 21:04:11, UTC\u22125"),
        ("en", 2, "Asia/Kathmandu", "Kathmandu: 07:49:11, UTC+5:45"),
        ("ru", 18, "Europe/Kyiv", "Киев: 20:04:11, UTC+2"),
    ],
)
def test_local_time_names_the_place_and_the_day_where_it_is_another(
    code: str, hour: int, zone: str, written: str
) -> None:
    moment = datetime(2025, 1, 26, hour, 4, 11, tzinfo=UTC)
    assert LANGUAGES[code].local(moment, ZoneInfo(zone)) == written
