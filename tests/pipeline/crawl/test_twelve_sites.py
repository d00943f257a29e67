"""Real pages served as 12 sites, with bodies that are none between them: classed right.

The pages of the corpus are articles. Four of them say themselves that only a beginning
is free, or show nothing without scripts: whatever they are called counts as wrong here.
"""

import gzip
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.capturing.sources import host_tables, seed_table
from tests.support.inputs.bodies import NOT_PAGES
from tests.support.programs.command import Evidence
from tests.support.servers.corpus_site import Reply, SitePage, serve

SITES = 12
RIGHT_LEAST = 0.97
EVERYDAY = 8
"""Every eighth page: half a minute of a crawl, not four."""
SOURCE = """
parts = "none"

{hosts}
{seeds}
[[scope]]
path = '/.*'
action = "fetch"

[limits]
delay_ms = 0
concurrency = 4
requests = 5000
"""


def reply(body: bytes, status: int = 200) -> Reply:
    head = f"HTTP/1.1 {status} Status\r\nContent-Type: text/html\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    return Reply(
        pieces=(head.encode() + body,), framing="length", ends_connection=False
    )


def real_bodies(corpus: Path, step: int) -> Iterator[bytes]:
    news = corpus / "html-news"
    for path in sorted(news.rglob("*.html.gz"))[::step]:
        yield gzip.decompress(path.read_bytes())


def sites(corpus: Path, step: int) -> tuple[list[SitePage], dict[str, str]]:
    """Pages dealt to the sites, and what each address is."""
    pages: list[SitePage] = []
    truth: dict[str, str] = {}
    for number, data in enumerate(real_bodies(corpus, step)):
        page = SitePage(
            host=f"site-{number % SITES}.example",
            path=f"/news/page-{number}",
            body=data,
            reply=reply(data),
        )
        pages.append(page)
        truth[page.uri] = "page"
    others = [(name, b) for name, bodies in NOT_PAGES.items() for b in bodies]
    for number, (name, body) in enumerate(others[::step]):
        if body.asked is not None:
            continue  # known by a redirect, which this server does not make
        data = body.html.encode()
        page = SitePage(
            host=f"site-{number % SITES}.example",
            path=f"/{name}/body-{number}",
            body=data,
            reply=reply(data, body.status),
        )
        pages.append(page)
        truth[page.uri] = name
    return [*pages, *front_pages(pages)], truth


def front_pages(pages: list[SitePage]) -> Iterator[SitePage]:
    for number in range(SITES):
        host = f"site-{number}.example"
        links = [page.path for page in pages if page.host == host]
        items = "".join(f"<li><a href={path}>An article</a>" for path in links)
        body = f"<title>Site</title><h1>Site {number}</h1><ul>{items}</ul>".encode()
        yield SitePage(host=host, path="/", body=body, reply=reply(body))


@pytest.mark.corpus
@pytest.mark.parametrize(
    "step", [pytest.param(1, marks=pytest.mark.slow), pytest.param(EVERYDAY)]
)
def test_97_of_100_answers_of_12_sites_get_their_class_and_no_wall_counts_as_page(
    evidence: Evidence, sources: Callable[..., Path], corpus_dir: Path, step: int
) -> None:
    pages, truth = sites(corpus_dir, step)
    hosts = [f"site-{number}.example" for number in range(SITES)]
    seeds = "".join(
        seed_table(f"http://{host}/", "listing", 'item = "li"') for host in hosts
    )
    text = SOURCE.format(hosts=host_tables(hosts), seeds=seeds)
    folder = sources("twelve", text)
    with serve(tuple(pages)) as site:
        _, (result,) = evidence.rows(
            *("crawl", "twelve", "--json", "--sources", str(folder)),
            *site.connect_to(),
        )
    assert all(seed["state"] == "captured" for seed in result["seeds"])
    # An answer that is tried again has a capture for each time.
    said = {
        row["uri"]: (row["capture_class"], row["class_rule"])
        for row in evidence.rows("list", "--json")[1]
        if row["kind"] == "capture"
    }
    wrong = {uri: said.get(uri) for uri in truth if said.get(uri, "-")[0] != truth[uri]}
    taken_for_pages = [
        uri for uri in wrong if truth[uri] != "page" and said[uri][0] == "page"
    ]
    print(f"{len(truth)} answers, {len(wrong)} wrong: {wrong}")
    assert taken_for_pages == []
    assert 1 - len(wrong) / len(truth) >= RIGHT_LEAST
    assert Counter(kind for kind, _ in said.values())["listing"] == SITES
