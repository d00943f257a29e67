"""RFC 3161 time stamps: ask, read strictly, verify at the time of the token.

The only importer of rfc3161-client and asn1crypto. Two independent judgements must
agree: our own walk over the certificates, and OpenSSL's (through rfc3161-client) over
exactly that path. Original bytes are kept; what is handed to OpenSSL is a copy with
its unsigned certificate set in order, as DER wants it and many authorities do not.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import VerificationError as ClientRefusal
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from archive.attest.authority import (
    HASHES,
    SignerPath,
    check_purpose,
    find_path,
    parse_certificate,
    parse_chain,
)
from archive.errors import BadTimestamp, FormatError, LimitExceeded

TOKEN_LIMIT_BYTES = 64 * 1024
"""Bytes of a request or a response: a token with its chain has 2 to 8 KB."""
NONCE_BYTES = 16
"""Random bytes of a request: nobody can have an answer ready."""
SIGNATURE_HASHES = {
    "rsassa_pkcs1v15": None,
    "sha256_rsa": "sha256",
    "sha384_rsa": "sha384",
    "sha512_rsa": "sha512",
    "sha256_ecdsa": "sha256",
    "sha384_ecdsa": "sha384",
    "sha512_ecdsa": "sha512",
}
"""Signature algorithms that are read, and the hash each one names."""
_GEN_TIME = re.compile(rb"[0-9]{14}(\.[0-9]{0,5}[1-9])?Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What an authority was asked to stamp."""

    algorithm: str
    imprint: bytes
    nonce: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a response says; nothing of it is believed before `verify_token`."""

    gen_time: datetime
    accuracy: timedelta
    policy: str
    algorithm: str
    """Hash algorithm of the imprint."""
    imprint: bytes
    nonce: int | None
    signer_hash: tuple[str, bytes]
    """Algorithm and digest of the signer's certificate, as signed (RFC 5816)."""
    certificates: tuple[x509.Certificate, ...]
    signed: cms.ContentInfo


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


def format_query(body: bytes, *, nonce: bytes) -> bytes:
    """Ask for a stamp over the SHA-256 of `body`, with the certificates."""
    if len(nonce) != NONCE_BYTES:
        raise AssertionError(f"a nonce of {len(nonce)} bytes")
    request = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": hashlib.sha256(body).digest(),
            },
            "nonce": int.from_bytes(nonce),
            "cert_req": True,
        }
    )
    return bytes(request.dump())


def parse_query(data: bytes) -> Query:
    """Read a request; FormatError unless it is one in DER."""
    with _reading("time-stamp request", data):
        request = tsp.TimeStampReq.load(data, strict=True)
        imprint = request["message_imprint"]
        query = Query(
            algorithm=imprint["hash_algorithm"]["algorithm"].native,
            imprint=imprint["hashed_message"].native,
            nonce=request["nonce"].native,
        )
        _demand_canonical(request, data)
    return query


def parse_token(data: bytes) -> Token:
    """Read a response with one token of one signer.

    FormatError: no response, or not in DER. BadTimestamp: refused by the authority, or
    made with something that is never accepted.
    """
    with _reading("time-stamp response", data):
        response = tsp.TimeStampResp.load(data, strict=True)
        status = response["status"]["status"].native
        if status != "granted":
            raise BadTimestamp(f"the authority did not grant a token: {status}")
        _demand_canonical(response, data)
        return _read_token(response["time_stamp_token"])


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


