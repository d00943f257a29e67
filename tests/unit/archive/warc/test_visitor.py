"""Values that a server gave to one visitor are named; ordinary ones are not."""

import time

import pytest

from archive.warc.head import parse_http_head
from archive.warc.visitor import find_visitor_values

URI = "http://a.example/news"


def named(uri: str = URI, head: str = "", body: str = "") -> list[tuple[str, str]]:
    block = f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n" if head else "HTTP/1.1 200 OK\r\n\r\n"
    found = find_visitor_values(uri, parse_http_head(block.encode()), body.encode())
    return [(value.place, value.name) for value in found]


MARKED = [
    {"head": "Set-Cookie: PHPSESSID=u3k29dk2l1m4n5b6v7c8; path=/"},
    {"head": "Set-Cookie: JSESSIONID=0A1B2C3D4E5F60718293A4B5C6D7E8F9; HttpOnly"},
    {"head": "Set-Cookie: _ga=GA1.2.1234567890.1700000000; Max-Age=63072000"},
    {"head": "set-cookie: __cf_bm=abcDEF123456.x-y_z; Secure"},
    {"head": "Set-Cookie: uid=8f14e45fceea167a5a36dedd4bea2543"},
    {"head": "Set-Cookie: laravel_session=eyJpdiI6IkJHd0hz; path=/"},
    {"head": "X-Request-Id: 7b1c2a9e-1f0d-4a55-9d1e-0f3f0b0a1c2d"},
    {"head": "CF-RAY: 7d2f1a3b4c5d6e7f-WAW"},
    {"head": "X-Client-IP: 203.0.113.7"},
    {"head": "X-Amz-Cf-Id: aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789=="},
    {"head": "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    {"head": "Content-Security-Policy: script-src 'nonce-r4nd0mV4lu3'"},
    {"head": "Location: /news;jsessionid=0A1B2C3D4E5F"},
    {"head": "Location: https://a.example/?PHPSESSID=u3k29dk2l1m4n5b6v7c8"},
    {"head": "Refresh: 0; url=/n?sid=1234567890abcdef"},
    {"uri": "http://a.example/n;jsessionid=AB12CD34EF56"},
    {"uri": "http://a.example/n?sid=AB12CD34EF56"},
    {"uri": "http://a.example/n?visitor_id=0f3f0b0a1c2d"},
    {"uri": "http://a.example/n?fbclid=IwAR0abcdefghijklmnop"},
    {"uri": "http://a.example/n?k=8f14e45fceea167a5a36dedd4bea2543"},
    {"body": '<input type=hidden name="csrf_token" value="d41d8cd98f00b204">'},
    {"body": "<input name='authenticity_token' type='hidden' value='aBc123dEf456=='>"},
    {"body": '<input id="__VIEWSTATE" type=hidden value="/wEPDwUKMTY1NDU2MTA1MmRk">'},
    {"body": '<input name="__RequestVerificationToken" value="CfDJ8abcdefgh">'},
    {"body": '<meta name="csrf-token" content="Zm9vYmFyYmF6cXV4">'},
    {"body": "<input name=form_build_id value=form-abcdefghijklmnop>"},
    {"body": '<script>window.cfg = {"visitorId": "0f3f0b0a1c2d4e5f"}</script>'},
    {"body": "<script>var sessionId = 'AB12CD34EF56';</script>"},
    {"body": '<script>__STATE__={user_id:"9c56cc51b374c3ba"}</script>'},
    {"body": '<script>dataLayer=[{"clientId":"1234567890.1700000000"}]</script>'},
]
PLAIN = [
    {"head": "Set-Cookie: lang=be-tarask; path=/"},
    {"head": "Set-Cookie: theme=dark-contrast"},
    {"head": "Set-Cookie: seen=1"},
    {"head": 'ETag: "5f2b-8f14e45fceea167a"'},
    {"head": "Content-Type: text/html; charset=windows-1251"},
    {"head": "Location: /be/news/2025/01/26/vybary-1009.html"},
    {"head": "Content-Security-Policy: default-src 'self'"},
    {"uri": "http://a.example/be/news/2025/01/26/vybary-1009.html?page=2"},
    {"uri": "http://a.example/search?q=%D0%B2%D1%8B%D0%B1%D0%B0%D1%80%D1%8B"},
    {"uri": "http://a.example/style.css?v=20250126"},
    {"uri": "http://a.example/?id=1009&token=1"},
    {"uri": "http://[broken/?sid=AB12CD34EF56"},
    {"body": '<input name="q" value="Цэнтральная камісія">'},
    {"body": '<meta name="description" content="Вынікі выбараў, афіцыйна">'},
    {"body": '<meta name="viewport" content="width=device-width">'},
    {"body": "<script>var title = 'Election results';</script>"},
    {"body": '<a href="/sid">the sid=long description of nothing</a>'},
    {"body": '<input name="token" value="">'},
]


def test_P9_marks_of_a_visitor_are_found() -> None:
    missed = [one for one in MARKED if not named(**one)]
    assert len(MARKED) == 30
    assert len(missed) <= 2, missed


@pytest.mark.parametrize("plain", PLAIN, ids=str)
def test_what_every_visitor_gets_is_not_called_a_mark(plain: dict[str, str]) -> None:
    assert named(**plain) == []


def test_places_and_names_are_given_and_no_value() -> None:
    found = named(
        uri="http://a.example/;jsessionid=AB12CD34EF56",
        head="Set-Cookie: SID=AB12CD34EF56\r\nX-Real-IP: 203.0.113.7",
        body="<script>var csrfToken = 'AB12CD34EF56'</script>",
    )
    assert found == [
        ("address", "jsessionid"),
        ("cookie", "SID"),
        ("header", "x-real-ip"),
        ("body", "csrfToken"),
    ]


@pytest.mark.parametrize(
    "bomb",
    [
        b"<input " * 150_000,
        b"<input name=" + b"a" * 1_000_000,
        b"a=" * 500_000,
        b"_" * 1_000_000,
        b"'\"" * 500_000,
        b"<meta name='" * 80_000,
    ],
)
def test_hostile_bodies_take_no_time(bomb: bytes) -> None:
    began = time.process_time()
    find_visitor_values(URI, None, bomb)
    assert time.process_time() - began < 2
