"""The demonstration itself: make an archive, visit the sites twice, look at the result.

The archive is made beside its place and renamed when it is whole: what lies at its
place is complete. Keys and trust lie in folders of their own, never in the archive.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from archive.attest.trust.folder import read_trust
from archive.cli.root import CommandContext
from archive.errors import ArchiveExists, CaptureError, VerificationError
from archive.store.create import CreateRequest, create_archive
from archive.store.layout import read_identity
from archive.store.reading.reader import ArchiveReader
from archive.verify.policy import Wishes
from archive.verify.reporting.report import Outcome, Report
from archive.verify.whole.folder import verify_archive
from archive.version import SOFTWARE
from crawlers.crawl.order import CrawlOrder, CrawlResult
from crawlers.crawl.run import run_crawl
from crawlers.demo.cases import REFUSING, CaseResult, check_cases
from crawlers.demo.content import VISITS, DemoSites
from crawlers.demo.fidelity import Fidelity, compare_bytes
from crawlers.demo.server import LOOPBACK, DemoServer

DEMO_NAME = "Demonstration"
"""`name` of its archive; nothing else is ever reused or cleared away."""
SOURCES_FOLDER = Path(__file__).parent / "sources"
SOURCE_IDS = ("demo-commission", "demo-outlet", "demo-observers")
HTTP_PORT = 80
"""The port in every address of the sites; the connection goes elsewhere."""
VANTAGE = "demonstration on loopback"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlaces:
    """Where archive, trust and keys of the demonstration are."""

    archive: Path

    @property
    def draft(self) -> Path:
        """Where the archive is made."""
        return self.archive.with_name(f".{self.archive.name}.unfinished")

    @property
    def trust(self) -> Path:
        """Whom a reader of the demonstration believes."""
        return self.archive.with_name(f"{self.archive.name}-trust")

    def keys(self, archive_id: str) -> Path:
        """The private keys of one archive."""
        return self.archive.with_name(f"{self.archive.name}-keys") / archive_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """What the visits brought, before anything is indexed."""

    results: tuple[CrawlResult, ...]
    fidelity: Fidelity


def place_context(context: CommandContext, places: DemoPlaces) -> CommandContext:
    """The context of every verb that works on the finished demonstration."""
    return _contextualise(context, places, places.archive)


def is_finished(places: DemoPlaces) -> bool:
    """Whether there is a demonstration already; anything else there is refused."""
    root = places.archive
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    _refuse_foreign(root)
    return True


def begin_archive(context: CommandContext, places: DemoPlaces) -> CommandContext:
    """Create the archive at the draft's place; an interrupted draft is cleared away."""
    if places.draft.exists():
        _refuse_foreign(places.draft)
        shutil.rmtree(places.draft)
    create_archive(
        CreateRequest(
            root=places.draft,
            name=DEMO_NAME,
            keys_folder=places.keys,
            trust_folder=places.trust,
            software=SOFTWARE,
            clock=context.clock,
            random_bytes=context.random_bytes,
        )
    )
    return _contextualise(context, places, places.draft)


def visit_twice(context: CommandContext, say: Say) -> Visited:
    """Serve the sites, crawl every source on both visits, compare the bytes."""
    results = []
    with DemoServer(DemoSites()) as server:
        for visit in VISITS:
            server.visit = visit
            for source_id in SOURCE_IDS:
                results.append(run_crawl(_order(context, source_id, server)))
                say(
                    f"visit {visit}: {source_id:<16}"
                    f" {results[-1].captures:>3} captures,"
                    f" {results[-1].failures} of them failed attempts"
                )
    reader = ArchiveReader.open(context.archive)
    try:
        fidelity = compare_bytes(reader, server.log)
    finally:
        reader.close()
    return Visited(results=tuple(results), fidelity=fidelity)


def finish_archive(context: CommandContext, places: DemoPlaces) -> CommandContext:
    """Move the whole archive to its place."""
    context.archive.rename(places.archive)
    return replace(context, archive=places.archive)


def check_archive(context: CommandContext) -> tuple[Report, tuple[CaseResult, ...]]:
    """Verify the archive against its trust folder, and the table of cases."""
    identity = read_identity(context.archive)
    trust = read_trust(context.trust(), identity.origin)
    report = verify_archive(
        context.archive, trust=trust, wishes=Wishes(now=context.clock())
    )
    reader = ArchiveReader.open(context.archive)
    try:
        return report, check_cases(reader)
    finally:
        reader.close()


def raise_if_poor(report: Report, cases: tuple[CaseResult, ...]) -> None:
    """VerificationError or CaptureError naming what is not as it must be."""
    if report.outcome is not Outcome.VERIFIED:
        raise VerificationError(
            f"the demonstration is {report.outcome}, not VERIFIED; remove its folder"
            " and run `evidence demo` again"
        )
    missing = [case for case in cases if case.problem is not None]
    if missing:
        lines = "; ".join(f"{c.title} ({c.uri}): {c.problem}" for c in missing)
        raise CaptureError(
            f"{len(missing)} planned cases did not come out as planned: {lines}."
            " Remove the demonstration's folder and run `evidence demo` again"
        )


def _contextualise(
    context: CommandContext, places: DemoPlaces, root: Path
) -> CommandContext:
    return replace(
        context,
        archive=root,
        keys_folder=places.keys(read_identity(root).archive_id),
        trust_folder=places.trust,
    )


def _refuse_foreign(root: Path) -> None:
    """Only an archive that this command made is used or cleared away."""
    if read_identity(root).name != DEMO_NAME:
        raise ArchiveExists(
            f"{root} holds another archive, which the demonstration does not touch;"
            " give a new folder with --archive"
        )


def _order(context: CommandContext, source_id: str, server: DemoServer) -> CrawlOrder:
    refusing_host = REFUSING.split("/")[2]
    redirections = [
        f"{host}:{HTTP_PORT}={LOOPBACK}:{server.port}" for host in server.hosts
    ]
    redirections.append(
        f"{refusing_host}:{HTTP_PORT}={LOOPBACK}:{server.refusing_port}"
    )
    return CrawlOrder(
        archive=context.archive,
        keys_folder=context.keys_folder,
        trust_folder=context.trust_folder,
        settings=context.settings,
        passphrase=context.secret.text(),
        source_id=source_id,
        sources_folders=(SOURCES_FOLDER,),
        connect_to=tuple(redirections),
        vantage=VANTAGE,
    )
