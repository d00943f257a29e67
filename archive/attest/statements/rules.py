"""Rules of statements that look at several fields at once; fields.py has checked each.

A rule takes a predicate whose fields have their form and refuses, or returns nothing.
"""

from collections.abc import Mapping
from typing import Any

from archive.attest.values.fields import refuse
from archive.attest.values.keyid import key_id_of
from archive.digest import Digest
from archive.errors import MalformedStatement
from archive.log.fields import parse_base64

Predicate = Mapping[str, Any]
EMPTY_SLICE = Digest.of(b"").hex
FIRST_PREV = "sha256:" + "0" * 64
"""`prev` of entry 0: there is no statement before it."""


def check_common(predicate: Predicate) -> None:
    """An empty slice is empty in all its fields; only entry 0 has no predecessor."""
    facts = predicate["slice"]
    emptiness = {
        facts["members"] == 0,
        facts["length_bytes"] == 0,
        facts["sha256"] == EMPTY_SLICE,
    }
    if len(emptiness) != 1 or (True in emptiness and facts["first_record_id"]):
        raise refuse("predicate.slice", "is empty in one field and not in another")
    if (predicate["seq"] == 0) != (predicate["prev"] == FIRST_PREV):
        raise refuse("predicate.prev", "is zeros in entry 0 and nowhere else")


def has_content(predicate: Predicate) -> None:
    """The slice of this kind is never empty and begins with a record of ours."""
    if predicate["slice"]["first_record_id"] is None:
        raise refuse("predicate.slice", "is empty; this kind states content")


def is_named_if_any(predicate: Predicate) -> None:
    """The slice of this kind may be empty; if not, it begins with a record of ours."""
    if predicate["slice"]["members"] != 0:
        has_content(predicate)


def is_empty(predicate: Predicate) -> None:
    """The slice of this kind is always empty."""
    if predicate["slice"]["members"] != 0:
        raise refuse("predicate.slice", "is not empty; this kind states no content")


def check_rows(predicate: Predicate) -> None:
    """The record rows follow each other without a gap and fill the slice."""
    rows, facts = predicate["records"], predicate["slice"]
    end = 0
    for position, row in enumerate(rows):
        if row["offset"] != end:
            raise refuse(f"predicate.records[{position}].offset", f"is not {end}")
        end += row["length"]
    if end != facts["length_bytes"]:
        raise refuse("predicate.records", "do not fill slice.length_bytes")
    if len(rows) != facts["members"]:
        raise refuse("predicate.records", "are not slice.members in number")
    if rows[0]["id"] != facts["first_record_id"]:
        raise refuse("predicate.records[0].id", "is not slice.first_record_id")
    if len({row["id"] for row in rows}) != len(rows):
        raise refuse("predicate.records", "name one record id twice")


def check_page(predicate: Predicate) -> None:
    """The main capture of a page comes first."""
    if predicate["captures"][0] != predicate["main"]:
        raise refuse("predicate.captures[0]", "is not the main capture")


def check_seal(predicate: Predicate) -> None:
    """A seal names earlier entries; it opens a segment unless it states a rewriting."""
    segment, reseal = predicate["segment"], predicate["reseal"]
    if not segment["first_leaf"] < segment["end_leaf"] <= predicate["seq"]:
        raise refuse("predicate.segment", "does not hold entries before this one")
    if reseal is None:
        has_content(predicate)
    elif reseal["tombstone"] >= predicate["seq"]:
        raise refuse("predicate.reseal.tombstone", "is not an earlier entry")


def check_key(predicate: Predicate) -> None:
    """Key ids fit their keys, intervals are not inverted, entry 0 begins an archive."""
    for position, key in enumerate(predicate["keys"]):
        path = f"predicate.keys[{position}]"
        if key_id_of(parse_base64(key["spki"], MalformedStatement)) != key["key_id"]:
            raise refuse(f"{path}.key_id", "is not the id of spki")
        end = key["end_leaf"]
        if end is not None and end < key["first_leaf"]:
            raise refuse(f"{path}.end_leaf", "is before first_leaf")
    if predicate["seq"] != 0:
        return
    has_content(predicate)
    if predicate["action"] != "new":
        raise refuse("predicate.action", "is not `new` in entry 0")
    for field in ("archive_toml", "log_vkey"):
        if predicate[field] is None:
            raise refuse(f"predicate.{field}", "is null in entry 0")


def check_tombstone(predicate: Predicate) -> None:
    """Only an earlier statement can be removed."""
    if predicate["leaf"] >= predicate["seq"]:
        raise refuse("predicate.leaf", "is not an earlier entry")


def check_import(predicate: Predicate) -> None:
    """There are foreign records (their ids may be odd: null), under a name, no path."""
    if predicate["slice"]["members"] == 0:
        raise refuse("predicate.slice", "is empty; this kind states content")
    name = predicate["file"]["name"]
    if "/" in name or name in (".", ".."):
        raise refuse("predicate.file.name", "is a path, not a file name")


def check_incident(predicate: Predicate) -> None:
    """A torn tail says where it was cut and what was set aside."""
    if predicate["cause"] != "torn-tail":
        return
    for field in ("file", "offset", "length", "sha256"):
        if predicate[field] is None:
            raise refuse(f"predicate.{field}", "is null for a torn tail")
