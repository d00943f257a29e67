"""Whether a source counts: what is known of its addresses, or what its runs proved."""

from dataclasses import dataclass
from datetime import datetime

from crawlers.sources.lookalike import skeleton
from crawlers.sources.source import Confidence, HostRole, Source

KNOWN_WELL = frozenset({Confidence.VERIFIED, Confidence.SEEN})
MET = "met"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """How a run of the source ended, as its closing record says."""

    closed_at: datetime
    seeds_captured: bool
    outcomes: tuple[str, ...]
    """Of its expectations."""

    @property
    def is_good(self) -> bool:
        """Whether it proves the source: everything promised came, nothing failed."""
        return (
            self.seeds_captured
            and MET in self.outcomes
            and ("failed" not in self.outcomes)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a source may be relied on for."""

    source: Source
    proved_at: datetime | None
    """When a run last met its expectations; None = none did, or nobody knows."""
    notes: tuple[str, ...]

    @property
    def is_verified(self) -> bool:
        """Whether its addresses were seen on pages."""
        return self.source.confidence is Confidence.VERIFIED

    @property
    def counts(self) -> bool:
        """A source from memory counts once a run met its expectations."""
        return self.source.confidence in KNOWN_WELL or self.proved_at is not None

    @property
    def words(self) -> str:
        """For a table."""
        if self.proved_at is not None:
            return f"proved {self.proved_at:%Y-%m-%d}"
        return "yes" if self.counts else "must prove itself"


def judge_standing(source: Source, run: LastRun | None) -> Standing:
    """Judge one source by its file and its best run so far."""
    proved_at = run.closed_at if run is not None and run.is_good else None
    return Standing(
        source=source, proved_at=proved_at, notes=tuple(_notes(source, run))
    )


def _notes(source: Source, run: LastRun | None) -> list[str]:
    notes = []
    if run is not None and not run.is_good:
        notes.append(f"last run failed, {run.closed_at:%Y-%m-%d}")
    if source.network.robots == "ignore":
        notes.append(f"ignores robots.txt: {source.network.robots_reason}")
    if _has_onion(source) and source.network.proxy is None:
        notes.append("its onion host needs a proxy that leads into Tor")
    count = len(resembling_hosts(source))
    if count:
        notes.append(f"{count} of its hosts are spelt to resemble another")
    if source.sensitivity.restricted:
        notes.append("restricted")
    return notes


def _has_onion(source: Source) -> bool:
    return any(host.role is HostRole.ONION for host in source.hosts)


def resembling_hosts(source: Source) -> list[str]:
    """Own hosts that resemble a main one and are spelt otherwise: zerka1o-web.ink."""
    mains = [host for host in source.hosts if host.role is HostRole.MAIN]
    found = []
    for host in source.hosts:
        stems = [main.name.partition(".")[0] for main in mains]
        spelt = any(stem in host.name for stem in stems)
        seen = any(skeleton(stem) in skeleton(host.name) for stem in stems)
        if seen and not spelt:
            found.append(host.name)
    return found
