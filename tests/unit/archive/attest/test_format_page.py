"""docs/format.md names every field and bound that the code demands, and no other."""

import re
from pathlib import Path

import pytest

from archive.attest.statements.kinds import KINDS
from archive.attest.statements.predicates import CAPTURED, COMMON
from archive.attest.values.fields import Table
from archive.attest.values.forms import CAPTURES_LIMIT, RECORDS_LIMIT, URI_LIMIT
from archive.capture import TRUNCATED_REASONS, CaptureOutcome, Phase
from archive.warc.record import FIELDS

PAGE = Path(__file__).parents[4] / "docs" / "format.md"


def sections() -> dict[str, str]:
    """Text under each heading."""
    parts = re.split(r"^#{2,3} (.+)$", PAGE.read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def fields_named(section: str) -> set[str]:
    """First-level names in the first column of the tables of a section."""
    found: set[str] = set()
    for line in section.splitlines():
        if line.startswith("| `"):
            found |= set(re.findall(r"`([a-z0-9_.]+)`", line.split("|")[1]))
    return {name for name in found if "." not in name}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_fields_of_each_kind_are_those_of_the_code(kind: str) -> None:
    wanted = set(KINDS[kind].fields) - (set(CAPTURED) if kind == "page" else set())
    assert fields_named(sections()[f"`{kind}`"]) == wanted


def test_no_kind_is_described_that_is_none() -> None:
    described = {name.strip("`") for name in sections() if name.startswith("`")}
    assert described == set(KINDS)


def test_the_fields_of_every_kind_are_those_of_the_code() -> None:
    assert fields_named(sections()["Fields of every kind"]) == set(COMMON)


@pytest.mark.parametrize("table", [CAPTURED])
def test_the_record_row_is_described(table: Table) -> None:
    section = sections()["`capture`"]
    for name in ("id", "type", "offset", "length", "member", "record", "block"):
        assert f"`{name}`" in section
    assert "records" in table


def test_the_header_fields_are_listed_in_their_order() -> None:
    section = sections()["3. Segments, slices, members"]
    rows = [
        line for line in section.splitlines() if re.match(r"\| (WARC|Content)-", line)
    ]
    listed = [
        name.rstrip(" +")
        for row in rows
        for name in row.split("|")[1].strip().split(", ")
    ]
    assert listed == list(FIELDS)


def test_all_outcomes_phases_and_truncations_are_listed() -> None:
    section = sections()["9. Outcomes"]
    rows = dict(
        re.findall(r"^\| `([a-z-]+)` \|.*\| (?:`([a-z]+)`|-) \|$", section, re.M)
    )
    assert set(rows) == {str(outcome) for outcome in CaptureOutcome}
    truncated = {name: reason for name, reason in rows.items() if reason}
    assert truncated == {str(key): value for key, value in TRUNCATED_REASONS.items()}
    assert all(f"`{phase}`" in section for phase in Phase)


@pytest.mark.parametrize("bound", [URI_LIMIT, CAPTURES_LIMIT, RECORDS_LIMIT])
def test_bounds_are_named(bound: int) -> None:
    assert f"{bound:,}" in PAGE.read_text()
