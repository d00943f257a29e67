"""Quotations are found again where they stand, and nowhere else."""

import json
import random
import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest

from archive.digest import Digest
from archive.errors import FormatError
from search.answering.results import ExtractedText
from search.extract.by_type import extract
from search.quote import (
    CONTEXT_CODE_POINTS,
    PLACES_MAX,
    QUOTE_CODE_POINTS,
    Quotation,
    State,
    check_quotation,
    find_words,
    format_quotation,
    make_quotation,
    parse_quotation,
)

CAPTURE = "c" * 64
SIGNS = (
    "abc de\u0301f ё ŭ 👩\u200d👩\u200d👧 🇧🇾 \u202eabc 漢 \t\u00a0 12,5 \n\f\n "
    "Ціханоўская «»"
)


def text(whole: str, extractor: str = "html/1") -> ExtractedText:
    return ExtractedText(
        text=whole,
        main_end=len(whole),
        title=None,
        extractor=extractor,
        text_digest=Digest.of(whole.encode()),
        charset=None,
        declared_charset=None,
        language=None,
    )


def look_up(
    quoted: Quotation,
    kept: str | None,
    now: str | None = None,
    extractor: str = "html/2",
) -> tuple[State, tuple[int, int] | None]:
    made = None if now is None else text(now, extractor)
    checked = check_quotation(quoted, kept, lambda: made)
    return checked.state, checked.span


def spans(whole: str, count: int, seed: int) -> list[tuple[int, int]]:
    rng = random.Random(seed)
    starts = [rng.randrange(len(whole) - 1) for _ in range(count)]
    return [(at, min(len(whole), at + rng.randint(1, 90))) for at in starts]


@pytest.fixture(scope="module")
def whole() -> str:
    rng = random.Random(26)
    return "".join(rng.choices(SIGNS.split(" "), k=9_000)) + " ".join(
        rng.choices(SIGNS, k=3_000)
    )


def test_a_thousand_random_spans_are_the_same_and_read_back(whole: str) -> None:
    made = text(whole)
    for span in spans(whole, 1_000, 1):
        quoted = make_quotation(CAPTURE, made, span)
        line = format_quotation(quoted)
        assert b"\n" not in line
        assert parse_quotation(line) == quoted
        assert format_quotation(parse_quotation(line)) == line
        assert look_up(quoted, whole) == (State.SAME, span)
        assert look_up(quoted, None, whole, "html/1") == (State.SAME, span)


def test_after_another_extractor_no_quotation_is_in_a_wrong_place(whole: str) -> None:
    """Some lines are gone, some are new: places move, and words may be lost."""
    rng = random.Random(3)
    pieces = [(at, whole[at : at + 400]) for at in range(0, len(whole), 400)]
    moved, places = "", []
    for at, piece in pieces:
        if rng.random() < 0.2:
            continue
        moved += "new line\n" if rng.random() < 0.3 else ""
        places.append((at, at + len(piece), len(moved) - at))
        moved += piece
    made, states = text(whole), []
    for span in spans(whole, 1_000, 2):
        quoted = make_quotation(CAPTURE, made, span)
        state, found = look_up(quoted, None, moved)
        states.append(state)
        inside = [
            shift for low, end, shift in places if low <= span[0] < span[1] <= end
        ]
        if state is State.FOUND_ELSEWHERE:
            assert found is not None
            assert moved[found[0] : found[1]] == quoted.exact
            if (
                inside
                and moved.count(quoted.prefix + quoted.exact + quoted.suffix) == 1
            ):
                assert found == (span[0] + inside[0], span[1] + inside[0])
        elif state is State.NOT_FOUND:
            assert not inside
    assert states.count(State.FOUND_ELSEWHERE) > 500
    assert State.NOT_FOUND in states
    assert State.SAME not in states


def test_equal_words_are_told_apart_by_what_stands_around_them() -> None:
    whole = "first: Yes. second: Yes. third: Yes."
    quoted = make_quotation(CAPTURE, text(whole), (20, 23))
    assert look_up(quoted, None, "new. " + whole) == (State.FOUND_ELSEWHERE, (25, 28))
    assert look_up(quoted, None, "Yes, and: Yes.") == (State.AMBIGUOUS, None)
    assert look_up(quoted, None, "It is: Yes indeed") == (
        State.FOUND_ELSEWHERE,
        (7, 10),
    )
    assert look_up(quoted, None, "No.") == (State.NOT_FOUND, None)
    assert look_up(quoted, None, None) == (State.NO_CAPTURE, None)


