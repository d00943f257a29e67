"""What a crawl is asked to do, and what it reports: values that cross to the child."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from archive.settings import (
    Authority,
    NetworkSettings,
    SearchSettings,
    Settings,
    TokenKey,
    WitnessPeer,
)
from crawlers.crawl.proxies import ProxyChoice
from crawlers.engine.proxy import Proxy

DIRECT = ProxyChoice()
NO_SETTINGS = Settings()
END_OF_ORDERS = b"end\n"
"""Said to the child behind the last order."""
UNSTATED_VANTAGE = "unstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedTurn:
    """A turn of the schedule; it stands in the job record, so that gaps show."""

    every_s: int
    """The interval in force, seconds."""
    phase: str | None
    rechecks_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOrder:
    """One source to crawl once into one archive."""

    archive: Path
    keys_folder: Path | None
    source_id: str
    trust_folder: Path | None = None
    settings: Settings = NO_SETTINGS
    """Whom the child asks for cosignatures and time stamps."""
    passphrase: str | None = field(default=None, repr=False)
    """Of the private keys; it goes to the child's standard input and nowhere else."""
    sources_folders: tuple[Path, ...] = ()
    connect_to: tuple[str, ...] = ()
    allow_networks: tuple[str, ...] = ()
    vantage: str = UNSTATED_VANTAGE
    fresh: bool = False
    """Begin anew even where the last run was cut short."""
    via: ProxyChoice = DIRECT
    turn: OrderedTurn | None = None
    """Why it is crawled now; None where a person said so."""
    closes_only: bool = False
    """Open the archive and crawl nothing: that closes the jobs of who was ended."""

    @property
    def is_test(self) -> bool:
        """Whether the order is one of a test set-up."""
        return bool(self.connect_to or self.allow_networks)

    def as_json(self) -> dict[str, Any]:
        """The form in which the child process gets it, passwords of proxies too."""
        return {
            "archive": str(self.archive),
            "keys_folder": str(self.keys_folder) if self.keys_folder else None,
            "source_id": self.source_id,
            "trust_folder": str(self.trust_folder) if self.trust_folder else None,
            "settings": asdict(
                replace(
                    self.settings, search=SearchSettings(), network=NetworkSettings()
                )
            ),
            "passphrase": self.passphrase,
            "sources_folders": [str(folder) for folder in self.sources_folders],
            "connect_to": list(self.connect_to),
            "allow_networks": list(self.allow_networks),
            "vantage": self.vantage,
            "fresh": self.fresh,
            "proxies": [proxy.as_json() for proxy in self.via.proxies],
            "proxy": self.via.label,
            "default_proxy": self.via.default,
            "turn": asdict(self.turn) if self.turn else None,
            "closes_only": self.closes_only,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "CrawlOrder":
        """Read what `as_json` wrote."""
        keys_folder, trust_folder = values["keys_folder"], values["trust_folder"]
        return cls(
            archive=Path(values["archive"]),
            keys_folder=Path(keys_folder) if keys_folder else None,
            source_id=values["source_id"],
            trust_folder=Path(trust_folder) if trust_folder else None,
            settings=_read_settings(values["settings"]),
            passphrase=values["passphrase"],
            sources_folders=tuple(Path(name) for name in values["sources_folders"]),
            connect_to=tuple(values["connect_to"]),
            allow_networks=tuple(values["allow_networks"]),
            vantage=values["vantage"],
            fresh=values["fresh"],
            via=ProxyChoice(
                proxies=tuple(map(Proxy.from_json, values["proxies"])),
                label=values["proxy"],
                default=values["default_proxy"],
            ),
            turn=OrderedTurn(**values["turn"]) if values["turn"] else None,
            closes_only=values["closes_only"],
        )


def _read_settings(values: dict[str, Any]) -> Settings:
    """Settings as `as_json` wrote them; whoever started the child has checked them."""
    token_key = values["token_key"]
    return Settings(
        **{
            **values,
            "authorities": tuple(Authority(**peer) for peer in values["authorities"]),
            "witnesses": tuple(WitnessPeer(**peer) for peer in values["witnesses"]),
            "search": SearchSettings(),  # a crawl searches nothing
            "network": NetworkSettings(),  # the order says which proxies
            "token_key": TokenKey(**token_key) if token_key else None,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedReport:
    """How one seed ended."""

    uri: str
    state: str
    captures: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlResult:
    """A finished crawl, as its signed closing record states it."""

    source_id: str
    job_id: str
    captures: int
    failures: int
    items: int
    taken_over: int
    """Captures of an earlier, unfinished run that this one did not make again."""
    received_bytes: int
    seeds: tuple[SeedReport, ...]
    signals: dict[str, int]
    classes: dict[str, int]
    """How many captures are of each class; hops and parts have none."""
    expectations: tuple[dict[str, Any], ...]
    recheck_at: str | None = None
    """When the first address of the source is to be fetched again."""

    @property
    def was_cut(self) -> bool:
        """Whether it was stopped before its end."""
        return "stopped" in self.signals

    @property
    def is_good(self) -> bool:
        """Whether every seed was captured and nothing expected is missing."""
        return all(seed.state == "captured" for seed in self.seeds) and not any(
            result["outcome"] == "failed" for result in self.expectations
        )

    def as_json(self) -> dict[str, Any]:
        """What `evidence crawl --json` prints."""
        return {
            "source_id": self.source_id,
            "job_id": self.job_id,
            "captures": self.captures,
            "failures": self.failures,
            "items": self.items,
            "taken_over": self.taken_over,
            "received_bytes": self.received_bytes,
            "seeds": [
                {
                    "uri": seed.uri,
                    "state": seed.state,
                    "captures": list(seed.captures),
                    "reason": seed.reason,
                }
                for seed in self.seeds
            ],
            "signals": self.signals,
            "classes": self.classes,
            "expectations": list(self.expectations),
            "recheck_at": self.recheck_at,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "CrawlResult":
        """Read what `as_json` wrote."""
        seeds = tuple(
            SeedReport(
                uri=seed["uri"],
                state=seed["state"],
                captures=tuple(seed["captures"]),
                reason=seed["reason"],
            )
            for seed in values["seeds"]
        )
        rest = {k: values[k] for k in values if k not in ("seeds", "expectations")}
        return cls(**rest, seeds=seeds, expectations=tuple(values["expectations"]))
