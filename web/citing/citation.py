"""Citation: text, BibTeX, RIS, CSL-JSON, PWID, HTML link of one capture (pure).

A function of the capture, the checkpoint it names and the link base: whoever has the
same archive generates the same bytes, so checking a citation is generating it again.
The time of capture and the date a page claims are never mixed.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from html import escape

from archive.digest import Digest
from archive.instant import format_instant

CLOCK = "operator's clock"
IMPORTED = "as an imported file says; not by this archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What a citation says."""

    capture_id: str
    """64 hex digits: SHA-256 of the slice."""
    target_uri: str
    captured_at: datetime
    title: str
    """As the page gave it; empty where it gave none."""
    clock: str
    """By whose word the time is what it is."""
    publisher: str
    """Source name or id; empty where none is known."""
    claimed: str
    """The date the page claims, as read; empty where none was read."""
    reservations: tuple[str, ...]
    """What is missing or unusual: without it a failure would read like a page."""
    archive_name: str
    origin: str
    """Origin of the log."""
    leaf: int
    checkpoint_size: int | None
    """Tree size of the checkpoint named; None before there is one."""
    checkpoint_root: str | None
    """Root of that tree, base64."""
    headline: str
    """First line of the report: who stands behind the capture."""
    link_base: str | None
    """Public address of the archive; None: the id stands alone."""

    @property
    def short_id(self) -> str:
        """26 letters."""
        return Digest(self.capture_id).short_id

    @property
    def permalink(self) -> str | None:
        """The permanent address, where a public one is known."""
        if self.link_base is None:
            return None
        return f"{self.link_base.rstrip('/')}/c/{self.short_id}"


def _one_line(text: str) -> str:
    """White space of any kind becomes one space; control characters go."""
    return " ".join(
        "".join(letter if letter.isprintable() else " " for letter in text).split()
    )


def _day(moment: datetime) -> str:
    return format_instant(moment)[:10]


def _second(moment: datetime) -> str:
    return format_instant(moment)[:19].replace("T", " ") + " UTC"


def _proof(citation: Citation) -> str:
    where = f"log {citation.origin}, entry {citation.leaf}"
    if citation.checkpoint_size is None:
        return f"{where}, no checkpoint yet"
    return (
        f"{where}, checkpoint of size {citation.checkpoint_size}, "
        f"root {citation.checkpoint_root}"
    )


def format_text(citation: Citation) -> str:
    """One paragraph for a footnote."""
    parts = []
    if citation.publisher:
        parts.append(f"{_one_line(citation.publisher)}.")
    title = _one_line(citation.title)
    if title:
        parts.append(f"“{title}”.")
    parts.append(f"{citation.target_uri}.")
    parts.append(f"Captured {_second(citation.captured_at)} ({citation.clock}).")
    parts += [f"{_one_line(words)}." for words in citation.reservations]
    if citation.claimed:
        parts.append(f"Date on the page: {_one_line(citation.claimed)} (not checked).")
    parts.append(
        f"{_one_line(citation.archive_name)} (web archive), "
        f"capture {citation.short_id}."
    )
    if citation.permalink is not None:
        parts.append(f"{citation.permalink}.")
    parts.append(f"Slice sha256:{citation.capture_id}; {_proof(citation)}.")
    if citation.headline:
        parts.append(f"{_one_line(citation.headline)}.")
    return " ".join(parts)


_BIBTEX_ESCAPES = {
    "\\": "\\textbackslash{}",
    "{": "\\{",
    "}": "\\}",
    "$": "\\$",
    "&": "\\&",
    "#": "\\#",
    "%": "\\%",
    "_": "\\_",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}


def _bibtex(text: str) -> str:
    return "".join(_BIBTEX_ESCAPES.get(letter, letter) for letter in _one_line(text))


def _bibtex_address(address: str) -> str:
    """Addresses stay as they are but for braces, which would end the field."""
    return address.replace("{", "%7B").replace("}", "%7D")


