"""A host that is drawn like another is named, with its A-label and its alphabets."""

from pathlib import Path

import pytest

from archive.store.reading.reader import ArchiveReader
from archive.verify.captures.capture import verify_capture
from archive.verify.notices.lookalikes import LookAlikes, describe_host
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import make_archive, make_exchange


def alabel(text: str) -> str:
    return "xn--" + text.encode("punycode").decode("ascii")


MIXED = [f"{alabel('pаypal')}.com", f"www.{alabel('еlection')}.example"]
DRAWN = [f"{alabel('сех')}.com", f"{alabel('ѕрасе')}.example"]
HARMLESS = [
    "a.example",
    "",
    f"{alabel('выборы')}.{alabel('рф')}",
    f"{alabel('münchen')}.example",
    f"{alabel('ελλάδα')}.example",
]


@pytest.mark.parametrize("host", MIXED)
def test_mixed_alphabets_are_named(host: str) -> None:
    told = describe_host(host)
    assert told is not None
    assert host in told
    assert "mixes Latin and Cyrillic" in told
    assert told.isascii()


@pytest.mark.parametrize("host", DRAWN)
def test_letters_drawn_like_latin_are_named(host: str) -> None:
    told = describe_host(host)
    assert told is not None
    assert "drawn like Latin" in told


@pytest.mark.parametrize("host", HARMLESS)
def test_honest_names_are_not_named(host: str) -> None:
    assert describe_host(host) is None


def test_a_label_that_is_none_is_named() -> None:
    assert "cannot be read" in str(describe_host("xn--\u00e9.example"))


def test_ten_are_named_and_the_rest_counted() -> None:
    found = LookAlikes()
    for number in range(12):
        found.note(f"{number}.{MIXED[0]}")
        found.note(f"{number}.{MIXED[0]}")
    found.note(None)
    told = list(found.notices())
    assert len(told) == 11
    assert told[-1] == "2 more hosts have names that look like others"


def test_look_alike_host_stands_in_the_reports(tmp_path: Path) -> None:
    made = make_archive(tmp_path)
    with made.open_writer() as writer:
        uri = f"http://{MIXED[0]}/"
        writer.capture(make_exchange(uri, b"<p>x</p>", made)).result()
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED
    assert any(MIXED[0] in note for note in report.notices)
    reader = ArchiveReader.open(made.root)
    (capture,) = reader.captures()
    report = verify_capture(reader, capture, trust=made.trust())
    reader.close()
    assert any(MIXED[0] in note for note in report.notices)
