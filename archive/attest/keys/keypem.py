"""Private keys as PEM: plain, or under a passphrase whose guessing is slow.

PKCS #8 with PBES2 (RFC 8018): scrypt (RFC 7914) with 16 MiB and AES-256-CBC, as
`openssl pkcs8 -topk8 -scrypt` writes it and openssl reads it. `cryptography` itself
writes PBKDF2 with 2,048 rounds: half a millisecond a guess.
"""

import base64
from collections.abc import Callable

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from archive.attest.keys.keyfile import check_passphrase
from archive.attest.values.der import wrap_der

SCRYPT_COST = 1 << 14
SCRYPT_BLOCK = 8
"""Cost and block size: 16 MiB; openssl refuses to read more than 32 MiB."""
SCRYPT_PARALLEL = 2
"""Together some 90 ms a guess on the machine it was measured on."""
SALT_BYTES = IV_BYTES = 16
KEY_BYTES = 32
_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT = bytes.fromhex("06092b06010401da47040b")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")
_AES_BLOCK_BITS = 128


def seal_key(
    der: bytes, passphrase: bytes, random_bytes: Callable[[int], bytes]
) -> bytes:
    """Write a PKCS #8 key (DER) under a passphrase, as PEM."""
    salt, start = random_bytes(SALT_BYTES), random_bytes(IV_BYTES)
    kdf = Scrypt(
        salt=salt,
        length=KEY_BYTES,
        n=SCRYPT_COST,
        r=SCRYPT_BLOCK,
        p=SCRYPT_PARALLEL,
    )
    padder = padding.PKCS7(_AES_BLOCK_BITS).padder()
    padded = padder.update(der) + padder.finalize()
    key = kdf.derive(check_passphrase(passphrase))
    cipher = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    sealed = cipher.update(padded) + cipher.finalize()
    parameters = wrap_der(
        _SEQUENCE,
        wrap_der(_OCTETS, salt),
        *map(_integer, (SCRYPT_COST, SCRYPT_BLOCK, SCRYPT_PARALLEL, KEY_BYTES)),
    )
    scheme = wrap_der(
        _SEQUENCE,
        wrap_der(_SEQUENCE, _SCRYPT, parameters),
        wrap_der(_SEQUENCE, _AES_256_CBC, wrap_der(_OCTETS, start)),
    )
    value = wrap_der(
        _SEQUENCE, wrap_der(_SEQUENCE, _PBES2, scheme), wrap_der(_OCTETS, sealed)
    )
    return _pem(value)


def _integer(number: int) -> bytes:
    return wrap_der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1))


def _pem(der: bytes) -> bytes:
    text = base64.b64encode(der)
    lines = [text[at : at + 64] + b"\n" for at in range(0, len(text), 64)]
    name = b"ENCRYPTED PRIVATE KEY"
    return b"".join(
        (b"-----BEGIN " + name + b"-----\n", *lines, b"-----END " + name + b"-----\n")
    )
