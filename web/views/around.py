"""Around: other captures of a record's address, in this archive and in others."""

from collections.abc import Sequence

from archive.capture import Capture
from archive.verify.corroboration import WINDOW
from web.site import Site
from web.views.values import Neighbours, OtherArchive, OthersView


def compare_elsewhere(site: Site, capture: Capture) -> OthersView | None:
    """What other archives have of it; None where there are none to ask."""
    compare = site.services.compare
    found = compare(capture) if compare else None
    if found is None:
        return None
    return OthersView(
        witnesses=found.witnesses,
        operators={str(one): count for one, count in found.operators.items()},
        hours=int(WINDOW.total_seconds() // 3600),
        archives=tuple(
            OtherArchive(
                origin=one.origin,
                operator=one.operator,
                agreement=str(one.agreement) if one.agreement else None,
                id=one.capture.capture_id if one.capture else None,
                captured_at=one.capture.captured_at if one.capture else None,
                not_counted=one.not_counted.code if one.not_counted else None,
            )
            for one in found.comparisons
        ),
    )


def find_neighbours(site: Site, capture: Capture) -> Neighbours:
    """Earlier and later captures of the address here, and how many agree."""
    shown = site.shown_captures(capture.target_uri, kind=capture.kind)
    ids = [other.capture_id for other in shown]
    if capture.capture_id not in ids:
        return Neighbours(
            earlier=None, later=None, position=1, count=1, same_body=0, failed=0
        )
    place = ids.index(capture.capture_id)
    return Neighbours(
        earlier=shown[place - 1] if place else None,
        later=shown[place + 1] if place + 1 < len(shown) else None,
        position=place + 1,
        count=len(shown),
        same_body=_same_body(capture, shown),
        failed=sum(1 for other in shown if other.http_status is None),
    )


def _same_body(capture: Capture, shown: Sequence[Capture]) -> int:
    """How many other captures of the address received the same body."""
    digest = capture.payload_digest
    if digest is None:
        return 0
    return sum(1 for other in shown if other.payload_digest == digest) - 1
