"""Jobs whose process was ended because it hung: a name in the spool for each.

`spool/stuck-JOB`, an empty file, written when the process is gone. Whoever closes the
job then says so in its closing record, and the name goes. It is nobody's word: a job
that is not open, or ended well, is not touched by it.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from archive.digest import is_short_id
from archive.files import DISK, Files

PREFIX: Final = "stuck-"


def note_stuck(spool: Path, job_id: str, files: Files = DISK) -> None:
    """Note that the process of a job hung; what is no id of a job is not noted."""
    if is_short_id(job_id):
        files.replace_with(spool / f"{PREFIX}{job_id}", ())


def stuck_jobs(spool: Path) -> frozenset[str]:
    """Jobs that were noted so."""
    names = (path.name.removeprefix(PREFIX) for path in spool.glob(f"{PREFIX}*"))
    return frozenset(filter(is_short_id, names))


def forget_stuck(spool: Path, files: Files, *, but: Collection[str] = ()) -> None:
    """Remove the names of all jobs that are closed; `but` those that are not."""
    gone = [spool / f"{PREFIX}{job}" for job in stuck_jobs(spool) if job not in but]
    if gone:
        files.remove(*gone)
