"""Archives to attack: one of two segments, one of another operator, the golden one."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.records.extract import ExtractLine, ExtractRun
from archive.digest import Digest, format_short_id
from archive.store.layout import read_identity
from archive.store.texts import text_path
from archive.verify.reporting.report import Outcome
from tests.make.golden_archive import fixed_keys
from tests.support.archives.archives import START, MadeArchive, make_archive
from tests.support.archives.bundles import World, make_world
from tests.support.archives.texts import write_text
from tests.support.attacks.attacks import verify
from tests.support.attacks.forgery import (
    copy_of,
)

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, require_program: Callable[[str], Path]
) -> World:
    """An archive, and the bundles that were made of it."""
    require_program("openssl")
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """Two segments, two jobs, captures, a kept text that is stated."""
    made = make_archive(tmp_path_factory.mktemp("origin"))
    captures = made.fill(2)
    with made.open_writer() as writer:
        writer.rotate()
    captures += made.fill(2)
    text = write_text(made.root, "Центральная выборчая камісія\n")
    lines = (
        ExtractLine(
            capture=captures[0].capture_id,
            extractor="html/1",
            text=text,
            file=Digest.of(text_path(made.root, text).read_bytes()),
        ),
    )
    with made.open_writer() as writer:
        writer.state_extract(
            ExtractRun(
                run_id=format_short_id(bytes(16)),
                finished_at=START,
                extractor="html/1",
                lines=lines,
            )
        ).result()
    (made.root / "catalog.sqlite").unlink(missing_ok=True)
    assert verify(made).outcome is Outcome.VERIFIED
    return made


@pytest.fixture
def made(origin: MadeArchive, tmp_path: Path) -> MadeArchive:
    """A copy to attack."""
    return copy_of(origin, tmp_path / "archive")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    """An archive of the same id and origin, made by somebody with other keys."""
    made = make_archive(tmp_path_factory.mktemp("other"), keys=fixed_keys)
    made.fill(2)
    with made.open_writer() as writer:
        writer.rotate()
    made.fill(2)
    return made


@pytest.fixture
def golden(tmp_path: Path, origin: MadeArchive) -> MadeArchive:
    """A copy of the golden archive: every kind, tokens, a stub, a torn tail."""
    shutil.copytree(GOLDEN / "archive", tmp_path / "golden")
    shutil.copytree(GOLDEN / "trust", tmp_path / "trust")
    made = replace(
        origin,
        root=tmp_path / "golden",
        trust_folder=tmp_path / "trust",
        identity=read_identity(tmp_path / "golden"),
    )
    assert verify(made).outcome is Outcome.VERIFIED
    return made
