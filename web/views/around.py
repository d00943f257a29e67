"""Around: other captures of a record's address, in this archive and in others."""

from archive.capture import SAMPLE_ROLES, Capture
from archive.store.catalog.addresses import AddressQuery, moment_of
from archive.verify.captures.corroboration import WINDOW
from web.access import may_show
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
    if capture.role in SAMPLE_ROLES or not may_show(capture, site.settings.access):
        return Neighbours(
            earlier=None, later=None, position=1, count=1, same_body=0, failed=0
        )
    addresses, here = site.services.archive.addresses, moment_of(capture)

    def find(asked: AddressQuery) -> Neighbours:
        counts = addresses.count(asked, here, capture.payload_digest)
        return Neighbours(
            earlier=next(iter(addresses.before(asked, here, limit=1)), None),
            later=addresses.behind(asked, here),
            position=counts.before + 1,
            count=counts.count,
            same_body=max(counts.same_body - 1, 0),
            failed=counts.failed,
        )

    return site.ask_shown(capture.target_uri, find, kind=capture.kind)
