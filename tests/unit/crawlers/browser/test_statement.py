"""Which captures a page statement names, and in which order."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive.capture import Capture, CaptureOutcome
from crawlers.browser.order import ARTIFACTS, PageFacts, artifact_path
from crawlers.browser.statement import RenderedPage, describe_part, draft_rendering
from crawlers.browser.traffic import Asked, PageTraffic, sort_trail
from tests.support.archives.values import bare_capture


def capture(number: int, uri: str, status: int | None = 200) -> Capture:
    return replace(
        bare_capture(number, uri),
        outcome=CaptureOutcome.COMPLETE if status else CaptureOutcome.DNS,
        http_status=status,
        job_id="job",
    )


def asked(number: int, uri: str, used_as: str = "document", **more: Any) -> Asked:
    values: dict[str, Any] = {
        "is_main": used_as == "document",
        "captures": (capture(number, uri),),
        **more,
    }
    return Asked(uri=uri, as_given=uri, method="GET", used_as=used_as, **values)


HOP = asked(0, "http://a.test/old")
PART = asked(1, "http://a.test/x.css", "stylesheet")
FRAME = asked(2, "http://a.test/new", is_main=False)
MAIN = asked(3, "http://a.test/new")
RUNNING = asked(4, "http://a.test/running", "fetch", captures=())


def test_the_document_that_was_shown_comes_first() -> None:
    trail = sort_trail([HOP, PART, FRAME, MAIN, RUNNING], "http://A.test:80/new")
    assert trail.main == MAIN.captures[0]
    assert [c.leaf for c in trail.captures] == [3, 0, 1, 2]
    assert [c.leaf for c in trail.asked] == [0, 1, 2, 3]
    assert [c.leaf for c in trail.way] == [0, 3]


def test_the_last_answer_of_an_address_is_the_one_that_was_shown() -> None:
    again = asked(5, "http://a.test/new")
    trail = sort_trail([MAIN, PART, again], "http://a.test/new")
    assert trail.main == again.captures[0]


def test_without_a_document_or_an_answer_there_is_no_main_capture() -> None:
    failed = replace(MAIN, captures=(capture(3, "http://a.test/new", None),))
    assert sort_trail([MAIN], None).main is None
    assert sort_trail([MAIN], "http://a.test/other").main is None
    assert sort_trail([failed], "http://a.test/new").main is None
    assert sort_trail([], "http://a.test/").captures == []


def test_every_use_has_a_kind_that_readers_know() -> None:
    uses = {
        "stylesheet": "style",
        "xhr": "data",
        "manifest": "other",
        "cspviolationreport": "other",
    }
    for used_as, kind in uses.items():
        assert describe_part(asked(1, "http://a.test/x", used_as))["kind"] == kind
    icon = asked(1, "http://a.test/favicon.ico", "other")
    assert describe_part(icon)["kind"] == "icon"
    assert describe_part(RUNNING)["outcome"] == "unfinished"


def rendered(traffic: PageTraffic, folder: Path, document: str | None) -> RenderedPage:
    traffic.asked = [HOP, PART, MAIN]
    traffic.block("http://own.test/\udc80", "unannounced")
    return RenderedPage(
        facts=PageFacts(
            document=document,
            title="\ud800 title",
            console=[{"kind": "error", "text": "\ud800"}],
        ),
        trail=sort_trail(traffic.asked, document),
        traffic=traffic,
        folder=str(folder),
        user_agent="UA",
    )


def test_only_what_could_be_made_is_in_the_statement(
    traffic: PageTraffic, tmp_path: Path
) -> None:
    for name in ("pdf", "dom"):
        artifact_path(str(tmp_path), name).write_bytes(name.encode())
    draft = draft_rendering(rendered(traffic, tmp_path, "http://a.test/new"))
    assert draft is not None
    assert draft.rendering == "browser"
    assert [block.target_uri for block in draft.resources] == [
        "urn:pdf:http://a.test/new",
        "urn:dom:http://a.test/new",
        "urn:pageinfo:http://a.test/new",
    ]
    with draft.resources[-1].block.open() as stream:
        info = json.loads(stream.read())
    assert info["page"]["title"] == "? title"
    assert info["blocked"] == [{"uri": "http://own.test/%3F", "reason": "unannounced"}]
    parts = draft.page_info["parts"]
    assert isinstance(parts, list)
    assert [row["uri"] for row in parts] == ["http://a.test/x.css"]


def test_without_a_document_nothing_is_stated(
    traffic: PageTraffic, tmp_path: Path
) -> None:
    assert draft_rendering(rendered(traffic, tmp_path, None)) is None


def test_names_of_results_are_those_of_their_records() -> None:
    assert list(ARTIFACTS) == ["view", "pdf", "dom", "text"]
