"""How long a connection may stand still: what counts, and from when."""

from web.guards.slowness import (
    REQUEST_SECONDS,
    SLOWEST_BYTES_A_SECOND,
    STILL_SECONDS,
    Progress,
)


def test_who_reads_slowly_and_in_bursts_is_waited_for() -> None:
    progress = Progress(0)
    progress.waiting(0)
    for now in range(50, 6_000, 50):
        assert not progress.is_over(now, has_output=True)
        progress.sent(50 * SLOWEST_BYTES_A_SECOND, now)
    assert not progress.is_over(now + STILL_SECONDS, has_output=True)
    assert progress.is_over(now + STILL_SECONDS + 1, has_output=True)
    assert not progress.is_over(10_000, has_output=False)


def test_who_takes_a_byte_now_and_then_holds_a_reply_no_longer_than_a_minute() -> None:
    progress = Progress(0)
    progress.waiting(0)
    for now in range(1, STILL_SECONDS):
        progress.sent(1, now)
    assert not progress.is_over(STILL_SECONDS, has_output=True)
    assert progress.is_over(STILL_SECONDS + 1, has_output=True)


def test_what_was_taken_at_once_earns_a_minute_and_no_more() -> None:
    progress = Progress(0)
    progress.waiting(0)
    progress.sent(1 << 30, 1)
    assert not progress.is_over(1 + STILL_SECONDS, has_output=True)
    assert progress.is_over(2 + STILL_SECONDS, has_output=True)


def test_a_reply_has_its_whole_time_however_long_it_took_to_make() -> None:
    progress = Progress(0)
    progress.waiting(500)
    assert not progress.is_over(500 + STILL_SECONDS, has_output=True)


def test_a_request_has_a_minute_from_its_first_letter_to_its_last() -> None:
    progress = Progress(0)
    for now in range(100, 160, 10):
        progress.asking(now, is_partial=True)
    assert not progress.is_over(100 + REQUEST_SECONDS, has_output=False)
    assert progress.is_over(101 + REQUEST_SECONDS, has_output=False)
    progress.asking(161, is_partial=False)
    assert not progress.is_over(10_000, has_output=False)
