"""The private keys of one archive: made by `init`, loaded only if they are its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, Self

from archive.attest.keys.keyfile import (
    check_key_folder,
    make_key_folder,
    read_key_file,
    write_key_file,
)
from archive.attest.keys.keypem import seal_key
from archive.attest.keys.signing import Ed25519Signer, P256Signer, P384Key
from archive.errors import FormatError, KeyProblem
from archive.log.fields import parse_decimal
from archive.log.note import format_vkey

ROOT_FILE = "root.pem"
OPERATOR_FILE = "operator.pem"
LOG_FILE = "log.pem"
WACZ_FILE = "wacz.pem"
NEXT_FILE = "operator-next.pem"
"""An operator key that is being brought in; it takes the place of the old one."""
SINCE_FILE = "operator.since"
"""Key id of an operator key that `archive.toml` does not name, and its first leaf."""
PrivateKeyFile = P256Signer | P384Key | Ed25519Signer
Seal = Callable[[PrivateKeyFile], bytes]


def plain_pem(key: PrivateKeyFile) -> bytes:
    """Write a key without a passphrase."""
    return key.private_pem


def sealing(passphrase: bytes | None, random_bytes: Callable[[int], bytes]) -> Seal:
    """How new keys are written: under a passphrase, if there is one."""
    if passphrase is None:
        return plain_pem
    return lambda key: seal_key(key.private_der, passphrase, random_bytes)


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


class StatementSigner(Protocol):
    """A P-256 key that signs statements: in a file, or in a token (PKCS #11)."""

    @property
    def key_id(self) -> str:
        """Its key id."""

    @property
    def spki_der(self) -> bytes:
        """Its public half."""

    def sign(self, message: bytes) -> bytes:
        """Sign with ECDSA over SHA-256, DER."""


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

    operator: StatementSigner
    log: Ed25519Signer
    root: P256Signer | None
    wacz: P384Key | None
    next: P256Signer | None = None
    """The operator key that a change of keys has begun to bring in."""
    folder: Path | None = None
    """Where they lie, and the note of the last signed head; None: in memory only."""

    @classmethod
    def create(
        cls, folder: Path, *, origin: str, seeds: KeySeeds | None = None
    ) -> Self:
        """Make the four keys of a new archive in a folder that must be empty."""
        keys = cls.generate(origin) if seeds is None else cls.from_seeds(seeds, origin)
        return keys.write(folder)

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
    def with_operator(cls, operator: StatementSigner, origin: str) -> Self:
        """Make new keys around an operator key that is in a token."""
        return replace(cls.generate(origin), operator=operator)

    @classmethod
    def from_seeds(cls, seeds: KeySeeds, origin: str) -> Self:
        """Make the four keys that are always the same."""
        return cls(
            root=P256Signer.from_scalar(seeds.root),
            operator=P256Signer.from_scalar(seeds.operator),
            log=Ed25519Signer.from_seed(seeds.log, name=origin),
            wacz=P384Key.from_scalar(seeds.wacz),
        )

    def write(self, folder: Path, seal: Seal = plain_pem) -> Self:
        """Write the keys into a new or empty folder, for its owner alone.

        Gives the same keys as they lie there from now on.
        """
        make_key_folder(folder)
        files = {
            ROOT_FILE: self.root,
            OPERATOR_FILE: self.operator,
            LOG_FILE: self.log,
            WACZ_FILE: self.wacz,
        }
        for name, key in files.items():
            if isinstance(key, PrivateKeyFile):  # others never leave their token
                write_key_file(folder / name, seal(key))
        return replace(self, folder=folder)

    @classmethod
    def load(
        cls,
        folder: Path,
        identity: KeyIdentity,
        *,
        passphrase: bytes | None = None,
        operator: StatementSigner | None = None,
        changing: bool = False,
    ) -> Self:
        """Read the keys of that archive; KeyProblem names the file and what to do.

        `operator` is given where that key is in a token. `changing`: the caller goes on
        with a change of operator keys that was interrupted; all others are refused.
        """
        check_key_folder(folder)
        reading = _Reading(folder, identity, passphrase)
        following = reading.next()
        if following is not None and not changing:
            raise KeyProblem(
                f"a change of the operator key was interrupted in {folder}; finish it "
                "with `evidence keys rotate`"
            )
        return cls(
            operator=reading.operator(operator, is_changing=following is not None),
            log=reading.log(),
            root=reading.root(),
            wacz=reading.wacz(),
            next=following,
            folder=folder,
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the files of one key folder and demands that they are the archive's."""

    folder: Path
    identity: KeyIdentity
    passphrase: bytes | None

    def operator(
        self, given: StatementSigner | None, *, is_changing: bool
    ) -> StatementSigner:
        """The key of `archive.toml`, or one that was brought in later and says so."""
        path = self.folder / OPERATOR_FILE
        found = given or self._p256(path)
        if found.key_id == self.identity.operator_key_id or is_changing:
            return found
        since = self.folder / SINCE_FILE
        if not since.exists() or read_since(since)[0] != found.key_id:
            _demand_id(path, self.identity.operator_key_id, found.key_id)
        return found

    def log(self) -> Ed25519Signer:
        """The log key; it never changes."""
        path = self.folder / LOG_FILE
        found = Ed25519Signer.from_pem(
            read_key_file(path),
            path,
            name=self.identity.origin,
            passphrase=self.passphrase,
        )
        _demand_id(path, self.identity.log_vkey, format_vkey(found.vkey))
        return found

    def root(self) -> P256Signer | None:
        """The root key, unless it is kept elsewhere."""
        path = self.folder / ROOT_FILE
        if not path.exists():
            return None
        found = self._p256(path)
        _demand_id(path, self.identity.root_key_id, found.key_id)
        return found

    def wacz(self) -> P384Key | None:
        """The key of WACZ exports, unless it is kept elsewhere."""
        path = self.folder / WACZ_FILE
        if not path.exists():
            return None
        return P384Key.from_pem(read_key_file(path), path, passphrase=self.passphrase)

    def next(self) -> P256Signer | None:
        """The key of a change that is not finished."""
        path = self.folder / NEXT_FILE
        return self._p256(path) if path.exists() else None

    def _p256(self, path: Path) -> P256Signer:
        return P256Signer.from_pem(
            read_key_file(path), path, passphrase=self.passphrase
        )


def read_since(path: Path) -> tuple[str, int]:
    """Key id and first leaf of an operator key that came after `init`."""
    words = read_key_file(path).decode("ascii", "replace").removesuffix("\n").split(" ")
    if len(words) != 2:
        raise KeyProblem(f"{path} is not a key id and a leaf; restore it from a copy")
    try:
        return words[0], parse_decimal(words[1], FormatError)
    except FormatError as error:
        raise KeyProblem(f"{path}: {error}; restore it from a copy") from error


def _demand_id(path: Path, expected: str, found: str) -> None:
    if found != expected:
        raise KeyProblem(
            f"{path} is another archive's key: expected {expected}, found {found}; put "
            "the right file there, or say with --keys DIR where this archive's keys are"
        )
