"""What waits for the writer: groups, the end, and no wait for who comes alone."""

import threading
import time
from concurrent.futures import Future
from typing import Any

import pytest

from archive.store.writing import gathering
from archive.store.writing.gathering import CROWD, QUEUE_LENGTH, Gathering
from archive.store.writing.group import Submission

LONG_SECONDS = 60.0
"""Of a wait that must not happen: if it did, the test would take that long."""


def item() -> Submission:
    nothing: Any = None
    return Submission(draft=nothing, result=nothing, future=Future(), done=lambda: None)


def test_all_that_is_there_is_one_group_in_its_order() -> None:
    waiting, items = Gathering(), [item() for _ in range(5)]
    for one in items:
        waiting.put(one)
    assert waiting.take(seconds=0) == (items, False)
    assert waiting.take(seconds=0) == ([], False)


def test_the_end_comes_behind_all_that_was_put_in_before() -> None:
    waiting, one = Gathering(), item()
    waiting.put(one)
    waiting.end()
    assert waiting.take(seconds=0) == ([one], True)


def test_a_full_queue_is_one_group_and_the_end_the_next() -> None:
    waiting = Gathering()
    for _ in range(QUEUE_LENGTH):
        waiting.put(item())
    ender = threading.Thread(target=waiting.end)  # waits for a place
    ender.start()
    group, ended = waiting.take(seconds=0)
    assert (len(group), ended) == (QUEUE_LENGTH, False)
    ender.join()
    assert waiting.take(seconds=LONG_SECONDS) == ([], True)


def test_who_comes_alone_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHER_SECONDS", LONG_SECONDS)
    waiting, begun = Gathering(), time.monotonic()
    for _ in range(50):
        waiting.put(item())
        group, _ended = waiting.take(seconds=0)
        assert len(group) == 1
    assert time.monotonic() - begun < LONG_SECONDS


def test_behind_a_group_of_several_the_next_gathers_until_there_is_a_crowd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathering, "GATHER_SECONDS", LONG_SECONDS)
    waiting = Gathering()
    for _ in range(2):
        waiting.put(item())
    assert len(waiting.take(seconds=0)[0]) == 2
    waiting.put(item())

    def come() -> None:
        for _ in range(CROWD - 1):
            waiting.put(item())

    comer = threading.Thread(target=come)
    comer.start()
    group, _ended = waiting.take(seconds=0)
    comer.join()
    assert len(group) == CROWD


def test_the_end_ends_the_gathering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHER_SECONDS", LONG_SECONDS)
    waiting = Gathering()
    for _ in range(2):
        waiting.put(item())
    waiting.take(seconds=0)
    waiting.put(item())
    begun = time.monotonic()
    ender = threading.Timer(0.01, waiting.end)
    ender.start()
    group, ended = waiting.take(seconds=0)
    ender.join()
    assert (len(group), ended) == (1, True)
    assert time.monotonic() - begun < LONG_SECONDS


def test_the_rest_is_given_without_waiting_and_without_the_end() -> None:
    waiting, one = Gathering(), item()
    waiting.put(one)
    waiting.end()
    assert list(waiting.rest()) == [one]
