"""Whether a host answers every address alike: asked once, with an address made up.

Only where two different articles of a host showed the same text is such an address
tried: no server sees a request that had no cause.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit, urlunsplit

from archive.capture_class import CaptureClass, ClassNote

SAME_TEXT = "same-as-made-up-address"
NAME_LETTERS = 16
LEAST_CHARACTERS = 20
"""Of a text that says enough for two pages not to share it by chance."""
TEXTS = 20_000
"""Texts of one run that are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPage:
    """A capture that was taken for a page."""

    capture_id: str
    url: str
    note: ClassNote


@dataclass(slots=True, kw_only=True)
class AlikeAnswers:
    """Pages of one run by host and visible text."""

    note_class: Callable[[str, ClassNote], None]
    texts: defaultdict[tuple[str, str], list[SeenPage]] = field(
        default_factory=lambda: defaultdict(list)
    )
    asked: set[str] = field(default_factory=set)
    made_up: dict[str, frozenset[str]] = field(default_factory=dict)
    """What a host shows for an address that cannot exist: its beginning, the whole."""

    def see(self, fingerprint: str, page: SeenPage) -> str | None:
        """Take in a page; returns an address to try where one is needed."""
        host = urlsplit(page.url).netloc.lower()
        if fingerprint in self.made_up.get(host, ()):
            self._unmask(page)
            return None
        if len(self.texts) >= TEXTS and (host, fingerprint) not in self.texts:
            return None
        seen = self.texts[host, fingerprint]
        seen.append(page)
        if host in self.asked or len({one.note.key or one.url for one in seen}) < 2:
            return None
        self.asked.add(host)
        return make_up(page)

    def hear(self, url: str, fingerprints: Iterable[str]) -> None:
        """Take in what the made-up address showed: all who show it are no pages."""
        host = urlsplit(url).netloc.lower()
        self.made_up[host] = frozenset(fingerprints)
        for fingerprint in self.made_up[host]:
            for page in self.texts.pop((host, fingerprint), []):
                self._unmask(page)

    def _unmask(self, page: SeenPage) -> None:
        note = replace(
            page.note,
            capture_class=str(CaptureClass.SOFT_404),
            rule=SAME_TEXT,
            found="",
        )
        self.note_class(page.capture_id, note)


def make_up(page: SeenPage) -> str:
    """An address beside the page's that nobody has: its capture's own letters."""
    parts = urlsplit(page.url)
    letters = "".join(chr(ord("a") + int(c, 16)) for c in page.capture_id)
    folder = parts.path.rstrip("/").rpartition("/")[0]
    path = f"{folder}/{letters[:NAME_LETTERS]}"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
