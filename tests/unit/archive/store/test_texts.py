"""Kept texts: by digest, one form, written once, bounded."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.digest import Digest
from archive.errors import EvidenceError, LimitExceeded
from archive.store import texts
from archive.store.texts import find_text, text_path
from tests.support.archives.archives import MadeArchive
from tests.support.archives.texts import write_text

WORDS = "Свабода слова / Laisvė žodžiui"


def test_a_text_comes_back_by_its_digest(made: MadeArchive) -> None:
    digest = write_text(made.root, WORDS)
    assert digest == Digest.of(WORDS.encode())
    assert find_text(made.root, digest) == WORDS


def test_the_same_text_gives_the_same_file(made: MadeArchive, tmp_path: Path) -> None:
    path = text_path(made.root, write_text(made.root, WORDS))
    first = path.read_bytes()
    path.unlink()
    write_text(made.root, WORDS)
    assert path.read_bytes() == first
    assert first[4:8] == b"\0\0\0\0", "no time"
    assert first[3] == 0, "no name"
    assert path.stat().st_mode & 0o777 == 0o444


def test_an_unknown_text_is_none(made: MadeArchive) -> None:
    assert find_text(made.root, Digest.of(b"unknown")) is None


def test_the_empty_text_is_a_text(made: MadeArchive) -> None:
    assert find_text(made.root, write_text(made.root, "")) == ""


@given(st.text(max_size=200))
def test_every_text_is_packed_and_unpacked(text: str) -> None:
    assert gzip.decompress(texts.compress_text(text.encode())).decode() == text


def damage(path: Path, data: bytes) -> None:
    """Change a read-only file."""
    path.chmod(0o600)
    path.write_bytes(data)


def test_every_flipped_bit_is_an_error_of_ours(made: MadeArchive) -> None:
    path = text_path(made.root, write_text(made.root, WORDS * 3))
    data = path.read_bytes()
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        damage(path, bytes(flipped))
        try:
            found = find_text(made.root, Digest.of((WORDS * 3).encode()))
        except EvidenceError:
            continue
        assert found == WORDS * 3, f"bit {bit}"


@pytest.mark.parametrize("cut", [0, 1, 10, -1])
def test_a_cut_file_is_refused(cut: int, made: MadeArchive) -> None:
    digest = write_text(made.root, WORDS)
    path = text_path(made.root, digest)
    damage(path, path.read_bytes()[:cut])
    with pytest.raises(LimitExceeded):
        find_text(made.root, digest)


def test_bytes_behind_the_member_are_refused(made: MadeArchive) -> None:
    digest = write_text(made.root, WORDS)
    path = text_path(made.root, digest)
    damage(path, path.read_bytes() + gzip.compress(b"more"))
    with pytest.raises(LimitExceeded, match="followed by"):
        find_text(made.root, digest)


def test_a_bomb_is_not_unpacked(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "TEXT_LIMIT_BYTES", 1000)
    digest = write_text(made.root, "a" * 1001)
    with pytest.raises(LimitExceeded):
        find_text(made.root, digest)
