"""A crawl asks for no more than has room in its queue, and counts the rest."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from scrapy import Request

from crawlers.crawl.jobs.joblog import JobLog
from crawlers.spiders.room import QUEUE_LEAST, QUEUE_TIMES, QueueRoom


@dataclass(slots=True)
class Queue:
    """A crawl as far as its queue goes; what is let in waits until it is sent."""

    budget: int
    waiting: int = 0
    log: JobLog = field(default_factory=lambda: JobLog(seeds=()))

    @property
    def source(self) -> Any:
        return SimpleNamespace(limits=SimpleNamespace(requests=self.budget))

    def count_queued(self) -> int:
        return self.waiting


@pytest.mark.parametrize(
    ("budget", "most"),
    [(1, QUEUE_LEAST), (QUEUE_LEAST, QUEUE_TIMES * QUEUE_LEAST)],
)
def test_what_finds_no_room_is_counted_until_something_was_sent(
    budget: int, most: int
) -> None:
    queue = Queue(budget)
    room = QueueRoom(cast(Any, queue))
    asked = Request("http://a.example/")
    for _ in room.let_in([asked] * (most + 7)):
        queue.waiting += 1
    assert (queue.waiting, queue.log.signals["queue-full"]) == (most, 7)
    queue.waiting -= 2
    assert len(list(room.let_in([asked]))) == 1
