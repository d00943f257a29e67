"""W4: of 60 and more headers of an archived response not one is sent again."""

import http.client
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.archives.archives import make_archive
from tests.support.archives.exchanges import answered
from tests.support.rig.hostile import ARCHIVED_HEADERS
from tests.support.web.served import open_later, serve_services
from web.guards.headers import replay_headers

BODY = b"<!doctype html><p>Page with headers.</p>"
OURS = {
    *("content-type", "content-length", "date"),
    *("content-disposition", "accept-ranges"),
    *("link", "memento-datetime"),
}
"""Set by us for the content, the download and the memento."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """Both origins on real sockets, and the id of the capture."""
    folder: Path = tmp_path_factory.mktemp("headers")
    made = make_archive(folder)
    lines = "".join(f"{line}\r\n" for line in ARCHIVED_HEADERS)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{lines}"
        f"Content-Length: {len(BODY)}\r\n\r\n"
    ).encode()
    exchange = answered("http://h.example/", head + BODY, at=made.clock())
    with made.open_writer() as writer:
        capture = writer.capture(exchange).result()
    with serve_services(open_later(made.root, made.trust_folder)) as both:
        yield both.app, both.replay, capture.short_id


@pytest.mark.parametrize("path", ["/v/{}", "/raw/{}", "/raw/{}/wire", "/raw/{}/slice"])
def test_W4_only_the_fixed_set_is_on_the_wire(
    served: tuple[str, str, str], path: str
) -> None:
    app, replay, short_id = served
    assert len(ARCHIVED_HEADERS) >= 60
    split = urlsplit(replay)
    link = http.client.HTTPConnection("127.0.0.1", split.port, timeout=60)
    with closing(link):
        link.request("GET", path.format(short_id), None, {"Host": split.netloc})
        answer = link.getresponse()
        answer.read()
    assert answer.status == 200
    pairs = [(name.lower(), value) for name, value in answer.getheaders()]
    fixed = replay_headers(app_origin=app, replay_origin=replay).usual
    ours = [pair for pair in pairs if pair[0] not in OURS]
    assert sorted(ours) == sorted((name.lower(), value) for name, value in fixed)
    assert len({name for name, _ in pairs}) == len(pairs)
    said = " ".join(value for name, value in pairs if name in OURS)
    assert "x.example" not in said
    assert "x.html" not in said
    assert "1970" not in said
