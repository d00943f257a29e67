"""One history of a log: roll-backs and forks against a kept checkpoint, witnesses.

Rows S4 and K8 of the attack list, and the row "roll back, truncate, fork, rebuild".
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.keys.signing import Ed25519Signer, WitnessSigner
from archive.attest.trust.folder import TrustSet
from archive.log.note import (
    NoteSignature,
    SignedNote,
    add_signatures,
    format_note,
    parse_note,
    sign_note,
)
from archive.log.witness import cosign
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.log.witnesses import LastSeen
from archive.verify.reporting.report import ONE_WITNESS, Outcome, Report
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, fill, make_archive
from tests.support.judging.sound import assert_sound

HEADS = 51
WITNESSES = [
    WitnessSigner.from_seed(bytes([n]) * 32, name=f"w{n}.example/key") for n in (1, 2)
]


@pytest.fixture(scope="module")
def history(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[MadeArchive, list[bytes]]:
    """An archive and every checkpoint it ever published, oldest first."""
    made = make_archive(tmp_path_factory.mktemp("history"))
    notes = []
    with made.open_writer() as writer:
        for _ in range(HEADS):
            fill(writer, made, 1, job=False)
            writer.checkpoint()
            notes.append((made.root / "log" / "checkpoint").read_bytes())
    return made, notes


def seen(note: bytes) -> LastSeen:
    return LastSeen(name="kept", note=note)


def codes(report: Report, step: int) -> list[tuple[str, Outcome]]:
    return [(f.code, f.outcome) for f in report.findings if f.step == step]


def check(
    made: MadeArchive, note: bytes | None, *, trust: TrustSet | None = None
) -> list[Report]:
    """What is said of the whole archive and of its first capture."""
    trust = trust or made.trust()
    last_seen = None if note is None else seen(note)
    reader = ArchiveReader.open(made.root)
    try:
        capture = next(reader.captures())
        return [
            assert_sound(verify_archive(made.root, trust=trust, last_seen=last_seen)),
            assert_sound(
                verify_capture(reader, capture, trust=trust, last_seen=last_seen)
            ),
        ]
    finally:
        reader.close()


def test_S4_the_log_continues_every_checkpoint_it_ever_published(
    history: tuple[MadeArchive, list[bytes]],
) -> None:
    made, notes = history
    reader = ArchiveReader.open(made.root)
    capture = next(reader.captures())
    for note in notes:
        report = verify_capture(
            reader, capture, trust=made.trust(), last_seen=seen(note)
        )
        assert report.outcome is Outcome.VERIFIED
        assert 14 in report.required
    reader.close()
    assert check(made, notes[0])[0].outcome is Outcome.VERIFIED


def test_S4_back_by_1_to_50_checkpoints_is_refused_50_times(
    history: tuple[MadeArchive, list[bytes]], tmp_path: Path
) -> None:
    made, notes = history
    head = made.root / "log" / "checkpoint"
    reader = ArchiveReader.open(made.root)
    capture = next(reader.captures())
    refused = 0
    try:
        for note in notes[:-1]:
            head.write_bytes(note)
            report = verify_capture(
                reader, capture, trust=made.trust(), last_seen=seen(notes[-1])
            )
            assert codes(report, 14) == [("last-seen-ahead", Outcome.FAILED)]
            refused += report.outcome is Outcome.FAILED
    finally:
        head.write_bytes(notes[-1])
        reader.close()
    assert refused == 50


def test_a_log_rebuilt_with_the_same_keys_is_a_fork(
    history: tuple[MadeArchive, list[bytes]], tmp_path: Path
) -> None:
    _made, notes = history
    other = make_archive(tmp_path)  # the same fixed randomness: the same archive id
    made = history[0]
    root = Ed25519Signer.from_pem(
        (made.keys_folder / "log.pem").read_bytes(),
        Path("log.pem"),
        name=made.identity.origin,
    )
    shutil.copytree(made.root, tmp_path / "forked")
    forked = replace(other, root=tmp_path / "forked", keys_folder=made.keys_folder)
    forked = replace(forked, trust_folder=made.trust_folder, identity=made.identity)
    note = parse_note(notes[-1])
    size = note.body.split("\n")[1]
    for last, code in ((notes[-1], "last-seen-fork"), (notes[10], "last-seen-fork")):
        lines = parse_note(last).body.split("\n")
        lines[2] = "A" * 43 + "="
        lie = format_note(sign_note("\n".join(lines), root))
        for report in check(forked, lie):
            assert codes(report, 14) == [(code, Outcome.FAILED)]
            assert report.outcome is Outcome.FAILED
            (fork,) = [one for one in report.findings if one.step == 14]
            assert ": keep both checkpoints" in fork.detail
    assert size == str(HEADS + 1)


def unusable(made: MadeArchive, notes: list[bytes]) -> list[bytes]:
    """Files that are no checkpoint of this log."""
    stranger = Ed25519Signer.from_seed(b"\1" * 32, name=made.identity.origin)
    other = Ed25519Signer.from_seed(b"\1" * 32, name="other.example/log")
    note = parse_note(notes[3])
    broken = replace(note.signatures[0], signature=bytes(64))
    other_body = note.body.replace(made.identity.origin, "other.example/log")
    return [
        b"",
        b"not a note",
        notes[3][:-10],
        format_note(sign_note(note.body, stranger)),
        format_note(sign_note(other_body, other)),
        format_note(SignedNote(body=note.body, signatures=(broken,))),
    ]


def test_a_file_that_is_no_checkpoint_of_this_log_is_no_pass(
    history: tuple[MadeArchive, list[bytes]],
) -> None:
    made, notes = history
    reader = ArchiveReader.open(made.root)
    capture = next(reader.captures())
    for note in unusable(made, notes):
        report = verify_capture(
            reader, capture, trust=made.trust(), last_seen=seen(note)
        )
        assert codes(report, 14) == [("last-seen-unusable", Outcome.NOT_CHECKED)]
        assert report.outcome is Outcome.NOT_CHECKED
    last_seen = seen(notes[0])
    report = assert_sound(
        verify_capture(reader, capture, trust=None, last_seen=last_seen)
    )
    assert codes(report, 14) == [("last-seen-unusable", Outcome.NOT_CHECKED)]
    reader.close()


def test_without_tiles_nothing_is_proven(
    history: tuple[MadeArchive, list[bytes]], tmp_path: Path
) -> None:
    made, notes = history
    shutil.copytree(made.root, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "log" / "tile")
    report = verify_archive(
        tmp_path / "copy", trust=made.trust(), last_seen=seen(notes[5])
    )
    assert ("last-seen-unproven", Outcome.NOT_CHECKED) in codes(report, 14)
    assert report.outcome is Outcome.FAILED


def test_who_gives_no_checkpoint_is_told_that_nothing_was_compared(
    history: tuple[MadeArchive, list[bytes]],
) -> None:
    for report in check(history[0], None):
        assert codes(report, 14) == [("last-seen-none", Outcome.NOT_CHECKED)]
        assert report.outcome is Outcome.VERIFIED


# Step 9

Change = Callable[[NoteSignature], NoteSignature]


def cosigned(
    made: MadeArchive, signers: list[WitnessSigner], *, change: Change | None = None
) -> None:
    """Put cosignatures under the stored checkpoint; change the first one."""
    path = made.root / "log" / "checkpoint"
    note = parse_note(path.read_bytes())
    note = SignedNote(body=note.body, signatures=note.signatures[:1])
    lines = [cosign(note, signer, seconds=1_737_900_000) for signer in signers]
    if change is not None:
        lines[0] = change(lines[0])
    path.write_bytes(format_note(add_signatures(note, lines)))


def asking(made: MadeArchive, quorum: int) -> TrustSet:
    trust = made.trust()
    assert trust is not None
    return replace(
        trust,
        witnesses=tuple((f"w{n}", s.vkey) for n, s in enumerate(WITNESSES)),
        witness_quorum=quorum,
    )


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    found = make_archive(tmp_path)
    found.fill(1)
    return found


@pytest.mark.parametrize("quorum", [0, 1, 2])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_as_many_witnesses_count_as_cosigned(
    made: MadeArchive, quorum: int, count: int
) -> None:
    cosigned(made, WITNESSES[:count])
    for report in check(made, None, trust=asking(made, quorum)):
        holds = count >= quorum and count > 0
        assert codes(report, 9) == [
            ("holds", Outcome.VERIFIED)
            if holds
            else ("witnesses-none", Outcome.NOT_CHECKED)
        ]
        good = count >= quorum
        assert (report.outcome is Outcome.VERIFIED) == good
        assert (report.headline == ONE_WITNESS) == (quorum == 0)


def test_a_witness_nobody_trusts_does_not_count(made: MadeArchive) -> None:
    stranger = WitnessSigner.from_seed(b"\7" * 32, name="w1.example/key")
    cosigned(made, [stranger])
    for report in check(made, None, trust=asking(made, 1)):
        assert codes(report, 9) == [("witnesses-none", Outcome.NOT_CHECKED)]


def test_one_line_twice_counts_once(made: MadeArchive) -> None:
    cosigned(made, WITNESSES[:1])
    path = made.root / "log" / "checkpoint"
    note = parse_note(path.read_bytes())
    path.write_bytes(
        format_note(
            SignedNote(
                body=note.body, signatures=(*note.signatures, note.signatures[1])
            )
        )
    )
    for report in check(made, None, trust=asking(made, 2)):
        assert codes(report, 9) == [("witnesses-none", Outcome.NOT_CHECKED)]


def other_time(line: NoteSignature) -> NoteSignature:
    return replace(line, signature=bytes(8) + line.signature[8:])


def flipped(line: NoteSignature) -> NoteSignature:
    return replace(
        line, signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1])
    )


def short(line: NoteSignature) -> NoteSignature:
    return replace(line, signature=line.signature[:-1])


@pytest.mark.parametrize("change", [other_time, flipped, short])
def test_a_line_of_a_known_witness_that_does_not_hold_is_failed(
    made: MadeArchive, change: Change
) -> None:
    cosigned(made, WITNESSES, change=change)
    for report in check(made, None, trust=asking(made, 1)):
        assert codes(report, 9) == [("witness-bad", Outcome.FAILED)]
        assert report.outcome is Outcome.FAILED


def test_a_cosignature_of_another_checkpoint_is_failed(made: MadeArchive) -> None:
    path = made.root / "log" / "checkpoint"
    older = parse_note(path.read_bytes())
    line = cosign(older, WITNESSES[0], seconds=5)
    made.fill(1)
    note = parse_note(path.read_bytes())
    path.write_bytes(format_note(add_signatures(note, [line])))
    for report in check(made, None, trust=asking(made, 1)):
        assert codes(report, 9) == [("witness-bad", Outcome.FAILED)]


def test_the_body_is_what_is_cosigned(made: MadeArchive) -> None:
    cosigned(made, WITNESSES)
    note = parse_note((made.root / "log" / "checkpoint").read_bytes())
    assert len(note.signatures) == 3
    assert note.body.startswith(made.identity.origin)
