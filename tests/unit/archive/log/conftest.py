"""What the tests of the log share: keys, a naive tree, a log without waiting."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PublicKey,
)

from archive.errors import BadSignature
from archive.log.log import TiledLog
from archive.log.note import Ed25519Verify
from tests.support.archives.log_parts import FixedSigner, QuickFiles

REPOSITORY = Path(__file__).resolve().parents[4]


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
