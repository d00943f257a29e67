"""A selector that comes to no end on a page: ended, stated, others go on."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.attest.records.job import JobClosing
from archive.errors import FetchFailed
from archive.store.reading.reader import ArchiveReader
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from crawlers.crawl import process, run, silence
from crawlers.crawl.order import CrawlOrder
from crawlers.crawl.seam.middleware import NOT_READ_AGAIN
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.capturing.sources import ALL_FOLLOWED, host_tables, seed_table
from tests.support.servers.crawl_site import Site

DEEP = " ".join(["div"] * 8)
ENDLESS = f'item = "div:has({DEEP}) div:has({DEEP}) div:has({DEEP})"'
"""Each `div` is compared with all others, thrice: with less it ended in 40 seconds."""
PAGE = "<div>" * 240 + "x"


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats come every two seconds; starting takes one, or ten on a crowded machine."""
    monkeypatch.setattr(silence, "STUCK_SECONDS", 20.0)


def last_closing(made: MadeArchive, source_id: str) -> JobClosing:
    reader = ArchiveReader.open(made.root)
    try:
        last = reader.jobs.last(source_id)
    finally:
        reader.close()
    assert last is not None
    return last[1]


@pytest.mark.slow
def test_a_selector_without_end_costs_its_own_crawl_and_no_other(
    made: MadeArchive, site: Site, sources: Callable[..., Path]
) -> None:
    site.serve("/deep", PAGE)
    site.serve("/plain", "<li><a href=/plain>plain</a></li>")
    deep = seed_table("http://a.example/deep", "listing", ENDLESS)
    plain = seed_table("http://a.example/plain", "listing", 'item = "li"')
    sources("endless", 'parts = "none"', host_tables(), deep, ALL_FOLLOWED)
    folder = sources("other", 'parts = "none"', host_tables(), plain, ALL_FOLLOWED)
    for name in ("endless", "other"):
        file = folder / f"{name}.toml"
        file.write_text(file.read_text().replace('"a.example"', f'"{name}.example"'))
        file.write_text(file.read_text().replace("//a.example", f"//{name}.example"))

    def order(source_id: str) -> CrawlOrder:
        return CrawlOrder(
            archive=made.root,
            keys_folder=made.keys_folder,
            trust_folder=made.trust_folder,
            source_id=source_id,
            sources_folders=(folder,),
            connect_to=(f"{source_id}.example:80=127.0.0.1:{site.port}",),
        )

    with pytest.raises(FetchFailed, match="crawl of endless gave no sign of life"):
        run.run_crawl(order("endless"))
    assert run.run_crawl(order("other")).is_good
    closing = last_closing(made, "endless")
    assert closing.signals == {"killed": 1, "stuck": 1}
    (outcome,) = closing.outcomes
    assert outcome.state == "captured", "it hung behind the capture"
    with pytest.raises(FetchFailed):  # it is gone on with, and hangs there again
        run.run_crawl(order("endless"))
    assert run.run_crawl(order("endless")).signals == {NOT_READ_AGAIN: 1}
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED


@pytest.mark.slow
def test_a_child_that_was_stopped_for_good_is_ended(
    made: MadeArchive, site: Site, sources: Callable[..., Path]
) -> None:
    seed = seed_table("http://a.example/slow", "page")
    folder = sources("outlet", 'parts = "none"', host_tables(), seed, ALL_FOLLOWED)
    order = CrawlOrder(
        archive=made.root,
        keys_folder=made.keys_folder,
        trust_folder=made.trust_folder,
        source_id="outlet",
        sources_folders=(folder,),
        connect_to=(f"a.example:80=127.0.0.1:{site.port}",),
    )
    with process.CrewProcess() as child:
        child.send(order)
        deadline = time.monotonic() + 60
        while "/slow" not in site.asked and time.monotonic() < deadline:
            if child.wait_answer(0.1):
                child.take()
        threading.Timer(12.0, site.gate.set).start()
        began = time.monotonic()
        while time.monotonic() - began < 10:
            heard = child.wait_answer(0.5)
            if heard:
                child.take()
            assert not child.is_stuck(heard=heard), (
                "it waits for a slow site, and beats"
            )
        os.kill(child.pid, signal.SIGSTOP)
        while not child.is_stuck(heard=child.wait_answer(0.5) and bool(child.take())):
            assert time.monotonic() - began < 60
        child.end_stuck(made.root)
        while child.take() is not None:
            pass
        assert child.wait() == -signal.SIGKILL
