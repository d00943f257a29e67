"""Fixtures of crawl tests: a web and an archive that are fakes."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from archive.capture import CaptureOutcome, Exchange
from crawlers.engine.settings import FetchRequest
from tests.support.capturing.fake_web import FakeArchive, FakeWeb, exchange


@pytest.fixture
def web() -> FakeWeb:
    return FakeWeb()


@pytest.fixture
def shelf() -> FakeArchive:
    return FakeArchive()


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return asyncio.run


@pytest.fixture
def make_exchange() -> Callable[..., Exchange]:
    def make(
        outcome: CaptureOutcome = CaptureOutcome.COMPLETE,
        *,
        wire: bytes | None = None,
        uri: str = "http://a.example/",
    ) -> Exchange:
        return exchange(FetchRequest(uri=uri), wire, outcome)

    return make
