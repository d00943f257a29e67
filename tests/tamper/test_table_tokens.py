"""Attacks on tokens: forged, foreign, missing, revoked, and what waits for one."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from archive.attest.tokens.token import NONCE_BYTES, format_query
from archive.files import DISK
from archive.instant import format_instant
from archive.log.note import parse_note
from archive.store.anchors.anchoring import StatedToken, draft_anchor
from archive.store.anchors.folder import StoredToken, write_anchor
from archive.store.drafts import Draft
from archive.store.ledger import Committed
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import ONE_WITNESS, Outcome
from tests.support.archives.archives import fill
from tests.support.archives.stamped import (
    StampedArchive,
    count,
    make_stamped,
    not_verified,
)
from tests.support.servers.authorities import MemoryAuthority

DAY = timedelta(days=1)


@pytest.fixture
def stamped(tmp_path: Path) -> Iterator[StampedArchive]:
    """Two jobs of one capture, each stamped by two authorities."""
    with make_stamped(tmp_path, fills=2) as made:
        yield made


NO_LISTS = {"12 revocation-none NOT CHECKED"}
"""The authorities of these tests publish no lists unless told to."""


def test_untouched_a_stamped_archive_is_verified_and_says_by_when_it_existed(
    stamped: StampedArchive,
) -> None:
    report = stamped.judge()
    assert report.outcome is Outcome.VERIFIED
    assert not_verified(report) == NO_LISTS
    assert report.headline is not None
    assert "2 authorities asked for: existed by 2025-01-26" in report.headline
    assert report.bracket.existed_by is not None
    assert report.as_json()["existed_by"] == format_instant(report.bracket.existed_by)


def test_a_capture_shows_its_bracket_and_how_wide_it_is(
    stamped: StampedArchive,
) -> None:
    reader = ArchiveReader.open(stamped.made.root)
    first, second = [found for found in reader.captures() if found.kind == "capture"]
    trust = stamped.trust()
    unbounded = verify_capture(reader, first, trust=trust)
    assert unbounded.outcome is Outcome.VERIFIED
    assert unbounded.bracket.not_before is None
    assert unbounded.bracket.width is None
    bounded = verify_capture(reader, second, trust=trust)
    assert bounded.outcome is Outcome.VERIFIED
    assert bounded.headline is not None
    assert "made between" in bounded.headline
    width = bounded.bracket.width
    assert width is not None
    assert timedelta() < width < timedelta(minutes=5)
    assert bounded.as_json()["bracket_seconds"] == int(width.total_seconds())
    assert bounded.bracket.not_before is not None
    assert bounded.bracket.not_before <= second.captured_at


def test_without_a_policy_that_asks_the_headline_stays(stamped: StampedArchive) -> None:
    report = stamped.judge(stamped.trust(quorum=0))
    assert report.headline == ONE_WITNESS
    assert report.outcome is Outcome.VERIFIED
    bare = stamped.judge(replace(stamped.trust(0), authorities=()))
    assert not_verified(bare) == {
        f"{step} time-stamps-none NOT CHECKED" for step in (11, 12, 13, 20)
    }


@pytest.mark.parametrize(
    ("bit", "expected"),
    [
        (0, {"11 token-bad", "20 anchor-altered"}),
        (77, {"11 token-bad", "20 anchor-altered"}),
        # A certificate in it: not signed, and the saved chain has it as well.
        (4001, {"20 anchor-altered"}),
    ],
)
def test_a_token_altered_beside_the_log_is_found(
    stamped: StampedArchive, bit: int, expected: set[str]
) -> None:
    path = stamped.anchors / str(stamped.sizes()[0]) / "1.tsr"
    data = bytearray(path.read_bytes())
    data[bit // 8] ^= 1 << bit % 8
    path.chmod(0o600)
    path.write_bytes(data)
    report = stamped.judge()
    assert report.outcome is Outcome.FAILED
    named = {"13 not-before-missing NOT CHECKED"}  # by a capture, perhaps
    assert not_verified(report) - named == expected | NO_LISTS


def test_swapped_tokens_are_found(stamped: StampedArchive) -> None:
    one, two = (stamped.anchors / str(size) / "1.tsr" for size in stamped.sizes())
    first, second = one.read_bytes(), two.read_bytes()
    for path, data in ((one, second), (two, first)):
        path.chmod(0o600)
        path.write_bytes(data)
    report = stamped.judge()
    assert report.outcome is Outcome.FAILED
    assert count(report, "token-bad") == 2


def test_a_token_and_its_files_removed_are_found(stamped: StampedArchive) -> None:
    folder = stamped.anchors / str(stamped.sizes()[0])
    for path in folder.glob("2.*"):
        path.unlink()
    report = stamped.judge()
    assert "20 anchor-missing" in not_verified(report)
    assert report.outcome is Outcome.FAILED


def test_authorities_under_foreign_roots_count_for_nothing(
    stamped: StampedArchive,
) -> None:
    foreign = tuple(MemoryAuthority(title=f"Foreign {n}").root.pem for n in (1, 2))
    report = stamped.judge(replace(stamped.trust(), authorities=foreign))
    assert report.outcome is Outcome.NOT_CHECKED
    assert "11 time-stamps-none NOT CHECKED" in not_verified(report)
    assert any("by no authority that you trust" in line for line in report.notices)


def test_the_same_authority_twice_is_not_two(stamped: StampedArchive) -> None:
    """Two tokens, two requests, one root: the quorum of two is not met."""
    trust = stamped.trust()
    report = stamped.judge(replace(trust, authorities=trust.authorities[:1] * 2))
    assert report.outcome is Outcome.NOT_CHECKED
    assert "11 time-stamps-none NOT CHECKED" in not_verified(report)


def state_tokens(
    stamped: StampedArchive, second: MemoryAuthority, nonce: bytes = bytes(NONCE_BYTES)
) -> None:
    """The operator states tokens of the first authority and of another maker.

    He keeps another question beside the second token than it answers if `nonce` is not
    the one that was asked with.
    """
    stamped.authorities[1].blocked = True
    with stamped.made.open_writer() as writer:
        fill(writer, stamped.made, 1)
        checkpoint = writer.checkpoint()
        note = (stamped.made.root / "log" / "checkpoint").read_bytes()
        body, at = parse_note(note).body.encode(), stamped.made.clock()
        query = format_query(body, nonce=bytes(NONCE_BYTES))
        tokens = [
            StatedToken(
                authority=name,
                gen_time=at,
                token=StoredToken(
                    response=maker.answer(query, at=at),
                    query=kept,
                    chain=maker.chain_pem,
                    crl=None,
                ),
            )
            for name, maker, kept in (
                ("first", stamped.authorities[0].authority, query),
                ("second", second, format_query(body, nonce=nonce)),
            )
        ]
        write_anchor(stamped.anchors, note, [one.token for one in tokens], DISK)
        draft = draft_anchor(checkpoint, tokens, sent=at, received=at)
        writer.state(draft).result()


def test_one_tsa_of_two_forged_is_never_verified(tmp_path: Path) -> None:
    """Row "one TSA of two forged": an operator with a made-up second authority."""
    with make_stamped(tmp_path) as stamped:
        state_tokens(stamped, MemoryAuthority(title="Second"))
        report = stamped.judge()
        assert report.outcome is Outcome.NOT_CHECKED
        assert "11 time-stamps-none NOT CHECKED" in not_verified(report)
        (few,) = [f for f in report.findings if f.code == "time-stamps-none"][:1]
        assert "1 authorities that you trust stamped it" in few.detail
        assert report.headline is not None
        assert "no independent time" in report.headline


def test_a_token_that_answers_another_question_is_bad(tmp_path: Path) -> None:
    with make_stamped(tmp_path) as stamped:
        state_tokens(stamped, stamped.authorities[1].authority, b"1" * NONCE_BYTES)
        report = stamped.judge()
        assert report.outcome is Outcome.FAILED
        (bad,) = [one for one in report.findings if one.code == "token-bad"]
        assert (bad.step, bad.subject.rpartition("/")[2]) == (11, "2.tsr")


def test_what_waits_for_its_stamp_is_a_notice_for_an_hour_and_then_named(
    stamped: StampedArchive,
) -> None:
    made = stamped.made
    with made.open_writer() as writer:
        fill(writer, made, 1)
    soon = stamped.judge(now=made.clock.now + timedelta(minutes=50))
    assert soon.outcome is Outcome.VERIFIED
    assert any("wait for a time stamp" in line for line in soon.notices)
    late = stamped.judge(now=made.clock.now + timedelta(hours=2))
    assert late.outcome is Outcome.NOT_CHECKED
    assert "20 tail-unstamped NOT CHECKED" in not_verified(late)


def test_a_statement_that_tells_another_time_than_its_token_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_stamped(tmp_path) as stamped:
        with stamped.writer() as writer:
            fill(writer, stamped.made, 1)
            state = writer.state

            def lie(draft: Draft) -> Future[Committed]:
                stated = draft.predicate["tokens"]
                assert isinstance(stated, list)
                tokens = [
                    {**token, "gen_time": format_instant(stamped.made.clock.now - DAY)}
                    for token in stated
                ]
                predicate = {**draft.predicate, "tokens": tokens}
                return state(replace(draft, predicate=predicate))

            monkeypatch.setattr(writer, "state", lie)
        assert "20 anchor-misstated" in not_verified(stamped.judge())


@pytest.mark.parametrize(
    ("reason", "after", "expected"),
    [
        (x509.ReasonFlags.superseded, DAY, set()),
        (x509.ReasonFlags.cessation_of_operation, DAY, set()),
        (x509.ReasonFlags.affiliation_changed, DAY, set()),
        (x509.ReasonFlags.key_compromise, DAY, {"12 certificate-revoked"}),
        (None, DAY, {"12 certificate-revoked"}),
        (x509.ReasonFlags.superseded, -DAY, {"12 certificate-revoked"}),
    ],
    ids=["superseded", "ended", "moved", "stolen", "no reason", "before the token"],
)
def test_a_revoked_authority_falls_by_reason_and_time(
    tmp_path: Path,
    reason: x509.ReasonFlags | None,
    after: timedelta,
    expected: set[str],
) -> None:
    with make_stamped(tmp_path) as stamped:
        now = stamped.made.clock.now
        for served in stamped.authorities:
            served.lists = served.authority.revoke(at=now)
        first = stamped.authorities[0]
        first.lists = first.authority.revoke(
            (first.authority.signer, now + after, reason), at=now
        )
        stamped.fill(1)
        report = stamped.judge(strict=True)
        assert not_verified(report) == expected
        assert (report.outcome is Outcome.VERIFIED) == (not expected)


def test_strict_asks_for_lists_that_nobody_published(stamped: StampedArchive) -> None:
    report = stamped.judge(strict=True)
    assert report.outcome is Outcome.NOT_CHECKED
    assert 12 in report.required
    assert not_verified(report) == NO_LISTS
