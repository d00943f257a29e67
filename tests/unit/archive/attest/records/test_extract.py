from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from archive.attest.records.extract import (
    ExtractLine,
    ExtractRun,
    format_extract,
    parse_extract,
)
from archive.digest import Digest
from archive.errors import FormatError

ONE = ExtractLine(
    capture=Digest.of(b"one").hex,
    extractor="trafilatura 2.0.0",
    text=Digest.of(b"text"),
    file=Digest.of(b"file"),
)
TWO = ExtractLine(
    capture=Digest.of(b"two").hex,
    extractor="resiliparse 0.15",
    text=Digest.of(b"text"),
    file=None,
)


def test_lines_are_read_back() -> None:
    data = format_extract((ONE, TWO))
    assert data.count(b"\n") == 2
    assert parse_extract(data) == (ONE, TWO)


def test_a_run_counts_captures_and_distinct_texts() -> None:
    run = ExtractRun(
        run_id="a" * 26,
        finished_at=datetime(2025, 1, 26, tzinfo=UTC),
        extractor="election-evidence-archive/0.1.0",
        lines=(ONE, TWO, TWO),
    )
    assert (run.captures, run.texts) == (2, 1)


def test_unknown_keys_are_skipped() -> None:
    data = format_extract((ONE,)).replace(b'"text"', b'"later":[1],"text"')
    data = data.replace(b'"file"', b'"extractox":1,"file"')
    assert parse_extract(data) == (ONE,)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data.replace(b",", b", "),
        lambda data: data.replace(b"sha256:", b"sha1:"),
        lambda data: data.replace(b'"capture"', b'"captura"'),
        lambda data: data.replace(b"2.0.0", b"2.0.0\\n"),
        lambda data: data.replace(b"2.0.0", b"2" * 5000),
    ],
)
def test_a_line_out_of_form_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(FormatError):
        parse_extract(spoil(format_extract((ONE,))))


def test_the_refusal_names_the_line() -> None:
    with pytest.raises(FormatError, match="line 2"):
        parse_extract(format_extract((ONE,)) + b"{}\n")
