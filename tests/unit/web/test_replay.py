"""The replay origin: cleaned pages, parts of the same page, original bytes."""

import gzip
import hashlib
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from tests.support.web.served import REPLAY
from tests.support.web.web_world import World
from web.app import Applications


@pytest.fixture
def client(apps: Applications) -> Client:
    return Client(apps.replay, use_cookies=False)


def get(client: Client, path: str, **headers: str) -> TestResponse:
    return client.get(path, base_url=REPLAY, headers=headers)


def test_a_page_is_shown_with_its_own_parts(world: World, client: Client) -> None:
    page = world.named["page"].short_id
    html = get(client, f"/v/{world.named['main'].short_id}").get_data(as_text=True)
    assert "Папярэднія вынікі" in html
    assert f'href="/p/{page}/0"' in html
    assert f'src="/p/{page}/2"' in html
    assert "missing part: image, answered (404)" in html
    assert "steal" not in html
    assert "commission.example" not in html


def test_a_later_capture_takes_no_part_of_an_earlier_page(
    world: World, client: Client
) -> None:
    html = get(client, f"/v/{world.named['changed'].short_id}").get_data(as_text=True)
    assert "Канчатковыя" in html
    assert "/p/" not in html
    assert html.count('class="evidence-gap"') == 2


def test_a_style_sheet_is_written_anew(world: World, client: Client) -> None:
    page = world.named["page"].short_id
    response = get(client, f"/p/{page}/0")
    css = response.get_data(as_text=True)
    assert response.headers["Content-Type"] == "text/css; charset=utf-8"
    assert f'@import url("/p/{page}/1")' in css
    assert f'url("/p/{page}/2")' in css
    assert f'url("/p/{page}/3")' in css
    assert "outside.example" not in css


def test_an_image_is_sent_by_its_first_bytes(world: World, client: Client) -> None:
    response = get(client, f"/p/{world.named['page'].short_id}/2")
    assert response.headers["Content-Type"] == "image/png"
    assert response.data.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["drawn", "drawn-page"])
def test_the_picture_of_a_page_is_shown_in_a_document_of_ours(
    name: str, world: World, client: Client
) -> None:
    page = world.named["drawn-page"].short_id
    html = get(client, f"/shot/{world.named[name].short_id}").get_data(as_text=True)
    assert f'<img src="/shot/{page}/view"' in html
    picture = get(client, f"/shot/{page}/view")
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.data.startswith(b"\x89PNG")


def test_what_a_browser_made_of_a_page_is_a_download(
    world: World, client: Client
) -> None:
    page = world.named["drawn-page"]
    response = get(client, f"/raw/{page.short_id}/kept/pdf")
    assert response.data == b"%PDF-1"
    assert response.headers["Content-Type"] == "application/octet-stream"
    name = f'attachment; filename="capture-{page.capture_id[:8]}.pdf.txt"'
    assert response.headers["Content-Disposition"] == name


@pytest.mark.parametrize(
    "path", ["/shot/{page}", "/shot/{page}/view", "/raw/{drawn}/kept/dom"]
)
def test_a_page_without_a_picture_has_none(
    path: str, world: World, client: Client
) -> None:
    ids = {"page": "page", "drawn": "drawn-page"}
    names = {key: world.named[name].short_id for key, name in ids.items()}
    assert get(client, path.format(**names)).status_code == 404


def test_opened_alone_it_leads_to_the_record(world: World, client: Client) -> None:
    short = world.named["main"].short_id
    response = get(client, f"/v/{short}", **{"Sec-Fetch-Dest": "document"})
    assert response.status_code == 303
    assert response.headers["Location"] == f"http://127.0.0.1:8000/c/{short}"


def test_a_redirect_is_named_and_not_followed(world: World, client: Client) -> None:
    response = get(client, f"/v/{world.named['moved'].short_id}")
    assert response.status_code == 200
    assert "Location" not in response.headers
    assert "http://new.example/&lt;b&gt;" in response.get_data(as_text=True)


def test_text_in_an_old_charset_is_read(world: World, client: Client) -> None:
    html = get(client, f"/v/{world.named['cyrillic'].short_id}").get_data(as_text=True)
    assert "Привет, мир" in html


def test_a_file_without_a_view_says_so(world: World, client: Client) -> None:
    html = get(client, f"/v/{world.named['binary'].short_id}").get_data(as_text=True)
    assert "no view" in html


def hashed(response: TestResponse) -> str:
    return f"sha256:{hashlib.sha256(response.data).hexdigest()}"


