"""Captures of test set-ups are counted by what led them elsewhere."""

from archive.verify.notices.overrides import LISTED, Overrides


def test_each_redirection_and_network_is_named_with_its_number() -> None:
    overrides = Overrides()
    overrides.note({"connect_to": None, "allow_network": None})
    assert overrides.notices() == []
    for _ in range(2):
        overrides.note({"connect_to": "a.example:80=127.0.0.1:1"})
    overrides.note({"connect_to": None, "allow_network": "127.0.0.0/8"})
    assert overrides.notices() == [
        "captures made in a test set-up: 3 (connect_to a.example:80=127.0.0.1:1: 2;"
        " allow_network 127.0.0.0/8: 1)"
    ]


def test_the_line_is_bounded_and_plain_text() -> None:
    overrides = Overrides()
    for number in range(LISTED + 5):
        overrides.note({"connect_to": f"{number}\n\x1b[31m" + "x" * 10_000})
    (line,) = overrides.notices()
    assert line.endswith("; 5 others)")
    assert line.isprintable()
    assert len(line) < 3000
