"""Too little is FAILED, too much a warning, nothing stated is not judged."""

from crawlers.sources.expectations import RunFigures, check_expectations
from crawlers.sources.source import Expectations


def figures(*, items: int = 10, failures: int = 0) -> RunFigures:
    return RunFigures(items=items, captures=20, failures=failures, bytes=1000)


def test_nothing_expected_is_nothing_judged() -> None:
    assert check_expectations(Expectations(), figures(items=0)) == ()


def test_an_empty_and_a_half_listing_fail_and_a_flood_warns() -> None:
    expect = Expectations(items_min=8, items_max=12)
    outcomes = [
        [result.outcome for result in check_expectations(expect, figures(items=n))]
        for n in (0, 4, 8, 12, 500)
    ]
    assert outcomes == [
        ["failed", "met"],
        ["failed", "met"],
        ["met", "met"],
        ["met", "met"],
        ["met", "warning"],
    ]


def test_every_bound_is_judged_by_its_own_figure() -> None:
    expect = Expectations(
        captures_min=21, captures_max=19, failures_max=1, bytes_max=999
    )
    results = check_expectations(expect, figures(failures=2))
    assert {r.name: (r.value, r.outcome) for r in results} == {
        "captures_min": (20, "failed"),
        "captures_max": (20, "warning"),
        "failures_max": (2, "warning"),
        "bytes_max": (1000, "warning"),
    }
    assert results[0].as_json()["bound"] == 21
