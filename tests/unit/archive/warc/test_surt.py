"""Keys of addresses are those of the other indexers."""

import json
from pathlib import Path

import pytest

from archive.warc.surt import make_urlkey

KEYS = {
    "http://example.com": "com,example)/",
    "https://www.Example.com:443/A//b/?y=2&x=1#f": "com,example)/a/b?x=1&y=2",
    "http://www2.a.b.example.org./x": "org,example,b,a)/x",
    "http://user:p@example.com/": "com,example)/",
    "http://example.com:8080/": "com,example:8080)/",
    "https://example.com:80/": "com,example:80)/",
    "http://10.0.0.1/a": "1,0,0,10)/a",
    "http://[2001:db8::1]:8080/x": "2001:db8::1:8080)/x",
    "http://example.com/a/../b/./c/": "com,example)/b/c",
    "http://example.com/%41%2541?q=%20": "com,example)/aa?q=%20",
    "http://example.com/ю": "com,example)/%d1%8e",
    "http://example.com/%D1%8E": "com,example)/%d1%8e",
    "http://example.com/?": "com,example)/",
    "http://example.com?b=2&a=1": "com,example)/?a=1&b=2",
    f"http://e.com/x?sid={'0a' * 16}&b=1": "com,e)/x?b=1",
    f"http://e.com/x?a=1&PHPSESSID={'0a' * 16}": "com,e)/x?&a=1",
    "dns:example.com": "dns:example.com",
    "urn:view:http://example.com/": "urn:view:http://example.com/",
}


@pytest.mark.parametrize("uri", KEYS)
def test_keys_are_those_of_wayback_indexers(uri: str) -> None:
    assert make_urlkey(uri) == KEYS[uri]


def test_keys_of_real_index_files(corpus_dir: Path) -> None:
    count = 0
    for path in sorted((corpus_dir / "warc" / "pywb" / "cdxj").glob("*.cdxj")):
        for line in path.read_text("utf-8").splitlines():
            key, _stamp, text = line.split(" ", 2)
            if "__wb_method" not in key:  # a POST: the indexer adds its body
                assert make_urlkey(json.loads(text)["url"]) == key
                count += 1
    assert count > 100
