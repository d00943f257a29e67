"""What a source is, as signed into the job record; search and web read it there."""

from crawlers.sources.source import Expectations, Limits, NetworkRules, Source

EXPECTATION_KEYS = (
    "items_min",
    "items_max",
    "captures_min",
    "captures_max",
    "failures_max",
    "bytes_max",
)


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
        "scope": [rule.name for rule in source.scope],
        "limits": _describe_limits(source.limits),
        "network": _describe_network(source.network),
        "expect": describe_expectations(source.expect),
        "sensitivity": {
            "restricted": source.sensitivity.restricted,
            "note": source.sensitivity.note,
        },
    }


def describe_expectations(expect: Expectations) -> dict[str, int]:
    """Only what is expected at all."""
    values = {key: getattr(expect, key) for key in EXPECTATION_KEYS}
    return {key: value for key, value in values.items() if value is not None}


def _describe_limits(limits: Limits) -> dict[str, object]:
    return {
        "requests": limits.requests,
        "bytes": limits.bytes,
        "host_requests": limits.host_requests,
        "host_bytes": limits.host_bytes,
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
