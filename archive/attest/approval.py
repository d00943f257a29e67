"""An approval: another operator vouches for a statement, with his own key and words.

He makes it from a copy of the archive; whoever keeps the archive states it as `cosign`.
The file that travels between them is the fields of that kind as canonical JSON.
"""

from collections.abc import Mapping
from typing import Any

from archive.attest.keys.keyfolder import StatementSigner
from archive.attest.keys.signing import verify_p256
from archive.attest.statements.predicates import COSIGN
from archive.attest.statements.statement import format_cosigned
from archive.attest.values.canonical import dump_canonical, parse_canonical
from archive.attest.values.fields import check_table
from archive.digest import Digest
from archive.errors import MalformedStatement
from archive.log.fields import format_base64, parse_base64

APPROVAL_LIMIT_BYTES = 64 * 1024
"""Bytes of the file; its words have at most some thousand characters."""


def make_approval(
    signer: StatementSigner, statement: Digest, *, name: str, role: str, words: str
) -> dict[str, object]:
    """Sign for a statement; MalformedStatement names a field not in its form."""
    signed = {"statement": str(statement), "name": name, "role": role, "words": words}
    fields: dict[str, object] = {
        **signed,
        "spki": format_base64(signer.spki_der),
        "signature": format_base64(signer.sign(format_cosigned(**signed))),
    }
    check_table(COSIGN, fields, "approval")
    return fields


def format_approval(fields: Mapping[str, object]) -> bytes:
    """Write the file, one line."""
    return dump_canonical(dict(fields)) + b"\n"


def parse_approval(data: bytes) -> dict[str, Any]:
    """Read the file strictly and demand its signature.

    MalformedStatement, BadSignature. Whose key that is stays the reader's question.
    """
    if not data.endswith(b"\n"):
        raise MalformedStatement("an approval is one line")
    fields = parse_canonical(data[:-1], limit_bytes=APPROVAL_LIMIT_BYTES)
    if not isinstance(fields, dict):
        raise MalformedStatement("an approval is a JSON object")
    check_table(COSIGN, fields, "approval")
    verify_approval(fields)
    return fields


def verify_approval(fields: Mapping[str, Any]) -> None:
    """Demand that the key in it signed what it says; BadSignature, UnknownKey."""
    verify_p256(
        parse_base64(fields["spki"], MalformedStatement),
        parse_base64(fields["signature"], MalformedStatement),
        format_cosigned(
            **{key: fields[key] for key in ("statement", "name", "role", "words")}
        ),
    )
