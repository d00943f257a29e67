"""RFC 3161 time stamps: does a token hold, at the time it names?

The only importer of rfc3161-client. Two independent judgements must agree: our own
walk over the certificates, and OpenSSL's (through rfc3161-client) over exactly that
path. Original bytes are kept; what is handed to OpenSSL is a copy with its unsigned
certificate set in order, as DER wants it and many authorities do not.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import VerificationError as ClientRefusal
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from archive.attest.tokens.authority import (
    SignerPath,
    check_purpose,
    find_path,
    parse_chain,
)
from archive.attest.tokens.token import Query, Token, parse_query, parse_token
from archive.attest.values.der import split_der, wrap_der
from archive.errors import BadTimestamp

_SEQUENCE, _CONTEXT_0 = 0x30, 0xA0
_GRANTED = bytes.fromhex("3003020100")
"""DER of a PKIStatusInfo that says granted, and nothing else."""
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""DER of the object identifier of CMS signed data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """A token that holds: its time, its policy, and who vouches for the authority."""

    gen_time: datetime
    accuracy: timedelta
    policy: str
    path: SignerPath

    @property
    def latest(self) -> datetime:
        """The latest instant the token allows: its time and its accuracy."""
        return self.gen_time + self.accuracy


def verify_token(
    data: bytes,
    *,
    body: bytes,
    roots: Sequence[bytes],
    chain: bytes = b"",
    query: bytes | None = None,
) -> VerifiedToken:
    """Demand that an authority under one of the roots (PEM) stamped `body`.

    `chain` holds further certificates (PEM), never trusted; `query` is the request,
    whose nonce must come back. UnknownKey: no trusted root vouches; BadTimestamp and
    FormatError: the token does not hold. Revocation is judged in `revocation`.
    """
    token = parse_token(data)
    if hashlib.new(token.algorithm, body).digest() != token.imprint:
        raise BadTimestamp("the token stamps something else")
    if query is not None:
        _check_query(parse_query(query), token)
    known = {found: None for found in token.certificates}
    known |= {found: None for found in parse_chain(chain)} if chain else {}
    trusted = [found for root in roots for found in parse_chain(root)]
    signer = _find_signer(token, [*known, *trusted])
    path = find_path(signer, list(known), trusted, at=token.gen_time)
    check_purpose(signer)
    _ask_openssl(token, path)
    return VerifiedToken(
        gen_time=token.gen_time,
        accuracy=token.accuracy,
        policy=token.policy,
        path=path,
    )


def _check_query(query: Query, token: Token) -> None:
    if (query.algorithm, query.imprint) != (token.algorithm, token.imprint):
        raise BadTimestamp("the token answers another request")
    if query.nonce is not None and query.nonce != token.nonce:
        raise BadTimestamp("the token does not carry the nonce of the request")


def _find_signer(
    token: Token, candidates: Sequence[x509.Certificate]
) -> x509.Certificate:
    """The one certificate that the signature names; its issuer and serial must fit."""
    algorithm, wanted = token.signer_hash
    signer_info = split_der(split_der(token.signed[-1])[0])
    for found in candidates:
        der = found.public_bytes(Encoding.DER)
        if hashlib.new(algorithm, der, usedforsecurity=False).digest() != wanted:
            continue
        named = split_der(signer_info[1])
        serial = int.from_bytes(named[1][2:], signed=True)
        if (named[0], serial) != (found.issuer.public_bytes(), found.serial_number):
            raise BadTimestamp("the token names its signer in two ways that differ")
        return found
    raise BadTimestamp("the certificate that signed the token is not at hand")


def _ask_openssl(token: Token, path: SignerPath) -> None:
    """Let OpenSSL judge signature and path, at the time of the token."""
    others = sorted(
        found.public_bytes(Encoding.DER)
        for found in path.certificates
        if found is not path.root or found is path.signer
    )
    try:
        decoded = decode_timestamp_response(_format_response(token.signed, others))
        verifier = VerifierBuilder(roots=[path.root]).build()
        holds = verifier.verify(decoded, token.imprint)
    except (ClientRefusal, ValueError, TypeError) as error:
        raise BadTimestamp("the signature of the token does not hold") from error
    if holds is not True:
        raise BadTimestamp("the signature of the token does not hold")


def _format_response(signed: tuple[bytes, ...], certificates: Sequence[bytes]) -> bytes:
    """The same token with exactly these certificates, in the order of DER.

    Everything signed is copied as it came.
    """
    version, digests, content = signed[:3]
    chosen = wrap_der(_CONTEXT_0, *certificates)
    data = wrap_der(_SEQUENCE, version, digests, content, chosen, signed[-1])
    token = wrap_der(_SEQUENCE, _SIGNED_DATA, wrap_der(_CONTEXT_0, data))
    return wrap_der(_SEQUENCE, _GRANTED, token)
