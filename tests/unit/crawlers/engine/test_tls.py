"""The verdict on a chain: good ones VERIFIED, each defect FAILED with its reason."""

import datetime
import ssl
import warnings
from typing import Any

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from archive.capture import TlsVerdict
from crawlers.engine.tls import RootSet, iana_cipher_name, make_context

NOW = datetime.datetime(2025, 1, 26, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
SERVER = x509.oid.ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH


class Authority:
    """A root, or an authority below another."""

    def __init__(self, name: str, above: "Authority | None" = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
        issuer = above or self
        self.der: bytes = (
            start(self.name, issuer, self.key)
            .not_valid_before(NOW - 100 * DAY)
            .not_valid_after(NOW + 100 * DAY)
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(KEY_CERT_SIGN, critical=True)
            .sign(issuer.key, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER)
        )

    def issue(
        self, *names: Any, begins: int = -1, ends: int = 1, usage: Any = SERVER
    ) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = x509.SubjectAlternativeName(names)
        return (
            start(x509.Name([]), self, key)
            .not_valid_before(NOW + begins * DAY)
            .not_valid_after(NOW + ends * DAY)
            .add_extension(alternatives, critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .sign(self.key, hashes.SHA256())
            .public_bytes(serialization.Encoding.DER)
        )


KEY_CERT_SIGN = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
    encipher_only=False, decipher_only=False,
)  # fmt: skip


def start(subject: x509.Name, issuer: Authority, key: Any) -> x509.CertificateBuilder:
    issuer_key = issuer.key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), False
        )
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
        )
    )


ROOT = Authority("root")
MIDDLE = Authority("middle", ROOT)
STRANGER = Authority("stranger")
ROOTS = RootSet([ROOT.der])
NAME = x509.DNSName("h.example")


def judge(chain: list[bytes], host: str = "h.example") -> tuple[TlsVerdict, str | None]:
    return ROOTS.judge(chain, host, moment=NOW)


def test_good_chains_are_verified() -> None:
    assert judge([ROOT.issue(NAME)]) == (TlsVerdict.VERIFIED, None)
    assert judge([MIDDLE.issue(NAME), MIDDLE.der]) == (TlsVerdict.VERIFIED, None)
    leaf = MIDDLE.issue(x509.DNSName("*.example"))
    assert judge([leaf, STRANGER.der, MIDDLE.der])[0] is TlsVerdict.VERIFIED


def test_addresses_are_verified_as_addresses() -> None:
    import ipaddress

    leaf = ROOT.issue(x509.IPAddress(ipaddress.ip_address("192.0.2.1")))
    assert judge([leaf], "192.0.2.1")[0] is TlsVerdict.VERIFIED
    assert judge([leaf], "192.0.2.2")[0] is TlsVerdict.FAILED


@pytest.mark.parametrize(
    ("defect", "chain"),
    [
        ("expired", lambda: [ROOT.issue(NAME, begins=-9, ends=-1)]),
        ("not yet valid", lambda: [ROOT.issue(NAME, begins=1, ends=9)]),
        ("wrong host", lambda: [ROOT.issue(x509.DNSName("other.example"))]),
        ("unknown root", lambda: [STRANGER.issue(NAME), STRANGER.der]),
        ("self-signed", lambda: [STRANGER.der]),
        ("no intermediate", lambda: [MIDDLE.issue(NAME)]),
        ("wrong usage", lambda: [ROOT.issue(NAME, usage=CLIENT)]),
        ("not a certificate", lambda: [b"\x30\x00"]),
        ("broken signature", lambda: [ROOT.issue(NAME)[:-1] + b"\x00"]),
    ],
)
def test_each_defect_fails_with_a_reason_in_one_line(defect: str, chain: Any) -> None:
    verdict, error = judge(chain())
    assert verdict is TlsVerdict.FAILED
    assert error
    assert "\n" not in error


def test_nothing_to_judge_with_is_not_checked() -> None:
    leaf = ROOT.issue(NAME)
    assert (
        RootSet([]).judge([leaf], "h.example", moment=NOW)[0] is TlsVerdict.NOT_CHECKED
    )
    assert RootSet([]).digest is None
    assert judge([])[0] is TlsVerdict.NOT_CHECKED


def test_A12_a_root_that_cannot_be_read_is_left_out_and_the_others_count() -> None:
    """As if of version 5, which no certificate has."""
    odd = ROOT.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x04", 1)
    assert odd != ROOT.der
    found = RootSet([odd, STRANGER.der, ROOT.der])
    verdict, _error = found.judge([ROOT.issue(NAME)], "h.example", moment=NOW)
    assert verdict is TlsVerdict.VERIFIED


def test_the_digest_names_the_set_of_roots_in_any_order() -> None:
    both = RootSet([ROOT.der, STRANGER.der])
    assert both.digest == RootSet([STRANGER.der, ROOT.der]).digest != ROOTS.digest


def test_roots_of_a_pem_file_and_of_the_system_load_without_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert RootSet.load(trustme.CA().cert_pem.bytes()).digest
        RootSet.load()


def test_cipher_names_become_iana_names() -> None:
    assert iana_cipher_name("TLS_AES_128_GCM_SHA256") == "TLS_AES_128_GCM_SHA256"
    for ours, theirs in (
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("ECDHE-ECDSA-AES256-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
        ("DHE-RSA-AES128-SHA", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
        ("AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384"),
        ("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
        (
            "ECDHE-RSA-CHACHA20-POLY1305",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        ),
        ("NEW-THING", "NEW-THING"),
    ):
        assert iana_cipher_name(ours) == theirs


def test_every_suite_we_offer_has_an_iana_name() -> None:
    for cipher in make_context().get_ciphers():
        assert iana_cipher_name(cipher["name"]).startswith("TLS_")


def test_the_context_accepts_any_certificate_and_offers_http11_only() -> None:
    context = make_context()
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname
    assert context.options & ssl.OP_NO_TICKET
