"""What `doctor` looks at of this package: the index, and programs that read texts."""

from collections.abc import Iterator

from archive.doctor.finding import Finding, good, untold, weaker
from archive.doctor.lookup import FAR_BEHIND, open_lookup
from archive.doctor.machine import Machine
from archive.errors import SearchUnavailable
from search.engines.opening import EMBEDDED
from search.extract.files.converter import PROGRAMS, find_converter
from search.extract.files.ocr import LANGUAGES, MISSING, find_tesseract
from search.indexing.generations import VERSION, Generation, find_current
from search.rows.captures import CaptureRows

MAKE = "`evidence index`"


def check_index(machine: Machine) -> Iterator[Finding]:
    """Whether there is an index, of this version, up to the newest capture."""
    if machine.identity is None:
        return
    current = find_current(machine.archive)
    if current is None:
        yield weaker(
            "index",
            "there is no search index yet",
            without="nothing can be searched or quoted",
            step=MAKE,
        )
        return
    try:
        yield _judge(machine, current)
    except SearchUnavailable:
        yield weaker(
            "index",
            "the search index is damaged",
            without="nothing can be searched or quoted",
            step="`evidence rebuild`",
        )


def _judge(machine: Machine, current: Generation) -> Finding:
    rows = CaptureRows.open(current.rows_path)
    try:
        version = rows.get_progress("version")
        kind = rows.get_progress("engine") or EMBEDDED
        upto = int(rows.get_progress("next_leaf") or 0)
    finally:
        rows.close()
    if version != VERSION:
        return weaker(
            "index",
            "the search index was made by another version",
            without="nothing can be searched or quoted",
            step=MAKE,
        )
    with open_lookup(machine) as catalog:
        if catalog is None:
            return untold("index", FAR_BEHIND)
        is_behind = bool(catalog.since(upto, 1))
    if is_behind:
        return weaker(
            "index",
            f"captures from entry {upto} on are not in the search index",
            without="they are not found",
            step=MAKE,
        )
    where = "" if kind == EMBEDDED else f", in a cluster ({kind}) that was not asked"
    return good("index", f"holds every capture{where}")


def check_reading(_: Machine) -> Iterator[Finding]:
    """Programs of the system that read pictures and old Word files."""
    found = find_tesseract()
    if found is None:
        yield weaker(
            "pictures",
            MISSING.partition(",")[0],
            without="no picture and no scan is read; all else is",
            step=MISSING.partition("; ")[2],
        )
    else:
        present = found.languages.split("+")
        lacking = [code for code in LANGUAGES if code not in present]
        if lacking:
            yield weaker(
                "pictures",
                f"tesseract reads {', '.join(present)} and not {', '.join(lacking)}",
                without="words of these languages on pictures are read badly",
                step="install " + ", ".join(f"tesseract-ocr-{one}" for one in lacking),
            )
        else:
            yield good("pictures", f"{found.extractor}, {', '.join(present)}")
    missing = [name for name in PROGRAMS if find_converter(name) is None]
    if missing:
        yield weaker(
            "old-word",
            f"not installed: {', '.join(missing)}",
            without="old Word files, or RTF, are found by their address alone",
            step=f"install {', '.join(missing)}",
        )
    else:
        yield good("old-word", f"{' and '.join(PROGRAMS)} are there")
