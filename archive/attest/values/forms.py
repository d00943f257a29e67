"""Named forms and bounds that the fields of statements share."""

import re
from typing import Any

from archive.attest.values.fields import Validator, encoded, pattern, refuse, text
from archive.errors import FormatError, UnknownAlgorithm
from archive.log.note import format_vkey, parse_vkey
from archive.warc.wire import find_host

NAME_LIMIT = 200
"""Characters of a name, role, authority or product: one line on a page."""
WORDS_LIMIT = 4096
"""Characters of free words: two pages of text; more belongs into a `note`."""
URI_LIMIT = 32 * 1024
"""Characters of an address: 8 KiB as given, at most three times that when escaped."""
HOST_LIMIT = 255
"""Characters of a host name in the DNS (253), or an address literal in brackets."""
RECORDS_LIMIT = 1_500
"""Rows of a record table: at 600 bytes each they still fit a statement of 1 MiB."""
CAPTURES_LIMIT = 4_000
"""Captures of one page: at 220 bytes each with its subject they fit 1 MiB."""
TOKENS_LIMIT = 16
"""Time stamps of one anchor; two or three are usual."""
KEYS_LIMIT = 16
"""Keys of one statement; `init` states four."""
SPKI_LIMIT_BYTES = 1024
"""DER of a public key: P-256 has 91 bytes, P-384 120, RSA 4096 550."""
SIGNATURE_LIMIT_BYTES = 72
"""DER of two 32-byte integers and their framing."""
FILE_NAME_LIMIT = 255
"""Characters of a received file's name: what common file systems allow."""

NAME = text(limit=NAME_LIMIT)
WORDS = text(limit=WORDS_LIMIT, lines=True)
URI = pattern(
    rf"[!-~]{{1,{URI_LIMIT}}}",
    "an ASCII address without spaces",
    plain=rf"[!#-\[\]-~]{{1,{URI_LIMIT}}}",
)
_HOST_FORM = rf"[!-@\[-~]{{1,{HOST_LIMIT}}}"
HOST = pattern(
    _HOST_FORM,
    "a lower-case ASCII host",
    plain=rf"[!#-@\[\]-~]{{1,{HOST_LIMIT}}}",
)
_RECORD_ID_FORM = "urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
RECORD_ID = pattern(
    _RECORD_ID_FORM, "a record id `urn:uuid:...`", plain=_RECORD_ID_FORM
)
_SOURCE_ID_FORM = "[a-z0-9-]{2,32}"
SOURCE_ID = pattern(_SOURCE_ID_FORM, "a source id", plain=_SOURCE_ID_FORM)
SEGMENT = pattern(
    r"\d{4}/(0[1-9]|1[0-2])/\d{8}-[a-z2-7]{8}\.warc\.gz", "a segment name"
)
PATH = pattern(
    r"(?=.{1,200}$)[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*",
    "a path inside the archive folder",
)
KEY_ID = pattern(r"[0-9a-f]{16}", "a key id of 16 hex digits")
HASH = encoded(low=32, high=32)
SPKI = encoded(low=32, high=SPKI_LIMIT_BYTES)


def _check_vkey(value: Any, path: str) -> None:
    """Demand a verifier key of a log in its one written form."""
    try:
        is_written_form = (
            isinstance(value, str) and format_vkey(parse_vkey(value)) == value
        )
    except (FormatError, UnknownAlgorithm) as error:
        raise refuse(path, str(error)) from error
    if not is_written_form:
        raise refuse(path, "is not a verifier key")


vkey = Validator(_check_vkey)
"""A verifier key of a log."""


def host_of(target_uri: str) -> str | None:
    """The host that a statement names for an address; ValueError if it is none.

    None where there is no host, or one of such length: what a server names in a
    redirect may be anything, and its refusal is evidence, too.
    """
    # Python leaves capitals behind a percent sign as they are.
    host = find_host(target_uri).lower()
    return host if re.fullmatch(_HOST_FORM, host) else None
