"""Instants: aware UTC, six digits, one form."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import FormatError
from archive.instant import format_instant, parse_instant


def test_the_form_has_six_digits_and_a_z() -> None:
    moment = datetime(2025, 1, 26, 8, 0, tzinfo=UTC)
    assert format_instant(moment) == "2025-01-26T08:00:00.000000Z"


def test_another_zone_is_written_as_utc() -> None:
    minsk = timezone(timedelta(hours=3))
    moment = datetime(2025, 1, 26, 1, 30, 0, 7, tzinfo=minsk)
    assert format_instant(moment) == "2025-01-25T22:30:00.000007Z"


def test_a_naive_time_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        format_instant(datetime(2025, 1, 26))  # noqa: DTZ001  that is the point


@given(st.datetimes(timezones=st.just(UTC)))
def test_parse_and_format_are_inverse(moment: datetime) -> None:
    parsed = parse_instant(format_instant(moment))
    assert parsed == moment
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025-01-26",
        "2025-01-26T08:00:00Z",
        "2025-01-26T08:00:00.000Z",
        "2025-01-26T08:00:00.0000000Z",
        "2025-01-26T08:00:00.000000",
        "2025-01-26T08:00:00.000000z",
        "2025-01-26T08:00:00.000000+00:00",
        "2025-01-26 08:00:00.000000Z",
        " 2025-01-26T08:00:00.000000Z",
        "2025-01-26T08:00:00.000000Z\n",
        "2025-1-26T08:00:00.000000Z",
        "+025-01-26T08:00:00.000000Z",
        "2025-13-01T08:00:00.000000Z",
        "2025-02-29T08:00:00.000000Z",
        "2025-01-26T24:00:00.000000Z",
        "2025-01-26T08:60:00.000000Z",
        "2025-01-26T08:00:60.000000Z",
        "0000-01-26T08:00:00.000000Z",
        "\N{ARABIC-INDIC DIGIT TWO}025-01-26T08:00:00.000000Z",
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_instant(text)


@given(st.text(max_size=40))
def test_no_text_escapes_as_another_error(text: str) -> None:
    try:
        moment = parse_instant(text)
    except FormatError:
        return
    assert format_instant(moment) == text
