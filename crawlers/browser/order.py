"""What the browser process is asked to do, and what it reports: values, as JSON."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

VIEWPORT_WIDTH = 1280
"""CSS pixels: the narrowest desktop layout most sites design for."""
VIEWPORT_HEIGHT = 1024
ARTIFACT_BYTES = 64 << 20
"""One picture, PDF, DOM or text of a page, 64 MiB; a larger one is left out."""

DOWNLOAD = "download"
"""Note of a page that is none: the address led to a file, which was captured."""

VIEW, PDF, DOM, TEXT = "view", "pdf", "dom", "text"
ARTIFACTS = {
    VIEW: ("view.png", "image/png"),
    PDF: ("page.pdf", "application/pdf"),
    DOM: ("dom.html", "text/html; charset=utf-8"),
    TEXT: ("text.txt", "text/plain; charset=utf-8"),
}
"""What is kept of a rendered page: file name and media type, in order of records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Files of one page: the program, and a folder that lives as long as the page."""

    program: str
    folder: str
    """Home, profile and results of this run; nothing of it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAccess:
    """How one browser run reaches the loopback proxy; good for that run alone."""

    port: int
    user: str
    password: str
    pin: str
    """Public key of the loopback certificate."""
    greeting: str
    """An address that the proxy itself answers: there the browser shows the password
    once, so that nothing has to be intercepted afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOrder:
    """One page to render."""

    url: str
    paths: Paths
    access: ProxyAccess
    user_agent: str
    accept_language: str
    sandbox: bool

    def as_json(self) -> dict[str, Any]:
        """The form in which the browser process gets it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "PageOrder":
        """Read what `as_json` wrote."""
        paths, access = Paths(**values["paths"]), ProxyAccess(**values["access"])
        return cls(**{**values, "paths": paths, "access": access})


@dataclass(slots=True, kw_only=True)
class PageFacts:
    """How a page came out; filled while it is rendered, then handed over."""

    document: str | None = None
    """Address of the document that was shown last, without fragment; None: none."""
    problem: str = ""
    """Why there is no page, or not a whole one: one line."""
    browser: str = ""
    """Name and version, as the browser gives them."""
    title: str = ""
    load: str = "not-reached"
    """`idle`: nothing was left to load; `busy`: still loading when time was up."""
    notes: list[str] = field(default_factory=list)
    """Codes of what is missing or cut: `view-clipped`, `pdf-failed`."""
    console: list[dict[str, str]] = field(default_factory=list)
    page_width: int = 0
    page_height: int = 0
    """CSS pixels of the whole page, as shown in the picture."""

    def as_json(self) -> dict[str, Any]:
        """The form in which the browser process reports it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "PageFacts":
        """Read what `as_json` wrote."""
        return cls(**values)


def artifact_path(folder: str, name: str) -> Path:
    """Where a result lies while the page is being captured."""
    return Path(folder) / ARTIFACTS[name][0]
