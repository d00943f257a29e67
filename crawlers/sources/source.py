"""Values of one registry entry: who publishes, where, what may be fetched, how much.

Plain data, made by `registry.py` from one TOML file and read everywhere else.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from crawlers.sources.seeds import Seed
from crawlers.sources.timing import Schedule

DEFAULT_USER_AGENT = "Mozilla/5.0 (compatible)"
"""Names neither product nor operator nor machine."""
DEFAULT_ACCEPT_LANGUAGE = "be,ru;q=0.9,en;q=0.8"
SECOND_USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
)
"""What a common browser says; names nobody either."""
SECOND_ACCEPT_LANGUAGE = "en-US,en;q=0.8"


class SourceGroup(StrEnum):
    """Which kind of voice a source is."""

    OFFICIAL = "official"
    INDEPENDENT = "independent"
    OBSERVER = "observer"
    INTERNATIONAL = "international"
    COPY = "copy"


class Confidence(StrEnum):
    """How its address shapes are known."""

    VERIFIED = "verified"
    SEEN = "seen"
    RECALLED = "recalled"
    SEED = "seed"


class HostRole(StrEnum):
    """What a host is to its source."""

    MAIN = "main"
    LANGUAGE = "language"
    OLD = "old"
    MIRROR = "mirror"
    PREVIEW = "preview"
    ONION = "onion"
    FEED = "feed"
    CHANNEL = "channel"


class PartsMode(StrEnum):
    """How a page's parts are captured with it."""

    NONE = "none"
    STATIC = "static"
    BROWSER = "browser"


