"""Syntax tree of a query and its one canonical written form."""

import re
from dataclasses import dataclass
from datetime import datetime

FILTER_FIELDS = (
    "source",
    "host",
    "lang",
    "type",
    "status",
    "outcome",
    "class",
    "warning",
    "archive",
)
"""Filters on exact values, as the user writes them."""
CAPTURED, FIRST, CLAIMED = "captured", "first", "claimed"
TIME_FIELDS = (CAPTURED, FIRST, CLAIMED)
"""Filters on time: signed time of any capture, that of the first one, which counts by
day are made of, and the date a page claims to be from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One written word; several tokens in it stand in a row. `required`: +word."""

    text: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words in a row, or with `slop` other words between neighbours at most."""

    text: str
    slop: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """The beginning of a written word, 3 to 15 letters, in its exact form."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """Words in a row exactly as written, but for case and marks."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in any script and spelling."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One of some exact values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A time within `[start, end)`; None is open. `written` keeps the user's form.

    Claimed dates are days as the page writes them, whatever its time zone.
    """

    field: str
    start: datetime | None
    end: datetime | None
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Everything but this."""

    item: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """All of these."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """At least one of these."""

    items: tuple["Node", ...]


Node = Word | Phrase | Prefix | Exact | Name | Filter | When | Not | And | Or


def format_query(node: Node) -> str:
    """Write the canonical form: parsing it gives the same tree."""
    match node:
        case Word():
            return f"+{node.text}" if node.required else node.text
        case Phrase():
            return f'"{node.text}"' + ("" if node.slop is None else f"~{node.slop}")
        case Prefix():
            return f"{node.text}*"
        case Exact():
            return f'exact:"{node.text}"'
        case Name():
            return f'name:"{node.text}"'
        case Filter():
            values = ",".join(node.values)
            return (
                f'{node.field}:"{values}"'
                if _is_broken(values)
                else (f"{node.field}:{values}")
            )
        case When():
            return f"{node.field}:{node.written}"
        case Not():
            return f"-{_format_part(node.item)}"
        case And():
            return " ".join(map(_format_part, node.items))
        case Or():
            # Words side by side bind closer: brackets would count towards the depth.
            return " OR ".join(map(format_query, node.items))


def _format_part(node: Node) -> str:
    written = format_query(node)
    return f"({written})" if isinstance(node, And | Or) else written


def _is_broken(values: str) -> bool:
    """Whether the values would end early without quotation marks."""
    return re.search(r"[\s()]", values) is not None
