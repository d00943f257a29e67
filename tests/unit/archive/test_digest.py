"""Digest: one written form; every other text is refused by the right error."""

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.digest import (
    READ_BYTES,
    Digest,
    format_short_id,
    is_hex_digest,
    is_short_id,
)
from archive.errors import FormatError, UnknownAlgorithm

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_digest_of_nothing_is_the_published_one() -> None:
    assert Digest.of(b"").hex == EMPTY
    assert str(Digest.of(b"")) == f"sha256:{EMPTY}"


@given(st.binary(min_size=32, max_size=32))
def test_parse_and_format_are_inverse(raw: bytes) -> None:
    digest = Digest(raw.hex())
    assert Digest.parse(str(digest)) == digest
    assert digest.raw == raw


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", FormatError),
        (EMPTY, FormatError),
        ("sha256:", FormatError),
        (f"sha256:{EMPTY[:-1]}", FormatError),
        (f"sha256:{EMPTY}0", FormatError),
        (f"sha256:{EMPTY.upper()}", FormatError),
        (f"sha256:{EMPTY}\n", FormatError),
        (f" sha256:{EMPTY}", UnknownAlgorithm),
        (f"SHA256:{EMPTY}", UnknownAlgorithm),
        (f"sha256:{'g' * 64}", FormatError),
        ("sha256:" + "\N{ARABIC-INDIC DIGIT ONE}" * 64, FormatError),
        ("sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ", UnknownAlgorithm),
        (f"sha512:{EMPTY * 2}", UnknownAlgorithm),
        ("md5:d41d8cd98f00b204e9800998ecf8427e", UnknownAlgorithm),
        (f"none:{EMPTY}", UnknownAlgorithm),
    ],
)
def test_any_other_form_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Digest.parse(text)


@given(st.text(max_size=100))
def test_no_text_escapes_as_another_error(text: str) -> None:
    try:
        digest = Digest.parse(text)
    except (FormatError, UnknownAlgorithm):
        return
    assert str(digest) == text


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_all_ways_to_hash_agree(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    expected = hashlib.sha256(whole).hexdigest()
    assert Digest.of(whole).hex == expected
    assert Digest.of_chunks(chunks).hex == expected
    assert Digest.of_stream(io.BytesIO(whole)).hex == expected


def test_a_stream_is_hashed_from_where_it_stands_over_many_reads() -> None:
    data = b"x" * (2 * READ_BYTES + 1)
    stream = io.BytesIO(b"skipped" + data)
    stream.seek(7)
    assert Digest.of_stream(stream) == Digest.of(data)


def test_a_short_id_is_sixteen_bytes_in_base32() -> None:
    assert Digest.of(b"").short_id == "4oymiquy7qobjgx36tejs35zeq"
    assert format_short_id(b"\0" * 16) == "a" * 26
    assert format_short_id(b"\xff" * 16) == "7" * 25 + "4"


@given(st.binary(min_size=16, max_size=16))
def test_every_short_id_is_recognised(raw: bytes) -> None:
    assert is_short_id(format_short_id(raw))


@pytest.mark.parametrize("text", ["", "a" * 25, "a" * 27, "A" * 26, "a" * 25 + "b"])
def test_what_no_sixteen_bytes_give_is_no_short_id(text: str) -> None:
    assert not is_short_id(text)


@pytest.mark.parametrize("length", [0, 15, 17, 32])
def test_another_length_for_a_short_id_is_our_own_mistake(length: int) -> None:
    with pytest.raises(AssertionError):
        format_short_id(b"x" * length)


def test_a_hex_digest_is_64_lower_case_digits() -> None:
    assert is_hex_digest(EMPTY)
    assert not is_hex_digest(EMPTY.upper())
    assert not is_hex_digest(EMPTY + "\n")
    assert not is_hex_digest(EMPTY[1:])


def test_a_message_does_not_repeat_a_long_text() -> None:
    with pytest.raises(FormatError) as caught:
        Digest("z" * 100_000)
    assert len(str(caught.value)) < 200
