"""Two captures compared: what each is, and what changed between their texts.

Texts are those kept beside the index; where one is not at hand it is extracted now, in
a child process. A failure has no text, and nothing of what a page says follows from it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from archive.capture import Capture, CaptureOutcome
from archive.digest import Digest
from archive.errors import SearchUnavailable
from archive.store.reading.reader import ArchiveReader
from search.answering.results import ExtractedText
from search.extract.by_type import NO_EXTRACTOR
from search.extract.worker import Worker
from search.reading import extract_capture
from search.report.comparing.changes import Changes, compare_texts

FAILURE_STATUS = 400
"""From here on a status says that this is not what was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two captures, with its text."""

    capture: Capture
    text: ExtractedText
    kept: bool
    """False: extracted now, because no text of it is kept."""

    @property
    def answered(self) -> bool:
        """Whether a whole answer came, with a status of success."""
        status = self.capture.http_status
        complete = self.capture.outcome is CaptureOutcome.COMPLETE
        return complete and status is not None and status < FAILURE_STATUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both sides, the changes, and what a reader must know before he relies on them."""

    before: Side
    after: Side
    changes: Changes
    notices: tuple[str, ...]


TextOf = Callable[[str], ExtractedText | None]
"""The kept text of a capture by hex id; None where there is none."""


def compare_captures(
    reader: ArchiveReader, text_of: TextOf, before: Capture, after: Capture
) -> Comparison:
    """Compare two captures, in the order given; a page stands for its main capture."""
    sides = [
        _side(reader, text_of, main_capture(reader, capture))
        for capture in (before, after)
    ]
    changes = compare_texts(sides[0].text.text, sides[1].text.text)
    return Comparison(
        before=sides[0],
        after=sides[1],
        changes=changes,
        notices=tuple(_notices(sides[0], sides[1], changes)),
    )


def main_capture(reader: ArchiveReader, capture: Capture) -> Capture:
    """The capture whose text a page shows; any other capture is itself."""
    if capture.kind != "page":
        return capture
    return reader.get_capture(reader.read_page(capture).main_id)


def _side(reader: ArchiveReader, text_of: TextOf, capture: Capture) -> Side:
    try:
        kept = text_of(capture.capture_id)
    except SearchUnavailable:
        kept = None
    if kept is not None:
        return Side(capture=capture, text=kept, kept=True)
    return Side(capture=capture, text=extract_now(reader, capture), kept=False)


def extract_now(reader: ArchiveReader, capture: Capture) -> ExtractedText:
    """Make the text of a capture again, in a child; empty where nothing came."""
    with Worker() as worker:
        made = extract_capture(worker, reader, capture)
    if made is None:
        return _as_text("", NO_EXTRACTOR)
    return ExtractedText(
        text=made.text,
        main_end=made.main_end,
        title=made.title,
        extractor=made.extractor,
        text_digest=Digest.of(made.text.encode()),
        charset=made.charset,
        declared_charset=made.declared_charset,
        language=made.language,
    )


def _as_text(text: str, extractor: str) -> ExtractedText:
    return ExtractedText(
        text=text,
        main_end=len(text),
        title=None,
        extractor=extractor,
        text_digest=Digest.of(text.encode()),
        charset=None,
        declared_charset=None,
        language=None,
    )


def _notices(before: Side, after: Side, changes: Changes) -> list[str]:
    """Sentences; each says what a difference may be that the page did not make."""
    said = []
    for side in (before, after):
        if not side.answered:
            capture = side.capture
            state = capture.http_status or capture.outcome.value
            said.append(
                f"{capture.short_id} is no page ({state}): it does not show what the "
                "page said then"
            )
    if before.capture.target_uri != after.capture.target_uri:
        said.append("the two are captures of different addresses")
    if before.capture.captured_at > after.capture.captured_at:
        said.append("the first one was captured later than the second one")
    if before.text.extractor != after.text.extractor and before.kept and after.kept:
        said.append(
            f"the texts were made by {before.text.extractor} and "
            f"{after.text.extractor}: some differences may come from that"
        )
    if not changes.complete:
        said.append("the texts are too long to compare all of their words")
    return said
