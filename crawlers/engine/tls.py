"""TLS: the chain a site sent and our verdict on it; a key of our own for a browser.

Verification is off in the context, so that a bad certificate is recorded and not
dropped; the verdict is made from the same handshake's chain. No session is resumed:
a resumed one shows no chain.
"""

import base64
import hashlib
import os
import ssl
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from archive.capture import TlsFacts, TlsVerdict

CIPHERS = "DEFAULT:!PSK:!SRP:@SECLEVEL=0"
"""Old servers are evidence too; version and cipher are in the record."""
OP_LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's flag (a name in Python from 3.12 on): servers without RFC 5746."""
CHAIN_LIMIT = 20
"""Certificates kept of one chain; OpenSSL refuses beyond 100 KB anyhow."""

_FOREIGN_ERRORS = (
    VerificationError,
    ValueError,
    TypeError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""All that reading and judging hostile certificates was seen to raise."""


def make_context() -> ssl.SSLContext:
    """A client context that accepts every certificate and speaks HTTP/1.1 only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_TICKET | OP_LEGACY_SERVER_CONNECT
    return context


class RootSet:
    """Root certificates; `digest` names the set, None if it is empty."""

    def __init__(self, certificates: Sequence[bytes]) -> None:
        """Take DER certificates in any order."""
        ordered = sorted(certificates)
        joined = b"".join(ordered)
        digest = f"sha256:{hashlib.sha256(joined).hexdigest()}"
        self.digest: str | None = digest if ordered else None
        loaded = list(_readable(ordered))
        self._store = Store(loaded) if loaded else None

    @classmethod
    def load(cls, pem: bytes | None = None) -> "RootSet":
        """Read PEM text, or the root certificates of this system."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if pem is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cadata=pem.decode("ascii"))
        return cls(context.get_ca_certs(binary_form=True))

    def judge(
        self, chain: Sequence[bytes], host: str, *, moment: datetime
    ) -> tuple[TlsVerdict, str | None]:
        """Whether the chain (DER, leaf first) speaks for the host at that moment.

        Stricter than browsers; says nothing about revocation.
        """
        if self._store is None:
            return TlsVerdict.NOT_CHECKED, "no root certificates on this machine"
        if not chain:
            return TlsVerdict.NOT_CHECKED, "the peer showed no certificate"
        try:
            leaf, *others = (_load(der) for der in chain)
            builder = _policy().store(self._store).time(moment)
            builder.build_server_verifier(_subject(host)).verify(leaf, others)
        except _FOREIGN_ERRORS as error:
            return TlsVerdict.FAILED, " ".join(str(error).split()) or "malformed"
        return TlsVerdict.VERIFIED, None


def _policy() -> PolicyBuilder:
    """Rules of the web's authorities, but as browsers do without regard to whether
    names and key usage of a leaf are marked critical.
    """
    leaf = (
        ExtensionPolicy.webpki_defaults_ee()
        .require_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
        .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _check_usage)
    )
    authority = ExtensionPolicy.webpki_defaults_ca()
    return PolicyBuilder().extension_policies(ca_policy=authority, ee_policy=leaf)


def _check_usage(
    _policy: Policy, _leaf: x509.Certificate, usage: x509.ExtendedKeyUsage | None
) -> None:
    if usage is not None and ExtendedKeyUsageOID.SERVER_AUTH not in usage:
        raise ValueError("the certificate is not meant for servers")


def _readable(certificates: Iterable[bytes]) -> Iterator[x509.Certificate]:
    """Those that can be read: one odd root of a system spoils no others."""
    for der in certificates:
        with suppress(*_FOREIGN_ERRORS):
            yield _load(der)


def _load(der: bytes) -> x509.Certificate:
    """Read a certificate; RFC 5280's milder disapproval is not worth a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(der)


def _subject(host: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def read_chain(connection: ssl.SSLObject) -> tuple[list[bytes], bool]:
    """The chain as the peer sent it, DER, leaf first; False if only the leaf."""
    holder = getattr(connection, "_sslobj", None)
    read = getattr(holder, "get_unverified_chain", None)
    if read is None:
        leaf = connection.getpeercert(binary_form=True)
        return ([leaf] if leaf else []), False
    certificates = read() or []
    pems = [certificate.public_bytes() for certificate in certificates[:CHAIN_LIMIT]]
    return [ssl.PEM_cert_to_DER_cert(pem) for pem in pems], True


def describe_handshake(
    connection: ssl.SSLObject,
    *,
    host: str,
    server_name: str | None,
    roots: RootSet,
    moment: datetime,
) -> tuple[TlsFacts, tuple[str, ...]]:
    """What the handshake showed, with the verdict; and flags."""
    chain, is_full = read_chain(connection)
    verdict, error = roots.judge(chain, host, moment=moment)
    cipher = connection.cipher()
    facts = TlsFacts(
        version=connection.version() or "unknown",
        cipher=iana_cipher_name(cipher[0]) if cipher else "unknown",
        sni=server_name,
        chain_pem="".join(ssl.DER_cert_to_PEM_cert(der) for der in chain).encode(),
        verdict=verdict,
        error=error,
        root_set=roots.digest,
    )
    return facts, () if is_full else ("chain-leaf-only",)


_KEY_EXCHANGES = (
    ("ECDHE-ECDSA-", "ECDHE_ECDSA"),
    ("ECDHE-RSA-", "ECDHE_RSA"),
    ("DHE-RSA-", "DHE_RSA"),
    ("", "RSA"),
)
_BULK_CIPHERS = {"AES128": "AES_128", "AES256": "AES_256"}


def iana_cipher_name(name: str) -> str:
    """OpenSSL's name of a suite as IANA's; a name of unknown build as it is."""
    if name.startswith("TLS_"):
        return name
    prefix, exchange = next(x for x in _KEY_EXCHANGES if name.startswith(x[0]))
    bulk, _dash, rest = name.removeprefix(prefix).partition("-")
    if (bulk, rest) == ("CHACHA20", "POLY1305"):
        return f"TLS_{exchange}_WITH_CHACHA20_POLY1305_SHA256"
    if bulk not in _BULK_CIPHERS:
        return name
    mode = rest.replace("-", "_")
    if rest in ("SHA", "SHA256", "SHA384"):
        mode = f"CBC_{rest}"
    return f"TLS_{exchange}_WITH_{_BULK_CIPHERS[bulk]}_{mode}"


LOOPBACK_DAYS = 1
"""A loopback certificate lives as long as one page; a day covers a wrong clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopbackAuthority:
    """A key for the last metre, from our proxy to the browser on this machine."""

    context: ssl.SSLContext
    pin: str
    """Base64 of SHA-256 of the public key: the one thing the browser is told."""


def make_loopback_authority(moment: datetime) -> LoopbackAuthority:
    """Make a key and a certificate that only one browser run will accept.

    The browser takes any certificate with the pinned key, for whatever host: one is
    enough. The private key is never in a named file and goes with the process.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    day = timedelta(days=LOOPBACK_DAYS)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - day)
        .not_valid_after(moment + day)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    context.num_tickets = 0
    _load_identity(context, pem)
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pin = base64.b64encode(hashlib.sha256(spki).digest()).decode("ascii")
    return LoopbackAuthority(context=context, pin=pin)


def _load_identity(context: ssl.SSLContext, pem: bytes) -> None:
    """Give the context key and certificate; OpenSSL's loader reads files only."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("loopback")
        try:
            os.write(descriptor, pem)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile() as file:  # 0600, gone at the end of the block
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
