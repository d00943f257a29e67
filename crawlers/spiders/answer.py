"""A response as the rules of classes want it; the tree is shared with the spider."""

import re
import zlib

from parsel import Selector
from scrapy.http import HtmlResponse, Response, TextResponse
from scrapy.utils.response import get_base_url

from archive.capture import Capture
from archive.capture_class import CaptureClass
from archive.warc.member import GZIP_MAGIC
from crawlers.crawl.capturing.classing import BEGINNING_BYTES, TEXT_TYPES, expected_of
from crawlers.crawl.capturing.references import HTML_BYTES
from crawlers.crawl.seam.response import BODY_ELSEWHERE
from crawlers.sources.classes import Answer
from crawlers.sources.signs import Signs

BRIEF_BYTES = 13 * 1024
"""Read of a page at first: where pages are light, a long text shows in that."""
BASE_CHARACTERS = 4096
"""Scrapy looks for <base> in so many."""
CHARACTER_BYTES = 4
"""Most bytes of a character in the charsets below."""
PLAIN_CHARSETS = frozenset({"utf-8", "cp1251", "cp1252", "ascii", "koi8-r"})
"""Charsets in which a tag is written as in ASCII: nearly all pages are in the first."""
_BASE = re.compile(rb"<base\b", re.IGNORECASE)
GZIP_WINDOW = 16 + zlib.MAX_WBITS
"""zlib's way to say: a gzip header comes first."""


def read_response(
    response: Response,
    capture: Capture,
    *,
    asked: str,
    kind: CaptureClass,
    brief: bool = False,
) -> Answer:
    """Read the signs of a body that the spider has; `kind` is what it looked for.

    `brief`: of a long body the beginning, see `classes.is_settled`.
    """
    brief = brief and len(response.body) > BRIEF_BYTES
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    is_elsewhere = BODY_ELSEWHERE in response.flags
    return Answer(
        uri=capture.target_uri,
        asked=asked,
        outcome=capture.outcome,
        http_status=response.status,
        media_type=content_type.partition(";")[0].strip().lower() or None,
        expected=expected_of(capture.target_uri, kind=kind),
        beginning=_beginning(response.body).decode("utf-8", "replace"),
        body_bytes=1 if is_elsewhere else len(response.body),
        signs=_signs(response, content_type, brief=brief),
        is_brief=brief,
    )


def with_sound_base(response: Response) -> Response:
    """The same; where its <base> is no address at all, as if it had none.

    Scrapy asks for it whenever a page is searched, and would read nothing of the page.
    It decodes the whole page for that, so a page without any is not even asked.
    """
    if not isinstance(response, TextResponse) or _is_without_base(response):
        return response
    try:
        get_base_url(response)
    except ValueError:
        return response.replace(body=_BASE.sub(b"<no-base", response.body))
    return response


def _is_without_base(response: TextResponse) -> bool:
    """Whether Scrapy cannot find a <base>: certain for the usual charsets alone."""
    if response.encoding not in PLAIN_CHARSETS:
        return False
    beginning = response.body[: BASE_CHARACTERS * CHARACTER_BYTES]
    if response.encoding != "utf-8" or beginning.isascii():
        beginning = beginning[:BASE_CHARACTERS]  # each byte is a character
    return b"<base" not in beginning.lower()


def _beginning(body: bytes) -> bytes:
    """The first bytes; of a packed file, those of what is in it."""
    if not body.startswith(GZIP_MAGIC):
        return body[:BEGINNING_BYTES]
    try:
        unpacked = zlib.decompressobj(GZIP_WINDOW).decompress(body, BEGINNING_BYTES)
    except zlib.error:
        return b""
    return unpacked


def _signs(response: Response, content_type: str, *, brief: bool) -> Signs | None:
    """None for what is neither HTML nor plain text, or too long to be looked at."""
    media_type = content_type.partition(";")[0].strip().lower() or "text/html"
    if not isinstance(response, TextResponse) or media_type not in TEXT_TYPES:
        return None
    if not response.body or len(response.body) > HTML_BYTES:
        return None
    if brief:
        text = response.body[:BRIEF_BYTES].decode(response.encoding, "replace")
        return Signs(Selector(text=text, type="html"))
    if isinstance(response, HtmlResponse):
        return Signs(response.selector)
    return Signs(Selector(text=response.text, type="html"))
