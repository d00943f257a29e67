"""Changing operator keys by statements, and private keys under a passphrase."""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from archive.attest.keys.keyfile import write_key_file
from archive.attest.keys.keyfolder import NEXT_FILE
from archive.attest.keys.keypem import seal_key
from archive.attest.keys.signing import P256Signer
from archive.attest.trust.folder import replace_trust
from archive.errors import KeyProblem
from archive.store import keychange
from archive.store.layout import read_identity
from archive.store.ledger import Ledger
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.programs.command import COMMAND, REPOSITORY

P = ParamSpec("P")
T = TypeVar("T")


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where an archive is to be."""

    root: Path
    keys_folder: Path
    trust_folder: Path


def evidence(
    made: MadeArchive | Folders, *verb: str, passphrase: bytes | None = None
) -> "subprocess.CompletedProcess[str]":
    """The real command over that archive, its keys and its trust."""
    options = ["--archive", made.root, "--keys", made.keys_folder]
    options += ["--trust", made.trust_folder]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EVIDENCE_")}
    descriptors: tuple[int, ...] = ()
    if passphrase is not None:
        reading, writing = os.pipe()
        os.write(writing, passphrase + b"\n")
        os.close(writing)
        options += ["--passphrase-fd", str(reading)]
        descriptors = (reading,)
    done = subprocess.run(
        [*COMMAND, *map(str, options), *verb],
        env={**kept, "PYTHONPATH": str(REPOSITORY), "HOME": str(made.root.parent)},
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    for descriptor in descriptors:
        os.close(descriptor)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def outcome(made: MadeArchive) -> Outcome:
    return verify_archive(made.root, trust=made.trust()).outcome


def test_a_new_key_takes_over_and_both_are_valid_for_their_own_entries(
    made: MadeArchive,
) -> None:
    made.fill(2)
    old = made.identity.operator_key_id
    done = evidence(made, "keys", "rotate")
    assert done.returncode == 0, done.stderr
    made.fill(2)
    assert outcome(made) is Outcome.VERIFIED
    trust = made.trust()
    assert trust is not None
    first, second = trust.operators
    assert (first.key_id, first.end_leaf) == (old, second.first_leaf)
    assert second.is_open
    assert made.keys().operator.key_id == second.key_id
    assert evidence(made, "keys", "rotate").returncode == 0
    made.fill(1)
    assert outcome(made) is Outcome.VERIFIED
    assert len((made.trust() or trust).operators) == 3


def test_the_root_key_states_a_new_key_where_the_old_one_is_no_more(
    made: MadeArchive,
) -> None:
    made.fill(1)
    done = evidence(made, "keys", "new")
    assert done.returncode == 0, done.stderr
    made.fill(1)
    assert outcome(made) is Outcome.VERIFIED
    (made.keys_folder / "root.pem").unlink()
    refused = evidence(made, "keys", "new")
    assert refused.returncode == 7
    assert "root key" in refused.stderr


def test_a_reader_with_the_trust_of_before_knows_nothing_of_the_new_key(
    made: MadeArchive,
) -> None:
    before = made.trust()
    assert evidence(made, "keys", "rotate").returncode == 0
    made.fill(1)
    report = verify_archive(made.root, trust=before)
    assert report.outcome is Outcome.NOT_CHECKED
    assert "key-unknown" in {finding.code for finding in report.findings}


def test_a_key_cannot_be_cut_off_at_entries_that_do_not_exist(
    made: MadeArchive,
) -> None:
    key_id = made.identity.operator_key_id
    assert evidence(made, "keys", "revoke", key_id, "--from", "999").returncode == 2
    assert evidence(made, "keys", "revoke", "0" * 16).returncode == 3


@pytest.mark.parametrize("at", range(1, 9))
def test_a_change_that_is_killed_anywhere_is_finished_by_the_same_command(
    tmp_path: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed behind the n-th statement, checkpoint or file of the change."""
    made = make_archive(tmp_path)
    made.fill(1)
    calls = 0

    class Killed(BaseException):
        """As if the process had ended here."""

    def counting(real: Callable[P, T]) -> Callable[P, T]:
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            nonlocal calls
            done = real(*args, **kwargs)
            calls += 1
            if calls == at:
                raise Killed
            return done

        return call

    changer = keychange.KeyChanger
    with monkeypatch.context() as patch:
        patch.setattr(keychange, "write_key_file", counting(write_key_file))
        patch.setattr(changer, "_state", counting(changer._state))
        patch.setattr(Ledger, "checkpoint", counting(Ledger.checkpoint))
        keep = counting(partial(replace_trust, made.trust_folder))
        with pytest.raises(Killed):
            made.key_changer(keep).rotate()
    if (made.keys_folder / NEXT_FILE).exists():
        with pytest.raises(KeyProblem, match="interrupted"):
            made.keys()
    done = evidence(made, "keys", "rotate")
    assert done.returncode == 0, done.stderr
    made.fill(1)
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, report.findings


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """An archive whose keys are under the passphrase `correct horse`."""
    folder = tmp_path_factory.mktemp("sealed")
    folders = Folders(
        root=folder / "archive",
        keys_folder=folder / "keys",
        trust_folder=folder / "trust",
    )
    done = evidence(folders, "init", "--name", "Observers", passphrase=b"correct horse")
    assert done.returncode == 0, done.stderr
    return MadeArchive(**asdict(folders), identity=read_identity(folders.root))


