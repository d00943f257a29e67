"""Every kind of spider over real requests: entries counted, articles captured, oddities
told; a second run tells what changed. All peculiarities stand in the source's file.
"""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.capturing.sources import ALL_FETCHED, host_tables, seed_table
from tests.support.programs.command import Evidence
from tests.support.servers.crawl_site import Site

HOST = 'parts = "none"\n' + host_tables()
SCOPE = ALL_FETCHED + "concurrency = 8\n"
XML = "Content-Type: application/xml"
RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>F</title>
<item><title>One</title><link>http://a.example/f/1</link><guid>1</guid>
<pubDate>Sun, 26 Jan 2025 20:00:00 +0300</pubDate></item>
<item><title>Two</title><link>/f/2</link><guid>2</guid></item>
<item><title>No link</title></item>
<item><title>Advert</title><link>/adv/9</link></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry>
<title>Three</title><link href="/f/3"/><id>urn:3</id><updated>2025-01-26T20:00:00Z
</updated></entry></feed>"""
JSON_FEED = """{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items":
[{"id": "4", "url": "/f/4", "title": "Four", "date_published": "2025-01-26"}]}"""


def seed(path: str, spider: str, *settings: str) -> str:
    return seed_table(f"http://a.example{path}", spider, *settings)


def crawl(evidence: Evidence, site: Site, folder: Path) -> dict[str, Any]:
    _, (result,) = evidence.rows(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to("a.example"),
    )
    assert all(one["state"] == "captured" for one in result["seeds"]), result
    return dict(result)


def articles(site: Site, folder: str, *names: object) -> None:
    for name in names:
        words = " ".join(chr(ord("a") + int(digit)) * 3 for digit in str(name))
        site.serve(f"/{folder}/{name}", f"<h1>Article</h1><p>Text of {folder} {words}.")


def test_feeds_sitemaps_and_archives_lead_to_their_articles(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    site.serve("/rss", RSS, XML)
    site.serve("/atom", ATOM, XML)
    site.serve("/json", JSON_FEED, "Content-Type: application/json")
    articles(site, "f", 1, 2, 3, 4)
    index = "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
    index += "<sitemap><loc>http://a.example/map1.xml.gz</loc></sitemap>"
    index += "<sitemap><loc>http://a.example/images.xml</loc></sitemap></sitemapindex>"
    urls = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>" + "".join(
        f"<url><loc>http://a.example/m/{n}</loc><lastmod>2025-01-{n:02}</lastmod></url>"
        for n in range(1, 7)
    )
    site.serve("/map.xml", index, XML)
    packed = gzip.compress(f"{urls}</urlset>".encode())
    site.serve("/map1.xml.gz", packed, "Content-Type: application/gzip")
    articles(site, "m", *range(1, 7))
    for page in (1, 2, 3):
        items = "".join(f"<li><a href=/p/{page}{n}>x</a>" for n in (1, 2))
        site.serve(f"/list?page={page}", f"<ul>{items}</ul>")
        articles(site, "p", f"{page}1", f"{page}2")
    site.serve("/list?page=4", "<ul></ul>")
    folder = sources(
        "outlet",
        HOST,
        seed("/rss", "feed", "article = '/f/.*'"),
        seed("/atom", "feed"),
        seed("/json", "feed"),
        seed("/map.xml", "sitemap", "sitemap = '/map.*'", "newest = 4"),
        seed("/list?page={page}", "archive", 'item = "li"', "pages = 9"),
        SCOPE,
    )
    result = crawl(evidence, site, folder)
    assert result["items"] == 2 + 1 + 1 + 4 + 6
    wanted = {f"/f/{n}" for n in (1, 2, 3, 4)} | {f"/m/{n}" for n in (3, 4, 5, 6)}
    wanted |= {f"/p/{page}{n}" for page in (1, 2, 3) for n in (1, 2)}
    assert wanted == {path for path in site.paths if path[2] == "/"}
    assert "/images.xml" not in site.paths
    assert "/list?page=5" not in site.paths
    assert result["signals"] == {
        "item-not-article": 1,
        "item-older-than-wanted": 2,
        "item-without-date": 1,
        "item-without-link": 1,
        "sitemap-not-wanted": 1,
    }
    assert result["classes"]["feed"] == 5
    assert result["classes"]["page"] == len(wanted)
    assert result["classes"]["listing"] == 3
    assert result["classes"]["empty"] == 1


def post(number: int, text: str, *, document: str = "") -> str:
    name = f"<div class=tgme_widget_message_document_title>{document}</div>"
    return (
        f'<div class="tgme_widget_message" data-post="NAME/{number}">'
        f"{name if document else ''}"
        f"<div class=tgme_widget_message_text>{text}</div>"
        f'<time datetime="2025-01-26T10:{number % 60:02}:00+00:00">10</time></div>'
    )


def channel(site: Site, edited: str, *, without: int = 0) -> None:
    newer = [post(n, f"post {n}") for n in range(11, 20) if n not in (14, without)]
    newer.append(post(20, edited, document="List.xlsx"))
    site.serve("/s/NAME", "".join(newer))
    older = "".join(post(n, f"post {n}") for n in range(1, 11))
    site.serve("/s/NAME?before=11", older)


def test_a_channel_gives_each_post_once_and_tells_gaps_and_edits(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    channel(site, "the list as of 24.01.2025")
    folder = sources("outlet", HOST, seed("/s/NAME", "channel", "pages = 5"), SCOPE)
    first = crawl(evidence, site, folder)
    assert first["items"] == 19
    assert first["signals"] == {"post-number-missing": 1, "post-file-without-link": 1}
    asked = [path for path in site.paths if path != "/robots.txt"]
    assert asked == ["/s/NAME", "/s/NAME?before=11"]
    channel(site, "the list as of 31.01.2025", without=16)
    second = crawl(evidence, site, folder)
    assert second["signals"]["post-edited"] == 1
    assert second["signals"]["post-vanished"] == 1
    assert second["signals"]["post-number-missing"] == 2


def file_list(site: Site, *documents: tuple[str, bytes]) -> None:
    links = "".join(f"<a href={path}>The list</a>" for path, _ in documents)
    site.serve("/documents/list/", f"<h1>List</h1>{links}<a href=/about>About</a>")
    for path, data in documents:
        site.serve(path, data, "Content-Type: application/msword")


def test_a_list_whose_file_changes_address_is_followed_and_its_past_is_probed(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    issues = [b"\xd0\xcf\x11\xe0issue " + bytes([n]) * 200 for n in range(3)]
    names = [
        f"/upload/iblock/{n}aa/{hashlib.md5(d).hexdigest()}.doc"
        for n, d in enumerate(issues)
    ]
    folder = sources(
        "outlet",
        HOST,
        seed("/documents/list/", "files", "path = '/upload/iblock/.*'", "least = 1"),
        SCOPE,
    )
    told = []
    file_list(site, (names[0], issues[0]))
    told.append(crawl(evidence, site, folder)["signals"])
    file_list(site, (names[1], issues[1]))
    told.append(crawl(evidence, site, folder)["signals"])
    moved = "/upload/iblock/bbb/same.doc"
    del site.pages[names[1]]
    file_list(site, (moved, issues[1]))
    told.append(crawl(evidence, site, folder)["signals"])
    file_list(site, (names[2], issues[2]))
    told.append(crawl(evidence, site, folder)["signals"])
    assert told == [
        {"document-new": 1},
        {"document-new": 1, "document-address-gone": 1, "document-still-there": 1},
        {
            "document-same-at-new-address": 1,
            "document-address-gone": 1,
            "document-withdrawn": 1,
        },
        {"document-new": 1, "document-address-gone": 1, "document-still-there": 1},
    ]
    assert evidence.verified() == "VERIFIED"


def test_an_article_taken_off_a_list_is_looked_at_again(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    articles(site, "n", 1, 2, 3, 4, 5)

    def serve(*numbers: int) -> None:
        site.serve("/", "".join(f"<li><a href=/n/{n}>{n}</a>" for n in numbers))

    serve(4, 3, 2, 1)
    folder = sources("outlet", HOST, seed("/", "listing", 'item = "li"'), SCOPE)
    assert crawl(evidence, site, folder)["signals"] == {}
    del site.pages["/n/3"]
    serve(5, 4, 2)
    result = crawl(evidence, site, folder)
    assert result["signals"] == {"item-vanished": 1}
    assert site.paths[-4:].count("/n/3") + site.paths[-5:].count("/n/3") >= 1
    rows = evidence.rows("list", "--uri", "http://a.example/n/3", "--json")[1]
    assert [(row["http_status"], row["capture_class"]) for row in rows] == [
        (200, "page"),
        (404, "error"),
    ]


def test_a_host_that_answers_everything_alike_is_found_by_a_made_up_address(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    welcome = "<h1>Outlet</h1><p>Welcome to our new site, dear reader."
    site.otherwise = page(welcome)
    site.serve("/robots.txt", "", "Content-Type: text/plain")
    items = "".join(f"<li><a href=/old/{n}>{n}</a>" for n in range(4))
    site.serve("/", items)
    articles(site, "old", 0)
    folder = sources("outlet", HOST, seed("/", "listing", 'item = "li"'), SCOPE)
    result = crawl(evidence, site, folder)
    assert result["classes"]["soft-404"] == 3
    assert result["classes"]["page"] == 1
    rows = evidence.rows("list", "--json")[1]
    made_up = [row for row in rows if row["class_rule"] == "made-up-address"]
    assert len(made_up) == 1
    assert made_up[0]["role"] == "probe"
    rules = {row["class_rule"] for row in rows if row["capture_class"] == "soft-404"}
    assert rules == {"same-as-made-up-address"}


def page(body: str) -> bytes:
    data = body.encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: "
    return f"{head}{len(data)}\r\n\r\n".encode() + data
