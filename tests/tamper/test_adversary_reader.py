"""Whoever edits segments or texts under a reader stops it with a sentence at most.

What was signed is read; what was not is never VERIFIED, and nothing is waited for.
"""

import gzip
import os
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from archive.digest import Digest
from archive.errors import EvidenceError, StoreError
from archive.store.texts import find_text, text_path
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome
from tests.support.archives.archives import MadeArchive
from tests.support.archives.texts import write_text
from tests.support.attacks.attacked import capture_at, paged_archive, read
from tests.support.attacks.forgery import (
    Forger,
    block,
    link_to_copy,
    pipe_at,
    rewrite,
    segments,
)

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """A job of two captures, and a page of one of them and a part."""
    return paged_archive(tmp_path_factory.mktemp("origin"))


# Segments


def test_a_pipe_in_place_of_a_segment_ends_in_a_sentence(made: MadeArchive) -> None:
    pipe_at(made.root / "segments/2025/01/00000001-aaaaaaaa.warc.gz.open")
    with pytest.raises(StoreError, match="not a regular file"):
        read(made)


def test_a_link_in_place_of_a_segment_is_not_followed(
    made: MadeArchive, tmp_path: Path
) -> None:
    (made.root / "catalog.sqlite").unlink()
    link_to_copy(segments(made.root)[0], tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="is a link"):
        read(made)


def forge_metadata(made: MadeArchive, data: bytes) -> None:
    """Append a capture of a stranger whose metadata record holds this JSON."""
    forger = Forger.stranger(made)
    real = forger.capture("http://a.example/forged")
    made_of = forger.resources(
        "capture", {}, block("http://a.example/forged", data, kind="metadata")
    )
    assert made_of.facts is not None
    row = made_of.facts.rows[0]
    predicate = {
        **real.predicate,
        "records": [
            {
                "id": row.id,
                "type": row.type,
                "target_uri": row.target_uri,
                "date": row.date,
                "offset": 0,
                "length": row.length,
                "member": str(row.member),
                "record": str(row.record),
                "block": str(row.block),
                "payload": None,
            }
        ],
    }
    forger.append(forger.entry(replace(made_of, predicate=predicate)))


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 500_000,
        b'{"context":{"role":"\\ud800"}}',
        b'{"context":{"role":{"a":[1]}}}',
        b'{"context":{"role":1e999}}',
        b'{"context":{"role":' + b"9" * 5000 + b"}}",
        b"\xff\xfe",
    ],
)
def test_hostile_metadata_does_not_stop_a_reader(
    made: MadeArchive, data: bytes
) -> None:
    forge_metadata(made, data)
    reader = read(made)
    for capture in reader.captures():
        reader.read_exchange(capture)
    (forged,) = reader.find_captures("http://a.example/forged")
    report = verify_capture(reader, forged, trust=made.trust())
    assert report.outcome is not Outcome.VERIFIED
    reader.close()


def test_a_forged_entry_does_not_displace_a_capture(made: MadeArchive) -> None:
    """It says the leaf index of a capture that is there."""
    reader = read(made)
    victim = capture_at(reader, "http://a.example/1")
    forger = Forger.stranger(made)
    draft = forger.capture("http://a.example/forged")
    forger.append(forger.entry(draft, seq=victim.leaf))
    reader.catch_up()
    assert reader.find_captures("http://a.example/1") == [victim]
    reader.close()


# Texts


@pytest.fixture
def text(made: MadeArchive) -> Digest:
    """A kept text."""
    return write_text(made.root, "Вынікі галасавання\n")


def test_a_text_that_was_swapped_is_refused(made: MadeArchive, text: Digest) -> None:
    rewrite(text_path(made.root, text), gzip.compress("Другія вынікі\n".encode()))
    with pytest.raises(EvidenceError, match=text.hex):
        find_text(made.root, text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no gzip",
        gzip.compress(b"\xff\xfe no text"),
        gzip.compress(b"one") + gzip.compress(b"two"),
        gzip.compress(bytes(200 << 20), 9),
        zlib.compress(b"no gzip either"),
    ],
    ids=["empty", "foreign", "not-utf-8", "two-members", "bomb", "zlib"],
)
def test_a_damaged_text_ends_in_a_sentence(
    made: MadeArchive, text: Digest, data: bytes
) -> None:
    rewrite(text_path(made.root, text), data)
    with pytest.raises(EvidenceError):
        find_text(made.root, text)


def test_a_text_file_without_end_is_not_read(made: MadeArchive, text: Digest) -> None:
    path = text_path(made.root, text)
    path.chmod(0o600)
    os.truncate(path, 1 << 42)
    with pytest.raises(EvidenceError):
        find_text(made.root, text)


def test_a_link_in_place_of_a_text_is_not_followed(
    made: MadeArchive, text: Digest, tmp_path: Path
) -> None:
    link_to_copy(text_path(made.root, text), tmp_path / "elsewhere")
    with pytest.raises(EvidenceError):
        find_text(made.root, text)
