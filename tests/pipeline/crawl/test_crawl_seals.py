"""What a running crawl never does: listen, open a file or scheme that a page names."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from archive.store.reading.reader import ArchiveReader
from crawlers.crawl.order import END_OF_ORDERS, CrawlOrder, CrawlResult
from tests.support.capturing.sources import (
    ALL_FOLLOWED,
    IGNORE_ROBOTS,
    host_tables,
    seed_table,
)
from tests.support.programs.command import Evidence
from tests.support.programs.waiting import wait_until
from tests.support.servers.crawl_site import Site

REPOSITORY = Path(__file__).parents[3]
SOURCE = host_tables() + ALL_FOLLOWED + IGNORE_ROBOTS
HOST = "http://a.example"


def addresses(canary: Path, port: int) -> list[str]:
    """Twelve schemes that lead to a file or a listener of this machine."""
    return [
        f"file://{canary}",
        f"FILE://localhost{canary}",
        "data:text/html,%3Cp%3Ex",
        f"ftp://127.0.0.1:{port}/x",
        f"s3://127.0.0.1:{port}/x",
        f"gopher://127.0.0.1:{port}/x",
        f"ws://127.0.0.1:{port}/x",
        f"wss://127.0.0.1:{port}/x",
        "javascript:fetch('/x')",
        "about:blank",
        f"blob:http://127.0.0.1:{port}/x",
        f"jar:file://{canary}!/x",
    ]


def seed(path: str) -> str:
    return seed_table(HOST + path)


def fill(site: Site, found: list[str]) -> list[str]:
    """Every address as link, part, redirect, meta refresh and base; gives the seeds."""
    paths = ["/links", "/parts"]
    site.serve("/links", "".join(f'<a href="{url}">x</a>' for url in found))
    site.serve(
        "/parts",
        "".join(f'<img src="{u}"><link rel=stylesheet href="{u}">' for u in found),
    )
    for number, url in enumerate(found):
        head = f"HTTP/1.1 302 Go\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n"
        site.serve_raw(f"/redirect/{number}", head)
        refresh = f'<meta http-equiv="refresh" content="0;url={url}">'
        site.serve(f"/refresh/{number}", refresh)
        site.serve(f"/base/{number}", f'<base href="{url}"><a href="y"><img src="z">')
        paths += [f"/{vector}/{number}" for vector in ("redirect", "refresh", "base")]
    return paths


def test_no_scheme_but_http_is_fetched_and_no_file_is_opened(
    site: Site, evidence: Evidence, sources: Callable[..., Path], tmp_path: Path
) -> None:
    canary = tmp_path / "canary.html"
    canary.write_text("secret")
    log = tmp_path / "opened.log"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        found = addresses(canary, listener.getsockname()[1])
        paths = fill(site, found)
        order = CrawlOrder(
            archive=evidence.archive,
            keys_folder=None,
            source_id="outlet",
            sources_folders=(sources("outlet", SOURCE, *map(seed, paths)),),
            connect_to=(f"a.example:80=127.0.0.1:{site.port}",),
        )
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.support.programs.watched"),
                *(str(log), "crawlers.crawl.children.child"),
            ],
            input=f"{json.dumps(order.as_json())}\n{END_OF_ORDERS.decode()}",
            env=evidence.environment(),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        try:
            listener.accept()
            hits = 1
        except BlockingIOError:
            hits = 0
    last = json.loads(done.stdout.splitlines()[-1])
    result = CrawlResult.from_json(last["result"])
    assert {s.state for s in result.seeds} == {"captured"}
    opened = log.read_text()
    assert str(evidence.archive) in opened  # the hook was at work
    assert "canary.html" not in opened
    assert hits == 0
    below_page = {"/base/y", "/base/z"}  # what a base that is none leaves
    assert {*site.paths} - below_page == {*paths, "/robots.txt"}
    reader = ArchiveReader.open(evidence.archive)
    kept = [c for c in reader.captures() if c.kind == "capture"]
    refused = {c.target_uri for c in kept if str(c.outcome) == "policy"}
    reader.close()
    assert len(refused) == len(found)  # one for each redirect
    assert b"secret" not in b"".join(
        path.read_bytes() for path in evidence.archive.rglob("*") if path.is_file()
    )


def sockets_of(pid: int) -> set[str]:
    """Inodes of the sockets a process holds."""
    links = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def listening(pid: int) -> list[str]:
    """Lines of the kernel's tables that say LISTEN, or an open UDP port."""
    own, found = sockets_of(pid), []
    for table, state in (("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")):
        lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        rows = [line.split() for line in lines]
        found += [" ".join(r) for r in rows if r[3] == state and r[9] in own]
    return found


def family_of(pid: int) -> list[int]:
    """The process and its children."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    children = [int(text) for text in path.read_text().split()]
    return [pid, *(member for child in children for member in family_of(child))]


def test_a_running_crawl_listens_nowhere(
    site: Site, evidence: Evidence, sources: Callable[..., Path]
) -> None:
    folder = sources("outlet", SOURCE, seed("/slow"))
    running = evidence.start(
        *("crawl", "outlet", "--json", "--sources", str(folder)),
        *site.connect_to("a.example"),
    )
    wait_until(lambda: "/slow" in str(site.asked))
    family = family_of(running.pid)
    held = [sockets_of(pid) for pid in family]
    ports = [line for pid in family for line in listening(pid)]
    site.gate.set()
    out, _ = running.communicate(timeout=60)
    assert len(family) == 2
    assert any(held), "the crawl held no socket at all"
    assert ports == []
    assert json.loads(out)["seeds"][0]["state"] == "captured"
