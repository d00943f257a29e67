"""Check 17 of a folder: which names and kinds of files belong; sealed segments."""

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.digest import Digest
from archive.store.layout import DERIVED_NAMES, FOLDERS, ArchivePaths
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding
from archive.verify.whole.files import FolderFiles
from tests.support.judging.findings import failed, found_by, holds, not_checked

OTHER = "has not the digest that was stated"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder as an archive without entries has it."""
    root = tmp_path / "archive"
    for name in FOLDERS:
        (root / name).mkdir(parents=True)
    (root / "archive.toml").touch()
    (root / "lock").touch()
    return root


class Looked:
    """A collector and the files it is told about."""

    def __init__(self, root: Path) -> None:
        self.collector = Collector()
        self.files = FolderFiles(self.collector, ArchivePaths(root))

    def finish(self) -> list[Finding]:
        """All findings."""
        self.files.finish()
        return found_by(self.collector)


@pytest.fixture
def looked(root: Path) -> Looked:
    return Looked(root)


def unknown(*names: str) -> list[Finding]:
    """Findings of names that belong to nothing."""
    return [
        failed(17, "file-unknown", name, "is no part of an archive") for name in names
    ]


MAKERS: dict[str, Callable[[Path], None]] = {
    "file": Path.touch,
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "link to a file": lambda path: path.symlink_to(__file__),
    "link to a folder": lambda path: path.symlink_to(Path(__file__).parent),
    "link to nothing": lambda path: path.symlink_to("nothing"),
}


def put(path: Path, kind: str) -> None:
    """In place of what is there."""
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    MAKERS[kind](path)


# Names


def test_of_an_archive_without_entries_nothing_is_told(looked: Looked) -> None:
    assert looked.finish() == []
    assert looked.collector.notices == []


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_of_evidence_is_a_folder(
    name: str, kind: str, root: Path, looked: Looked
) -> None:
    put(root / name, kind)
    assert looked.finish() == ([] if kind == "folder" else unknown(name))
    assert looked.collector.notices == []


@pytest.mark.parametrize("kind", MAKERS)
def test_the_identity_is_a_file(kind: str, root: Path, looked: Looked) -> None:
    put(root / "archive.toml", kind)
    assert looked.finish() == ([] if kind == "file" else unknown("archive.toml"))


LOCK = failed(17, "lock-not-empty", "lock", "must be an empty file")


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("file", []),
        ("folder", [*unknown("lock"), LOCK]),
        ("pipe", [*unknown("lock"), LOCK]),
        ("link to a file", [*unknown("lock"), LOCK]),
        ("link to a folder", [*unknown("lock"), LOCK]),
        ("link to nothing", unknown("lock")),
    ],
)
def test_the_lock_is_an_empty_file(
    kind: str, found: list[Finding], root: Path, looked: Looked
) -> None:
    put(root / "lock", kind)
    assert looked.finish() == found


def test_a_lock_that_holds_something_is_named(root: Path, looked: Looked) -> None:
    (root / "lock").write_bytes(b"x")
    assert looked.finish() == [LOCK]
    (root / "lock").unlink()
    assert Looked(root).finish() == []


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", DERIVED_NAMES)
def test_what_is_derived_may_be_anything(
    name: str, kind: str, root: Path, looked: Looked
) -> None:
    put(root / name, kind)
    assert looked.finish() == []


SEGMENT = "00000000-abcd2345.warc.gz"
TEXT = "0" * 63 + "f.gz"
OF_FOLDERS = {
    "spool": [
        *("00000009.batch", "raw-a0", "waiting-00000000.drafts"),
        *("extract-" + "a2" * 13 + ".jsonl", "waiting-00000000-123456789012345.drafts"),
    ],
    "quarantine": [
        *(f"{SEGMENT}.0.torn", f"{SEGMENT}.123456789012345.torn", "raw-a0"),
        *("refused-0-0123456789abcdef.note",),
    ],
    "texts": [TEXT],
}
NAMES = [(folder, name) for folder, names in OF_FOLDERS.items() for name in names]


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("folder", OF_FOLDERS)
def test_a_known_name_is_a_regular_file(
    folder: str, kind: str, root: Path, looked: Looked
) -> None:
    name = f"{folder}/{OF_FOLDERS[folder][0]}"
    temporary = f"{folder}/.x.unfinished"
    put(root / name, kind)
    put(root / temporary, kind)
    assert looked.finish() == ([] if kind == "file" else unknown(temporary, name))


@pytest.mark.parametrize(("folder", "name"), NAMES)
def test_names_of_a_folder_have_their_form(
    folder: str, name: str, root: Path, looked: Looked
) -> None:
    wrong = [f"-{name}", f"{name}-", f"{name}\n", name.upper(), f".{name}"]
    for one in (name, *wrong):
        (root / folder / one).touch()
    escaped = {f"{folder}/{name}\n": f"{folder}/{name}\\n"}
    paths = sorted(root / folder / one for one in wrong)
    named = [path.relative_to(root).as_posix() for path in paths]
    found = [one for one in looked.finish() if one.code != "waiting-unsigned"]
    assert found == unknown(*(escaped.get(one, one) for one in named))


def test_names_of_segments_and_their_months_have_their_form_and_kind(
    root: Path, looked: Looked
) -> None:
    month = root / "segments" / "2025" / "01"
    month.mkdir(parents=True)
    (month / SEGMENT).touch()
    (month / f"{SEGMENT}.open").touch()
    assert looked.finish() == []
    (month / "00000001-abcd2345.warc.gz").mkdir()
    (month / "00000002-abcd2345.warc.gz").symlink_to(__file__)
    (month / "00000003-abcd2345.warc.gz.bak").touch()
    (root / "segments" / "2026").touch()
    (root / "segments" / "2027").symlink_to(month)
    (root / "segments" / "2025" / "001").mkdir()
    (root / "segments" / "2025" / SEGMENT).touch()
    (root / "segments" / "x").mkdir()
    (root / "segments" / "x" / "y").touch()
    assert Looked(root).finish() == unknown(
        f"segments/2025/{SEGMENT}",
        "segments/2025/001",
        "segments/2025/01/00000001-abcd2345.warc.gz",
        "segments/2025/01/00000002-abcd2345.warc.gz",
        "segments/2025/01/00000003-abcd2345.warc.gz.bak",
        "segments/2026",
        "segments/2027",
        "segments/x",
        "segments/x/y",
    )


def test_what_is_unknown_is_named_in_order_wherever_it_lies(
    root: Path, looked: Looked
) -> None:
    names = ["quarantine/a", "segments/b", "spool/c", "texts/d", "zeta"]
    for name in reversed(names):
        (root / name).touch()
    assert looked.finish() == unknown(*names)


def test_each_folder_that_cannot_be_listed_is_told(
    root: Path, looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "segments" / "2025").mkdir()
    (root / "zeta").touch()
    scan = os.scandir
    closed = [root / "segments" / "2025", root / "spool", root / "quarantine"]

    def refuse(folder: Any = ".") -> Any:
        if folder in closed:
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    assert looked.finish() == [
        *(
            not_checked(17, "folder-unreadable", name, "Permission denied")
            for name in ("segments/2025", "spool", "quarantine")
        ),
        *unknown("zeta"),
    ]
    closed.append(root)
    root_first = Looked(root).finish()[0]
    assert root_first == not_checked(17, "folder-unreadable", ".", "Permission denied")


# Segments and their seals


@pytest.fixture
def segment(root: Path) -> Any:
    """A sealed one of eleven bytes."""
    path = root / "segments" / "2025" / "01" / SEGMENT
    path.parent.mkdir(parents=True)
    path.write_bytes(b"eleven bytes"[:11])
    name = PurePosixPath("2025/01") / SEGMENT
    return cast("Any", SimpleNamespace(name=name, path=path, is_open=False))


def seal_of(segment: Any, **changes: object) -> dict[str, Any]:
    data = segment.path.read_bytes()
    seal = {"file": str(segment.name), "length_bytes": len(data)}
    return {"segment": {**seal, "sha256": Digest.of(data).hex, **changes}}


def altered(segment: Any, words: str) -> list[Finding]:
    return [failed(17, "segment-altered", f"segments/{segment.name}", words)]


@pytest.mark.parametrize("is_last", [False, True])
def test_a_segment_is_what_its_seal_says(
    is_last: bool, looked: Looked, segment: Any
) -> None:
    looked.files.note_seal(seal_of(segment))
    looked.files.check_segment(segment, is_last=is_last)
    assert looked.finish() == [holds(17, 1)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"length_bytes": 10}, "has not the size it was sealed with"),
        ({"length_bytes": 12}, "has not the size it was sealed with"),
        ({"sha256": "0" * 64}, OTHER),
    ],
)
def test_a_segment_that_is_another_than_its_seal_says_is_altered(
    changes: dict[str, object], words: str, looked: Looked, segment: Any
) -> None:
    looked.files.note_seal(seal_of(segment, **changes))
    looked.files.check_segment(segment, is_last=False)
    assert looked.finish() == altered(segment, words)


def test_only_the_last_segment_may_have_no_seal(looked: Looked, segment: Any) -> None:
    looked.files.check_segment(segment, is_last=True)
    assert looked.collector.counted(17) == 1
    looked.files.check_segment(segment, is_last=False)
    assert looked.finish() == [
        failed(17, "seal-missing", f"segments/{segment.name}", "no statement seals it")
    ]


def test_a_segment_that_was_sealed_is_not_open_and_not_missing(
    looked: Looked, segment: Any
) -> None:
    looked.files.note_seal(seal_of(segment))
    segment.is_open = True
    looked.files.check_segment(segment, is_last=True)
    opened = altered(segment, "is sealed in the log but still named .open")
    looked.files.note_seal(seal_of(segment))
    assert looked.finish() == opened + altered(segment, "was sealed and is missing")


def test_a_segment_from_which_is_being_removed_is_not_judged(
    looked: Looked, segment: Any
) -> None:
    looked.files.note_seal(seal_of(segment, length_bytes=1))
    looked.files.check_segment(segment, is_last=False, is_being_removed=True)
    words = "an entry is being removed; verify again later"
    running = not_checked(17, "removal-running", f"segments/{segment.name}", words)
    assert looked.finish() == [running]


def test_a_sealed_segment_that_cannot_be_looked_at_is_not_checked(
    looked: Looked, segment: Any
) -> None:
    looked.files.note_seal(seal_of(segment))
    segment.path = segment.path.with_name("x" * 300)
    looked.files.check_segment(segment, is_last=False)
    (finding,) = looked.finish()
    name = f"segments/{segment.name}"
    assert finding == not_checked(17, "file-unreadable", name, finding.detail)
    assert "File name too long" in finding.detail
