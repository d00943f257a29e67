"""`evidence report` over real crawls: every kind of finding, with links to captures."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.errors import UsageProblem
from search.report.report_cli import read_window
from tests.support.capturing.sources import host_tables, seed_table
from tests.support.inputs.lists import make_people, number, xlsx
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

SOURCE = (
    host_tables(mirrors=("dead.example",))
    + seed_table("http://a.example/", "listing", 'item = "li"')
    + seed_table("http://dead.example/")
    + """
[[scope]]
path = '/(page/.*|list/.*|)'
action = "fetch"

[limits]
delay_ms = 0
"""
)
RESTRICTED = '\n[sensitivity]\nrestricted = true\nnote = "persons"\n'
TYPE = "Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def page(text: str, beside: str = "") -> str:
    words = "Words that stand here for a long time and never change at all. " * 5
    return (
        f"<html><head><title>P</title></head><body><main><article><h1>P</h1>"
        f"<p>{words}</p><p>{text}</p><p>{words}</p></article></main>"
        f"<aside><ul><li>{beside}</li></ul></aside></body></html>"
    )


def front(*paths: str) -> str:
    return "".join(f"<li><a href={path}>A title</a></li>" for path in paths)


def second_issue(people: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Twelve added, three removed, two corrected."""
    rows = people[3:]
    rows[10] = (rows[10][0], "31.12.1999", *rows[10][2:])
    rows[20] = (rows[20][0].replace("а", "о", 1), *rows[20][1:])
    return [*make_people(12, first=600), *rows]


def publish(site: Site, visit: int) -> None:
    """The site on its first and on its second visit."""
    people = make_people(120)
    if visit == 1:
        site.serve("/page/1", page("The turnout was 60 percent.", "first headline"))
        site.serve("/page/2", page("It will go."))
        site.serve("/page/3", page("It stays.", "first headline"))
        site.serve("/list/a1", xlsx(number(people)), TYPE)
        site.serve("/", front("/page/1", "/page/2", "/page/3", "/list/a1"))
        return
    site.serve("/page/1", page("The turnout was 87 percent.", "second headline"))
    del site.pages["/page/2"]
    site.serve("/page/3", page("It stays.", "second headline"))
    site.serve("/page/4", page("It is new."))
    site.serve("/list/b2", xlsx(number(second_issue(people))), TYPE)
    site.serve("/", front("/page/1", "/page/2", "/page/3", "/page/4", "/list/b2"))


PERSONS = SOURCE.replace("a.example", "p.example").replace("dead.", "gone.")


