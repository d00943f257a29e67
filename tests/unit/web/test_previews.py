"""Pictures and PDFs are shown as pictures made here; sound and film by ranges."""

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import PIL.Image
import pytest
from werkzeug.test import Client, TestResponse

from archive.errors import ExtractionError
from search.extract.children.child import TIMEOUT, WorkerFailed
from search.extract.previews.pictures import Preview
from search.extract.previews.preview import Previews
from tests.support.archives.archives import make_archive
from tests.support.web.served import APP, REPLAY, open_applications
from tests.support.web.web_world import World
from tests.unit.web.conftest import make_exchange, png
from web.app import create_app
from web.replay.viewing import AGAIN_SECONDS
from web.settings import WebSettings

SECRET = b"canary-of-a-camera"


def pdf(pages: int) -> bytes:
    """A PDF with another square on each page, and a script that never runs."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(pages))
    objects = [
        "<</Type/Catalog/Pages 2 0 R/OpenAction 3 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {pages}>>",
        "<</S/JavaScript/JS(app.launchURL('http://outside.example/'))>>",
    ]
    for number in range(pages):
        ink = f"0 0 0 rg 0 0 {10 + number} 10 re f"
        objects += [
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 50]"
            f"/Contents {5 + 2 * number} 0 R>>",
            f"<</Length {len(ink)}>>stream\n{ink}\nendstream",
        ]
    out, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj{text}endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    start, size = len(out), len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode()
    out += f"trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode()
    return out


def jpeg() -> bytes:
    """A photograph, turned by its metadata, that says who took it."""
    picture = PIL.Image.new("RGB", (40, 20), (200, 30, 30))
    about = PIL.Image.Exif()
    about[0x0112] = 6  # turned by a quarter
    about[0x013B] = SECRET.decode()
    target = io.BytesIO()
    picture.save(target, "JPEG", exif=about, comment=SECRET)
    return target.getvalue()


def film() -> bytes:
    return b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40


@pytest.fixture(scope="module")
def previews() -> Iterator[Previews]:
    made = Previews()
    yield made
    made.close()


def draw(previews: Previews, data: bytes, number: int = 0) -> Preview | None:
    return previews.make(data, number)


def test_a_page_of_a_pdf_is_drawn(previews: Previews) -> None:
    made = draw(previews, pdf(3), 2)
    assert made is not None
    assert (made.kind, made.pages, made.media_type) == ("document", 3, "image/png")
    assert (made.width, made.height) == (1600, 800)
    picture = PIL.Image.open(io.BytesIO(made.data))
    dark = [picture.getpixel((x, 790)) == (0, 0, 0) for x in (5, 185, 200)]
    assert dark == [True, True, False]
    assert draw(previews, pdf(3), 3) is None


def test_a_photograph_loses_what_it_says_and_stands_upright(previews: Previews) -> None:
    data = jpeg()
    assert SECRET in data
    made = draw(previews, data)
    assert made is not None
    assert SECRET not in made.data
    assert (made.width, made.height, made.original) == (20, 40, (40, 20))
    assert not PIL.Image.open(io.BytesIO(made.data)).getexif()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7 and nothing else",
        b"\x89PNG\r\n\x1a\n cut",
        png()[:45],
        pdf(1)[:120],
        b"GIF89a" + b"\xff" * 900,
        b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 40,
        # 100,000 pixels a side: refused before any memory is taken.
        png()[:16] + b"\0\x01\x86\xa0" * 2 + png()[24:],
    ],
)
def test_what_cannot_be_drawn_has_no_preview(previews: Previews, data: bytes) -> None:
    assert draw(previews, data) is None
    assert draw(previews, png()) is not None


def test_a_child_that_died_is_replaced_and_the_next_file_drawn(
    previews: Previews,
) -> None:
    assert draw(previews, png()) is not None
    processes = [
        child._process for child in previews._free.queue if child._process is not None
    ]
    assert processes
    for process in processes:
        process.kill()
        process.wait()
    assert draw(previews, png()) is not None


def test_what_takes_too_long_is_not_said_to_be_impossible(
    previews: Previews, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:
        slow.setattr("search.extract.previews.preview.SECONDS", 0)
        with pytest.raises(WorkerFailed):
            draw(previews, png())
    assert draw(previews, png()) is not None


Shown = tuple[Client, dict[str, str]]
"""A replay origin, and the short ids of its files by name."""


@pytest.fixture(scope="module")
def shown(
    tmp_path_factory: pytest.TempPathFactory, previews: Previews
) -> Iterator[Shown]:
    """An archive of files that are no pages, and its replay origin."""
    made = make_archive(tmp_path_factory.mktemp("files"))
    files = {
        "paper": (pdf(7), "application/pdf"),
        "photo": (jpeg(), "image/jpeg"),
        "film": (film(), "video/mp4"),
        "about": (b"They begin with %PDF- and" * 9, "text/plain"),
        "page": (b"<p>ID3 \x1a and %PDF-1.4</p>", "text/html"),
        "letters": (b"GIF89a<p class=a>no picture</p>", "text/html"),
        "broken": (b"%PDF-1.7 cut", "application/pdf"),
    }
    ids = {}
    with made.open_writer() as writer:
        for name, (data, kind) in files.items():
            exchange = make_exchange(f"http://a.example/{name}", data, media_type=kind)
            ids[name] = writer.capture(exchange).result().short_id
    with open_applications(made) as apps:
        yield Client(apps.replay, use_cookies=False), ids


def get(shown: Shown, path: str, name: str, **headers: str) -> TestResponse:
    client, ids = shown
    return client.get(path.format(ids[name]), base_url=REPLAY, headers=headers)


def test_a_pdf_is_shown_by_pictures_a_few_pages_at_a_time(shown: Shown) -> None:
    html = get(shown, "/v/{}", "paper").get_data(as_text=True)
    name = shown[1]["paper"]
    assert re.findall(rf'src="/page/{name}/(\d+)"', html) == list("12345")
    assert "PDF, 7 pages" in html
    assert re.findall(r'href="([^"]*)"', html) == [f"/v/{name}/from/6"] * 2
    later = get(shown, "/v/{}/from/6", "paper").get_data(as_text=True)
    assert re.findall(rf'src="/page/{name}/(\d+)"', later) == list("67")
    assert f'href="/v/{name}/from/1"' in later
    picture = get(shown, "/page/{}/7", "paper")
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.data.startswith(b"\x89PNG")
    for path in ("/page/{}/8", "/page/{}/0"):
        assert get(shown, path, "paper").status_code == 404
    html = get(shown, "/be/v/{}", "paper").get_data(as_text=True)
    assert "PDF, 7 старонак" in html


def test_a_page_that_begins_as_a_picture_is_shown_as_the_page_it_is(
    shown: Shown,
) -> None:
    html = get(shown, "/v/{}", "letters").get_data(as_text=True)
    assert "no picture</p>" in html


def test_a_photograph_is_shown_without_its_metadata(shown: Shown) -> None:
    html = get(shown, "/v/{}", "photo").get_data(as_text=True)
    assert "Image, 40 × 20 pixels" in html
    picture = get(shown, "/page/{}/1", "photo")
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert SECRET not in picture.data
    assert SECRET in get(shown, "/raw/{}", "photo").data


def test_a_film_is_played_by_ranges(shown: Shown) -> None:
    html = get(shown, "/v/{}", "film").get_data(as_text=True)
    path = f"/media/{shown[1]['film']}"
    assert f'<video src="{path}" controls preload="metadata">' in html
    assert "video, 10.0 KiB" in html
    whole = get(shown, "/media/{}", "film")
    assert (whole.status_code, whole.data) == (200, film())
    assert whole.headers["Content-Type"] == "video/mp4"
    part = get(shown, "/media/{}", "film", Range="bytes=4-7")
    assert (part.status_code, part.data) == (206, b"ftyp")
    assert part.headers["Content-Range"] == f"bytes 4-7/{len(film())}"


def test_texts_and_pages_are_not_taken_for_files(shown: Shown) -> None:
    assert b"<pre" in get(shown, "/v/{}", "about").data
    assert b"ID3" in get(shown, "/v/{}", "page").data
    for name in ("about", "page", "paper"):
        assert get(shown, "/media/{}", name).status_code == 404
    html = get(shown, "/v/{}", "broken").get_data(as_text=True)
    assert "No preview could be made of this file." in html


def test_pages_of_a_pdf_are_turned_in_the_language_of_the_page(shown: Shown) -> None:
    name = shown[1]["paper"]
    html = get(shown, "/be/v/{}/from/6", "paper").get_data(as_text=True)
    assert f'href="/be/v/{name}/from/1"' in html
    assert "Папярэднія старонкі" in html


def counting(
    world: World, answer: Callable[[int], Preview | None], **changes: Any
) -> tuple[Client, list[int], str]:
    """A replay origin over a picture, with what draws replaced; the tries are noted."""
    tries: list[int] = []

    def make(data: bytes, number: int) -> Preview | None:
        tries.append(number)
        return answer(number)

    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    apps = create_app(settings, world.services(preview=make, **changes))
    return Client(apps.replay, use_cookies=False), tries, world.named["seal"].short_id


def test_what_cannot_be_drawn_is_not_tried_again(world: World) -> None:
    client, tries, name = counting(world, lambda _: None)
    for _ in range(3):
        html = client.get(f"/v/{name}", base_url=REPLAY).get_data(as_text=True)
        assert "No preview could be made of this file." in html
        assert client.get(f"/page/{name}/1", base_url=REPLAY).status_code == 404
    assert tries == [0]


def test_what_failed_once_is_tried_again_after_a_while(world: World) -> None:
    now = [1000.0]

    def fail(number: int) -> None:
        raise WorkerFailed(TIMEOUT)

    client, tries, name = counting(world, fail, monotonic=lambda: now[0])
    for count in (1, 2):
        for _ in range(2):
            html = client.get(f"/v/{name}", base_url=REPLAY).get_data(as_text=True)
            assert "No preview could be made of this file." in html
        assert tries == [0] * count
        now[0] += AGAIN_SECONDS


def test_who_comes_while_all_draw_is_asked_to_come_back(world: World) -> None:
    def busy(number: int) -> None:
        raise ExtractionError("busy")

    client, tries, name = counting(world, busy)
    for count in (1, 2):
        found = client.get(f"/v/{name}", base_url=REPLAY)
        assert found.status_code == 503
        assert int(found.headers["Retry-After"]) > 0
        assert len(tries) == count, "it may be drawn another time"


def test_children_that_are_all_busy_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.extract.previews.preview.WAIT_SECONDS", 0.01)
    made = Previews()
    taken = [made._free.get() for _ in range(made._free.qsize())]
    with pytest.raises(ExtractionError):
        made.make(png(), 0)
    for child in taken:
        made._free.put(child)
    made.close()


@pytest.mark.parametrize("path", ["/page/{}/1", "/media/{}", "/v/{}/from/1"])
def test_opened_alone_it_leads_to_the_record(shown: Shown, path: str) -> None:
    found = get(shown, path, "film", **{"Sec-Fetch-Dest": "document"})
    assert found.headers["Location"] == f"{APP}/c/{shown[1]['film']}"
