"""The user's file of proxies: one TOML table for each, named by its label.

    [tor]
    url = "socks5h://127.0.0.1:9050"
    tor = true

    [office]
    url = "http://alice@192.0.2.7:3128"
    password = "..."

Passwords stand here and nowhere else: not in options, not in the environment. A file
that holds one is refused if others may read it. No error repeats a value.
"""

import os
import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import SettingsError
from archive.settings import NetworkSettings
from crawlers.engine.proxy import Proxy, check_label, parse_proxy
from crawlers.sources.source import Source

FILE_BYTES = 64 << 10
"""A few proxies, 64 KiB; a larger file is something else."""
OTHERS = 0o077
"""Permission bits of group and world."""
KEYS = {"url": str, "password": str, "tor": bool}
NOWHERE = NetworkSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyChoice:
    """The proxies that a job may use, and the label the user chose for all of it."""

    proxies: tuple[Proxy, ...] = ()
    label: str | None = None
    default: str | None = None
    """The label of the settings: taken where neither user nor source says one."""

    def __post_init__(self) -> None:
        if self.default is not None:
            self._demand(self.default, "[network] of the settings")

    def label_for(self, source: Source | None) -> str | None:
        """Which proxy a job goes through: the user's choice, else the source's.

        SettingsError where nobody described it, and where proxies are described but
        none is chosen: that job would go out directly, which cannot be meant.
        """
        label = self.label
        if label is None and source is not None:
            label = source.network.proxy
        label = label or self.default
        if label is None and self.proxies:
            raise SettingsError(
                "proxies are described and none is chosen; add --proxy LABEL"
            )
        if label is not None:
            who = "--proxy" if self.label is not None or source is None else source.id
            self._demand(label, who)
        return label

    def _demand(self, label: str, who: str) -> None:
        if label not in {p.label for p in self.proxies}:
            raise SettingsError(
                f"{who} names the proxy {label}, which nobody described; name the file"
                " that does with --proxies FILE"
            )

    def for_peers(self) -> Proxy | None:
        """Through which proxy witnesses and authorities are asked; None for none.

        One process asks them for all its sources: through the user's choice, else
        one that leads into Tor, else the first of the file.
        """
        label = self.label or self.default
        chosen = [proxy for proxy in self.proxies if proxy.label == label]
        into_tor = [proxy for proxy in self.proxies if proxy.tor]
        return next(iter([*chosen, *into_tor, *self.proxies]), None)


def read_choice(
    path: Path | None, label: str | None, network: NetworkSettings = NOWHERE
) -> ProxyChoice:
    """What the options --proxies and --proxy say, else the settings; SettingsError.

    A file that is named takes the place of that of the settings, and of its label.
    """
    default = None
    if path is None:
        path, default = network.proxies, network.proxy
    for one in (label, default):
        if one is not None:
            check_label(one)
    proxies = () if path is None else read_proxies(path)
    return ProxyChoice(proxies=proxies, label=label, default=default)


def read_proxies(path: Path) -> tuple[Proxy, ...]:
    """Read the file once; it may be a pipe (`/dev/fd/3`)."""
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            data = stream.read(FILE_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            f"the proxies in {path} cannot be read: {error.strerror}"
        ) from error
    if len(data) > FILE_BYTES:
        raise SettingsError(f"{path} is longer than {FILE_BYTES} bytes")
    tables = _parse(data, path)
    proxies = tuple(_read_table(path, *entry) for entry in tables.items())
    if not proxies:
        raise SettingsError(f"{path} describes no proxy; add a table such as [tor]")
    has_secret = any(proxy.password is not None for proxy in proxies)
    if has_secret and stat.S_ISREG(mode) and mode & OTHERS:
        raise SettingsError(
            f"{path} holds a password and is open to others (mode {mode & 0o777:04o});"
            f" close it with: chmod 600 {path}"
        )
    return proxies


def _parse(data: bytes, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError:
        problem = "is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at [a-z0-9 ,]+\)", str(error))
        problem = f"is not TOML {place[0] if place else ''}".rstrip()
    raise SettingsError(f"{path} {problem}")


def _read_table(path: Path, label: str, values: Any) -> Proxy:
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: each proxy is a table such as [tor]")
    check_label(label)
    for key, value in values.items():
        if key not in KEYS:
            known = ", ".join(KEYS)
            raise SettingsError(f"{path}: [{label}] has an unknown key; known: {known}")
        if type(value) is not KEYS[key]:
            raise SettingsError(f"{path}: [{label}] {key} has the wrong type")
    if "url" not in values:
        raise SettingsError(f"{path}: [{label}] has no url")
    return parse_proxy(
        values["url"],
        label,
        password=values.get("password"),
        tor=values.get("tor", False),
    )
