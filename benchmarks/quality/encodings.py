"""Encodings: every text is readable, or a warning says that it may not be.

Feeds of the corpus with their stated expectation, and the seven traps: a true encoding
under a false label.
"""

import csv
import re
from pathlib import Path

from benchmarks.quality.figures import Figure
from search.extract.encoding import decode

TEXT = (
    "Центральная выборчая камісія паведаміла вынікі галасавання: ўсе ўчасткі"
    " падлічаныя. Избирательная комиссия объявила итоги. Виборча комісія оголосила"
    " підсумки. " * 3
)
POLISH = "Państwowa Komisja Wyborcza ogłosiła wyniki głosowania, źródła są różne. " * 4


def _doubled(text: str) -> str:
    """UTF-8 read as windows-1251, byte 0x98 kept as browsers keep it."""
    return "".join(
        "\x98" if byte == 0x98 else bytes([byte]).decode("cp1251")
        for byte in text.encode()
    )


TRAPS = (
    (TEXT, "cp1251", "utf-8"),
    (TEXT, "cp1251", "iso-8859-1"),
    (TEXT, "utf-8", "windows-1251"),
    (TEXT.replace("ў", "у").replace("і", "и").replace("ї", "и"), "koi8-r", "utf-8"),
    (POLISH, "iso-8859-2", "utf-8"),
    (POLISH, "cp1250", "iso-8859-2"),
    (_doubled(TEXT), "utf-8", "utf-8"),
)
"""Text, true encoding, label; the last was encoded twice."""
_EXPECTED = re.compile(r"encoding\s*==?\s*u?['\"]([\w-]+)['\"]")
_READABLE = re.compile(
    r"(?s)^[^\x00-\x08\ufffd]*<(?:rss|feed|\?xml)[^\x00-\x08\ufffd]*$"
)
_HEADER = re.compile(r"charset=\s*[\"']?([\w:.-]+)", re.IGNORECASE)


def trap_results() -> list[tuple[str, bool, bool]]:
    """Label of each trap, whether it is readable, whether it is flagged."""
    rows = []
    for text, true, label in TRAPS:
        made = decode(text.encode(true, "replace"), label)
        wanted = TEXT if true == "utf-8" and label == "utf-8" else text
        words = set(re.findall(r"\w{4,}", wanted))
        got = set(re.findall(r"\w{4,}", made.text))
        share = len(words & got) / len(words)
        name = f"{true} as {label}"
        rows.append((name, share > 0.95, "charset_guess" in made.warnings))
    return rows


def feed_results(corpus: Path) -> list[tuple[str, bool, bool]]:
    """File of each feed, whether it reads as its expectation says, and its flag."""
    folder = corpus / "encodings" / "feedparser"
    rows = []
    with (folder.parent / "expected.tsv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            found = _EXPECTED.search(row["expect"] or "")
            path = folder / row["file"]
            if not path.is_file():
                continue
            data = path.read_bytes()
            header = _HEADER.search(row["http_header"] or "")
            made = decode(data, header[1] if header else None)
            if found is None:
                readable = _READABLE.search(made.text) is not None
                rows.append((row["file"], readable, bool(made.warnings)))
                continue
            try:
                wanted = data.decode(found[1])
            except (LookupError, UnicodeDecodeError):
                wanted = data.decode("ascii", "replace")
            readable = made.text.strip("\ufeff") == wanted.strip("\ufeff")
            rows.append((row["file"], readable, bool(made.warnings)))
    return rows


def measure(corpus: Path) -> list[Figure]:
    """Share that is readable or flagged, in feeds and in traps."""
    figures = []
    for name, rows in (("feeds", feed_results(corpus)), ("traps", trap_results())):
        readable = sum(ok for _, ok, _ in rows)
        fine = sum(ok or flagged for _, ok, flagged in rows)
        bad = [file for file, ok, flagged in rows if not ok and not flagged]
        figures.append(
            Figure(
                part="encodings",
                name=f"{name}, readable or flagged",
                value=fine / len(rows),
                bar=1.0,
                note=f"{readable} of {len(rows)} readable; neither: {bad[:6]}",
            )
        )
    return figures
