"""Quotations looked up in an archive, each in the text of the capture that it names.

Whose a text is, the index says for its own, and the `extract` statements in the
segments for those of earlier extractors. A digest alone does not: the text of that
digest may be another capture's.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from archive.errors import CaptureNotFound, SearchError
from archive.store.reading.reader import ArchiveReader
from archive.store.texts import find_text
from search.answering.results import ExtractedText
from search.answering.service import SearchService
from search.indexing.kept import stated_lines
from search.quote import Checked, Quotation, check_quotation
from search.report.comparing.comparison import extract_now

BATCH = 1_000
"""Quotations held in memory; the segments are read at most once for all of them."""

_Made = tuple[str, str, str]
"""Capture id, extractor, hex digest of the text that it made of the capture."""


def look_up(
    reader: ArchiveReader, service: SearchService, quotations: Iterable[Quotation]
) -> Iterator[tuple[Quotation, Checked]]:
    """Each quotation with what became of it, in their order."""
    left = iter(quotations)
    while batch := list(islice(left, BATCH)):
        known = _known(reader, service, batch)
        for quoted in batch:
            named = None
            if _named(quoted) in known:
                named = find_text(reader.paths.root, quoted.text_digest)
            checked = check_quotation(
                quoted, named, partial(_made_now, reader, service, quoted)
            )
            yield quoted, checked


def _known(
    reader: ArchiveReader, service: SearchService, batch: Sequence[Quotation]
) -> set[_Made]:
    """Which of the texts that quotations name are known to be of their captures."""
    wanted = {_named(one) for one in batch if _is_here(reader, one)}
    known = {
        (capture_id, text.extractor, text.text_digest.hex)
        for capture_id in {capture_id for capture_id, _, _ in wanted}
        if (text := _indexed(service, capture_id)) is not None
    }
    if wanted <= known:
        return known
    stated = (
        (line.capture, line.extractor, line.text.hex)
        for line in stated_lines(reader.paths.root)
    )
    return known | wanted.intersection(stated)


def _named(quoted: Quotation) -> _Made:
    return quoted.capture_id, quoted.extractor, quoted.text_digest.hex


def _is_here(reader: ArchiveReader, quoted: Quotation) -> bool:
    return bool(reader.find_all(quoted.capture_id))


def _indexed(service: SearchService, capture_id: str) -> ExtractedText | None:
    """The text of a capture as the index has it."""
    try:
        return service.text_of(capture_id)
    except SearchError:
        return None


def _made_now(
    reader: ArchiveReader, service: SearchService, quoted: Quotation
) -> ExtractedText | None:
    """The text of the capture as the index has it, else extracted now."""
    try:
        capture = reader.get_capture(quoted.capture_id)
    except CaptureNotFound:
        return None
    return _indexed(service, capture.capture_id) or extract_now(reader, capture)
