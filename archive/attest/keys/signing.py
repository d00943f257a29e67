"""Keys: make, read and write them; sign and verify with P-256 and Ed25519.

The only module of `attest` that imports `cryptography`. Operator and root keys are
P-256 with deterministic ECDSA (RFC 6979) over SHA-256, the log key is Ed25519, the
key of WACZ exports P-384. A verifying function returns nothing or raises.
"""

from functools import lru_cache
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from archive.attest.values.keyid import key_id_of
from archive.errors import BadSignature, KeyProblem, UnknownKey
from archive.log.note import COSIGNATURE, ED25519, VerifierKey, make_vkey

KEYS_KEPT = 16
"""Public keys kept after parsing: an archive's whole history has a handful."""

P384_BYTES = 48
"""Bytes of a number on curve P-384."""

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class _EllipticKey:
    """A private key on one curve; its key id is that of its public half."""

    curve: ec.EllipticCurve

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        if private.curve.name != self.curve.name:
            raise AssertionError(f"a key on {private.curve.name}")
        self._private = private
        self.spki_der = _format_spki(private.public_key())
        self.key_id = key_id_of(self.spki_der)

    @classmethod
    def generate(cls) -> Self:
        """Make a new key from the randomness of the operating system."""
        return cls(ec.generate_private_key(cls.curve))

    @classmethod
    def from_scalar(cls, scalar: int) -> Self:
        """Make the key of a given private number: fixed keys of test archives."""
        return cls(ec.derive_private_key(scalar, cls.curve))

    @classmethod
    def from_pem(
        cls, pem: bytes, place: Path, *, passphrase: bytes | None = None
    ) -> Self:
        """Read a private key that was found at `place`; KeyProblem names that."""
        private = _parse_private_pem(pem, place, passphrase)
        wanted = cls.curve.name
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise _wrong_key(place, wanted)
        if private.curve.name != wanted:
            raise _wrong_key(place, wanted)
        return cls(private)

    @property
    def private_pem(self) -> bytes:
        """The private key as PKCS #8 PEM without passphrase."""
        return _format_private(self._private, Encoding.PEM)

    @property
    def private_der(self) -> bytes:
        """The same as DER."""
        return _format_private(self._private, Encoding.DER)


class P256Signer(_EllipticKey):
    """An operator or root key."""

    curve = ec.SECP256R1()
    algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)

    def sign(self, message: bytes) -> bytes:
        """Sign with ECDSA over SHA-256, DER; the same message, the same signature."""
        return self._private.sign(message, self.algorithm)


class P384Key(_EllipticKey):
    """The key of WACZ exports; it is stated in entry 0 and signs no evidence."""

    curve = ec.SECP384R1()

    def sign(self, message: bytes) -> bytes:
        """Sign with ECDSA over SHA-256, raw r and s of 48 bytes each (WACZ 1.1.1)."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self._private.sign(message, algorithm))
        return r.to_bytes(P384_BYTES) + s.to_bytes(P384_BYTES)


class Ed25519Signer:
    """A log key: the `NoteSigner` of checkpoints under the log's origin."""

    algorithm = ED25519
    """What its lines in a note are signatures over."""

    def __init__(self, private: ed25519.Ed25519PrivateKey, *, name: str) -> None:
        self._private = private
        self.spki_der = _format_spki(private.public_key())
        self.key_id = key_id_of(self.spki_der)
        public = private.public_key().public_bytes_raw()
        self._vkey = make_vkey(name, self.algorithm, public)

    @classmethod
    def generate(cls, *, name: str) -> Self:
        """Make a new key from the randomness of the operating system."""
        return cls(ed25519.Ed25519PrivateKey.generate(), name=name)

    @classmethod
    def from_seed(cls, seed: bytes, *, name: str) -> Self:
        """Make the key of 32 given bytes: fixed keys of test archives."""
        return cls(ed25519.Ed25519PrivateKey.from_private_bytes(seed), name=name)

    @classmethod
    def from_pem(
        cls, pem: bytes, place: Path, *, name: str, passphrase: bytes | None = None
    ) -> Self:
        """Read a private key that was found at `place`; KeyProblem names that."""
        private = _parse_private_pem(pem, place, passphrase)
        if not isinstance(private, ed25519.Ed25519PrivateKey):
            raise _wrong_key(place, "Ed25519")
        return cls(private, name=name)

    @property
    def vkey(self) -> VerifierKey:
        """The public half under its name."""
        return self._vkey

    @property
    def private_pem(self) -> bytes:
        """The private key as PKCS #8 PEM without passphrase."""
        return _format_private(self._private, Encoding.PEM)

    @property
    def private_der(self) -> bytes:
        """The same as DER."""
        return _format_private(self._private, Encoding.DER)

    def sign(self, message: bytes) -> bytes:
        """Sign with Ed25519, 64 bytes."""
        return self._private.sign(message)


