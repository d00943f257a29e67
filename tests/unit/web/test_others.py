"""What other archives received stands on the record page, each operator once."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from werkzeug.test import Client

from archive.capture import Capture
from archive.digest import format_short_id
from tests.support.archives.archives import (
    MadeArchive,
    close_of,
    make_archive,
    make_exchange,
)
from tests.support.archives.values import opening_of
from tests.support.web.served import APP, open_applications
from web import others

URI = "http://a.example/results"
SAME = b"<html><body><p>Candidate A: 51 %, counted by the commission.</p></body></html>"
OTHER = SAME.replace(b"51", b"49")
TEXT = SAME.replace(b"<body>", b'<body class="night">')


@dataclass(kw_only=True)
class World:
    """An archive of ours, others beside it, and a reader."""

    folder: Path
    own: MadeArchive
    capture: Capture
    others: list[MadeArchive]

    def add(self, name: str, body: bytes, *, trusted: bool = True) -> MadeArchive:
        made, _ = capture_in(self.folder / str(len(self.others) + 1), name, body)
        if trusted:
            folder = self.own.trust_folder
            shutil.copytree(made.trust_folder, folder, dirs_exist_ok=True)
        self.others.append(made)
        return made

    def client(self, count: int = 99) -> Iterator[Client]:
        """The pages, with the first `count` others named."""
        others = tuple(one.root for one in self.others[:count])
        with open_applications(self.own, others=others) as apps:
            yield Client(apps.app, use_cookies=False)

    def page(self, client: Client, prefix: str = "") -> str:
        path = f"{prefix}/c/{self.capture.short_id}"
        return client.get(path, base_url=APP).get_data(as_text=True)


def capture_in(folder: Path, name: str, body: bytes) -> tuple[MadeArchive, Capture]:
    made = make_archive(folder, name=name, seed=folder.name)
    return made, capture_again(made, body)


def capture_again(made: MadeArchive, body: bytes) -> Capture:
    with made.open_writer() as writer:
        return writer.capture(make_exchange(URI, body, made)).result()


def capture_restricted(made: MadeArchive, body: bytes) -> Capture:
    """By a job of a source that its record restricts."""
    job_id = format_short_id(made.random_bytes(16))
    opening = opening_of(
        (URI,),
        job_id=job_id,
        opened_at=made.clock(),
        source_id="persons",
        source={"sensitivity": {"restricted": True, "note": "persons"}},
    )
    exchange = make_exchange(URI, body, made, job_id=job_id)
    context = replace(exchange.context, source_id="persons")
    with made.open_writer() as writer:
        writer.open_job(opening).result()
        capture = writer.capture(replace(exchange, context=context)).result()
        writer.close_job(close_of(job_id, [capture], made)).result()
    return capture


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("others")
    own, capture = capture_in(folder / "0", "Ours", SAME)
    made = World(folder=folder, own=own, capture=capture, others=[])
    made.add("Vilnius", SAME)
    made.add("Warsaw", TEXT)
    made.add("Ours", SAME)
    made.add("Elsewhere", OTHER)
    made.add("Stranger", SAME, trusted=False)
    return made


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[Client]:
    yield from world.client()


def test_operators_are_counted_and_named_with_what_they_received(
    world: World, client: Client
) -> None:
    html = world.page(client)
    assert "3 operators: 3 witnesses" in html
    assert "5 other archives captured this address within 24 hours." in html
    assert "1 other operator received the same bytes." in html
    assert "1 received the same text in other bytes." in html
    assert "1 received something else." in html
    assert "Not counted: the same operator as here" in html
    assert "trust folder knows nothing of that log." in html
    for one in world.others:
        assert one.identity.origin in html


@pytest.mark.parametrize(
    ("prefix", "words"),
    [("/be", "3 аператары: 3 сведкі"), ("/ru", "3 оператора: 3 свидетеля")],
)
def test_it_is_said_in_the_language_of_the_page(
    world: World, client: Client, prefix: str, words: str
) -> None:
    assert words in world.page(client, prefix)


def test_the_json_twin_has_codes_and_counts(world: World, client: Client) -> None:
    path = f"/api/v1/c/{world.capture.short_id}"
    told = json.loads(client.get(path, base_url=APP).data)["corroboration"]
    assert told["witnesses"] == 3
    assert told["operators"] == {
        "same-payload": 1,
        "same-text": 1,
        "differs": 1,
        "not-compared": 0,
        "unreachable": 0,
    }
    found = [(one["agreement"], one["not_counted"]) for one in told["archives"]]
    assert found == [
        ("same-payload", None),
        ("same-text", None),
        ("same-payload", "same-operator"),
        ("differs", None),
        ("same-payload", "unknown-log"),
    ]


def test_what_comes_to_another_archive_is_seen_at_once(
    world: World, client: Client
) -> None:
    assert "1 received something else." in world.page(client)
    capture_again(world.others[3], SAME)
    html = world.page(client)
    assert "received something else." not in html
    assert "2 other operators received the same bytes." in html


def test_without_others_the_page_says_one_witness(world: World) -> None:
    for client in world.client(count=0):
        html = world.page(client)
        assert "one operator: one witness" in html
        assert 'id="others"' not in html
        path = f"/api/v1/c/{world.capture.short_id}"
        told = json.loads(client.get(path, base_url=APP).data)
        assert told["corroboration"] is None


def test_of_a_source_that_another_archive_restricts_nothing_is_told(
    tmp_path: Path,
) -> None:
    own, capture = capture_in(tmp_path / "0", "Ours", SAME)
    world = World(folder=tmp_path, own=own, capture=capture, others=[])
    made = make_archive(tmp_path / "1", name="Vilnius", seed="1")
    shutil.copytree(made.trust_folder, own.trust_folder, dirs_exist_ok=True)
    world.others.append(made)
    for client in world.client():
        assert "captured nothing of this address" in world.page(client)
        hidden = capture_restricted(made, SAME)
        html = world.page(client)
        assert "captured nothing of this address" in html
        assert hidden.capture_id[:16] not in html
        assert "one operator: one witness" in html
        shown = capture_again(made, OTHER)
        html = world.page(client)
        assert hidden.capture_id[:16] not in html
        assert shown.capture_id[:16] in html
        assert "received something else." in html


def test_a_text_beyond_those_of_one_page_is_not_called_different(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(others, "TEXTS_LIMIT", 1)
    own, capture = capture_in(tmp_path / "0", "Ours", SAME)
    world = World(folder=tmp_path, own=own, capture=capture, others=[])
    world.add("Warsaw", TEXT)
    for client in world.client():
        html = world.page(client)
        assert "1 received other bytes, which were not compared." in html
        assert "other bytes, not compared" in html
        assert "received something else" not in html
