"""A12: odd certificates of whoever packed a WACZ are faults, and no traceback."""

import base64

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from archive.attest.packager import verify_package
from archive.errors import FormatError
from tests.support.servers.authorities import issue


def test_A12_a_certificate_of_a_version_that_does_not_exist_is_no_certificate() -> None:
    der = issue("packer", None, ca=False).certificate.public_bytes(Encoding.DER)
    odd = der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x04", 1)
    assert odd != der
    body = base64.encodebytes(odd).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
    signed = {"signature": "AAAA", "domainCert": pem, "domain": "packer.example"}
    with pytest.raises(FormatError, match="no certificate"):
        verify_package(signed, b"message")
