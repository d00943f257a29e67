"""Access: may_show, the one guard before anything of a capture is shown.

Search, counts, lists, replay, JSON and downloads all ask here. A restricted capture
answers exactly like an unknown id. One that was removed is in no catalog: its tombstone
says what was removed and why.
"""

from dataclasses import dataclass

from archive.capture import Capture
from search.service import SearchOptions, Sorting


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """What this server does not show."""

    restricted_sources: frozenset[str] = frozenset()
    """Source ids whose captures are kept but not published."""


def search_options(
    policy: AccessPolicy, sorting: Sorting = Sorting.SCORE
) -> SearchOptions:
    """How the index is asked: totals and facets tell nothing of what is not shown."""
    return SearchOptions(sorting=sorting, hidden_sources=policy.restricted_sources)


def may_show(capture: Capture, policy: AccessPolicy) -> bool:
    """Whether a capture may be shown, counted, listed or sent."""
    return capture.source_id not in policy.restricted_sources
