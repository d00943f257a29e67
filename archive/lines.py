"""What others wrote, where one line is shown of it: on a terminal, in a feed."""


def one_line(text: str) -> str:
    """The text on one line, without line ends, escapes or hidden marks.

    It may be hostile: a line of a page or of another's archive must not pass for ours.
    """
    return "".join(sign if sign.isprintable() else " " for sign in text)
