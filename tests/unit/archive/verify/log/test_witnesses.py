"""Checks 9 and 14: who saw this checkpoint; whether it continues one seen before."""

from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.keys.signing import Ed25519Signer, WitnessSigner
from archive.attest.trust.folder import TrustSet
from archive.errors import StoreError
from archive.files import Files
from archive.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from archive.log.log import TiledLog
from archive.log.note import (
    SignedNote,
    add_signatures,
    format_note,
    parse_note,
    sign_note,
)
from archive.log.reader import LogReader
from archive.log.witness import cosign
from archive.verify.log.witnesses import (
    LastSeen,
    asked_by,
    check_last_seen,
    check_witnesses,
    count_witnesses,
)
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Finding
from tests.support.archives.leaves import grow
from tests.support.judging.findings import failed, found_by, holds, not_checked

ORIGIN = "log.example/a"
FILE = "log/checkpoint"
LOG = Ed25519Signer.from_seed(b"\1" * 32, name=ORIGIN)
WITNESSES = [
    WitnessSigner.from_seed(bytes([n]) * 32, name=f"w{n}.example/key") for n in (1, 2)
]
TRUST = TrustSet(
    roots=(),
    operators=(),
    log_vkey=LOG.vkey,
    witnesses=tuple((f"w{n}", one.vkey) for n, one in enumerate(WITNESSES)),
    witness_quorum=1,
)


SIZES = (1, 2, 4, 7)
Heads = tuple[Path, dict[int, bytes]]


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Heads:
    """A log and the checkpoints it published."""
    folder = tmp_path_factory.mktemp("log") / "log"
    log = TiledLog(folder, Files())
    log.create()
    notes = {}
    for size in SIZES:
        grow(log, LOG, size)
        notes[size] = (folder / "checkpoint").read_bytes()
    return folder, notes


# Step 9


def cosigned(note: bytes, *numbers: int, changed: tuple[int, ...] = ()) -> SignedNote:
    """A checkpoint with the lines of some witnesses, some of them broken."""
    parsed = parse_note(note)
    lines = [cosign(parsed, WITNESSES[n], seconds=1_737_900_000) for n in numbers]
    for n in changed:
        lines[n] = replace(lines[n], signature=bytes(72))
    return add_signatures(parsed, lines)


def few(found: int, asked: int) -> Finding:
    words = f"{found} witnesses; the policy asks for {asked}"
    return not_checked(9, "witnesses-none", FILE, words, asked=asked, found=found)


def bad(number: int, subject: str, words: str) -> Finding:
    name = WITNESSES[number].vkey.name
    told = f"the line of the witness {name} does not hold: {words}"
    return failed(9, "witness-bad", subject, told, witness=name)


def judge_witnesses(note: SignedNote | None, trust: TrustSet | None) -> list[Finding]:
    collector = Collector()
    check_witnesses(collector, note, trust)
    return found_by(collector)


@pytest.mark.parametrize("asked", [0, 1, 2])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_as_many_as_cosigned_are_counted_against_the_policy(
    count: int, asked: int, heads: Heads
) -> None:
    note = cosigned(heads[1][7], *range(count))
    found = judge_witnesses(note, replace(TRUST, witness_quorum=asked))
    enough = count >= asked and count > 0
    assert found == [holds(9, count) if enough else few(count, asked)]


def test_without_a_checkpoint_or_trust_nobody_is_counted(heads: Heads) -> None:
    note = cosigned(heads[1][7], 0, 1)
    assert judge_witnesses(None, TRUST) == [few(0, 1)]
    assert judge_witnesses(note, None) == [few(0, 0)]
    assert judge_witnesses(None, None) == [few(0, 0)]


def test_each_line_that_does_not_hold_is_failed_and_no_quorum_helps(
    heads: Heads,
) -> None:
    note = cosigned(heads[1][7], 0, 1, changed=(1,))
    (finding,) = judge_witnesses(note, TRUST)
    words = finding.detail.partition("does not hold: ")[2]
    assert words
    assert finding == bad(1, FILE, words)
    both = cosigned(heads[1][7], 0, 1, changed=(0, 1))
    assert judge_witnesses(both, TRUST) == [bad(0, FILE, words), bad(1, FILE, words)]
    collector = Collector()
    assert count_witnesses(collector, note, TRUST, subject="a bundle") == 1
    assert found_by(collector) == [bad(1, "a bundle", words)]


# Step 14


