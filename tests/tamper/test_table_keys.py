"""Stolen keys: what was cosigned before stays good, what comes after is cut off."""

import shutil
from base64 import b64encode
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.keys.signing import Ed25519Signer, P256Signer
from archive.attest.trust.trustset import TrustSet
from archive.capture import Capture
from archive.log.note import COSIGNATURE, make_vkey, parse_note
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, fill, make_archive


@dataclass(kw_only=True)
class World:
    """An archive with a witness, a copy of its keys in a thief's hands."""

    made: MadeArchive
    witness: Ed25519Signer
    before: list[Capture]

    def trust(self) -> TrustSet:
        """The reader's: one witness is asked for."""
        trust = self.made.trust()
        assert trust is not None
        public = self.witness.vkey.public_key
        vkey = make_vkey("witness.example/w", COSIGNATURE, public)
        return replace(trust, witnesses=(("w", vkey),), witness_quorum=1)

    def cosign(self, root: Path) -> None:
        """The witness sees the head of an archive and cosigns it."""
        path = root / "log" / "checkpoint"
        note = parse_note(path.read_bytes())
        path.write_bytes(cosigned(path.read_bytes(), note.body, self.witness))

    def revoke(self, end_leaf: int | None = None) -> None:
        """The operator finds out, and cuts the key off by the root key."""
        key_id = self.made.keys().operator.key_id
        self.made.key_changer().revoke(key_id, end_leaf=end_leaf)

    def judge(self, root: Path, captures: list[Capture]) -> list[Outcome]:
        """What a reader says of single captures in a copy of the archive."""
        reader = ArchiveReader.open(root)
        try:
            return [
                verify_capture(reader, found, trust=self.trust()).outcome
                for found in captures
            ]
        finally:
            reader.close()


def cosigned(note: bytes, body: str, witness: Ed25519Signer) -> bytes:
    """A checkpoint with the line of a witness (tlog-cosignature)."""
    vkey = make_vkey("witness.example/w", COSIGNATURE, witness.vkey.public_key)
    seconds = 1737878400
    message = f"cosignature/v1\ntime {seconds}\n{body}".encode()
    signature = seconds.to_bytes(8) + witness.sign(message)
    line = b64encode(vkey.key_hash + signature).decode()
    return note + f"— {vkey.name} {line}\n".encode()


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = make_archive(tmp_path)
    before = made.fill(3)
    witness = Ed25519Signer.generate(name="witness.example/w")
    found = World(made=made, witness=witness, before=before)
    found.cosign(made.root)
    return found


@dataclass(kw_only=True)
class ThiefsArchive(MadeArchive):
    """A copy of the archive that is written to with stolen keys."""

    stolen: KeyFolder

    def keys(self) -> KeyFolder:
        """Those of the thief."""
        return self.stolen


def thieves_copy(world: World, keys: KeyFolder, folder: Path) -> ThiefsArchive:
    root = folder / "copy"
    shutil.copytree(world.made.root, root)
    made = world.made
    return ThiefsArchive(
        root=root,
        keys_folder=made.keys_folder,
        trust_folder=made.trust_folder,
        identity=made.identity,
        clock=made.clock,
        random_bytes=made.random_bytes,
        stolen=replace(keys, folder=None),  # a thief keeps no note
    )


def test_stolen_operator_key_earlier_cosigned_captures_stay_verified_later_are_cut_off(
    world: World,
) -> None:
    """The log, on its own machine, signs what the thief hands in: nobody knows yet."""
    made = world.made
    end = ArchiveReader.open(made.root).next_leaf
    stolen = made.fill(4)
    world.cosign(made.root)
    assert set(world.judge(made.root, stolen)) == {Outcome.VERIFIED}, "until found out"
    world.revoke(end)
    after = made.fill(2)
    world.cosign(made.root)
    assert world.judge(made.root, world.before) == [Outcome.VERIFIED] * 3
    assert world.judge(made.root, stolen) == [Outcome.FAILED] * 4
    assert world.judge(made.root, after) == [Outcome.VERIFIED] * 2
    report = verify_archive(made.root, trust=world.trust())
    failed = [f for f in report.findings if f.outcome is Outcome.FAILED]
    assert {f.code for f in failed} == {"key-not-valid"}
    assert len(failed) == 4 + 2, "with the records of the thief's job"


def test_stolen_operator_key_a_change_of_keys_by_the_thief_counts_for_nothing(
    world: World,
) -> None:
    made = world.made
    trust = made.trust()
    assert trust is not None
    end = ArchiveReader.open(made.root).next_leaf
    own_folder = made.keys_folder.with_name("thief")
    shutil.copytree(made.keys_folder, own_folder)
    own_folder.chmod(0o700)
    thief = replace(made, keys_folder=own_folder)
    thief.key_changer(keep=lambda _changed: None).rotate()
    stolen = thief.fill(1)
    before = verify_archive(made.root, trust=trust)
    assert before.outcome is Outcome.NOT_CHECKED
    changed = replace(trust, operators=(replace(trust.operators[0], end_leaf=end),))
    report = verify_archive(made.root, trust=changed)
    assert {f.code for f in report.findings if f.outcome is Outcome.FAILED} == {
        "key-not-valid",
        "keys-differ",  # this reader cut it off without a word in the log
    }
    world.cosign(made.root)
    assert world.judge(made.root, stolen) == [Outcome.NOT_CHECKED]


def test_stolen_log_key_another_history_is_cosigned_by_nobody(
    world: World, tmp_path: Path
) -> None:
    """With the log key alone a thief signs heads, but no statement and no witness."""
    own = P256Signer.generate()
    keys = replace(world.made.keys(), operator=own)
    copy = thieves_copy(world, keys, tmp_path)
    forged = copy.fill(2)
    assert world.judge(world.made.root, world.before) == [Outcome.VERIFIED] * 3
    assert world.judge(copy.root, forged) == [Outcome.NOT_CHECKED] * 2
    report = verify_archive(copy.root, trust=world.trust())
    assert report.outcome is Outcome.NOT_CHECKED
    codes = {f.code for f in report.findings if f.outcome is Outcome.NOT_CHECKED}
    assert {"key-unknown", "witnesses-none"} <= codes


def test_both_keys_stolen_earlier_cosigned_stay_verified_later_are_cut_off(
    world: World, tmp_path: Path
) -> None:
    """The thief has everything but witness and root key, and goes on elsewhere."""
    copy = thieves_copy(world, world.made.keys(), tmp_path)
    forged = copy.fill(2)
    assert world.judge(copy.root, forged) == [Outcome.NOT_CHECKED] * 2, "no witness"
    world.revoke()
    honest = world.made.fill(1)
    world.cosign(world.made.root)
    assert world.judge(world.made.root, world.before) == [Outcome.VERIFIED] * 3
    assert world.judge(world.made.root, honest) == [Outcome.VERIFIED]
    assert world.judge(copy.root, forged) == [Outcome.FAILED] * 2
    report = verify_archive(copy.root, trust=world.trust())
    assert {f.code for f in report.findings if f.outcome is Outcome.FAILED} >= {
        "key-not-valid"
    }
    with copy.open_writer() as writer:
        more = fill(writer, copy, 1)
    assert world.judge(copy.root, more) == [Outcome.FAILED]
