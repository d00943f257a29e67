"""Bundles at the bounds of what is read of them, and behind what is wrong in them."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.trust.folder import TrustSet
from archive.capture import MemoryBytes
from archive.digest import Digest
from archive.errors import BadTimestamp, UnknownKey
from archive.export.judge import PlannedFiles
from archive.verify.bundles import bundle as bundle_module
from archive.verify.bundles import bundletimes
from archive.verify.bundles import node as node_module
from archive.verify.bundles.bundle import _tell_bracket, verify_files
from archive.verify.bundles.bundlefiles import prefix_of
from archive.verify.bundles.bundletimes import Bracket, BundleTimes
from archive.verify.bundles.node import Node, _pieces, _skip
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Bracket as Proven
from archive.verify.reporting.report import Outcome, Report
from archive.warc.reading import read_records
from tests.support.archives.bracketed import finding, findings
from tests.support.archives.bundles import Files_, World, resum
from tests.support.judging.sound import assert_sound

pytestmark = pytest.mark.usefixtures("whole_reports")

NOON = datetime(2025, 1, 26, 12, tzinfo=UTC)


def planned(files: Files_) -> PlannedFiles:
    return PlannedFiles({name: MemoryBytes(data) for name, data in files.items()})


def judge(world: World, files: Files_, trust: TrustSet | None = None) -> Report:
    believed = world.trust if trust is None else trust
    return assert_sound(
        verify_files(planned(files), subject="x", trust_of=lambda _origin: believed)
    )


# How much of a slice is read


class Dripping(io.BytesIO):
    """Gives less than was asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(3, cast("int", size)))


@pytest.mark.parametrize("kind", [io.BytesIO, Dripping])
@pytest.mark.parametrize("read_bytes", [1, 4, 100])
def test_bytes_are_passed_over_and_taken_to_the_last(
    kind: type[io.BytesIO], read_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "READ_BYTES", read_bytes)
    data = bytes(range(20))
    for skipped in (0, 1, 7, 20, 21):
        for taken in (0, 1, 8, 13, 99):
            stream = kind(data)
            _skip(stream, skipped)
            assert stream.tell() == min(skipped, 20)
            pieces = list(_pieces(stream, taken))
            assert b"".join(pieces) == data[skipped : skipped + taken]
            assert all(len(piece) <= read_bytes for piece in pieces)


def test_a_part_of_a_slice_is_hashed_up_to_its_end(world: World) -> None:
    files = planned(world.bundles["one"])
    node = Node(Collector(), files, prefix="", trust=None)
    name, data = "capture.warc.gz", world.bundles["one"]["capture.warc.gz"]
    size = len(data)
    assert node._digest_at(name, 0, size) == Digest.of(data)
    assert node._digest_at(name, 5, size - 5) == Digest.of(data[5:])
    assert node._digest_at(name, 5, 7) == Digest.of(data[5:12])
    assert node._digest_at(name, 5, size - 4) is None
    assert node._digest_at(name, size + 1, 0) is None


def contents(world: World) -> list[int]:
    stream = io.BytesIO(world.bundles["one"]["capture.warc.gz"])
    return [record.header.content_length for record in read_records(stream)]


@pytest.mark.parametrize("over", [0, 1])
def test_records_may_unpack_to_just_so_many_bytes(
    world: World, monkeypatch: pytest.MonkeyPatch, over: int
) -> None:
    monkeypatch.setattr(
        node_module, "INFLATED_LIMIT_BYTES", sum(contents(world)) - over
    )
    report = judge(world, world.bundles["one"])
    assert (report.outcome is Outcome.VERIFIED) is not bool(over)
    told = "capture.warc.gz: the slice unpacks to too much"
    assert (told in report.notices) is bool(over)


@pytest.mark.parametrize("over", [0, 1])
def test_a_slice_may_have_just_so_many_records(
    world: World, monkeypatch: pytest.MonkeyPatch, over: int
) -> None:
    monkeypatch.setattr(node_module, "MEMBERS_LIMIT", len(contents(world)) - over)
    report = judge(world, world.bundles["one"])
    assert (report.outcome is Outcome.VERIFIED) is not bool(over)
    told = "capture.warc.gz: the slice unpacks to too much"
    assert (told in report.notices) is bool(over)


# Whose log it is


def test_the_log_is_that_of_the_first_proof_that_can_be_read(world: World) -> None:
    several = world.bundles["several"]
    first, *_others = sorted({p for name in several if (p := prefix_of(name))})
    asked: list[str] = []

    def trust_of(origin: str) -> TrustSet:
        asked.append(origin)
        return world.trust

    files = resum({k: v for k, v in several.items() if k != f"{first}proof.tlog-proof"})
    report = verify_files(planned(files), subject="x", trust_of=trust_of)
    assert asked == [world.trust.origin]
    assert report.outcome is Outcome.NOT_CHECKED
    none = {k: v for k, v in several.items() if not k.endswith(".tlog-proof")}
    report = verify_files(planned(resum(none)), subject="x", trust_of=trust_of)
    assert asked == [world.trust.origin]
    assert report.outcome is Outcome.NOT_CHECKED


