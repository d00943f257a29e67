"""Source files of tests: the fields that every one has, and its usual tables."""

import json
from collections.abc import Iterable

HOST = "a.example"
"""The site of a test that needs only one."""


def source_head(source_id: str = "outlet") -> str:
    """What stands above the hosts, seeds and scope that a test writes."""
    return f"""
id = "{source_id}"
title = "{source_id}"
publisher = "Test"
group = "independent"
jurisdiction = "BY"
languages = ["be"]
confidence = "verified"
timezone = "Europe/Minsk"
"""


def host_tables(names: Iterable[str] = (HOST,), *, mirrors: Iterable[str] = ()) -> str:
    """The tables of main hosts, and of those that say the same."""
    roles = [(name, "main") for name in names] + [(name, "mirror") for name in mirrors]
    return "\n".join(
        f'[[host]]\nname = "{name}"\nrole = "{role}"\nknown = "test"\n'
        for name, role in roles
    )


def seed_table(url: str, spider: str = "page", *settings: str) -> str:
    """The table of a seed; `settings` are lines of it."""
    lines = "\n".join(settings)
    return f'[[seed]]\nurl = {json.dumps(url)}\nspider = "{spider}"\n{lines}\n'


def listing_site(*settings: str) -> str:
    """One host, its articles listed on its front page; `settings` are of that seed."""
    front = seed_table(f"http://{HOST}/", "listing", 'item = "li"', *settings)
    return f"{host_tables()}\n{front}\n"


ALL_FETCHED = """
[[scope]]
path = '/.*'
action = "fetch"

[limits]
delay_ms = 0
"""
"""Every path of the hosts, no links from there; further limits may stand behind it."""
ALL_FOLLOWED = ALL_FETCHED.replace("fetch", "follow")
IGNORE_ROBOTS = """
[network]
robots = "ignore"
robots_reason = "test"
"""
