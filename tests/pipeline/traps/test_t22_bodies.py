"""T22: bodies that are not the page never count as it, whatever their status says."""

from collections.abc import Callable
from pathlib import Path

from tests.support.capturing.sources import ALL_FETCHED, listing_site
from tests.support.inputs.bodies import CHALLENGE, GEO_BLOCK, PAYWALL_TEASER, SOFT_404
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

SOURCE = (
    'parts = "none"\n'
    + listing_site()
    + ALL_FETCHED
    + """
[expect]
items_min = 4
pages_min = 3
not_page_percent_max = 50
"""
)


def test_t22_a_run_that_saw_only_walls_has_failed_though_every_seed_was_captured(
    site: Site,
    evidence: Evidence,
    sources: Callable[..., Path],
) -> None:
    bodies = (CHALLENGE[2], GEO_BLOCK[0], PAYWALL_TEASER[0], SOFT_404[2])
    links = "".join(f"<li><a href=/news/{n}>A headline</a>" for n in range(len(bodies)))
    site.serve("/", f"<ul>{links}</ul>")
    for number, body in enumerate(bodies):
        site.serve(f"/news/{number}", body.html)
    folder = sources("outlet", SOURCE)
    arguments = ("crawl", "outlet", "--sources", str(folder))
    code, (result,) = evidence.rows(*arguments, "--json", *site.connect_to("a.example"))
    assert code == 5
    assert [seed["state"] for seed in result["seeds"]] == ["captured"]
    classes = {name: n for name, n in result["classes"].items() if name != "error"}
    assert classes == {
        "challenge": 1,
        "geo-block": 1,
        "listing": 1,
        "paywall-teaser": 1,
        "soft-404": 1,
    }
    outcomes = {kept["name"]: kept["outcome"] for kept in result["expectations"]}
    assert outcomes == {
        "items_min": "met",
        "pages_min": "failed",
        "not_page_percent_max": "warning",
    }
    said = evidence.run(*arguments, *site.connect_to("a.example"))
    assert said.returncode == 5
    assert "outlet: pages_min 3, but 1" in said.stderr
    reasons = {
        row["uri"]: row["class_rule"]
        for row in evidence.rows("list", "--json")[1]
        if "/news/" in row["uri"]
    }
    assert reasons
    assert all(reasons.values())
