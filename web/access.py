"""Access: may_show, the one guard before anything of a capture is shown.

Search, counts, lists, replay, JSON and downloads all ask here. A restricted capture
answers exactly like an unknown id; a tombstoned one says what was removed and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from archive.capture import Capture


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """Why a capture was removed, as its signed statement says."""

    capture_id: str
    leaf: int
    reason: str
    authority: str
    removed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """What this server does not show."""

    restricted_sources: frozenset[str] = frozenset()
    """Source ids whose captures are kept but not published."""
    tombstones: Mapping[str, Tombstone] = field(default_factory=dict)
    """By capture id, 64 hex digits."""


def may_show(capture: Capture, policy: AccessPolicy) -> bool:
    """Whether a capture may be shown, counted, listed or sent."""
    if capture.capture_id in policy.tombstones:
        return False
    return capture.source_id not in policy.restricted_sources
