"""An operator key that never leaves its token: PKCS #11, the only importer of it.

Optional: smart cards, USB tokens, network HSMs, SoftHSM in tests. The token signs a
digest with ECDSA on P-256; what it gives is written as DER, as every signature is.
"""

import hashlib
import threading
from typing import Any, cast

import pkcs11
from pkcs11.util.ec import encode_ec_public_key

from archive.attest.keys.keyfolder import StatementSigner
from archive.attest.keys.signing import der_signature, load_p256
from archive.attest.values.keyid import key_id_of
from archive.errors import KeyProblem, UnknownKey
from archive.settings import TokenKey


class TokenSigner:
    """The `StatementSigner` of a key in a token; thread-safe."""

    def __init__(self, private: Any, spki_der: bytes) -> None:
        load_p256(spki_der)
        self._private = private
        self._lock = threading.Lock()
        self.spki_der = spki_der
        self.key_id = key_id_of(spki_der)

    def sign(self, message: bytes) -> bytes:
        """Sign with ECDSA over SHA-256, DER; the token draws the number it needs."""
        digest = hashlib.sha256(message).digest()
        try:
            with self._lock:
                raw = self._private.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        except pkcs11.PKCS11Error as error:
            raise KeyProblem(
                f"the token does not sign ({type(error).__name__}); is it still there?"
            ) from error
        return der_signature(bytes(raw))


def _open_session(token: pkcs11.Token, pin: bytes) -> pkcs11.Session:
    """Log in; a process that did so before is logged in for all its sessions."""
    try:
        return token.open(user_pin=pin.decode())
    except pkcs11.UserAlreadyLoggedIn:
        return token.open()


def open_token_key(place: TokenKey, pin: bytes | None) -> StatementSigner:
    """Log in to the token of the settings and find its operator key by label."""
    if pin is None:
        raise KeyProblem(
            f"the token {place.token} wants its PIN; give it with --passphrase-fd N, "
            "or type it"
        )
    try:
        token = pkcs11.lib(place.module).get_token(token_label=place.token)
        session = _open_session(token, pin)
        private, public = (
            session.get_key(object_class=kind, label=place.key)
            for kind in (pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.ObjectClass.PUBLIC_KEY)
        )
        spki_der = bytes(encode_ec_public_key(cast("pkcs11.PublicKey", public)))
        return TokenSigner(private, spki_der)
    except (pkcs11.PKCS11Error, RuntimeError, UnknownKey, ValueError) as error:
        raise KeyProblem(
            f"no P-256 key {place.key} in the token {place.token} "
            f"({type(error).__name__}); look at [keys] in your settings, and at the PIN"
        ) from error
