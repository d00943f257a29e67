"""What the OpenAPI document allows, and more, gives no server error; answers fit it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    response_schema_conformance,
    status_code_conformance,
)

from archive.store.reading.reader import ArchiveReader
from search.indexing.index import Indexer
from tests.support.archives.archives import make_archive
from tests.support.web.served import open_later, serve_services
from web.views.openapi import OPERATIONS, make_document

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
    services = open_later(made.root, made.trust_folder)
    assert isinstance(services.archive, ArchiveReader)
    Indexer(services.archive, workers=1).run(rebuild=False)
    with serve_services(services) as served:
        yield served.app


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
        def ask(case: schemathesis.Case[Any]) -> None:
            response = case.call(
                base_url=origin, allow_redirects=False, timeout=SECONDS
            )
            statuses.add(response.status_code)
            case.validate_response(response, checks=list(CHECKS))

        ask()
    assert statuses
    assert max(statuses) < 500


@pytest.mark.parametrize("name", NAMES)
def test_no_odd_question_to_a_route_breaks_the_server(origin: str, name: str) -> None:
    fuzz(origin, name, FEW, modes=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES)
def test_no_odd_question_of_many_to_a_route_breaks_the_server(
    origin: str, name: str
) -> None:
    fuzz(origin, name, MANY)
