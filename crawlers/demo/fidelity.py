"""Every byte the demonstration's server logged against every byte in the archive."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from archive.store.reading.reader import ArchiveReader
from crawlers.demo.server import ServedExchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """Exchanges as (request, response), counted on both sides."""

    served: int
    equal: int
    """Exchanges that are byte for byte the same in log and archive."""
    only_served: int
    only_archived: int

    @property
    def is_exact(self) -> bool:
        """Whether nothing is missing, added or altered."""
        return self.only_served == self.only_archived == 0


def compare_bytes(reader: ArchiveReader, log: Iterable[ServedExchange]) -> Fidelity:
    """Compare as multisets: the same exchange twice must be archived twice."""
    served = Counter((one.received, one.sent) for one in log)
    archived: Counter[tuple[bytes, bytes]] = Counter()
    for capture in reader.captures():
        if capture.kind != "capture":
            continue
        exchange = reader.read_exchange(capture)
        if exchange.request:  # a refused connection carried no byte
            archived[exchange.request, exchange.response or b""] += 1
    return Fidelity(
        served=served.total(),
        equal=(served & archived).total(),
        only_served=(served - archived).total(),
        only_archived=(archived - served).total(),
    )
