"""Styles: archived CSS in, CSS written anew by us out; only importer of tinycss2.

Every address in the result is one the caller's `resolve` returned (a path on the replay
origin) or a small raster `data:` image; all others vanish. Rules and declarations that
do not parse, or that could fetch or run something in any browser, are left out.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import tinycss2

Resolve = Callable[[str], str | None]
"""Takes an address as written; gives the path of the captured part, or None."""

SHEET_LIMIT_BYTES = 4 << 20
"""Larger sheets are not shown: tinycss2 reads about 1.2 MB/s."""
DEPTH_LIMIT = 24
"""Nested blocks; real sheets stay below 8, and the serializer is recursive."""
DATA_LIMIT_CHARS = 1 << 18
"""Longest data: address kept."""
SHORT_CHARS = 500
"""Style attributes up to this length are cleaned once, unless they hold an address."""
PLAIN_KEPT = 4_096
"""Of these so many are remembered: the longest take 4 MB together."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCK_RULES = _words(
    "media supports layer container keyframes -webkit-keyframes -moz-keyframes "
    "font-face page counter-style property starting-style"
)
_BAD_NAMES = _words("behavior -moz-binding -ms-behavior")
_ADDRESS_FUNCTIONS = _words(
    "url src image image-set -webkit-image-set cross-fade -webkit-cross-fade"
)
_BAD_FUNCTIONS = _words(
    "expression url-prefix domain document -moz-element element paint"
)
_INDIRECT = _words("var attr env if")
_RASTER_DATA = re.compile(
    r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+", re.IGNORECASE
)
_FONT_DATA = re.compile(
    r"data:(?:font/(?:woff2?|ttf|otf)|application/(?:x-)?font-[a-z0-9-]+"
    r"|application/octet-stream)(?:;charset=[a-z0-9-]+)?;base64,[A-Za-z0-9+/=]+",
    re.IGNORECASE,
)


class _Dropped(Exception):
    """A value that may not be written; the rule or declaration around it goes."""


def clean_sheet(data: bytes, *, charset: str | None, resolve: Resolve) -> str:
    """Write a style sheet anew; a sheet that is too large becomes empty."""
    if len(data) > SHEET_LIMIT_BYTES:
        return ""
    rules, _ = tinycss2.parse_stylesheet_bytes(
        data, protocol_encoding=charset, skip_comments=True
    )
    return _Writer(resolve).rules(rules, depth=0)


def clean_inline_sheet(text: str, *, resolve: Resolve) -> str:
    """Write the text of a `style` element anew; the result holds no `<`."""
    if len(text) > SHEET_LIMIT_BYTES:
        return ""
    rules = tinycss2.parse_stylesheet(text, skip_comments=True)
    return _Writer(resolve).rules(rules, depth=0).replace("<", "\\3c ")


def clean_declarations(text: str, *, resolve: Resolve) -> str:
    """Write the value of a `style` attribute anew."""
    if len(text) > DATA_LIMIT_CHARS:
        return ""
    plain = _plain_declarations(text) if len(text) <= SHORT_CHARS else None
    return _declarations(text, resolve) if plain is None else plain


@lru_cache(maxsize=PLAIN_KEPT)
def _plain_declarations(text: str) -> str | None:
    """Declarations that ask for no address: the same on every page. None: they do."""
    asked: list[str] = []
    written = _declarations(text, asked.append)
    return None if asked else written


def _declarations(text: str, resolve: Resolve) -> str:
    nodes = tinycss2.parse_blocks_contents(text, skip_comments=True)
    kept = [node for node in nodes if node.type == "declaration"]
    return _Writer(resolve).contents(kept, depth=0).replace("<", "\\3c ")


