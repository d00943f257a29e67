"""Heads of a mebibyte: what a stranger puts into them holds no crawl up."""

import gzip
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.capturing.sources import ALL_FOLLOWED, host_tables, seed_table
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

HEAD_BYTES = 1_000_000
"""Just below what the engine takes for a head."""
SECONDS = 100
"""On any machine; one that hung is ended after 180."""
BODY = b"<title>plain</title><p>words"


def head_of(line: bytes, body: bytes) -> bytes:
    """A head that is full of one line."""
    begin = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n"
    return begin % len(body) + line * (HEAD_BYTES // len(line)) + b"\r\n" + body


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (b"a:b\r\n", BODY),
        (b"Set-Cookie: a=b\r\n", BODY),
        (b"Content-Encoding: gzip\r\n", gzip.compress(BODY)),
        (b"Link: </x>; rel=next\r\n", BODY),
    ],
    ids=["many", "cookies", "codings", "links"],
)
def test_a_head_full_of_lines_costs_a_moment(
    site: Site,
    evidence: Evidence,
    sources: Callable[..., Path],
    line: bytes,
    body: bytes,
) -> None:
    site.pages["/full"] = head_of(line, body)
    seed = seed_table("http://a.example/full", "page")
    folder = sources("outlet", 'parts = "none"', host_tables(), seed, ALL_FOLLOWED)
    began = time.monotonic()
    code, (result,) = evidence.rows(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to("a.example"),
    )
    assert time.monotonic() - began < SECONDS
    assert code == 0
    assert [one["state"] for one in result["seeds"]] == ["captured"]
