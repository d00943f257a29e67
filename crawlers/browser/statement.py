"""From a rendered page to the statement about it: records, page information (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from archive.attest.values.canonical import dump_canonical
from archive.capture import MemoryBytes
from archive.store.drafts import JSON_TYPE, PageDraft
from archive.warc.slice import ResourceBlock
from crawlers.browser.order import (
    ARTIFACTS,
    VIEWPORT_HEIGHT,
    VIEWPORT_WIDTH,
    PageFacts,
    artifact_path,
)
from crawlers.browser.traffic import Asked, PageTraffic, PageTrail
from crawlers.crawl.capturing.parts import PARTS_LISTED
from crawlers.engine.spool import SpooledBytes

KINDS = {
    "stylesheet": "style",
    "image": "image",
    "font": "font",
    "media": "media",
    "document": "frame",
    "script": "script",
    "xhr": "data",
    "fetch": "data",
    "eventsource": "data",
}
"""What the browser wanted a thing for -> kind of a part."""
OTHER_KIND = "other"
ICON_PATH = "/favicon.ico"
UNFINISHED = "unfinished"
"""`outcome` of a part whose exchange is not in the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPage:
    """All that is known of one page when the browser has ended."""

    facts: PageFacts
    trail: PageTrail
    traffic: PageTraffic
    folder: str
    user_agent: str


def draft_rendering(page: RenderedPage) -> PageDraft | None:
    """The statement to be made; None where no captured document was shown."""
    main = page.trail.main
    if main is None:
        return None
    parts = [one for one in page.traffic.asked if not one.is_main]
    return PageDraft(
        target_uri=main.target_uri,
        main=main,
        captures=tuple(page.trail.captures),
        rendering="browser",
        page_info={
            "parts": [describe_part(one) for one in parts[:PARTS_LISTED]],
            "parts_unlisted": max(0, len(parts) - PARTS_LISTED),
        },
        job_id=main.job_id,
        source_id=main.source_id,
        resources=(*_artifacts(page, main.target_uri), _page_record(page)),
    )


def describe_part(asked: Asked) -> dict[str, object]:
    """One row of the parts list, as readers of every page statement know it."""
    capture = asked.captures[-1] if asked.captures else None
    kind = KINDS.get(asked.used_as, OTHER_KIND)
    is_icon = kind == OTHER_KIND and asked.uri.endswith(ICON_PATH)
    return {
        "uri": asked.uri,
        "as_given": asked.as_given,
        "kind": "icon" if is_icon else kind,
        "capture": capture.capture_id if capture else None,
        "outcome": str(capture.outcome) if capture else UNFINISHED,
        "reason": "",
    }


def _artifacts(page: RenderedPage, uri: str) -> Iterable[ResourceBlock]:
    for name, (_, media_type) in ARTIFACTS.items():
        path = artifact_path(page.folder, name)
        if path.is_file():
            yield ResourceBlock(
                type="resource",
                target_uri=f"urn:{name}:{uri}",
                content_type=media_type,
                block=SpooledBytes(path=path, length_bytes=path.stat().st_size),
            )


def _page_record(page: RenderedPage) -> ResourceBlock:
    uri = page.trail.captures[0].target_uri
    return ResourceBlock(
        type="resource",
        target_uri=f"urn:pageinfo:{uri}",
        content_type=JSON_TYPE,
        block=MemoryBytes(dump_canonical(describe_page(page))),
    )


def describe_page(page: RenderedPage) -> dict[str, Any]:
    """Everything about the rendering that is no picture: what a reader may ask."""
    facts, traffic = page.facts, page.traffic
    return {
        "captures": [
            {
                "id": capture.capture_id,
                "uri": capture.target_uri,
                "status": capture.http_status,
                "type": capture.media_type,
                "outcome": str(capture.outcome),
            }
            for capture in page.trail.captures
        ],
        "blocked": [{"uri": uri, "reason": why} for uri, why in traffic.blocked],
        "blocked_unlisted": traffic.blocked_unlisted,
        "browser": {"version": facts.browser, "user_agent": page.user_agent},
        "viewport": {"width": VIEWPORT_WIDTH, "height": VIEWPORT_HEIGHT},
        "page": {
            "title": writable(facts.title),
            "width": facts.page_width,
            "height": facts.page_height,
            "load": facts.load,
            "problem": writable(facts.problem),
            "notes": [*facts.notes],
        },
        "console": [
            {"kind": line["kind"], "text": writable(line["text"])}
            for line in facts.console
        ],
    }


def writable(text: str) -> str:
    """Any text of a page as text that UTF-8 can write."""
    return text.encode("utf-8", "replace").decode("utf-8")
