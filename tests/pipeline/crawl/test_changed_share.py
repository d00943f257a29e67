"""The share of changed pages goes by what they show, not by their bytes."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from tests.support.capturing.sources import ALL_FETCHED, host_tables, seed_table
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

SOURCE = (
    'parts = "none"\n'
    + host_tables()
    + seed_table("http://a.example/form")
    + seed_table("http://a.example/news")
    + ALL_FETCHED
    + """
[expect]
changed_percent_max = 10
"""
)
FORM = "<p>A page with a form.</p><script>var token = {0};</script><input value={0}>"


def test_a_page_whose_bytes_alone_differ_has_not_changed(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    turns = count(1)
    site.serve("/robots.txt", "", "Content-Type: text/plain")
    arguments = (
        "crawl",
        "outlet",
        "--json",
        "--sources",
        str(sources("outlet", SOURCE)),
    )

    def crawl(news: str) -> dict[str, Any]:
        site.serve("/form", FORM.format(next(turns)))
        site.serve("/news", f"<p>{news}</p>")
        _, (row,) = evidence.rows(*arguments, *site.connect_to("a.example"))
        return {kept["name"]: kept for kept in row["expectations"]}

    assert crawl("One.")["changed_percent_max"]["outcome"] == "not-judged"
    assert crawl("One.")["changed_percent_max"]["outcome"] == "met"
    changed = crawl("Another.")["changed_percent_max"]
    assert (changed["outcome"], changed["value"]) == ("warning", 50)
