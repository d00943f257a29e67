"""Mapping and settings of an Elasticsearch index, and a document's body (pure).

The mapping is strict: a field nobody named is refused, never guessed. Token fields are
searched and not stored, so a document is only ever replaced whole: a partial update
would read the source again and lose them without a word.
"""

from typing import Any

from search.documents.document import Document
from search.engines.fields import (
    ALL,
    CAPTURED_US,
    CLAIMED_US,
    EXACT,
    FILTER_FIELDS,
    HEAD,
    ORDER,
    STORED,
    TOKEN_FIELDS,
    UNORDERED_FIELDS,
)
from search.query.parser import PREFIX_MAX_LETTERS, PREFIX_MIN_LETTERS

PREFIX_FIELDS = frozenset({EXACT, ALL, HEAD})
"""Fields in which the beginning of a word can be looked for."""
SHARDS = 1
"""One shard holds 30 GB well, which is some millions of pages; and counts are exact."""


def index_body(replicas: int) -> dict[str, Any]:
    """Settings and mapping of a new index."""
    properties: dict[str, Any] = {name: _token_field(name) for name in TOKEN_FIELDS}
    properties |= {name: {"type": "keyword"} for name in FILTER_FIELDS}
    properties |= {name: {"type": "long"} for name in (ORDER, CAPTURED_US, CLAIMED_US)}
    properties[STORED] = {"type": "object", "enabled": False}
    return {
        "settings": {
            "number_of_shards": SHARDS,
            "number_of_replicas": replicas,
            "refresh_interval": "-1",  # `commit` refreshes
        },
        "mappings": {
            "dynamic": "strict",
            "_source": {"excludes": list(TOKEN_FIELDS)},
            "properties": properties,
        },
    }


def document_body(document: Document) -> dict[str, Any]:
    """A document as the index takes it."""
    return {
        **document.tokens,
        **{name: list(values) for name, values in document.filters.items()},
        ORDER: document.order,
        CAPTURED_US: document.captured_us,
        CLAIMED_US: document.claimed_us,
        STORED: dict(document.stored),
    }


def _token_field(name: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "text", "analyzer": "whitespace"}
    if name in UNORDERED_FIELDS:
        made["index_options"] = "freqs"
    if name in PREFIX_FIELDS:
        made["index_prefixes"] = {
            "min_chars": PREFIX_MIN_LETTERS,
            "max_chars": PREFIX_MAX_LETTERS,
        }
    return made
