"""Frozen: pages rewritten so that they open from any folder, without a server (pure).

Addresses become relative files, forms and frames go, and the policies that a server
would send as headers stand in the page. A policy in a page knows neither `sandbox` nor
`frame-ancestors`: cleaned pages must be safe alone, and they are.
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import lxml.html

APP_POLICY = (
    "default-src 'none'; style-src 'self' file:; img-src 'self' file: data:; "
    "font-src 'self' file:; form-action 'none'; base-uri 'none'"
)
REPLAY_POLICY = (
    "default-src 'none'; img-src 'self' file: data:; media-src 'self' file:; "
    "font-src 'self' file: data:; style-src 'self' file: 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; worker-src 'none'"
)
INDEX = "index.html"
ENDINGS = {
    "text/html": INDEX,
    "text/css": ".css",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/x-icon": ".ico",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "audio/mp4": ".m4a",
    "audio/mpeg": ".mp3",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "audio/wav": ".wav",
    "font/woff": ".woff",
    "font/woff2": ".woff2",
    "font/otf": ".otf",
    "font/ttf": ".ttf",
}
"""How a file is called by its type, so that any file server sends it rightly."""
_PLAIN = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+/?|/", re.ASCII)
_PART = re.compile(
    r"/(?:(?:p|page)/[a-z2-7]{26}/[0-9]{1,6}|v/[a-z2-7]{26}/from/[0-9]{1,6}"
    r"|shot/[a-z2-7]{26}/view|media/[a-z2-7]{26})"
)
_STYLE_OR_TAG = re.compile(
    r"(?P<open><style[^>]*>)(?P<css>[^<]*)|(?P<tag><[a-z](?:\"[^\"]*\"|[^\">])*>)"
)
"""In what `frame.py` and nh3 write: every `<` begins a tag, every value has quotes."""
_VALUE = re.compile(r"(?<= )(?P<name>src|srcset|href|style)=\"(?P<value>[^\"]*)\"")
_CSS_PART = re.compile(
    rf"(?<=url\()(?P<quote>\"|&quot;)(?P<part>{_PART.pattern})(?P=quote)"
)
_HEAD = re.compile(r"<head>(<meta charset=\"utf-8\">)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What stands in place of what a folder cannot do."""

    no_search: str
    open_copy: str
    bundle: str


FileOf = Callable[[str], str | None]
"""Takes a path on one of the origins; gives the file it is written to, or None."""


def file_of_path(path: str) -> str:
    """The file of a page: `/c/ID` is `c/ID/index.html`, so `/c/ID` works anywhere."""
    return posixpath.join(path.strip("/"), INDEX)


def is_plain_path(path: str) -> bool:
    """Whether a path names one file below the folder: no `..`, nothing hidden."""
    return _PLAIN.fullmatch(path) is not None


def relative(target: str, page: str) -> str:
    """A file as seen from the folder of another."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def freeze_page(html: str, *, page: str, file_of: FileOf, words: Words) -> bytes:
    """Rewrite one of our own pages for its place; `page` is its own file."""
    root = lxml.html.document_fromstring(html.encode(), parser=_parser())
    for element in list(root.iter("form")):
        _replace_form(element, words)
    for element in list(root.iter("iframe")):
        _replace_frame(element, file_of, words)
    for name in ("href", "src"):
        for element in root.iter("a", "link", "img"):
            value = element.get(name)
            if value is not None:
                _rewrite(element, name, value, page=page, file_of=file_of)
    head = root.find("head")
    if head is None:
        raise AssertionError("every page of ours has a head")
    meta = lxml.html.Element("meta", content=APP_POLICY)
    meta.set("http-equiv", "Content-Security-Policy")
    head.insert(1, meta)
    written: bytes = lxml.html.tostring(
        root, encoding="utf-8", doctype="<!doctype html>"
    )
    return written + b"\n"


def freeze_replay(document: bytes, *, page: str, file_of: FileOf) -> bytes:
    """Rewrite a cleaned page or sheet: its only addresses are those of parts.

    Text that looks like such an address stays what the page said.
    """

    def path_of(address: str) -> str:
        found = file_of(address)
        return address if found is None else relative(found, page)

    def css(text: str) -> str:
        return _CSS_PART.sub(
            lambda one: f"{one['quote']}{path_of(one['part'])}{one['quote']}", text
        )

    def value(match: re.Match[str]) -> str:
        if match["name"] == "style":
            return f'style="{css(match["value"])}"'
        written = _PART.sub(lambda one: path_of(one[0]), match["value"])
        return f'{match["name"]}="{written}"'

    def place(match: re.Match[str]) -> str:
        if match["open"]:
            return f"{match['open']}{css(match['css'])}"
        return _VALUE.sub(value, match["tag"])

    text = document.decode()
    if not page.endswith(INDEX):
        return css(text).encode()
    text = _STYLE_OR_TAG.sub(place, text)
    policy = (
        f'<meta http-equiv="Content-Security-Policy" content="{REPLAY_POLICY}">'
        '<meta http-equiv="x-dns-prefetch-control" content="off">'
    )
    return _HEAD.sub(lambda head: head[0] + policy, text, count=1).encode()


def _parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(encoding="utf-8", no_network=True)


def _replace_form(element: lxml.html.HtmlElement, words: Words) -> None:
    """Search becomes a note, a bundle a link; other forms go."""
    action = element.get("action", "")
    note = ""
    if action.endswith("/search") and "find" not in element.get("class", "").split():
        note = words.no_search
    parent = element.getparent()
    if parent is None:
        return
    if action.endswith("/bundle"):
        link = lxml.html.Element("a", href=action + ".zip")
        link.text = words.bundle
        link.tail = element.tail
        parent.replace(element, link)
    elif note:
        paragraph = lxml.html.Element("p")
        paragraph.set("class", "note")
        paragraph.text = note
        paragraph.tail = element.tail
        parent.replace(element, paragraph)
    else:
        element.drop_tree()


def _replace_frame(
    element: lxml.html.HtmlElement, file_of: FileOf, words: Words
) -> None:
    target = file_of(element.get("src", ""))
    parent = element.getparent()
    if target is None or parent is None:
        element.drop_tree()
        return
    paragraph = lxml.html.Element("p")
    paragraph.set("class", "frame-link")
    link = lxml.html.Element("a", href=element.get("src", ""))
    link.text = words.open_copy
    paragraph.append(link)
    paragraph.tail = element.tail
    parent.replace(element, paragraph)


def _rewrite(
    element: lxml.html.HtmlElement,
    name: str,
    value: str,
    *,
    page: str,
    file_of: FileOf,
) -> None:
    """Point to the file of an address; what is not in the copy is no link."""
    if value.startswith(("#", "data:")):
        return
    split = urlsplit(value)
    origin = f"{split.scheme}://{split.netloc}" if split.netloc else ""
    target = file_of(f"{origin}{split.path}")
    if target is None:
        del element.attrib[name]
        return
    fragment = f"#{split.fragment}" if split.fragment else ""
    element.set(name, relative(target, page) + fragment)
