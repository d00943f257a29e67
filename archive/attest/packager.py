"""Who packed a WACZ: the signature over its description, by a bare key or a domain.

Such a signature says who made the package, never where its bytes came from; whoever
alters a package can sign it anew. So nothing here is trust: what is read out is told to
the reader, and a signature that does not hold is a fault.
"""

from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from archive.attest.values.keyid import key_id_of
from archive.errors import BadSignature, FormatError
from archive.log.fields import parse_base64

CERTIFICATES_LIMIT_BYTES = 64 * 1024
_NO_CERTIFICATE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""All that reading hostile certificates was seen to raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packager:
    """Who signed a package, as the package itself says."""

    key_id: str | None
    domain: str | None
    """The name its certificate was shown for; nobody judged who issued that."""

    def __str__(self) -> str:
        if self.domain is not None:
            return f"somebody with a certificate for {self.domain} (not judged)"
        return f"the anonymous key {self.key_id}"


def verify_package(signed: dict[str, Any], message: bytes) -> Packager:
    """Demand that the signature of `signedData` covers the message.

    FormatError for what is no signature, BadSignature for one that does not hold.
    """
    signature = parse_base64(_text(signed, "signature"), FormatError)
    if "domainCert" in signed:
        return _verify_domain(signed, signature, message)
    spki = parse_base64(_text(signed, "publicKey"), FormatError)
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise FormatError(f"publicKey is no key: {error}") from error
    _verify(key, signature, message)
    return Packager(key_id=key_id_of(spki), domain=None)


def _verify_domain(
    signed: dict[str, Any], signature: bytes, message: bytes
) -> Packager:
    pem = _text(signed, "domainCert").encode()
    if len(pem) > CERTIFICATES_LIMIT_BYTES:
        raise FormatError("domainCert is too long")
    try:
        leaf = x509.load_pem_x509_certificates(pem)[0]
        key = leaf.public_key()
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        domains = names.value.get_values_for_type(x509.DNSName)
    except _NO_CERTIFICATE as error:
        raise FormatError(f"domainCert is no certificate: {error}") from error
    domain = _text(signed, "domain")
    if domain not in domains:
        raise BadSignature(f"the certificate is not for {domain[:80]!r}")
    _verify(key, signature, message)
    return Packager(key_id=None, domain=domain)


def _verify(key: object, signature: bytes, message: bytes) -> None:
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise FormatError("the package is not signed with a key on a curve")
    half = (key.curve.key_size + 7) // 8
    if len(signature) == 2 * half:  # raw, as browsers sign
        r, s = signature[:half], signature[half:]
        signature = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        raise BadSignature("the signature does not fit key and description") from error


def _text(signed: dict[str, Any], name: str) -> str:
    value = signed.get(name)
    if not isinstance(value, str):
        raise FormatError(f"signedData has no text {name}")
    return value
