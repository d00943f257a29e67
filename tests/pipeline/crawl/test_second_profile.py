"""A sample asked for as somebody else: cloaking is shown, what only moves is not."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from archive.store.reading.reader import ArchiveReader
from archive.warc.surt import make_urlkey
from tests.support.capturing.sources import ALL_FETCHED, listing_site
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

SOURCE = (
    'parts = "none"\n'
    + listing_site("vary = true")
    + ALL_FETCHED
    + """
[second_profile]
percent = 100
"""
)
LINE = "The commission said that {} observers had been accredited for the vote. "
PAGES = ("honest", "based", "moving", "agent", "language", "refused", "elsewhere")


def page(text: str) -> bytes:
    body = f"<html><head><title>A vote</title></head><body><p>{text}</p></body></html>"
    head = f'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: {len(body)}\r\n'
    return f"{head}Content-Type: text/html\r\n\r\n{body}".encode()


class Cloak:
    """Tells visitors apart by what they say of themselves."""

    def __init__(self) -> None:
        self.numbers = count(1000)
        links = "".join(f"<li><a href=/{name}>{name}</a></li>" for name in PAGES)
        self.front = page(f"<ul>{links}</ul>")

    def __call__(self, head: bytes, path: str) -> bytes:
        other = b"firefox" in head
        text = LINE.format(5916)
        match path:
            case "/":
                return self.front
            case "/based":  # an address that nobody can join anything to
                text += "<base href='http://[bad'>"
            case "/moving":
                text += f"</p><p>{LINE.format(next(self.numbers))}"
            case "/agent" if other:
                text = LINE.format(195)
            case "/language" if b"accept-language: be" not in head:
                text = LINE.format(195)
            case "/refused" if other:
                return b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
            case "/elsewhere" if other:
                return (
                    b"HTTP/1.1 302 Found\r\nLocation: /honest\r\n"
                    b"Content-Length: 0\r\n\r\n"
                )
            case "/honest" if b"if-none-match" in head:
                return b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
            case "/robots.txt":
                return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        return page(text)


def test_what_others_are_shown_is_sampled_compared_and_kept_apart(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    site.answering = Cloak()
    folder = sources("outlet", SOURCE)
    crawl = ("crawl", "outlet", "--json", "--sources", str(folder))
    code, (first,) = evidence.rows(*crawl, *site.connect_to("a.example"))
    assert code == 0
    assert first["signals"]["second-profile"] == 1 + len(PAGES)
    assert first["signals"]["second-profile-led-elsewhere"] == 1
    _, (report,) = evidence.rows("report", "--json")
    (source,) = report["sources"]
    found = {
        one["uri"].rpartition("/")[2]: one["code"]
        for one in source["findings"]
        if one["code"].startswith("second-profile")
    }
    assert found == {
        "agent": "second-profile-differs",
        "language": "second-profile-differs",
        "refused": "second-profile-not-shown",
    }
    said = evidence.run("report").stdout
    assert "another profile was shown something else" in said
    assert "another profile was not shown the page" in said
    assert "[-5916-]" in said or "[-5916-]{+195+}" in said

    rows = evidence.rows("list", "--json")[1]
    roles = {row["role"] for row in rows}
    assert {"page", "second", "control"} <= roles
    again = {row["uri"] for row in rows if row["role"] == "control"}
    same = {f"http://a.example/{name}" for name in ("", "honest", "based")}
    assert again.isdisjoint(same), "the same bytes, whatever is wrong with them"
    reader = ArchiveReader.open(evidence.archive)
    reader.catch_up()
    key = make_urlkey("http://a.example/agent")
    looked_up = reader.captures_until(key, datetime.now(UTC), limit=9)
    assert [one.capture.role for one in looked_up] == ["page"]
    reader.close()
    # Nobody who looks back takes what the others were shown for the page.
    assert evidence.rows(*crawl, *site.connect_to("a.example"))[0] == 0
    conditional = [request for request, _ in site.log if b"If-None-Match" in request]
    assert conditional
    assert not any(b"Firefox" in request for request in conditional)
    _, (later,) = evidence.rows("report", "--json")
    changed = {
        one["uri"].rpartition("/")[2]
        for one in later["sources"][0]["findings"]
        if one["code"] == "changed"
    }
    assert changed == {"moving"}
    # "Not modified" stands for the bytes that it spares.
    codes = {one["code"] for one in later["sources"][0]["findings"]}
    assert "second-profile-not-checked" not in codes
    assert evidence.verified() == "VERIFIED"


def test_a_source_that_had_its_bytes_of_the_day_is_left_alone(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    site.answering = Cloak()
    folder = sources("outlet", SOURCE.replace("percent = 100", "percent = 0"))
    crawl = ("crawl", "outlet", "--json", "--sources", str(folder))
    code, (first,) = evidence.rows(*crawl, *site.connect_to("a.example"))
    assert code == 0
    assert first["signals"] == {"second-profile": 1}, "the seed that says so"
    asked = len(site.log)
    file = folder / "outlet.toml"
    file.write_text(file.read_text().replace("delay_ms = 0", "day_bytes = 2000"))
    code, (second,) = evidence.rows(*crawl, *site.connect_to("a.example"))
    assert code == 5
    assert second["seeds"][0]["state"] == "blocked"
    assert second["seeds"][0]["reason"] == "budget:day-bytes"
    assert len(site.log) == asked
