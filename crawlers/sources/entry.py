"""One registry file, table by table, into a Source; nothing is guessed or skipped."""

import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawlers.sources.entry_rules import (
    read_class,
    read_expectations,
    read_identity,
    read_schedule,
)
from crawlers.sources.entry_seeds import read_seed
from crawlers.sources.source import (
    Confidence,
    Host,
    HostRole,
    Limits,
    NetworkRules,
    PartsMode,
    ScopeAction,
    ScopeRule,
    SecondProfile,
    Sensitivity,
    Source,
    SourceGroup,
)
from crawlers.sources.toml_table import Table

SOURCE_ID = r"[a-z0-9-]{2,32}"
HOST_NAME = r"(?!www\.)(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+"
LANGUAGE = r"[a-z]{2,3}"
JURISDICTION = r"[A-Z]{2,3}"
PROXY_LABEL = r"[a-z0-9][a-z0-9-]{0,31}"
"""A label of the user's own file of proxies; addresses are not for registry files."""
ALL_PERCENT = 100
REQUESTS_MOST = 10_000_000
"""Of one run; a site of more pages is no source but a copy of the web."""
DEPTH_MOST = 1_000
"""Links from a seed to a page: beyond it there are only traps."""
MINUTES_MOST = 7 * 24 * 60
"""Of one run: a week, after which every source is due again."""
DELAY_MOST_MS = 60 * 60 * 1_000
"""Between two requests to a host: an hour."""
CONCURRENCY_MOST = 256
"""Requests to one host; more is an attack on it."""
PORTS = range(1, 1 << 16)
HEADER_VALUE = r"[!-~]([ -~]{0,510}[!-~])?"
TLS_RULES = ("record", "require")
ROBOTS_RULES = ("obey", "ignore")
COOKIE_RULES = ("off", "run")


def read_entry(top: Table) -> Source:
    """Read every table of the file; SourceError names file and line."""
    source_id = top.text_of("id", pattern=SOURCE_ID)
    if source_id != top.path.stem:
        top.fail("id", f"must be {top.path.stem!r}, as the file is called")
    return Source(
        id=source_id,
        title=top.text_of("title"),
        publisher=top.text_of("publisher"),
        group=top.choice("group", SourceGroup),
        jurisdiction=top.text_of("jurisdiction", pattern=JURISDICTION),
        languages=top.texts("languages", pattern=LANGUAGE),
        confidence=top.choice("confidence", Confidence),
        timezone=_timezone(top),
        parts=_parts(top),
        hosts=tuple(_host(table) for table in top.tables("host")),
        seeds=tuple(map(read_seed, top.tables("seed"))),
        scope=tuple(_rule(table) for table in top.tables("scope")),
        identity=tuple(map(read_identity, top.tables("identity", least=0))),
        classes=tuple(map(read_class, top.tables("class", least=0))),
        schedule=read_schedule(top.table("schedule")),
        limits=_limits(top.table("limits")),
        network=_network(top.table("network")),
        expect=read_expectations(top.table("expect")),
        sensitivity=_sensitivity(top.table("sensitivity")),
        second=_second(top.table("second_profile")),
    )


def _timezone(top: Table) -> str:
    name = top.text_of("timezone")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones, say
        top.fail("timezone", f"{name!r} is no time zone, such as Europe/Minsk")
    return name


def _parts(top: Table) -> PartsMode:
    return top.choice("parts", PartsMode, default=PartsMode.STATIC)


def _host(table: Table) -> Host:
    host = Host(
        name=table.text_of("name", pattern=HOST_NAME),
        role=table.choice("role", HostRole),
        known=table.text_of("known"),
        since=table.day("from"),
        until=table.day("until"),
        path=table.text_or("path", None),
    )
    table.finish()
    return host


def _rule(table: Table) -> ScopeRule:
    rule = ScopeRule(
        host=table.text_or("host", None),
        path=table.regex("path"),
        query=table.regex("query"),
        action=table.choice("action", ScopeAction),
    )
    table.finish()
    return rule


def _limits(table: Table) -> Limits:
    default = Limits()
    limits = Limits(
        requests=table.number_or(
            "requests", default.requests, least=1, most=REQUESTS_MOST
        ),
        bytes=table.number_or("bytes", default.bytes, least=1),
        host_requests=table.number_or("host_requests", None, least=1),
        host_bytes=table.number_or("host_bytes", None, least=1),
        day_bytes=table.number_or("day_bytes", None, least=1),
        depth=table.number_or("depth", default.depth, least=1, most=DEPTH_MOST),
        minutes=table.number_or("minutes", default.minutes, least=1, most=MINUTES_MOST),
        file_bytes=table.number_or("file_bytes", default.file_bytes, least=1),
        path_repetition=table.number_or(
            "path_repetition", default.path_repetition, least=2
        ),
        delay_ms=table.number_or("delay_ms", default.delay_ms, most=DELAY_MOST_MS),
        concurrency=table.number_or(
            "concurrency", default.concurrency, least=1, most=CONCURRENCY_MOST
        ),
        ports=table.numbers("ports"),
    )
    if any(port not in PORTS for port in limits.ports):
        table.fail("ports", "holds what is no port")
    table.finish()
    return limits


def _network(table: Table) -> NetworkRules:
    default = NetworkRules()
    network = NetworkRules(
        tls=table.text_or("tls", default.tls),
        robots=table.text_or("robots", default.robots),
        robots_reason=table.text_or("robots_reason", None),
        user_agent=_header(table, "user_agent", default.user_agent),
        accept_language=_header(table, "accept_language", default.accept_language),
        cookies=table.text_or("cookies", default.cookies),
        proxy=_proxy(table),
    )
    if network.tls not in TLS_RULES:
        table.fail("tls", f"is not one of: {', '.join(TLS_RULES)}")
    if network.cookies not in COOKIE_RULES:
        table.fail("cookies", f"is not one of: {', '.join(COOKIE_RULES)}")
    if network.robots not in ROBOTS_RULES:
        table.fail("robots", f"is not one of: {', '.join(ROBOTS_RULES)}")
    if (network.robots == "ignore") != (network.robots_reason is not None):
        table.fail("robots_reason", 'goes with robots = "ignore", and only with it')
    table.finish()
    return network


def _second(table: Table) -> SecondProfile:
    default = SecondProfile()
    second = SecondProfile(
        percent=table.number_or("percent", default.percent, most=ALL_PERCENT),
        user_agent=_header(table, "user_agent", default.user_agent),
        accept_language=_header(table, "accept_language", default.accept_language),
    )
    table.finish()
    return second


def _header(table: Table, key: str, default: str) -> str:
    if key not in table.values:
        return table.text_or(key, default)
    return table.text_of(key, pattern=HEADER_VALUE)


def _proxy(table: Table) -> str | None:
    label = table.text_or("proxy", None)
    if label is not None and re.fullmatch(PROXY_LABEL, label) is None:
        # The text is not repeated: it may be a whole address with a password.
        table.fail("proxy", "is no label; describe the proxy in a file of your own")
    return label


def _sensitivity(table: Table) -> Sensitivity:
    sensitivity = Sensitivity(
        restricted=table.flag("restricted"), note=table.text_or("note", None)
    )
    if sensitivity.restricted and sensitivity.note is None:
        table.fail("note", "a restricted source says why")
    table.finish()
    return sensitivity