class _Writer:
    """Writes parsed CSS; holds the one function that knows addresses."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    def rules(self, nodes: Iterable[Any], *, depth: int) -> str:
        """Write a list of rules, one a line."""
        written = (self._rule(node, depth) for node in nodes)
        return "\n".join(text for text in written if text)

    def contents(self, nodes: Iterable[Any], *, depth: int) -> str:
        """Write what stands in a block: declarations and nested rules."""
        written = []
        for node in nodes:
            if node.type == "declaration":
                written.append(self._declaration(node, depth))
            else:
                written.append(self._rule(node, depth))
        return "".join(text for text in written if text)

    def _rule(self, node: Any, depth: int) -> str:
        if depth > DEPTH_LIMIT:
            return ""
        try:
            if node.type == "qualified-rule":
                if any(part == ";" for part in node.prelude):
                    return ""
                selector = tinycss2.serialize(self._values(node.prelude, depth))
                return f"{selector}{{{self._block(node.content, depth)}}}"
            if node.type == "at-rule":
                return self._at_rule(node, depth)
        except _Dropped:
            return ""
        return ""

    def _at_rule(self, node: Any, depth: int) -> str:
        name = node.lower_at_keyword
        if name == "import":
            return self._import(node, depth)
        if name not in _BLOCK_RULES:
            return ""
        prelude = tinycss2.serialize(self._values(node.prelude, depth))
        if node.content is None:
            return f"@layer{prelude};" if name == "layer" else ""
        return f"@{name}{prelude}{{{self._block(node.content, depth)}}}"

    def _import(self, node: Any, depth: int) -> str:
        prelude = [part for part in node.prelude if part.type != "whitespace"]
        if not prelude or node.content is not None:
            return ""
        path = self._local(_address_of(prelude[0]))
        if path is None:
            return ""
        rest = tinycss2.serialize(self._values(prelude[1:], depth, spaced=True))
        return f'@import url("{path}") {rest};'

    def _block(self, content: Any, depth: int) -> str:
        nodes = tinycss2.parse_blocks_contents(content, skip_comments=True)
        return self.contents(nodes, depth=depth + 1)

    def _declaration(self, node: Any, depth: int) -> str:
        name = node.lower_name
        if name in _BAD_NAMES:
            return ""
        if name.startswith("--") and any(map(_is_outside, node.value)):
            return ""
        try:
            if name == "src":
                value = self._font_sources(node.value, depth)
            elif name == "cursor" and _has_address(node.value):
                return ""
            else:
                value = tinycss2.serialize(self._values(node.value, depth))
        except _Dropped:
            return ""
        written = tinycss2.serializer.serialize_identifier(node.name)
        return f"{written}:{value}{'!important' if node.important else ''};"

    def _font_sources(self, value: list[Any], depth: int) -> str:
        """Keep the sources of a font that are at hand; none left drops all."""
        kept = []
        for source in _split_commas(value):
            first = next((part for part in source if part.type != "whitespace"), None)
            address = _address_of(first)
            if address is not None and self._local(address, fonts=True) is None:
                continue
            kept.append(tinycss2.serialize(self._values(source, depth, fonts=True)))
        if not kept:
            raise _Dropped
        return ",".join(kept)

    def _values(
        self,
        nodes: Iterable[Any],
        depth: int,
        *,
        spaced: bool = False,
        fonts: bool = False,
    ) -> list[Any]:
        """Rewrite component values; _Dropped for what may not be written at all."""
        if depth > DEPTH_LIMIT:
            raise _Dropped
        written: list[Any] = []
        for node in nodes:
            if node.type == "comment":
                continue
            if node.type in ("error", "at-keyword"):
                raise _Dropped
            written.extend(self._value(node, depth, fonts=fonts))
            if spaced:
                written.extend(tinycss2.parse_component_value_list(" "))
        return written

    def _value(self, node: Any, depth: int, *, fonts: bool) -> list[Any]:
        if node.type == "url":
            return self._address(node.value, fonts=fonts)
        if node.type == "function":
            return self._function(node, depth, fonts=fonts)
        if node.type in ("() block", "[] block", "{} block"):
            node.content = self._values(node.content, depth + 1, fonts=fonts)
        return [node]

    def _function(self, node: Any, depth: int, *, fonts: bool) -> list[Any]:
        name = node.lower_name
        if name in _BAD_FUNCTIONS:
            raise _Dropped
        if name in ("url", "src"):
            return self._address(_address_of(node), fonts=fonts)
        if name in _ADDRESS_FUNCTIONS:
            node.arguments = self._image_arguments(node.arguments, depth)
        else:
            node.arguments = self._values(node.arguments, depth + 1, fonts=fonts)
        return [node]

    def _image_arguments(self, arguments: list[Any], depth: int) -> list[Any]:
        """In image-set() and its like a plain string is an address too."""
        written: list[Any] = []
        for node in arguments:
            if node.type == "function" and node.lower_name in _INDIRECT:
                raise _Dropped
            if node.type == "string":
                written.extend(self._address(node.value, fonts=False))
            else:
                written.extend(self._values([node], depth + 1))
        return written

    def _address(self, address: str | None, *, fonts: bool) -> list[Any]:
        path = self._local(address, fonts=fonts)
        text = "none" if path is None else f'url("{path}")'
        return list(tinycss2.parse_component_value_list(text))

    def _local(self, address: str | None, *, fonts: bool = False) -> str | None:
        if address is None:
            return None
        if len(address) <= DATA_LIMIT_CHARS and (
            _RASTER_DATA.fullmatch(address) or (fonts and _FONT_DATA.fullmatch(address))
        ):
            return address
        return self._resolve(address)


def _address_of(node: Any) -> str | None:
    """The address in a url token, a url() function or a string; None for others."""
    if node is None:
        return None
    if node.type in ("url", "string"):
        return str(node.value)
    if node.type == "function" and node.lower_name in ("url", "src"):
        strings = [part for part in node.arguments if part.type == "string"]
        return str(strings[0].value) if strings else ""
    return None


def _is_outside(node: Any) -> bool:
    """A string that holds an address, kept for a function that would fetch it."""
    return node.type == "string" and "//" in node.value


def _has_address(nodes: Iterable[Any]) -> bool:
    return any(
        node.type == "url"
        or (node.type == "function" and node.lower_name in _ADDRESS_FUNCTIONS)
        for node in nodes
    )


def _split_commas(nodes: Iterable[Any]) -> list[list[Any]]:
    groups: list[list[Any]] = [[]]
    for node in nodes:
        if node.type == "literal" and node.value == ",":
            groups.append([])
        else:
            groups[-1].append(node)
    return groups
