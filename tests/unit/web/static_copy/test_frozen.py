"""Static copies: only addresses are rewritten, nothing leaves the folder."""

from collections import Counter
from pathlib import Path

import pytest

from archive.capture import Capture
from archive.errors import StoreError
from archive.verify.reporting.report import Report
from tests.support.web.served import APP, REPLAY
from tests.support.web.web_world import World
from web.replay.clean import clean_page
from web.replay.frame import frame_page
from web.replay.links import PartTable
from web.replay.responses import gap_words
from web.settings import WebSettings
from web.static_copy.freeze import FreezeRequest, freeze
from web.static_copy.frozen import freeze_replay, is_plain_path
from web.wording.languages import ENGLISH

PART = f"/p/{'a' * 26}/3"
FILE = f"replay{PART}.png"
PAGE = "replay/v/x/index.html"


def file_of(address: str) -> str | None:
    return FILE if address == PART else None


def test_addresses_become_files_and_text_that_looks_like_one_stays() -> None:
    cleaned = (
        f'<!doctype html><html><head><meta charset="utf-8"><style>a{{background:'
        f'url("{PART}")}}</style><link rel="stylesheet" href="{PART}"></head>'
        f'<body style="background-image:url(&quot;{PART}&quot;)"><p title="see {PART}">'
        f'see {PART}, src="{PART}" and url("{PART}")</p>'
        f'<img src="{PART}" srcset="{PART} 2x, {PART} 3x" alt="{PART}"></body></html>'
    )
    there = f"../../p/{'a' * 26}/3.png"
    text = freeze_replay(cleaned.encode(), page=PAGE, file_of=file_of).decode()
    for written in (
        f'url("{there}")',
        f'href="{there}"',
        f"url(&quot;{there}&quot;)",
        f'<img src="{there}" srcset="{there} 2x, {there} 3x" alt="{PART}">',
        f'<p title="see {PART}">see {PART}, src="{PART}" and url("{PART}")</p>',
    ):
        assert written in text
    assert text.count(there) == 6


def test_a_hostile_page_cannot_have_its_text_rewritten() -> None:
    html = (
        f'<p title=\'" src="{PART}" style="url({PART})"\'>&lt;img src="{PART}"&gt; '
        f'<i>{PART}</i><textarea> src="{PART}"</textarea>'
    )
    table = PartTable("a" * 26, (), lambda _: None)
    words = gap_words(ENGLISH)
    page = clean_page(html, base="http://a.example/", parts=table, words=words)
    document = frame_page(page, ENGLISH)
    frozen = freeze_replay(document, page=PAGE, file_of=file_of)
    assert document.count(PART.encode()) == 5
    assert frozen.count(PART.encode()) == 5


def test_sheets_are_rewritten_in_their_addresses_only() -> None:
    css = f'@import url("{PART}") ;a{{content:"{PART}";background:url("{PART}")}}'
    page = f"replay/p/{'a' * 26}/9.css"
    text = freeze_replay(css.encode(), page=page, file_of=file_of).decode()
    expected = f'@import url("3.png") ;a{{content:"{PART}";background:url("3.png")}}'
    assert text == expected


@pytest.mark.parametrize(
    "path",
    [
        *("/../x", "/u/../../x", "/u/..", "/u/.", "/u//x", "/.hidden", "/u/a\\b"),
        *("/u/%2e%2e/x", "u/x", "", "/u/x\n", "/u/é", "//x", "/u/a?b"),
    ],
)
def test_a_path_that_leaves_the_folder_is_none(path: str) -> None:
    assert not is_plain_path(path)


@pytest.mark.parametrize("path", ["/", "/u/abc", "/c/abc/", "/static/a-b.css"])
def test_usual_paths_are_files(path: str) -> None:
    assert is_plain_path(path)


def test_each_capture_is_checked_once_for_all_its_pages(
    world: World, tmp_path: Path
) -> None:
    services = world.services()
    checked: Counter[str] = Counter()

    def verify(capture: Capture) -> Report:
        checked[capture.capture_id] += 1
        report: Report = services.verify(capture)
        return report

    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    request = FreezeRequest(target=tmp_path / "copy", language="en", bundles=False)
    done = freeze(settings, world.services(verify=verify), request)
    assert done.captures == len(checked) > 10
    assert done.pages > 5 * done.captures
    assert max(checked.values()) == 1


def test_a_full_disk_is_named_with_the_file_and_what_to_do(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")  # of a write: without a name

    settings = WebSettings(app_origin=APP, replay_origin=REPLAY)
    request = FreezeRequest(target=tmp_path / "copy", language="en", bundles=False)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(StoreError, match=r"cannot write .*copy.*: No space left"):
            freeze(settings, world.services(), request)
    assert not request.target.exists()
    assert freeze(settings, world.services(), request).pages > 0