def judge(
    folder: Path,
    now: bytes | Checkpoint | None,
    seen: bytes | None,
    trust: TrustSet | None = TRUST,
) -> list[Finding]:
    """What is said of a checkpoint seen before, under the name that its reader gave."""
    collector = Collector()
    if isinstance(now, bytes):
        now = parse_checkpoint(parse_note(now).body)
    last_seen = None if seen is None else LastSeen(name="kept", note=seen)
    check_last_seen(collector, folder, checkpoint=now, last_seen=last_seen, trust=trust)
    return found_by(collector)


def lie(size: int) -> bytes:
    """A signed head of that size with another root."""
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root=b"\7" * 32)
    return format_note(sign_note(format_checkpoint(checkpoint), LOG))


def forked(words: str, seen: int, found: int) -> Finding:
    return failed(14, "last-seen-fork", "kept", words, seen=seen, found=found)


def unusable(words: str) -> list[Finding]:
    return [not_checked(14, "last-seen-unusable", "kept", words)]


def test_who_gives_a_checkpoint_asks_for_step_14() -> None:
    assert asked_by(None) == frozenset()
    assert asked_by(LastSeen(name="kept", note=b"")) == frozenset({14})


def test_without_an_earlier_checkpoint_nothing_is_compared(heads: Heads) -> None:
    words = "no earlier checkpoint was given to compare with"
    none = not_checked(14, "last-seen-none", FILE, words)
    assert judge(heads[0], heads[1][7], None) == [none]


@pytest.mark.parametrize("seen", SIZES)
def test_a_log_that_goes_on_holds(seen: int, heads: Heads) -> None:
    assert judge(heads[0], heads[1][7], heads[1][seen]) == [holds(14, 1)]


def test_a_log_that_was_cut_is_behind_what_was_seen(heads: Heads) -> None:
    words = "the log was cut or rolled back: you saw size 7, the log has 4"
    ahead = failed(14, "last-seen-ahead", "kept", words, seen=7, found=4)
    assert judge(heads[0], heads[1][4], heads[1][7]) == [ahead]


def test_two_roots_of_one_size_are_a_fork(heads: Heads) -> None:
    words = (
        "two signed roots of size 7: keep both checkpoints, together "
        "they prove that this log was forked"
    )
    assert judge(heads[0], heads[1][7], lie(7)) == [forked(words, 7, 7)]


def test_a_smaller_tree_that_is_not_continued_is_a_fork(heads: Heads) -> None:
    words = (
        "the log does not continue size 4 that you saw ([0, 4) of size 7: "
        "another new root): keep both checkpoints"
    )
    assert judge(heads[0], heads[1][7], lie(4)) == [forked(words, 4, 7)]


def test_without_tiles_nothing_is_proven(tmp_path: Path, heads: Heads) -> None:
    (finding,) = judge(tmp_path, heads[1][7], heads[1][4])
    assert finding == not_checked(14, "last-seen-unproven", "log/tile", finding.detail)
    assert finding.detail


def test_a_disk_that_fails_proves_nothing(
    heads: Heads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_arguments: object) -> None:
        raise StoreError("cannot read it")

    monkeypatch.setattr(LogReader, "prove_consistency", fails)
    unproven = not_checked(14, "last-seen-unproven", "log/tile", "cannot read it")
    assert judge(heads[0], heads[1][7], heads[1][4]) == [unproven]


def test_what_is_no_checkpoint_of_this_log_says_nothing(heads: Heads) -> None:
    folder, notes = heads
    nothing = "nothing is known about this log, so not whose checkpoint that is"
    assert judge(folder, notes[7], notes[4], None) == unusable(nothing)
    (finding,) = judge(folder, notes[7], b"no note")
    assert [finding] == unusable(finding.detail)
    assert finding.detail.startswith("is no checkpoint of this log: ")
    stranger = Ed25519Signer.from_seed(b"\2" * 32, name=ORIGIN)
    foreign = format_note(sign_note(parse_note(notes[4]).body, stranger))
    words = f"no signature of {ORIGIN} ({LOG.vkey.key_hash.hex()})"
    assert judge(folder, notes[7], foreign) == unusable(
        f"is no checkpoint of this log: {words}"
    )


def test_without_a_checkpoint_of_now_only_the_one_seen_is_judged(heads: Heads) -> None:
    assert judge(heads[0], None, heads[1][4]) == []
    assert len(judge(heads[0], None, b"no note")) == 1
