"""One capture: what is found by reading its slice, statement, proof and checkpoint."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.keys.signing import Ed25519Signer, P256Signer
from archive.attest.trust.folder import TrustedOperator, TrustSet
from archive.capture import Capture
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import ALWAYS_REQUIRED, Outcome, Report
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.attacks.tamper import fired, flip
from tests.support.disk.folders import open_segment
from tests.support.judging.sound import judge_capture

pytestmark = pytest.mark.usefixtures("whole_reports")


Damage = Callable[[Path, Capture], None]


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    """An archive with three captures in one open segment, logged."""
    archive = make_archive(tmp_path)
    archive.fill(3)
    return archive


def judge(made: MadeArchive, number: int, trust: TrustSet | None) -> Report:
    """Check one of its captures."""
    return judge_capture(made, made.captures()[number], trust=trust)


def test_every_capture_is_verified(made: MadeArchive) -> None:
    for number in range(3):
        report = judge(made, number, made.trust())
        assert report.outcome is Outcome.VERIFIED
        assert report.required == ALWAYS_REQUIRED


def flip_slice(root: Path, capture: Capture) -> None:
    flip(open_segment(root), 8 * (capture.location.offset_bytes + 60))


def flip_statement(root: Path, capture: Capture) -> None:
    end = capture.location.offset_bytes + capture.location.length_bytes
    flip(open_segment(root), 8 * (end + 400))


def cut_inside(root: Path, capture: Capture) -> None:
    os.truncate(open_segment(root), capture.location.offset_bytes + 100)


def lose_segment(root: Path, capture: Capture) -> None:
    open_segment(root).unlink()


def lose_checkpoint(root: Path, capture: Capture) -> None:
    (root / "log" / "checkpoint").unlink()


def damage_checkpoint(root: Path, capture: Capture) -> None:
    """Another root, in the form of one."""
    path = root / "log" / "checkpoint"
    path.chmod(0o600)
    origin, size, found, *rest = path.read_text("utf-8").split("\n")
    other = ("B" if found[0] == "A" else "A") + found[1:]
    path.write_text("\n".join([origin, size, other, *rest]), "utf-8")


def link_checkpoint(root: Path, capture: Capture) -> None:
    path = root / "log" / "checkpoint"
    path.symlink_to(path.rename(root.parent / "checkpoint"))


def lose_log(root: Path, capture: Capture) -> None:
    shutil.rmtree(root / "log")


def edit_bundle(root: Path, capture: Capture) -> None:
    path = max((root / "log" / "tile" / "entries" / "000.p").iterdir(), key=by_number)
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(data.replace(b" capture sha256:", b" capture sha256:".upper()))


def edit_tile(root: Path, capture: Capture) -> None:
    path = max((root / "log" / "tile" / "0" / "000.p").iterdir(), key=by_number)
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(bytes(len(data)))


def by_number(path: Path) -> int:
    return int(path.name)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (flip_slice, {"slice-altered", "slice-unreadable", "records-disagree"}),
        (flip_statement, {"statement-malformed", "slice-unreadable"}),
        (cut_inside, {"slice-unreadable"}),
        (damage_checkpoint, {"checkpoint-bad"}),
        (link_checkpoint, {"checkpoint-unreadable"}),
        (lose_log, {"checkpoint-unreadable"}),
        (edit_bundle, {"leaf-differs", "inclusion-unproven"}),
        (edit_tile, {"inclusion-unproven"}),
    ],
)
def test_damage_is_found_and_never_raises(
    damage: Damage,
    expected: set[str],
    made: MadeArchive,
) -> None:
    reader = ArchiveReader.open(made.root)
    capture = list(reader.captures())[1]
    damage(made.root, capture)
    report = verify_capture(reader, capture, trust=made.trust())
    reader.close()
    assert report.outcome is Outcome.FAILED
    codes = {finding.code for finding in report.of(Outcome.FAILED)}
    assert codes
    assert codes <= expected


@pytest.mark.parametrize(
    ("damage", "code"),
    [(lose_segment, "segment-missing"), (lose_checkpoint, "checkpoint-missing")],
)
def test_what_is_not_there_is_not_checked(
    damage: Damage, code: str, made: MadeArchive
) -> None:
    reader = ArchiveReader.open(made.root)
    capture = list(reader.captures())[1]
    damage(made.root, capture)
    report = verify_capture(reader, capture, trust=made.trust())
    reader.close()
    assert report.outcome is Outcome.NOT_CHECKED
    assert code in {finding.code for finding in report.of(Outcome.NOT_CHECKED)}


def test_a_capture_that_is_not_logged_yet_is_not_checked(made: MadeArchive) -> None:
    with made.open_writer() as writer:
        writer.capture(make_exchange("http://a.example/9", b"x", made)).result()
        report = judge(made, 3, made.trust())
    assert fired(report) == [f"{step} not-logged-yet NOT CHECKED" for step in (2, 7)]
    assert judge(made, 3, made.trust()).outcome is Outcome.VERIFIED


def test_nothing_known_about_the_log_is_not_checked(made: MadeArchive) -> None:
    report = judge(made, 0, None)
    assert fired(report) == [
        f"{step} origin-unknown NOT CHECKED" for step in (3, 4, 8, 10)
    ]


def test_another_operator_key_is_not_checked(made: MadeArchive) -> None:
    trust = made.trust()
    assert trust is not None
    other = P256Signer.from_scalar(4242).spki_der
    trusted = TrustedOperator(spki_der=other, first_leaf=1)
    report = judge(made, 0, replace(trust, operators=(trusted,)))
    assert report.outcome is Outcome.NOT_CHECKED
    assert "3 key-unknown NOT CHECKED" in fired(report)


def test_another_log_key_is_not_checked(made: MadeArchive) -> None:
    trust = made.trust()
    assert trust is not None
    signer = Ed25519Signer.from_seed(b"\1" * 32, name=trust.origin)
    report = judge(made, 0, replace(trust, log_vkey=signer.vkey))
    assert report.outcome is Outcome.NOT_CHECKED
    assert "8 checkpoint-bad NOT CHECKED" in fired(report)


def test_a_key_that_had_ended_is_a_failure(made: MadeArchive) -> None:
    trust = made.trust()
    assert trust is not None
    (operator,) = trust.operators
    ended = replace(operator, end_leaf=2)
    report = judge(made, 0, replace(trust, operators=(ended,)))
    assert fired(report) == ["10 key-not-valid"]


def test_a_witness_that_the_policy_asks_for_is_missed(made: MadeArchive) -> None:
    trust = made.trust()
    assert trust is not None
    report = judge(made, 0, replace(trust, witness_quorum=1))
    assert report.outcome is Outcome.NOT_CHECKED
    assert (report.headline or "").startswith("0 of 1 witnesses")
    assert fired(report) == ["9 witnesses-none NOT CHECKED"]


def test_a_capture_of_another_archive_is_foreign(
    made: MadeArchive, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The segment of another archive in place of this one's."""
    other = make_archive(tmp_path_factory.mktemp("other"))
    with other.open_writer() as writer:
        writer.capture(make_exchange("http://other.example/", b"x", other)).result()
    reader = ArchiveReader.open(made.root)
    reader.identity = replace(reader.identity, archive_id="a" * 26)
    capture = next(reader.captures())
    report = verify_capture(reader, capture, trust=made.trust())
    reader.close()
    assert "1 archive-foreign" in fired(report)


def test_what_moved_is_said_where_a_slice_cannot_be_read(made: MadeArchive) -> None:
    reader = ArchiveReader.open(made.root)
    capture = next(iter(reader.captures()))
    _, statement = reader.entry(capture)
    second = statement.predicate["records"][1]
    path = open_segment(made.root)
    flip(path, 8 * (capture.location.offset_bytes + second["offset"] + 1))
    report = verify_capture(reader, capture, trust=made.trust())
    (found,) = [one for one in report.findings if one.code == "slice-unreadable"]
    assert "2 exact, 1 altered" in found.detail
    assert "record 1 (request) altered" in found.detail
    end = capture.location.offset_bytes + capture.location.length_bytes
    flip(path, 8 * (end + 1))  # the statement is gone, too: nothing to compare with
    report = verify_capture(reader, capture, trust=made.trust())
    (found,) = [one for one in report.findings if one.code == "slice-unreadable"]
    assert "exact" not in found.detail
    reader.close()
