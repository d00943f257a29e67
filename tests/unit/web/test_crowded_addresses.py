"""An address captured very often: nothing old is lost, nothing hidden is told."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import Client

from archive.store.reading.reader import ArchiveReader
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.access import AccessPolicy, shown_by
from web.app import Applications, create_app
from web.settings import WebSettings
from web.views.around import find_neighbours
from web.views.linking import links_of

CROWD = 20_001
"""Captures that came later, one a minute: a fortnight of them."""
LEAF = 1_000
"""Their first entry, behind those of the archive."""
URI, LINKED = "http://commission.example/results", "http://commission.example/next"


@pytest.fixture(scope="module")
def crowded(archive_folder: Any) -> Iterator[ArchiveReader]:
    """The archive with a crowd of later captures of one address, and one linked to."""
    root, _, named = archive_folder
    main = named["main"]
    reader = ArchiveReader.open_afresh(root)
    with reader._catalog.update():
        for number in range(CROWD):
            at = main.captured_at + timedelta(days=1, minutes=number)
            late = replace(main, captured_at=at, source_id="crowd")
            reader._catalog.add_capture(replace(late, leaf=LEAF + number))
            linked = replace(late, target_uri=LINKED, source_id=None)
            reader._catalog.add_capture(replace(linked, leaf=LEAF + CROWD + number))
        near = replace(linked, captured_at=main.captured_at + timedelta(minutes=1))
        reader._catalog.add_capture(replace(near, leaf=LEAF + 2 * CROWD))
    yield reader
    reader.close()


def serve(world: World, reader: ArchiveReader, *hidden: str) -> Applications:
    policy = AccessPolicy(restricted_sources=frozenset(hidden))
    settings = WebSettings(app_origin=APP, replay_origin=REPLAY, access=policy)
    return create_app(settings, world.services(archive=reader))


def test_a_citation_resolves_however_many_captures_came_after(
    world: World, crowded: ArchiveReader
) -> None:
    apps = serve(world, crowded)
    archive = world.reader.identity.origin.rsplit("/", 1)[-1]
    for part, name in (("part", "main"), ("page", "page")):
        pwid = f"/pwid/urn:pwid:{archive}:2025-01-26T18:04:11Z:{part}:{URI}"
        found = Client(apps.app).get(pwid, base_url=APP)
        assert found.headers["Location"] == f"/c/{world.named[name].short_id}"
    for second in ("2025-01-26T18:04:10Z", "2025-01-26T18:04:12Z"):
        pwid = f"/pwid/urn:pwid:{archive}:{second}:part:{URI}"
        assert Client(apps.app).get(pwid, base_url=APP).status_code == 404
    last = f"/pwid/urn:pwid:{archive}:9999-12-31T23:59:59Z:part:{URI}"
    assert Client(apps.app).get(last, base_url=APP).status_code == 404


def test_the_place_among_all_captures_is_told(
    world: World, crowded: ArchiveReader
) -> None:
    site = serve(world, crowded).site
    found = find_neighbours(site, world.named["changed"])
    assert (found.position, found.count, found.failed) == (2, CROWD + 3, 1)
    assert found.earlier == world.named["main"]
    assert found.later == world.named["failure"]
    found = find_neighbours(site, world.named["main"])
    assert (found.earlier, found.later) == (None, world.named["changed"])
    assert (found.position, found.same_body) == (1, CROWD)


def test_hidden_captures_take_no_place_and_are_in_no_number(
    world: World, crowded: ArchiveReader
) -> None:
    apps = serve(world, crowded, "crowd")
    key = apps.site.key_of(URI)
    listed = json.loads(Client(apps.app).get(f"/api/v1/u/{key}", base_url=APP).data)
    named = [world.named[name] for name in ("main", "changed", "failure")]
    assert (listed["total"], listed["pages"]) == (3, 1)
    shown = [row["short_id"] for row in listed["captures"]]
    assert shown == [one.short_id for one in named]
    found = find_neighbours(apps.site, named[2])
    assert (found.position, found.count, found.later) == (3, 3, None)
    assert find_neighbours(apps.site, named[0]).same_body == 0


class HiddenOnceAsked:
    """Restricts a source from the second question on: its first job came between."""

    def __init__(self, source_id: str) -> None:
        self._answers = iter((frozenset[str](),))
        self._hidden = frozenset({source_id})

    def __call__(self) -> frozenset[str]:
        return next(self._answers, self._hidden)


def test_a_source_that_is_hidden_while_an_answer_is_made_is_not_in_it(
    world: World, crowded: ArchiveReader
) -> None:
    policy = AccessPolicy(marked=HiddenOnceAsked("crowd"))
    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    site = create_app(settings, world.services(archive=crowded)).site
    asking = replace(site, settings=replace(site.settings, access=policy))
    assert asking.ask_shown(URI, crowded.addresses.count).count == 3


def test_what_is_hidden_is_asked_after_a_capture_was_read(world: World) -> None:
    hidden = frozenset[str]()
    is_shown = shown_by(AccessPolicy(marked=lambda: hidden))
    main = world.named["main"]
    assert is_shown(replace(main, source_id="old"))
    hidden = frozenset({"new"})
    assert not is_shown(replace(main, source_id="new"))


def test_the_first_page_of_the_captures_is_within_reach(
    world: World, crowded: ArchiveReader
) -> None:
    apps = serve(world, crowded)
    path = f"/api/v1/u/{apps.site.key_of(URI)}/11"
    listed = json.loads(Client(apps.app).get(path, base_url=APP).data)
    assert (listed["total"], listed["pages"]) == (CROWD + 3, 11)
    assert listed["captures"][0]["short_id"] == world.named["main"].short_id
    assert listed["captures"][0]["change"] == "first"


def test_a_link_leads_to_the_capture_nearest_in_time(
    world: World, crowded: ArchiveReader
) -> None:
    main = world.named["main"]
    (row,) = links_of(serve(world, crowded).site, main).captured
    assert (row.uri, row.captures) == (LINKED, CROWD + 1)
    assert row.captured_at == main.captured_at + timedelta(minutes=1)
