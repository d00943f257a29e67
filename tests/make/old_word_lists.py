"""Make two issues of a list as Word 97 files, as LibreOffice writes them.

Cells as official lists have them: of two paragraphs, with a broken line, with a link,
empty. In the second issue two entries are new, one is gone and one was corrected.

usage: python tests/make/old_word_lists.py    (writes tests/vectors/list-N.doc.gz)
"""

import gzip
import shutil
import subprocess
import tempfile
from pathlib import Path

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
HEAD = ("№", "Назва", "Рашэнне", "Дата")
SPREAD = "<p>Тэлеграм-канал «{0}»</p><p>t.me/{0} (<a href='https://t.me/{0}'>link</a>)"
FIRST = tuple(
    (
        SPREAD.format(f"channel{n}") if n % 3 else f"<b>Book</b> “{n}”, Łacinka",
        f"Decision of court {n}<br>of the Central district" if n % 4 else "",
        f"0{n}.02.2021" if n != 7 else "",
    )
    for n in range(1, 10)
)
SECOND = (
    *FIRST[:2],
    *FIRST[3:5],
    (FIRST[5][0], FIRST[5][1].replace("Central", "Northern"), FIRST[5][2]),
    *FIRST[6:],
    *((SPREAD.format(f"new{n}"), f"Ruling {n}", "01.03.2021") for n in (1, 2)),
)


def page(rows: tuple[tuple[str, ...], ...]) -> str:
    """A page with a heading, the table and a line behind it."""
    numbered = [HEAD, *((str(n), *row) for n, row in enumerate(rows, start=1))]
    lines = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
        for row in numbered
    )
    return (
        "<!doctype html><html><head><meta charset=utf-8></head><body>"
        f"<p>Рэспубліканскі спіс</p><table>{lines}</table><p>End</p></body></html>"
    )


def main() -> None:
    """Convert both; the program's own time stamps aside, they come out alike."""
    office = shutil.which("soffice")
    if office is None:
        raise SystemExit("soffice is not installed (Debian: libreoffice-writer-nogui)")
    with tempfile.TemporaryDirectory() as folder:
        for count, rows in enumerate((FIRST, SECOND), start=1):
            source = Path(folder) / f"list-{count}.html"
            source.write_text(page(rows))
            command = [office, "--headless", "--infilter=HTML (StarWriter)"]
            command += [f"-env:UserInstallation=file://{folder}/user"]
            command += ["--convert-to", "doc:MS Word 97", "--outdir", folder]
            subprocess.run([*command, str(source)], check=True)
            made = source.with_suffix(".doc").read_bytes()
            target = VECTORS / f"list-{count}.doc.gz"
            target.write_bytes(gzip.compress(made, mtime=0))


if __name__ == "__main__":
    main()
