"""User text to a syntax tree, or InvalidQuery with the column.

Lenient: a stray quote, colon, star or bracket is no error, it only means nothing. An
error is raised where the text surely means something that cannot be done: too long,
too deep, only negatives, a time that is none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archive.errors import InvalidQuery
from search.analysis.tokens import tokenize
from search.query.nodes import (
    CAPTURED,
    CLAIMED,
    FILTER_FIELDS,
    TIME_FIELDS,
    And,
    Exact,
    Filter,
    Name,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    When,
    Word,
)
from search.query.times import BadTime, find_offset, parse_range

QUERY_CODE_POINTS = 1_000
"""A pasted paragraph fits; a pasted page is a mistake."""
QUERY_TERMS = 64
"""Words and values of one query: keeps the slowest query within its time."""
QUERY_DEPTH = 8
"""Brackets in brackets."""
PREFIX_MIN_LETTERS = 3
PREFIX_MAX_LETTERS = 15
"""The bounds search servers index prefixes for."""
SLOP_MAX_WORDS = 50
"""Farther apart two words have nothing to do with each other."""

_SAME_FIELD = {"date": CAPTURED}
"""Other names of fields."""
FIELDS = (*FILTER_FIELDS, *TIME_FIELDS, "exact", "name")
"""All that may stand before a colon, but for other names."""
_LEXEME = re.compile(
    r"""\s*(?:
      (?P<open>\() | (?P<close>\))
    | (?P<sign>[-+])(?=[^\s)])
    | (?P<field>[A-Za-z]+):(?=[^\s()])(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s()"]+))
    | "(?P<phrase>[^"]*)"(?:~(?P<slop>[0-9]{1,4}))?
    | (?P<word>[^\s()"]+)
    | (?P<stray>")
    )""",
    re.VERBOSE,
)


@dataclass(slots=True)
class _Group:
    """A bracket being read: alternatives of items, and the signs before the next."""

    column: int
    branches: list[list[Node]]
    negative: bool = False
    required: bool = False
    opener_negative: bool = False


def parse_query(text: str) -> Node:
    """Read a query; raises InvalidQuery."""
    if len(text) > QUERY_CODE_POINTS:
        raise InvalidQuery(
            f"the query is longer than {QUERY_CODE_POINTS} characters; shorten it",
            column=QUERY_CODE_POINTS + 1,
        )
    tree = _Parser(text).parse()
    if tree is None:
        raise InvalidQuery("the query has no word; type at least one", column=1)
    if not _is_positive(tree):
        raise InvalidQuery(
            "the query only says what not to find; add a word to look for", column=1
        )
    return tree


def no_fields_of(text: str) -> tuple[str, ...]:
    """What stands before a colon in a query, is no field and is read as a word."""
    named = (
        found["field"].lower()
        for found in _lexemes(text)
        if found["field"] and not (found["value"] or "").startswith("//")
    )
    return tuple(dict.fromkeys(n for n in named if n not in (*FIELDS, *_SAME_FIELD)))


def _lexemes(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while found := _LEXEME.match(text, at):
        yield found
        at = found.end()


class _Parser:
    """One pass over the lexemes with a stack of open brackets."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._stack = [_Group(1, [[]])]
        self._terms = 0

    def parse(self) -> Node | None:
        """Read to the end; brackets left open close there."""
        for found in _lexemes(self._text):
            self._take(found)
        while len(self._stack) > 1:
            self._close()
        return _join_branches(self._stack[0].branches)

    def _take(self, found: re.Match[str]) -> None:
        group = self._stack[-1]
        column = found.end() - len(found[0].lstrip()) + 1
        if found["open"]:
            self._open(column)
        elif found["close"]:
            if len(self._stack) > 1:
                self._close()
        elif found["sign"] == "-":
            group.negative = not group.negative
        elif found["sign"] == "+":
            group.required = True
        elif found["word"] == "OR":
            group.branches.append([])
        else:
            self._add(_leaf(found, column, required=group.required), column)

    def _open(self, column: int) -> None:
        if len(self._stack) > QUERY_DEPTH:
            raise InvalidQuery(
                f"more than {QUERY_DEPTH} brackets in brackets; simplify",
                column=column,
            )
        group = self._stack[-1]
        self._stack.append(_Group(column, [[]], opener_negative=group.negative))
        group.negative = group.required = False

    def _close(self) -> None:
        group = self._stack.pop()
        inner = _join_branches(group.branches)
        self._stack[-1].negative = group.opener_negative
        self._add(inner, group.column)

    def _add(self, node: Node | None, column: int) -> None:
        group = self._stack[-1]
        negative, group.negative, group.required = group.negative, False, False
        if node is None:
            return
        self._terms += not isinstance(node, And | Or | Not)
        if self._terms > QUERY_TERMS:
            raise InvalidQuery(
                f"more than {QUERY_TERMS} words; leave some out", column=column
            )
        if negative:
            node = node.item if isinstance(node, Not) else Not(item=node)
        group.branches[-1].append(node)


def _join_branches(branches: list[list[Node]]) -> Node | None:
    alternatives = [joined for items in branches if (joined := _join_items(items))]
    flat: list[Node] = []
    for node in alternatives:
        flat.extend(node.items if isinstance(node, Or) else [node])
    if len(flat) > 1:
        return Or(items=tuple(flat))
    return flat[0] if flat else None


def _join_items(items: list[Node]) -> Node | None:
    flat: list[Node] = []
    for node in items:
        flat.extend(node.items if isinstance(node, And) else [node])
    if len(flat) > 1:
        return And(items=tuple(flat))
    return flat[0] if flat else None


def _has_token(text: str) -> bool:
    return next(tokenize(text), None) is not None


def _leaf(found: re.Match[str], column: int, *, required: bool) -> Node | None:
    """The node of a word, phrase or field; None where it holds no letter or digit."""
    if found["field"] is not None:
        return _field(found, column, required=required)
    if found["phrase"] is not None:
        if not _has_token(found["phrase"]):
            return None
        slop = (
            None if found["slop"] is None else min(int(found["slop"]), SLOP_MAX_WORDS)
        )
        return Phrase(text=found["phrase"].strip(), slop=slop)
    if found["word"] is not None:
        return _word(found["word"], required=required)
    return None


def _word(written: str, *, required: bool) -> Node | None:
    if not _has_token(written):
        return None
    stem = written.removesuffix("*")
    if stem != written and PREFIX_MIN_LETTERS <= len(stem) <= PREFIX_MAX_LETTERS:
        tokens = list(tokenize(stem))
        if len(tokens) == 1 and tokens[0].word == stem:
            return Prefix(text=stem)
    return Word(text=written, required=required)


def _field(found: re.Match[str], column: int, *, required: bool) -> Node | None:
    name = found["field"].lower()
    value = found["value"] if found["quoted"] is None else found["quoted"]
    name = _SAME_FIELD.get(name, name)
    if name in TIME_FIELDS:
        quote = found["quoted"] is not None
        return _when(name, value, column + len(found["field"]) + 1 + quote)
    if name in FILTER_FIELDS:
        values = tuple(dict.fromkeys(v.strip() for v in value.split(",") if v.strip()))
        return Filter(field=name, values=values) if values else None
    if name in ("exact", "name"):
        if not _has_token(value):
            return None
        text = value.strip()
        return Exact(text=text) if name == "exact" else Name(text=text)
    if found["quoted"] is not None:
        return Phrase(text=f"{found['field']} {value}".strip())
    return _word(f"{found['field']}:{value}", required=required)


def _when(field: str, value: str, column: int) -> Node:
    try:
        start, end = parse_range(value)
    except BadTime as error:
        raise InvalidQuery(str(error), column=column + error.at) from error
    offset = find_offset(value)
    if field == CLAIMED and offset is not None:
        raise InvalidQuery(
            "a claimed date is the day that a page writes; leave the offset out",
            column=column + offset,
        )
    return When(field=field, start=start, end=end, written=value)


def _is_positive(node: Node) -> bool:
    """Whether the node finds something by itself."""
    match node:
        case Not():
            return False
        case And():
            return any(map(_is_positive, node.items))
        case Or():
            return all(map(_is_positive, node.items))
        case _:
            return True
