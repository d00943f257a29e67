"""A citation is right if the archive writes it again; one letter less is refused."""

import base64
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from web.citing.checking import Judgement, ids_named, judge, size_named
from web.citing.citation import CLOCK, FORMATS, Citation

ROOT = base64.b64encode(b"r" * 32).decode()
CITATION = Citation(
    capture_id="7d" * 32,
    target_uri="http://commission.example/be/results.html?a=1&b={2}",
    captured_at=datetime(2025, 1, 28, 6, 0, 24, tzinfo=UTC),
    title="Вынікі {галасавання}: 50 % & \\больш",
    clock=CLOCK,
    publisher="commission",
    claimed="",
    reservations=("The server answered 404",),
    archive_name="Election observers",
    origin="election-evidence-archive/abc",
    leaf=105,
    checkpoint_size=392,
    checkpoint_root=ROOT,
    headline="one witness: the operator; no independent time",
    link_base="https://archive.example",
)


def roots(size: int) -> str | None:
    """The roots of a log whose newest checkpoint has 392 entries."""
    return base64.b64encode(b"%032d" % size).decode() if size < 392 else ROOT


def check(text: str) -> Judgement:
    return judge(text, CITATION, roots)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_is_recognised_as_written(name: str) -> None:
    written = FORMATS[name](CITATION)
    for text in (written, written.strip(), "\n".join(written.splitlines())):
        judged = check(text)
        assert judged.is_equal, (name, judged)
        assert judged.name == name


def test_a_citation_of_an_earlier_checkpoint_is_right_with_its_own_root() -> None:
    earlier = replace(CITATION, checkpoint_size=200, checkpoint_root=roots(200))
    written = FORMATS["text"](earlier)
    assert size_named(written) == 200
    assert check(written).is_equal
    assert not check(written.replace(str(roots(200)), ROOT)).is_equal
    pending = replace(CITATION, checkpoint_size=None, checkpoint_root=None)
    assert check(FORMATS["ris"](pending)).is_equal
    before_it = replace(CITATION, checkpoint_size=105, checkpoint_root=roots(105))
    assert not check(FORMATS["text"](before_it)).is_equal


def test_the_first_place_that_differs_is_told() -> None:
    written = FORMATS["text"](CITATION).strip()
    at = written.index("entry 105")
    judged = check(written.replace("entry 105", "entry 106"))
    assert judged.same_chars == at + len("entry 10")
    assert judged.expected.strip() == written


def test_a_thousand_edits_of_id_digest_and_entry_are_a_thousand_refusals() -> None:
    draw = random.Random(7)
    refused = edits = 0
    for number in range(1_000):
        name = sorted(FORMATS)[number % len(FORMATS)]
        text = FORMATS[name](CITATION)
        targets = [
            part
            for part in (CITATION.short_id, CITATION.capture_id, "entry 105", ROOT)
            if part in text
        ] or ["2025-01-28"]
        part = targets[number % len(targets)]
        at = text.index(part) + draw.randrange(len(part))
        if part == "entry 105":
            at = text.index(part) + draw.randrange(6, 9)
        letter = draw.choice([c for c in "abcdefgh234567" if c != text[at]])
        edited = draw.choice(
            [
                text[:at] + letter + text[at + 1 :],
                text[:at] + text[at + 1 :],
                text[:at] + letter + text[at:],
            ]
        )
        edits += edited.strip() != text.strip()
        refused += not check(edited).is_equal
    assert (edits, refused) == (1_000, 1_000)


def test_ids_are_found_wherever_they_stand() -> None:
    text = FORMATS["bibtex"](CITATION)
    assert ids_named(text) == [CITATION.capture_id, CITATION.short_id]
    assert ids_named(f"x{CITATION.short_id}") == []
    assert ids_named("nothing of that kind") == []