class ScopeAction(StrEnum):
    """What a scope rule allows."""

    FOLLOW = "follow"
    """Fetch it and follow the links it names."""
    FETCH = "fetch"
    """Fetch it, follow nothing."""
    IGNORE = "ignore"
    """Known and not wanted: no signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One name under which the source publishes."""

    name: str
    """A-label, lower case, without `www.` and trailing dot."""
    role: HostRole
    known: str
    """How it is known."""
    since: date | None = None
    until: date | None = None
    path: str | None = None
    """Path prefix where several sources share a host (`/s/NAME` of t.me)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRule:
    """One rule; a pattern matches the whole path or the whole query."""

    host: str | None
    """None = each host of the source."""
    path: re.Pattern[str] | None
    query: re.Pattern[str] | None
    action: ScopeAction

    @property
    def name(self) -> str:
        """How signals and records call the rule."""
        path = self.path.pattern if self.path else "*"
        query = f"?{self.query.pattern}" if self.query else ""
        return f"{self.action} {self.host or '*'} {path}{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one run; the defaults fit a small outlet."""

    requests: int = 2_000
    """Requests per run, parts and robots.txt included."""
    bytes: int = 2 << 30
    """Bytes received per run."""
    host_requests: int | None = None
    """Requests per run to one host; None = as many as the run may make."""
    host_bytes: int | None = None
    """Bytes received per run from one host; None = as many as the run may take."""
    day_bytes: int | None = None
    """Bytes stored of the source within 24 hours, all runs together."""
    depth: int = 3
    minutes: int = 60
    file_bytes: int = 64 << 20
    """Bytes of one response; longer ones are cut and marked."""
    path_repetition: int = 3
    """A path segment occurring this often is a crawler trap."""
    delay_ms: int = 500
    """Between two requests to one host."""
    concurrency: int = 2
    """Requests at a time to one host."""
    ports: tuple[int, ...] = ()
    """Allowed besides 80 and 443."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRules:
    """How the source is spoken to."""

    tls: str = "record"
    """`record` = capture bad certificates and flag them, `require` = refuse them."""
    robots: str = "obey"
    robots_reason: str | None = None
    """Why robots.txt is ignored: required then, and signed in the job record."""
    user_agent: str = DEFAULT_USER_AGENT
    accept_language: str = DEFAULT_ACCEPT_LANGUAGE
    cookies: str = "off"
    """`off`, or `run`: kept in memory for one run and sent back, never stored."""
    proxy: str | None = None
    """Label of the proxy that every request goes through; None = directly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondProfile:
    """As whom a sample of pages is asked for again, to see what others are shown."""

    percent: int = 0
    """Of the pages of a run; seeds with `vary` are always asked for again."""
    user_agent: str = SECOND_USER_AGENT
    accept_language: str = SECOND_ACCEPT_LANGUAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRule:
    """How an address says which article it is, whatever the host."""

    path: re.Pattern[str]
    """Matches the whole folded path; its named parts fill the key."""
    query: re.Pattern[str] | None
    """Matches the whole query; None = any query, which then says nothing."""
    host: str | None
    """None = each host of the source."""
    key: str
    """`{id}` or `{lang}/{slug}`: the article's key within the source."""
    fold_case: bool
    """Whether letter case means nothing in these addresses."""
    examples: tuple[tuple[str, str], ...]
    """Address and key; checked when the file is read."""

    @property
    def name(self) -> str:
        """How records call the rule."""
        query = f"?{self.query.pattern}" if self.query else ""
        return f"{self.host or '*'} {self.path.pattern}{query} -> {self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRule:
    """What a body that is not the page looks like; all that is stated must fit.

    Patterns look anywhere and take no notice of letter case.
    """

    name: str
    """How records call the rule: its id, or `source:` and what it looks for."""
    capture_class: str
    """One of `archive/capture_class.py`."""
    statuses: tuple[int, ...] = ()
    address: re.Pattern[str] | None = None
    """In the address that answered."""
    moved: bool = False
    """Another path answered than was asked for."""
    title: re.Pattern[str] | None = None
    """In the title or first headings."""
    phrase: re.Pattern[str] | None = None
    """In the visible text."""
    markup: re.Pattern[str] | None = None
    """In scripts and in the addresses of scripts, frames and forms."""
    selector: str | None = None
    """CSS selector that finds something."""
    unfree: bool = False
    """The page says itself that it is not free to read."""
    password: bool = False
    """There is a field for a password."""
    text_max: int | None = None
    """Most characters of visible text."""
    prose_max: int | None = None
    """Most characters in paragraphs of prose."""

    @property
    def looks_inside(self) -> bool:
        """Whether the rule needs the body's signs."""
        inner = (self.title, self.phrase, self.markup, self.selector)
        bounds = (self.text_max, self.prose_max)
        return (
            any(part is not None for part in (*inner, *bounds))
            or self.unfree
            or self.password
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """How much one run is expected to bring; None = nothing is expected.

    Below a minimum the run has failed, above a maximum it is warned of.
    """

    items_min: int | None = None
    items_max: int | None = None
    new_min: int | None = None
    """Items that the archive did not hold before."""
    new_max: int | None = None
    captures_min: int | None = None
    captures_max: int | None = None
    pages_min: int | None = None
    """Captures that hold what was asked for, by their class."""
    not_page_percent_max: int | None = None
    """Of the answers that a page was expected of."""
    changed_percent_min: int | None = None
    """Of the addresses captured before."""
    changed_percent_max: int | None = None
    fresh_hours: int | None = None
    """The newest date that a list or feed states is at most this old."""
    failures_max: int | None = None
    bytes_min: int | None = None
    bytes_max: int | None = None
    languages: Mapping[str, int] = field(default_factory=dict)
    """Least pages by language, as the part `lang` of an identity rule names it."""

    @property
    def has_minimum(self) -> bool:
        """Whether a run that brings nothing has failed."""
        return bool(self.items_min or self.pages_min)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """Whether what it publishes endangers persons."""

    restricted: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One outlet or office, whatever its hosts are called today."""

    id: str
    title: str
    publisher: str
    group: SourceGroup
    jurisdiction: str
    """ISO 3166 code, or `INT`."""
    languages: tuple[str, ...]
    confidence: Confidence
    timezone: str
    parts: PartsMode
    hosts: tuple[Host, ...]
    seeds: tuple[Seed, ...]
    scope: tuple[ScopeRule, ...]
    identity: tuple[IdentityRule, ...]
    classes: tuple[ClassRule, ...]
    schedule: Schedule
    limits: Limits
    network: NetworkRules
    expect: Expectations
    sensitivity: Sensitivity
    second: SecondProfile = SecondProfile()
