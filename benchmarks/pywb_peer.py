# ruff: noqa: S603  our own commands
"""pywb in an environment of its own: a peer, started as a program and never imported.

It is under the GPL: it runs beside us and answers over a socket. One exact version is
installed by name; nothing of ours depends on it.
"""

import subprocess
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".venv" / "peers" / "pywb"
PEER_VERSION = "pywb==2.10.0"
INSTALL_SECONDS = 600.0


def install_pywb(folder: Path = PEER) -> Path:
    """Install it once; the folder appears whole. OSError, SubprocessError if not."""
    ready = folder / "ready"
    if ready.exists() and ready.read_text() == PEER_VERSION:
        return folder
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, PEER_VERSION], check=True, timeout=INSTALL_SECONDS)
    ready.write_text(PEER_VERSION)
    return folder