def test_hosts_of_all_parts_are_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    class Looking:
        def note(self, host: object) -> None:
            seen.append(host)

        def notices(self) -> list[str]:
            return ["one looks like another"]

    monkeypatch.setattr(bundle_module, "LookAlikes", Looking)
    report = judge(world, world.bundles["several"])
    assert sorted(map(str, seen)) == sorted(
        ["a.example"] * 3 + ["b.example"] * 2 + ["c.example"]
    )
    assert report.notices[-1] == "one looks like another"


@pytest.mark.parametrize(
    ("after", "before", "prefix", "words"),
    [
        (None, None, "", "the bundle: stated after no lower bound, before no upper"),
        (NOON, None, "x/", "x/: stated after 2025-01-26T12:00:00.000000Z, before no"),
        (None, NOON, "x/", "x/: stated after no lower bound, before 2025-01-26T12:00"),
    ],
)
def test_the_times_of_a_part_are_told(
    after: datetime | None, before: datetime | None, prefix: str, words: str
) -> None:
    collector = Collector()
    bracket = Bracket(after=after, before=before, witnesses=3, tokens=4)
    _tell_bracket(collector, prefix, bracket)
    (notice,) = collector.notices
    assert notice.startswith(words)
    assert notice.endswith("; 3 witnesses, 4 time stamps")
    upper = "no upper bound" if before is None else "2025-01-26T12:00:00.000000Z"
    assert f", before {upper};" in notice


# Tokens


def without(files: Files_, *begins: str) -> Files_:
    return resum({k: v for k, v in files.items() if not k.startswith(begins)})


def test_tokens_behind_a_gap_or_a_bad_one_are_counted(world: World) -> None:
    one = world.bundles["one"]
    trust = replace(world.trust, token_quorum=1)
    report = judge(world, without(one, "anchor."), trust)
    assert report.outcome is Outcome.VERIFIED
    bad = resum({**one, "anchor.tsr": b"none"})
    report = judge(world, bad, trust)
    assert [f.subject for f in report.of(Outcome.FAILED)] == ["anchor.tsr"]
    assert any("1 time stamps" in notice for notice in report.notices)
    moved = {
        (name.replace("anchor2.", "anchor16.") if "anchor2." in name else name): data
        for name, data in one.items()
    }
    assert judge(world, resum(moved)).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("quorum", "enough"), [(0, True), (2, True), (3, False)])
def test_so_many_authorities_are_enough(
    world: World, quorum: int, enough: bool
) -> None:
    trust = replace(world.trust, token_quorum=quorum)
    report = judge(world, world.bundles["one"], trust)
    assert (report.outcome is Outcome.VERIFIED) is enough
    assert (report.bracket.existed_by is not None) is enough


def test_without_any_token_or_witness_nothing_is_counted(world: World) -> None:
    trust = replace(world.trust, token_quorum=0, witness_quorum=0, witnesses=())
    report = judge(world, without(world.bundles["one"], "anchor"), trust)
    open_steps = {f.step for f in report.of(Outcome.NOT_CHECKED)}
    assert open_steps == {9, 11, 13}
    assert report.outcome is Outcome.VERIFIED


def test_what_too_few_stamped_bounds_nothing_from_above() -> None:
    bracket = Bracket(after=NOON, before=NOON, witnesses=0, tokens=2)
    for quorum, before in ((0, NOON), (2, NOON), (3, None)):
        proven = Proven(not_before=NOON, existed_by=before)
        assert bracket.proven(quorum) == proven


