"""WARC to searchable: CPU per document against the extractor alone, and a rebuild.

Real news pages of the test material go into a real archive, which is indexed with two
workers. CPU is user and system time of this process and its children; the extractor
alone runs over the same bytes in this process, before and after, and the mean counts.
A rebuild, in a process of its own as its users have it, takes what was kept beside the
index; the engine alone gets the same documents, finished and in memory, in two others
before and after it.

With --copies each page stands at so many addresses: a longer run, in which what is
loaded once and what is asked of each new word weighs less than in a real one.

usage: python benchmarks/search_speed.py [--kilobytes 145] [--copies 1] [--json]
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from archive.capture import Capture
from archive.store.reading.reader import ArchiveReader
from benchmarks.quality.figures import Figure, format_table
from search.documents.document import Document, build_document
from search.documents.parts import divide
from search.engines.tantivy_engine import TantivyEngine
from search.extract.by_type import extract
from search.indexing.extracts import ExtractCache
from search.indexing.index import Indexer
from search.indexing.intake import page_text
from tests.support.archives.search_archive import make_box

DEFAULT_CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
RATIO_BAR, REBUILD_BAR = 1.25, 1000.0
WORKERS = 2
ENGINE, REBUILD = "engine", "rebuild"


def cpu() -> float:
    """CPU seconds of this process and of its ended children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def read_pages(corpus: Path, kilobytes: float) -> list[bytes]:
    """News pages, unpacked, without the largest: so many kilobytes on average."""
    paths = sorted((corpus / "html-news").rglob("*.html.gz"))
    pages = [gzip.decompress(path.read_bytes()) for path in paths]
    small = sorted(map(len, pages))
    while sum(small) > kilobytes * 1000 * len(small):
        small.pop()
    return [page for page in pages if small and len(page) <= small[-1]]


def started(folder: Path) -> float:
    """CPU seconds of a run over one small page: what any run costs once."""
    box = make_box(folder)
    page = b"<html><title>One</title><body><p>One short page.</p></body></html>"
    box.capture(box.exchange("https://one.example/", page))
    return indexed(box.root, rebuild=False)[0]


def extractor_alone(pages: list[bytes]) -> float:
    """CPU seconds a page."""
    start = cpu()
    for page in pages:
        extract(page, media_type="text/html", charset="utf-8")
    return (cpu() - start) / len(pages)


def indexed(root: Path, *, rebuild: bool) -> tuple[float, float]:
    """CPU and wall seconds of one run of the indexer."""
    reader = ArchiveReader.open(root)
    try:
        begun, clock = cpu(), time.monotonic()
        Indexer(reader, workers=WORKERS).run(rebuild=rebuild)
        return cpu() - begun, time.monotonic() - clock
    finally:
        reader.close()


def engine_alone(root: Path) -> tuple[float, float]:
    """The same of adding all documents, as they were kept, to an empty engine."""
    reader = ArchiveReader.open(root)
    cache = ExtractCache(reader.paths.index, root)
    try:
        documents = [
            document
            for capture in reader.captures(0)
            for document in kept_documents(cache, capture)
        ]
    finally:
        cache.close()
        reader.close()
    with tempfile.TemporaryDirectory() as folder:
        engine = TantivyEngine(Path(folder), writable=True, bulk=True)
        begun, clock = cpu(), time.monotonic()
        engine.add(documents)
        engine.commit()
        engine.close()
        return cpu() - begun, time.monotonic() - clock


def apart(what: str, root: Path) -> tuple[float, float]:
    """CPU and wall seconds of a rebuild or of the engine, in a process of its own."""
    done = subprocess.run(  # noqa: S603  this file
        [sys.executable, __file__, "--apart", what, str(root)],
        check=True,
        stdout=subprocess.PIPE,
    )
    seconds, wall = json.loads(done.stdout)
    return seconds, wall


def kept_documents(cache: ExtractCache, capture: Capture) -> list[Document]:
    """The documents of a capture as a rebuild hands them to its engine."""
    kept = cache.find(capture.capture_id)
    if kept is None or kept.analysed is None:
        return []
    page = replace(page_text(kept.made), compressed=kept.compressed)
    divided = divide(page, kept.made.parts) if kept.made.parts else None
    pages = divided.pages if divided else (page,)
    return [
        build_document("", capture, one, analysed)
        for one, analysed in zip(pages, kept.analysed, strict=True)
    ]


def measure(corpus: Path, kilobytes: float, copies: int) -> list[Figure]:
    """Index the pages, and make the index anew; figures beside their bars."""
    pages = read_pages(corpus, kilobytes)
    with tempfile.TemporaryDirectory() as folder:
        box = make_box(Path(folder) / "all")
        uris = [
            (f"https://n{number}.example/{copy}", page)
            for copy in range(copies)
            for number, page in enumerate(pages)
        ]
        box.capture(*(box.exchange(uri, page) for uri, page in uris))
        before = extractor_alone(pages)
        once = started(Path(folder) / "one")
        first, first_wall = indexed(box.root, rebuild=False)
        alone = (before + extractor_alone(pages)) / 2
        engine, _ = apart(ENGINE, box.root)
        again, again_wall = apart(REBUILD, box.root)
        engine = (engine + apart(ENGINE, box.root)[0]) / 2
    count = len(uris)
    size = sum(map(len, pages)) / len(pages) / 1000
    return [
        _figure("pages", count, note=f"{len(pages)} real ones, {size:.0f} KB each"),
        _figure("extractor alone, ms CPU a page", alone * 1000),
        _figure("WARC to searchable, ms CPU a page", first / count * 1000),
        _figure(
            "the same against the extractor alone",
            first / count / alone,
            bar=RATIO_BAR,
            at_most=True,
        ),
        _figure("what a run costs once, ms CPU", once * 1000, note="of one small page"),
        _figure("the ratio without it", (first - once) / count / alone),
        _figure("WARC to searchable, pages a second", count / first_wall),
        _figure("the same, cores busy", first / first_wall, note=f"{WORKERS} workers"),
        _figure("rebuild, ms CPU a page", again / count * 1000),
        _figure("rebuild against its engine alone", again / engine),
        _figure("rebuild, pages a CPU second", count / again),
        _figure("rebuild, pages a second", count / again_wall, bar=REBUILD_BAR),
    ]


def _figure(
    name: str,
    value: float,
    *,
    bar: float | None = None,
    at_most: bool = False,
    note: str = "",
) -> Figure:
    return Figure(
        part="speed", name=name, value=value, bar=bar, at_most=at_most, note=note
    )


def main() -> int:
    """Print the figures; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kilobytes", type=float, default=145, help="of a page, mean")
    parser.add_argument("--copies", type=int, default=1, help="addresses of each page")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.add_argument("--apart", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.apart:
        what, root = asked.apart
        known = Path(root)
        done = engine_alone(known) if what == ENGINE else indexed(known, rebuild=True)
        sys.stdout.write(json.dumps(done) + "\n")
        return 0
    corpus = Path(os.environ.get("CORPUS_DIR") or DEFAULT_CORPUS)
    figures = measure(corpus, asked.kilobytes, asked.copies)
    if asked.json:
        sys.stdout.write(json.dumps([asdict(figure) for figure in figures]) + "\n")
    else:
        sys.stdout.write(format_table(figures))
    return 1 if any(figure.reached is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
