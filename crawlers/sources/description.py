"""What a source is, as signed into the job record; search and web read it there."""

from crawlers.sources.source import Expectations, Source

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
        "limits": {
            "requests": source.limits.requests,
            "bytes": source.limits.bytes,
            "depth": source.limits.depth,
            "minutes": source.limits.minutes,
            "file_bytes": source.limits.file_bytes,
            "delay_ms": source.limits.delay_ms,
            "concurrency": source.limits.concurrency,
        },
        "network": {
            "tls": source.network.tls,
            "robots": source.network.robots,
            "robots_reason": source.network.robots_reason,
            "user_agent": source.network.user_agent,
            "accept_language": source.network.accept_language,
        },
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
