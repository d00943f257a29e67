"""What each answer of a job is, as it comes: the class goes into the closing record."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from archive.capture import Capture, CaptureOutcome, Exchange
from archive.capture_class import CaptureClass, ClassNote
from archive.warc.payload import HttpHead, decode_payload
from crawlers.crawl.capturing.references import HTML_BYTES, read_tree
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.sources.classes import HTML_TYPES, Answer, classify
from crawlers.sources.identity import Identity, identify
from crawlers.sources.signs import Signs
from crawlers.sources.source import Source

TEXT_TYPES = HTML_TYPES | {"text/plain"}
BEGINNING_BYTES = 1_000
ROLES = frozenset({"page", "robots", "probe"})
"""What is classed; hops and parts say nothing for their source."""
FILE_ENDINGS = frozenset(
    {".pdf", ".doc", ".docx", ".xls", ".xlsx", ".odt", ".ods", ".rtf", ".csv", ".zip"}
    | {".jpg", ".jpeg", ".png", ".gif", ".webp", ".mp3", ".mp4", ".pptx", ".7z"}
)
NOT_READ = "not-read"
MADE_UP = "made-up-address"
ADDRESSES_KEPT = 64
"""Each is named when its answer comes and when its body was read, soon after."""


@dataclass(slots=True, kw_only=True)
class ClassDesk:
    """Classes the answers of one job."""

    log: JobLog
    source: Source | None = None
    """None for captures from the command line."""
    reads_bodies: bool = True
    """Whether bodies are read here; a spider reads them itself."""
    _identify: Callable[[str], Identity | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        named = partial(identify, self.source) if self.source else _no_identity
        self._identify = lru_cache(maxsize=ADDRESSES_KEPT)(named)

    def look(
        self,
        capture: Capture,
        exchange: Exchange,
        *,
        head: HttpHead | None,
        body: bytes | None,
    ) -> None:
        """Take a first look at an attempt that is in the archive."""
        role = exchange.context.role
        if role not in ROLES:
            return
        identity = self._identify(capture.target_uri)
        if role == "probe":
            self._note(capture, _unknown(MADE_UP, identity), identity)
            return
        if not self.reads_bodies and role == "page" and _is_page(exchange, head):
            # The spider looks at it in a moment, and that is what stands then.
            self._note(capture, _unknown(NOT_READ, identity), identity)
            return
        answer = Answer(
            uri=capture.target_uri,
            asked=capture.target_uri,
            outcome=exchange.outcome,
            http_status=exchange.http_status,
            media_type=head.media_type if head else None,
            expected=expected_of(capture.target_uri, role=role),
            detail=exchange.detail,
            beginning=(body or b"")[:BEGINNING_BYTES].decode("latin-1"),
            body_bytes=exchange.payload_bytes or 0,
        )
        if self.reads_bodies and head is not None and body:
            answer = read_body(answer, body, head=head)
        self.settle(capture, answer)

    def settle(self, capture: Capture, answer: Answer) -> ClassNote:
        """Class an answer whose body was looked at, and keep the class."""
        identity = self._identify(answer.uri)
        own = self.source.classes if self.source else ()
        note = classify(answer, own=own, key=_name(identity))
        self._note(capture, note, identity)
        return note

    def _note(
        self, capture: Capture, note: ClassNote, identity: Identity | None
    ) -> None:
        language = identity.language if identity else None
        self.log.note_class(capture.capture_id, note, language=language)


def expected_of(
    uri: str, *, role: str = "page", kind: CaptureClass = CaptureClass.PAGE
) -> CaptureClass:
    """What an address should hold, as far as it can be seen from outside."""
    if role == "robots":
        return CaptureClass.ROBOTS
    ending = PurePosixPath(urlsplit(uri).path).suffix.lower()
    if kind is CaptureClass.PAGE and ending in FILE_ENDINGS:
        return CaptureClass.FILE
    return kind


def read_body(answer: Answer, body: bytes, *, head: HttpHead) -> Answer:
    """Undo the content coding and read the signs, where it is HTML or plain text."""
    data = decode_payload(body, head.content_encoding, limit_bytes=HTML_BYTES).data
    beginning = data[:BEGINNING_BYTES].decode("utf-8", "replace")
    signs = None
    if (answer.media_type or "text/html") in TEXT_TYPES:
        content_type = (head.find("Content-Type") or b"").decode("latin-1")
        signs = Signs(read_tree(data, content_type=content_type))
    return replace(answer, beginning=beginning, body_bytes=len(data), signs=signs)


def _is_page(exchange: Exchange, head: HttpHead | None) -> bool:
    """Whether this is a whole HTML document, whatever it says."""
    whole = exchange.outcome is CaptureOutcome.COMPLETE and exchange.http_status == 200
    return whole and head is not None and head.media_type in HTML_TYPES


def _no_identity(_uri: str) -> None:
    """Without a source no address names anything."""


def _unknown(rule: str, identity: Identity | None) -> ClassNote:
    return ClassNote(
        capture_class=str(CaptureClass.UNKNOWN), rule=rule, key=_name(identity)
    )


def _name(identity: Identity | None) -> str | None:
    return identity.name if identity else None
