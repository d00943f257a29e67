"""Reading is given up once it used its CPU time; what is fast is left alone."""

import time

import pytest

from crawlers.spiders.patience import TooMuchWork, bounded_work


def test_work_without_end_is_given_up_though_it_swallows_errors() -> None:
    with pytest.raises(TooMuchWork):
        work_without_end()


def work_without_end() -> None:
    with bounded_work(0.05):
        while True:
            try:
                sum(range(1000))
            except Exception:  # noqa: BLE001 - as parsers do
                continue


def test_fast_work_and_waiting_are_left_alone() -> None:
    """What is bounded is CPU time, and only inside."""
    begun = time.process_time()
    with bounded_work(0.5):
        time.sleep(0.8)
    while time.process_time() - begun < 0.8:
        sum(range(100_000))
