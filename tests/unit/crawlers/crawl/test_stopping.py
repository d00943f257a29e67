"""A first stop signal is noted and interrupts nothing; a second one does."""

import signal

import pytest

from crawlers.crawl.stopping import STOP_SIGNALS, noted_stops


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_the_first_signal_is_noted_and_the_second_interrupts(number: int) -> None:
    before = [signal.getsignal(one) for one in STOP_SIGNALS]
    with noted_stops() as heard:
        signal.raise_signal(number)
        assert heard == [number]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert [signal.getsignal(one) for one in STOP_SIGNALS] == before
