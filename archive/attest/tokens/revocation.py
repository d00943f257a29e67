"""Was a certificate of a time-stamp authority revoked? The rule of RFC 3161 section 4.

Revoked later because its owner stopped, changed or was replaced: tokens made before
stay good. Revoked for a stolen key, without a reason, or before the token: they fall.
`openssl verify -crl_check` is stricter: it refuses every revoked certificate.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archive.attest.tokens.authority import SignerPath
from archive.errors import BadTimestamp, FormatError, LimitExceeded, UnknownKey

CRL_LIMIT_BYTES = 16 << 20
"""Bytes of the lists beside one token: the largest public one has 10 MB."""
CRLS_LIMIT = 16
"""Lists in one file: one for each certificate of a path."""
HARMLESS = frozenset(
    {
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    }
)
"""Reasons that say nothing about what was signed before."""
_END = b"-----END X509 CRL-----\n"


def parse_crls(pem: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """Read a file of lists in PEM, one behind the other; FormatError for all else."""
    if len(pem) > CRL_LIMIT_BYTES:
        raise LimitExceeded(f"revocation lists of more than {CRL_LIMIT_BYTES} bytes")
    parts = pem.split(_END)
    if parts.pop() or not 1 <= len(parts) <= CRLS_LIMIT:
        raise FormatError("not revocation lists in PEM")
    try:
        return tuple(x509.load_pem_x509_crl(part + _END) for part in parts)
    except ValueError as error:
        raise FormatError(f"not a revocation list in PEM: {error}") from error


def format_crls(lists: Iterable[bytes]) -> bytes:
    """Write lists as they came (DER) as one PEM file; FormatError if one is none."""
    try:
        return b"".join(
            x509.load_der_x509_crl(der).public_bytes(Encoding.PEM) for der in lists
        )
    except ValueError as error:
        raise FormatError(f"not a revocation list: {error}") from error


def crl_addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """Where its issuer publishes revocations: HTTP addresses in its extension."""
    try:
        points = certificate.extensions.get_extension_for_class(
            x509.CRLDistributionPoints
        ).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    return tuple(
        name.value
        for point in points
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier)
        and name.value.startswith(("http://", "https://"))
    )


RevocationList = x509.CertificateRevocationList
RevocationLists = tuple[tuple[RevocationList, ...], ...]
"""For each certificate of a path but its root: the lists that speak for it."""


def choose_lists(
    path: SignerPath, lists: Sequence[x509.CertificateRevocationList]
) -> RevocationLists:
    """Pick for each certificate of a path the lists that its issuer signed."""
    return tuple(
        tuple(found for found in lists if _speaks_for(found, certificate, issuer))
        for certificate, issuer in pairwise(path.certificates)
    )


def check_revocation(
    path: SignerPath, chosen: RevocationLists, *, at: datetime
) -> None:
    """Demand that no certificate of the path was revoked so that a token falls.

    BadTimestamp: one was. UnknownKey: for one of them no list is at hand that was
    current at the time of the token or later.
    """
    for certificate, lists in zip(path.certificates, chosen, strict=False):
        for found in lists:
            _check_entry(found, certificate, at)
        if not any(_is_current(found, at) for found in lists):
            name = certificate.subject.rfc4514_string()
            raise UnknownKey(f"no revocation list for the certificate of {name}")


def _is_current(found: x509.CertificateRevocationList, at: datetime) -> bool:
    return found.next_update_utc is None or found.next_update_utc >= at


def _speaks_for(
    found: x509.CertificateRevocationList,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
) -> bool:
    """Signed by the issuer, and complete: no list of some reasons or of changes."""
    if found.issuer != issuer.subject or certificate.issuer != issuer.subject:
        return False
    try:
        if not found.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
            return False
        extensions = list(found.extensions)
    except (ValueError, TypeError, x509.DuplicateExtension):
        return False
    for extension in extensions:
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            if not _covers_all(extension.value):
                return False
        elif extension.critical:
            return False
    return True


def _covers_all(point: x509.IssuingDistributionPoint) -> bool:
    return not (
        point.indirect_crl
        or point.only_some_reasons
        or point.only_contains_attribute_certs
        or point.only_contains_user_certs
        or point.only_contains_ca_certs
    )


def _check_entry(
    found: x509.CertificateRevocationList, certificate: x509.Certificate, at: datetime
) -> None:
    entry = found.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return
    name = certificate.subject.rfc4514_string()
    if entry.revocation_date_utc <= at:
        raise BadTimestamp(f"the certificate of {name} was revoked before the token")
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        reason = None
    if reason not in HARMLESS:
        said = "without a reason" if reason is None else f"for {reason.value}"
        raise BadTimestamp(f"the certificate of {name} was revoked later, {said}")
