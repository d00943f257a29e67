"""Servers and proxies on loopback, an engine, a browser, a command and a site."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.awkward.server import serve_replies, serve_turns
from tests.support.capturing.engine_client import (
    ClientMaker,
    ProxyMaker,
    ReadAll,
    ScriptMaker,
    ServerMaker,
    clients_in,
    read_all,
)
from tests.support.capturing.sources import source_head
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site, running_site
from tests.support.servers.loopback_proxy import serve_proxy

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
def awkward() -> ServerMaker:
    """Give what starts a server with the replies to play, TLS on request."""
    return serve_replies


@pytest.fixture
def proxied() -> ProxyMaker:
    """Give what starts a proxy of a kind, `connect` or `socks5`."""
    return serve_proxy


@pytest.fixture
def scripted() -> ScriptMaker:
    """Give what starts a server that reads something, plays steps, reads, plays ..."""
    return serve_turns


@pytest.fixture
def engine(tmp_path: Path) -> ClientMaker:
    """Give what starts a client; 127.0.0.0/8 is allowed unless settings say else."""
    return clients_in(tmp_path)


@pytest.fixture
def received() -> ReadAll:
    """Give all bytes of an exchange, interim heads first."""
    return read_all


@pytest.fixture(scope="session")
def chromium(require_program: Callable[[str], Path]) -> Path:
    """A browser of this machine, or a skip that names `chromium`."""
    for name in PROGRAMS[1:]:
        found = shutil.which(name)
        if found:
            return Path(found)
    return require_program(PROGRAMS[0])


@pytest.fixture
def site() -> Iterator[Site]:
    """A small site to crawl, of any host."""
    with running_site() as made:
        yield made


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new archive, its keys and trust, made once: a start of the command is dear."""
    home = tmp_path_factory.mktemp("new")
    made = Evidence(home=home, archive=home / "archive")
    done = made.run("init", "--name", "Pipeline test")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def evidence(new_home: Path, tmp_path: Path) -> Evidence:
    """The command over a new archive of its own."""
    shutil.copytree(new_home, tmp_path, dirs_exist_ok=True)
    return Evidence(home=tmp_path, archive=tmp_path / "archive")


@pytest.fixture
def sources(tmp_path: Path) -> Callable[..., Path]:
    """Give what writes a source file from its parts; it gives the folder."""
    folder = tmp_path / "sources"

    def write(source_id: str, *parts: str) -> Path:
        folder.mkdir(exist_ok=True)
        text = source_head(source_id) + "\n".join(parts)
        (folder / f"{source_id}.toml").write_text(text)
        return folder

    return write
