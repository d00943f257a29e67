"""Archive state: what pages say about the whole archive, from its last check."""

from typing import Any

from web.site import Site
from web.views.record import view_of_report


def state_of_archive(site: Site) -> dict[str, Any]:
    """The values of the part `archive_state.html`."""
    sweep = site.sweep.state
    report = None
    if sweep.report is not None and sweep.finished_at is not None:
        report = view_of_report(site, sweep.report, at=sweep.finished_at)
    return {
        "sweep": sweep.state,
        "report": report,
        "checkpoint": site.checkpoint(),
        "trust": site.services.trust,
        "entries": site.services.archive.next_leaf,
    }
