"""Texts of single captures for `evidence corroborate`: the main text, extracted now."""

from collections.abc import Iterator
from contextlib import contextmanager

from archive.capture import Capture
from archive.errors import LimitExceeded
from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.corroboration import TextOf
from search.extract.worker import FAILED, Worker
from search.reading import CUT, extract_capture


@contextmanager
def open_texts() -> Iterator[TextOf]:
    """Give the reader of texts; its child process ends with the body.

    The same extractor reads both captures, so kept texts of other versions do no harm.
    """
    with Worker() as worker:

        def text_of(reader: ArchiveReader, capture: Capture) -> str | None:
            """Main text with single blanks; None where there is none.

            LimitExceeded where there may be one, which was not read, or not whole.
            """
            made = extract_capture(worker, reader, capture)
            if made is None:
                return None
            if made.extractor == FAILED or CUT in made.warnings:
                raise LimitExceeded("a text that was not read whole")
            return " ".join(made.text[: made.main_end].split()) or None

        yield text_of
