"""What was imported is shown as such everywhere, and never under our claim."""

from datetime import UTC, datetime
from pathlib import Path

from werkzeug.test import Client

from archive.store.foreign import examine, import_file
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from tests.support.archives.archives import make_archive
from tests.support.attacks.foreign import PAGE, URI, exchange, pack
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.app import create_app
from web.settings import WebSettings


def test_record_page_claim_and_citation_say_imported(
    world: World, tmp_path: Path
) -> None:
    made = make_archive(tmp_path)
    path = tmp_path / "received.warc.gz"
    path.write_bytes(pack(exchange()))
    with made.open_writer() as writer:
        before = ArchiveReader.open(made.root)
        import_file(
            path,
            examine(path, tmp_path),
            writer=writer,
            reader=before,
            at=datetime(2025, 1, 26, 9, tzinfo=UTC),
        )
        before.close()
    reader = ArchiveReader.open(made.root)
    (found,) = reader.captures()
    services = world.services(
        archive=reader,
        verify=lambda one: verify_capture(reader, one, trust=made.trust()),
    )
    apps = create_app(WebSettings(app_origin=APP, replay_origin=REPLAY), services)
    app = Client(apps.app, use_cookies=False)
    html = app.get(f"/c/{found.short_id}", base_url=APP).get_data(as_text=True)
    assert "nobody here captured this" in html
    assert URI in html
    assert "received these bytes in a file" in html
    assert "from this address for this URL" not in html
    assert "operator&#39;s clock" not in html.split('id="bytes"')[0].split("cite")[1]
    cited = app.get(f"/c/{found.short_id}/cite", base_url=APP).get_data(as_text=True)
    assert "not by this archive" in cited
    assert "Imported from a file that others made" in cited
    replay = Client(apps.replay, use_cookies=False)
    body = replay.get(f"/raw/{found.short_id}", base_url=REPLAY)
    assert body.get_data() == PAGE
    reader.close()
