"""Whatever pieces of attacks are put together, nothing runs and nothing loads."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import tinycss2
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.judging.examples import examples
from web.replay.clean import clean_page
from web.replay.frame import frame_page
from web.replay.links import PartTable
from web.replay.markup import TAGS
from web.replay.tree import GapWords
from web.wording.languages import ENGLISH

PIECES = [
    "<script>", "</script>", "alert(1)", "<!--", "-->", "--!>", "<![CDATA[", "]]>",
    "<svg>", "</svg>", "<math>", "<mtext>", "<mglyph>", "<style>", "</style>",
    "<table>", "&#12;", "&#xfffe;", "&#0;",
    "<tr>", "<td>", "</table>", "<form>", "</form>", "<select>", "<option>", "<title>",
    "</title>", "<textarea>", "</textarea>", "<noscript>", "</noscript>", "<template>",
    "<iframe srcdoc='", "<xmp>", "</xmp>", "<plaintext>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>", "<p title='", '<p style="', "'>", '">', "`", "=",
    "url(http://evil.example/x)", "@import 'http://evil.example/x';", "{", "}",
    "<body ",
    "onload=alert(1)", "<html ", "<base href=http://evil.example/>", "<link rel=",
    "stylesheet href=http://evil.example/x>", "<meta http-equiv=refresh content='0;",
    "&lt;img src=x onerror=alert(1)&gt;", "&#x3c;", "\0", "\f", "/", "<", ">", " ", "x",
    "<foreignObject>", "<annotation-xml encoding=text/html>", "<frameset>", "<image ",
]  # fmt: skip
TABLE = PartTable("a" * 26, (), lambda _: None)
OURS = {"html", "head", "body", "meta", "title", "style", "link"}


class Tags(HTMLParser):
    """Start tags and attributes of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def addresses_in(style: str) -> Iterator[str]:
    """Whatever a browser would fetch for a style sheet."""
    nodes = tinycss2.parse_component_value_list(style)
    while nodes:
        node = nodes.pop()
        if node.type == "url":
            yield node.value
        elif node.type == "function":
            if node.lower_name in ("url", "src", "image-set", "image"):
                yield tinycss2.serialize(node.arguments)
            nodes += node.arguments
        elif hasattr(node, "content"):
            nodes += node.content
        elif node.type == "at-keyword" and node.lower_value == "import":
            yield style


@settings(max_examples=examples(2_000), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_no_mixture_of_pieces_gets_through(html: str) -> None:
    page = clean_page(
        html,
        base="http://site.example/",
        parts=TABLE,
        words=GapWords(language="en", write=lambda kind, gap: f"{kind} {gap.reason}"),
    )
    document = frame_page(page, ENGLISH).decode()
    for tag, attributes in Tags(document).found:
        assert tag in TAGS | OURS
        for name, value in attributes:
            assert not name.startswith("on")
            assert name not in ("srcdoc", "action", "formaction", "background", "ping")
            if name in ("src", "href", "srcset"):
                assert value is not None
                assert value.startswith("#")
            if name == "style":
                assert "evil" not in (value or "")
    for style in re.findall(r"<style[^>]*>(.*?)</style>", document, re.DOTALL):
        assert not any("evil" in address for address in addresses_in(style))
