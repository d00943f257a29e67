"""Private key files: written for their owner alone, refused if others may read them.

Nothing here knows what a key is; every refusal names the file and the next step.
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from archive.errors import KeyProblem
from archive.files import sync_folder, temporary_path

FILE_MODE = 0o600
FOLDER_MODE = 0o700
OTHERS = 0o077
"""Permission bits of group and world: none of them may be set."""
PASSPHRASE_LIMIT_BYTES = 1024
"""Of a passphrase; a random one of 256 bits has 44 characters."""
KEY_FILE_LIMIT_BYTES = 16 * 1024
"""Bytes of a key file: an RSA key of 4096 bits needs 3.3 KB, ours 300 bytes."""


def default_keys_folder(environ: Mapping[str, str], archive_id: str) -> Path:
    """Where an archive's keys lie unless told otherwise: the user's data folder."""
    data = environ.get("XDG_DATA_HOME", "")
    # The XDG base directory text says that a relative path is to be ignored.
    if not data.startswith("/"):
        home = environ.get("HOME", "")
        if not home.startswith("/"):
            raise KeyProblem(
                "there is no place for private keys: neither XDG_DATA_HOME nor HOME "
                "is set; name a folder with --keys DIR"
            )
        data = f"{home}/.local/share"
    return Path(data) / "evidence" / "keys" / archive_id


def check_passphrase(passphrase: bytes) -> bytes:
    """Return a passphrase, or refuse one that is empty or too long."""
    if not 1 <= len(passphrase) <= PASSPHRASE_LIMIT_BYTES:
        raise KeyProblem(
            f"a passphrase has 1 to {PASSPHRASE_LIMIT_BYTES} bytes; give another one"
        )
    return passphrase


def make_key_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter; one with files is refused."""
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise KeyProblem(
                f"{folder} is not empty, and keys are never overwritten; "
                "name another folder with --keys DIR"
            )
        folder.chmod(FOLDER_MODE)
    except OSError as error:
        raise KeyProblem(
            f"the key folder {folder} cannot be made: {error.strerror}; "
            "name another one with --keys DIR"
        ) from error


def write_key_file(path: Path, data: bytes) -> None:
    """Create a key file durably, readable by its owner alone from its first byte on.

    It takes its name when it is whole: half a key would keep its owner out.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    unfinished = temporary_path(path)
    try:
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, flags, FILE_MODE)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, FILE_MODE)
            stream.write(data)
            stream.flush()
            os.fsync(descriptor)
        unfinished.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise KeyProblem(
            f"the key file {path} cannot be written: {error.strerror}; "
            "name another folder with --keys DIR"
        ) from error


def check_key_folder(folder: Path) -> None:
    """Refuse a folder that is missing or that others may enter."""
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise KeyProblem(
            f"no key folder {folder}: {error.strerror}; bring the keys there, or say "
            "with --keys DIR where they are"
        ) from error
    if not stat.S_ISDIR(mode):
        raise KeyProblem(
            f"{folder} is no folder; say with --keys DIR where the keys are"
        )
    if mode & OTHERS:
        raise KeyProblem(
            f"the key folder {folder} is open to others (mode {mode & 0o777:04o}); "
            f"close it with: chmod 700 {folder}"
        )


def read_key_file(path: Path) -> bytes:
    """Read a key file that only its owner may read; KeyProblem otherwise."""
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            data = stream.read(KEY_FILE_LIMIT_BYTES + 1)
    except OSError as error:
        raise KeyProblem(
            f"the key file {path} cannot be read: {error.strerror}; bring it there, or "
            "say with --keys DIR where it is"
        ) from error
    if mode & OTHERS:
        raise KeyProblem(
            f"the key file {path} is open to others (mode {mode & 0o777:04o}); "
            f"close it with: chmod 600 {path}"
        )
    if len(data) > KEY_FILE_LIMIT_BYTES:
        raise KeyProblem(f"{path} is too large for a key file; put the right one there")
    return data


def has_sealed_keys(folder: Path) -> bool:
    """Whether a key in that folder is under a passphrase; unreadable ones are not."""
    return any(_are_sealed(folder))


def has_plain_keys(folder: Path) -> bool:
    """Whether a key in that folder is under no passphrase; unreadable ones are not."""
    return not all(_are_sealed(folder))


def _are_sealed(folder: Path) -> Iterator[bool]:
    """Of each key that can be read, whether it is under a passphrase."""
    for path in sorted(folder.glob("*.pem")) if folder.is_dir() else ():
        try:
            yield b"ENCRYPTED PRIVATE KEY" in read_key_file(path)
        except KeyProblem:
            continue
