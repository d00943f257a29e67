"""Hosts whose names look like others: the A-label, how it reads, and which scripts.

Nothing can be proven about a host that was registered to be mistaken; a reader is told
before he takes `xn--80ak6aa92e.com` for the name that it is drawn like.
"""

import unicodedata
from collections.abc import Iterator

HOSTS_NAMED = 10
"""Notices of hosts; more are only counted."""
PREFIX = "xn--"
SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
"""Alphabets that have letters drawn like those of another."""
DRAWN_LIKE_LATIN = frozenset("асеорхуіјѕһԁԛԝӏνορικτυω")
"""Letters of other alphabets that a reader takes for Latin ones."""


class LookAlikes:
    """Collects hosts, each once."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def note(self, host: str | None) -> None:
        """A host as an A-label, as statements have it."""
        told = describe_host(host) if host else None
        if told is not None:
            self._found.setdefault(str(host), told)

    def notices(self) -> Iterator[str]:
        """One line for each host, up to ten."""
        yield from list(self._found.values())[:HOSTS_NAMED]
        more = len(self._found) - HOSTS_NAMED
        if more > 0:
            yield f"{more} more hosts have names that look like others"


def describe_host(host: str) -> str | None:
    """What to say of a host whose name looks like another one; None if it does not."""
    for label in host.split("."):
        if not label.startswith(PREFIX):
            continue
        text = _read(label)
        if text is None:
            return f"the host {host} cannot be read: {label} is no name"
        scripts = _scripts(text)
        if len(scripts) > 1:
            mixed = " and ".join(scripts)
            return f"the host {host} reads {text!a}: it mixes {mixed}"
        letters = {sign for sign in text if sign.isalpha()}
        if letters and not letters - DRAWN_LIKE_LATIN:
            return (
                f"the host {host} reads {text!a}: all its letters are "
                f"{scripts[0]} and drawn like Latin ones"
            )
    return None


def _read(label: str) -> str | None:
    try:
        return label.removeprefix(PREFIX).encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError, ValueError):
        return None


def _scripts(text: str) -> list[str]:
    """The alphabets of a label, by name."""
    words = {unicodedata.name(sign, "").partition(" ")[0] for sign in text}
    return [script.capitalize() for script in SCRIPTS if script in words]
