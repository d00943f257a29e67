"""Documents whose words are on pictures: read with OCR, beside the words of their own.

The program sees pictures; pages are drawn and texts put together by whoever asks, in a
child. Words a document has of its own stay, whatever fails here.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from search.extract.files.ocr import (
    OCR,
    PARTLY,
    ReadPicture,
    Tesseract,
    mean_sure,
    read_pages,
    read_picture,
)
from search.extract.result import Extract, page_texts

SCANS = frozenset(("no_text_layer", "scanned_pages"))
"""Warnings of documents that may have words in their pictures."""
_ANSWERED = frozenset((*SCANS, "no_extractor"))
"""Warnings that no longer hold where words were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReader:
    """Reads documents with a program of the system."""

    program: Tesseract
    draw: Callable[[int], bytes]
    """The picture of a page by its number, from 0; empty where there is none."""
    join: Callable[[list[str]], Extract | None]
    """Texts of pages as one text; None where that failed."""

    def read_scan(self, made: Extract) -> Extract:
        """Read the pages that have no words of their own; the others stay."""
        texts = page_texts(made)
        silent = [number for number, text in enumerate(texts) if not text]
        read = read_pages(self.program, silent, self.draw, time.monotonic)
        pages = read.pages
        if not any(one.text for one in pages.values()):
            return made
        texts = [
            pages[number].text if number in pages else text
            for number, text in enumerate(texts)
        ]
        cut = () if read.is_whole else (PARTLY,)
        return self._joined(made, texts, list(pages.values()), cut)

    def read_image(self, made: Extract, picture: bytes) -> Extract:
        """Read a document that is one picture."""
        read = read_picture(self.program, picture)
        return self._joined(made, [read.text], [read], ()) if read.text else made

    def _joined(
        self,
        made: Extract,
        texts: list[str],
        read: Sequence[ReadPicture],
        more_warnings: tuple[str, ...],
    ) -> Extract:
        """Pages with words that were read from pictures, as one text of both makers."""
        text = self.join(texts)
        if text is None:
            return made
        maker = self.program.extractor
        if made.text:
            maker = f"{made.extractor}+{maker}"
        kept = [one for one in made.warnings if one not in _ANSWERED]
        warnings = (*dict.fromkeys((*kept, *text.warnings)), OCR, *more_warnings)
        return replace(
            text,
            extractor=maker,
            title=made.title or text.title,
            pages=text.pages if made.pages else (),
            warnings=warnings,
            sure=mean_sure(read),
        )
