"""Our zips have one form; foreign ones are looked at before a byte is unpacked."""

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.capture import MemoryBytes
from archive.errors import FormatError, LimitExceeded, StoreError
from archive.zipped import check_own_form, open_zip, write_zip

LIMIT = 1 << 20
LONG, LENGTH = "b/d", 10_240
FILES = {"a.txt": b"first", "b/c.txt": b"", LONG: bytes(range(256)) * (LENGTH // 256)}


def ours(path: Path) -> Path:
    with path.open("wb") as out:
        write_zip(out, [(name, MemoryBytes(data)) for name, data in FILES.items()])
    return path


def test_same_files_give_the_same_bytes_and_every_reader_reads_them(
    tmp_path: Path,
) -> None:
    one, two = ours(tmp_path / "1.zip"), ours(tmp_path / "2.zip")
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert archive.testzip() is None
        assert {n: archive.read(n) for n in archive.namelist()} == FILES
    with open_zip(one, limit_bytes=LIMIT) as files:
        check_own_form(one, files)
        assert files.names == tuple(FILES)
        with files.open(LONG) as stream:
            assert stream.read() == FILES[LONG]


def accepted_flips(path: Path, *, content: range, bits: tuple[int, ...]) -> list[int]:
    """Which bits of one of our zips may be changed and it is still taken for ours.

    Of the long content only the bytes of `content` are tried, and of each byte the
    bits of `bits`; the form around the content is tried whole.
    """
    data = path.read_bytes()
    start = data.index(FILES[LONG])
    inside = range(start, start + len(FILES[LONG]))
    tried = [p for p in range(len(data)) if p not in inside or p - start in content]
    accepted = []
    for bit in (8 * place + bit for place in tried for bit in bits):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            with open_zip(path, limit_bytes=LIMIT) as files:
                check_own_form(path, files)
        except (FormatError, StoreError):
            continue
        accepted.append(bit)
    return accepted


def test_two_flipped_bits_of_each_byte_of_the_form_are_refused(tmp_path: Path) -> None:
    path = ours(tmp_path / "x.zip")
    assert accepted_flips(path, content=range(0, LENGTH, 997), bits=(0, 5)) == []


@pytest.mark.slow
def test_every_flipped_bit_of_the_form_is_refused(tmp_path: Path) -> None:
    path = ours(tmp_path / "x.zip")
    every = accepted_flips(path, content=range(0, LENGTH, 16), bits=tuple(range(8)))
    assert every == []


def packed(
    *entries: tuple[zipfile.ZipInfo | str, bytes], deflate: bool = False
) -> bytes:
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(out, "w", method) as archive:
        for info, data in entries:
            archive.writestr(info, data)
    return out.getvalue()


def link() -> bytes:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return packed((info, b"/etc/passwd"))


def twice() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return packed(("a", b"1"), ("a", b"2"))


def overlap() -> bytes:
    """The second entry of the directory points into the first."""
    data = bytearray(packed(("a", b"1" * 50), ("b", b"1" * 50)))
    second = data.rindex(b"PK\1\2")
    data[second + 42 : second + 46] = (0).to_bytes(4, "little")
    return bytes(data)


def many() -> bytes:
    data = bytearray(packed(("a", b"")))
    data[-12:-10] = data[-14:-12] = (65_000).to_bytes(2, "little")
    return bytes(data)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a name that climbs": lambda: packed(("../a", b"")),
    "a name that climbs inside": lambda: packed(("a/../../b", b"")),
    "an absolute name": lambda: packed(("/etc/x", b"")),
    "a drive": lambda: packed(("C:/x", b"")),
    "a backslash": lambda: packed(("a\\..\\b", b"")),
    "a line end in a name": lambda: packed(("a\nb", b"")),
    "a dot": lambda: packed(("./a", b"")),
    "two slashes": lambda: packed(("a//b", b"")),
    "a deep name": lambda: packed(("/".join("a" * 40), b"")),
    "a long name": lambda: packed(("a" * 300, b"")),
    "a link": link,
    "one name twice": twice,
    "one name in two cases": lambda: packed(("a", b""), ("A", b"")),
    "a file and a folder of one name": lambda: packed(("a", b""), ("a/", b"")),
    "overlapping entries": overlap,
    "more entries than there are": many,
    "too much in all": lambda: packed(("a", bytes(2 << 20)), deflate=True),
    "nothing": lambda: b"",
    "zeros": lambda: bytes(5000),
    "text": lambda: b"not a zip\n" * 50,
    "bytes before": lambda: b"MZ" * 40 + packed(("a", b"")),
    "bytes behind": lambda: packed(("a", b"")) + b"more",
    "a comment": lambda: packed(("a", b""))[:-2] + b"\4\0more",
    "half of it": lambda: packed(("a", b"1" * 500))[:300],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_zips_are_refused_before_anything_is_read(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(HOSTILE[name]())
    with (
        pytest.raises((FormatError, LimitExceeded)),
        open_zip(path, limit_bytes=LIMIT),
    ):
        pass


def test_a_bomb_is_refused_by_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(packed(("a", bytes(LIMIT + 1)), deflate=True))
    with (
        pytest.raises(LimitExceeded, match="unpacks to more than"),
        open_zip(path, limit_bytes=LIMIT),
    ):
        pass


def test_a_file_that_is_longer_than_it_says_is_refused_when_read(
    tmp_path: Path,
) -> None:
    data = bytearray(packed(("a", bytes(5000)), deflate=True))
    for start in (data.index(b"PK\3\4") + 22, data.index(b"PK\1\2") + 24):
        data[start : start + 4] = (3000).to_bytes(4, "little")
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with open_zip(path, limit_bytes=LIMIT) as files:
        stream = files.open("a")
        with pytest.raises(FormatError, match="damaged"):
            stream.read()


def test_A33_a_name_that_is_no_text_in_front_of_a_file_is_damage(
    tmp_path: Path,
) -> None:
    """The list says UTF-8, as the entry does; the name in the entry is none."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("abc", b"x")
    data = bytearray(out.getvalue())
    data[7] |= 8  # the flag for UTF-8, in the entry alone
    data[30] = 0xFF
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with (
        open_zip(path, limit_bytes=LIMIT) as files,
        pytest.raises(FormatError, match="damaged"),
    ):
        files.open("abc")


def test_other_programs_zips_are_read_but_are_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(packed(("a", b"1" * 500), deflate=True))
    with open_zip(path, limit_bytes=LIMIT) as files:
        assert not files.is_stored("a")
        with pytest.raises(FormatError, match="another program packed"):
            check_own_form(path, files)


def test_real_zips_that_climb_are_refused(corpus_dir: Path) -> None:
    for path in sorted((corpus_dir / "archives-bad" / "snyk").glob("*.zip")):
        with pytest.raises(FormatError), open_zip(path, limit_bytes=LIMIT):
            pass
