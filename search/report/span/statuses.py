"""What the status of a capture says about its content (pure)."""

SUCCESS = 200
NOT_MODIFIED = 304
"""The page is what it was; its content is that of the capture before."""
SHOWN = (SUCCESS, NOT_MODIFIED)
GONE = frozenset({404, 410})
_REDIRECTS = range(300, 400)


def is_hop(status: int | None) -> bool:
    """Whether it only leads elsewhere: where it leads is captured, too."""
    return status in _REDIRECTS and status != NOT_MODIFIED
