"""Keys, their note of the last head, and the trust folder; each made to fail."""

import os
import shutil
from pathlib import Path

import pytest

from archive.attest.keys.keyfolder import KeyFolder, sealing
from archive.attest.trust.folder import replace_trust
from archive.doctor import keys
from archive.doctor.believed import check_trust
from archive.doctor.keys import check_head, check_keys, check_token
from archive.doctor.machine import Machine
from archive.log.headnote import HEAD_FILE
from archive.settings import Authority, Settings, TokenKey
from tests.support.archives.archives import MadeArchive, make_archive, put_back_head
from tests.support.archives.stamped import make_stamped
from tests.support.judging.examined import GOOD, UNSAFE, WEAKER, changed, only, outcomes


def test_plain_keys_are_there_and_weaker(made: MadeArchive, machine: Machine) -> None:
    assert outcomes(check_keys(machine)) == [
        ("passphrase", WEAKER),
        ("root-key", WEAKER),
        ("keys", GOOD),
    ]
    passphrase = next(iter(check_keys(machine)))
    assert "openssl pkcs8 -topk8 -scrypt" in passphrase.step
    assert all(".pem" not in one.says for one in check_keys(machine))


def test_sealed_keys_without_root_are_good(
    made: MadeArchive, machine: Machine, tmp_path: Path
) -> None:
    folder = tmp_path / "sealed"
    made.keys().write(folder, sealing(b"many words", made.random_bytes))
    (folder / "root.pem").unlink()
    sealed = changed(machine, keys_folder_of=lambda _: folder)
    assert outcomes(check_keys(sealed)) == [("passphrase", GOOD), ("keys", GOOD)]


def test_no_keys_are_needed_and_missing(
    made: MadeArchive, machine: Machine, tmp_path: Path
) -> None:
    nowhere = changed(machine, keys_folder_of=lambda _: tmp_path / "gone")
    assert only(check_keys(nowhere), WEAKER).is_needed
    (made.keys_folder / "log.pem").unlink()
    found = next(iter(check_keys(machine)))
    assert (found.outcome, found.is_needed) == (WEAKER, True)
    assert "no log key" in found.says


@pytest.mark.parametrize("name", ["", "log.pem", "operator.pem", "log.head"])
def test_keys_that_others_may_read_are_unsafe(
    made: MadeArchive, machine: Machine, name: str
) -> None:
    path = made.keys_folder / name
    path.chmod(0o750 if path.is_dir() else 0o640)
    found = only(check_keys(machine), UNSAFE)
    assert str(made.keys_folder) in found.step
    assert ".pem" not in found.line


def test_keys_that_cannot_be_read_are_not_taken_for_sealed(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(keys, "has_plain_keys", lambda _: False)  # none can be read
    found = list(check_keys(machine))
    assert (found[0].is_needed, "cannot be read" in found[0].says) == (True, True)
    assert GOOD not in {one.outcome for one in found}


def test_keys_inside_the_archive_are_unsafe(
    made: MadeArchive, machine: Machine
) -> None:
    inside = made.root / "keys"
    shutil.copytree(made.keys_folder, inside)
    found = only(check_keys(changed(machine, keys_folder_of=lambda _: inside)), UNSAFE)
    assert "in the archive folder" in found.says


def test_an_interrupted_change_of_keys_is_named(
    made: MadeArchive, machine: Machine
) -> None:
    shutil.copy(
        made.keys_folder / "operator.pem", made.keys_folder / "operator-next.pem"
    )
    found = next(iter(check_keys(machine)))
    assert (found.is_needed, found.step) == (True, "`evidence keys rotate`")


def test_a_token_without_its_library_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = TokenKey(module="lib.so", token="t", key="k")
    asked = changed(machine, settings=Settings(token_key=token))
    monkeypatch.setattr(keys, "find_spec", lambda _: None)
    assert only(check_token(asked), WEAKER).is_needed
    assert list(check_token(machine)) == []
    monkeypatch.setattr(keys, "find_spec", lambda _: object())
    assert list(check_token(asked)) == []


def test_the_note_of_the_last_head(made: MadeArchive, machine: Machine) -> None:
    assert only(check_head(machine), GOOD)
    note = made.keys_folder / HEAD_FILE
    words = note.read_text()
    note.unlink()
    assert "newest copy" in only(check_head(machine), WEAKER).without
    note.write_text("damaged")
    note.chmod(0o600)
    assert only(check_head(machine), WEAKER).is_needed
    note.write_text(words)
    assert only(check_head(machine), GOOD)


def test_an_older_copy_of_the_archive_is_unsafe(
    made: MadeArchive, machine: Machine, tmp_path: Path
) -> None:
    older = tmp_path / "older"
    shutil.copytree(made.root, older)
    made.fill(2)
    found = only(check_head(changed(machine, archive=older)), UNSAFE)
    assert "older copy" in found.says
    put_back_head(made.keys_folder, older)
    assert "let one machine" in only(check_head(machine), WEAKER).step


def test_own_trust_without_others_is_weaker(machine: Machine) -> None:
    assert outcomes(check_trust(machine)) == [
        ("trust", GOOD),
        ("witnesses", WEAKER),
        ("time-stamps", WEAKER),
    ]


def test_an_unknown_archive_and_a_broken_trust_folder_are_named(
    made: MadeArchive, machine: Machine, tmp_path: Path
) -> None:
    nowhere = changed(machine, trust=lambda: tmp_path / "gone")
    assert "NOT CHECKED" in only(check_trust(nowhere), WEAKER).without
    (policy,) = made.trust_folder.glob("*/policy")
    policy.chmod(0o600)
    policy.write_text("nonsense\n")
    assert "cannot be read" in only(check_trust(machine), WEAKER).says


def test_another_log_key_than_is_believed_is_unsafe(
    made: MadeArchive, machine: Machine, tmp_path: Path
) -> None:
    origin = made.identity.origin
    other = make_archive(
        tmp_path / "other", keys=lambda _: KeyFolder.generate(origin), seed="fixed"
    )
    trust = other.trust()
    assert trust is not None
    replace_trust(made.trust_folder, trust)
    assert "another log key" in only(check_trust(machine), UNSAFE).says


def test_authorities_that_are_set_and_not_believed_are_named(
    machine: Machine,
) -> None:
    asked = Settings(authorities=(Authority(name="a", url="https://tsa.example/"),))
    found = list(check_trust(changed(machine, settings=asked)))
    assert "no root certificate" in found[-1].says


def test_authorities_that_are_believed_are_good(
    machine: Machine, tmp_path: Path
) -> None:
    asked = Settings(authorities=(Authority(name="a", url="https://tsa.example/"),))
    folder = tmp_path / "stamped"
    folder.mkdir()
    with make_stamped(folder, fills=1) as stamped:
        stamped.write_trust()
        theirs = changed(
            machine,
            archive=stamped.made.root,
            trust=lambda: stamped.made.trust_folder,
            settings=asked,
        )
        assert outcomes(check_trust(theirs))[-1] == ("time-stamps", GOOD)
