import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from archive.attest.keys.keyfile import default_keys_folder, write_key_file
from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.keys.signing import P256Signer
from archive.errors import KeyProblem
from archive.log.note import format_vkey

FILES = {"root.pem", "operator.pem", "log.pem", "wacz.pem"}
ORIGIN = "election-evidence-archive/aaaaaaaaaaaaaaaaaaaaaaaaaa"


def identity_of(keys: KeyFolder) -> SimpleNamespace:
    assert keys.root is not None
    return SimpleNamespace(
        origin=ORIGIN,
        root_key_id=keys.root.key_id,
        operator_key_id=keys.operator.key_id,
        log_vkey=format_vkey(keys.log.vkey),
    )


def key_ids(keys: KeyFolder) -> tuple[str, str, str]:
    """Of all that have one."""
    assert keys.root is not None
    assert keys.wacz is not None
    return keys.operator.key_id, keys.root.key_id, keys.wacz.key_id


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, KeyFolder]:
    old = os.umask(0)
    try:
        keys = KeyFolder.create(tmp_path / "a" / "keys", origin=ORIGIN)
    finally:
        os.umask(old)
    return tmp_path / "a" / "keys", keys


def test_new_keys_are_read_back_by_their_owner_alone(
    made: tuple[Path, KeyFolder],
) -> None:
    folder, keys = made
    assert {path.name for path in folder.iterdir()} == FILES
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    loaded = KeyFolder.load(folder, identity_of(keys))
    assert key_ids(loaded) == key_ids(keys)
    assert loaded.log.vkey == keys.log.vkey
    assert loaded.log.vkey.name == ORIGIN


def test_root_and_wacz_key_may_be_elsewhere(made: tuple[Path, KeyFolder]) -> None:
    folder, keys = made
    (folder / "root.pem").unlink()
    (folder / "wacz.pem").unlink()
    loaded = KeyFolder.load(folder, identity_of(keys))
    assert (loaded.root, loaded.wacz) == (None, None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_key_that_others_may_read_is_refused(
    made: tuple[Path, KeyFolder], name: str, mode: int
) -> None:
    folder, keys = made
    (folder / name).chmod(mode)
    with pytest.raises(KeyProblem, match=rf"{name} is open to others .*chmod 600"):
        KeyFolder.load(folder, identity_of(keys))


def test_a_folder_that_others_may_enter_is_refused(
    made: tuple[Path, KeyFolder],
) -> None:
    folder, keys = made
    folder.chmod(0o750)
    with pytest.raises(KeyProblem, match="chmod 700"):
        KeyFolder.load(folder, identity_of(keys))


@pytest.mark.parametrize("name", ["operator.pem", "log.pem"])
def test_a_missing_key_is_named(made: tuple[Path, KeyFolder], name: str) -> None:
    folder, keys = made
    (folder / name).unlink()
    with pytest.raises(KeyProblem, match=f"{name} cannot be read.*--keys"):
        KeyFolder.load(folder, identity_of(keys))


def test_a_missing_folder_is_named(tmp_path: Path, keys: KeyFolder) -> None:
    with pytest.raises(KeyProblem, match="no key folder"):
        KeyFolder.load(tmp_path / "none", identity_of(keys))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeyProblem, match="is no folder"):
        KeyFolder.load(tmp_path / "file", identity_of(keys))


@pytest.mark.parametrize("name", ["root.pem", "operator.pem", "log.pem"])
def test_the_key_of_another_archive_is_refused_with_both_ids(
    made: tuple[Path, KeyFolder], tmp_path: Path, name: str
) -> None:
    folder, keys = made
    other = KeyFolder.create(tmp_path / "other", origin=ORIGIN)
    (folder / name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(KeyProblem) as caught:
        KeyFolder.load(folder, identity_of(keys))
    role = name.removesuffix(".pem")
    for owner in (keys, other):
        key = getattr(owner, role)
        shown = format_vkey(key.vkey) if role == "log" else key.key_id
        assert shown in str(caught.value)


def test_a_file_that_is_no_key_is_refused(made: tuple[Path, KeyFolder]) -> None:
    folder, keys = made
    (folder / "operator.pem").write_bytes(b"not a key")
    with pytest.raises(KeyProblem, match="not a private key"):
        KeyFolder.load(folder, identity_of(keys))
    (folder / "operator.pem").write_bytes(b"x" * 20_000)
    with pytest.raises(KeyProblem, match="too large"):
        KeyFolder.load(folder, identity_of(keys))


def test_an_encrypted_key_is_refused_in_words(
    made: tuple[Path, KeyFolder], tmp_path: Path
) -> None:
    folder, keys = made
    command = ["openssl", "pkcs8", "-topk8", "-passout", "pass:x", "-v2", "aes-128-cbc"]
    out = tmp_path / "encrypted.pem"
    subprocess.run(
        [*command, "-in", folder / "operator.pem", "-out", out],
        check=True,
        capture_output=True,
    )
    (folder / "operator.pem").write_bytes(out.read_bytes())
    with pytest.raises(KeyProblem, match="under a passphrase"):
        KeyFolder.load(folder, identity_of(keys))


def test_keys_are_never_overwritten(made: tuple[Path, KeyFolder]) -> None:
    folder, keys = made
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyProblem, match="not empty"):
        KeyFolder.create(folder, origin=ORIGIN)
    with pytest.raises(KeyProblem, match="cannot be written"):
        write_key_file(folder / "root.pem", b"x")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert KeyFolder.load(folder, identity_of(keys)).root is not None


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeyProblem, match="cannot be made"):
        KeyFolder.create(tmp_path / "file" / "keys", origin=ORIGIN)


def test_fixed_keys_are_always_the_same(keys: KeyFolder) -> None:
    assert keys.operator.key_id == P256Signer.from_scalar(2222).key_id
    assert keys.operator.sign(b"x") == keys.operator.sign(b"x")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_DATA_HOME": "/data", "HOME": "/home/a"}, "/data/evidence/keys/ID"),
        ({"HOME": "/home/a"}, "/home/a/.local/share/evidence/keys/ID"),
        ({"XDG_DATA_HOME": "x", "HOME": "/h"}, "/h/.local/share/evidence/keys/ID"),
    ],
)
def test_keys_lie_in_the_users_data_folder(
    environ: dict[str, str], expected: str
) -> None:
    assert str(default_keys_folder(environ, "ID")) == expected


def test_without_a_home_a_folder_must_be_named() -> None:
    with pytest.raises(KeyProblem, match="--keys"):
        default_keys_folder({}, "ID")
