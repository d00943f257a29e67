"""A small sound source file, and a way to break it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crawlers.sources.registry import parse_source
from crawlers.sources.source import Source

SOUND = """\
id = "outlet"
title = "An outlet"
publisher = "Its publisher"
group = "independent"
jurisdiction = "BY"
languages = ["be", "ru"]
confidence = "verified"
timezone = "Europe/Minsk"

[[host]]
name = "outlet.example"
role = "main"
known = "test"

[[host]]
name = "mirror.example"
role = "mirror"
known = "test"
from = 2025-01-01
until = 2025-02-01

[[seed]]
url = "https://outlet.example/news"
spider = "listing"
item = "li"
next = "a.next"
pages = 2
article = '/news/\\d+'

[[seed]]
url = "https://outlet.example/about"
spider = "page"

[[scope]]
path = '/private/.*'
action = "ignore"

[[scope]]
path = '/news(/\\d+)?'
query = ''
action = "fetch"

[[scope]]
host = "cdn.example"
path = '/.*\\.css'
action = "fetch"

[[scope]]
host = "outlet.example"
path = '/about'
action = "follow"

[limits]
requests = 10
path_repetition = 3
ports = [8080]

[network]
tls = "require"

[expect]
items_min = 1
"""


@pytest.fixture
def sound() -> str:
    return SOUND


@pytest.fixture
def parse() -> Callable[[str], Source]:
    def run(text: str) -> Source:
        return parse_source(text.encode(), Path("outlet.toml"))

    return run


@pytest.fixture
def outlet(parse: Callable[[str], Source]) -> Source:
    return parse(SOUND)
