"""A document is done, sent again or refused with a reason; none is lost or doubled."""

import random
from collections.abc import Sequence

import pytest

from archive.errors import SearchUnavailable
from search.engines.elastic_bulk import (
    ATTEMPTS,
    BACKOFF_SECONDS,
    REQUEST_BYTES,
    REQUEST_DOCUMENTS,
    Answer,
    Parcel,
    Patience,
    deliver,
    requests_of,
)


def parcels(count: int, size: int = 2) -> list[Parcel]:
    return [
        Parcel(document_id=f"d{number}", version=number, body=b"x" * size)
        for number in range(count)
    ]


class Cluster:
    """Takes documents, and answers as a busy cluster may."""

    def __init__(self, rng: random.Random, bad: set[str]) -> None:
        self.held: dict[str, int] = {}
        self.calls = 0
        self._rng, self._bad = rng, bad

    def __call__(self, sent: Sequence[Parcel]) -> list[Answer]:
        self.calls += 1
        if self.calls < ATTEMPTS and self._rng.random() < 0.2:
            return [Answer(status=503, reason="cut")] * len(sent)
        return [self._take(parcel) for parcel in sent]

    def _take(self, parcel: Parcel) -> Answer:
        if parcel.document_id in self._bad:
            return Answer(status=400, reason="strict_dynamic_mapping_exception")
        if parcel.document_id in self.held:
            return Answer(status=409, reason="version_conflict_engine_exception")
        lucky = self.calls >= ATTEMPTS
        if not lucky and self._rng.random() < 0.3:
            if self._rng.random() < 0.3:  # taken, and the answer lost
                self.held[parcel.document_id] = 1
            return Answer(status=self._rng.choice((429, 503)), reason="busy")
        self.held[parcel.document_id] = 1
        return Answer(status=201)


def test_of_1000_mixed_answers_none_loses_or_doubles_a_document() -> None:
    for seed in range(1000):
        rng = random.Random(seed)
        sent = parcels(rng.randint(1, 30))
        bad = {one.document_id for one in sent if rng.random() < 0.05}
        cluster = Cluster(rng, bad)
        pauses: list[float] = []
        refused = deliver(
            sent, cluster, Patience(sleep=pauses.append, random=rng.random)
        )
        assert {one.document_id for one in refused} == bad
        assert set(cluster.held) == {one.document_id for one in sent} - bad
        assert all(pause <= BACKOFF_SECONDS[1] for pause in pauses)


def test_a_cluster_that_stays_busy_is_named_and_nothing_is_refused_for_good() -> None:
    pauses: list[float] = []
    with pytest.raises(SearchUnavailable, match=r"3 documents after 5 attempts \(429"):
        deliver(
            parcels(3),
            lambda sent: [Answer(status=429, reason="full")] * len(sent),
            Patience(sleep=pauses.append, random=lambda: 0.0),
        )
    assert pauses == [1.0, 2.0, 4.0, 8.0]


def test_requests_stay_within_both_limits() -> None:
    many = parcels(REQUEST_DOCUMENTS * 2 + 1)
    assert [len(one) for one in requests_of(many)] == [1000, 1000, 1]
    large = parcels(5, REQUEST_BYTES // 2 + 1)
    assert [len(one) for one in requests_of(large)] == [1] * 5
    huge = [*parcels(2), *parcels(1, REQUEST_BYTES * 2), *parcels(2)]
    assert [len(one) for one in requests_of(huge)] == [2, 1, 2]
    assert list(requests_of([])) == []
