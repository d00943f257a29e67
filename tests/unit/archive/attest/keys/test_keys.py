import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.attest.keys.keyfolder import KeyFolder
from archive.attest.keys.signing import (
    Ed25519Signer,
    P256Signer,
    P384Key,
    format_public_pem,
    parse_public_pem,
    verify_ed25519,
    verify_p256,
)
from archive.attest.values.keyid import key_id_of
from archive.errors import BadSignature, KeyProblem, UnknownKey
from archive.log.note import format_note, open_note, sign_note

RFC_6979_SCALAR = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
RFC_6979_SIGNATURE = bytes.fromhex(
    "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
)
"""RFC 6979, A.2.5: P-256, SHA-256, message "sample"."""


def test_signatures_are_those_of_rfc_6979() -> None:
    signer = P256Signer.from_scalar(RFC_6979_SCALAR)
    assert signer.sign(b"sample") == RFC_6979_SIGNATURE
    verify_p256(signer.spki_der, RFC_6979_SIGNATURE, b"sample")


def test_ed25519_is_that_of_rfc_8032() -> None:
    seed = bytes.fromhex(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    )
    signer = Ed25519Signer.from_seed(seed, name="log.example")
    assert signer.vkey.public_key.hex().startswith("d75a980182b10ab7d54bfed3c964073a")
    signature = signer.sign(b"")
    assert signature.hex().startswith(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974"
    )
    verify_ed25519(signer.vkey.public_key, signature, b"")


def test_key_ids_are_cut_from_the_digest_of_the_public_key() -> None:
    signer = P256Signer.from_scalar(5)
    assert signer.key_id == key_id_of(signer.spki_der)
    assert len(signer.spki_der) == 91
    assert len(P384Key.from_scalar(5).spki_der) == 120


def test_generated_keys_differ() -> None:
    assert P256Signer.generate().key_id != P256Signer.generate().key_id


def test_another_message_or_key_does_not_verify() -> None:
    one, two = P256Signer.from_scalar(5), P256Signer.from_scalar(6)
    signature = one.sign(b"a")
    for spki_der, message in ((one.spki_der, b"b"), (two.spki_der, b"a")):
        with pytest.raises(BadSignature):
            verify_p256(spki_der, signature, message)


def test_every_bit_of_a_signature_counts() -> None:
    signer = P256Signer.from_scalar(5)
    for number in range(20):
        signature = signer.sign(b"%d" % number)
        for bit in range(8 * len(signature)):
            altered = bytearray(signature)
            altered[bit // 8] ^= 1 << bit % 8
            with pytest.raises(BadSignature):
                verify_p256(signer.spki_der, bytes(altered), b"%d" % number)


@pytest.mark.parametrize(
    "spell",
    [
        lambda der: der + b"\0",
        lambda der: b"\x30\x81" + der[1:],
        lambda der: (
            der[:1] + bytes([der[1] + 1]) + der[2:3] + bytes([der[3] + 1, 0]) + der[4:]
        ),
        lambda der: b"",
        lambda der: b"\x30\x80" + der[2:] + b"\0\0",
        lambda der: b"\x30\x06\x02\x01\x00\x02\x01\x00",
        lambda der: b"\x30\x06\x02\x01\xff\x02\x01\x01",
    ],
)
def test_other_spellings_of_a_signature_are_refused(
    spell: Callable[[bytes], bytes],
) -> None:
    signer = P256Signer.from_scalar(5)
    signature = signer.sign(b"message")
    verify_p256(signer.spki_der, signature, b"message")
    with pytest.raises(BadSignature):
        verify_p256(signer.spki_der, spell(signature), b"message")


def test_only_keys_on_p256_in_their_one_form_verify() -> None:
    signer = P256Signer.from_scalar(5)
    signature = signer.sign(b"message")
    for spki_der in (
        P384Key.from_scalar(5).spki_der,
        Ed25519Signer.from_seed(bytes(32), name="x").spki_der,
        signer.spki_der + b"\0",
        signer.spki_der[:-1],
        b"",
    ):
        with pytest.raises(UnknownKey):
            verify_p256(spki_der, signature, b"message")


def test_every_bit_of_an_ed25519_signature_counts() -> None:
    signer = Ed25519Signer.from_seed(bytes(32), name="log.example")
    signature = signer.sign(b"body")
    for bit in range(512):
        altered = bytearray(signature)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadSignature):
            verify_ed25519(signer.vkey.public_key, bytes(altered), b"body")
    with pytest.raises(BadSignature):
        verify_ed25519(signer.vkey.public_key, signature[:-1], b"body")
    with pytest.raises(UnknownKey):
        verify_ed25519(b"short", signature, b"body")


def test_a_log_key_signs_notes(keys: KeyFolder) -> None:
    note = format_note(sign_note("origin\n1\nroot\n", keys.log))
    assert open_note(note, keys.log.vkey, verify_ed25519).body == "origin\n1\nroot\n"


def test_public_keys_have_one_pem_form() -> None:
    for spki_der in (
        P256Signer.from_scalar(5).spki_der,
        P384Key.from_scalar(5).spki_der,
        Ed25519Signer.from_seed(bytes(32), name="x").spki_der,
    ):
        pem = format_public_pem(spki_der)
        assert parse_public_pem(pem) == spki_der
        for other in (pem + b"\n", b"x" + pem, pem.replace(b"\n", b"\r\n"), b""):
            with pytest.raises(UnknownKey):
                parse_public_pem(other)


def test_a_private_key_is_read_back() -> None:
    place = Path("operator.pem")
    signer, wacz = P256Signer.from_scalar(5), P384Key.from_scalar(5)
    again = P256Signer.from_pem(signer.private_pem, place)
    assert again.key_id == signer.key_id
    with pytest.raises(KeyProblem, match=r"operator\.pem is not a key on secp256r1"):
        P256Signer.from_pem(wacz.private_pem, place)
    with pytest.raises(KeyProblem, match="Ed25519"):
        Ed25519Signer.from_pem(signer.private_pem, place, name="x")
    with pytest.raises(KeyProblem, match="not a private key"):
        P256Signer.from_pem(b"-----BEGIN", place)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees(keys: KeyFolder, tmp_path: Path) -> None:
    public, signature = tmp_path / "public.pem", tmp_path / "signature"
    message = tmp_path / "message"
    message.write_bytes(b"payload")
    public.write_bytes(format_public_pem(keys.operator.spki_der))
    signature.write_bytes(keys.operator.sign(b"payload"))
    command: list[str | Path] = ["openssl", "dgst", "-sha256"]
    command += ["-verify", public, "-signature", signature]
    subprocess.run([*command, message], check=True, capture_output=True, env=os.environ)
    public.write_bytes(format_public_pem(keys.log.spki_der))
    signature.write_bytes(keys.log.sign(b"payload"))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin"]
    subprocess.run(
        [*command, "-in", message, "-sigfile", signature],
        check=True,
        capture_output=True,
    )
