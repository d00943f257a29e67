"""RFC 3161 on the wire: write a request, read requests and responses strictly.

The only importer of asn1crypto, which reads and never writes: what it writes again may
differ from what came. Nothing a token says is believed before `timestamp` verified it.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import cms, tsp
from cryptography import x509

from archive.attest.tokens.authority import HASHES, parse_certificate
from archive.attest.values.der import check_der, split_der
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
_SEQUENCE, _SET, _CONTEXT_0 = 0x30, 0x31, 0xA0
_UNREADABLE = (ValueError, TypeError, LookupError, OverflowError, RecursionError)
"""What asn1crypto raises at bytes that are something else."""
_GRANTED = b"\x02\x01\x00"
"""DER of PKIStatus `granted`; a token with modifications was not asked for."""
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
    signed: tuple[bytes, ...]
    """The parts of the signed data as they came, DER."""


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
        check_der(data)
        request = tsp.TimeStampReq.load(data, strict=True)
        imprint = request["message_imprint"]
        query = Query(
            algorithm=imprint["hash_algorithm"]["algorithm"].native,
            imprint=imprint["hashed_message"].native,
            nonce=request["nonce"].native,
        )
    return query


def parse_token(data: bytes) -> Token:
    """Read a response with one token of one signer.

    FormatError: no response, or not in DER. BadTimestamp: refused by the authority, or
    made with something that is never accepted.
    """
    with _reading("time-stamp response", data):
        check_der(data)
        # asn1crypto reads no response without a token.
        info = split_der(data)[0]
        status = split_der(info)[0]
        if info[0] != _SEQUENCE or status != _GRANTED:
            raise BadTimestamp(f"no token was granted: status {status[2:].hex()}")
        response = tsp.TimeStampResp.load(data, strict=True)
        # Original bytes: what asn1crypto writes again may differ.
        content = split_der(split_der(split_der(data)[1])[1])[0]
        return _read_token(response["time_stamp_token"], tuple(split_der(content)))


def demand_stamps(data: bytes, body: bytes) -> None:
    """BadTimestamp unless a response holds a token over `body`; nobody is believed."""
    token = parse_token(data)
    if hashlib.new(token.algorithm, body).digest() != token.imprint:
        raise BadTimestamp("the token stamps something else")


def _read_token(signed: cms.ContentInfo, parts: tuple[bytes, ...]) -> Token:
    content = signed["content"]
    if signed["content_type"].native != "signed_data" or not content:
        raise FormatError("the token is no signed data")
    if split_der(parts[-1]) == [] or parts[-1][0] != _SET:
        raise FormatError("the token has no signer")
    if content["version"].native != "v3" or len(content["signer_infos"]) != 1:
        raise BadTimestamp("the token is not signed by exactly one signer")
    info = content["encap_content_info"]
    if info["content_type"].native != "tst_info":
        raise FormatError("what is signed is no time stamp")
    check_der(bytes(info["content"]))
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
        certificates=_read_certificates(parts),
        signed=parts,
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


def _read_certificates(parts: tuple[bytes, ...]) -> tuple[x509.Certificate, ...]:
    """Those the token carries; they are not signed and may have been stripped."""
    return tuple(
        parse_certificate(der)
        for part in parts
        if part[0] == _CONTEXT_0
        for der in split_der(part)
        if der[0] == _SEQUENCE
    )


def _read_accuracy(value: Any) -> timedelta:
    if value is None:
        return timedelta()
    return timedelta(
        seconds=value["seconds"] or 0,
        milliseconds=value["millis"] or 0,
        microseconds=value["micros"] or 0,
    )


def _demand_strong(algorithm: str) -> None:
    if algorithm not in HASHES:
        raise BadTimestamp(f"the hash algorithm {algorithm} is not accepted")


@contextmanager
def _reading(what: str, data: bytes) -> Iterator[None]:
    """Bound the input and translate what the parser raises at it."""
    if len(data) > TOKEN_LIMIT_BYTES:
        raise LimitExceeded(f"a {what} of more than {TOKEN_LIMIT_BYTES} bytes")
    try:
        yield
    except (BadTimestamp, FormatError):
        raise
    except _UNREADABLE as error:
        raise FormatError(f"not a {what}: {error}"[:400]) from error
