"""T21: one article under many addresses: one key, each captured address as it is."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.support.capturing.sources import host_tables
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

PATHS = (
    "/news/83287.html",
    "/news/amp/83287.html",
    "/news/83287.html?tg=7",
    "/print/news/83287.html",
)
HOSTS = ("a.example", "m1.example", "m2.example", "m3.example")
SOURCE = 'parts = "none"\n' + host_tables(
    mirrors=("m1.example", "m2.example", "m3.example")
)
RULES = """
[[scope]]
path = '/.*'
action = "follow"

[[identity]]
path = '/news/(?P<id>\\d+)\\.html'
key = "{id}"

[identity.examples]
"https://a.example/news/83287.html" = "83287"
"http://m1.example/news/amp/83287.html?utm_source=x" = "83287"

[limits]
delay_ms = 0
"""
STORY = (
    "<p>The commission said that 5,916 observers had been accredited for the vote.</p>"
    "<p>Defenders of human rights said that not one of them had watched the count.</p>"
)


def page(text: str) -> str:
    return f"<html><head><title>A vote</title></head><body><h1>A vote</h1>{text}</body>"


def test_t21_four_hosts_and_four_forms_are_one_article_and_a_clone_is_not(
    site: Site,
    evidence: Evidence,
    sources: Callable[..., Path],
) -> None:
    for path in PATHS:
        site.serve(path, page(STORY))
    altered = page(STORY.replace("not one of them", "each and every one of them"))
    site.serve("/robots.txt", "", "Content-Type: text/plain")
    site.serve("/altered", altered)
    site.otherwise = site.pages["/robots.txt"]
    site.answering = lambda head, path: site.reply(
        "/altered" if b"host: m3.example" in head else path
    )
    seeds = "".join(
        f'[[seed]]\nurl = "http://{host}{path}"\nspider = "page"\n'
        for host in HOSTS
        for path in PATHS
    )
    folder = sources("outlet", SOURCE, seeds, RULES)
    code, (result,) = evidence.rows(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to(*HOSTS),
    )
    assert code == 0
    rows = [row for row in evidence.rows("list", "--json")[1] if row["role"] == "page"]
    assert len({row["uri"] for row in rows}) == len(HOSTS) * len(PATHS)
    assert {row["key"] for row in rows} == {"outlet:83287"}
    misspelt = evidence.run("mirrors", "--source", "outlte")
    assert misspelt.returncode == 2, "silence would say that no host contradicts"
    assert "never had a job" in misspelt.stderr
    done = evidence.run("mirrors", "--json")
    assert done.returncode == 0, done.stderr
    confirmed, conflict = map(json.loads, done.stdout.splitlines())
    assert confirmed["state"] == "confirmed"
    assert len(confirmed["captures"]) == 3 * len(PATHS)
    assert not any("m3.example" in one["uri"] for one in confirmed["captures"])
    assert conflict["state"] == "conflict"
    assert "each and every one" in conflict["differences"][0]["after"]
    assert result["classes"]["page"] == len(rows)
