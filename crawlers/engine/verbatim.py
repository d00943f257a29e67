"""What a browser in front of the engine adds: its own request bytes, an ear for ours.

A browser writes its requests itself and wants the bytes of the answer as they come.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from crawlers.engine.settings import FetchRequest, Listener


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbatimRequest(FetchRequest):
    """A request that goes out as it was written; `method`, `headers` say the same."""

    head: bytes
    """Request line and headers in origin form, to the blank line."""


@runtime_checkable
class WireListener(Listener, Protocol):
    """Hears the bytes as received too: interim heads, framing, everything kept."""

    def wire_received(self, data: bytes) -> None:
        """Take a piece, in order; after it was recorded, before it is parsed out."""
        ...
