"""What lies in a folder: all its bytes, and the segment that is written to."""

from pathlib import Path


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder, by its path from there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def open_segment(root: Path) -> Path:
    """The one `.open` file of an archive. ValueError: there is none, or several."""
    (path,) = (root / "segments").rglob("*.open")
    return path
