"""A revisit is shown with the content it refers to, and hides nothing of its own."""

from pathlib import Path

import pytest
from werkzeug.test import Client

from archive.digest import Digest
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from tests.support.archives.archives import make_archive, make_exchange
from tests.support.archives.exchanges import not_modified
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import create_app
from web.settings import WebSettings

URI = "http://a.example/list"
BODY = b"<p>content of the first capture</p>" * 3


def test_replay_and_record_page_show_a_304(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_archive(tmp_path)
    with made.open_writer() as writer:
        first = writer.capture(make_exchange(URI, BODY, made)).result()
    reader = ArchiveReader.open(made.root)
    earlier = reader.earlier(overrides=False)
    found = earlier.with_payload(URI, Digest.of(BODY), source_id=None)
    wire = b"HTTP/1.1 304 Not Modified\r\nX-Seen: yes\r\n\r\n"
    with made.open_writer() as writer:
        answer = not_modified(URI, found, at=made.clock(), wire=wire)
        revisit = writer.capture(answer).result()
    reader.catch_up()
    assert revisit.refers_to == first.capture_id
    services = world.services(
        archive=reader,
        verify=lambda one: verify_capture(reader, one, trust=made.trust()),
    )
    apps = create_app(WebSettings(app_origin=APP, replay_origin=REPLAY), services)
    replay = Client(apps.replay, use_cookies=False)
    shown = replay.get(f"/v/{revisit.short_id}", base_url=REPLAY)
    assert shown.status_code == 200
    assert "content of the first capture" in shown.get_data(as_text=True)
    body = replay.get(f"/raw/{revisit.short_id}", base_url=REPLAY)
    assert body.get_data() == BODY
    wired = replay.get(f"/raw/{revisit.short_id}/wire", base_url=REPLAY)
    assert wired.get_data() == wire
    record = Client(apps.app, use_cookies=False).get(
        f"/c/{revisit.short_id}/source", base_url=APP
    )
    html = record.get_data(as_text=True)
    assert record.status_code == 200
    assert "X-Seen: yes" in html
    assert "VERIFIED" in html
    monkeypatch.setattr("web.replay.long.HELD_BYTES", 10)
    long = replay.get(f"/raw/{revisit.short_id}", base_url=REPLAY)
    assert (long.status_code, long.get_data()) == (200, BODY), "streamed"
    monkeypatch.undo()
    monkeypatch.setattr("web.replay.responses.RAW_LIMIT_BYTES", 10)
    cut = replay.get(f"/raw/{revisit.short_id}", base_url=REPLAY)
    assert (cut.status_code, cut.get_data()) == (200, BODY), "over the limit of a body"
    reader.close()