def format_bibtex(citation: Citation) -> str:
    """One `@online` entry for biblatex."""
    fields = [
        ("title", f"{{{_bibtex(citation.title or citation.target_uri)}}}"),
        (
            "organization",
            f"{{{_bibtex(citation.publisher)}}}" * bool(citation.publisher),
        ),
        ("url", _bibtex_address(citation.permalink or citation.target_uri)),
        ("urldate", _day(citation.captured_at)),
        ("eprinttype", _bibtex(citation.archive_name)),
        ("eprint", citation.short_id),
        ("note", _bibtex(_note(citation))),
    ]
    lines = [f"  {name} = {{{value}}}," for name, value in fields if value]
    return "\n".join([f"@online{{capture-{citation.short_id},", *lines, "}", ""])


def format_ris(citation: Citation) -> str:
    """One record of type ELEC; lines end in CR LF as the format asks."""
    fields = [
        ("TY", "ELEC"),
        ("TI", _one_line(citation.title) or citation.target_uri),
        ("PB", _one_line(citation.publisher)),
        ("UR", citation.permalink or citation.target_uri),
        ("Y2", _day(citation.captured_at).replace("-", "/")),
        ("DB", _one_line(citation.archive_name)),
        ("AN", citation.short_id),
        ("N1", _note(citation)),
    ]
    lines = [f"{tag}  - {value}" for tag, value in fields if value]
    return "\r\n".join([*lines, "ER  - ", ""])


def format_csl(citation: Citation) -> str:
    """CSL-JSON, one item of type webpage in a list."""
    day = citation.captured_at
    item: dict[str, object] = {
        "id": citation.short_id,
        "type": "webpage",
        "title": _one_line(citation.title) or citation.target_uri,
        "URL": citation.permalink or citation.target_uri,
        "accessed": {"date-parts": [[day.year, day.month, day.day]]},
        "archive": _one_line(citation.archive_name),
        "archive_location": citation.short_id,
        "note": _note(citation),
    }
    if citation.publisher:
        item["publisher"] = _one_line(citation.publisher)
    return json.dumps([item], ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def format_pwid(citation: Citation) -> str:
    """The persistent web identifier; the archive is named by its log's origin."""
    archive = citation.origin.rsplit("/", 1)[-1]
    moment = format_instant(citation.captured_at)[:19] + "Z"
    return f"urn:pwid:{archive}:{moment}:part:{citation.target_uri}"


def format_html(citation: Citation) -> str:
    """A Robust Link: the live address, and beside it where the capture is kept."""
    attributes = [
        ("href", citation.permalink or citation.target_uri),
        ("data-originalurl", citation.target_uri),
        ("data-versionurl", citation.permalink or ""),
        ("data-versiondate", _day(citation.captured_at)),
        ("title", f"Capture {citation.short_id}; {_note(citation)}"),
    ]
    written = " ".join(
        f'{name}="{escape(value)}"' for name, value in attributes if value
    )
    title = escape(_one_line(citation.title) or citation.target_uri)
    return f"<a {written}>{title}</a>\n"


def _note(citation: Citation) -> str:
    """Address, reservations, claimed date and proof, in one free field."""
    parts = [f"Original address: {citation.target_uri}"]
    parts.append(f"captured {_second(citation.captured_at)} ({citation.clock})")
    parts += [_one_line(words) for words in citation.reservations]
    if citation.claimed:
        parts.append(f"date on the page: {_one_line(citation.claimed)} (not checked)")
    parts.append(f"slice sha256:{citation.capture_id}")
    parts.append(_proof(citation))
    if citation.headline:
        parts.append(_one_line(citation.headline))
    return "; ".join(parts)


FORMATS = {
    "text": format_text,
    "bibtex": format_bibtex,
    "ris": format_ris,
    "csl": format_csl,
    "pwid": format_pwid,
    "html": format_html,
}
"""Name of a format -> the function that writes it."""
