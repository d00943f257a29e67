"""Scrapy add-on: our settings, fixed; anybody who says otherwise is refused."""

from typing import Any

from scrapy.settings import BaseSettings

from archive.errors import SettingsError

HANDLER = "crawlers.crawl.handler.EvidenceHandler"
SOURCE_POLICY = "crawlers.crawl.middleware.SourcePolicy"
SOURCE_POLICY_ORDER = 40
"""Before robots.txt (100): what is out of scope costs no request at all."""

FIXED: dict[str, Any] = {
    "COOKIES_ENABLED": False,
    "REFERER_ENABLED": False,
    "HTTPCACHE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "HTTPPROXY_ENABLED": False,
    "REDIRECT_MAX_TIMES": 10,
    "HTTPERROR_ALLOW_ALL": True,
    "DOWNLOADER_CLIENT_TLS_VERBOSE_LOGGING": False,
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
}
"""What a crawl for evidence never does otherwise: no cookies, no Referer, no cache that
answers without the network, no listening socket, no proxy taken from the environment.
"""
HANDLERS: dict[str, str | None] = {
    "http": HANDLER,
    "https": HANDLER,
    "ftp": None,
    "file": None,
    "data": None,
    "s3": None,
}
ADDON_PRIORITY = "cmdline"
"""Above project and spider: nothing may come after the check."""


class EvidenceAddon:
    """Named in ADDONS by every crawl of ours."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Check, then fix our settings; SettingsError names a conflicting one."""
        for name, value in FIXED.items():
            _refuse_conflict(settings, name, value=value)
            settings.set(name, value, priority=ADDON_PRIORITY)
        for scheme, handler in settings.getdict("DOWNLOAD_HANDLERS").items():
            if handler != HANDLERS.get(scheme):
                raise SettingsError(
                    f"DOWNLOAD_HANDLERS names {handler!r} for {scheme}: every byte of"
                    " a crawl goes through the capture engine; remove that setting"
                )
        settings.set("DOWNLOAD_HANDLERS", HANDLERS, priority=ADDON_PRIORITY)
        middlewares = {**settings.getdict("DOWNLOADER_MIDDLEWARES")}
        middlewares[SOURCE_POLICY] = SOURCE_POLICY_ORDER
        settings.set("DOWNLOADER_MIDDLEWARES", middlewares, priority=ADDON_PRIORITY)


def _refuse_conflict(settings: BaseSettings, name: str, *, value: object) -> None:
    said = (settings.getpriority(name) or 0) > 0
    if said and settings[name] != value:
        raise SettingsError(
            f"the Scrapy setting {name} = {settings[name]!r} conflicts with"
            f" {value!r}, which capturing needs; remove that setting"
        )
