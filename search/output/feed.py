"""A result as an Atom feed (RFC 4287), for programs that tell of what is new (pure).

Nothing in it leads to a live page or to this machine: entries are named by the digest
of their document, which stays, and say address and capture as words.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from archive.instant import format_instant
from archive.lines import one_line
from search.answering.results import Hit

NAMESPACE = "http://www.w3.org/2005/Atom"
_EPOCH = "1970-01-01T00:00:00Z"
_OF_THE_RUN = frozenset({"upto", "since", "extractors", "index_version"})
"""What a head says about one run; the id of a feed must outlive it, all but which
archives are asked."""


def format_atom(head: Mapping[str, object], hits: Iterable[Hit]) -> Iterator[str]:
    """The feed, an entry a document; `head` says what was asked, in its subtitle."""
    asked = json.dumps(head, ensure_ascii=False)
    name = hashlib.sha256(json.dumps(_question(head)).encode()).hexdigest()
    newest = _EPOCH
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield f'<feed xmlns="{NAMESPACE}">\n'
    yield f"<id>urn:evidence:search:{name}</id>\n"
    yield f"<title>{_text(str(head.get('query', 'saved searches')))}</title>\n"
    yield f"<subtitle>{_text(asked)}</subtitle>\n"
    for hit in hits:
        newest = max(newest, format_instant(hit.captured_at))
        yield from _entry(hit)
    # Order means nothing in a feed, and only now the newest entry is known.
    yield f"<updated>{newest}</updated>\n</feed>\n"


def _question(head: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked of which archives, the same in every run."""
    made = {
        name: [*map(_question, value)] if name == "searches" else value
        for name, value in head.items()
        if name not in _OF_THE_RUN
    }
    return made | ({"archives": sorted(head["upto"])} if "upto" in head else {})


def _entry(hit: Hit) -> Iterator[str]:
    state = hit.outcome if hit.http_status is None else f"HTTP {hit.http_status}"
    claimed = f"; the page says it is from {hit.claimed.value}" if hit.claimed else ""
    yield "<entry>\n"
    yield f"<id>urn:evidence:document:{hit.document_id}</id>\n"
    yield f"<title>{_text(hit.title or hit.uri)}</title>\n"
    yield f"<updated>{format_instant(hit.captured_at)}</updated>\n"
    yield f"<author><name>{_text(hit.source_id or 'no source')}</name></author>\n"
    named = f"capture {hit.capture_id} of archive {hit.archive_id}"
    about = f"{hit.uri} ({state}{claimed}), {named}"
    yield f"<summary>{_text(about)}</summary>\n"
    yield f'<category term="{_text(hit.capture_class)}"/>\n'
    yield "</entry>\n"


def _text(text: str) -> str:
    """Escaped, and without what XML cannot hold."""
    return escape(one_line(text), {'"': "&quot;"})
