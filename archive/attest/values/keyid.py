"""The key id: the short name of an operator key. It is a hint, and proves nothing."""

import hashlib
from functools import lru_cache

KEY_ID_DIGITS = 16
KEYS_KEPT = 64
"""Key ids kept: an archive's whole history has a handful of keys."""


@lru_cache(maxsize=KEYS_KEPT)
def key_id_of(spki_der: bytes) -> str:
    """The key id: first 16 hex digits of SHA-256 over the SubjectPublicKeyInfo."""
    return hashlib.sha256(spki_der).hexdigest()[:KEY_ID_DIGITS]
