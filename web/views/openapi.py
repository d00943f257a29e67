"""OpenAPI: the description of the interfaces for tools, made from their shapes (pure).

A test compares it with the routes; another asks what it allows and more.
"""

from dataclasses import dataclass, field
from typing import Any

from archive.version import VERSION
from web.bounds import ARCHIVES_MAX, ENTRIES_DIGITS
from web.protocols.cdx import FIELDS, MOST_LINES, OUTPUTS, USUAL_LINES
from web.protocols.schema import Schema, SchemaBook
from web.views import shapes

ID = {"type": "string", "pattern": "^[a-z2-7]{26}$"}
"""Short id of a capture, or key of an address or source."""
NUMBER = {"type": "integer", "minimum": 1, "maximum": 1_000_000_000}
TEXT = "text/plain; charset=utf-8"
_SEARCH = {
    "type": "object",
    "properties": {
        "query": {"type": "string", "minLength": 1, "maxLength": 1_000},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
        "offset": {"type": "integer", "minimum": 0, "maximum": 10_000, "default": 0},
        "upto": {
            "type": "object",
            "description": "of an earlier answer: entries of each log that count",
            "propertyNames": {"pattern": "^[a-z2-7]{25}[aeimquy4]$"},
            "additionalProperties": {
                "type": "integer",
                "minimum": 0,
                "exclusiveMaximum": 10**ENTRIES_DIGITS,
            },
            "maxProperties": ARCHIVES_MAX,
        },
    },
    "required": ["query"],
}
_URI = {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One route; `answer` is a shape, or the media type of a text."""

    path: str
    name: str
    summary: str
    answer: Any
    status: int = 200
    also: tuple[int, ...] = (400, 404, 429)
    query: dict[str, Schema] = field(default_factory=dict)
    headers: dict[str, Schema] = field(default_factory=dict)
    body: Schema | None = None


_CDX_QUERY: dict[str, Schema] = {
    "url": _URI,
    "matchType": {"enum": ["exact", "prefix", "host", "domain"]},
    "from": {"type": "string", "pattern": "^[0-9]{4,14}$"},
    "to": {"type": "string", "pattern": "^[0-9]{4,14}$"},
    "closest": {"type": "string", "pattern": "^[0-9]{4,14}$"},
    "sort": {"enum": ["reverse", "closest"]},
    "filter": {"type": "array", "items": {"type": "string"}, "maxItems": 10},
    "fl": {"type": "string", "description": f"some of {', '.join(FIELDS)}"},
    "limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST_LINES,
        "default": USUAL_LINES,
    },
    "output": {"enum": list(OUTPUTS)},
    "collapse": {"type": "string"},
    "showResumeKey": {"enum": ["true", "false"]},
    "resumeKey": {"type": "string"},
}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        path="/api/v1/search",
        name="search",
        summary="Search the texts; the query is in the body only",
        answer=shapes.SearchAnswer,
        also=(400, 403, 415, 429, 503),
        body=_SEARCH,
    ),
    *(
        Operation(path=f"/api/v1{path}", name=name, summary=summary, answer=answer)
        for path, name, summary, answer in (
            ("/", "home", "Figures, and what is new", shapes.HomeAnswer),
            ("/captures", "captures", "Captures, newest first", shapes.ListAnswer),
            ("/captures/{number}", "capturesPage", "A page of", shapes.ListAnswer),
            ("/failures", "failures", "Failures, newest first", shapes.ListAnswer),
            ("/failures/{number}", "failuresPage", "A page of", shapes.ListAnswer),
            ("/sources", "sources", "What is held of each", shapes.SourcesAnswer),
            ("/s/{key}", "source", "Captures of a source", shapes.SourceAnswer),
            ("/s/{key}/{number}", "sourcePage", "A page of", shapes.SourceAnswer),
            ("/u/{key}", "address", "Captures of an address", shapes.AddressAnswer),
            ("/u/{key}/{number}", "addressPage", "A page of", shapes.AddressAnswer),
            ("/c/{capture_id}", "record", "A capture, checked", shapes.RecordAnswer),
            ("/c/{capture_id}/text", "text", "Extracted text", shapes.TextAnswer),
            ("/c/{capture_id}/links", "links", "Where it leads", shapes.LinksAnswer),
            ("/c/{capture_id}/cite", "cite", "Citations", shapes.CitationAnswer),
            (
                "/compare/{before}/{after}",
                "compare",
                "How two texts differ",
                shapes.CompareAnswer,
            ),
            ("/claims", "claims", "What is claimed", shapes.ClaimsAnswer),
            ("/verify", "verify", "What is checked", shapes.VerifyAnswer),
            ("/status", "status", "Log and last check", shapes.StatusAnswer),
            ("/openapi.json", "openapi", "This document", dict[str, object]),
        )
    ),
    Operation(
        path="/cdx",
        name="cdx",
        summary="Captures by address, folder, host or domain, a line each",
        answer=tuple(OUTPUTS.values()),
        also=(400, 429),
        query=_CDX_QUERY,
    ),
    Operation(
        path="/timegate/{uri}",
        name="timegate",
        summary="Go to the memento nearest to a time (RFC 7089)",
        answer=(TEXT,),
        status=302,
        headers={"Accept-Datetime": {"type": "string"}},
    ),
    *(
        Operation(
            path=f"/timemap/{kind}/{{uri}}",
            name=f"timemap-{kind}",
            summary="All mementos of an address (RFC 7089)",
            answer=(media_type,),
        )
        for kind, media_type in (
            ("link", "application/link-format"),
            ("json", "application/json; charset=utf-8"),
            ("cdxj", TEXT),
        )
    ),
    Operation(
        path="/pwid/{uri}",
        name="pwid",
        summary="Go to the record a persistent web identifier names",
        answer=(TEXT,),
        status=303,
        also=(300, 404, 429),
    ),
)


def make_document(origin: str) -> dict[str, object]:
    """The OpenAPI 3.1 document of a server at that origin."""
    book = SchemaBook()
    paths: dict[str, dict[str, object]] = {}
    for one in OPERATIONS:
        method = "post" if one.body else "get"
        paths.setdefault(one.path, {})[method] = _operation(one, book)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Election evidence archive",
            "version": VERSION,
            "description": "Version 1 only ever gains members and routes.",
        },
        "servers": [{"url": origin}],
        "paths": paths,
        "components": {"schemas": book.schemas},
    }


def _operation(one: Operation, book: SchemaBook) -> dict[str, object]:
    fault = book.schema_of(shapes.FaultAnswer)
    is_api = one.path.startswith("/api/")
    responses: dict[str, object] = {
        str(one.status): {"description": one.summary, "content": _content(one, book)}
    }
    for status in one.also:
        said: dict[str, object] = {"description": "see the code"}
        if is_api:
            said["content"] = {"application/json": {"schema": fault}}
        responses[str(status)] = said
    if "{capture_id}" in one.path or "{before}" in one.path:
        gone = {"application/json": {"schema": fault}}
        responses["410"] = {"description": "removed; why", "content": gone}
    written: dict[str, object] = {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": _parameters(one),
        "responses": responses,
    }
    if one.body is not None:
        content = {"application/json": {"schema": one.body}}
        written["requestBody"] = {"required": True, "content": content}
    return written


def _content(one: Operation, book: SchemaBook) -> dict[str, object]:
    if isinstance(one.answer, tuple):
        return {
            kind.partition(";")[0]: {"schema": {"type": "string"}}
            if "json" not in kind or "nd" in kind
            else {"schema": {"type": "object"}}
            for kind in one.answer
        }
    return {"application/json": {"schema": book.schema_of(one.answer)}}


def _parameters(one: Operation) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for part in one.path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            schema = {"number": NUMBER, "uri": _URI}.get(name, ID)
            found.append(_parameter(name, "path", schema, required=True))
    for name, schema in one.query.items():
        found.append(_parameter(name, "query", schema, required=name == "url"))
    for name, schema in one.headers.items():
        found.append(_parameter(name, "header", schema, required=False))
    return found


def _parameter(
    name: str, place: str, schema: Schema, *, required: bool
) -> dict[str, object]:
    return {"name": name, "in": place, "required": required, "schema": schema}
