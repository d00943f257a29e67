"""Classes: what is not the page is never taken for it; each verdict names its rule."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector

from archive.capture import CaptureOutcome
from archive.capture_class import CONTENT_CLASSES, CaptureClass
from archive.errors import SourceError
from crawlers.sources.class_file import read_class_file
from crawlers.sources.classes import (
    PLAIN_CHARACTERS,
    Answer,
    classify,
    general_rules,
)
from crawlers.sources.signs import Signs
from crawlers.sources.source import Source
from tests.support.inputs.bodies import NOT_PAGES, PAGES, Body

Parse = Callable[[str], Source]


def answer(body: Body, **changes: Any) -> Answer:
    html = body.html
    made = Answer(
        uri=body.uri,
        asked=body.asked or body.uri,
        outcome=CaptureOutcome.COMPLETE,
        http_status=body.status,
        media_type="text/html",
        beginning=html[:500],
        body_bytes=len(html),
        signs=Signs(Selector(text=html, type="html")) if html else None,
    )
    return replace(made, **changes)


def test_at_least_95_of_100_bodies_get_their_class_and_none_is_taken_for_a_page() -> (
    None
):
    wrong = {}
    for capture_class, bodies in NOT_PAGES.items():
        assert len(bodies) >= 8, capture_class
        for body in bodies:
            note = classify(answer(body))
            assert note.capture_class not in CONTENT_CLASSES, (body.html[:200], note)
            if note.capture_class != capture_class:
                wrong[body.html[:90]] = (capture_class, note)
    count = sum(map(len, NOT_PAGES.values()))
    assert len(wrong) <= 0.05 * count, wrong


@pytest.mark.parametrize("body", PAGES, ids=lambda body: body.uri)
def test_a_page_that_quotes_such_words_stays_a_page(body: Body) -> None:
    note = classify(answer(body))
    assert (note.capture_class, note.rule) == ("page", "as-expected")


@pytest.mark.parametrize(
    ("outcome", "detail", "expected"),
    [
        (CaptureOutcome.TLS, "Connection reset by peer", "block-page reset-in-tls"),
        (CaptureOutcome.TLS, "TLS: CERTIFICATE", "error no-answer:tls"),
        (CaptureOutcome.DNS, "no such name", "error no-answer:dns"),
        (CaptureOutcome.REFUSED, "", "error no-answer:refused"),
        (CaptureOutcome.TIMEOUT, "", "unknown cut-short:timeout"),
        (CaptureOutcome.LENGTH, "", "unknown cut-short:length"),
    ],
)
def test_an_attempt_without_a_whole_answer_is_no_page(
    outcome: CaptureOutcome, detail: str, expected: str
) -> None:
    note = classify(answer(PAGES[0], outcome=outcome, detail=detail))
    assert f"{note.capture_class} {note.rule}" == expected


KINDS = [
    ("feed", "application/rss+xml", "<?xml version='1.0'?><rss>", "feed"),
    ("feed", "text/html", "<!DOCTYPE html><html>", "unknown"),
    ("feed", "application/json", '{"version": "https://jsonfeed"}', "feed"),
    ("file", "application/pdf", "%PDF-1.7", "file"),
    ("file", "application/octet-stream", "PK\x03\x04", "file"),
    ("file", "text/html", "<html><head>", "unknown"),
    ("robots", "text/plain", "User-agent: *", "robots"),
    ("robots", "text/html", "<!doctype html>", "unknown"),
    ("page", "application/pdf", "%PDF-1.7", "file"),
    ("page", "text/html", "<p>", "unknown"),
    ("page", "image/png", "\x89PNG", "file"),
]


@pytest.mark.parametrize(("kind", "media_type", "beginning", "expected"), KINDS)
def test_what_was_expected_must_be_what_came(
    kind: str, media_type: str, beginning: str, expected: str
) -> None:
    note = classify(
        Answer(
            uri="https://outlet.example/a/b",
            asked="https://outlet.example/a/b",
            outcome=CaptureOutcome.COMPLETE,
            http_status=200,
            media_type=media_type,
            expected=CaptureClass(kind),
            beginning=beginning,
            body_bytes=100,
        )
    )
    assert note.capture_class == expected


def test_the_rules_of_a_source_come_first_and_are_named(
    parse: Parse, sound: str
) -> None:
    table = """
[[class]]
class = "paywall-teaser"
phrase = 'only for readers of OUTLET\\+'
"""
    source = parse(sound + table)
    text = "Words of the beginning. " * 200 + "Only for readers of outlet+"
    body = Body(uri="https://outlet.example/news/1", html=f"<p>{text}")
    note = classify(answer(body), own=source.classes, key="outlet:1")
    assert note.capture_class == "paywall-teaser"
    assert note.rule == r"source:only for readers of OUTLET\+"
    assert note.found == "Only for readers of outlet+"
    assert note.key == "outlet:1"
    assert classify(answer(body)).capture_class == "page"


def test_a_rule_without_a_sign_or_with_an_unknown_class_is_refused(
    parse: Parse, sound: str
) -> None:
    for table, word in (
        ('class = "challenge"', "names no sign"),
        ('class = "wall"\nphrase = "x"', "not one of"),
        ('class = "challenge"\nphrase = "("', "phrase"),
    ):
        with pytest.raises(SourceError, match=word):
            parse(f"{sound}\n[[class]]\n{table}\n")


def test_the_general_rules_are_sound_and_each_is_used_by_a_body() -> None:
    used = {
        classify(answer(body)).rule for bodies in NOT_PAGES.values() for body in bodies
    }
    unused = {rule.name for rule in general_rules()} - used
    assert unused == set()


def test_two_rules_of_one_id_are_refused(tmp_path: Path) -> None:
    rule = '[[class]]\nid = "one"\nclass = "error"\nphrase = "x"\n'
    (tmp_path / "rules.toml").write_text(rule * 2)
    with pytest.raises(SourceError, match="same id"):
        read_class_file(tmp_path / "rules.toml")


def test_no_rule_for_short_texts_looks_at_what_settles_a_page() -> None:
    bounds = [rule.text_max for rule in general_rules() if rule.text_max is not None]
    assert max(bounds) < PLAIN_CHARACTERS
