"""Names of a bundle's files, and how long each may be: at the bound and beyond it."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import pytest

from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.errors import FormatError, LimitExceeded, UsageProblem
from archive.verify.bundles import bundlefiles
from archive.verify.bundles.bundlefiles import (
    SUMS,
    FolderFiles,
    limit_of,
    open_bundle,
    prefix_of,
    read_whole,
)
from archive.verify.bundles.bundletimes import anchor_stems
from archive.verify.bundles.listing import check_listing, format_sums, sums_order
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding, Outcome
from archive.zipped import write_zip

ID, OTHER = "a" * 26, "b" * 26
SMALL, TOKEN = 256 * 1024, 64 * 1024

LIMITS = {
    "README.txt": SMALL,
    "PROVES.txt": SMALL,
    "CERTIFICATE.txt": SMALL,
    "verify.sh": SMALL,
    "SHA256SUMS": 16 << 20,
    "capture.warc.gz": 8 << 30,
    "statement.json": 1 << 20,
    "leaf.txt": 65535,
    "proof.tlog-proof": 64 * 1024,
    "anchor.tsr": TOKEN,
    "anchor2.tsr": TOKEN,
    "anchor9.tsr": TOKEN,
    "anchor10.tsr": TOKEN,
    "anchor16.chain.pem": TOKEN,
    "not_before.tsr": TOKEN,
    "not_before.chain.pem": TOKEN,
    "revocation/anchor16.crl": 16 << 20,
    "revocation/not_before.crl": 16 << 20,
    "view/screenshot.png": 1 << 30,
    "view/page.pdf": 1 << 30,
    "view/text.txt": 1 << 30,
    "view/dom.txt": 1 << 30,
    f"also/{ID}/leaf.txt": 65535,
    f"captures/{ID}/leaf.txt": 65535,
    f"captures/{ID}/captures/{OTHER}/view/text.txt": 1 << 30,
}
"""One of each kind of name, at each depth."""
NO_NAMES = (
    "",
    "readme.txt",
    "README.txt2",
    "anchor1.tsr",
    "anchor17.tsr",
    "anchor02.tsr",
    "revocation/other.crl",
    "view/other.png",
    "captureXwarc.gz",
    f"also/{ID}/README.txt",
    f"also/{ID[1:]}/leaf.txt",
    f"also/{ID}/also/{ID}/leaf.txt",
    f"also/{ID}/captures/{ID}/leaf.txt",
    f"captures/{ID}/also/{ID}/leaf.txt",
    f"captures/{ID}/captures/{ID}/captures/{ID}/leaf.txt",
    "captures/leaf.txt",
    "leaf.txt/leaf.txt",
)


class Sized:
    """Files that say how long they are; what they hold is another thing."""

    strange: tuple[str, ...] = ()

    def __init__(
        self, sizes: Mapping[str, int], data: Mapping[str, bytes] | None = None
    ) -> None:
        self._sizes = sizes
        self._data = data or {}
        self.names = tuple(sizes)

    def size(self, name: str) -> int:
        return self._sizes[name]

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self._data.get(name, b""))


def findings(collector: Collector) -> list[Finding]:
    report = collector.report("x", required=frozenset(), headline=None)
    return [one for one in report.findings if one.outcome is not Outcome.VERIFIED]


@pytest.mark.parametrize("name", LIMITS)
def test_each_name_has_its_limit(name: str) -> None:
    assert limit_of(name) == LIMITS[name]


@pytest.mark.parametrize("name", NO_NAMES)
def test_other_names_have_none(name: str) -> None:
    assert limit_of(name) is None
    with pytest.raises(FormatError) as caught:
        read_whole(Sized({name: 0}), name)
    assert str(caught.value) == f"{name} is no file of a bundle"


def test_a_file_is_read_up_to_its_limit_and_no_further() -> None:
    name, limit = "leaf.txt", LIMITS["leaf.txt"]
    grown = {name: bytes(limit + 100)}
    assert len(read_whole(Sized({name: limit}, grown), name)) == limit
    with pytest.raises(LimitExceeded) as caught:
        read_whole(Sized({name: limit + 1}, grown), name)
    assert str(caught.value) == f"{name} is longer than {limit} bytes"


def test_a_listed_file_may_be_as_long_as_its_limit() -> None:
    empty, limit = Digest.of(b""), LIMITS["leaf.txt"]
    listed = format_sums({"leaf.txt": empty, "README.txt": empty})
    for size, good in ((limit, 2), (limit + 1, 1)):
        collector = Collector()
        sizes = {"leaf.txt": size, "README.txt": 0, SUMS: len(listed)}
        check_listing(collector, Sized(sizes, {SUMS: listed}))
        assert collector.counted(17) == good
        said = [(one.code, one.subject, one.detail) for one in findings(collector)]
        long = ("bundle-file-large", "leaf.txt", f"is longer than {limit} bytes")
        assert said == [long] * (2 - good)


def test_every_fault_of_a_list_is_named_in_its_order() -> None:
    empty, other = Digest.of(b""), Digest.of(b"other")
    names = ("leaf.txt", "README.txt", "more.txt", "PROVES.txt", "verify.sh")
    listed = format_sums(
        {
            "leaf.txt": empty,
            "README.txt": other,
            "more.txt": empty,
            "verify.sh": empty,
            "statement.json": empty,
            "CERTIFICATE.txt": empty,
        }
    )
    files = Sized(dict.fromkeys((SUMS, *names), 0), {SUMS: listed})
    files.strange = ("link", "pipe")
    collector = Collector()
    check_listing(collector, files)
    told = [(one.code, one.subject, one.detail) for one in findings(collector)]
    strange = "is a link, a special file or nested too deep"
    assert told == [
        ("file-unknown", "link", strange),
        ("file-unknown", "pipe", strange),
        ("bundle-file-altered", "README.txt", "is not the file that was listed"),
        ("file-unknown", "more.txt", "is no part of this bundle"),
        ("file-unknown", "PROVES.txt", "is no part of this bundle"),
        ("bundle-file-missing", "CERTIFICATE.txt", "is listed and not there"),
        ("bundle-file-missing", "statement.json", "is listed and not there"),
    ]
    assert collector.counted(17) == 2
    assert {one.step for one in findings(collector)} == {17}


def test_prefixes_are_the_folders_of_captures() -> None:
    deep = f"captures/{ID}/captures/{OTHER}/"
    for name, prefix in {
        "leaf.txt": "",
        "more.txt": "",
        "README.txt": None,
        "SHA256SUMS": None,
        f"also/{ID}/leaf.txt": f"also/{ID}/",
        f"also/{ID}/README.txt": f"also/{ID}/",
        f"captures/{ID}/view/text.txt": f"captures/{ID}/",
        f"{deep}leaf.txt": deep,
        f"{deep}captures/{ID}/leaf.txt": deep,
        "captures/odd/leaf.txt": "",
    }.items():
        assert prefix_of(name) == prefix, name


def test_sums_are_listed_folder_by_folder() -> None:
    empty = Digest.of(b"")
    names = ["view/text.txt", "view.txt", "leaf.txt", "also/b", "also.txt", "a/c/b"]
    ordered = ["a/c/b", "also/b", "also.txt", "leaf.txt", "view/text.txt", "view.txt"]
    assert sorted(names, key=sums_order) == ordered
    wanted = "".join(f"{empty.hex}  {name}\n" for name in ordered)
    assert format_sums(dict.fromkeys(names, empty)) == wanted.encode()


def test_sixteen_tokens_have_names() -> None:
    stems = list(anchor_stems())
    assert stems == ["anchor", *(f"anchor{number}" for number in range(2, 17))]
    assert all(limit_of(f"{stem}.tsr") == TOKEN for stem in stems)


# Folders and zips


def write(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def test_a_folder_tells_files_sizes_and_what_is_none(tmp_path: Path) -> None:
    folder = write(tmp_path / "b", "a", "x/bc", "x/x/x/x/x/x/y/far", "z")
    for name in ("d", "x/e"):
        (folder / name).symlink_to(folder / "a")
    files = FolderFiles(folder)
    assert sorted(files.names) == ["a", "x/bc", "x/x/x/x/x/x/y/far", "z"]
    assert {name: files.size(name) for name in files.names} == {
        name: len(name) for name in files.names
    }
    assert sorted(files.strange) == ["d", "x/e", "x/x/x/x/x/x/y"]
    with files.open("x/bc") as stream:
        assert stream.read() == b"x/bc"
        assert stream.peek() == b""  # type: ignore[attr-defined]  # it is buffered


def test_a_folder_may_hold_so_many_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "b", "a", "b", "c/d")
    monkeypatch.setattr(bundlefiles, "ENTRIES_LIMIT", 3)
    assert len(FolderFiles(folder).names) == 3
    monkeypatch.setattr(bundlefiles, "ENTRIES_LIMIT", 2)
    with pytest.raises(LimitExceeded) as caught:
        FolderFiles(folder)
    assert str(caught.value) == f"{folder} holds more than 2 files"


def test_what_is_no_bundle_is_refused_in_words(tmp_path: Path) -> None:
    folder = write(tmp_path / "b", "README.txt", "statement.json2", "x/leaf.txt")
    with pytest.raises(FormatError) as caught, open_bundle(folder):
        pass
    assert str(caught.value) == (
        f"{folder} is no evidence bundle: it holds no statement.json; give the folder "
        "or zip that `evidence export bundle` made"
    )
    write(folder, "x/statement.json")
    with open_bundle(folder) as files:
        assert "x/statement.json" in files.names
    with pytest.raises(UsageProblem) as usage, open_bundle(tmp_path / "none"):
        pass
    assert str(usage.value) == (
        f"{tmp_path / 'none'} is neither a folder nor a file; name a bundle"
    )


def test_a_file_in_a_zip_may_be_as_long_as_its_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one behind a file that no bundle has: the listing names that."""
    monkeypatch.setattr(bundlefiles, "limit_of", {"b": 3, "statement.json": 4}.get)
    path = tmp_path / "b.zip"
    for data, is_read in ((b"123", True), (b"1234", False)):
        entries = {"a": b"12345", "b": data, "statement.json": b"1234"}
        with path.open("wb") as out:
            write_zip(out, ((n, MemoryBytes(one)) for n, one in entries.items()))
        if is_read:
            with open_bundle(path) as files:
                assert files.names == tuple(entries)
            continue
        with pytest.raises(LimitExceeded) as caught, open_bundle(path):
            pass
        assert str(caught.value) == f"b in {path} is longer than 3 bytes"
