"""Two places compared: what stands for an address there, and what is said of it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.capture import (
    SECOND_ROLE,
    Capture,
    CaptureOutcome,
    Exchange,
    ExchangeContext,
)
from archive.errors import LimitExceeded
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.corroboration import Partner
from search.report.span.english import SENTENCES
from search.report.span.period import Attempt
from search.report.span.vantage import Seen, Sight, compare_places
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.archives.exchanges import unanswered

URI = "http://a.example/results"
PAGE = b"<p>Candidate A: 51 %</p>" * 10
OTHER = b"<p>Candidate B: 51 %</p>" * 10
SAMPLED = ExchangeContext(role=SECOND_ROLE)


def refused(exchange: Exchange) -> Exchange:
    """The same attempt, refused."""
    return unanswered(
        exchange.target_uri,
        CaptureOutcome.REFUSED,
        at=exchange.started_at,
        phase="tcp",
        detail="refused",
        connection=exchange.connection,
        context=exchange.context,
    )


class Places:
    """An archive here and one there, of one operator."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._stack = stack
        self.here, self.there = (
            make_archive(folder / name, name="Us", seed=name)
            for name in ("here", "there")
        )

    def capture(
        self, made: MadeArchive, body: bytes | None, *, is_sample: bool = False
    ) -> Capture:
        """One more capture of the address; None: the attempt failed."""
        exchange = make_exchange(URI, body or b"", made)
        exchange = exchange if body is not None else refused(exchange)
        if is_sample:
            exchange = replace(exchange, context=SAMPLED)
        with made.open_writer() as writer:
            return writer.capture(exchange).result()

    def partner(self, made: MadeArchive) -> Partner:
        reader = ArchiveReader.open(made.root)
        self._stack.callback(reader.close)
        return Partner(reader=reader, trust=made.trust())

    def compare(self, capture: Capture) -> Sight:
        """How the address of a capture here was seen there; no text can be had."""

        def no_text(reader: ArchiveReader, one: Capture) -> str | None:
            raise LimitExceeded(f"no text of {one.short_id} in {reader.paths.root}")

        (sight,) = compare_places(
            self.partner(self.here),
            self.partner(self.there),
            [Attempt(capture=capture, note=None)],
            text_of=no_text,
        )
        return sight


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    with ExitStack() as stack:
        yield Places(tmp_path, stack)


@pytest.mark.parametrize("here", [PAGE, None])
def test_a_sample_alone_there_is_no_attempt_there(
    places: Places, here: bytes | None
) -> None:
    places.capture(places.there, OTHER, is_sample=True)
    sight = places.compare(places.capture(places.here, here))
    assert (sight.seen, sight.there) == (Seen.NOT_TRIED, None)
    assert sight.as_finding() is None


def test_a_failed_sample_nearby_does_not_hide_the_page_there(places: Places) -> None:
    whole = places.capture(places.there, PAGE)
    for made in (places.there, places.here):
        made.clock.now += timedelta(hours=1)
    failed = places.capture(places.there, None, is_sample=True)
    own = places.capture(places.here, PAGE)
    assert own.captured_at - failed.captured_at < timedelta(minutes=1)
    sight = places.compare(own)
    assert sight.there is not None
    assert (sight.seen, sight.there.capture_id) == (Seen.SAME, whole.capture_id)


def test_what_verifies_and_was_not_compared_says_so_by_a_code_of_its_own(
    places: Places,
) -> None:
    places.capture(places.there, OTHER)
    finding = places.compare(places.capture(places.here, PAGE)).as_finding()
    assert finding is not None
    assert finding.code == "vantage-not-compared"
    assert "verify" not in SENTENCES[finding.code]