@pytest.fixture
def crawled(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> dict[str, dict[str, Any]]:
    """Crawls both visits of an outlet and of a list of persons: the report on both."""
    sources("outlet", SOURCE)
    folder = sources("persons", PERSONS, RESTRICTED)
    arguments = (
        *("crawl", "outlet", "persons", "--sources", str(folder)),
        *site.connect_to("a.example", "p.example"),
        *("--connect-to", "dead.example:80=127.0.0.1:1"),
        *("--connect-to", "gone.example:80=127.0.0.1:1"),
    )
    for visit in (1, 2):
        publish(site, visit)
        evidence.run(*arguments)
    _, (report,) = evidence.rows("report", "--since", "1h", "--json")
    return {source["source_id"]: source for source in report["sources"]}


def by_code(source: dict[str, Any], code: str) -> dict[str, Any]:
    return {
        finding["uri"].removeprefix("http://a.example"): finding
        for finding in source["findings"]
        if finding["code"] == code
    }


def test_the_morning_report_says_what_happened_and_where_it_is_kept(
    crawled: dict[str, dict[str, Any]], evidence: Evidence
) -> None:
    source = crawled["outlet"]
    changed = by_code(source, "changed")
    assert set(changed) == {"/", "/page/1"}, "a headline beside the text is no change"
    (line,) = changed["/page/1"]["change"]["lines"]
    assert "[-60-]{+87+}" in line["text"]
    assert set(by_code(source, "vanished")) == {"/page/2"}
    assert "/page/4" in by_code(source, "new")
    failed = by_code(source, "failed")
    assert failed["http://dead.example/"]["parameters"]["state"] == "refused"
    moved = by_code(source, "list-at-new-address")["/list/b2"]
    assert moved["parameters"] == {"old": "http://a.example/list/a1"}
    assert moved["change"]["counts"] == {"added": 12, "removed": 3, "corrected": 2}
    signs = [line["sign"] for line in moved["change"]["lines"]]
    assert signs == ["+"] * 12 + ["-"] * 3 + ["~"] * 2
    ids = [i for finding in source["findings"] for i in finding["captures"]]
    assert len(changed["/page/1"]["captures"]) == 2
    assert all(len(short_id) == 26 for short_id in ids)

    text = evidence.run("report", "--since", "1h", "--link-base", "https://ui.example/")
    assert text.returncode == 5, "a source could not be reached"
    assert "[-60-]{+87+}" in text.stdout
    assert f"https://ui.example/c/{changed['/page/1']['captures'][0]}" in text.stdout
    quiet = evidence.run("report", "--until", "2020-01-01T00:00:00Z")
    assert quiet.returncode == 0, quiet.stdout

    # All is well with no source that was never looked at.
    misspelt = evidence.run("report", "--source", "outlet", "--source", "outlte")
    assert (misspelt.returncode, misspelt.stdout) == (2, "")
    assert "'outlte' never had a job" in misspelt.stderr
    assert "outlet, persons" in misspelt.stderr

    # What lists of persons say is shown on request alone.
    persons = crawled["persons"]
    moved = by_code(persons, "list-at-new-address")["http://p.example/list/b2"]
    assert moved["change"]["counts"] == {"added": 12, "removed": 3, "corrected": 2}
    assert all(not (f["change"] or {}).get("lines") for f in persons["findings"])
    name = make_people(1, first=600)[0][0]
    assert name in json.dumps(source, ensure_ascii=False)
    assert name not in json.dumps(persons, ensure_ascii=False)
    arguments = ("report", "--since", "1h", "--source", "persons", "--format", "html")
    hidden = evidence.run(*arguments).stdout
    assert hidden.startswith("<!doctype html>")
    assert "<script" not in hidden
    assert name not in hidden
    assert name in evidence.run(*arguments, "--show-restricted").stdout


def test_two_places_are_compared_address_by_address(
    site: Site, evidence: Evidence, sources: Callable[..., Path], tmp_path: Path
) -> None:
    """Here directly; there one page is another, one is blocked, one host answers."""
    folder = sources("outlet", SOURCE)
    there = type(evidence)(home=evidence.home, archive=tmp_path / "there")
    assert there.run("init", "--name", "Another place").returncode == 0
    publish(site, 1)
    direct = site.connect_to("a.example")
    dead = ("--connect-to", "dead.example:80=127.0.0.1:1")
    crawl = ("crawl", "outlet", "--sources", str(folder))
    evidence.run(*crawl, *direct, *dead)
    site.serve("/page/1", page("The turnout was 12 percent."))
    site.serve_raw("/page/2", "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    there.run(*crawl, *site.connect_to("a.example", "dead.example"))
    report = ("report", "--since", "1h", "--json", "--with", str(there.archive))
    done = evidence.run(*report)
    (source,) = json.loads(done.stdout)["sources"]
    assert set(by_code(source, "vantage-differs")) == {"/page/1"}
    assert set(by_code(source, "vantage-unreachable-from-there")) == {"/page/2"}
    assert set(by_code(source, "vantage-unreachable-from-here")) == {
        "http://dead.example/"
    }


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("yesterday", None),
        ("2030-01-01T00:00:00", None),
        ("2030-01-02T00:00:00Z", "2030-01-01T00:00:00Z"),
    ],
)
def test_a_span_that_is_none_is_refused(since: str, until: str | None) -> None:
    with pytest.raises(UsageProblem):
        read_window(since, until, now=datetime(2030, 1, 3, tzinfo=UTC))


@pytest.mark.parametrize("since", ["2030-01-01", "2030-01-01 06:30"])
def test_what_a_time_without_offset_should_be_is_a_time(since: str) -> None:
    now = datetime(2030, 1, 3, tzinfo=UTC)
    with pytest.raises(UsageProblem) as caught:
        read_window(since, None, now=now)
    (advised,) = re.findall(r"write (\S+),", str(caught.value))
    assert read_window(advised, None, now=now).since.day == 1


def test_a_span_goes_back_from_the_end() -> None:
    now = datetime(2030, 1, 3, tzinfo=UTC)
    assert read_window("90m", None, now=now).since == now - timedelta(minutes=90)
    window = read_window("7d", "2030-01-01T03:00:00+03:00", now=now)
    assert window.until == datetime(2030, 1, 1, tzinfo=UTC)
    assert window.since == datetime(2029, 12, 25, tzinfo=UTC)
