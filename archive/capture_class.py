"""The class of a capture: what its body is, as the crawl judged it; an annotation.

It stands in the closing record of its job, changes no capture, and may be made again by
better rules. Hops and parts of pages have none.
"""

from dataclasses import dataclass
from enum import StrEnum


class CaptureClass(StrEnum):
    """What came in answer to a request; the codes are stable (docs/sources.md)."""

    PAGE = "page"
    LISTING = "listing"
    FEED = "feed"
    FILE = "file"
    ROBOTS = "robots"
    GEO_BLOCK = "geo-block"
    BLOCK_PAGE = "block-page"
    CHALLENGE = "challenge"
    PAYWALL_TEASER = "paywall-teaser"
    COOKIE_WALL = "cookie-wall"
    LOGIN_WALL = "login-wall"
    SOFT_404 = "soft-404"
    PARKED = "parked"
    EMPTY = "empty"
    ERROR = "error"
    UNKNOWN = "unknown"


CONTENT_CLASSES = frozenset(
    {CaptureClass.PAGE, CaptureClass.LISTING, CaptureClass.FEED, CaptureClass.FILE}
)
"""Only these count as having seen what a source says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassNote:
    """The class of one capture, and why; as a closing record holds it."""

    capture_class: str
    """A `CaptureClass`; a later version may know more of them."""
    rule: str
    """Id of the rule that decided."""
    found: str = ""
    """The words of the body or head that the rule went by; may be empty."""
    key: str | None = None
    """Source and article that the address names, the same on every mirror."""

    @property
    def is_content(self) -> bool:
        """Whether the capture shows what its source says."""
        return self.capture_class in CONTENT_CLASSES
