"""What a preview is: told by the child that drew it, handed on by its parent (pure)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A picture made here; sizes in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int
    kind: str
    """`document` or `image`."""
    pages: int
    """Pages of a document; frames of an image, of which the first is drawn."""
    original: tuple[int, int] | None
    """Width and height of the image itself; None for a document."""
