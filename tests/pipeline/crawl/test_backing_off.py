"""A host in trouble: waited for, then left alone; every promise has its outcome."""

from collections.abc import Callable
from pathlib import Path

from tests.support.capturing.sources import ALL_FETCHED, listing_site, seed_table
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

SOURCE = (
    listing_site()
    + seed_table("http://a.example/second")
    + ALL_FETCHED
    + "concurrency = 1\n"
)
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"


def test_a_host_that_wants_an_hour_is_left_alone_after_its_seeds(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    """Thirty articles stand on its front page; none of them is asked for."""
    folder = sources("outlet", SOURCE)
    items = "".join(f"<li><a href=/news/{n}>Title {n}</a>" for n in range(30))
    site.serve("/robots.txt", "User-agent: *\nAllow: /", "X: 1")
    site.serve("/", items)
    for n in range(30):
        site.serve_in_turn(f"/news/{n}", BUSY % b"3600")
    site.serve_in_turn("/second", BUSY % b"0")
    arguments = ("crawl", "outlet", "--json", "--sources", str(folder))
    # An hour's wait would outlast the limit of the command.
    _, (result,) = evidence.rows(*arguments, *site.connect_to("a.example"))
    asked = [path for path in site.paths if path.startswith("/news/")]
    assert 1 <= len(set(asked)) <= 3
    assert result["signals"]["host-down"] >= 25
    assert [seed["state"] for seed in result["seeds"]] == ["captured", "captured"]
    assert site.paths.count("/second") >= 1
    assert evidence.verified() == "VERIFIED"
