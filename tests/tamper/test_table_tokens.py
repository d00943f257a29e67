"""Attacks on time: forged, foreign, missing tokens, wrong clocks, back-dating."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from archive.attest.token import NONCE_BYTES, format_query
from archive.attest.trust import TrustSet
from archive.digest import Digest
from archive.files import DISK
from archive.instant import format_instant
from archive.log.note import parse_note
from archive.store.anchoring import LowerBound, LowerBounds, StatedToken, draft_anchor
from archive.store.anchors import StoredToken, read_anchor, write_anchor
from archive.store.drafts import Draft
from archive.store.reader import ArchiveReader
from archive.verify.bracket import STATED_LATE
from archive.verify.capture import verify_capture
from archive.verify.folder import verify_archive
from archive.verify.policy import Wishes
from archive.verify.report import ONE_WITNESS, Outcome, Report
from tests.support.archives import fill, make_exchange
from tests.support.authorities import MemoryAuthority
from tests.support.stamped import StampedArchive, make_stamped

DAY = timedelta(days=1)


@pytest.fixture
def stamped(tmp_path: Path) -> Iterator[StampedArchive]:
    """Two jobs of one capture, each stamped by two authorities."""
    with make_stamped(tmp_path, fills=2) as made:
        yield made


def judge(
    stamped: StampedArchive, trust: TrustSet | None = None, **wishes: object
) -> Report:
    return verify_archive(
        stamped.made.root,
        trust=trust or stamped.trust(),
        wishes=Wishes(**{"now": stamped.made.clock.now, **wishes}),  # type: ignore[arg-type]
    )


def codes(report: Report) -> set[str]:
    """Step, code and outcome of every finding that is not good."""
    return {
        f"{finding.step} {finding.code}"
        + (" NOT CHECKED" if finding.outcome is Outcome.NOT_CHECKED else "")
        for finding in report.findings
        if finding.outcome is not Outcome.VERIFIED
    } - {"9 witnesses-none NOT CHECKED", "14 last-seen-none NOT CHECKED"}


NO_LISTS = {"12 revocation-none NOT CHECKED"}
"""The authorities of these tests publish no lists unless told to."""


def count(report: Report, code: str) -> int:
    """How many subjects a code has, those that are not listed one by one too."""
    found = [finding for finding in report.findings if finding.code == code]
    more = [
        int(finding.parameters["count"])
        for finding in report.findings
        if finding.code == "more" and found and finding.step == found[0].step
    ]
    return len(found) + sum(more)


def test_untouched_a_stamped_archive_is_verified_and_says_by_when_it_existed(
    stamped: StampedArchive,
) -> None:
    report = judge(stamped)
    assert report.outcome is Outcome.VERIFIED
    assert codes(report) == NO_LISTS
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
    assert bounded.bracket.not_before <= second.captured_at  # type: ignore[operator]


def test_without_a_policy_that_asks_the_headline_stays(stamped: StampedArchive) -> None:
    report = judge(stamped, stamped.trust(quorum=0))
    assert report.headline == ONE_WITNESS
    assert report.outcome is Outcome.VERIFIED
    bare = judge(stamped, replace(stamped.trust(0), authorities=()))
    assert codes(bare) == {
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
    report = judge(stamped)
    assert report.outcome is Outcome.FAILED
    named = {"13 not-before-missing NOT CHECKED"}  # by a capture, perhaps
    assert codes(report) - named == expected | NO_LISTS


def test_swapped_tokens_are_found(stamped: StampedArchive) -> None:
    one, two = (stamped.anchors / str(size) / "1.tsr" for size in stamped.sizes())
    first, second = one.read_bytes(), two.read_bytes()
    for path, data in ((one, second), (two, first)):
        path.chmod(0o600)
        path.write_bytes(data)
    report = judge(stamped)
    assert report.outcome is Outcome.FAILED
    assert count(report, "token-bad") == 2


def test_a_token_and_its_files_removed_are_found(stamped: StampedArchive) -> None:
    folder = stamped.anchors / str(stamped.sizes()[0])
    for path in folder.glob("2.*"):
        path.unlink()
    report = judge(stamped)
    assert "20 anchor-missing" in codes(report)
    assert report.outcome is Outcome.FAILED


def test_authorities_under_foreign_roots_count_for_nothing(
    stamped: StampedArchive,
) -> None:
    foreign = tuple(MemoryAuthority(title=f"Foreign {n}").root.pem for n in (1, 2))
    report = judge(stamped, replace(stamped.trust(), authorities=foreign))
    assert report.outcome is Outcome.NOT_CHECKED
    assert "11 time-stamps-none NOT CHECKED" in codes(report)
    assert any("by no authority that you trust" in line for line in report.notices)


def test_the_same_authority_twice_is_not_two(stamped: StampedArchive) -> None:
    """Two tokens, two requests, one root: the quorum of two is not met."""
    trust = stamped.trust()
    report = judge(stamped, replace(trust, authorities=trust.authorities[:1] * 2))
    assert report.outcome is Outcome.NOT_CHECKED
    assert "11 time-stamps-none NOT CHECKED" in codes(report)


def test_one_tsa_of_two_forged_is_never_verified(tmp_path: Path) -> None:
    """Row "one TSA of two forged": an operator with a made-up second authority."""
    with make_stamped(tmp_path) as stamped:
        stamped.authorities[1].blocked = True
        with stamped.made.open_writer() as writer:
            fill(writer, stamped.made, 1)
            checkpoint = writer.checkpoint()
            note = (stamped.made.root / "log" / "checkpoint").read_bytes()
            forged = MemoryAuthority(title="Second")
            tokens = []
            for name, maker in (
                ("first", stamped.authorities[0].authority),
                ("second", forged),
            ):
                body = parse_note(note).body.encode()
                query = format_query(body, nonce=bytes(NONCE_BYTES))
                at = stamped.made.clock()
                token = StoredToken(
                    response=maker.answer(query, at=at),
                    query=query,
                    chain=maker.chain_pem,
                    crl=None,
                )
                tokens.append(StatedToken(authority=name, gen_time=at, token=token))
            files = [stated.token for stated in tokens]
            write_anchor(stamped.anchors, note, files, DISK)
            now = stamped.made.clock()
            draft = draft_anchor(checkpoint, tokens, sent=now, received=now)
            writer.state(draft).result()
        report = judge(stamped)
        assert report.outcome is Outcome.NOT_CHECKED
        assert "11 time-stamps-none NOT CHECKED" in codes(report)
        (few,) = [f for f in report.findings if f.code == "time-stamps-none"][:1]
        assert "1 authorities that you trust stamped it" in few.detail
        assert report.headline is not None
        assert "no independent time" in report.headline


def write_with_clock_off_by(folder: Path, off: timedelta) -> Report:
    """An archive whose machine's clock is wrong; the authorities' clocks are right."""
    with make_stamped(folder) as stamped:
        for served in stamped.authorities:
            served.offset = -off
        for _ in range(2):
            stamped.fill(1)
        return judge(stamped)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "off",
    [timedelta(minutes=5, seconds=20), DAY, 365 * DAY],
    ids=["5 min", "1 d", "1 y"],
)
def test_a_wrong_clock_is_named(tmp_path: Path, off: timedelta, sign: int) -> None:
    report = write_with_clock_off_by(tmp_path, sign * off)
    assert report.outcome is Outcome.FAILED
    assert "21 clock-skew" in codes(report)
    skew = next(f for f in report.findings if f.code == "clock-skew")
    assert abs(int(skew.parameters["seconds"]) - off.total_seconds()) < 60


@pytest.mark.parametrize("seconds", [240, -240])
def test_a_clock_within_its_tolerance_is_not_named(
    tmp_path: Path, seconds: int
) -> None:
    report = write_with_clock_off_by(tmp_path, timedelta(seconds=seconds))
    assert report.outcome is Outcome.VERIFIED


def insert(
    stamped: StampedArchive, ages: list[timedelta], bounds: LowerBounds | None = None
) -> Report:
    """Put captures that claim to be so old behind what is stamped already."""
    made = stamped.made
    with stamped.writer() as writer:
        for number, age in enumerate(ages):
            uri = f"http://a.example/inserted/{number}"
            exchange = make_exchange(uri, b"<p>never said</p>" * 20, made)
            bound = writer._bounds if bounds is None else bounds
            writer._bounds = bound
            old = replace(exchange, started_at=exchange.started_at - age)
            now = exchange.started_at
            field = bound.field_at(now)
            writer._bounds.field_at = lambda _began, field=field: field  # type: ignore[method-assign, misc]
            writer.capture(old).result()
            del writer._bounds.field_at  # type: ignore[method-assign]
    return judge(stamped)


AGES = [timedelta(minutes=6) + number * timedelta(hours=7) for number in range(100)]


def test_back_dated_inserts_are_all_found(stamped: StampedArchive) -> None:
    """Row "back-dated insert": 100 of 100, by minutes and by weeks."""
    report = insert(stamped, AGES)
    assert report.outcome is Outcome.FAILED
    assert count(report, "time-outside") == 100


def test_back_dated_inserts_that_name_no_token_are_all_named(
    stamped: StampedArchive,
) -> None:
    stamped.made.clock.now += timedelta(hours=3)
    stamped.fill(1)
    ages = [STATED_LATE + timedelta(minutes=7) + number * DAY for number in range(100)]
    report = insert(stamped, ages, bounds=LowerBounds())
    assert report.outcome is Outcome.NOT_CHECKED
    assert count(report, "stated-late") == 100


def test_a_capture_dated_behind_its_stamp_is_found(stamped: StampedArchive) -> None:
    report = insert(stamped, [-timedelta(minutes=6), -DAY, -365 * DAY])
    assert count(report, "time-outside") == 3
    reader = ArchiveReader.open(stamped.made.root)
    newest = next(c for c in reader.captures() if c.target_uri.endswith("inserted/1"))
    alone = verify_capture(reader, newest, trust=stamped.trust())
    assert "13 time-outside" in codes(alone)


def test_a_token_that_was_never_logged_bounds_nothing(stamped: StampedArchive) -> None:
    anchor = read_anchor(stamped.anchors, stamped.sizes()[0], DISK)
    invented = LowerBound(
        token=Digest.of(b"a token"),
        checkpoint=anchor.checkpoint,
        gen_time=stamped.made.clock.now,
        known_at=datetime.min.replace(tzinfo=UTC),
    )
    bounds = LowerBounds()
    bounds.add(invented)
    report = insert(stamped, [timedelta()], bounds=bounds)
    assert "13 not-before-bad" in codes(report)
    reader = ArchiveReader.open(stamped.made.root)
    (found,) = [c for c in reader.captures() if "inserted" in c.target_uri]
    alone = verify_capture(reader, found, trust=stamped.trust())
    assert "13 not-before-bad" in codes(alone)


def test_a_bound_by_an_authority_that_is_not_trusted_is_missing(
    stamped: StampedArchive,
) -> None:
    trust = stamped.trust(quorum=1)
    reader = ArchiveReader.open(stamped.made.root)
    second = [c for c in reader.captures() if c.kind == "capture"][1]
    named = reader.entry(second)[1].predicate["not_before"]
    anchor = read_anchor(stamped.anchors, named["size"], DISK)
    (number,) = [
        number
        for number, token in enumerate(anchor.tokens)
        if str(token.digest) == named["token"]
    ]
    only_other = replace(trust, authorities=(trust.authorities[1 - number],))
    report = judge(stamped, only_other)
    assert "13 not-before-missing NOT CHECKED" in codes(report)
    alone = verify_capture(reader, second, trust=only_other)
    assert "13 not-before-missing NOT CHECKED" in codes(alone)


def test_what_waits_for_its_stamp_is_a_notice_for_an_hour_and_then_named(
    stamped: StampedArchive,
) -> None:
    made = stamped.made
    with made.open_writer() as writer:
        fill(writer, made, 1)
    soon = judge(stamped, now=made.clock.now + timedelta(minutes=50))
    assert soon.outcome is Outcome.VERIFIED
    assert any("wait for a time stamp" in line for line in soon.notices)
    late = judge(stamped, now=made.clock.now + timedelta(hours=2))
    assert late.outcome is Outcome.NOT_CHECKED
    assert "20 tail-unstamped NOT CHECKED" in codes(late)


def test_a_statement_that_tells_another_time_than_its_token_is_found(
    tmp_path: Path,
) -> None:
    with make_stamped(tmp_path) as stamped:
        with stamped.writer() as writer:
            fill(writer, stamped.made, 1)
            state = writer.state

            def lie(draft: Draft) -> object:
                tokens = [
                    {**token, "gen_time": format_instant(stamped.made.clock.now - DAY)}
                    for token in draft.predicate["tokens"]  # type: ignore[attr-defined]
                ]
                predicate = {**draft.predicate, "tokens": tokens}
                return state(replace(draft, predicate=predicate))

            writer.state = lie  # type: ignore[method-assign]
        assert "20 anchor-misstated" in codes(judge(stamped))


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
        report = judge(stamped, strict=True)
        assert codes(report) == expected
        assert (report.outcome is Outcome.VERIFIED) == (not expected)


def test_strict_asks_for_lists_that_nobody_published(stamped: StampedArchive) -> None:
    report = judge(stamped, strict=True)
    assert report.outcome is Outcome.NOT_CHECKED
    assert 12 in report.required
    assert codes(report) == NO_LISTS
