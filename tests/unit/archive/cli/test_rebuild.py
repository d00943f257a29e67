"""`evidence rebuild`: catalog and index deleted, the same answers come back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.archives.archives import MadeArchive
from tests.support.programs.inside import Done

Evidence = Callable[..., Done]


@pytest.fixture
def filled(made: MadeArchive) -> MadeArchive:
    """Two segments with captures in both."""
    made.fill(2)
    with made.open_writer() as writer:
        writer.rotate()
    made.fill(2)
    return made


def test_list_is_the_same_after_a_rebuild(
    filled: MadeArchive, evidence: Evidence
) -> None:
    before = evidence("list", "--json").out
    assert len(before.splitlines()) == 4
    (filled.root / "catalog.sqlite").unlink()
    done = evidence("rebuild")
    assert done.code == 0
    assert "catalog: 4 captures" in done.out
    assert evidence("list", "--json").out == before


def test_show_is_the_same_after_a_rebuild(
    filled: MadeArchive, evidence: Evidence
) -> None:
    ids = [
        json.loads(line)["id"] for line in evidence("list", "--json").out.splitlines()
    ]
    before = [evidence("show", capture_id, "--json").out for capture_id in ids]
    assert evidence("rebuild").code == 0
    assert [evidence("show", capture_id, "--json").out for capture_id in ids] == before


def test_evidence_is_not_touched_by_a_rebuild(
    filled: MadeArchive,
    evidence: Evidence,
    contents: Callable[[Path], dict[str, bytes | None]],
) -> None:
    before = contents(filled.root / "segments") | contents(filled.root / "log")
    assert evidence("rebuild").code == 0
    after = contents(filled.root / "segments") | contents(filled.root / "log")
    assert after == before
    assert evidence("verify").code == 0


def test_there_must_be_an_archive(plain: Evidence, tmp_path: Path) -> None:
    done = plain("--archive", str(tmp_path), "rebuild")
    assert done.code == 6
    assert "no archive at" in done.err
