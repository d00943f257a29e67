"""The way through a proxy of the settings, for the verbs that crawl nothing."""

from collections.abc import Callable

from archive.errors import SettingsError
from archive.settings import NetworkSettings
from archive.transport import Connect
from crawlers.crawl.proxies import read_choice
from crawlers.engine.peers import find_connector


def open_way(
    network: NetworkSettings, *, random_bytes: Callable[[int], bytes]
) -> Connect:
    """How witnesses, authorities and other archives are reached; SettingsError."""
    choice = read_choice(None, None, network)
    connect = find_connector(choice.for_peers(), random_bytes=random_bytes)
    if connect is None:
        raise SettingsError("[network] names no file of proxies")
    return connect