def test_the_body_comes_back_byte_for_byte(world: World, client: Client) -> None:
    response = get(client, f"/raw/{world.named['main'].short_id}")
    assert str(world.named["main"].payload_digest) == hashed(response)
    name = f"capture-{world.named['main'].capture_id[:8]}.html.txt"
    assert f'filename="{name}"' in response.headers["Content-Disposition"]


def test_the_wire_form_has_its_head(world: World, client: Client) -> None:
    response = get(client, f"/raw/{world.named['main'].short_id}/wire")
    assert response.data.startswith(b"HTTP/1.1 200 Said\r\n")
    assert str(world.named["main"].block_digest) == hashed(response)


def test_the_slice_hashes_to_the_id(world: World, client: Client) -> None:
    for name in ("main", "page", "failure"):
        response = get(client, f"/raw/{world.named[name].short_id}/slice")
        digest = hashlib.sha256(response.data).hexdigest()
        assert digest == world.named[name].capture_id
        assert b"WARC/1.1" in gzip.decompress(response.data)


def test_part_of_a_body_can_be_asked_for(world: World, client: Client) -> None:
    response = get(client, f"/raw/{world.named['main'].short_id}", Range="bytes=0-8")
    assert response.status_code == 206
    assert response.data == b"<!doctype"


def test_a_part_behind_the_end_is_refused_with_the_length(
    world: World, client: Client
) -> None:
    """RFC 9110, section 15.5.17: a player learns where the end is."""
    path = f"/raw/{world.named['main'].short_id}"
    length = len(get(client, path).data)
    response = get(client, path, Range=f"bytes={length}-")
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{length}"


def test_altered_bytes_are_not_shown(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archive.errors import DigestMismatch

    def refuse(capture: object) -> None:
        raise DigestMismatch("altered")

    monkeypatch.setattr(world.reader, "open_slice", refuse)
    for path in ("/v/{}", "/raw/{}", "/raw/{}/slice"):
        response = get(client, path.format(world.named["main"].short_id))
        assert response.status_code == 500
        assert b"not the ones" in response.data


def test_the_same_page_is_cleaned_once(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v/{world.named['main'].short_id}"
    first = get(client, path).data
    monkeypatch.setattr("web.replay.responses.clean_page", None)
    assert get(client, path).data == first


@pytest.mark.parametrize(
    ("path", "accepted", "code", "words"),
    [
        ("/be/v/", "", "be", "няма часткі: выява, адказ (404)"),
        ("/v/", "ru-RU, en;q=0.5", "ru", "нет части: изображение, ответ (404)"),
        ("/en/v/", "ru", "en", "missing part: image, answered (404)"),
    ],
)
def test_gaps_speak_the_language_of_the_reader(
    path: str, accepted: str, code: str, words: str, world: World, client: Client
) -> None:
    headers = {"Accept-Language": accepted}
    found = get(client, path + world.named["main"].short_id, **headers)
    html = found.get_data(as_text=True)
    assert '<html lang="be" class="site">' in html
    assert f'lang="{code}"' in html.rpartition("evidence-gap")[2]
    assert words in html


def test_notes_speak_the_language_of_the_reader(world: World, client: Client) -> None:
    html = get(client, f"/be/v/{world.named['moved'].short_id}").get_data(as_text=True)
    assert '<html lang="be">' in html
    assert "Сервер адказаў перанакіраваннем" in html
    unknown = get(client, "/ru/v/" + "a" * 26)
    assert "Не найдено" in unknown.get_data(as_text=True)


def test_opened_alone_it_leads_to_the_record_in_the_same_language(
    world: World, client: Client
) -> None:
    name = world.named["main"].short_id
    found = get(client, f"/ru/v/{name}", **{"Sec-Fetch-Dest": "document"})
    assert found.headers["Location"] == f"http://127.0.0.1:8000/ru/c/{name}"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v/{}", "changed"),
        ("/v/{}", "binary"),
        ("/v/{}", "cyrillic"),
        ("/raw/{}", "changed"),
        ("/raw/{}/wire", "changed"),
        ("/raw/{}/slice", "changed"),
    ],
)
def test_a_slice_is_compared_with_its_id_once_for_a_request(
    path: str, name: str, world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    open_slice = world.reader.open_slice

    def note(capture: Any) -> Any:
        opened.append(capture.capture_id)
        return open_slice(capture)

    monkeypatch.setattr(world.reader, "open_slice", note)
    for _ in range(2):
        opened.clear()
        assert get(client, path.format(world.named[name].short_id)).status_code == 200
        assert opened == [world.named[name].capture_id]