class Judging:
    """Tokens by what they say: under which root each holds, and as of when."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.collector = Collector()
        self.asked: list[object] = []
        trust = replace(world.trust, authorities=(b"one", b"two", b"three"))
        self._trust = replace(trust, token_quorum=2)
        monkeypatch.setattr(bundletimes, "verify_token", self._verify)
        monkeypatch.setattr(bundletimes, "check_vouched", self._vouch)

    def _verify(self, data: bytes, *, body: bytes, roots: Any, **named: Any) -> Any:
        self.asked.append((data, body, tuple(roots), named))
        holds, bad, minute = data.decode().split()
        (root,) = (one.decode() for one in roots)
        if root == bad:
            raise BadTimestamp(f"weak under {root}")
        if root != holds:
            raise UnknownKey(f"unknown to {root}")
        at = NOON + timedelta(minutes=int(minute))
        return SimpleNamespace(latest=at, gen_time=at, path=root)

    def _vouch(self, data: bytes, *, chain: bytes, roots: Any) -> None:
        self.asked.append((data, chain, tuple(roots)))

    def times(self, **files: bytes) -> BundleTimes:
        named = {name.replace("_", "."): data for name, data in files.items()}
        return BundleTimes(self.collector, planned(named), prefix="", trust=self._trust)


def test_each_token_is_tried_under_each_root(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = Judging(world, monkeypatch)
    times = judging.times(
        anchor_tsr=b"two none 5",
        anchor_chain_pem=b"chain",
        anchor2_tsr=b"none none 0",
        anchor3_tsr=b"none two 0",
        anchor4_tsr=b"two one 9",
        anchor5_tsr=b"three two 7",
    )
    tokens = times._count_tokens(b"body")
    assert [str(token.path) for token in tokens] == ["two", "three"]
    roots = (b"one", b"two", b"three")
    assert judging.asked[:3] == [
        (b"two none 5", b"body", (b"one",), {"chain": b"chain"}),
        (b"two none 5", b"body", (b"two",), {"chain": b"chain"}),
        (b"two none 5", b"chain", roots),
    ]
    assert judging.collector.notices == [
        "anchor2.tsr is not counted: unknown to three",
        "anchor4.tsr is not counted: its authority is counted already",
    ]
    failed, *lists = findings(judging.collector)
    assert failed == finding(
        11, "token-bad", Outcome.FAILED, "anchor3.tsr", "weak under two"
    )
    assert [one.subject for one in lists] == [
        "revocation/anchor.crl",
        "revocation/anchor5.crl",
    ]
    assert lists[0] == finding(
        12,
        "revocation-none",
        Outcome.NOT_CHECKED,
        "revocation/anchor.crl",
        "there is no revocation list",
    )


def test_too_few_tokens_are_told_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = Judging(world, monkeypatch)
    times = judging.times(anchor_tsr=b"two none 5")
    times._count_tokens(b"body")
    assert findings(judging.collector)[0] == finding(
        11,
        "time-stamps-none",
        Outcome.NOT_CHECKED,
        "anchor.tsr",
        "1 time stamps; the policy asks for 2",
        asked=2,
        found=1,
    )


def test_revocation_is_judged_at_the_time_of_the_token(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = Judging(world, monkeypatch)
    asked: list[object] = []

    def check(path: object, lists: object, *, at: datetime) -> None:
        asked.append((path, lists, at))

    monkeypatch.setattr(bundletimes, "parse_crls", lambda data: [data])
    monkeypatch.setattr(bundletimes, "choose_lists", lambda path, lists: (path, lists))
    monkeypatch.setattr(bundletimes, "check_revocation", check)
    files = {"anchor_tsr": b"two none 5", "revocation/anchor_crl": b"list"}
    judging.times(**files)._count_tokens(b"body")
    at = NOON + timedelta(minutes=5)
    assert asked == [("two", ("two", [b"list"]), at)]
    assert judging.collector.counted(12) == 1
    for error, outcome in (
        (BadTimestamp("was revoked"), Outcome.FAILED),
        (UnknownKey("no list of it"), Outcome.NOT_CHECKED),
    ):
        monkeypatch.setattr(bundletimes, "check_revocation", raising(error))
        judging = Judging(world, monkeypatch)
        judging.times(**files)._count_tokens(b"body")
        found = findings(judging.collector)[-1]
        subject = "revocation/anchor.crl"
        assert found == finding(12, "certificate-revoked", outcome, subject, str(error))


def raising(error: Exception) -> Callable[..., None]:
    def call(*_arguments: object, **_named: object) -> None:
        raise error

    return call


# What belongs together


def test_each_view_is_a_block_of_its_own_kind(world: World) -> None:
    page = world.bundles["page"]
    views = [name for name in page if name.startswith("view/")]
    assert len(views) == 2
    first, second = views
    turned = {**page, first: page[second], second: page[first]}
    report = judge(world, resum(turned))
    failed = [(one.code, one.subject) for one in report.of(Outcome.FAILED)]
    assert sorted(failed) == [("view-differs", name) for name in sorted(views)]
    alone = judge(world, without(page, first))
    held = {one.step: one.parameters["count"] for one in alone.of(Outcome.VERIFIED)}
    both = judge(world, page)
    more = {one.step: one.parameters["count"] for one in both.of(Outcome.VERIFIED)}
    assert int(more[6]) == int(held[6]) + 1
    other = judge(world, resum({**page, "view/page.pdf": page[first]}))
    assert [one.subject for one in other.of(Outcome.FAILED)] == ["view/page.pdf"]


def test_every_capture_that_a_page_misses_is_named(
    world: World, tmp_path: Path
) -> None:
    page = world.bundles["page"]
    files = without(page, "captures/")
    report = judge(world, files)
    missing = [one for one in report.of(Outcome.NOT_CHECKED) if one.step == 6]
    wanted = sorted({name[:35] for name in page if name.startswith("captures/")})
    assert sorted(one.subject for one in missing) == wanted
    assert len(wanted) == 2
