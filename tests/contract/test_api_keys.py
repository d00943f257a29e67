"""The documented roles on a real server with security: enough, and no more."""

import base64
import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archive.errors import SearchUnavailable
from archive.settings import SearchSettings
from archive.store.reading.reader import ArchiveReader
from search.answering.service import SearchService
from search.engines.opening import Engines
from search.indexing.index import Indexer
from tests.support.archives.search_archive import make_box
from tests.support.servers import elastic_server
from tests.support.servers.elastic_server import Server

from .conftest import SERVERS, require_server

pytestmark = pytest.mark.slow
ROLES = Path(__file__).parents[2] / "deploy" / "elasticsearch"
PASSWORD = "for-this-test"


def role_of(name: str) -> Any:
    """What the key of a container may do."""
    asked = json.loads((ROLES / f"{name}.json").read_text("ascii"))
    ((_, role),) = asked["role_descriptors"].items()
    return role


@pytest.fixture(scope="module")
def secured(
    require_program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A node that lets nobody in but two users with these roles.

    The published minimal server cannot keep API keys (their index needs a module it
    lacks), so the same privileges are given to users of a file.
    """
    require_server(SERVERS[0], require_program)
    home = elastic_server.ensure_server(SERVERS[0])
    java = elastic_server.find_java(SERVERS[0].version)
    configured = elastic_server._configuration
    folder = tmp_path_factory.mktemp("users")
    for name in ("elasticsearch.yml", "users", "users_roles"):
        (folder / name).write_bytes((home / "config" / name).read_bytes())
    lines = []
    for name in ("indexer", "reader"):
        lines.append(f"try-{name}:")  # the server looks for one name a line
        lines += [f"  {k}: {json.dumps(v)}" for k, v in role_of(name).items()]
    (folder / "roles.yml").write_text("\n".join(lines) + "\n")
    for name in ("indexer", "reader"):
        subprocess.run(
            [str(home / "bin" / "elasticsearch-users"), "useradd", name,
             "-p", PASSWORD, "-r", f"try-{name}"],
            check=True, timeout=300,
            env={**os.environ, "ES_JAVA_HOME": str(java), "ES_PATH_CONF": str(folder)},
        )  # fmt: skip

    def with_security(*arguments: Any) -> str:
        return configured(*arguments).replace(
            "xpack.security.enabled: false", "xpack.security.enabled: true"
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(elastic_server, "_configuration", with_security)
        patch.setattr(elastic_server, "wait_for", _wait_for_refusal)
        patch.setattr(elastic_server, "USERS", folder)
        with elastic_server.running(SERVERS[0]) as servers:
            yield servers[0]


def _wait_for_refusal(server: Server, _nodes: int) -> None:
    elastic_server.wait_until(server, lambda: _status(server, "/", None) == 401)


def _status(server: Server, path: str, name: str | None) -> int:
    """Of an answer to one of the users, or to nobody."""
    login = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
    headers = {} if name is None else {"Authorization": f"Basic {login}"}
    request = urllib.request.Request(server.url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def engines_of(server: Server, name: str) -> Engines:
    """What a container has, but for a password in place of the key."""
    engines = Engines(settings=SearchSettings(url=server.url))
    cluster = engines._cluster
    cluster._client = cluster._client.options(basic_auth=(name, PASSWORD))
    return engines


def test_the_indexer_may_do_all_it_does_and_the_reader_only_read(
    secured: Server, tmp_path: Path
) -> None:
    box = make_box(tmp_path, "api-keys")
    box.page("https://a.example/", "<p>Вынікі выбараў")
    indexer = engines_of(secured, "indexer")
    reader = engines_of(secured, "reader")

    def index(engines: Engines, *, rebuild: bool = False) -> None:
        opened = ArchiveReader.open(box.root)
        try:
            Indexer(opened, engines=engines, workers=1).run(
                engine="elasticsearch", rebuild=rebuild
            )
        finally:
            opened.close()

    index(indexer)
    index(indexer, rebuild=True)  # alias moved, the old index kept
    index(indexer, rebuild=True)  # the oldest deleted
    assert SearchService.open([box.root], reader).search("выбары").total == 1
    box.page("https://a.example/second", "<p>Другія выбары")
    with pytest.raises(SearchUnavailable):
        index(reader)
    index(indexer)
    assert SearchService.open([box.root], reader).search("выбары").total == 2
    with pytest.raises(SearchUnavailable):
        SearchService.open(
            [box.root], Engines(settings=SearchSettings(url=secured.url))
        ).search("выбары")


def test_neither_role_reaches_another_index(secured: Server) -> None:
    for name in ("indexer", "reader"):
        assert _status(secured, "/evidence-x*/_search", name) == 200
        for path in ("/other/_search", "/_cluster/settings", "/_security/user"):
            assert _status(secured, path, name) == 403
