"""Check 20: what lies beside the log is what was logged, and nothing else does."""

import os
from collections.abc import Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from archive.attest.keys.signing import Ed25519Signer
from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import FormatError
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.fields import format_base64
from archive.log.note import MAX_NOTE_BYTES, format_note, sign_note
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding
from archive.verify.times.anchors import ANCHOR_FILE_LIMIT_BYTES, Anchors
from tests.support.judging.findings import failed, found_by, holds, not_checked

ORIGIN = "log.example/a"
LOG = Ed25519Signer.from_seed(b"\1" * 32, name=ORIGIN)
STRANGER = Ed25519Signer.from_seed(b"\2" * 32, name=ORIGIN)
TRUST = TrustSet(roots=(), operators=(), log_vkey=LOG.vkey)
SIZES = (3, 12)
PARTS = ("tsr", "tsq", "chain.pem", "crl")


def root_of(size: int) -> bytes:
    return bytes([size]) * 32


def roots_of(sizes: Iterable[int]) -> Mapping[int, bytes]:
    return {size: root_of(size) for size in sizes}


def note_of(size: int, *, origin: str = ORIGIN, root: bytes | None = None) -> str:
    root = root_of(size) if root is None else root
    return format_checkpoint(Checkpoint(origin=origin, size=size, root=root))


def signed(body: str, signer: Ed25519Signer = LOG) -> bytes:
    return format_note(sign_note(body, signer))


