"""The two ways to a target, directly and through a proxy: what they have in common."""

import socket
from typing import Protocol

from archive.capture import CaptureOutcome, ConnectionFacts, DnsFacts
from crawlers.engine.exchange import Attempt
from crawlers.engine.outcome import Ending, Unconnected
from crawlers.engine.request import Target
from crawlers.engine.settings import RandomBytes


class Route(Protocol):
    """One way to a target."""

    async def reach(self, attempt: Attempt, target: Target) -> socket.socket:
        """A socket whose other end is the target; Unconnected says why there is none.

        What became known on the way is left in `attempt`: phase, stamps, connection.
        """
        ...


def new_facts(random_bytes: RandomBytes, dns: DnsFacts | None) -> ConnectionFacts:
    """What is known of a connection before it is made."""
    return ConnectionFacts(
        connection_id=random_bytes(8).hex(),
        sequence=0,
        peer=None,
        proxy=None,
        connect_to=None,
        allow_network=None,
        dns=dns,
        tls=None,
    )


def refused_by_policy(detail: str) -> Unconnected:
    """The ending of an attempt that a rule of ours forbids."""
    return Unconnected(Ending(outcome=CaptureOutcome.POLICY, detail=detail))
