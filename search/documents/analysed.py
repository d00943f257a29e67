"""What is found in a document before any engine sees it: tokens, identity, likeness.

It follows from text, title, address and outcome and from the version of the analysis,
so it is made once and kept (`extracts.py`). Pure.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from urllib.parse import unquote

from archive.capture import Capture, CaptureOutcome
from search.analysis.analyze import join_forms
from search.analysis.likeness import simhash
from search.documents.document import ERROR_STATUS, Analysed, PageText
from search.engines.fields import (
    ALL,
    ALL_KEY,
    CAP,
    EXACT,
    HEAD,
    HEAD_KEY,
    HEAD_LEMMA,
    KEY,
    LEMMA,
    LOOSE,
)
from search.passages import read_forms, read_plain

OUTCOME_WORDS: dict[CaptureOutcome, str] = {
    CaptureOutcome.COMPLETE: "",
    CaptureOutcome.DISCONNECT: "failure disconnect cut incomplete",
    CaptureOutcome.TIMEOUT: "failure timeout no answer in time",
    CaptureOutcome.LENGTH: "failure length too long cut",
    CaptureOutcome.STOPPED: "failure stopped",
    CaptureOutcome.NOT_HTTP: "failure not-http no valid answer",
    CaptureOutcome.NO_RESPONSE: "failure no-response no answer",
    CaptureOutcome.DNS: "failure dns name not resolved no answer",
    CaptureOutcome.REFUSED: "failure refused connection refused no answer",
    CaptureOutcome.TLS: "failure tls certificate handshake no answer",
    CaptureOutcome.PROXY: "failure proxy no answer",
    CaptureOutcome.TLS_REFUSED: "failure tls-refused certificate",
    CaptureOutcome.POLICY: "failure policy address not allowed",
}
"""Words a failure is found by; part of the index, so English for every reader."""
BODY_FIELDS = (EXACT, LEMMA, KEY, CAP, LOOSE, ALL, ALL_KEY)
"""Token fields that depend on nothing but the text and its language."""


def analyse(
    capture: Capture, page: PageText, body: Mapping[str, str] | None = None
) -> Analysed:
    """Find it all; `body`: the fields BODY_FIELDS, where they are known already."""
    body = body_tokens(page) if body is None else body
    return Analysed(
        tokens={**body, **_head_tokens(capture, page)},
        fold=fold_digest(page.text),
        simhash=simhash(body[EXACT].split(" ")),
    )


def fold_digest(text: str) -> str:
    """Hex SHA-256 of a text without case and spacing: identity of a document."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return hashlib.sha256(" ".join(folded.split()).encode()).hexdigest()


def address_words(uri: str) -> str:
    """What of a URI can be searched: everything after the scheme, unescaped."""
    return unquote(uri.partition("://")[2] or uri).replace("_", " ")


def body_tokens(page: PageText) -> dict[str, str]:
    """The fields BODY_FIELDS of a text."""
    main = join_forms(read_forms(page.text[: page.main_end], page.language))
    rest = read_plain(page.text[page.main_end :], page.language)
    return dict(zip(BODY_FIELDS, (*main, *rest), strict=True))


def _head_tokens(capture: Capture, page: PageText) -> dict[str, str]:
    head = join_forms(read_forms(_head(capture, page), page.language))
    return {HEAD: head.exact, HEAD_LEMMA: head.lemma, HEAD_KEY: head.key}


def _head(capture: Capture, page: PageText) -> str:
    if page.part:
        return page.title or ""  # by its address the page is found, once
    words = OUTCOME_WORDS[capture.outcome]
    if capture.http_status is not None and capture.http_status >= ERROR_STATUS:
        words = f"{words} failure {capture.http_status}"
    return "\n".join((page.title or "", address_words(capture.target_uri), words))
