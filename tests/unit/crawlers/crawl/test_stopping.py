"""A first stop signal is noted and interrupts nothing; a second one does."""

import signal

import pytest

from crawlers.crawl.stopping import STOP_SIGNALS, counted_stops, noted_stops


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_the_first_signal_is_noted_and_the_second_interrupts(number: int) -> None:
    before = [signal.getsignal(one) for one in STOP_SIGNALS]
    with noted_stops() as heard:
        signal.raise_signal(number)
        assert heard == [number]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert [signal.getsignal(one) for one in STOP_SIGNALS] == before


def test_whoever_begins_to_listen_hears_what_came_before_too() -> None:
    heard: list[str] = []
    before = [signal.getsignal(one) for one in STOP_SIGNALS]
    with counted_stops() as stops:
        signal.raise_signal(signal.SIGINT)
        with stops.told_to(lambda: heard.append("child")):
            assert heard == ["child"]
            signal.raise_signal(signal.SIGTERM)
            assert heard == ["child"] * 2
        signal.raise_signal(signal.SIGINT)
        assert (stops.count, len(heard)) == (3, 2)
    assert [signal.getsignal(one) for one in STOP_SIGNALS] == before
