"""The private keys of one archive: made by `init`, loaded only if they are its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from archive.attest.keyfile import (
    check_key_folder,
    make_key_folder,
    read_key_file,
    write_key_file,
)
from archive.attest.keys import Ed25519Signer, P256Signer, P384Key
from archive.errors import KeyProblem
from archive.log.note import format_vkey

ROOT_FILE = "root.pem"
OPERATOR_FILE = "operator.pem"
LOG_FILE = "log.pem"
WACZ_FILE = "wacz.pem"


class KeyIdentity(Protocol):
    """Which keys an archive says are its own (its `archive.toml`)."""

    @property
    def origin(self) -> str:
        """Name of the log key."""

    @property
    def root_key_id(self) -> str:
        """Key id of the root key."""

    @property
    def operator_key_id(self) -> str:
        """Key id of the operator key."""

    @property
    def log_vkey(self) -> str:
        """Verifier key of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySeeds:
    """Fixed private keys, for archives that scripts make again byte by byte."""

    root: int
    """Private number of a P-256 key; so `operator`, and `wacz` for P-384."""
    operator: int
    log: bytes
    """32 bytes of an Ed25519 key."""
    wacz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFolder:
    """The keys at hand; root and WACZ key may have been moved to a safer place."""

    operator: P256Signer
    log: Ed25519Signer
    root: P256Signer | None
    wacz: P384Key | None

    @classmethod
    def create(
        cls, folder: Path, *, origin: str, seeds: KeySeeds | None = None
    ) -> Self:
        """Make the four keys of a new archive in a folder that must be empty."""
        keys = cls.generate(origin) if seeds is None else cls.from_seeds(seeds, origin)
        keys.write(folder)
        return keys

    @classmethod
    def generate(cls, origin: str) -> Self:
        """Make four new keys; they are nowhere but in memory."""
        return cls(
            root=P256Signer.generate(),
            operator=P256Signer.generate(),
            log=Ed25519Signer.generate(name=origin),
            wacz=P384Key.generate(),
        )

    @classmethod
    def from_seeds(cls, seeds: KeySeeds, origin: str) -> Self:
        """Make the four keys that are always the same."""
        return cls(
            root=P256Signer.from_scalar(seeds.root),
            operator=P256Signer.from_scalar(seeds.operator),
            log=Ed25519Signer.from_seed(seeds.log, name=origin),
            wacz=P384Key.from_scalar(seeds.wacz),
        )

    def write(self, folder: Path) -> None:
        """Write the keys into a new or empty folder, for its owner alone."""
        make_key_folder(folder)
        files = {
            ROOT_FILE: self.root,
            OPERATOR_FILE: self.operator,
            LOG_FILE: self.log,
            WACZ_FILE: self.wacz,
        }
        for name, key in files.items():
            if key is not None:
                write_key_file(folder / name, key.private_pem)

    @classmethod
    def load(cls, folder: Path, identity: KeyIdentity) -> Self:
        """Read the keys of that archive; KeyProblem names the file and what to do."""
        check_key_folder(folder)
        operator_path, log_path = folder / OPERATOR_FILE, folder / LOG_FILE
        root_path, wacz_path = folder / ROOT_FILE, folder / WACZ_FILE
        operator = P256Signer.from_pem(read_key_file(operator_path), operator_path)
        _demand_id(operator_path, identity.operator_key_id, operator.key_id)
        log = Ed25519Signer.from_pem(
            read_key_file(log_path), log_path, name=identity.origin
        )
        _demand_id(log_path, identity.log_vkey, format_vkey(log.vkey))
        root = wacz = None
        if root_path.exists():
            root = P256Signer.from_pem(read_key_file(root_path), root_path)
            _demand_id(root_path, identity.root_key_id, root.key_id)
        if wacz_path.exists():
            wacz = P384Key.from_pem(read_key_file(wacz_path), wacz_path)
        return cls(operator=operator, log=log, root=root, wacz=wacz)


def _demand_id(path: Path, expected: str, found: str) -> None:
    if found != expected:
        raise KeyProblem(
            f"{path} is another archive's key: expected {expected}, found {found}; put "
            "the right file there, or say with --keys DIR where this archive's keys are"
        )
