"""Where a run begins, and how each kind of spider finds its way from there.

Everything peculiar to one site is said here, in its file: a new source needs no code.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class SpiderKind(StrEnum):
    """Ways of following links."""

    PAGE = "page"
    """One address, watched for itself."""
    LISTING = "listing"
    """Pages of links, with a link to the next page."""
    ARCHIVE = "archive"
    """Pages of links whose addresses count pages or days."""
    FEED = "feed"
    """RSS, Atom or JSON Feed."""
    SITEMAP = "sitemap"
    CHANNEL = "channel"
    """The public preview of a messenger channel."""
    FILES = "files"
    """A page whose documents change address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRules:
    """Where the items of a listing page are; CSS selectors."""

    item: str
    link: str | None = None
    """Within the item: whose `href` is the article; None = item or its first link."""
    title: str | None = None
    """Within the item; None = the text of the link."""
    date: str | None = None
    """Within the item; None = items of this list carry no date."""
    next: str | None = None
    """The element whose `href` is the next page of the list."""
    pages: int = 1
    """How many pages of the list are read in one run."""
    article: re.Pattern[str] | None = None
    """What the path of an article looks like; anything else is a signal."""
    paragraphs: bool = False
    """The items are paragraphs without links of their own: counted, not followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveRules:
    """An archive whose addresses are made from a page number, a day, or both.

    Its pages are read as a listing; `{page}`, `{year}`, `{month}`, `{day}` (and
    `{month2}`, `{day2}` with two digits) in `url` are filled in.
    """

    url: str
    listing: ListingRules
    first: int = 1
    """Number of the newest page."""
    pages: int = 1
    """Pages of one day, or of the archive, read in one run."""
    days: int = 0
    """Days back from today, in the source's time zone; 0 = addresses carry no day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRules:
    """What is done with the entries of a feed."""

    article: re.Pattern[str] | None = None
    """What the path of an article looks like; anything else is a signal."""
    fetch: bool = True
    """Whether the articles are captured, or the feed alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapRules:
    """Which addresses of a sitemap are wanted."""

    article: re.Pattern[str] | None = None
    """Paths wanted; the others are counted under `entry-not-article`."""
    sitemap: re.Pattern[str] | None = None
    """Paths of nested sitemaps that are read; None = all."""
    newest: int = 1_000
    """Most articles of one run, the newest `lastmod` first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """Where the posts of a channel preview are; CSS selectors and attributes.

    The defaults are those of public previews at t.me.
    """

    post: str = ".tgme_widget_message[data-post]"
    id: str = "data-post"
    """Attribute of the post that ends in its number."""
    text: str = ".tgme_widget_message_text"
    time: str = "time[datetime]"
    document: str = ".tgme_widget_message_document_title"
    media: str = ".tgme_widget_message_photo_wrap, .tgme_widget_message_video"
    before: str = "before"
    """Query parameter that asks for older posts."""
    pages: int = 1
    """How many pages of posts are read in one run."""
    follow: str | None = None
    """Within a post: links to follow; None = the posts alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRules:
    """Which links of a page are its documents, wherever they lie today."""

    link: str
    """CSS selector of the links."""
    path: re.Pattern[str]
    """What the path of a document looks like, whatever its name."""
    least: int = 1
    """Documents the page has at least; fewer is a signal."""


SeedRules = (
    ListingRules | ArchiveRules | FeedRules | SitemapRules | ChannelRules | FilesRules
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """An address each run begins with."""

    url: str
    spider: SpiderKind
    rules: SeedRules | None = None
    """None for a page."""
    vary: bool = False
    """Always ask for it under the second profile, too."""

    @property
    def listing(self) -> ListingRules | None:
        """The rules of a listing; None for other kinds."""
        return self.rules if isinstance(self.rules, ListingRules) else None

    @property
    def pages(self) -> int:
        """How many pages of the same list one run may go through."""
        return getattr(self.rules, "pages", 1)
