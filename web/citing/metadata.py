"""Metadata of a record page that citation managers read: COinS, Dublin Core (pure).

COinS stands for an OpenURL context object in the title of an empty span (Z39.88-2004,
key/value format of Dublin Core). Never a lone `citation_title`: it would be taken for
an article of a journal.
"""

from urllib.parse import urlencode

from archive.instant import format_instant
from web.citing.citation import Citation

FORMAT = "info:ofi/fmt:kev:mtx:dc"
TYPE = "webpage"


def format_coins(citation: Citation) -> str:
    """The value of the span's title."""
    fields = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", FORMAT),
        ("rft.type", TYPE),
        ("rft.title", citation.title or citation.target_uri),
        ("rft.identifier", citation.permalink or citation.target_uri),
        ("rft.source", citation.archive_name),
        ("rft.date", format_instant(citation.captured_at)[:10]),
        ("rft.relation", citation.target_uri),
        ("rft.description", f"sha256:{citation.capture_id}"),
    ]
    if citation.publisher:
        fields.append(("rft.publisher", citation.publisher))
    return urlencode(fields)


def dublin_core(citation: Citation) -> tuple[tuple[str, str], ...]:
    """Names and contents of `meta` elements."""
    return tuple(
        (name, content)
        for name, content in (
            ("DC.type", "Text"),
            ("DC.title", citation.title or citation.target_uri),
            ("DC.identifier", citation.permalink or f"sha256:{citation.capture_id}"),
            ("DC.source", citation.target_uri),
            ("DC.publisher", citation.publisher),
            ("DC.date", format_instant(citation.captured_at)),
            ("DC.isPartOf", citation.archive_name),
        )
        if content
    )
