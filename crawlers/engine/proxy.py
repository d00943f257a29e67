"""A proxy as the user describes it: label, address, credentials; read strictly (pure).

The label alone stands in records, messages and logs. Address and credentials never
leave this process but towards the proxy: they are in no repr and in no error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal
from urllib.parse import quote, unquote

from archive.errors import SettingsError

LABEL = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
"""What a proxy may be called; no address and no `user@` fits into it."""
LABEL_FORM = "1 to 32 of a-z, 0-9 and -"
CREDENTIAL_LIMIT_BYTES = 255
"""User name, password: RFC 1929 gives each one length byte."""
PORT_LIMIT = 65_535
LOCALHOST = "127.0.0.1"
"""What `localhost` stands for here: no name is looked up beside a proxy."""

ProxyScheme = Literal["http", "socks5h"]
SCHEMES: dict[str, ProxyScheme] = {"http": "http", "socks5h": "socks5h"}

_AUTHORITY = re.compile(
    r"(?:(?P<user>[^@/]*)@)?(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[^:@/\[\]]+))"
    r":(?P<port>[0-9]{1,5})/?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Where every connection goes that is asked for by this label."""

    label: str
    scheme: ProxyScheme
    """`http`: a CONNECT tunnel. `socks5h`: SOCKS5, names resolved by the proxy."""
    host: IPv4Address | IPv6Address = field(repr=False)
    port: int = field(repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    tor: bool = False
    """It leads into Tor: `.onion` is allowed, and each job gets its own circuit."""

    def as_json(self) -> dict[str, object]:
        """All of it, the password too: for the standard input of our own child."""
        user = "" if self.username is None else quote(self.username, safe="") + "@"
        host = f"[{self.host}]" if self.host.version == 6 else str(self.host)
        return {
            "label": self.label,
            "url": f"{self.scheme}://{user}{host}:{self.port}",
            "password": self.password,
            "tor": self.tor,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> "Proxy":
        """Read what `as_json` wrote."""
        password = values["password"]
        return parse_proxy(
            str(values["url"]),
            str(values["label"]),
            password=None if password is None else str(password),
            tor=values["tor"] is True,
        )


def check_label(label: str) -> None:
    """Refuse what is no label, without repeating it."""
    if LABEL.fullmatch(label) is None:
        raise SettingsError(f"a proxy is called by its label: {LABEL_FORM}")


def parse_proxy(
    text: str, label: str, *, password: str | None = None, tor: bool = False
) -> Proxy:
    """Read `http://[USER@]ADDRESS:PORT` or `socks5h://...`; SettingsError otherwise.

    The address is written in numbers, or `localhost`; odd characters of the user name
    are percent-encoded. No error repeats the text: it may hold a misplaced secret.
    """
    check_label(label)
    name, _separator, authority = text.strip().partition("://")
    scheme = SCHEMES.get(name.lower())
    if scheme is None:
        raise _wrong(label, "begins neither with http:// nor with socks5h://")
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise _wrong(label, "is not SCHEME://[USER@]ADDRESS:PORT")
    port = int(match["port"])
    if not 0 < port <= PORT_LIMIT:
        raise _wrong(label, f"has no port number from 1 to {PORT_LIMIT}")
    username = _read_username(match["user"], label)
    _check_credentials(label, username, password)
    if tor and (scheme != "socks5h" or username is not None):
        raise _wrong(label, "is for Tor, which needs socks5h:// and no user name")
    return Proxy(
        label=label,
        scheme=scheme,
        host=_parse_address(match["six"] or match["four"], label),
        port=port,
        username=username,
        password=password,
        tor=tor,
    )


def _parse_address(text: str, label: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(LOCALHOST if text.lower() == "localhost" else text)
    except ValueError:
        # No cause is named: its text would repeat ours.
        raise _wrong(
            label,
            "names its host: give the address in numbers, because looking the name up"
            " would be a question beside the proxy",
        ) from None


def _read_username(user: str | None, label: str) -> str | None:
    if user is None:
        return None
    if ":" in user:
        raise _wrong(label, "holds a password: give that as `password`, by itself")
    username = unquote(user, errors="replace")
    if ":" in username:  # RFC 7617 section 2
        raise _wrong(label, "has a user name with a colon in it")
    return username


def _check_credentials(label: str, username: str | None, password: str | None) -> None:
    if username is None and password is not None:
        raise _wrong(label, "names no user, and there is a password: write USER@ in it")
    for text in (username, password):
        size = 1 if text is None else len(text.encode("utf-8", "replace"))
        if not 0 < size <= CREDENTIAL_LIMIT_BYTES or not (text or "").isprintable():
            raise _wrong(
                label,
                "or its password is empty, not printable or longer than"
                f" {CREDENTIAL_LIMIT_BYTES} bytes",
            )


def _wrong(label: str, problem: str) -> SettingsError:
    return SettingsError(f"the url of proxy {label} {problem}")