@pytest.mark.parametrize(
    "change",
    [
        {"exact": "Yet"},
        {"start": 19, "end": 22},
        {"prefix": "x"},
        {"suffix": "x"},
        {"start": 2_000, "end": 2_003},
    ],
)
def test_a_false_quotation_of_a_text_at_hand_is_not_found(
    change: dict[str, Any],
) -> None:
    whole = "first: Yes. second: Yes. third: Yes."
    quoted = replace(make_quotation(CAPTURE, text(whole), (20, 23)), **change)
    # Even where the words stand elsewhere: it names this text, and says what is not so.
    assert look_up(quoted, whole, whole)[0] is State.NOT_FOUND


def test_pasted_words_are_found_with_any_spacing() -> None:
    whole = "The turnout\n was\u00a085.7 %. The turnout was low."
    assert find_words(whole, "turnout was 85.7") == [(4, 21)]
    assert find_words(whole, "  The\tturnout   was ") == [(0, 16), (25, 40)]
    assert find_words(whole, "е\u0301") == find_words(whole, " ") == []
    assert find_words("caf\u00e9", "cafe\u0301") == [(0, 4)]


def test_places_of_pasted_words_are_those_of_a_search_by_pattern(whole: str) -> None:
    rng = random.Random(9)
    for start, end in spans(whole, 300, 8):
        words = whole[start:end].split()
        pasted = rng.choice((" ", "\n", "\t \u00a0")).join(words)
        pattern = re.compile(r"\s+".join(map(re.escape, words)))
        expected = [match.span() for match in pattern.finditer(whole)] if words else []
        if unicodedata.is_normalized("NFC", pasted):
            assert find_words(whole, pasted) == expected[:PLACES_MAX]


@pytest.mark.timeout(60)
def test_words_that_nearly_stand_everywhere_are_soon_not_found() -> None:
    """By trying each place in turn this takes many minutes, and stops a server."""
    assert find_words("a " * 1_000_000, "a " * 9_000 + "b") == []


def test_quotations_of_a_real_page() -> None:
    page = "<html><body><article><h1>T</h1><p>" + "Some words here. " * 40
    made = extract(page.encode(), media_type="text/html")
    quoted = make_quotation(CAPTURE, text(made.text, made.extractor), (10, 30))
    assert (quoted.extractor, len(quoted.suffix)) == (
        made.extractor,
        CONTEXT_CODE_POINTS,
    )


@pytest.mark.parametrize("span", [(-1, 2), (3, 3), (5, 4), (0, 99)])
def test_what_is_no_place_cannot_be_quoted(span: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is no place"):
        make_quotation(CAPTURE, text("0123456789"), span)
    with pytest.raises(ValueError, match="is no place"):
        make_quotation(CAPTURE, text("x" * 99_999), (0, QUOTE_CODE_POINTS + 1))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("capture", "C" * 64),
        ("exact", ""),
        ("exact", 7),
        ("prefix", "x" * 33),
        ("start", -1),
        ("end", 6),
        ("part", "0"),
        ("text_digest", "sha256:x"),
        ("analysis", 0),
        ("extra", 1),
        ("extractor", None),
    ],
)
def test_a_line_out_of_form_is_refused(field: str, value: object) -> None:
    quoted = make_quotation(CAPTURE, text("0123456789"), (2, 5))
    line = json.loads(format_quotation(quoted)) | {field: value}
    spoiled = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(FormatError):
        parse_quotation(spoiled)


@pytest.mark.parametrize("missing", ["exact", "text_digest", "prefix"])
def test_every_member_is_needed(missing: str) -> None:
    line = json.loads(format_quotation(make_quotation(CAPTURE, text("0123"), (1, 2))))
    del line[missing]
    with pytest.raises(FormatError):
        parse_quotation(
            json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
        )
