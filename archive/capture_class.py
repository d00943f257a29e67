"""The closed list of capture classes: what a response body is, judged by its signs."""

from enum import StrEnum


class CaptureClass(StrEnum):
    """What came in answer to a request; codes are stable (docs/sources.md)."""

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
