"""Where a slice is built: in memory, and in a file as soon as it may be large."""

import io
from pathlib import Path

from archive.store.drafts import MEMORY_SLICE_BYTES, new_slice_file


def test_the_slice_of_a_small_response_is_built_in_memory(tmp_path: Path) -> None:
    with new_slice_file(tmp_path, content_bytes=MEMORY_SLICE_BYTES // 2) as out:
        assert isinstance(out, io.BytesIO)


def test_a_large_slice_or_one_of_unknown_size_goes_to_a_file(tmp_path: Path) -> None:
    for size in (None, MEMORY_SLICE_BYTES // 2 + 1):
        with new_slice_file(tmp_path, content_bytes=size) as out:
            out.write(bytes(MEMORY_SLICE_BYTES + 1))
            assert out.fileno() > 0  # one in memory has none
    assert list(tmp_path.iterdir()) == []
