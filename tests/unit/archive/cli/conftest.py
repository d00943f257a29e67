"""One small archive and the command over it, in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.programs.inside import Done, call

Evidence = Callable[..., Done]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys and trust of a user who exists only for this test."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(folder / name.lower()))
    for name in ("EVIDENCE_ARCHIVE", "EVIDENCE_TRUST_DIR"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    """An archive without captures yet."""
    return make_archive(tmp_path)


@pytest.fixture
def evidence(made: MadeArchive, capsys: pytest.CaptureFixture[str]) -> Evidence:
    """Run `evidence` over the archive with its keys and its maker's trust."""

    def run(*arguments: str) -> Done:
        options = ["--archive", str(made.root), "--keys", str(made.keys_folder)]
        options += ["--trust", str(made.trust_folder)]
        return call([*options, *arguments], capsys)

    return run


@pytest.fixture
def plain(capsys: pytest.CaptureFixture[str]) -> Evidence:
    """Run `evidence` with nothing but what the test gives."""
    return lambda *arguments: call(arguments, capsys)


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes | None]]:
    """Every name below a folder, with the bytes of files: to show nothing changed."""

    def read(folder: Path) -> dict[str, bytes | None]:
        return {
            path.relative_to(folder).as_posix(): (
                path.read_bytes() if path.is_file() else None
            )
            for path in folder.rglob("*")
        }

    return read