def test_keys_under_a_passphrase_open_with_it_and_with_nothing_else(
    sealed: MadeArchive,
) -> None:
    good = evidence(sealed, "checkpoint", passphrase=b"correct horse")
    assert good.returncode == 0, good.stderr
    wrong = evidence(sealed, "checkpoint", passphrase=b"wrong horse")
    assert wrong.returncode == 7
    assert "does not open with this passphrase" in wrong.stderr
    none = evidence(sealed, "checkpoint")
    assert none.returncode == 7
    assert "--passphrase-fd" in none.stderr
    for done in (good, wrong, none):
        assert "horse" not in done.stdout + done.stderr
    empty = evidence(sealed, "checkpoint", passphrase=b"")
    assert empty.returncode == 7


def test_a_rotated_key_is_under_the_passphrase_too(sealed: MadeArchive) -> None:
    done = evidence(sealed, "keys", "rotate", passphrase=b"correct horse")
    assert done.returncode == 0, done.stderr
    assert b"ENCRYPTED" in (sealed.keys_folder / "operator.pem").read_bytes()
    verified = evidence(sealed, "verify")
    assert verified.returncode == 0, verified.stdout


def test_openssl_reads_a_sealed_key_and_guessing_is_slow(tmp_path: Path) -> None:
    key = P256Signer.generate()
    pem = seal_key(key.private_der, "пароль".encode(), os.urandom)
    path = tmp_path / "key.pem"
    path.write_bytes(pem)
    opened = subprocess.run(
        ["openssl", "pkey", "-in", path, "-passin", "stdin", "-outform", "DER"],
        input="пароль\n".encode(),
        capture_output=True,
        check=True,
    )
    again = P256Signer.from_pem(pem, path, passphrase="пароль".encode())
    assert again.key_id == key.key_id
    assert len(opened.stdout) > 100
    started = time.process_time()
    with pytest.raises(KeyProblem):
        P256Signer.from_pem(pem, path, passphrase=b"guess")
    assert time.process_time() - started > 0.02


def test_looser_modes_of_any_key_file_are_refused(made: MadeArchive) -> None:
    for name in ("operator.pem", "log.pem", "root.pem"):
        path = made.keys_folder / name
        for mode in (0o640, 0o604, 0o660):
            path.chmod(mode)
            with pytest.raises(KeyProblem, match="open to others"):
                made.keys()
        path.chmod(0o600)
    made.keys_folder.chmod(0o750)
    with pytest.raises(KeyProblem, match="open to others"):
        made.keys()
