"""Odd requests, answered in the usual way; and the engine's own limits."""

from tests.support.awkward.case import (
    HELLO,
    LEN5,
    OK,
    ask,
    reply,
)

REQUESTS = [
    # requests
    ask("query", path="/a?b=c&d=%20"),
    ask("empty query", path="/a?"),
    ask("long url", path="/" + "a" * 8000),
    ask("non-ascii path", path="/выборы/2025?q=ў"),
    ask("head", (reply(OK),), method="HEAD"),
    ask("post", method="POST", body=b"a=b\x00\xff"),
    ask("post without body", method="POST"),
    ask("duplicate header", headers=(("X-A", "1"), ("x-a", "2"))),
    ask("own user agent", headers=(("User-Agent", "Other/1"),)),
    ask("latin-1 header", headers=(("X-Name", "\xe9\xff"),)),
    ask("fragment", path="/a#b"),
    ask("connection close asked", (HELLO, "close"), close=True),
    *(
        ask(f"method {method}", method=method)
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "x")
    ),
    ask("put with body", method="PUT", body=b"x" * 70_000),
    ask("delete with body", method="DELETE", body=b"x"),
    ask("dots in the path", path="/a/../b/./c//d/%2e%2e/e"),
    ask("odd characters in the path", path="/a b\"<>{}|^`'\\c;d=e,f"),
    ask("broken percent", path="/%zz%4/%"),
    ask("double query", path="/?a?b&&c=&=d#e?f"),
    ask("encoded slash", path="/a%2Fb%00c"),
    ask("long query", path="/?" + "q" * 7900),
    ask("header of 60 KB", headers=(("X-Long", "a" * 60_000),)),
    ask("empty header", headers=(("X-Empty", ""),)),
    ask("many headers", headers=tuple((f"X-{n}", str(n)) for n in range(500))),
    ask(
        "range",
        (b"HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/9\r\n" + LEN5 + b"\r\nhello",),
        headers=(("Range", "bytes=0-4"),),
        status=206,
    ),
    ask(
        "condition",
        (b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",),
        headers=(("If-None-Match", "x"),),
        status=304,
    ),
    ask(
        "100 for a body",
        (b"HTTP/1.1 100 Continue\r\n\r\n", 0.05, HELLO),
        method="POST",
        headers=(("Expect", "100-continue"),),
        body=b"data",
    ),
    ask(
        "417 for a body",
        (reply(b"HTTP/1.1 417 No\r\n"),),
        method="POST",
        headers=(("Expect", "100-continue"),),
        body=b"data",
        status=417,
    ),
    ask(
        "head with chunked",
        (OK + b"Transfer-Encoding: chunked\r\n\r\n",),
        method="HEAD",
    ),
    ask("head without length", (OK + b"\r\n",), method="HEAD"),
]
