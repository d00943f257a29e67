"""Captures by key of their address: order, stretches, places to go on from."""

from datetime import timedelta

from archive.store.catalog.lookup import FIRST_PLACE, KeySpan, span_of
from archive.store.reading.reader import ArchiveReader
from archive.warc.surt import make_urlkey
from tests.support.archives.archives import MadeArchive


def test_a_stretch_is_walked_once_and_in_order(made: MadeArchive) -> None:
    captures = made.fill(7)
    reader = ArchiveReader.open(made.root)
    span, behind, found = KeySpan(start="", end="~"), FIRST_PLACE, []
    while rows := reader.captures_of_keys(span, behind=behind, limit=2):
        found += rows
        behind = rows[-1].place
    expected = sorted(
        (make_urlkey(one.target_uri), one.captured_at, one.leaf) for one in captures
    )
    assert [
        (one.urlkey, one.capture.captured_at, one.capture.leaf) for one in found
    ] == expected
    reader.close()


def test_one_key_is_walked_from_a_time_both_ways(made: MadeArchive) -> None:
    captures = made.fill(3)
    reader = ArchiveReader.open(made.root)
    for capture in captures:
        key, at = make_urlkey(capture.target_uri), capture.captured_at
        until = reader.captures_until(key, at, limit=9)
        after = reader.captures_after(key, at - timedelta(microseconds=1), limit=9)
        assert capture in [row.capture for row in until]
        assert capture in [row.capture for row in after]
        later = reader.captures_after(key, at, limit=9)
        assert capture not in [row.capture for row in later]
        assert reader.captures_of_keys(span_of(key + "x"), limit=9) == []
    reader.close()
