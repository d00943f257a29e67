"""The child process that a watch keeps, and how much it has done."""

from dataclasses import dataclass

from archive.errors import EvidenceError, KeyProblem
from crawlers.crawl.order import CrawlOrder
from crawlers.crawl.process import CrewProcess

IDLE_SECONDS = 30.0
"""A child with nothing to do is kept so long: starting one costs a second."""
CHILD_CRAWLS = 200
"""Crawls of one child; then it is replaced, whatever a library may pile up."""


@dataclass(slots=True, kw_only=True)
class Child:
    """The child process, and how much it has done."""

    process: CrewProcess
    crawls: int = 0
    idle_since: float | None = None
    retired: bool = False
    """It gets no more orders."""
    finished: bool = False
    failure: EvidenceError | None = None
    """Why it cannot work."""
    has_crawled: bool = False
    is_stuck: bool = False
    """It gave no sign of life, and was ended."""

    @property
    def waits_unsigned(self) -> bool:
        """Whether it worked and had no key: what it captured waits to be signed."""
        return self.has_crawled and isinstance(self.failure, KeyProblem)

    def send(self, order: CrawlOrder) -> None:
        """Have one more source crawled."""
        self.crawls += 1
        self.idle_since = None
        self.process.send(order)

    def is_spent(self, steady: float) -> bool:
        """Whether it is to end, at that time of the steady clock."""
        idle = self.idle_since is not None and steady - self.idle_since > IDLE_SECONDS
        return self.retired or self.finished or self.crawls >= CHILD_CRAWLS or idle

    def finish(self) -> None:
        """Tell it that nothing more comes, once."""
        if not self.finished:
            self.finished = True
            self.process.finish()

    def close(self) -> int:
        """Wait for its end; its exit code."""
        self.finish()
        self.process.close()
        return self.process.wait()
