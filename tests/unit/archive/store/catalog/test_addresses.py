"""Captures of one exact address: order, places, numbers; samples are not among them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from archive.capture import SECOND_ROLE, Capture, ExchangeContext
from archive.store.catalog.addresses import (
    END,
    AddressCounts,
    AddressQuery,
    Moment,
    moment_of,
)
from archive.store.reading.reader import ArchiveReader
from tests.support.archives.archives import MadeArchive, make_exchange

URI = "http://a.example/list"
ASKED = AddressQuery(target_uri=URI)
BODIES = (b"one", b"two", b"one", b"three", b"one")


@pytest.fixture
def captures(made: MadeArchive) -> list[Capture]:
    """Five captures of the address, the last but one of a source `inside`."""
    with made.open_writer() as writer:
        found = []
        for number, body in enumerate(BODIES):
            source = "inside" if number == 3 else None
            exchange = make_exchange(URI, body, made)
            context = ExchangeContext(source_id=source)
            found.append(writer.capture(replace(exchange, context=context)).result())
        sample = replace(
            make_exchange(URI, b"one", made), context=ExchangeContext(role=SECOND_ROLE)
        )
        writer.capture(sample).result()
        writer.capture(make_exchange("http://a.example/other", b"one", made)).result()
    return found


@pytest.fixture
def reader(made: MadeArchive, captures: list[Capture]) -> Iterator[ArchiveReader]:
    assert captures
    reader = ArchiveReader.open(made.root)
    yield reader
    reader.close()


def test_they_are_walked_both_ways_from_each_of_them(
    reader: ArchiveReader, captures: list[Capture]
) -> None:
    for place, capture in enumerate(captures):
        here = moment_of(capture)
        before = reader.addresses.before(ASKED, here, limit=9)
        assert before == captures[:place][::-1]
        behind = reader.addresses.behind(ASKED, here)
        assert behind == next(iter(captures[place + 1 :]), None)
    assert reader.addresses.before(ASKED, END, limit=2, offset=1) == captures[3:1:-1]
    at = captures[2].captured_at
    assert reader.addresses.behind(ASKED, Moment(captured_at=at)) == captures[2]


def test_each_number_is_of_what_was_asked_about(
    reader: ArchiveReader, captures: list[Capture]
) -> None:
    body = captures[0].payload_digest
    counts = reader.addresses.count(ASKED, moment_of(captures[2]), body)
    assert counts == AddressCounts(count=5, before=2, failed=0, same_body=3)
    hiding = replace(ASKED, hidden_sources=frozenset({"inside"}))
    counts = reader.addresses.count(hiding)
    assert counts == AddressCounts(count=4, before=4, failed=0, same_body=0)
    assert reader.addresses.body_before(hiding, moment_of(captures[4])) == captures[2]
    assert reader.addresses.count(replace(ASKED, kind="page")).count == 0


def test_a_stretch_of_time_holds_both_its_ends_and_samples(
    reader: ArchiveReader, captures: list[Capture]
) -> None:
    first, last = captures[1].captured_at, captures[3].captured_at
    found = reader.addresses.within(URI, first, last, limit=9)
    assert found == captures[1:4]
    until = captures[4].captured_at + timedelta(hours=1)
    later = reader.addresses.within(URI, captures[4].captured_at, until, limit=9)
    assert [one.role for one in later] == ["page", SECOND_ROLE]