class Looked:
    """Two stamped checkpoints, the second by two authorities, one without a list."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "anchors"
        self.collector = Collector()
        self.anchors = Anchors(self.collector, self.folder)
        self._state(3, [PARTS])
        self._state(12, [PARTS, PARTS[:3]])

    def _state(self, size: int, tokens: list[tuple[str, ...]]) -> None:
        (self.folder / str(size)).mkdir(parents=True)
        (self.folder / str(size) / "checkpoint").write_bytes(signed(note_of(size)))
        rows = []
        for number, parts in enumerate(tokens, start=1):
            row: dict[str, str | None] = dict.fromkeys(("tsr", "tsq", "chain", "crl"))
            for part in parts:
                data = f"{size} {number} {part}".encode()
                (self.folder / str(size) / f"{number}.{part}").write_bytes(data)
                row[part.partition(".")[0]] = str(Digest.of(data))
            rows.append(row)
        root = format_base64(root_of(size))
        self.anchors.note({"size": size, "root": root, "tokens": rows})

    def finish(self, trust: TrustSet | None = TRUST, **how: Any) -> list[Finding]:
        """All findings."""
        arguments: dict[str, Any] = {"origin": ORIGIN, "roots_of": roots_of}
        arguments |= {"is_locked": False, "trust": trust, **how}
        self.anchors.finish(**arguments)
        return found_by(self.collector)


@pytest.fixture
def looked(tmp_path: Path) -> Looked:
    return Looked(tmp_path)


def altered(name: str, words: str) -> Finding:
    return failed(20, "anchor-altered", f"anchors/{name}", words)


def missing(*names: str) -> list[Finding]:
    words = "is logged but missing"
    return [failed(20, "anchor-missing", f"anchors/{name}", words) for name in names]


def unknown(*names: str) -> list[Finding]:
    words = "is no part of an archive"
    return [failed(17, "file-unknown", f"anchors/{name}", words) for name in names]


@pytest.mark.parametrize("trust", [None, TRUST])
@pytest.mark.parametrize("is_locked", [False, True])
def test_what_lies_there_as_it_was_logged_is_counted_file_by_file(
    trust: TrustSet | None, is_locked: bool, looked: Looked
) -> None:
    assert looked.finish(trust, is_locked=is_locked) == [holds(20, 4 + 4 + 3)]


@pytest.mark.parametrize("is_there", [False, True])
def test_without_any_anchor_nothing_is_told(is_there: bool, tmp_path: Path) -> None:
    collector, folder = Collector(), tmp_path / "anchors"
    if is_there:
        folder.mkdir()
    Anchors(collector, folder).finish(
        origin=ORIGIN, trust=TRUST, roots_of=roots_of, is_locked=False
    )
    assert found_by(collector) == []


def test_each_file_of_a_token_is_compared(looked: Looked) -> None:
    names = ["3/1.tsr", "3/1.crl", "12/2.tsq", "12/2.chain.pem"]
    for name in names:
        (looked.folder / name).write_bytes(b"other")
    (looked.folder / "12/1.tsr").unlink()
    words = "is not the file that was logged"
    found = looked.finish()
    assert found == [
        *(altered(name, words) for name in names[:2]),
        *missing("12/1.tsr"),
        *(altered(name, words) for name in names[2:]),
    ]


def test_a_file_that_is_too_long_or_a_link_is_altered(looked: Looked) -> None:
    os.truncate(looked.folder / "3/1.crl", ANCHOR_FILE_LIMIT_BYTES + 1)
    os.truncate(looked.folder / "3/checkpoint", MAX_NOTE_BYTES + 1)
    link = looked.folder / "12/1.tsr"
    link.unlink()
    link.symlink_to(looked.folder / "12/2.tsr")
    note = looked.folder / "3/checkpoint"
    assert looked.finish() == [
        *unknown("12/1.tsr"),
        altered("3/1.crl", f"is longer than {ANCHOR_FILE_LIMIT_BYTES} bytes"),
        altered("12/1.tsr", f"cannot read {link}: it is a link"),
        altered("3/checkpoint", f"{note} is longer than {MAX_NOTE_BYTES} bytes"),
    ]


def test_files_of_the_greatest_length_are_read(looked: Looked) -> None:
    path = looked.folder / "3/1.crl"
    os.truncate(path, ANCHOR_FILE_LIMIT_BYTES)
    words = "is not the file that was logged"
    assert looked.finish() == [altered("3/1.crl", words)]


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (signed(note_of(4)), "is not what was logged"),
        (signed(note_of(3, root=root_of(4))), "is not what was logged"),
        (b"no note", None),
        (signed(note_of(3), STRANGER), None),
    ],
)
def test_the_stamped_checkpoint_is_the_one_that_was_logged_and_signed(
    note: bytes, words: str | None, looked: Looked
) -> None:
    (looked.folder / "3/checkpoint").write_bytes(note)
    (finding,) = looked.finish()
    assert finding == altered("3/checkpoint", words or finding.detail)
    assert finding.detail


def test_without_trust_only_what_a_checkpoint_says_is_compared(looked: Looked) -> None:
    other = signed(note_of(3), STRANGER)
    (looked.folder / "3/checkpoint").write_bytes(other)
    (looked.folder / "12/checkpoint").write_bytes(signed(note_of(3), STRANGER))
    words = "is not what was logged"
    assert looked.finish(None) == [altered("12/checkpoint", words)]


def test_a_checkpoint_of_another_log_is_not_what_was_logged(looked: Looked) -> None:
    words = "is not what was logged"
    assert looked.finish(None, origin="log.example/b") == [
        altered("3/checkpoint", words),
        altered("12/checkpoint", words),
    ]


def test_checkpoints_that_are_gone_are_missing_each(looked: Looked) -> None:
    for size in SIZES:
        (looked.folder / f"{size}/checkpoint").unlink()
    assert looked.finish() == missing("3/checkpoint", "12/checkpoint")


def test_a_stamped_root_that_is_none_of_the_tree_is_named(looked: Looked) -> None:
    found = looked.finish(roots_of=lambda _sizes: {3: root_of(4), 12: root_of(12)})
    words = "is no root of this tree"
    assert found == [failed(20, "anchor-elsewhere", "anchors/3", words)]


def test_a_stamped_size_beyond_the_tree_is_named_and_every_size_is_asked_for(
    looked: Looked,
) -> None:
    asked: list[set[int]] = []

    def none(sizes: Iterable[int]) -> Mapping[int, bytes]:
        asked.append(set(sizes))
        return {}

    words = "is no root of this tree"
    assert looked.finish(roots_of=none) == [
        failed(20, "anchor-elsewhere", f"anchors/{size}", words) for size in SIZES
    ]
    assert asked == [set(SIZES)]


# Names


@pytest.mark.parametrize("is_locked", [False, True])
def test_what_was_not_logged_is_unknown_unless_a_writer_may_have_begun_it(
    is_locked: bool, looked: Looked
) -> None:
    """Behind the newest anchor alone, and only while somebody writes."""
    begun = ["13", "13/checkpoint", "13/1.tsr", "200"]
    for name in ("11", "13", "200", "x", "012", "3/1.tsr2"):
        (looked.folder / name).mkdir()
    for name in ("0", "12/2.crl", "13/checkpoint", "13/1.tsr", "3/3.tsr"):
        (looked.folder / name).touch()
    (looked.folder / "14").symlink_to(looked.folder / "3")
    (looked.folder / "13" / "link").symlink_to(looked.folder / "3/1.tsr")
    always = {"0", "012", "11", "12/2.crl", "13/link", "14", "3/1.tsr2", "3/3.tsr", "x"}
    found = looked.finish(is_locked=is_locked)
    wanted = always if is_locked else always | set(begun)
    key = attrgetter("subject")
    assert sorted(found[:-1], key=key) == sorted(unknown(*wanted), key=key)
    assert found[-1] == holds(20, 11)


def test_the_first_anchor_of_a_writer_at_work_may_be_begun(tmp_path: Path) -> None:
    for name in ("0", "1"):
        (tmp_path / "anchors" / name).mkdir(parents=True)
    for is_locked, names in ((True, ["0"]), (False, ["0", "1"])):
        collector = Collector()
        anchors = Anchors(collector, tmp_path / "anchors")
        anchors.finish(
            origin=ORIGIN, trust=TRUST, roots_of=roots_of, is_locked=is_locked
        )
        assert found_by(collector) == unknown(*names)


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_folder_that_is_none_is_left_to_who_names_it(
    kind: str, tmp_path: Path
) -> None:
    looked = Looked(tmp_path)
    looked.folder.rename(tmp_path / "moved")
    if kind == "file":
        looked.folder.touch()
    else:
        looked.folder.symlink_to(tmp_path / "moved")
        (tmp_path / "moved" / "x").touch()
    found = looked.finish()
    if kind == "link":
        assert found == [holds(20, 11)]
    else:
        assert {finding.step for finding in found} == {20}
        assert len(found) == 11 + 2


def test_a_folder_of_tokens_is_no_link_to_one(looked: Looked, tmp_path: Path) -> None:
    moved = (looked.folder / "3").rename(tmp_path / "moved")
    (looked.folder / "3").symlink_to(moved)
    assert looked.finish() == [*unknown("3"), holds(20, 11)]


def test_a_root_that_is_no_base64_is_in_no_form_of_ours(looked: Looked) -> None:
    with pytest.raises(FormatError):
        looked.anchors.note({"size": 1, "root": "!", "tokens": []})


def test_a_folder_that_cannot_be_listed_is_told(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(folder: Any) -> Any:
        if folder == looked.folder / "3":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    words = "Permission denied"
    told = not_checked(17, "folder-unreadable", "anchors/3", words)
    assert looked.finish() == [told, holds(20, 11)]
