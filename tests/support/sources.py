"""Source files of tests: the fields that every one has, and lines for more hosts."""

import json
from collections.abc import Iterable


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


def host_tables(names: Iterable[str]) -> str:
    """The tables of hosts that are all main ones."""
    return "\n".join(
        f'[[host]]\nname = "{name}"\nrole = "main"\nknown = "test"\n' for name in names
    )


def seed_table(url: str, spider: str = "page", *settings: str) -> str:
    """The table of a seed; `settings` are lines of it."""
    lines = "\n".join(settings)
    return f'[[seed]]\nurl = {json.dumps(url)}\nspider = "{spider}"\n{lines}\n'


IGNORE_ROBOTS = """
[network]
robots = "ignore"
robots_reason = "test"
"""
