"""Which entries of which log a question is about, as a command line writes them.

A number of entries is of one log. Alone it stands where one archive is searched; where
several are, it is written with the archive's id: `ID:384`. A checkpoint names its log
itself, and so does each line of a file of `--remember`: `ID 384`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from archive.errors import FormatError, SettingsError
from archive.files import DISK, Files
from archive.log.checkpoint import parse_checkpoint
from archive.log.note import MAX_NOTE_BYTES
from archive.store.layout import ArchiveIdentity

REMEMBERED_BYTES = 64 << 10
"""Of a file of `--remember`: a line an archive, over a thousand of them."""
ENTRIES_MAX = 10**12
"""More than any log has: order keys of entries up to there are numbers of an engine."""
Entries = dict[str, int]
"""How many entries of its log, by archive id."""

_NUMBER = re.compile(r"[0-9]{1,19}")
_OF_ARCHIVE = re.compile(r"([a-z2-7]{26})[: ]([0-9]{1,19})")
UPTO, SINCE = "--upto", "--new-since"


def is_file_name(written: str) -> bool:
    """Whether what stands behind `--new-since` names a file."""
    return not (_NUMBER.fullmatch(written) or _OF_ARCHIVE.fullmatch(written))


def read_upto(
    written: Sequence[str], archives: Sequence[ArchiveIdentity], indexed: Entries
) -> Entries:
    """Read `--upto`: up to which entry each archive is searched; empty without it.

    `indexed`: how many entries each index holds. SettingsError for more than that,
    which was not searched, and where an archive is left out or named twice.
    """
    if not written:
        return {}
    parts = []
    for one in written:
        if is_file_name(one):
            raise SettingsError(f"{UPTO} {one} is no number of entries, nor ID:NUMBER")
        parts.append(_numbered(UPTO, one, archives))
    found = _join(UPTO, parts, indexed)
    for archive_id, entries in found.items():
        if entries > indexed[archive_id]:
            raise SettingsError(
                f"{UPTO} {entries}: of archive {archive_id} only entries before "
                f"{indexed[archive_id]} are indexed; write that number, or run "
                "`evidence index` first"
            )
    return found


def read_since(
    written: Sequence[str], archives: Sequence[ArchiveIdentity], *, may_begin: bool
) -> Entries:
    """Read `--new-since`: how many entries were searched already; empty without it.

    Each is a number, `ID:NUMBER`, a file of `remember`, or one with a checkpoint of one
    of the logs. `may_begin`: an archive that a file says nothing of, be it because the
    file is not there yet, was searched up to entry 0. SettingsError for anything else.
    """
    if not written:
        return {}
    parts = [
        _of_file(one, archives, may_begin=may_begin)
        if is_file_name(one)
        else _numbered(SINCE, one, archives)
        for one in written
    ]
    begun = {one.archive_id: 0 for one in archives}
    return (begun if may_begin else {}) | _join(
        SINCE, parts, () if may_begin else begun
    )


def remember(path: Path, entries: Mapping[str, int]) -> None:
    """Write how far each archive was searched, whole or not at all.

    Lines of archives that were not searched this time stay as they are.
    """
    data = DISK.read(path, limit_bytes=REMEMBERED_BYTES) or b""
    kept = {**(_parse_lines(data.decode("utf-8", "replace")) or {}), **entries}
    lines = "".join(f"{name} {number}\n" for name, number in sorted(kept.items()))
    Files().replace(path, lines.encode())


def _numbered(
    option: str, written: str, archives: Sequence[ArchiveIdentity]
) -> Entries:
    named = _OF_ARCHIVE.fullmatch(written)
    if named is not None:
        return _of_searched(option, {named[1]: int(named[2])}, archives)
    if len(archives) > 1:
        forms = " ".join(f"{option} {one.archive_id}:N" for one in archives)
        raise SettingsError(
            f"{option} {written} is a number of entries of one log, and "
            f"{len(archives)} archives are searched; write {forms}"
        )
    return {archives[0].archive_id: int(written)}


def _of_searched(
    option: str, entries: Entries, archives: Sequence[ArchiveIdentity]
) -> Entries:
    known = [one.archive_id for one in archives]
    for archive_id in entries:
        if archive_id not in known:
            raise SettingsError(
                f"{option} names archive {archive_id}, which is not searched; "
                f"searched is {', '.join(known)}"
            )
    return entries


def _join(option: str, parts: Sequence[Entries], wanted: Iterable[str]) -> Entries:
    """One of several, each archive once; those `wanted` must be in it."""
    found: Entries = {}
    for part in parts:
        for archive_id in part.keys() & found.keys():
            raise SettingsError(f"{option} names archive {archive_id} twice; leave one")
        found |= {key: min(entries, ENTRIES_MAX) for key, entries in part.items()}
    for archive_id in wanted:
        if archive_id not in found:
            raise SettingsError(
                f"{option} says nothing of archive {archive_id}; "
                f"add {option} {archive_id}:N"
            )
    return found


def _of_file(
    name: str, archives: Sequence[ArchiveIdentity], *, may_begin: bool
) -> Entries:
    limit = max(REMEMBERED_BYTES, MAX_NOTE_BYTES)
    data = DISK.read(Path(name), limit_bytes=limit)
    if data is None and may_begin:
        return {}
    if data is None:
        raise SettingsError(
            f"there is no {name}; give a number of entries, a checkpoint you kept, "
            "or a file to begin with --remember"
        )
    text = data.decode("utf-8", "replace")
    if _NUMBER.fullmatch(text.strip()):
        return _nameless(name, int(text), archives)
    remembered = _parse_lines(text)
    if remembered is not None:
        ids = {one.archive_id for one in archives}
        return {key: value for key, value in remembered.items() if key in ids}
    if may_begin:
        raise SettingsError(
            f"{name} is not a file of --remember: name one of its own, or none yet"
        )
    return _of_checkpoint(name, text, archives)


def _nameless(name: str, entries: int, archives: Sequence[ArchiveIdentity]) -> Entries:
    """A number alone, as files of --remember were written when one was searched."""
    if len(archives) > 1:
        raise SettingsError(
            f"{name} holds a number and does not say of which archive; write "
            f"`ID {entries}` into it, with the id of that archive"
        )
    return {archives[0].archive_id: entries}


def _parse_lines(text: str) -> Entries | None:
    """The lines of `remember`; None where it is something else."""
    found = {}
    for line in text.splitlines():
        read = _OF_ARCHIVE.fullmatch(line)
        if read is None or ":" in line:
            return None
        found[read[1]] = int(read[2])
    return found or None


def _of_checkpoint(
    name: str, text: str, archives: Sequence[ArchiveIdentity]
) -> Entries:
    try:
        checkpoint = parse_checkpoint(text.partition("\n\n")[0] + "\n")
    except FormatError as error:
        raise SettingsError(f"{name} is neither a number nor a checkpoint") from error
    of_log = [one for one in archives if one.origin == checkpoint.origin]
    if len(of_log) == 1:
        return {of_log[0].archive_id: checkpoint.size}
    if of_log:
        raise SettingsError(
            f"{name} is of a log that {len(of_log)} of these archives name theirs; "
            f"write {SINCE} ID:{checkpoint.size}"
        )
    has = ", ".join(one.origin for one in archives)
    these = "this archive has" if len(archives) == 1 else "these archives have"
    raise SettingsError(f"{name} is of the log {checkpoint.origin}, {these} {has}")
