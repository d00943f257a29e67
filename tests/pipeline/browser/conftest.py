"""A command over a new archive, a site for a browser, and pages captured once."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.store.reading.reader import ArchiveReader
from archive.warc.slice import read_records
from tests.support.capturing.page_records import CapturedPage, Records
from tests.support.programs.command import Command
from tests.support.programs.processes import family, listening
from tests.support.servers.browser_site import BrowserSite, many_parts, running_site


@pytest.fixture
def site() -> Iterator[BrowserSite]:
    with running_site() as made:
        yield made


def read_archive(archive: Path) -> Records:
    """Read all captures and pages of an archive."""
    records = Records(blocks=[], captures=[], metadata=[], pages=[])
    reader = ArchiveReader.open(archive)
    reader.catch_up()
    for capture in reader.captures():
        if capture.kind == "capture":
            recorded = reader.read_exchange(capture)
            records.blocks.append((recorded.request, recorded.response or b""))
            records.captures.append(capture)
            records.metadata.append(dict(recorded.metadata))
            continue
        with reader.open_slice(capture) as stream:
            found = {
                f"{record.header.type}:{record.header.target_uri}": record
                for record in read_records(stream, keep=lambda _header: 1 << 26)
            }
        records.pages.append((capture, found))
    reader.close()
    return records


def new_archive(new_home: Path, folder: Path) -> Command:
    """A new archive beside its keys and trust."""
    shutil.copytree(new_home, folder / "home")
    shutil.move(folder / "home" / "archive", folder / "archive")
    return Command(home=folder / "home", archive=folder / "archive")


@pytest.fixture
def evidence(new_home: Path, tmp_path: Path, chromium: Path) -> Command:
    return new_archive(new_home, tmp_path)


@pytest.fixture(scope="session")
def captured_pages(
    new_home: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Path
) -> Iterator[Callable[[str], CapturedPage]]:
    """Give the page captured over http or https, each once in a session."""
    made: dict[str, CapturedPage] = {}
    with ExitStack() as stack:

        def capture(scheme: str) -> CapturedPage:
            if scheme not in made:
                site = stack.enter_context(running_site())
                many_parts(site)
                evidence = new_archive(new_home, tmp_path_factory.mktemp(scheme))
                hosts = site.lead("page.test", "other.test")
                done = evidence.run(
                    "capture", "--page", f"{scheme}://page.test/", *hosts
                )
                made[scheme] = CapturedPage(
                    site=site,
                    evidence=evidence,
                    records=read_archive(evidence.archive),
                    done=done,
                )
            return made[scheme]

        yield capture


@pytest.fixture
def captured(
    captured_pages: Callable[[str], CapturedPage], request: pytest.FixtureRequest
) -> CapturedPage:
    """The page over http, or over the scheme that the test names as parameter."""
    return captured_pages(getattr(request, "param", "http"))


@pytest.fixture
def read() -> Callable[[Path], Records]:
    return read_archive


@pytest.fixture
def listening_of() -> Callable[[int], list[tuple[str, int]]]:
    return listening


@pytest.fixture
def family_of() -> Callable[[int], set[int]]:
    return family
