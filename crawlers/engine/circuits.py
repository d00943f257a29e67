"""Who a proxy is told is asking: the user's credentials, or a Tor circuit apart (pure).

Tor leads requests with different user names and passwords over different relays
(IsolateSOCKSAuth), so that no exit sees who belongs together.
"""

import hashlib

from crawlers.engine.proxy import Proxy
from crawlers.engine.settings import RandomBytes
from crawlers.engine.tunnel import Credentials

SECRET_BYTES = 16
"""Behind the circuit names of one process: nobody can guess or link them."""


class Circuits:
    """What one proxy is told, for each circuit; thread-safe."""

    def __init__(self, proxy: Proxy, *, random_bytes: RandomBytes) -> None:
        self._proxy = proxy
        self._secret = random_bytes(SECRET_BYTES)

    def credentials(self, owner: str, circuit: str) -> Credentials | None:
        """What the user gave; for Tor a pair of its own for each owner and circuit."""
        if self._proxy.tor:
            return Credentials(
                username=self._blind(owner), password=self._blind(circuit)
            )
        if self._proxy.username is None:
            return None
        return Credentials(
            username=self._proxy.username, password=self._proxy.password or ""
        )

    def _blind(self, text: str) -> str:
        """A name for a circuit that tells the proxy nothing."""
        return hashlib.blake2b(
            text.encode(), key=self._secret, digest_size=16
        ).hexdigest()
