"""A kind of a later version is told from a statement that is none."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from archive.attest.statements.kinds import UnknownKind
from archive.attest.statements.statement import (
    build_statement,
    parse_common,
    parse_statement,
)
from archive.attest.values.canonical import dump_canonical
from archive.errors import MalformedStatement

PredicateOf = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize(
    "predicate_type",
    [
        "https://w3id.org/election-evidence-archive/capture/v2",
        "https://w3id.org/election-evidence-archive/sighting/v1",
        "https://slsa.dev/provenance/v1",
    ],
)
def test_an_unknown_kind_is_told_from_a_malformed_one(
    predicate_type: str, predicate_of: PredicateOf
) -> None:
    frame = json.loads(build_statement("capture", predicate_of("capture")))
    frame["predicateType"] = predicate_type
    frame["predicate"]["of a later version"] = {"any": "thing"}
    payload = dump_canonical(frame)
    with pytest.raises(UnknownKind):
        parse_statement(payload)
    assert parse_common(payload).slice.members == 2
    del frame["predicate"]["slice"]
    with pytest.raises(MalformedStatement) as caught:
        parse_statement(dump_canonical(frame))
    assert not isinstance(caught.value, UnknownKind)


def test_a_kind_that_is_none_cannot_be_built(predicate_of: PredicateOf) -> None:
    with pytest.raises(UnknownKind):
        build_statement("sighting", predicate_of("capture"))
