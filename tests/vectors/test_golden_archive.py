"""The golden archive stays VERIFIED and is made again byte for byte."""

import shutil
from pathlib import Path

import pytest

from archive.attest.statements.kinds import KINDS
from archive.attest.trust.folder import read_trust
from archive.store.layout import read_identity
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.make.golden_archive import make
from tests.support.disk.folders import contents

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """A copy, so that no test can change the committed one."""
    shutil.copytree(GOLDEN, tmp_path / "golden")
    return tmp_path / "golden"


def test_the_golden_archive_is_verified(golden: Path) -> None:
    identity = read_identity(golden / "archive")
    trust = read_trust(golden / "trust", identity.origin)
    report = verify_archive(golden / "archive", trust=trust)
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))


def test_verifying_writes_nothing(golden: Path) -> None:
    before = contents(golden)
    trust = read_trust(golden / "trust", read_identity(golden / "archive").origin)
    verify_archive(golden / "archive", trust=trust)
    assert contents(golden) == before


def test_the_golden_archive_holds_every_kind_two_seals_and_a_stub(golden: Path) -> None:
    kinds: list[str] = []
    for segment in list_segments(golden / "archive" / "segments"):
        for entry in SegmentWalk(segment.path):
            if entry.stub is not None:
                kinds.append("stub")
            else:
                kinds.append(read_statement(entry).kind)
    assert set(kinds) == {*KINDS, "stub"}
    assert kinds.count("seal") == 3, "two segments sealed, one of them sealed again"


def test_made_again_the_golden_archive_is_byte_equal(tmp_path: Path) -> None:
    make(tmp_path)
    for part in ("archive", "trust"):
        made, kept = contents(tmp_path / part), contents(GOLDEN / part)
        assert made.keys() == kept.keys()
        assert [name for name in kept if made[name] != kept[name]] == []
