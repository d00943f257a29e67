"""A small archive with a page and its captures."""

from pathlib import Path

import pytest

from archive.capture import Capture
from archive.store.drafts import PageDraft
from tests.support.archives import MadeArchive, make_archive, make_exchange


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    """An archive without captures yet."""
    return make_archive(tmp_path)


@pytest.fixture
def page(made: MadeArchive) -> Capture:
    """A page of one capture and one part, with a part that was not fetched."""
    with made.open_writer() as writer:
        main, style = (
            writer.capture(make_exchange(uri, uri.encode() * 9, made)).result()
            for uri in ("http://a.example/", "http://a.example/style.css")
        )
        parts = [part_row(style.target_uri, "style", style.capture_id)]
        parts.append(part_row("http://a.example/gone.png", "image", None))
        draft = PageDraft(
            target_uri="http://a.example/",
            main=main,
            captures=(main, style),
            rendering="static",
            page_info={"parts": parts},
            job_id=None,
            source_id=None,
        )
        return writer.page(draft).result()


def part_row(uri: str, kind: str, capture_id: str | None) -> dict[str, object]:
    """One line of a page's list of parts."""
    return {
        "as_given": uri.rpartition("/")[2],
        "capture": capture_id,
        "kind": kind,
        "outcome": "complete" if capture_id else "skipped",
        "reason": "" if capture_id else "too many parts",
        "uri": uri,
    }
