"""The way from a signer to a trusted root, however many ways there might be."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from archive.attest.tokens.authority import CANDIDATES_LIMIT, find_path
from archive.errors import BadTimestamp
from tests.support.servers.authorities import MemoryAuthority

AT = datetime(2025, 1, 26, 8, 0, tzinfo=UTC)


def certify(
    key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """An authority called N, as one of that name states it."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "N")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT - timedelta(days=1))
        .not_valid_after(AT + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(by, hashes.SHA256())
    )


def crowd(keys: int) -> list[x509.Certificate]:
    """As many as are read, each of a key that the one before it vouches for."""
    made = [ec.generate_private_key(ec.SECP256R1()) for _ in range(keys)]
    return [
        certify(made[n % keys], by=made[(n + 1) % keys])
        for n in range(CANDIDATES_LIMIT)
    ]


@pytest.mark.parametrize("keys", [1, 2, 8])
def test_certificates_of_one_name_are_no_labyrinth(keys: int) -> None:
    root = MemoryAuthority(title="Sound").root.certificate
    signer, *others = crowd(keys)
    began = time.process_time()
    with pytest.raises(BadTimestamp, match="more than"):
        find_path(signer, others, [root], at=AT)
    assert time.process_time() - began < 5


def test_a_path_is_found_among_certificates_that_lead_nowhere() -> None:
    sound = MemoryAuthority(title="Sound", with_intermediate=True)
    signer, issuer = (one.certificate for one in sound.chain)
    others = [*crowd(1)[2:], issuer]
    path = find_path(signer, others, [sound.root.certificate], at=AT)
    assert path.certificates == (signer, issuer, sound.root.certificate)
