"""A small real archive under a fake index: what the web tests look at.

Exchanges are made by hand, written by the real writer and read by the real reader;
only the index is a fake, because its answers are what a test wants to choose.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.attest.keys.keyfolder import KeyFolder
from archive.capture import (
    Capture,
    CaptureOutcome,
    Exchange,
    ExchangeContext,
    MemoryBytes,
    Phase,
)
from archive.digest import Digest
from archive.store.create import CreateRequest, create_archive
from archive.store.drafts import PageDraft
from archive.store.reading.reader import ArchiveReader
from archive.store.writing.writer import ArchiveWriter
from archive.warc.slice import ResourceBlock
from tests.support.archives.exchanges import CONNECTION, answered, unanswered
from tests.support.inputs.png import plain_png
from tests.support.web.web_world import START, FakeIndex, World
from web.app import Applications

SITE = "http://commission.example"
PAGE = f"""<!doctype html><html lang=be class=site><head><title>Вынікі</title>
<link rel=stylesheet href="/style.css"><style>h1{{color:#123}}</style></head>
<body onload="steal()"><h1>Папярэднія вынікі</h1><script>steal()</script>
<img src="/seal.png" alt=seal width=8 height=8><img src="/lost.png" width=90 height=40>
<a href="{SITE}/next">далей</a><a href="#end">end</a><p id=end>Канец</p></body></html>
""".encode()
STYLE = b"""@import "/more.css";@font-face{font-family:F;src:url(/f.woff2)}
body{background:url(seal.png);color:#111}a{background:url(http://outside.example/x)}"""


def png(red: int = 200) -> bytes:
    """A picture of 8 by 8 pixels."""
    return plain_png(pixel=bytes((red, 30, 30)))


def make_exchange(
    uri: str,
    body: bytes = b"",
    *,
    media_type: str = "text/html; charset=utf-8",
    status: int | None = 200,
    outcome: CaptureOutcome = CaptureOutcome.COMPLETE,
    minutes: float = 0,
    headers: bytes = b"",
    method: str = "GET",
    **context: Any,
) -> Exchange:
    """One exchange as the engine would hand it over; no status is no answer."""
    at = START + timedelta(minutes=minutes)
    if status is None:
        return unanswered(
            uri,
            outcome,
            at=at,
            method=method,
            phase=Phase.DNS,
            detail="no such name",
            connection=replace(CONNECTION, peer=None),
            context=ExchangeContext(**context),
        )
    response = (
        b"HTTP/1.1 %d Said\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n"
        % (status, media_type.encode(), len(body), headers)
    ) + body
    path = uri.split("/", 3)[3] if uri.count("/") > 2 else ""
    host = uri.split("/")[2]
    return answered(
        uri,
        response,
        at=at,
        method=method,
        outcome=outcome,
        request=f"{method} /{path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
        connection=replace(CONNECTION, peer="203.0.113.7:80"),
        context=ExchangeContext(**context),
    )


def _fill(writer: ArchiveWriter) -> dict[str, Capture]:
    named: dict[str, Capture] = {}

    def add(name: str, uri: str, body: bytes, **changes: Any) -> None:
        named[name] = writer.capture(make_exchange(uri, body, **changes)).result()

    part = {"role": "part", "source_id": "commission"}
    page = {"source_id": "commission"}
    old = "http://old.example"
    add("main", f"{SITE}/results", PAGE, **page)
    add("style", f"{SITE}/style.css", STYLE, media_type="text/css", **part)
    add("more", f"{SITE}/more.css", b"p{x:y}", media_type="text/css", **part)
    add("seal", f"{SITE}/seal.png", png(), media_type="image/png", **part)
    add("font", f"{SITE}/f.woff2", b"wOF2....", media_type="font/woff2", **part)
    add("svg", f"{SITE}/x.svg", b"<svg/>", media_type="image/svg+xml", **part)
    add("lost", f"{SITE}/lost.png", b"no", status=404, **part)
    named["page"] = writer.page(_page_draft(named)).result()
    changed = PAGE.replace("Папярэднія".encode(), "Канчатковыя".encode())
    add("changed", f"{SITE}/results", changed, minutes=30, **page)
    failed = {"status": None, "outcome": CaptureOutcome.DNS, "minutes": 60}
    add("failure", f"{SITE}/results", b"", **failed, **page)
    add("secret", "http://inside.example/a", PAGE, source_id="inside")
    text = "Привет, мир".encode("cp1251")
    add("cyrillic", f"{old}/", text, media_type="text/plain; charset=windows-1251")
    moved = b"Location: http://new.example/<b>\r\n"
    add("moved", f"{old}/m", b"", status=302, headers=moved)
    add("binary", f"{old}/z.zip", b"PK\3\4", media_type="application/zip")
    add("missing", f"{old}/404", PAGE, status=404)
    add("posted", f"{old}/form", PAGE, method="POST", **part)
    add("cut", f"{old}/cut", PAGE, outcome=CaptureOutcome.DISCONNECT, **part)
    forbidden = {"status": None, "outcome": CaptureOutcome.POLICY}
    add("drawn", f"{old}/drawn", PAGE)
    named["drawn-page"] = writer.page(_drawn_draft(named["drawn"])).result()
    add("forbidden", "javascript:alert(1)//x", b"", **forbidden, **part)
    return named


def _page_draft(named: dict[str, Capture]) -> PageDraft:
    rows = [
        {
            "uri": named[name].target_uri,
            "as_given": named[name].target_uri,
            "kind": kind,
            "capture": named[name].capture_id,
            "outcome": "complete",
            "reason": "",
        }
        for name, kind in (
            ("style", "style"),
            ("more", "style"),
            ("seal", "image"),
            ("font", "font"),
            ("svg", "image"),
            ("lost", "image"),
        )
    ]
    names = ("main", "style", "more", "seal", "font", "svg", "lost")
    return PageDraft(
        target_uri=named["main"].target_uri,
        main=named["main"],
        captures=tuple(named[name] for name in names),
        rendering="static",
        page_info={"parts": rows, "parts_unlisted": 0},
        job_id=None,
        source_id="commission",
    )


def _drawn_draft(main: Capture) -> PageDraft:
    """A page as a browser showed it."""
    kept = (("view", png(), "image/png"), ("pdf", b"%PDF-1", "application/pdf"))
    return PageDraft(
        target_uri=main.target_uri,
        main=main,
        captures=(main,),
        rendering="browser",
        page_info={"parts": [], "parts_unlisted": 0},
        job_id=None,
        source_id=None,
        resources=tuple(
            ResourceBlock(
                type="resource",
                target_uri=f"urn:{name}:{main.target_uri}",
                content_type=media_type,
                block=MemoryBytes(data),
            )
            for name, data, media_type in kept
        ),
    )


@pytest.fixture(scope="session")
def archive_folder(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Path, dict[str, Capture]]:
    """Write the archive once; tests only read it."""
    root = tmp_path_factory.mktemp("web")
    counter = itertools.count(1)

    def random_bytes(count: int) -> bytes:
        return (
            Digest.of(next(counter).to_bytes(8, "big")).raw[:count].ljust(count, b"x")
        )

    keys = root / "keys"
    identity = create_archive(
        CreateRequest(
            root=root / "archive",
            name="Election observers",
            keys_folder=lambda _: keys,
            trust_folder=root / "trust",
            software="test",
            clock=lambda: START,
            random_bytes=random_bytes,
        )
    )
    with ArchiveWriter.open(
        root / "archive",
        keys=KeyFolder.load(keys, identity),
        clock=lambda: START,
        random_bytes=random_bytes,
    ) as writer:
        named = _fill(writer)
    return root / "archive", root / "trust", named


@pytest.fixture
def world(
    archive_folder: tuple[Path, Path, dict[str, Capture]],
) -> Iterator[World]:
    """The archive opened anew, with an index of one page."""
    root, trust, named = archive_folder
    reader = ArchiveReader.open(root)
    index = FakeIndex()
    index.add(named["main"], "Папярэднія вынікі <script>alert(1)</script>")
    index.texts[named["drawn"].capture_id] = index.texts[named["main"].capture_id]
    yield World(root=root, trust=trust, reader=reader, named=named, index=index)
    reader.close()


@pytest.fixture
def apps(world: World) -> Applications:
    """Both applications over the archive."""
    return world.apps()
