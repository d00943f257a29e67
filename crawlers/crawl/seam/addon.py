"""Scrapy add-on: our settings, fixed; anybody who says otherwise is refused."""

from typing import Any

from scrapy.settings import BaseSettings

from archive.errors import SettingsError

HANDLER = "crawlers.crawl.seam.handler.EvidenceHandler"
MIDDLEWARES = {
    "crawlers.crawl.seam.middleware.SourcePolicy": 40,
    "crawlers.crawl.seam.middleware.TakeOver": 45,
    "crawlers.crawl.seam.robots.RobotsReach": 110,
    "crawlers.crawl.seam.middleware.Conditional": 560,
    "crawlers.crawl.seam.refresh.MetaRefresh": 580,
}
"""The first two before robots.txt (100): what is out of scope costs no request at all,
what is there already no second one. Directly behind it what a broken one means. The
next between the stock middlewares that retry (550) and decompress (590), the last at
the place of the stock one that it is.
"""
REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
COOKIES_MIDDLEWARE = "scrapy.downloadermiddlewares.cookies.CookiesMiddleware"
"""Loaded only where a source asks for cookies."""
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "EXTENSIONS_BASE": (
        "scrapy.extensions.feedexport.FeedExporter",
        "scrapy.extensions.logcount.LogCount",
        "scrapy.extensions.logstats.LogStats",
        "scrapy.extensions.memdebug.MemoryDebugger",
        "scrapy.extensions.remote_control.RemoteControl",
        "scrapy.extensions.telnet.TelnetConsole",
    ),
    "DOWNLOADER_MIDDLEWARES_BASE": (
        "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware",
        "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware",
        "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware",
        "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware",
        "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware",
        "scrapy.downloadermiddlewares.stats.DownloaderStats",
    ),
    "SPIDER_MIDDLEWARES_BASE": (
        "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware",
        "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware",
        "scrapy.spidermiddlewares.referer.RefererMiddleware",
        "scrapy.spidermiddlewares.start.StartSpiderMiddleware",
        "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware",
    ),
}
"""What our settings switch off, or what has nothing to do here: the scope of a source
is ours to keep, its spider takes every status, nothing is exported, and the job record
counts. An address that is too long is refused by our own rule, which says so; the stock
one drops it unseen. They are not even loaded: a server for remote control alone took a
quarter of a second of each start, each idle middleware some 30 us of every response.
"""
COOKIES_SETTING = "EVIDENCE_COOKIES"
"""`run` where a source asks for cookies: a jar of one run, in memory."""

FIXED: dict[str, Any] = {
    "REFERER_ENABLED": False,
    "ROBOTSTXT_PARSER": "crawlers.crawl.seam.robots.StandardRobots",
    "HTTPCACHE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "HTTPPROXY_ENABLED": False,
    "REDIRECT_MAX_TIMES": 10,
    "HTTPERROR_ALLOW_ALL": True,
    "DOWNLOADER_CLIENT_TLS_VERBOSE_LOGGING": False,
    "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
    "SCHEDULER_DISK_QUEUE": "scrapy.squeues.PickleFifoSQLiteQueue",
    "SCHEDULER_START_DISK_QUEUE": "scrapy.squeues.PickleFifoSQLiteQueue",
    "CONCURRENT_ITEMS": 1,
    "TWISTED_REACTOR": REACTOR,
}
"""What a crawl for evidence never does otherwise: no cookies, no Referer, no cache that
answers without the network, no listening socket, no proxy taken from the environment.
Queues are breadth first; those on disk are used where JOBDIR is set. One item of a
response at a time: Scrapy starts a task for each place for every response, and 100 of
them made a fifth of a crawl's CPU time.
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
        cookies = settings.get(COOKIES_SETTING) == "run"
        for name, value in {**FIXED, "COOKIES_ENABLED": cookies}.items():
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
        middlewares.update(MIDDLEWARES)
        settings.set("DOWNLOADER_MIDDLEWARES", middlewares, priority=ADDON_PRIORITY)
        _leave_out(settings, cookies=cookies)


def _leave_out(settings: BaseSettings, *, cookies: bool) -> None:
    """Take components off the lists of the stock ones.

    Off the lists themselves: a component that is only set to None is loaded all the
    same.
    """
    for name, classes in LEFT_OUT.items():
        gone = {*classes} if cookies else {*classes, COOKIES_MIDDLEWARE}
        stock = settings.getdict(name)
        kept = {path: place for path, place in stock.items() if path not in gone}
        settings.set(name, kept, priority=ADDON_PRIORITY)


def _refuse_conflict(settings: BaseSettings, name: str, *, value: object) -> None:
    said = (settings.getpriority(name) or 0) > 0
    if said and settings[name] != value:
        raise SettingsError(
            f"the Scrapy setting {name} = {settings[name]!r} conflicts with"
            f" {value!r}, which capturing needs; remove that setting"
        )
