"""A list is checked whole before anything is sent; the first bad line is named."""

import pytest

from archive.errors import UsageProblem
from crawlers.crawl.capturing.lines import read_lines


def test_urls_and_objects_become_lines_in_order() -> None:
    data = (
        b"http://a.example/\r\n\n"
        b'{"url": "http://b.example/", "method": "POST", "body": "\xc5\xbc",'
        b' "headers": {"X-A": ["1", "2"], "X-B": "3"}, "note": 7}\n'
        b'{"url": "http://a.example/", "headers": [["X-A", "1"], ["x-a", "2"]]}'
    )
    lines = read_lines(["https://c.example/?"], data)
    assert [line.url for line in lines] == [
        "https://c.example/?",
        "http://a.example/",
        "http://b.example/",
        "http://a.example/",
    ]
    assert lines[2].method == "POST"
    assert lines[2].body == "ż".encode()
    assert lines[2].headers == (("X-A", "1"), ("X-A", "2"), ("X-B", "3"))
    assert lines[3].headers == (("X-A", "1"), ("x-a", "2"))


BAD = [
    ("file:///etc/passwd", "file"),
    ("javascript:alert(1)", "javascript"),
    ("ftp://h.example/", "ftp"),
    ("h.example/page", "http"),
    ("http://", "host"),
    ("http://h.example:99999/", "port"),
    ("http://user:word@h.example/", "user name"),
    ("http://h.example/\x01", "control"),
    ("{", "JSON"),
    ("{}", '"url"'),
    ('{"url": 3}', '"url"'),
    ('{"url": "http://h.example/", "method": 1}', '"method"'),
    ('{"url": "http://h.example/", "method": "GE T"}', "method"),
    ('{"url": "http://h.example/", "body": 1}', '"body"'),
    ('{"url": "http://h.example/", "headers": "X"}', '"headers"'),
    ('{"url": "http://h.example/", "headers": {"X": 1}}', '"headers"'),
    ('{"url": "http://h.example/", "headers": [["X"]]}', '"headers"'),
    ('{"url": "http://h.example/", "headers": {"X Y": "1"}}', "header"),
    ('{"url": "http://h.example/", "headers": {"X": "1\\r\\nY: 2"}}', "CR, LF"),
    ('{"url": "http://h.example/", "headers": {"Host": "other"}}', "Host"),
    ('{"url": "file:///x"}', "file"),
    ("{" * 100_000, "JSON"),
]


@pytest.mark.parametrize(("text", "word"), BAD)
def test_a_bad_line_is_named_with_its_place_and_nothing_is_done(
    text: str, word: str
) -> None:
    data = f"http://good.example/\n{text}\n".encode()
    with pytest.raises(UsageProblem) as caught:
        read_lines([], data)
    assert str(caught.value).startswith("line 2")
    assert word in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_argument_is_named_by_its_number() -> None:
    with pytest.raises(UsageProblem, match="argument 2"):
        read_lines(["http://a.example/", "mailto:x@a.example"], None)


def test_nothing_given_and_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(UsageProblem, match="nothing to capture"):
        read_lines([], b"\n \n")
    with pytest.raises(UsageProblem, match="line 1 is not UTF-8"):
        read_lines([], b"http://a.example/\xff")
