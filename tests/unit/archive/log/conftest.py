"""What the tests of the log share: keys, a naive tree, a log without waiting."""

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from archive.errors import BadSignature
from archive.files import Files
from archive.log.log import TiledLog
from archive.log.note import ED25519, Ed25519Verify, VerifierKey, make_vkey

REPOSITORY = Path(__file__).resolve().parents[4]
ORIGIN = "election-evidence-archive/test"


@dataclass(frozen=True, slots=True)
class FixedSigner:
    """A log key made from a seed: Ed25519 gives the same signature every time."""

    name: str = ORIGIN
    seed: bytes = bytes(32)

    @property
    def vkey(self) -> VerifierKey:
        key = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return make_vkey(self.name, ED25519, key.public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


class QuickFiles(Files):
    """Leaves out what only a power cut could show."""

    def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
        if name not in ("sync", "sync-folder"):
            act()


@pytest.fixture
def make_signer() -> type[FixedSigner]:
    return FixedSigner


@pytest.fixture
def signer() -> FixedSigner:
    return FixedSigner()


@pytest.fixture
def verify() -> Ed25519Verify:
    def check(public_key: bytes, signature: bytes, message: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except InvalidSignature as error:
            raise BadSignature("not its signature") from error

    return check


@pytest.fixture
def log(tmp_path: Path) -> TiledLog:
    made = TiledLog(tmp_path / "log", QuickFiles())
    made.create()
    return made


@pytest.fixture
def quick_files() -> type[QuickFiles]:
    return QuickFiles


@pytest.fixture(scope="session")
def naive() -> ModuleType:
    """The recursive RFC 6962 of the script that makes the vectors."""
    source = REPOSITORY / "tests" / "make" / "merkle_vectors.py"
    spec = importlib.util.spec_from_file_location("merkle_vectors", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tlog_corpus() -> Path:
    default = REPOSITORY.parent / "shared" / "corpus"
    folder = Path(os.environ.get("CORPUS_DIR") or default) / "tlog"
    if not folder.is_dir():
        pytest.skip(f"CORPUS_DIR: there is no {folder}")
    return folder
