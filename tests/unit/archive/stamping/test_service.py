"""When checkpoints are stamped, what is kept, and what waits when nobody answers."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.attest.tokens.timestamp import verify_token
from archive.digest import Digest
from archive.errors import StoreError
from archive.files import DISK
from archive.log.checkpoint import format_checkpoint
from archive.stamping.service import ANCHORS_READ
from archive.store.anchors.folder import list_sizes, read_anchor
from archive.store.layout import ArchivePaths
from archive.store.segments.segment import list_segments
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import fill, make_exchange
from tests.support.archives.stamped import StampedArchive, make_stamped
from tests.support.programs.waiting import wait_until


@pytest.fixture
def stamped(tmp_path: Path) -> Iterator[StampedArchive]:
    with make_stamped(tmp_path) as made:
        yield made


def statements(root: Path, kind: str) -> list[dict[str, Any]]:
    """The predicates of every statement of a kind."""
    found = []
    for segment in list_segments(ArchivePaths(root).segments):
        for entry in SegmentWalk(segment.path):
            statement = read_statement(entry)
            if statement.kind == kind:
                found.append(dict(statement.predicate))
    return found


def test_a_job_that_closes_is_stamped_by_every_authority(
    stamped: StampedArchive,
) -> None:
    stamped.fill(2)
    (anchor,) = statements(stamped.made.root, "anchor")
    (size,) = stamped.sizes()
    assert anchor["size"] == size
    stored = read_anchor(stamped.anchors, size, DISK)
    body = format_checkpoint(stored.checkpoint).encode()
    assert len(stored.tokens) == 2
    for token, served in zip(stored.tokens, stamped.authorities, strict=True):
        verify_token(
            token.response, body=body, roots=[served.root_pem], query=token.query
        )
    assert [token["tsr"] for token in anchor["tokens"]] == [
        str(token.digest) for token in stored.tokens
    ]
    assert verify_archive(stamped.made.root, trust=stamped.made.trust()).outcome is (
        Outcome.VERIFIED
    )


def test_nothing_is_stamped_where_only_anchors_are_new(stamped: StampedArchive) -> None:
    stamped.fill(1)
    before = stamped.sizes()
    for _ in range(3):
        with stamped.writer():
            pass
    assert stamped.sizes() == before
    assert [served.asked for served in stamped.authorities] == [1, 1]


def test_two_authorities_under_one_root_are_both_asked_once(
    stamped: StampedArchive,
) -> None:
    first, second = stamped.authorities
    second.authority.root = first.authority.root
    stamped.fill(1)
    stamped.made.clock.now += timedelta(hours=1)
    with stamped.writer():
        pass
    (size,) = stamped.sizes()
    assert len(read_anchor(stamped.anchors, size, DISK).tokens) == 2
    assert (first.asked, second.asked) == (1, 1)


def test_later_captures_name_the_newest_token_and_earlier_ones_none(
    stamped: StampedArchive,
) -> None:
    for _ in range(3):
        stamped.fill(1)
    named = [found["not_before"] for found in statements(stamped.made.root, "capture")]
    assert named[0] is None
    sizes = list_sizes(stamped.anchors, DISK)
    assert [bound["size"] for bound in named[1:]] == sizes[:2]
    first = read_anchor(stamped.anchors, sizes[0], DISK).tokens
    assert named[1]["token"] in {str(token.digest) for token in first}


def test_a_capture_that_began_before_a_token_does_not_name_it(
    stamped: StampedArchive,
) -> None:
    made = stamped.made
    with stamped.writer(every=timedelta()) as writer:
        early = make_exchange("http://a.example/slow", b"<p>slow</p>" * 99, made)
        fill(writer, made, 1)
        writer.checkpoint()
        wait_until(lambda: writer._bounds.field_at(made.clock()) is not None)
        late = make_exchange("http://a.example/late", b"<p>late</p>" * 99, made)
        for exchange in (early, late):
            writer.capture(exchange).result()
    named = [found["not_before"] for found in statements(made.root, "capture")[-2:]]
    assert named[0] is None
    assert named[1] is not None


def test_while_nobody_answers_captures_go_on_and_the_next_cycle_stamps_them_all(
    stamped: StampedArchive,
) -> None:
    """Row "all TSAs blocked 24 h": nothing is lost, all is stamped afterwards."""
    made = stamped.made
    for served in stamped.authorities:
        served.blocked = True
    end = made.clock.now + timedelta(hours=24)
    jobs = 0
    while made.clock.now < end:
        made.clock.now += timedelta(hours=2)
        stamped.fill(1)
        jobs += 1
    assert jobs >= 11
    assert stamped.sizes() == []
    assert len(statements(made.root, "capture")) == jobs
    assert any("authority-1" in line for line in stamped.told)
    for served in stamped.authorities:
        served.blocked = False
    with stamped.writer():
        pass
    (size,) = stamped.sizes()
    captures = statements(made.root, "capture")
    assert all(int(str(found["seq"])) < size for found in captures)
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED


def test_one_silent_authority_is_asked_again_and_the_other_not_bothered(
    stamped: StampedArchive,
) -> None:
    first, second = stamped.authorities
    second.blocked = True
    with stamped.writer(every=timedelta()) as writer:
        fill(writer, stamped.made, 1)
        for _ in range(4):
            stamped.made.clock.now += timedelta(hours=1)
            writer.checkpoint()
            wait_until(lambda: len(statements(stamped.made.root, "anchor")) >= 1)
    assert len(stamped.sizes()) == 1
    assert first.asked == 1
    assert second.asked >= 2
    assert len([line for line in stamped.told if "authority-2" in line]) == 1
    second.blocked = False
    with stamped.writer():
        pass
    newest = read_anchor(stamped.anchors, stamped.sizes()[-1], DISK)
    assert len(newest.tokens) == 2


def test_an_answer_that_does_not_hold_is_not_kept(stamped: StampedArchive) -> None:
    second = stamped.authorities[1]
    second.forge = lambda query: (
        second.authority.answer(query, at=stamped.made.clock())[:-1] + b"\0"
    )
    stamped.fill(1)
    assert len(read_anchor(stamped.anchors, stamped.sizes()[0], DISK).tokens) == 1
    assert any("does not hold" in line for line in stamped.told)


def test_a_chain_that_ends_soon_is_renewed_without_anything_new(
    stamped: StampedArchive,
) -> None:
    stamped.fill(1)
    end = stamped.authorities[0].authority.signer.certificate.not_valid_after_utc
    stamped.made.clock.now = end - timedelta(days=89)
    with stamped.writer():
        pass
    assert len(stamped.sizes()) == 2
    with stamped.writer():
        pass
    assert len(stamped.sizes()) == 2, "not again at once with the same certificate"
    stamped.made.clock.now += timedelta(days=8)
    with stamped.writer():
        pass
    assert len(stamped.sizes()) == 3


def test_lists_of_revoked_certificates_are_kept_beside_the_token(
    stamped: StampedArchive,
) -> None:
    first = stamped.authorities[0]
    first.lists = first.authority.revoke(at=stamped.made.clock())
    stamped.fill(1)
    tokens = read_anchor(stamped.anchors, stamped.sizes()[0], DISK).tokens
    assert tokens[0].crl is not None
    assert b"BEGIN X509 CRL" in tokens[0].crl
    assert tokens[1].crl is None
    (anchor,) = statements(stamped.made.root, "anchor")
    crls = [token["crl"] for token in anchor["tokens"]]
    assert crls == [str(Digest.of(tokens[0].crl)), None]


def test_an_anchor_whose_statement_a_crash_lost_is_stated_by_the_next_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_stamped(tmp_path / "a") as whole, make_stamped(tmp_path / "b") as cut:
        for stamped in (whole, cut):
            with stamped.writer() as writer:
                fill(writer, stamped.made, 1)
                monkeypatch.setattr(writer, "state", _refuse)
            assert len(stamped.sizes()) == 1
            assert statements(stamped.made.root, "anchor") == []
        (size,) = cut.sizes()
        (cut.anchors / str(size) / "2.tsq").unlink()
        for stamped in (whole, cut):
            with stamped.made.open_writer():
                pass
            report = verify_archive(stamped.made.root, trust=stamped.made.trust())
            assert report.outcome is Outcome.VERIFIED
        assert len(statements(whole.made.root, "anchor")) == 1
        assert statements(cut.made.root, "anchor") == []
        assert cut.sizes() == []


def plant_of_another_log(stamped: StampedArchive, folder: Path) -> None:
    """A real token of a trusted authority, over a checkpoint of somebody else."""
    with make_stamped(folder / "other") as other:
        other.authorities[0].authority = stamped.authorities[0].authority
        other.authorities[1].authority = stamped.authorities[1].authority
        other.fill(9)
        (size,) = other.sizes()
        shutil.copytree(other.anchors / str(size), stamped.anchors / str(size))


def plant_far_ahead(stamped: StampedArchive, _folder: Path) -> None:
    """Our own anchor under the name of a size that the log will not have for long."""
    (size,) = stamped.sizes()
    shutil.copytree(stamped.anchors / str(size), stamped.anchors / "999999999999")


def plant_beside(stamped: StampedArchive, _folder: Path) -> None:
    """The same, at a size that the log has."""
    (size,) = stamped.sizes()
    shutil.copytree(stamped.anchors / str(size), stamped.anchors / str(size + 1))


def plant_many(stamped: StampedArchive, _folder: Path) -> None:
    """More than are looked at."""
    for size in range(1_000, 1_000 + ANCHORS_READ + 1):
        (stamped.anchors / str(size)).mkdir()


@pytest.mark.parametrize(
    "plant", [plant_of_another_log, plant_far_ahead, plant_beside, plant_many]
)
def test_what_somebody_planted_keeps_nothing_from_being_stamped(
    stamped: StampedArchive,
    tmp_path: Path,
    plant: Callable[[StampedArchive, Path], None],
) -> None:
    stamped.fill(1)
    plant(stamped, tmp_path)
    with stamped.writer():
        pass
    assert [served.asked for served in stamped.authorities] == [1, 1], "is known"
    stamped.made.clock.now += timedelta(hours=1)
    stamped.fill(1)
    assert [served.asked for served in stamped.authorities] == [2, 2]


def take_with_another_checkpoint(place: Path) -> None:
    place.mkdir()
    (place / "checkpoint").write_bytes(b"planted")


def take_with_a_foreign_name(place: Path) -> None:
    place.mkdir()
    (place / "x").write_bytes(b"")


def take_with_a_file(place: Path) -> None:
    place.write_bytes(b"")


def take_with_a_link(place: Path) -> None:
    place.symlink_to(place.parent)


@pytest.mark.parametrize(
    "take",
    [
        take_with_another_checkpoint,
        take_with_a_foreign_name,
        take_with_a_file,
        take_with_a_link,
    ],
)
def test_where_the_place_of_a_stamp_is_taken_a_later_checkpoint_is_stamped(
    stamped: StampedArchive, take: Callable[[Path], None]
) -> None:
    stamped.fill(1)
    stamped.fill(1)
    first, second = stamped.sizes()
    probe = 2 * second - first  # each job makes as many entries
    taken = stamped.anchors / str(probe)
    with stamped.writer() as writer:
        take(taken)
        fill(writer, stamped.made, 1)
    (incident,) = statements(stamped.made.root, "incident")
    assert (incident["cause"], incident["file"]) == ("custody", f"anchors/{probe}")
    anchors = [found["size"] for found in statements(stamped.made.root, "anchor")]
    assert anchors == [first, second, anchors[-1]]
    assert anchors[-1] > probe
    assert any(f"anchors/{probe} is there already" in words for words in stamped.told)
    trust = stamped.made.trust()
    report = verify_archive(stamped.made.root, trust=trust)
    failed = [found for found in report.findings if found.outcome is Outcome.FAILED]
    assert {found.code for found in failed} == {"file-unknown"}
    if taken.is_dir() and not taken.is_symlink():
        shutil.rmtree(taken)
    else:
        taken.unlink()
    report = verify_archive(stamped.made.root, trust=trust)
    assert report.outcome is Outcome.VERIFIED


def test_one_token_twice_stands_for_no_second_authority(
    stamped: StampedArchive,
) -> None:
    stamped.authorities[1].blocked = True
    stamped.fill(1)
    stamped.authorities[1].blocked = False
    before = stamped.authorities[1].asked
    (size,) = stamped.sizes()
    folder = stamped.anchors / str(size)
    for suffix in ("tsr", "tsq", "chain.pem"):
        (folder / f"2.{suffix}").write_bytes((folder / f"1.{suffix}").read_bytes())
    stamped.made.clock.now += timedelta(hours=1)
    with stamped.writer():
        pass
    assert stamped.authorities[1].asked == before + 1


def _refuse(_draft: object) -> object:
    raise StoreError("cut off")
