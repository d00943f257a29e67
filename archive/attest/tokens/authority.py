"""Certificates of time-stamp authorities: a path at one time, purpose, revocation.

A path leads from a signer to one trusted root, each certificate valid at the time of
the token, not today. What OpenSSL thinks of the same path is asked in `timestamp`.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from archive.attest.values.der import check_der, split_der
from archive.errors import BadTimestamp, FormatError, LimitExceeded, UnknownKey

CHAIN_LIMIT_BYTES = 64 * 1024
"""Bytes of a chain file: a certificate has 1 to 3 KB."""
PATH_LIMIT = 8
"""Certificates of one path; authorities have 2 to 4."""
CANDIDATES_LIMIT = 32
"""Certificates of a token and its chain file together."""
LINKS_LIMIT = 256
"""Links between certificates that are tried in search of a path; most need under ten.

Thirty certificates of one name, each signing each, make more paths than can be walked.
"""
RSA_BITS = 2048
"""Shortest RSA key that may sign: what browsers and eIDAS ask for."""
HASHES = frozenset({"sha256", "sha384", "sha512"})
"""Hash algorithms a signature may rest on."""
_PEM = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----"
)
_INTEGER = 0x02
_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises at a certificate that it cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerPath:
    """Certificates from the signer to a trusted root, all valid at one time."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def signer(self) -> x509.Certificate:
        """The certificate whose key signed the token."""
        return self.certificates[0]

    @property
    def root(self) -> x509.Certificate:
        """The trusted root."""
        return self.certificates[-1]

    @property
    def root_id(self) -> bytes:
        """What two paths under one root have in common: the key, not its certificate.

        An authority with two certificates of one key is still one authority.
        """
        return self.root.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def ends_at(self) -> datetime:
        """When the first of its certificates expires: stamp again well before."""
        return min(found.not_valid_after_utc for found in self.certificates)

    @property
    def pem(self) -> bytes:
        """All its certificates, signer first."""
        return format_chain(self.certificates)


