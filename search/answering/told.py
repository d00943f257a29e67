"""What an index tells of one capture, by its hex id: heading, text, claimed date."""

from pathlib import Path

from archive.digest import Digest
from archive.store.texts import find_text
from search.answering.results import ExtractedText, Heading
from search.answering.showing import claimed_in
from search.engines.base import OneOf, SearchReader
from search.engines.fields import ORDER
from search.extract.dates import Claimed
from search.extract.result import main_end_of
from search.rows.captures import STATED, CaptureRows


def claimed_of(
    engine: SearchReader, rows: CaptureRows, *, root: Path, capture_id: str
) -> Claimed | None:
    """The date that its text claims; None where none was read."""
    del root
    row = rows.find_capture(capture_id)
    if row is None:
        return None
    clause = OneOf(field=ORDER, values=(row.order_key,))
    hits = engine.search(clause, limit=1).hits
    return claimed_in(hits[0].stored["claimed"]) if hits else None


def heading_of(
    _engine: SearchReader, rows: CaptureRows, *, root: Path, capture_id: str
) -> Heading | None:
    """What it is called; None where it has no text, which is not read."""
    del root
    row = rows.find_capture(capture_id)
    if row is None or row.text_digest is None:
        return None
    document = rows.document_of(row.order_key)
    if document is None:
        return None
    return Heading(title=document.title, language=document.language)


def text_of(
    _engine: SearchReader, rows: CaptureRows, *, root: Path, capture_id: str
) -> ExtractedText | None:
    """Its kept text, from the folder of its archive; None where there is none."""
    row = rows.find_capture(capture_id)
    if row is None or row.text_digest is None:
        return None
    digest = Digest(row.text_digest)
    text = find_text(root, digest)
    if text is None:
        return None
    document = rows.document_of(row.order_key)
    return ExtractedText(
        text=text,
        main_end=main_end_of(text),
        title=document.title if document else None,
        extractor=row.extractor,
        text_digest=digest,
        charset=row.charset,
        declared_charset=row.declared_charset,
        language=document.language if document else None,
        stated=row.stated == STATED,
    )
