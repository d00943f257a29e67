"""Check 17: kept texts, torn tails and what waits are what statements say of them."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.records.extract import ExtractLine, format_extract
from archive.digest import Digest
from archive.errors import KeyProblem
from archive.store.layout import FOLDERS, ArchivePaths
from archive.store.texts import TEXT_FILE_LIMIT_BYTES
from archive.store.waiting.files import list_waiting
from archive.store.waiting.reading import read_waiting
from archive.store.waiting.waiting import WaitingWriter
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding
from archive.verify.whole.files import FolderFiles
from tests.support.archives.archives import fill, make_archive
from tests.support.judging.findings import failed, found_by, holds, not_checked

OTHER = "has not the digest that was stated"
GONE, LEFT = "ab" * 32, "cd" * 32
"""Captures: one that was removed, one that was not."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder as an archive without entries has it."""
    root = tmp_path / "archive"
    for name in FOLDERS:
        (root / name).mkdir(parents=True)
    (root / "archive.toml").touch()
    return root


class Looked:
    """A collector and the files it is told about."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.collector = Collector()
        self.files = FolderFiles(self.collector, ArchivePaths(root))

    def state_text(
        self, words: bytes, *, capture: str = LEFT, kept: bool = True
    ) -> str:
        """An extract; gives the name of the file of its text."""
        text = Digest.of(words)
        file = Digest.of(b"packed " + words) if kept else None
        line = ExtractLine(capture=capture, extractor="e/1", text=text, file=file)
        record = cast("Any", SimpleNamespace(kept=format_extract((line,))))
        self.files.note_extract(record, subject="an extract")
        return f"texts/{text.hex}.gz"

    def keep_text(self, words: bytes, **how: Any) -> str:
        """An extract and its file."""
        name = self.state_text(words, **how)
        (self.root / name).write_bytes(b"packed " + words)
        return name

    def finish(self) -> list[Finding]:
        """All findings."""
        self.files.finish()
        return found_by(self.collector)


@pytest.fixture
def looked(root: Path) -> Looked:
    return Looked(root)


# Texts


def test_kept_texts_are_counted_each(looked: Looked) -> None:
    looked.keep_text(b"a")
    looked.keep_text(b"b")
    looked.state_text(b"c", kept=False)
    assert looked.finish() == [holds(17, 2)]
    assert looked.collector.notices == []


def test_each_text_is_judged_whatever_became_of_those_before(looked: Looked) -> None:
    lost = looked.state_text(b"lost")
    looked.files.text_use.note_removed(GONE)
    looked.state_text(b"gone", capture=GONE)
    closed = looked.keep_text(b"closed")
    (looked.root / closed).unlink()
    (looked.root / closed).symlink_to(__file__)
    long = looked.keep_text(b"long")
    os.truncate(looked.root / long, TEXT_FILE_LIMIT_BYTES + 1)
    changed = looked.keep_text(b"changed")
    (looked.root / changed).write_bytes(b"something else")
    again = looked.state_text(b"lost, too")
    limit = f"is longer than {TEXT_FILE_LIMIT_BYTES} bytes"
    link = f"cannot read {looked.root / closed}: it is a link"
    assert looked.finish() == [
        failed(17, "text-missing", lost, "is stated but missing"),
        failed(17, "text-altered", closed, link),
        failed(17, "text-altered", long, limit),
        failed(17, "text-altered", changed, OTHER),
        failed(17, "text-missing", again, "is stated but missing"),
        failed(17, "file-unknown", closed, "is no part of an archive"),
    ]
    assert looked.collector.counted(17) == 1, "the text of a removed capture"


def test_an_extract_that_is_none_is_named(looked: Looked) -> None:
    record = cast("Any", SimpleNamespace(kept=b"no line"))
    looked.files.note_extract(record, subject="entry 3")
    words = "an extract without lines, or its last line is cut"
    assert looked.finish() == [failed(17, "extract-malformed", "entry 3", words)]


def test_texts_that_nobody_stated_are_counted_and_told(looked: Looked) -> None:
    stated = looked.keep_text(b"stated")
    for number in range(3):
        (looked.root / "texts" / f"{number:064x}.gz").touch()
    assert (looked.root / stated).exists()
    assert looked.finish() == [holds(17, 1)]
    assert looked.collector.notices == [
        "3 kept texts are not stated yet; run `evidence index`"
    ]


def test_texts_of_removed_captures_that_are_still_there_are_counted_and_told(
    looked: Looked,
) -> None:
    looked.files.text_use.note_removed(GONE)
    for number in range(2):
        looked.keep_text(b"%d" % number, capture=GONE)
    looked.state_text(b"deleted", capture=GONE)
    looked.keep_text(b"of another")
    assert looked.finish() == [holds(17, 4)]
    assert looked.collector.notices == [
        "2 kept texts are of removed captures alone and still there; "
        "remove them by hand, or restore and remove again"
    ]


# Quarantine


def tail(data: bytes, **facts: object) -> dict[str, Any]:
    length, digest = len(data), Digest.of(data).hex
    return {"cause": "torn-tail", "length": length, "sha256": digest, **facts}


SEGMENT = "00000000-abcd2345.warc.gz"
TORN = f"quarantine/{SEGMENT}.3.torn"
NOTE = "quarantine/refused-7-0123456789abcdef.note"


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (TORN, {"file": f"segments/2025/01/{SEGMENT}", "offset": 3}),
        (TORN, {"file": SEGMENT, "offset": 3}),
        (NOTE, {"cause": "refused-checkpoint", "file": NOTE}),
    ],
)
def test_what_was_set_aside_is_what_was_stated_as_long_as_it_is_there(
    name: str, facts: dict[str, object], root: Path
) -> None:
    def judge() -> tuple[list[Finding], list[str]]:
        looked = Looked(root)
        looked.files.note_incident(tail(b"four", **facts))
        return looked.finish(), looked.collector.notices

    (root / name).write_bytes(b"four")
    assert judge() == ([holds(17, 1)], [])
    (root / name).write_bytes(b"fivel")
    limit = failed(17, "tail-altered", name, "is longer than 4 bytes")
    assert judge() == ([limit], [])
    (root / name).write_bytes(b"FOUR")
    assert judge() == ([failed(17, "tail-altered", name, OTHER)], [])
    (root / name).unlink()
    assert judge() == ([], [f"{name} was set aside and is no longer there"])


def test_an_incident_of_another_cause_sets_nothing_aside(looked: Looked) -> None:
    looked.files.note_incident(tail(b"", cause="custody", file="x", offset=0))
    looked.files.note_incident(tail(b"", cause="refused-checkpoint", file=None))
    assert looked.finish() == []
    assert looked.collector.notices == []


# What waits for a key


def test_what_waits_is_counted_and_what_is_damaged_named_by_its_place(
    tmp_path: Path,
) -> None:
    made = make_archive(tmp_path)

    def keep(count: int) -> Path:
        writer = WaitingWriter.open(
            made.root, reason=KeyProblem("no key"), random_bytes=made.random_bytes
        )
        fill(writer, made, count, job=False)
        writer.close()
        return list_waiting(made.root / "spool")[-1].path

    first, second, third = keep(1), keep(3), keep(2)
    entries = list(read_waiting(second))
    begin, length = entries[0].end_bytes, entries[1].end_bytes - entries[0].end_bytes
    whole = bytearray(second.read_bytes())
    whole[entries[1].start + 9] ^= 1
    second.write_bytes(whole)
    size = third.stat().st_size - 9
    os.truncate(third, size)
    torn = next(iter(read_waiting(third))).end_bytes
    first.write_bytes(b"no waiting file " * 9)
    (made.root / "spool" / "waiting-00000009.drafts").touch()
    looked = Looked(made.root)
    names = [f"spool/{path.name}" for path in (first, second, third)]

    def waiting(name: str, count: int) -> Finding:
        words = (
            f"{count} entries wait unsigned for the operator's key; "
            "`evidence sign` states them"
        )
        return not_checked(17, "waiting-unsigned", name, words, count=count)

    assert looked.finish() == [
        failed(17, "waiting-malformed", names[0], f"{first} is no waiting file"),
        failed(
            17,
            "waiting-damaged",
            names[1],
            f"its {length} bytes from byte {begin} on are damaged: what they held "
            "cannot be signed; `evidence sign` states the others and an incident",
            offset=begin,
            length=length,
        ),
        waiting(names[1], 2),
        waiting(names[2], 1),
        waiting("spool/waiting-00000009.drafts", 0),
    ]
    assert looked.collector.notices == [
        f"{names[2]}: its {size - torn} bytes from byte {torn} on are the beginning of "
        "an entry that was never finished; `evidence sign` puts them aside"
    ]
