"""Addresses lead to the parts of the same page capture, or to a reason why not."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.capture import Capture, CaptureOutcome
from archive.store.reading.recorded import PagePart
from web.replay.links import Gap, PartTable, Resolved, normal_form, split_srcset


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://Site.EXAMPLE", "http://site.example/"),
        ("HTTP://site.example:80/a?b#c", "http://site.example/a?b"),
        ("https://site.example:443/", "https://site.example/"),
        ("https://site.example:444/", "https://site.example:444/"),
        ("http://site.example/шлях", "http://site.example/%D1%88%D0%BB%D1%8F%D1%85"),
        ("http://site.example/a b", "http://site.example/a%20b"),
        ("http://site.example/%D1%88", "http://site.example/%D1%88"),
        ("http://сайт.example/", "http://xn--80aswg.example/"),
        ("http://[2001:DB8::1]/", "http://[2001:db8::1]/"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("ftp://site.example/", None),
        ("http://", None),
        ("http://[bad/", None),
        ("http://site.example:99999/", None),
        ("http://a..b/", None),
        ("", None),
        ("x" * 20_000, None),
    ],
)
def test_an_address_has_one_normal_form_or_none(
    written: str, expected: str | None
) -> None:
    assert normal_form(written) == expected


def test_a_normal_form_is_its_own_normal_form() -> None:
    written = normal_form("http://Сайт.example:80/a b/ц?q=ц#x") or ""
    assert normal_form(written) == written


def part(uri: str, capture_id: str | None = "c", **changes: str) -> PagePart:
    values = {"as_given": uri, "kind": "image", "outcome": "complete", "reason": ""}
    return PagePart(uri=uri, capture_id=capture_id, **{**values, **changes})


def table(status: int | None = 200, **changes: object) -> PartTable:
    capture = SimpleNamespace(
        refers_to=None,
        http_status=status,
        media_type=None,
        outcome=CaptureOutcome.COMPLETE,
    )
    for name, value in changes.items():
        setattr(capture, name, value)
    parts = [part("http://site.example/a.png")]
    return PartTable("p" * 26, parts, lambda _: cast("Capture", capture))


BASE = "http://site.example/dir/page?x=1"


@pytest.mark.parametrize(
    "written",
    [
        "/a.png",
        "../a.png",
        "//site.example/a.png",
        "http://SITE.example:80/a.png#x",
        " /a.png\n",
        "/a\t.png",
    ],
)
def test_every_way_to_write_it_finds_the_part(written: str) -> None:
    found = table().resolve(BASE, written)
    assert found == Resolved(number=0, path=f"/p/{'p' * 26}/0")


@pytest.mark.parametrize(
    "written", ["/b.png", "/a.png?v=2", "https://site.example/a.png", "/A.png"]
)
def test_another_address_is_a_gap_and_never_the_nearest(written: str) -> None:
    assert table().resolve(BASE, written) == Gap(reason="not-listed")


@pytest.mark.parametrize(
    ("changes", "gap"),
    [
        ({"status": 404}, Gap(reason="status", detail="404")),
        ({"status": 301}, Gap(reason="status", detail="301")),
        ({"status": None}, Gap(reason="failed", detail="complete")),
        ({"media_type": "text/html"}, Gap(reason="type", detail="text/html")),
        ({"media_type": "image/svg+xml"}, Gap(reason="type", detail="image/svg+xml")),
        ({"outcome": CaptureOutcome.TIMEOUT}, Gap(reason="cut", detail="timeout")),
    ],
)
def test_a_part_that_cannot_be_shown_says_why(
    changes: dict[str, Any], gap: Gap
) -> None:
    assert table(**changes).resolve(BASE, "/a.png") == gap


def test_a_hidden_part_is_a_gap() -> None:
    parts = PartTable("p" * 26, [part("http://site.example/a.png")], lambda _: None)
    assert parts.resolve(BASE, "/a.png") == Gap(reason="hidden")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a.png", [("a.png", "")]),
        ("a.png 1x, b.png 2x", [("a.png", "1x"), ("b.png", "2x")]),
        ("a,b.png 100w,c.png 1.5x", [("a,b.png", "100w"), ("c.png", "1.5x")]),
        ("a.png, b.png", [("a.png", ""), ("b.png", "")]),
        (", ,a.png 1x onerror=x", [("a.png", "")]),
        ("", []),
        (" , ", []),
    ],
)
def test_a_srcset_is_split_as_browsers_split_it(
    written: str, expected: list[tuple[str, str]]
) -> None:
    assert list(split_srcset(written)) == expected
