"""What a source is, as signed into the job record; search and web read it there."""

from dataclasses import fields
from datetime import UTC, timedelta

from archive.instant import format_instant
from crawlers.sources.source import Expectations, Limits, NetworkRules, Source
from crawlers.sources.timing import Schedule


def describe_source(source: Source) -> dict[str, object]:
    """Everything a reader of the archive needs to know about the source, as JSON."""
    return {
        "id": source.id,
        "title": source.title,
        "publisher": source.publisher,
        "group": str(source.group),
        "jurisdiction": source.jurisdiction,
        "languages": list(source.languages),
        "confidence": str(source.confidence),
        "timezone": source.timezone,
        "parts": str(source.parts),
        "hosts": [
            {"name": host.name, "role": str(host.role), "known": host.known}
            for host in source.hosts
        ],
        "seeds": [
            {"url": seed.url, "spider": str(seed.spider), "vary": seed.vary}
            for seed in source.seeds
        ],
        "scope": [rule.name for rule in source.scope],
        "identity": [rule.name for rule in source.identity],
        "classes": [rule.name for rule in source.classes],
        "schedule": describe_schedule(source.schedule),
        "limits": _describe_limits(source.limits),
        "network": _describe_network(source.network),
        "expect": describe_expectations(source.expect),
        "second_profile": {
            "percent": source.second.percent,
            "user_agent": source.second.user_agent,
            "accept_language": source.second.accept_language,
        },
        "sensitivity": {
            "restricted": source.sensitivity.restricted,
            "note": source.sensitivity.note,
        },
    }


def describe_expectations(expect: Expectations) -> dict[str, object]:
    """Only what is expected at all."""
    values: dict[str, object] = {
        field.name: value
        for field in fields(expect)
        if field.name != "languages"
        and (value := getattr(expect, field.name)) is not None
    }
    if expect.languages:
        values["languages"] = dict(expect.languages)
    return values


def describe_schedule(schedule: Schedule) -> dict[str, object]:
    """Intervals in seconds, times in UTC."""
    return {
        "every_s": _seconds(schedule.every),
        "jitter_s": _seconds(schedule.jitter),
        "phases_s": {str(p): _seconds(every) for p, every in schedule.phases.items()},
        "recheck_s": [_seconds(age) for age in schedule.recheck],
        "windows": [
            {
                "from": format_instant(window.since.astimezone(UTC)),
                "until": format_instant(window.until.astimezone(UTC)),
                "every_s": _seconds(window.every),
            }
            for window in schedule.windows
        ],
    }


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())


def _describe_limits(limits: Limits) -> dict[str, object]:
    return {
        "requests": limits.requests,
        "bytes": limits.bytes,
        "host_requests": limits.host_requests,
        "host_bytes": limits.host_bytes,
        "day_bytes": limits.day_bytes,
        "depth": limits.depth,
        "minutes": limits.minutes,
        "file_bytes": limits.file_bytes,
        "path_repetition": limits.path_repetition,
        "delay_ms": limits.delay_ms,
        "concurrency": limits.concurrency,
        "ports": list(limits.ports),
    }


def _describe_network(network: NetworkRules) -> dict[str, object]:
    return {
        "tls": network.tls,
        "robots": network.robots,
        "robots_reason": network.robots_reason,
        "user_agent": network.user_agent,
        "accept_language": network.accept_language,
        "cookies": network.cookies,
        "proxy": network.proxy,
    }