def _read_token(signed: cms.ContentInfo) -> Token:
    content = signed["content"]
    if signed["content_type"].native != "signed_data" or not content:
        raise FormatError("the token is no signed data")
    if content["version"].native != "v3" or len(content["signer_infos"]) != 1:
        raise BadTimestamp("the token is not signed by exactly one signer")
    info = content["encap_content_info"]
    if info["content_type"].native != "tst_info":
        raise FormatError("what is signed is no time stamp")
    facts = info["content"].parsed
    imprint = facts["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    _demand_strong(algorithm)
    _check_signer(content, content["signer_infos"][0])
    if not _GEN_TIME.fullmatch(facts["gen_time"].contents):
        raise FormatError("the time of the token is not in its one form")
    return Token(
        gen_time=facts["gen_time"].native,
        accuracy=_read_accuracy(facts["accuracy"].native),
        policy=facts["policy"].native,
        algorithm=algorithm,
        imprint=imprint["hashed_message"].native,
        nonce=facts["nonce"].native,
        signer_hash=_read_signer_hash(content["signer_infos"][0]),
        certificates=_read_certificates(content["certificates"]),
        signed=signed,
    )


def _check_signer(content: Any, signer: Any) -> None:
    """What is not signed must still say what the signed parts say."""
    digest = signer["digest_algorithm"]["algorithm"].native
    _demand_strong(digest)
    names = [found["algorithm"].native for found in content["digest_algorithms"]]
    if names != [digest] or signer["version"].native != "v1":
        raise BadTimestamp("the frame of the token contradicts its signature")
    algorithm = signer["signature_algorithm"]["algorithm"].native
    if SIGNATURE_HASHES.get(algorithm, "none") not in (None, digest):
        raise BadTimestamp(f"the signature algorithm {algorithm} is not accepted")
    kinds = [found["type"].native for found in signer["signed_attrs"]]
    if len(set(kinds)) != len(kinds):
        raise BadTimestamp("a signed attribute stands twice")
    if _attribute(signer, "content_type").native != "tst_info":
        raise BadTimestamp("what was signed is not called a time stamp")


def _read_signer_hash(signer: Any) -> tuple[str, bytes]:
    """The signer's certificate as the signature names it: ESSCertIDv2, or its first.

    The first version (RFC 2634) names it by SHA-1; that only picks one of several
    certificates and proves nothing, the path does.
    """
    kinds = [found["type"].native for found in signer["signed_attrs"]]
    if "signing_certificate_v2" in kinds:
        named = _attribute(signer, "signing_certificate_v2")["certs"][0]
        algorithm = named["hash_algorithm"]["algorithm"].native
    elif "signing_certificate" in kinds:
        named = _attribute(signer, "signing_certificate")["certs"][0]
        return "sha1", named["cert_hash"].native
    else:
        raise BadTimestamp("the token does not say which certificate signed it")
    _demand_strong(algorithm)
    return algorithm, named["cert_hash"].native


def _attribute(signer: Any, kind: str) -> Any:
    for found in signer["signed_attrs"]:
        if found["type"].native == kind and len(found["values"]) == 1:
            return found["values"][0]
    raise BadTimestamp(f"the signed attribute {kind} is missing or doubled")


def _read_certificates(found: Any) -> tuple[x509.Certificate, ...]:
    if not found:  # certificates may have been stripped: they are not signed
        return ()
    return tuple(
        parse_certificate(choice.chosen.dump())
        for choice in found
        if choice.name == "certificate"
    )


def _read_accuracy(value: Any) -> timedelta:
    if value is None:
        return timedelta()
    return timedelta(
        seconds=value["seconds"] or 0,
        milliseconds=value["millis"] or 0,
        microseconds=value["micros"] or 0,
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
    info = token.signed["content"]["signer_infos"][0]["sid"]
    for found in candidates:
        der = found.public_bytes(Encoding.DER)
        if hashlib.new(algorithm, der, usedforsecurity=False).digest() != wanted:
            continue
        if info.name != "issuer_and_serial_number" or (
            info.chosen["serial_number"].native != found.serial_number
            or info.chosen["issuer"].dump() != found.issuer.public_bytes()
        ):
            raise BadTimestamp("the token names its signer in two ways that differ")
        return found
    raise BadTimestamp("the certificate that signed the token is not at hand")


def _ask_openssl(token: Token, path: SignerPath) -> None:
    """Let OpenSSL judge signature and path, at the time of the token."""
    copy = token.signed.copy()
    others = [
        found.public_bytes(Encoding.DER)
        for found in path.certificates
        if found is not path.root or found is path.signer
    ]
    copy["content"]["certificates"] = cms.CertificateSet(
        [cms.CertificateChoices.load(der) for der in sorted(others)]
    )
    copy["content"]["crls"] = None
    response = tsp.TimeStampResp(
        {"status": {"status": "granted"}, "time_stamp_token": copy}
    )
    try:
        decoded = decode_timestamp_response(response.dump(force=True))
        verifier = VerifierBuilder(roots=[path.root]).build()
        holds = verifier.verify(decoded, token.imprint)
    except (ClientRefusal, ValueError, TypeError) as error:
        raise BadTimestamp("the signature of the token does not hold") from error
    if holds is not True:
        raise BadTimestamp("the signature of the token does not hold")


def _demand_strong(algorithm: str) -> None:
    if algorithm not in HASHES:
        raise BadTimestamp(f"the hash algorithm {algorithm} is not accepted")


def _demand_canonical(value: Any, data: bytes) -> None:
    if value.copy().dump(force=True) != data:
        raise FormatError("it is not in its one DER form")


@contextmanager
def _reading(what: str, data: bytes) -> Iterator[None]:
    """Bound the input and translate what the parser raises at it."""
    if len(data) > TOKEN_LIMIT_BYTES:
        raise LimitExceeded(f"a {what} of more than {TOKEN_LIMIT_BYTES} bytes")
    try:
        yield
    except (BadTimestamp, FormatError):
        raise
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise FormatError(f"not a {what}: {error}"[:400]) from error