def parse_chain(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read the certificates of a PEM file; FormatError if there is none."""
    if len(pem) > CHAIN_LIMIT_BYTES:
        raise LimitExceeded(f"certificates of more than {CHAIN_LIMIT_BYTES} bytes")
    try:
        found = [base64.b64decode(block[1]) for block in _PEM.finditer(pem)]
    except binascii.Error as error:
        raise FormatError(f"not a certificate in PEM: {error}") from error
    if not found:
        raise FormatError("no certificate in PEM")
    return tuple(map(parse_certificate, found))


def parse_certificate(der: bytes) -> x509.Certificate:
    """Read one certificate; FormatError unless all that is used of it can be read."""
    check_der(der)
    try:
        fields = split_der(split_der(der)[0])
        serial = next(field for field in fields if field[0] == _INTEGER)[2:]
        if serial[0] & 0x80 or not any(serial):
            raise ValueError("its number is not positive")
        return _demand_whole(x509.load_der_x509_certificate(der))
    except (StopIteration, LookupError, *_UNREADABLE) as error:
        raise FormatError(f"not a certificate: {error}") from error


def _demand_whole(found: x509.Certificate) -> x509.Certificate:
    """Read every part now: the library reads names, dates and extensions late."""
    found.public_key()
    if not (found.subject.rdns and found.issuer.rdns and found.extensions is not None):
        raise ValueError("a certificate without names")
    if found.not_valid_before_utc > found.not_valid_after_utc:
        raise ValueError("a certificate that ends before it begins")
    return found


def format_chain(certificates: Iterable[x509.Certificate]) -> bytes:
    """Write certificates as PEM."""
    return b"".join(found.public_bytes(Encoding.PEM) for found in certificates)


def find_path(
    signer: x509.Certificate,
    candidates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    *,
    at: datetime,
) -> SignerPath:
    """The first path from a signer to a trusted root whose links all hold at a time.

    UnknownKey where none of the roots is reached: nobody the reader trusts vouches.
    BadTimestamp where one is, but a certificate on the way does not hold.
    """
    if len(candidates) > CANDIDATES_LIMIT:
        raise BadTimestamp(f"more than {CANDIDATES_LIMIT} certificates")
    problem: BadTimestamp | None = None
    for certificates in _PathSearch(candidates, roots).walk((signer,)):
        try:
            for position, certificate in enumerate(certificates):
                _check_member(certificate, position, at)
        except BadTimestamp as error:
            problem = problem or error
            continue
        return SignerPath(certificates=certificates)
    if problem is not None:
        raise problem
    raise UnknownKey(
        f"no trusted root vouches for the signer {signer.subject.rfc4514_string()}"
    )


def check_purpose(signer: x509.Certificate) -> None:
    """RFC 3161 section 2.3: extended key usage critical, time stamping and no other."""
    try:
        found = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        usages = list(found.value)
        key_usage = _key_usage(signer)
    except x509.ExtensionNotFound as error:
        raise BadTimestamp("the signer's certificate names no purpose") from error
    if not found.critical:
        raise BadTimestamp("the signer's extended key usage is not critical")
    if usages != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise BadTimestamp("the signer's certificate is not for time stamps alone")
    if key_usage is not None and not (
        key_usage.digital_signature or key_usage.content_commitment
    ):
        raise BadTimestamp("the signer's key may not sign")


class _PathSearch:
    """All paths of genuine signatures to trusted roots; BadTimestamp past a bound."""

    def __init__(
        self, candidates: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
    ) -> None:
        self._roots = roots
        self._candidates = [one for one in candidates if one not in roots]
        self._links = 0

    def walk(
        self, path: tuple[x509.Certificate, ...]
    ) -> Iterator[tuple[x509.Certificate, ...]]:
        """Every path that begins so and ends in a trusted root."""
        last = path[-1]
        for root in self._roots:
            if last == root:
                yield path
            elif self._try_link(root, last):
                yield (*path, root)
        if len(path) + 1 >= PATH_LIMIT:
            return
        for candidate in self._candidates:
            if candidate not in path and self._try_link(candidate, last):
                yield from self.walk((*path, candidate))

    def _try_link(self, issuer: x509.Certificate, subject: x509.Certificate) -> bool:
        if issuer.subject != subject.issuer:
            return False
        self._links += 1
        if self._links > LINKS_LIMIT:
            raise BadTimestamp(f"more than {LINKS_LIMIT} links between certificates")
        return has_signed(issuer, subject)


def has_signed(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    """Whether a certificate is one that another issued: names and signature fit."""
    if issuer.subject != subject.issuer:
        return False
    try:
        subject.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, *_UNREADABLE):
        return False
    return True


def _check_member(certificate: x509.Certificate, position: int, at: datetime) -> None:
    """Valid at the time, signed with nothing weak; all but the signer may issue."""
    name = certificate.subject.rfc4514_string()
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise BadTimestamp(f"the certificate of {name} was not valid at {at}")
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_BITS:
        raise BadTimestamp(f"the RSA key of {name} has less than {RSA_BITS} bits")
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise BadTimestamp(f"the key of {name} is neither RSA nor on a curve")
    if certificate.issuer != certificate.subject:
        used = certificate.signature_hash_algorithm
        if used is None or used.name not in HASHES:
            raise BadTimestamp(f"the certificate of {name} is signed with a weak hash")
    if position:
        _check_issuer(certificate, below=position - 1, name=name)


def _check_issuer(certificate: x509.Certificate, *, below: int, name: str) -> None:
    """RFC 5280 section 4.2.1: only a CA may issue, and not too deep."""
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        key_usage = _key_usage(certificate)
    except x509.ExtensionNotFound as error:
        raise BadTimestamp(f"{name} is no certification authority") from error
    if not basic.value.ca or (key_usage is not None and not key_usage.key_cert_sign):
        raise BadTimestamp(f"{name} may not issue certificates")
    if basic.value.path_length is not None and basic.value.path_length < below:
        raise BadTimestamp(f"{name} may not issue so deep a path")


def _key_usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        found = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    except x509.ExtensionNotFound:
        return None
    return found.value
