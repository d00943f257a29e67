"""Bytes to characters: declared, detected and used charset; never believing the page.

A declaration is wrong in most of the known traps, so the bytes are asked first: UTF-8
if they are valid or nearly valid, else a detector; the declaration only decides where
there are too few bytes to tell. Text encoded twice is put right and reported.
"""

import codecs
import re
from dataclasses import dataclass

from search.extract.pages.alltext import guess_charset

NEARLY_VALID_CHARACTERS = 20
"""So many good multi-byte characters, and three times the bad bytes, mean UTF-8."""
BAD_BYTE_FACTOR = 3
FEW_HIGH_BYTES = 16
"""Fewer bytes above 0x7F than this tell a detector nothing."""
DECLARATION_BYTES = 4096
"""Where a page or feed declares its charset."""
DOUBLE_SHARE = 0.25
"""Pairs such as «Рђ» per Cyrillic letter: .6 in text encoded twice, .1 in capitals."""

WIDE_BYTES = 4096
"""Looked at to see whether each letter takes two or four bytes."""
WIDE_UNITS_LEAST = 4
WIDE_SHARE = 0.9
"""Share of high bytes that are zero or of Cyrillic or of punctuation."""

_HIGH_BYTES = (0x00, 0x04, 0x20)
_WIDE_LAYOUTS: tuple[tuple[int, str, int, int, tuple[int, ...]], ...] = (
    (4, "utf-32-be", 2, 3, (0, 1)),
    (4, "utf-32-le", 1, 0, (2, 3)),
    (2, "utf-16-be", 0, 1, ()),
    (2, "utf-16-le", 1, 0, ()),
)
"""Bytes of a letter, charset, place of high and low byte, places always zero."""
_WIDE_NAMES = frozenset(("utf-16", "utf-32", *(name for _, name, *_ in _WIDE_LAYOUTS)))
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})"""
)
_WINDOWS = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-13": "cp1257",
    "koi8-r": "koi8-u",
}
"""Supersets browsers use too; KOI8-U adds the letters of Belarusian and Ukrainian."""
_OF_WINDOWS = {"iso8859-2": "cp1250", "iso8859-4": "cp1257"}
"""ISO has control codes where these have letters (Ś Ź Š Ž): bytes there decide."""
_C1 = re.compile(rb"[\x80-\x9f]")
_UNDEFINED_CHARSETS = frozenset({"utf-7", "idna", "punycode", "unicode-escape"})
_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd]")
"""No text has these: they are bytes that were not understood."""
_MULTI_BYTE = re.compile(r"[^\x00-\x7f\ufffd]")
_DOUBLE_PAIR = re.compile("[РСÐÑÂÃ][^\\sа-яёa-z]|[РС][а-яёА-ЯЁ°±µ·]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Characters, how they were made, and what is doubtful about that."""

    text: str
    charset: str
    declared: str | None
    warnings: tuple[str, ...]


def decode(data: bytes, served: str | None) -> Decoded:
    """Decode a payload; `served` is the charset of its Content-Type, if any."""
    declared = _declared(data, served)
    text, charset, warnings = _read(data, declared)
    repaired = _undo_double(text)
    if repaired is not None:
        text, warnings = repaired, (*warnings, "charset_guess")
    elif _looks_double(text) or _UNREADABLE.search(text):
        warnings = (*warnings, "charset_guess")
    return Decoded(
        text=text.removeprefix("\ufeff"),
        charset=charset,
        declared=declared,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _declared(data: bytes, served: str | None) -> str | None:
    if served:
        return served.strip().lower()[:40]
    found = _DECLARED.search(data[:DECLARATION_BYTES])
    return found[1].decode("ascii").lower() if found else None


def _read(data: bytes, declared: str | None) -> tuple[str, str, tuple[str, ...]]:
    for bom, charset in _BOMS:
        if data.startswith(bom):
            return data.decode(charset, "replace"), charset, ()
    wide = _wide_charset(data[:WIDE_BYTES])
    if wide is not None:
        warnings = () if _codec_name(declared) in _WIDE_NAMES else ("charset_guess",)
        return data.decode(wide, "replace"), wide, warnings
    try:
        return data.decode("utf-8"), "utf-8", ()
    except UnicodeDecodeError:
        pass
    lenient = data.decode("utf-8", "replace")
    good = len(_MULTI_BYTE.findall(lenient))
    bad = lenient.count("\ufffd")
    if good > NEARLY_VALID_CHARACTERS and good > BAD_BYTE_FACTOR * bad:
        return lenient, "utf-8", ("charset_guess",)
    return _guess(data, declared)


def _wide_charset(data: bytes) -> str | None:
    """UTF-32 or UTF-16 without a mark: nearly all high bytes are those of a script."""
    if b"\x00" not in data or len(data) < WIDE_UNITS_LEAST * 2:
        return None
    for width, charset, high, low, zeros in _WIDE_LAYOUTS:
        whole = len(data) // width * width
        units = whole // width
        tops = data[high:whole:width]
        if (
            not any(any(data[place:whole:width]) for place in zeros)
            and sum(map(tops.count, _HIGH_BYTES)) >= units * WIDE_SHARE
            and data[low:whole:width].count(0) < units / 4
        ):
            return charset
    return None


def _guess(data: bytes, declared: str | None) -> tuple[str, str, tuple[str, ...]]:
    usable = _codec_name(declared)
    high_bytes = sum(byte > 0x7F for byte in data[: 1 << 20])
    if usable not in (None, "utf-8") and high_bytes < FEW_HIGH_BYTES:
        charset = str(usable)
    else:
        charset = _codec_name(guess_charset(data)) or usable or "cp1252"
    if charset in _OF_WINDOWS and _C1.search(data):
        charset = _OF_WINDOWS[charset]
    warnings = () if charset == usable else ("charset_guess",)
    return data.decode(charset, "replace"), charset, warnings


def _codec_name(name: str | None) -> str | None:
    """Python's name of a charset, widened as browsers do; None if it is none."""
    if not name:
        return None
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    known = found.name
    if known in _UNDEFINED_CHARSETS or not _is_text(found):
        return None
    return _WINDOWS.get(known, known)


def _is_text(found: codecs.CodecInfo) -> bool:
    try:
        return isinstance(b"a".decode(found.name), str)
    except (LookupError, ValueError):
        return False


def _looks_double(text: str) -> bool:
    letters = len(_CYRILLIC.findall(text))
    pairs = len(_DOUBLE_PAIR.findall(text))
    return letters >= FEW_HIGH_BYTES and pairs >= DOUBLE_SHARE * letters


def _undo_double(text: str) -> str | None:
    """UTF-8 that was read as windows-1251 and stored again: «Р›СѓРєР°» -> «Лука»."""
    if not _looks_double(text):
        return None
    lines = [_undo_line(line) for line in text.split("\n")]
    if all(line is None for line in lines):
        return None
    originals = text.split("\n")
    return "\n".join(
        new if new is not None else old
        for new, old in zip(lines, originals, strict=True)
    )


def _undo_line(line: str) -> str | None:
    if line.isascii():
        return None
    raw = bytearray()
    for sign in line:
        try:
            raw += sign.encode("cp1251")
        except UnicodeEncodeError:
            if ord(sign) > 0xFF:
                return None
            raw.append(ord(sign))  # 0x98 has no character in windows-1251
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