class WitnessSigner(Ed25519Signer):
    """The key of a witness: it cosigns, over a time and the text of a note."""

    algorithm = COSIGNATURE


def verify_p256(spki_der: bytes, signature: bytes, message: bytes) -> None:
    """Demand a P-256 signature over SHA-256 of the message, in strict DER.

    UnknownKey if the key is none on P-256 in its one DER form, else BadSignature.
    """
    try:
        r, s = decode_dss_signature(signature)
    except ValueError as error:
        raise BadSignature("the signature is not DER of two integers") from error
    # One signature, one spelling: changed framing must not verify (a long form, say).
    if encode_dss_signature(r, s) != signature:
        raise BadSignature("the signature is not in its one DER form")
    try:
        load_p256(spki_der).verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise BadSignature("the signature does not fit key and message") from error


def der_signature(raw: bytes) -> bytes:
    """Write a P-256 signature, r and s of 32 bytes each, in its one DER form."""
    if len(raw) != 64:
        raise KeyProblem(f"a signature of {len(raw)} bytes; one on P-256 has 64")
    return encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))


def verify_ed25519(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Demand an Ed25519 signature; UnknownKey for no key, else BadSignature."""
    try:
        key = ed25519.Ed25519PublicKey.from_public_bytes(public_key)
    except ValueError as error:
        raise UnknownKey("not an Ed25519 public key of 32 bytes") from error
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise BadSignature("the signature does not fit key and message") from error


@lru_cache(maxsize=KEYS_KEPT)
def load_p256(spki_der: bytes) -> ec.EllipticCurvePublicKey:
    """Read a P-256 public key in its one DER form; UnknownKey for anything else."""
    key = _load_public(spki_der)
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise UnknownKey("the public key is not on curve P-256")
    return key


def format_public_pem(spki_der: bytes) -> bytes:
    """Write a public key as PEM."""
    return _load_public(spki_der).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def parse_public_pem(pem: bytes) -> bytes:
    """Read a public key in the form `format_public_pem` writes; give its DER."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnknownKey(f"not a public key in PEM: {error}") from error
    if key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) != pem:
        raise UnknownKey("a public key in PEM that is not in its one form")
    return _format_spki(_demand_ours(key))


def _parse_private_pem(pem: bytes, place: Path, passphrase: bytes | None) -> object:
    is_sealed = b"ENCRYPTED PRIVATE KEY" in pem
    if is_sealed and passphrase is None:
        raise KeyProblem(
            f"{place} is under a passphrase; give it with --passphrase-fd N, or type it"
        )
    try:
        return load_pem_private_key(pem, password=passphrase if is_sealed else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if is_sealed:
            raise KeyProblem(
                f"{place} does not open with this passphrase; give the right one, or "
                "restore the file from your copy"
            ) from error
        raise KeyProblem(
            f"{place} is not a private key in PEM; restore the file from your copy"
        ) from error


def _wrong_key(place: Path, wanted: str) -> KeyProblem:
    return KeyProblem(
        f"{place} is not a key on {wanted}; put the right file there, or say with "
        "--keys DIR where this archive's keys are"
    )


def _load_public(spki_der: bytes) -> PublicKey:
    try:
        key = _demand_ours(load_der_public_key(spki_der))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnknownKey("not a public key in DER") from error
    if _format_spki(key) != spki_der:
        raise UnknownKey("a public key that is not in its one DER form")
    return key


def _demand_ours(key: object) -> PublicKey:
    if not isinstance(key, PublicKey):
        raise UnknownKey("a public key of a kind that is not used here")
    return key


def _format_spki(key: PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _format_private(key: PrivateKey, encoding: Encoding) -> bytes:
    return key.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())
