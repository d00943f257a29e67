"""Access: may_show, the one guard before anything of a capture is shown.

Search, counts, lists, replay, JSON and downloads all ask here. A restricted capture
answers exactly like an unknown id. One that was removed is in no catalog: its tombstone
says what was removed and why.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from archive.capture import Capture
from search.answering.service import SearchOptions, Sorting


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """What this server does not show."""

    restricted_sources: frozenset[str] = frozenset()
    """Source ids that are kept but not published, whatever the archive says."""
    marked: Callable[[], frozenset[str]] = frozenset
    """Gives those that the archive's own job records restrict, as of now."""

    def hidden(self) -> frozenset[str]:
        """All source ids that are not shown now."""
        return self.restricted_sources | self.marked()


def search_options(
    policy: AccessPolicy,
    sorting: Sorting = Sorting.SCORE,
    *,
    upto: Iterable[tuple[str, int]],
    grouped: bool = False,
) -> SearchOptions:
    """How the index is asked: totals and facets tell nothing of what is not shown.

    `upto`: how many entries of the log of each archive count, by its id.
    """
    return SearchOptions(
        sorting=sorting,
        grouped=grouped,
        hidden_sources=policy.hidden(),
        upto=dict(upto),
    )


def may_show(capture: Capture, policy: AccessPolicy) -> bool:
    """Whether a capture may be shown, counted, listed or sent."""
    return shown_by(policy)(capture)


def shown_by(policy: AccessPolicy) -> Callable[[Capture], bool]:
    """`may_show` for the many captures of one answer.

    What is hidden is asked once for each of their sources, when its first capture was
    read: whoever read it before could miss a source that is new since.
    """
    hidden: dict[str | None, bool] = {}

    def is_shown(capture: Capture) -> bool:
        source_id = capture.source_id
        if source_id not in hidden:
            hidden[source_id] = source_id in policy.hidden()
        return not hidden[source_id]

    return is_shown
