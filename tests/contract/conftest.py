"""Real servers that the contract of the engines is tried on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search.engines.elastic_engine import Cluster, ClusterAccess
from tests.support.servers.elastic_server import (
    Pinned,
    Server,
    find_java,
    pinned_versions,
    running,
)

SERVERS = pinned_versions()


def require_server(pinned: Pinned, require_program: Callable[[str], Path]) -> None:
    """Skip where the server cannot be had or started, naming what is missing."""
    for program in ("mvn", "setpriv"):
        require_program(program)
    if find_java(pinned.version) is None:
        pytest.skip(f"program: no Java new enough for Elasticsearch {pinned.version}")


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(SERVERS[0], id=f"elasticsearch-{SERVERS[0].version}"),
        *(
            pytest.param(
                pinned, id=f"elasticsearch-{pinned.version}", marks=pytest.mark.slow
            )
            for pinned in SERVERS[1:]
        ),
    ],
)
def server(
    request: pytest.FixtureRequest, require_program: Callable[[str], Path]
) -> Iterator[Server]:
    """A real server of each version we promise to work with."""
    require_server(request.param, require_program)
    with running(request.param) as servers:
        yield servers[0]


@pytest.fixture(scope="session")
def cluster(server: Server) -> Iterator[Cluster]:
    """A connection to it."""
    made = Cluster(ClusterAccess(url=server.url))
    yield made
    made.close()
