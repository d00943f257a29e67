"""`classes` of a closing record: what each capture of the job is, and by which rule."""

from collections.abc import Mapping
from typing import Any

from archive.attest.values.fields import (
    Table,
    array,
    as_text,
    check_required,
    hex_digest,
    integer,
    nullable,
    required,
    text,
)
from archive.capture_class import ClassNote

CLASSES_LIMIT = 200_000
"""Captures of one job that have a class."""
CLASS_LIMIT = 64
"""Characters of a class or of the id of a rule."""
FOUND_LIMIT = 256
"""Characters of what a rule went by."""
KEY_LIMIT = 600
"""Characters of source and article."""
PATH = "job-close.classes"

_CLASSES: Table = {
    "captures": array(
        required(
            {
                "capture": hex_digest,
                "class": text(limit=CLASS_LIMIT),
                "found": text(low=0, limit=FOUND_LIMIT, lines=True),
                "key": nullable(text(limit=KEY_LIMIT, lines=True)),
                "rule": text(limit=CLASS_LIMIT, lines=True),
            }
        ),
        low=0,
        high=CLASSES_LIMIT,
    ),
    "rules": integer(low=1),
}


def format_classes(notes: Mapping[str, ClassNote], *, rules: int) -> dict[str, Any]:
    """The JSON value; `rules` is the version of the rules that gave the classes.

    Words of a body and keys of addresses are strangers' words: made to fit.
    """
    return {
        "captures": [
            {
                "capture": capture_id,
                "class": note.capture_class,
                "found": as_text(note.found, limit=FOUND_LIMIT),
                "key": None if note.key is None else as_text(note.key, limit=KEY_LIMIT),
                "rule": note.rule,
            }
            for capture_id, note in sorted(notes.items())
        ],
        "rules": rules,
    }


def check_classes(value: Any) -> None:
    """MalformedStatement unless it is absent or has the form above."""
    if value is not None:
        check_required(_CLASSES, value, PATH)


def parse_classes(value: Any) -> tuple[dict[str, ClassNote], int]:
    """Read the JSON value: notes by capture id, and the version of the rules.

    None, as in records from before there were classes: nothing, by the first rules.
    """
    check_classes(value)
    if value is None:
        return {}, 1
    notes = {
        note["capture"]: ClassNote(
            capture_class=note["class"],
            rule=note["rule"],
            found=note["found"],
            key=note["key"],
        )
        for note in value["captures"]
    }
    return notes, value["rules"]
