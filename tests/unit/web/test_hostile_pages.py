"""Every hostile page of the rig, cleaned: nothing is left that could load or run.

The rig shows it in browsers; this looks at what they would be given, in a second.
"""

import re
from html.parser import HTMLParser

import pytest

from tests.support.rig.hostile import (
    SUFFIX,
    channel_parts,
    leaking_page,
    odd_files,
    payloads,
)
from web.replay.charset import decode_page
from web.replay.clean import clean_page
from web.replay.frame import frame_page
from web.replay.links import PartTable
from web.replay.markup import TAGS
from web.replay.responses import gap_words
from web.wording.languages import ENGLISH

OURS = frozenset(("html", "head", "meta", "title", "style", "body", "link"))
"""Elements that the frame writes itself."""
SPOKEN = frozenset(("title", "alt", "class", "id", "value", "placeholder", "label"))
"""Attributes whose value is shown or compared, never asked for."""


class _Danger(HTMLParser):
    """Reads a document and notes what could load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag not in TAGS and tag not in OURS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            is_heard = name.startswith("on") or ":" in name
            if is_heard or (name not in SPOKEN and _is_foreign(value or "")):
                self.found.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style and _is_foreign(data):
            self.found.append(f"style {data}")


def _is_foreign(value: str) -> bool:
    return SUFFIX in value or re.search(r"javascript:|data-ran|//", value) is not None


def dangers(document: str) -> list[str]:
    reader = _Danger()
    reader.feed(document)
    reader.close()
    return reader.found


def cleaned(text: str) -> str:
    page = clean_page(
        text,
        base=f"http://site{SUFFIX}/page",
        parts=PartTable("a" * 26, (), lambda _: None),
        words=gap_words(ENGLISH),
    )
    return frame_page(page, ENGLISH).decode()


CHANNELS = channel_parts("archived")
SCRIPTS = {name: body.decode() for name, body in payloads("http://a.example").items()}
FILES = {
    name: decode_page(body, known=None, declared=kind.rpartition("charset=")[2])
    for name, (kind, body) in odd_files().items()
}


@pytest.mark.parametrize("pages", [CHANNELS, SCRIPTS, FILES], ids=["c", "s", "f"])
def test_no_channel_script_or_file_is_left(pages: dict[str, str]) -> None:
    assert len(pages) > 50
    for name, text in pages.items():
        for page in (text, f"<!doctype html><html><body>{text}"):
            assert dangers(cleaned(page)) == [], name


def test_all_channels_on_one_page_leave_nothing_and_the_page_is_shown() -> None:
    document = cleaned(leaking_page("archived").decode())
    assert dangers(document) == []
    assert "Long enough" in document
    assert "The end of the page." in document


def test_the_look_sees_what_is_not_cleaned() -> None:
    seen = [name for name, text in (CHANNELS | SCRIPTS).items() if dangers(text)]
    assert len(seen) > 0.95 * len(CHANNELS | SCRIPTS)
