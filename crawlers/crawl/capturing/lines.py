"""The list given to `evidence capture`, line by line, checked before anything is sent.

A line is a URL, or a JSON object with `url` and optional `method`, `headers`, `body`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from archive.attest.records.job import SEEDS_LIMIT
from archive.errors import UsageProblem
from crawlers.engine.request import build_request, parse_target
from crawlers.engine.settings import EngineSettings, FetchRequest

LINE_BYTES = 1 << 20
"""One line of a list, body included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureLine:
    """One thing to capture; repeats are captured again."""

    place: str
    """Where it was given, for messages: `line 3` or `argument 1`."""
    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def read_lines(urls: Iterable[str], file_data: bytes | None) -> tuple[CaptureLine, ...]:
    """Check all that was given; UsageProblem names the first bad one."""
    lines = [
        parse_line(url, f"argument {number}")
        for number, url in enumerate(urls, start=1)
    ]
    for number, raw in _numbered(file_data or b""):
        place = f"line {number}"
        if len(raw) > LINE_BYTES:
            raise UsageProblem(f"{place} is longer than {LINE_BYTES} bytes; shorten it")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UsageProblem(f"{place} is not UTF-8; save the list so") from error
        lines.append(parse_line(text, place))
    if len(lines) > SEEDS_LIMIT:
        raise UsageProblem(f"more than {SEEDS_LIMIT} addresses; split the list")
    if not lines:
        raise UsageProblem("nothing to capture; give a URL or a list with --from FILE")
    return tuple(lines)


def parse_line(text: str, place: str) -> CaptureLine:
    """Check one URL or JSON object."""
    text = text.strip(" \t\r")
    if text.startswith("{"):
        line = _parse_object(text, place)
    else:
        line = CaptureLine(place=place, url=text)
    try:
        _check(line)
    except UsageProblem as error:
        raise UsageProblem(
            f"{place}: {error}. Correct or remove it; nothing was captured"
        ) from error
    return line


def _check(line: CaptureLine) -> None:
    """Refuse what the engine would refuse, before anything is sent."""
    request = FetchRequest(
        uri=line.url, method=line.method, headers=line.headers, body=line.body
    )
    build_request(parse_target(line.url), request, EngineSettings())


def _numbered(data: bytes) -> Iterator[tuple[int, bytes]]:
    for number, raw in enumerate(data.split(b"\n"), start=1):
        if raw.strip():
            yield number, raw


def _parse_object(text: str, place: str) -> CaptureLine:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageProblem(
            f"{place} is no JSON object ({error}); correct it"
        ) from error
    url, method = values.get("url"), values.get("method", "GET")
    if not isinstance(url, str):
        raise UsageProblem(f'{place} has no text "url"; add it')
    if not isinstance(method, str):
        raise UsageProblem(f'{place}: "method" must be a text; write it in quotes')
    body = values.get("body") or ""
    if not isinstance(body, str):
        raise UsageProblem(f'{place}: "body" must be a text; write it in quotes')
    return CaptureLine(
        place=place,
        url=url,
        method=method,
        headers=tuple(_headers(values.get("headers"), place)),
        body=body.encode("utf-8", "surrogatepass"),
    )


def _headers(given: Any, place: str) -> Iterator[tuple[str, str]]:
    """Read `{name: value}`, `{name: [values]}` or `[[name, value]]`, in order."""
    pairs = given.items() if isinstance(given, dict) else given or ()
    problem = f'{place}: "headers" must be an object of texts; correct it'
    if not isinstance(given, dict | list | None):
        raise UsageProblem(problem)
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise UsageProblem(problem)
        name, values = pair
        for value in values if isinstance(values, list) else [values]:
            if not (isinstance(name, str) and isinstance(value, str)):
                raise UsageProblem(problem)
            yield name, value
