"""How hard a record is pressed, by what it holds."""

import pytest

from archive.warc.member import Effort
from archive.warc.writing import choose_effort


@pytest.mark.parametrize(
    ("media_type", "coded", "effort"),
    [
        ("text/html", False, Effort.DENSE),
        ("text/html; charset=utf-8", True, Effort.CODED),
        (None, False, Effort.DENSE),
        (None, True, Effort.CODED),
        ("image/jpeg", False, Effort.CODED),
        (" Image/PNG ; x=y", False, Effort.CODED),
        ("image/svg+xml", False, Effort.DENSE),
        ("image/svg+xml", True, Effort.CODED),
        ("application/zip", False, Effort.CODED),
        ("application/pdf", False, Effort.FAST),
        ("application/pdf; x=y", False, Effort.FAST),
        ("application/pdf", True, Effort.CODED),
        ("application/json", False, Effort.DENSE),
    ],
)
def test_what_is_compressed_already_is_not_pressed_again(
    media_type: str | None, coded: bool, effort: Effort
) -> None:
    assert choose_effort(media_type, coded=coded) is effort
