"""A page whose <base> is no address is read as if it had none, in whatever charset."""

import pytest
from scrapy.http import HtmlResponse, TextResponse

from crawlers.spiders.answer import BASE_CHARACTERS, with_sound_base

URL = "https://site.example/news/"
BROKEN = "<base href='http://[bad'>"
LINK = "<a href='one'>One</a>"


def respond(page: str, charset: str = "utf-8") -> TextResponse:
    return HtmlResponse(
        URL,
        body=page.encode(charset),
        headers={"Content-Type": f"text/html; charset={charset}"},
    )


def links(response: TextResponse) -> list[str]:
    sound = with_sound_base(response)
    assert isinstance(sound, TextResponse)
    return [sound.urljoin(href) for href in sound.xpath("//a/@href").getall()]


@pytest.mark.parametrize(
    "page",
    [
        f"{BROKEN}{LINK}",
        f"{BROKEN.upper()}{LINK}",
        f"{chr(0x1F5F3) * (BASE_CHARACTERS - len(BROKEN))}{BROKEN}{LINK}",
    ],
    ids=["plain", "upper", "behind-long-letters"],
)
def test_a_broken_base_hides_no_link(page: str) -> None:
    with pytest.raises(ValueError, match="IPv6"):
        respond(page).urljoin("one")
    assert links(respond(page)) == [f"{URL}one"]


@pytest.mark.parametrize("charset", ["utf-8", "cp1251", "koi8-r", "iso-8859-5"])
def test_it_is_seen_in_every_charset_that_writes_tags_as_ascii(charset: str) -> None:
    assert links(respond(f"<p>выбары{BROKEN}{LINK}".replace("ы", ""), charset)) == [
        f"{URL}one"
    ]


@pytest.mark.parametrize("charset", ["utf-8", "cp1251"])
def test_a_base_too_far_behind_for_scrapy_is_no_reason_to_decode(charset: str) -> None:
    page = respond(f"{' ' * BASE_CHARACTERS}{BROKEN}{LINK}", charset)
    assert with_sound_base(page) is page
    assert page._cached_ubody is None
    assert page.urljoin("one") == f"{URL}one"


def test_a_sound_base_is_kept_and_a_page_without_any_is_not_decoded() -> None:
    based = respond(f"<base href='https://site.example/other/'>{LINK}")
    assert links(based) == ["https://site.example/other/one"]
    plain = respond(f"<p>no{LINK}")
    assert with_sound_base(plain) is plain
    assert plain._cached_ubody is None  # what Scrapy decoded, it keeps
