"""A reader that looks while the writer seals a segment finds it under its new name."""

from pathlib import Path

import pytest

from archive.capture import SliceLocation
from archive.store.catalog import follow
from archive.store.reading.reader import ArchiveReader
from archive.store.segments import segment
from archive.store.segments.segment import FoundSegment, list_segments, open_slice
from tests.support.archives.archives import make_archive


def test_a_segment_sealed_between_listing_and_reading_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_archive(tmp_path)
    made.fill(1)
    reader = ArchiveReader.open(made.root)
    (later,) = made.fill(1)
    listed: list[int] = []

    def stale(folder: Path) -> list[FoundSegment]:
        """The first listing is of the moment before the last segment was renamed."""
        found = list_segments(folder)
        if not listed:
            last = found[-1]
            gone = last.path.with_name(f"{last.path.name}.gone")
            found[-1] = FoundSegment(name=last.name, path=gone, is_open=True)
        listed.append(1)
        return found

    monkeypatch.setattr(follow, "list_segments", stale)
    reader.catch_up()
    assert len(listed) == 2
    assert reader.get_capture(later.capture_id) == later
    reader.close()


def test_a_slice_is_opened_although_its_segment_is_sealed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_archive(tmp_path)
    (capture,) = made.fill(1)
    folder, looks = made.root / "segments", []
    real = segment.find_segment

    def stale(place: Path, name: segment.SegmentName) -> Path:
        looks.append(1)
        return real(place, name) if len(looks) > 1 else place / "gone.warc.gz.open"

    monkeypatch.setattr(segment, "find_segment", stale)
    location: SliceLocation = capture.location
    with open_slice(folder, location) as stream:
        assert len(stream.read()) == location.length_bytes
