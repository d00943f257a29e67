"""Small archives whose checkpoints are stamped by authorities in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from archive.attest.trust.folder import read_trust, trust_path
from archive.attest.trust.trustset import TrustSet, format_trust
from archive.capture import Capture
from archive.settings import Authority
from archive.stamping.service import StampingService, StampingTools
from archive.store.writing.settings import WriterSettings
from archive.store.writing.writer import ArchiveWriter
from archive.verify.policy import Wishes
from archive.verify.reporting.report import Outcome, Report
from archive.verify.whole.folder import verify_archive
from archive.warc.member import Effort
from tests.support.archives.archives import SOFTWARE, MadeArchive, fill, make_archive
from tests.support.judging.sound import assert_sound
from tests.support.servers.authorities import ServedAuthority, serve_memory


@dataclass(kw_only=True)
class StampedArchive:
    """An archive and the authorities it asks."""

    made: MadeArchive
    authorities: tuple[ServedAuthority, ...]
    told: list[str]

    @property
    def anchors(self) -> Path:
        """Where the tokens lie."""
        return self.made.root / "anchors"

    def sizes(self) -> list[int]:
        """Which checkpoints were stamped."""
        return sorted(int(path.name) for path in self.anchors.iterdir())

    def trust(self, quorum: int | None = None) -> TrustSet:
        """The maker's trust, with the roots of the authorities and a quorum."""
        trust = read_trust(self.made.trust_folder, self.made.identity.origin)
        assert trust is not None
        if quorum is None:
            quorum = len(self.authorities)
        roots = tuple(served.root_pem for served in self.authorities)
        return replace(trust, authorities=roots, token_quorum=quorum)

    def judge(self, trust: TrustSet | None = None, **wishes: Any) -> Report:
        """What a reader with the authorities' roots finds, at the time of its clock."""
        return assert_sound(
            verify_archive(
                self.made.root,
                trust=trust or self.trust(),
                wishes=Wishes(**{"now": self.made.clock.now, **wishes}),
            )
        )

    def write_trust(self, quorum: int | None = None) -> None:
        """Put that trust into the maker's folder."""
        path = trust_path(self.made.trust_folder, self.made.identity.origin)
        for name, data in format_trust(self.trust(quorum)).items():
            (path / name).write_bytes(data)

    def service(self, every: timedelta = timedelta(minutes=5)) -> StampingService:
        """What stamps, as the command makes it."""
        tools = StampingTools(
            authorities=tuple(
                Authority(name=f"authority-{number}", url=served.url)
                for number, served in enumerate(self.authorities, start=1)
            ),
            roots=tuple(served.root_pem for served in self.authorities),
            clock=self.made.clock,
            random_bytes=self.made.random_bytes,
            tell=self.told.append,
        )
        return StampingService(tools, every=every)

    @contextmanager
    def writer(
        self, every: timedelta = timedelta(minutes=5)
    ) -> Iterator[ArchiveWriter]:
        """Open the archive for writing, with the stamping beside it."""
        with ArchiveWriter.open(
            self.made.root,
            keys=self.made.keys(),
            clock=self.made.clock,
            random_bytes=self.made.random_bytes,
            settings=WriterSettings(
                software=SOFTWARE,
                effort=Effort.STORED,
                services=(self.service(every),),
                tell=self.told.append,
            ),
        ) as writer:
            yield writer

    def fill(self, count: int) -> Sequence[Capture]:
        """One job of small captures, stamped when it closes."""
        with self.writer() as writer:
            return fill(writer, self.made, count)


@contextmanager
def make_stamped(
    folder: Path, *titles: str, fills: int = 0
) -> Iterator[StampedArchive]:
    """An archive below `folder` with so many jobs of one capture, each stamped."""
    made = make_archive(folder)
    with serve_memory(made.clock, *(titles or ("First", "Second"))) as served:
        stamped = StampedArchive(made=made, authorities=served, told=[])
        for _ in range(fills):
            stamped.fill(1)
        yield stamped


def not_verified(report: Report) -> set[str]:
    """Step, code and outcome of what is not good, witnesses and earlier heads aside."""
    return {
        f"{finding.step} {finding.code}"
        + (" NOT CHECKED" if finding.outcome is Outcome.NOT_CHECKED else "")
        for finding in report.findings
        if finding.outcome is not Outcome.VERIFIED
    } - {"9 witnesses-none NOT CHECKED", "14 last-seen-none NOT CHECKED"}


def count(report: Report, code: str) -> int:
    """How many subjects a code has, those that are not listed one by one too."""
    found = [finding for finding in report.findings if finding.code == code]
    more = [
        int(finding.parameters["count"])
        for finding in report.findings
        if finding.code == "more" and found and finding.step == found[0].step
    ]
    return len(found) + sum(more)
