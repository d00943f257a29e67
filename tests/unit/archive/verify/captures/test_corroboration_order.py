"""Corroboration to the letter: what is told, in which order, at which bounds."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.capture import Capture
from archive.errors import LimitExceeded
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures import corroboration
from archive.verify.captures.capture import verify_capture
from archive.verify.captures.corroboration import (
    WINDOW,
    Agreement,
    Comparison,
    NotCounted,
    Partner,
    _group,
    near_captures,
)
from archive.verify.reporting.report import Report
from tests.support.archives.archives import make_page
from tests.support.archives.corroborated import OTHER, PAGE, URI, World, add, agreements


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(tmp_path, stack)


def test_a_comparison_is_told_whole(world: World) -> None:
    world.archive("Us", PAGE)
    world.archive("Partner", PAGE)
    world.archive("us ", PAGE)
    world.archive("Nobody", PAGE, delay=timedelta(days=9))
    found = world.compare(1, 2, 3)
    assert found.capture == world.captures[0]
    origins = [made.identity.origin for made in world.made]
    same = Agreement.SAME_PAYLOAD
    assert found.comparisons == (
        Comparison(
            origin=origins[1],
            operator="Partner",
            agreement=same,
            capture=world.captures[1],
        ),
        Comparison(
            origin=origins[2],
            operator="us ",
            agreement=same,
            capture=world.captures[2],
            not_counted=NotCounted.SAME_OPERATOR,
        ),
        Comparison(
            origin=origins[3],
            operator="Nobody",
            agreement=None,
            capture=None,
            not_counted=NotCounted.NOTHING_THERE,
        ),
    )
    assert found.witnesses == 2


def test_an_archive_of_ours_keeps_nobody_behind_it_from_being_counted(
    world: World,
) -> None:
    for name, body in (("Us", PAGE), ("us", PAGE), ("A", OTHER), ("A", None)):
        world.archive(name, body)
    found = world.compare(1, 2, 3)
    assert found.operators == {
        **dict.fromkeys(Agreement, 0),
        Agreement.DIFFERS: 1,
    }


def test_an_archive_of_ours_that_has_nothing_is_told_so(world: World) -> None:
    world.archive("Us", PAGE)
    world.archive("Us", PAGE, delay=timedelta(days=9))
    (told,) = world.compare(1).comparisons
    assert told.not_counted is NotCounted.NOTHING_THERE


@pytest.mark.parametrize("is_before", [True, False])
def test_captures_just_within_the_window_are_compared(
    world: World, is_before: bool
) -> None:
    delay = timedelta(hours=3) * (-1 if is_before else 1)
    world.archive("Us", PAGE)
    world.archive("Partner", PAGE, delay=delay)
    apart = abs(world.captures[0].captured_at - world.captures[1].captured_at)
    assert world.compare(1, window=apart).witnesses == 2
    beyond = apart - timedelta(microseconds=1)
    assert agreements(world.compare(1, window=beyond)) == [None]


def test_the_nearest_of_equals_is_named_and_the_only_one_verified(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.archive("Us", PAGE)
    world.archive("Partner", OTHER, delay=timedelta(hours=-2))
    near, far = add(world, 1, OTHER, OTHER + b"2", hours=2)
    judged: list[str] = []

    def verify(reader: ArchiveReader, capture: Capture, **named: Any) -> Report:
        judged.append(capture.capture_id)
        return verify_capture(reader, capture, **named)

    monkeypatch.setattr(corroboration, "verify_capture", verify)
    found = world.compare(1)
    assert found.comparisons[0].capture == near
    assert judged == [near.capture_id]
    add(world, 1, PAGE, hours=5)
    found = world.compare(1)
    assert agreements(found) == [Agreement.SAME_PAYLOAD]
    assert len(judged) == 3
    assert far.capture_id not in judged


def test_only_so_many_captures_of_an_archive_are_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.archive("Us", PAGE)
    world.archive("Partner", OTHER)
    add(world, 1, OTHER + b"2", hours=1)
    add(world, 1, PAGE, hours=1)
    for most, agreement in ((3, Agreement.SAME_PAYLOAD), (2, Agreement.DIFFERS)):
        monkeypatch.setattr(corroboration, "CANDIDATES", most)
        assert agreements(world.compare(1)) == [agreement]


def partner(name: str, origin: str, root: str, operator: str, *trusted: str) -> Partner:
    """Somebody known by these marks; his readers' trust folder names more keys."""
    identity = SimpleNamespace(
        name=name, origin=origin, root_key_id=root, operator_key_id=operator
    )
    keys = [SimpleNamespace(key_id=key) for key in trusted]
    trust = SimpleNamespace(operators=keys) if keys else None
    found = SimpleNamespace(reader=SimpleNamespace(identity=identity), trust=trust)
    return cast("Partner", found)


@pytest.mark.parametrize(
    "other",
    [
        partner(" a  TEAM", "other", "other", "other"),
        partner("other", "one", "other", "other"),
        partner("other", "other", "two", "other"),
        partner("other", "other", "other", "two"),
        partner("other", "other", "three", "other"),
        partner("other", "other", "other", "other", "four", "two"),
        partner("other", "other", "other", "other", "four", "three"),
    ],
)
def test_each_mark_of_an_operator_tells_him(other: Partner) -> None:
    us = partner("A Team", "one", "two", "three")
    for stranger in (
        partner("ATeam", "two", "one", "one"),
        partner("three", "three", "five", "a team", "one"),
    ):
        first, second, third = _group([us, stranger, other])
        assert first != second
        assert first == third


def test_who_shares_something_with_two_makes_them_one() -> None:
    one, two = partner("a", "a", "a", "b"), partner("c", "c", "c", "d")
    both = partner("e", "c", "a", "f")
    late, other = partner("x", "x", "y", "f"), partner("z", "z", "z", "z")
    for order in permutations([one, two, both, late]):
        groups = _group([other, *order])
        assert len(set(groups[1:])) == 1
        assert groups[0] != groups[1]
    assert len(set(_group([one, two, other]))) == 3


def test_an_empty_text_of_both_is_the_same_text_and_none_of_ours_is_another(
    world: World,
) -> None:
    world.archive("Us", PAGE)
    world.archive("Partner", OTHER)
    for text, agreement in (("", Agreement.SAME_TEXT), (None, Agreement.DIFFERS)):
        found = world.compare(1, text_of=lambda _reader, _capture, text=text: text)
        assert agreements(found) == [agreement]


def test_a_text_there_that_is_not_had_is_not_called_different(world: World) -> None:
    world.archive("Us", PAGE)
    world.archive("Partner", OTHER)

    def text_of(_reader: ArchiveReader, capture: Capture) -> str:
        if capture == world.captures[0]:
            return "ours"
        raise LimitExceeded("it took too long")

    assert agreements(world.compare(1, text_of=text_of)) == [Agreement.NOT_COMPARED]


def test_pages_and_imports_of_an_address_are_no_captures_of_it(world: World) -> None:
    world.archive("Us", PAGE)
    made = world.archive("Partner", OTHER)
    page = make_page(made)
    partner = world.partner(1)
    uris = {capture.target_uri for capture in partner.reader.find_captures(URI)}
    assert uris == {URI}
    asked = replace(world.captures[0], target_uri=page.target_uri)
    kinds = {one.kind for one in near_captures(partner, asked, WINDOW)}
    assert kinds == {"capture"}
