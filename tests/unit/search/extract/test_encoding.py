"""Charsets: the bytes are asked, the declaration is not believed."""

from pathlib import Path

import pytest

from benchmarks.quality.encodings import measure
from search.extract.encoding import decode
from tests.support.judging.bars import missed

RUSSIAN = (
    "Центральная избирательная комиссия сообщила результаты выборов президента, "
    "явка составила 85 процентов. Наблюдатели говорят о нарушениях."
)
BELARUSIAN = (
    "Цэнтральная выбарчая камісія паведаміла вынікі выбараў прэзідэнта Рэспублікі "
    "Беларусь, яўка склала 85 працэнтаў. Улады кажуць, што парушэнняў няма."
)
LITHUANIAN = (
    "Vyriausioji rinkimų komisija paskelbė rezultatus; aktyvumas buvo didelis, "
    "stebėtojai pranešė apie pažeidimus šiandien."
)
POLISH = (
    "Państwowa Komisja Wyborcza ogłosiła wyniki; frekwencja była wysoka, "
    "obserwatorzy zgłosili naruszenia. Ścieżka, łódź, źródło."
)


def encoded_twice(text: str) -> bytes:
    """UTF-8 read as windows-1251 and written as UTF-8 again."""
    return "".join(
        "\x98" if byte == 0x98 else bytes([byte]).decode("cp1251")
        for byte in text.encode()
    ).encode()


@pytest.mark.parametrize(
    ("data", "served", "text"),
    [
        (RUSSIAN.encode("cp1251"), "utf-8", RUSSIAN),
        (RUSSIAN.encode("cp1251"), "iso-8859-1", RUSSIAN),
        (BELARUSIAN.encode(), "windows-1251", BELARUSIAN),
        (
            b"<meta charset=windows-1251>" + BELARUSIAN.encode(),
            None,
            f"<meta charset=windows-1251>{BELARUSIAN}",
        ),
        (BELARUSIAN.encode("cp1251"), None, BELARUSIAN),
        (BELARUSIAN.encode() + b" \xff", "utf-8", f"{BELARUSIAN} \ufffd"),
        (encoded_twice(RUSSIAN), "utf-8", RUSSIAN),
    ],
    ids=[
        "cp1251 labelled utf-8",
        "cp1251 labelled latin-1",
        "utf-8 labelled cp1251 in the header",
        "utf-8 labelled cp1251 in the page",
        "cp1251 without a label",
        "utf-8 with a bad byte",
        "utf-8 encoded twice",
    ],
)
def test_trap_is_read_right(data: bytes, served: str | None, text: str) -> None:
    assert decode(data, served).text == text


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("koi8-r", RUSSIAN),
        ("koi8-u", RUSSIAN),
        ("iso8859-5", BELARUSIAN),
        ("cp866", RUSSIAN),
        ("cp1250", POLISH),
        ("iso8859-2", POLISH),
        ("cp1257", LITHUANIAN),
        ("utf-16", RUSSIAN),
        ("utf-8-sig", RUSSIAN),
    ],
)
def test_regional_charset_is_detected(charset: str, text: str) -> None:
    assert decode(text.encode(charset), None).text == text


def test_a_few_bytes_are_read_as_declared() -> None:
    assert decode("Минск".encode("cp1251"), "windows-1251").text == "Минск"


def test_declared_and_used_are_kept_apart_and_a_guess_is_said() -> None:
    decoded = decode(RUSSIAN.encode("cp1251"), "UTF-8")
    assert (decoded.declared, decoded.charset) == ("utf-8", "cp1251")
    assert decoded.warnings == ("charset_guess",)


def test_right_declaration_gives_no_warning() -> None:
    assert decode(RUSSIAN.encode(), "utf-8").warnings == ()


@pytest.mark.parametrize(
    "served", ["zlib", "rot13", "utf-7", "idna", "x" * 99, "", "\x00"]
)
@pytest.mark.parametrize("data", [b"", b"\xff\xfe", bytes(range(256)), b"\x80" * 50])
def test_nonsense_never_fails(data: bytes, served: str) -> None:
    assert isinstance(decode(data, served).text, str)


@pytest.mark.parametrize(
    "text",
    ["РОССИЯ И СССР: РСФСР, СССР, РФ И СНГ. РАССКАЗ О СССР" * 3, "Ç'est où ça? " * 9],
)
def test_right_text_is_never_put_right_again(text: str) -> None:
    assert decode(text.encode(), "utf-8").text == text


@pytest.mark.parametrize(
    "charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
)
@pytest.mark.parametrize("text", ["Plain words.", "Выбары ў краіне, 26 студзеня"])
def test_wide_letters_without_a_mark_are_read(text: str, charset: str) -> None:
    made = decode((text * 4).encode(charset), None)
    assert (made.text, made.charset) == (text * 4, charset)


@pytest.mark.corpus
def test_every_feed_and_trap_is_readable_or_flagged(corpus: Path) -> None:
    figures = measure(corpus)
    for figure in figures:
        print(*figure.row(), sep=" | ")
    assert missed(figures) == []
