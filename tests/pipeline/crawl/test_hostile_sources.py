"""Sites that want the crawl to fail: each is a capture, a signal, and no more."""

from collections.abc import Callable
from pathlib import Path

from tests.support.capturing.sources import ALL_FOLLOWED, host_tables
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

HEAD = """
parts = "none"
"""
SOURCE = (
    host_tables(mirrors=("m.example",))
    + ALL_FOLLOWED
    + """concurrency = 4
requests = 90
file_bytes = 4_000_000
"""
)
RSS = b'<?xml version="1.0"?><rss version="2.0"><channel>'
LAUGHS = b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
)
DOCTYPE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + LAUGHS + b"]>"
INDEX = b'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
MEBI = 1 << 20


def locs(*paths: str) -> bytes:
    return b"".join(
        f"<sitemap><loc>http://a.example{path}</loc></sitemap>".encode()
        for path in paths
    )


FEEDS = {
    "laughs": DOCTYPE + b"<rss version='2.0'><channel><item><title>&j;</title></item>",
    "items": RSS + b"<item/>" * (2 * MEBI // 7),
    "attributes": RSS
    + b"<item "
    + b" ".join(b'a%d=""' % n for n in range(MEBI // 10))
    + b"/>",
    "deep": RSS + b"<a>" * (MEBI // 3),
    "ahead": RSS
    + b"<item><title>T</title><link>http://a.example/article</link>"
    + b"<pubDate>Fri, 31 Dec 2999 23:59:59 GMT</pubDate></item></channel></rss>",
    "never": RSS
    + b"<item><title>T</title><link>http://a.example/article</link>"
    + b"<pubDate>Fri, 31 Dec 9999 23:59:59 -2359</pubDate></item></channel></rss>",
    "json": b'{"version":"https://jsonfeed.org/version/1","items":['
    + b"{}," * (MEBI // 3)
    + b"{}]}",
    "nested": b'{"version":' + b"[" * MEBI,
}
END = b"</sitemapindex>"
SITEMAPS = {
    "loop": INDEX + locs("/sitemap/loop", "/sitemap/loop2", "/sitemap/loop?x") + END,
    "loop2": INDEX + locs("/sitemap/loop") + END,
    "flood": INDEX + locs(*(f"/sitemap/n{n}" for n in range(20_000))) + END,
    "laughs": DOCTYPE + b"<urlset><url><loc>http://a.example/&j;</loc></url></urlset>",
    "outside": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/'
    b'passwd">]><urlset><url><loc>http://a.example/&a;</loc></url></urlset>',
}
PAGES = {
    "deep": b"<div>" * 200_000 + b"x",
    "lists": b"<article>" + b"<ul><li>words of an entry" * 20_000,
    "base": b"<base href='http://[bad'><a href='/article'>x</a>",
    "links": b"<a href='http://[bad'>x</a><a href='http://a.example:99999999/'>y</a>"
    b"<a href='//'>z</a><a href='\x00\xff'>n</a>" + b"<a href=''>" * 6_000,
    "refresh": b"<meta http-equiv=refresh content='0; url=http://[bad'>text",
    "long-link": b"<a href='/" + b"x" * MEBI + b"'>x</a>",
}
OK = b"HTTP/1.1 200 OK\r\n"
FOUR = b"Content-Length: 4\r\n\r\ntext"
ODD = {
    "/304": b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    "/etag": OK
    + b'ETag: "'
    + b"\xff" * 4_000
    + b'"\r\nContent-Type: text/html\r\n'
    + FOUR,
    "/rot13": OK + b"Content-Type: text/html; charset=rot13\r\n" + FOUR,
    "/idna": OK + b"Content-Type: text/html; charset=idna\r\n" + FOUR,
    "/location": b"HTTP/1.1 302 Found\r\nLocation: http://[bad\r\n" + FOUR,
    "/nogzip": OK + b"Content-Encoding: gzip\r\nContent-Type: text/html\r\n" + FOUR,
}
LOOP = "HTTP/1.1 302 Found\r\nLocation: http://{}/round\r\nContent-Length: 0\r\n\r\n"


def seed(path: str, spider: str, rules: str = "") -> str:
    url = f"http://a.example{path}"
    return f'[[seed]]\nurl = "{url}"\nspider = "{spider}"\n{rules}\n'


def fill(site: Site) -> str:
    """Serve it all; the seeds of the source."""
    for name, body in FEEDS.items():
        site.serve(f"/feed/{name}", body, "Content-Type: application/rss+xml")
    for name, body in SITEMAPS.items():
        site.serve(f"/sitemap/{name}", body, "Content-Type: application/xml")
    for name, body in PAGES.items():
        site.serve(f"/page/{name}", body)
    site.pages |= ODD
    site.serve("/article", "<p>An honest article.</p>")
    site.serve("/", "<a href=/secret>x</a>")
    rules = "User-agent: *\nDisallow: /secret\n" + "#" * (5 * MEBI)
    site.serve("/robots.txt", rules, "Content-Type: text/plain")

    def turn(head: bytes, path: str) -> bytes:
        if path != "/round":
            return site.reply(path)
        here = b"host: a.example" in head
        return LOOP.format("m.example" if here else "a.example").encode()

    site.answering = turn
    return "".join(
        [
            *(seed(path, "page") for path in ("/article", "/", "/round", *ODD)),
            *(seed(f"/feed/{name}", "feed") for name in FEEDS),
            *(seed(f"/page/{name}", "page") for name in PAGES),
            *(seed(f"/page/{name}", "listing", 'item = "a, li"') for name in PAGES),
            *(seed(path, "listing", 'item = "a"') for path in ODD),
            *(seed(f"/sitemap/{name}", "sitemap") for name in SITEMAPS),
        ]
    )


def test_a_hostile_site_gets_captures_signals_and_no_more(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    folder = sources("outlet", HEAD, fill(site), SOURCE)
    crawl = ("crawl", "outlet", "--json", "--sources", str(folder))
    code, (result,) = evidence.rows(*crawl, *site.connect_to("a.example", "m.example"))
    states = {seed["uri"]: seed["state"] for seed in result["seeds"]}
    assert states.pop("http://a.example/round") == "failed", "ten hops, and no page"
    assert code == 5
    assert set(states.values()) == {"captured"}
    signals = result["signals"]
    assert "spider-exception" not in signals
    assert signals["listing-too-long"] == 3  # items, attributes, a feed as deep as wide
    assert signals["lists-beyond-limit"] == 20_000 - 90
    assert signals["feed-unreadable"] == 1
    assert signals["items-beyond-limit"] > 300_000
    assert signals["malformed-link"] > 0
    assert signals["item-dated-ahead"] == 1
    assert len(site.asked) <= 90 + 10
    assert "/secret" not in site.asked, "its robots.txt is too long, and obeyed"
    assert site.asked.count("/sitemap/loop") <= 2, "as a seed, and as a link"
    assert site.asked.count("/round") <= 12
    assert not any("passwd" in path or "root" in path for path in site.asked)
    rows = {row["uri"]: row for row in evidence.rows("list", "--json")[1]}
    assert rows["http://a.example/304"]["capture_class"] != "page"
    assert evidence.verified() == "VERIFIED"
