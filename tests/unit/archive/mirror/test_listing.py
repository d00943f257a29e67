"""The listing of an archive by which another pulls it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import (
    FormatError,
    StoreError,
)
from archive.mirror.listing import (
    format_listing,
    list_files,
    parse_listing,
    write_listing,
)
from tests.support.archives.archives import MadeArchive
from tests.support.archives.pulling import bring
from tests.support.servers.static import serving_folder

# The listing


def test_a_listing_is_read_as_it_was_written(made: MadeArchive) -> None:
    listing = list_files(made.root)
    assert parse_listing(format_listing(listing)) == listing
    assert not [path for path in listing.sizes if path.startswith(("spool", "lock"))]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("v1", "v2"),
        lambda text: text.replace("archive.toml", "../archive.toml"),
        lambda text: text.replace("archive.toml", "/etc/passwd"),
        lambda text: text.replace("archive.toml", "catalog.sqlite"),
        lambda text: text.replace("segments/", "segments/../"),
        lambda text: text.replace("archive.toml\n", "archive.toml\n5 archive.toml\n"),
        lambda text: text.replace(" archive.toml", "x archive.toml"),
        lambda text: "9" * 14 + text[text.index(" archive") :],
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text[:-5],
        lambda text: "",
    ],
)
def test_any_other_listing_is_refused(
    made: MadeArchive, change: Callable[[str], str]
) -> None:
    text = format_listing(list_files(made.root)).decode()
    with pytest.raises(FormatError):
        parse_listing(change(text).encode())


def test_a_file_that_is_shorter_than_listed_is_an_error(
    made: MadeArchive, copy: Path
) -> None:
    write_listing(made.root)
    segment = sorted(made.root.glob("segments/*/*/*.gz"))[0]
    segment.chmod(0o600)
    segment.write_bytes(segment.read_bytes()[:-10])
    with serving_folder(made.root) as url, pytest.raises(StoreError):
        bring(made, copy, url)
    assert not copy.exists()
