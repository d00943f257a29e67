"""The thirteen kinds of statements: their fields, rules and subjects, checked.

The tables of predicates.py and docs/format.md, "Statements", say the same thing; a
later change of a kind is a new version beside the old one, which is read for ever.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from archive.attest.statements.predicates import (
    ANCHOR,
    CAPTURE,
    COMMON,
    COSIGN,
    EXTRACT,
    IMPORT,
    INCIDENT,
    JOB_CLOSE,
    JOB_OPEN,
    KEY,
    NOTE,
    PAGE,
    SEAL,
    TOMBSTONE,
)
from archive.attest.statements.rules import (
    check_common,
    check_import,
    check_incident,
    check_key,
    check_page,
    check_rows,
    check_seal,
    check_tombstone,
    has_content,
    is_empty,
    is_named_if_any,
)
from archive.attest.values.fields import (
    Table,
    check_keys,
    check_table,
    check_values,
    table_form,
)
from archive.digest import Digest
from archive.errors import MalformedStatement

SLICE_NAME = "capture.warc.gz"
OFTEN_WRITTEN = frozenset({"capture"})
"""Kinds of which there are so many that making an expression for them pays."""


class UnknownKind(MalformedStatement):
    """No kind or version of this list: NOT CHECKED, never skipped and never a pass."""


Rule = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind: its own fields, and rules that look at several fields at once."""

    fields: Table
    rules: tuple[Rule, ...]
    table: Table = field(init=False)
    """Its own fields and those of every kind."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", {**COMMON, **self.fields})


KINDS: Mapping[str, Kind] = {
    "capture": Kind(fields=CAPTURE, rules=(has_content, check_rows)),
    "page": Kind(fields=PAGE, rules=(has_content, check_rows, check_page)),
    "job-open": Kind(fields=JOB_OPEN, rules=(has_content,)),
    "job-close": Kind(fields=JOB_CLOSE, rules=(has_content,)),
    "seal": Kind(fields=SEAL, rules=(is_named_if_any, check_seal)),
    "anchor": Kind(fields=ANCHOR, rules=(is_empty,)),
    "key": Kind(fields=KEY, rules=(is_named_if_any, check_key)),
    "cosign": Kind(fields=COSIGN, rules=(is_empty,)),
    "tombstone": Kind(fields=TOMBSTONE, rules=(is_empty, check_tombstone)),
    "extract": Kind(fields=EXTRACT, rules=(has_content,)),
    "import": Kind(fields=IMPORT, rules=(check_import,)),
    "note": Kind(fields=NOTE, rules=(has_content,)),
    "incident": Kind(fields=INCIDENT, rules=(is_empty, check_incident)),
}


def check_common_fields(predicate: Any) -> None:
    """Refuse a predicate without the fields that every kind and version has."""
    if not isinstance(predicate, dict) or not COMMON.keys() <= predicate.keys():
        raise MalformedStatement("predicate lacks a field that every statement has")
    common = {key: predicate[key] for key in COMMON}
    check_table(COMMON, common, "predicate")
    check_common(common)


def check_predicate(kind: str, predicate: Any) -> None:
    """Refuse a predicate that is not exactly of its kind; UnknownKind for no kind."""
    known = find_kind(kind)
    check_table(known.table, predicate, "predicate")
    check_common(predicate)
    for rule in known.rules:
        rule(predicate)


def check_written(kind: str, predicate: Any, text: str) -> None:
    """What `check_predicate` does, for a predicate that `text` is the JSON of.

    One expression says of the usual predicate what a call for each field would.
    """
    form = written_form(kind)
    if form is None or form.fullmatch(text) is None:
        check_predicate(kind, predicate)
        return
    check_common(predicate)
    for rule in find_kind(kind).rules:
        rule(predicate)


@cache
def written_form(kind: str) -> re.Pattern[str] | None:
    """What the predicate of a kind looks like as JSON; None: look at its fields."""
    form = table_form(find_kind(kind).table) if kind in OFTEN_WRITTEN else None
    return None if form is None else re.compile(form, re.ASCII)


def check_own_fields(kind: str, predicate: Any) -> None:
    """The same for a predicate whose common fields were checked before."""
    known = find_kind(kind)
    check_keys(known.table, predicate, "predicate")
    check_values(known.fields, predicate, "predicate")
    for rule in known.rules:
        rule(predicate)


def find_kind(kind: str) -> Kind:
    """Look a kind up; UnknownKind if it is none."""
    known = KINDS.get(kind)
    if known is None:
        raise UnknownKind(f"statement kind {kind[:80]!r} is not known to this version")
    return known


def subjects_of(kind: str, predicate: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Name the subjects of a checked predicate: (name, hex digest), slice first."""
    subjects = [(SLICE_NAME, str(predicate["slice"]["sha256"]))]
    if kind == "capture":
        main = predicate["records"][0]
        if main["type"] in ("response", "revisit") and main["payload"] is not None:
            subjects.append(("payload", Digest.parse(main["payload"]).hex))
    if kind in ("page", "note"):
        subjects.extend(
            (f"captures/{Digest(used).short_id}/{SLICE_NAME}", used)
            for used in predicate["captures"]
        )
    return tuple(subjects)
