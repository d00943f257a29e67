"""A request that a browser wrote goes out as it is, or not at all."""

import base64
import hashlib
import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from crawlers.engine.request import RefusedRequest, build_request, parse_target
from crawlers.engine.settings import EngineSettings
from crawlers.engine.tls import make_loopback_authority
from crawlers.engine.verbatim import VerbatimRequest

HEAD = b'GET /a?{} HTTP/1.1\r\nHost: site.test\r\nx-Odd:\tv \r\nsec-ch-ua: "A"\r\n\r\n'


def build(head: bytes, *headers: tuple[str, str], body: bytes = b"") -> bytes:
    request = VerbatimRequest(
        uri="http://site.test/a?{}", headers=headers, head=head, body=body
    )
    return build_request(parse_target(request.uri), request, EngineSettings())


def test_the_head_is_sent_byte_for_byte_and_nothing_is_added() -> None:
    assert build(HEAD, ("Host", "site.test"), ("x-Odd", "v")) == HEAD


def test_the_body_follows_the_head_as_it_is() -> None:
    sent = build(HEAD, ("Host", "site.test"), ("Content-Length", "2"), body=b"ab")
    assert sent == HEAD + b"ab"


@pytest.mark.parametrize(
    "header",
    [("Host", "other.test"), ("Content-Length", "7"), ("Transfer-Encoding", "x")],
)
def test_a_head_that_leads_elsewhere_is_refused(header: tuple[str, str]) -> None:
    with pytest.raises(RefusedRequest):
        build(HEAD, header)


def test_the_pin_is_of_the_very_key_that_the_loopback_context_shows() -> None:
    authority = make_loopback_authority(datetime(2025, 1, 26, tzinfo=UTC))
    client_in, client_out = ssl.MemoryBIO(), ssl.MemoryBIO()
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    plain.check_hostname, plain.verify_mode = False, ssl.CERT_NONE
    client = plain.wrap_bio(client_in, client_out, server_hostname="any.test")
    server = authority.context.wrap_bio(client_out, client_in, server_side=True)
    for side in (client, server, client):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    der = client.getpeercert(binary_form=True)
    assert der is not None
    spki = (
        x509.load_der_x509_certificate(der)
        .public_key()
        .public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    assert base64.b64decode(authority.pin) == hashlib.sha256(spki).digest()


def test_each_authority_has_a_key_of_its_own() -> None:
    moment = datetime(2025, 1, 26, tzinfo=UTC)
    assert make_loopback_authority(moment).pin != make_loopback_authority(moment).pin
