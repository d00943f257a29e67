"""What the OpenAPI document allows, and more, gives no server error; answers fit it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)

from search.index import Indexer
from tests.support.archives import FixedRandom, make_archive
from web.app import create_app
from web.serving import Server, listen
from web.settings import WebSettings
from web.views.openapi import OPERATIONS, make_document
from web.wiring import Places, open_services

SECONDS = 200
"""Of one answer: the first search loads models, on a crowded machine slowly."""
FEW, MANY = 2, 300
CHECKS = (not_a_server_error, status_code_conformance, response_schema_conformance)
NAMES = [one.name for one in OPERATIONS]
PLAIN = {
    one.name
    for one in OPERATIONS
    if "{uri}" in one.path or not ("{" in one.path or one.query or one.body)
}
"""Nothing to ask wrongly."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server over a small indexed archive."""
    made = make_archive(tmp_path_factory.mktemp("fuzz"))
    made.fill(8)
    places = Places(
        archive=made.root,
        trust=made.trust_folder,
        clock=lambda: datetime(2025, 2, 1, tzinfo=UTC),
        random_bytes=FixedRandom(),
    )
    services = open_services(places, sweep=False)
    Indexer(services.archive, workers=1).run(rebuild=False)  # type: ignore[arg-type]
    listeners = listen("127.0.0.1", port=0, replay_port=0)
    app = f"http://127.0.0.1:{listeners.app_port}"
    replay = f"http://localhost:{listeners.replay_port}"
    found = WebSettings(app_origin=app, replay_origin=replay)
    server = Server(create_app(found, services), listeners)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield app
    server.stop()
    thread.join()


def fuzz(origin: str, name: str, examples: int, *, modes: int = 2) -> None:
    """Ask one operation many times, well formed and, by the second mode, badly."""
    schema = schemathesis.openapi.from_dict(make_document(origin))
    operation = schema.find_operation_by_id(name)
    statuses = set()
    for mode in list(schemathesis.GenerationMode)[:modes]:
        if mode.is_negative and name in PLAIN:
            continue
        strategy = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def ask(case: schemathesis.Case) -> None:
            response = case.call(
                base_url=origin, allow_redirects=False, timeout=SECONDS
            )
            statuses.add(response.status_code)
            case.validate_response(response, checks=list(CHECKS))

        ask()
    assert statuses
    assert max(statuses) < 500


@pytest.mark.parametrize("name", NAMES)
def test_a_few_questions_to_each_route(origin: str, name: str) -> None:
    fuzz(origin, name, FEW, modes=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES)
def test_many_questions_to_each_route(origin: str, name: str) -> None:
    fuzz(origin, name, MANY)
