"""`archive.toml` has one form; the lock has one holder."""

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import (
    ArchiveLocked,
    ArchiveMissing,
    FormatError,
    UsageProblem,
)
from archive.store.layout import (
    EVIDENCE_NAMES,
    FOLDERS,
    IDENTITY_LIMIT_BYTES,
    ArchiveIdentity,
    ArchivePaths,
    check_name,
    check_origin,
    format_identity,
    hold_lock,
    is_locked,
    parse_identity,
    read_identity,
)
from tests.support.archives.archives import START, MadeArchive

IDENTITY = ArchiveIdentity(
    archive_id="a" * 26,
    name='Назіральнікі "Вясна" \\ observers',
    origin="election-evidence-archive/" + "a" * 26,
    created=START,
    root_key_id="0123456789abcdef",
    operator_key_id="fedcba9876543210",
    log_vkey="election-evidence-archive/a+00000000+AAAA",
)
names = st.text(min_size=1, max_size=200).filter(str.isprintable)


@given(names)
def test_format_and_parse_are_inverse_for_every_allowed_name(name: str) -> None:
    identity = replace(IDENTITY, name=check_name(name))
    assert parse_identity(format_identity(identity)) == identity


def test_every_flipped_bit_is_refused_or_another_identity() -> None:
    data = format_identity(IDENTITY)
    assert 8 * len(data) > 1000
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            identity = parse_identity(bytes(flipped))
        except FormatError:
            continue
        assert identity != IDENTITY
        assert format_identity(identity) == flipped


@given(st.binary(max_size=300))
def test_no_bytes_escape_as_another_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_identity(data)


def lines() -> list[str]:
    """The lines of the written form."""
    return format_identity(IDENTITY).decode().splitlines(keepends=True)


@pytest.mark.parametrize("number", range(len(lines())))
def test_a_line_that_is_missing_or_doubled_is_refused(number: int) -> None:
    all_lines = lines()
    without = all_lines[:number] + all_lines[number + 1 :]
    doubled = [*all_lines[: number + 1], *all_lines[number:]]
    for changed in (without, doubled):
        with pytest.raises(FormatError):
            parse_identity("".join(changed).encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format = 1", "format = 2"),
        ("format = 1", "format = 1.0"),
        ("format = 1", "format = true"),
        ("format = 1\n", "format = 1\nextra = 1\n"),
        ("\n", "\r\n"),
        ("# Identity", "# identity"),
        ("created = ", "created= "),
        (".000000Z", "Z"),
        ('name = "', "name = 7 #"),
        ("archive_id = ", "archive_id = 1\nx = "),
        (f'"{"a" * 26}"', f'"{"a" * 25}"'),
        (f'"{"a" * 26}"', f'"{"a" * 25}z"'),
    ],
)
def test_another_form_of_the_same_is_refused(old: str, new: str) -> None:
    text = "".join(lines())
    assert old in text
    with pytest.raises(FormatError):
        parse_identity(text.replace(old, new).encode())


@pytest.mark.parametrize("extra", [b"\n", b" ", b"\0", b"\xef\xbb\xbf", b"x = 1\n"])
def test_bytes_before_or_behind_are_refused(extra: bytes) -> None:
    data = format_identity(IDENTITY)
    for changed in (data + extra, extra + data):
        with pytest.raises(FormatError):
            parse_identity(changed)


def test_what_is_missing_is_named() -> None:
    text = "".join(line for line in lines() if not line.startswith("origin"))
    with pytest.raises(FormatError, match="lacks origin"):
        parse_identity(text.encode())


def test_every_field_stands_in_the_file() -> None:
    stated = re.findall(r"^(\w+) = ", "".join(lines()), re.M)
    assert {*stated} == {*(field.name for field in fields(IDENTITY)), "format"}
    assert stated == sorted(stated)


@pytest.mark.parametrize("name", ["", "a\nb", "a\tb", "\0", "\u202e", "n" * 201])
def test_a_name_that_cannot_stand_on_a_line_is_refused(name: str) -> None:
    with pytest.raises(UsageProblem, match="--name"):
        check_name(name)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\u00a0b", "o" * 201])
def test_an_origin_that_cannot_name_a_key_is_refused(origin: str) -> None:
    with pytest.raises(UsageProblem, match="--origin"):
        check_origin(origin)


def test_no_archive_is_an_error_that_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ArchiveMissing, match="init --name NAME"):
        read_identity(tmp_path)


def test_a_huge_identity_file_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "archive.toml").write_bytes(b"#" * (IDENTITY_LIMIT_BYTES + 1))
    with pytest.raises(FormatError, match="larger than"):
        read_identity(tmp_path)


def test_a_new_archive_has_exactly_these_names(made: MadeArchive) -> None:
    assert {path.name for path in made.root.iterdir()} == {*EVIDENCE_NAMES}
    folders = {path.name for path in made.root.iterdir() if path.is_dir()}
    assert folders == {*FOLDERS}
    assert made.root.stat().st_mode & 0o777 == 0o700


def test_the_lock_has_one_holder(made: MadeArchive) -> None:
    assert not is_locked(made.root)
    with hold_lock(made.root):
        assert is_locked(made.root)
        with (
            pytest.raises(ArchiveLocked, match="another process"),
            hold_lock(made.root),
        ):
            raise AssertionError
        assert is_locked(made.root)
    assert not is_locked(made.root)
    with hold_lock(made.root):
        pass


def test_the_lock_is_given_back_when_the_holder_fails(made: MadeArchive) -> None:
    with pytest.raises(ValueError, match="mine"), hold_lock(made.root):
        raise ValueError("mine")
    assert not is_locked(made.root)


def test_asking_for_the_lock_never_makes_the_file(made: MadeArchive) -> None:
    ArchivePaths(made.root).lock.unlink()
    assert not is_locked(made.root)
    assert not ArchivePaths(made.root).lock.exists()
