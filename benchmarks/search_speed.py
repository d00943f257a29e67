"""WARC to searchable: CPU per document against the extractor alone, and a rebuild.

Real news pages of the test material go into a real archive, which is indexed with two
workers. CPU is user and system time of this process and its children; the extractor
alone runs over the same bytes in this process, before and after, and the mean counts.
A rebuild takes the extracted texts from beside the index.

usage: python benchmarks/search_speed.py [--pages 200] [--copies 1]
"""

import argparse
import gzip
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from search.extract.by_type import extract
from search.index import Indexer
from tests.support.search_archive import ArchiveBox, make_box

DEFAULT_CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
RATIO_BAR, REBUILD_BAR = 1.25, 1000.0
WORKERS = 2


def cpu() -> float:
    """CPU seconds of this process and of its ended children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def read_pages(corpus: Path, count: int) -> list[bytes]:
    """Pages of publishers, unpacked."""
    folder = corpus / "html-news" / "fundus"
    paths = sorted(folder.glob("*/*.html.gz"))[:count]
    return [gzip.decompress(path.read_bytes()) for path in paths]


def extractor_alone(pages: list[bytes]) -> float:
    """CPU seconds a page."""
    start = cpu()
    for page in pages:
        extract(page, media_type="text/html", charset="utf-8")
    return (cpu() - start) / len(pages)


def indexed(box: ArchiveBox, *, rebuild: bool) -> tuple[float, float]:
    """CPU and wall seconds of one run of the indexer."""
    reader = box.open_reader()
    try:
        started, clock = cpu(), time.monotonic()
        Indexer(reader, workers=WORKERS).run(rebuild=rebuild)
        return cpu() - started, time.monotonic() - clock
    finally:
        reader.close()


def main() -> int:
    """Print the figures; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--copies", type=int, default=1, help="addresses of each page")
    asked = parser.parse_args()
    corpus = Path(os.environ.get("CORPUS_DIR") or DEFAULT_CORPUS)
    pages = read_pages(corpus, asked.pages)
    with tempfile.TemporaryDirectory() as folder:
        box = make_box(Path(folder))
        uris = [
            (f"https://n{number}.example/{copy}", page)
            for copy in range(asked.copies)
            for number, page in enumerate(pages)
        ]
        box.capture(*(box.exchange(uri, page) for uri, page in uris))
        before = extractor_alone(pages)
        first, first_wall = indexed(box, rebuild=False)
        alone = (before + extractor_alone(pages)) / 2
        again, again_wall = indexed(box, rebuild=True)
    count = len(uris)
    ratio = first / count / alone
    rate = count / again
    size = sum(map(len, pages)) / len(pages) / 1000
    sys.stdout.write(
        f"{count} pages of {size:.0f} KB\n"
        f"extractor alone       {alone * 1000:6.1f} ms CPU a page\n"
        f"WARC to searchable    {first / count * 1000:6.1f} ms CPU a page, "
        f"ratio {ratio:.2f} (bar {RATIO_BAR}); {count / first_wall:.0f} pages/s, "
        f"{first / first_wall:.2f} cores busy\n"
        f"rebuild from texts    {again / count * 1000:6.1f} ms CPU a page, "
        f"{rate:.0f} pages per CPU second (bar {REBUILD_BAR:.0f} a second); "
        f"{count / again_wall:.0f} pages/s by the clock\n"
    )
    return 1 if ratio > RATIO_BAR or count / again_wall < REBUILD_BAR else 0


if __name__ == "__main__":
    sys.exit(main())
