"""Host text -> canonical host, and the address it is a spelling of (pure).

The only importer of idna; its exceptions end here.
"""

import re
from ipaddress import IPv4Address, IPv6Address

import idna

from archive.errors import UsageProblem
from crawlers.engine.settings import IPAddress

HOST_LIMIT_CHARACTERS = 253
"""RFC 1035 section 2.3.4, in presentation form."""

_ALABEL_HOST = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class BadHostName(UsageProblem):
    """The text cannot be a host name."""


def parse_host(host: str) -> tuple[str, IPAddress | None]:
    """Canonical host and its address if it is a literal; BadHostName otherwise.

    IPv6 stands in brackets, in and not out. All spellings that resolvers and browsers
    take as IPv4 (`0x7f.1`, `2130706433`, full-width digits) become the dotted one.
    """
    if host.startswith("[") and host.endswith("]"):
        return _parse_ipv6(host[1:-1])
    name = host_to_alabel(host)
    if len(name.removesuffix(".")) > HOST_LIMIT_CHARACTERS:
        raise BadHostName("host name too long")
    if _ALABEL_HOST.fullmatch(name) is None:
        raise BadHostName("not a host name")
    number = _parse_ipv4(name.removesuffix("."))
    return (name, None) if number is None else (str(number), number)


def _parse_ipv6(text: str) -> tuple[str, IPAddress]:
    try:
        address = IPv6Address(text)
    except ValueError as error:
        raise BadHostName("not an IPv6 address") from error
    if address.scope_id is not None:
        raise BadHostName("IPv6 zone")
    return str(address), address


def _parse_ipv4(name: str) -> IPv4Address | None:
    """Read a name whose last label is a number; None for all others."""
    parts = name.split(".")
    if _NUMBER.fullmatch(parts[-1]) is None:
        return None
    numbers = [_parse_number(part) for part in parts]
    *upper, last = numbers
    if (
        len(upper) > 3
        or last >= 1 << 8 * (4 - len(upper))
        or max(upper, default=0) > 255
    ):
        raise BadHostName("not an IPv4 address")
    value = last
    for place, number in enumerate(upper):
        value += number << 8 * (3 - place)
    return IPv4Address(value)


def _parse_number(part: str) -> int:
    """One part, octal behind `0` and hexadecimal behind `0x`."""
    try:
        if part.startswith("0x"):
            return int(part[2:] or "0", 16)
        if _NUMBER.fullmatch(part) is None:
            raise ValueError(part)
        return int(part, 8) if part.startswith("0") else int(part)
    except ValueError as error:
        raise BadHostName("not an IPv4 address") from error


def host_to_alabel(host: str) -> str:
    """Lower-case A-label form of a host; emoji and other odd labels by Punycode alone.

    Only non-ASCII hosts go through UTS 46; whether the result is a permitted name or
    a number is the caller's to judge.
    """
    if host.isascii():
        return host.lower()
    try:
        mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
        labels = [_label_to_alabel(label) for label in mapped.split(".")]
    except (idna.IDNAError, UnicodeError) as error:
        raise BadHostName(str(error)) from error
    return ".".join(labels).lower()


def _label_to_alabel(label: str) -> str:
    if label.isascii():
        return label
    try:
        return idna.alabel(label).decode("ascii")
    except idna.IDNAError:
        return "xn--" + label.encode("punycode").decode("ascii")
