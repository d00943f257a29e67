"""Captured text where one line is shown of it."""


def one_line(text: str) -> str:
    """Captured text on one line, without control characters: it may be hostile."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
