"""Settings: one TOML file and the environment, read strictly into one frozen value.

    [archive]
    reserve_bytes = 10000000000

    [[time.authorities]]
    name = "first"
    url = "https://tsa.example/stamp"

    [[witness.witnesses]]
    name = "newsroom"
    url = "https://witness.example/"
    vkey = "witness.example/w1+..."

    [network]
    proxies = "/home/observer/proxies.toml"
    proxy = "tor"

    [search]
    engine = "elasticsearch"
    url = "https://search.example:9200/"
    api_key_file = "/etc/evidence/search.key"
    ca_file = "/etc/evidence/search-ca.pem"

A key that is not known, a wrong type or a missing value stops the program: a misspelt
setting must not pass unseen. Nothing here is secret. A variable
`EVIDENCE_SECTION__KEY` wins over the file, for keys that hold one value.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.errors import SettingsError

SETTINGS_VARIABLE = "EVIDENCE_SETTINGS"
SINGLE_VALUES: dict[str, dict[str, type]] = {
    "archive": {"reserve_bytes": int},
    "keys": {"module": str, "token": str, "key": str},
    "network": {"proxies": str, "proxy": str},
    "search": {
        "engine": str,
        "url": str,
        "api_key_file": str,
        "ca_file": str,
        "replicas": int,
    },
}
"""Keys that a variable of the environment may hold; lists stand in the file alone."""
VARIABLES = {
    f"EVIDENCE_{section}__{key}".upper(): (section, key)
    for section, keys in SINGLE_VALUES.items()
    for key in keys
}
SETTINGS_FILE_BYTES = 64 << 10
"""Some witnesses and authorities, 64 KiB; a larger file is something else."""
RESERVE_DIGITS = 18
"""Of a number of bytes: more than any disk has."""
ENGINES = ("tantivy", "elasticsearch")
"""Of the search index; the first is embedded and the default."""
REPLICAS = 5
"""Copies of each part of a cluster's index; more than any small cluster has nodes."""
PEERS = 32
"""Witnesses, and authorities: each of them is asked at each turn."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A time-stamp authority: what we call it, and where it is asked."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """Where an operator key lies that is in a token (PKCS #11)."""

    module: str
    """The library of the token's maker."""
    token: str
    key: str
    """Labels of the token and of its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessPeer:
    """A witness: what we call it, its submission prefix, its verifier key as text."""

    name: str
    url: str
    vkey: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings:
    """Which engine a new index is made with, and where the cluster is, if any."""

    engine: str = "tantivy"
    url: str | None = None
    api_key_file: Path | None = None
    """Holds the key alone; never the key itself, which would lie in copies."""
    ca_file: Path | None = None
    replicas: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """Through what every verb reaches other machines; nothing set is directly."""

    proxies: Path | None = None
    """The file that describes proxies, with their passwords; it is read on use."""
    proxy: str | None = None
    """Label of the proxy of that file that is taken where nobody says another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings; what nobody set has the value that stands here."""

    reserve_bytes: int | None = None
    authorities: tuple[Authority, ...] = ()
    witnesses: tuple[WitnessPeer, ...] = ()
    search: SearchSettings = field(default_factory=SearchSettings)
    token_key: TokenKey | None = None
    network: NetworkSettings = field(default_factory=NetworkSettings)


@dataclass(slots=True)
class _Table:
    """A table of the file, from which known keys are taken one by one."""

    place: str
    values: dict[str, Any]
    known: list[str] = field(default_factory=list)

    def take(self, key: str, kind: type, *, required: bool = False) -> Any:
        """Take the value of a key; None where it is not there and may be so."""
        self.known.append(key)
        if key not in self.values:
            if required:
                raise SettingsError(f"{self.place} has no {key}")
            return None
        value = self.values.pop(key)
        if type(value) is not kind:
            raise SettingsError(f"{self.place}: {key} has the wrong type")
        return value

    def end(self) -> None:
        """Refuse what nobody took."""
        for key in sorted(self.values):
            known = ", ".join(self.known)
            raise SettingsError(
                f"{self.place}: unknown key {ascii(key)[:40]}; known: {known}"
            )


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings file, if there is one, and the environment.

    The file is the one given, else that of EVIDENCE_SETTINGS, else
    `evidence/settings.toml` in the user's configuration folder, which need not exist.
    """
    named = path or (Path(environ[SETTINGS_VARIABLE]) if _has_file(environ) else None)
    usual = _usual_path(environ)
    if named is None and usual is not None and usual.exists():
        named = usual
    values = {} if named is None else _parse_toml(_read(named), str(named))
    given = _overlay(values, environ)
    places = ([] if named is None else [str(named)]) + given
    return _parse(values, " with ".join(places) or "no settings")


def parse_settings(data: bytes, place: str) -> Settings:
    """Read the text of a settings file; SettingsError names key and place."""
    return _parse(_parse_toml(data, place), place)


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> list[str]:
    """Let variables win over the values of the file; their names."""
    given = []
    for name, (section, key) in VARIABLES.items():
        if name not in environ:
            continue
        table = values.setdefault(section, {})
        if type(table) is dict:  # else the file is refused for what stands there
            kind = SINGLE_VALUES[section][key]
            table[key] = _number(name, environ[name]) if kind is int else environ[name]
        given.append(name)
    return given


def _parse(values: dict[str, Any], place: str) -> Settings:
    table = _Table(place, values)
    archive = _section(table, "archive")
    reserve = archive.take("reserve_bytes", int)
    if reserve is not None and not 0 <= reserve < 10**RESERVE_DIGITS:
        raise SettingsError(f"{archive.place}: reserve_bytes is no number of bytes")
    times = _section(table, "time")
    authorities = tuple(_authority(entry) for entry in _list(times, "authorities"))
    witness = _section(table, "witness")
    witnesses = tuple(_witness(entry) for entry in _list(witness, "witnesses"))
    search = _section(table, "search")
    cluster = _search(search)
    keys = _section(table, "keys")
    token_key = _token_key(keys)
    network = _section(table, "network")
    way = _network(network)
    for done in (archive, times, witness, search, keys, network, table):
        done.end()
    _demand_distinct(f"{place}: [time]", [item.name for item in authorities])
    _demand_distinct(f"{place}: [time]", [item.url for item in authorities])
    _demand_distinct(f"{place}: [witness]", [item.name for item in witnesses])
    _demand_distinct(f"{place}: [witness]", [item.vkey for item in witnesses])
    return Settings(
        reserve_bytes=reserve,
        authorities=authorities,
        witnesses=witnesses,
        search=cluster,
        token_key=token_key,
        network=way,
    )


def _network(section: _Table) -> NetworkSettings:
    """A label alone would go out directly, which cannot be meant."""
    proxies, proxy = (section.take(name, str) for name in ("proxies", "proxy"))
    if proxy is not None and not proxies:
        raise SettingsError(f"{section.place}: names a proxy without the file proxies")
    return NetworkSettings(proxies=Path(proxies) if proxies else None, proxy=proxy)


def _token_key(section: _Table) -> TokenKey | None:
    """All three, or none of them."""
    names = ("module", "token", "key")
    if not any(name in section.values for name in names):
        for name in names:
            section.take(name, str)
        return None
    module, token, key = (section.take(name, str, required=True) for name in names)
    return TokenKey(module=module, token=token, key=key)


def _search(section: _Table) -> SearchSettings:
    engine = section.take("engine", str) or ENGINES[0]
    if engine not in ENGINES:
        raise SettingsError(f"{section.place}: engine is {' or '.join(ENGINES)}")
    url = section.take("url", str)
    if url is not None:
        try:
            check_address(url, allow_plain=False)
        except SettingsError as error:
            raise SettingsError(f"{section.place}: {error}") from error
    key, authority = (section.take(name, str) for name in ("api_key_file", "ca_file"))
    replicas = section.take("replicas", int) or 0
    if not 0 <= replicas <= REPLICAS:
        raise SettingsError(f"{section.place}: replicas is 0 to {REPLICAS}")
    if url is None and (engine != ENGINES[0] or key or authority or replicas):
        raise SettingsError(f"{section.place}: names a cluster without its url")
    return SearchSettings(
        engine=engine,
        url=url,
        api_key_file=Path(key) if key else None,
        ca_file=Path(authority) if authority else None,
        replicas=replicas,
    )


def _has_file(environ: Mapping[str, str]) -> bool:
    return bool(environ.get(SETTINGS_VARIABLE))


def _usual_path(environ: Mapping[str, str]) -> Path | None:
    folder = environ.get("XDG_CONFIG_HOME", "")
    if not folder.startswith("/"):
        home = environ.get("HOME", "")
        if not home.startswith("/"):
            return None
        folder = f"{home}/.config"
    return Path(folder) / "evidence" / "settings.toml"


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(SETTINGS_FILE_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            f"the settings in {path} cannot be read: {error.strerror}"
        ) from error
    if len(data) > SETTINGS_FILE_BYTES:
        raise SettingsError(f"{path} is longer than {SETTINGS_FILE_BYTES} bytes")
    return data


def _parse_toml(data: bytes, place: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise SettingsError(f"{place}: byte {error.start} is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{place} is not TOML: {str(error)!a}") from error


def _section(table: _Table, name: str) -> _Table:
    return _Table(f"{table.place}: [{name}]", table.take(name, dict) or {})


def _list(section: _Table, key: str) -> list[_Table]:
    entries = section.take(key, list) or []
    if len(entries) > PEERS:
        raise SettingsError(f"{section.place}: more than {PEERS} {key}")
    found = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise SettingsError(f"{section.place}: {key} holds what is no table")
        found.append(_Table(f"{section.place}: {key}, number {number}", entry))
    return found


def _authority(entry: _Table) -> Authority:
    name, url = _take_peer(entry, allow_plain=True)
    entry.end()
    return Authority(name=name, url=url)


def _witness(entry: _Table) -> WitnessPeer:
    name, url = _take_peer(entry, allow_plain=False)
    vkey = entry.take("vkey", str, required=True)
    entry.end()
    return WitnessPeer(name=name, url=url, vkey=vkey)


def _take_peer(entry: _Table, *, allow_plain: bool) -> tuple[str, str]:
    name = entry.take("name", str, required=True)
    url = entry.take("url", str, required=True)
    try:
        _check_name(name)
        check_address(url, allow_plain=allow_plain)
    except SettingsError as error:
        raise SettingsError(f"{entry.place}: {error}") from error
    return name, url


def check_address(url: str, *, allow_plain: bool = False) -> None:
    """Demand an address that may be spoken to, by the rules of `archive.transport`."""
    # On use: few settings name an address, and every command reads settings.
    from archive import transport

    transport.check_address(url, allow_plain=allow_plain)


def check_peer(peer: WitnessPeer) -> None:
    """Refuse a name or address that could not stand in the file."""
    _check_name(peer.name)
    check_address(peer.url)


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise SettingsError("a name is 1 to 32 of a-z, 0-9 and -, not - first")


def _demand_distinct(place: str, values: list[str]) -> None:
    if len(set(values)) != len(values):
        raise SettingsError(f"{place}: the same name, address or key twice")


def _number(variable: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= RESERVE_DIGITS):
        raise SettingsError(
            f"{variable} is {text[:40]!a}: give a whole number, or unset it"
        )
    return int(text)
