"""A plain question to the engine, and a plain answer to it."""

from typing import Any

from crawlers.engine.client import FetchRequest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def get(uri: str, **rest: Any) -> FetchRequest:
    """Ask for an address, within five seconds unless told otherwise."""
    return FetchRequest(uri=uri, timeout_seconds=rest.pop("timeout_seconds", 5), **rest)
