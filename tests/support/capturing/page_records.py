"""What a browser's capture of a page left behind."""

import subprocess
from dataclasses import dataclass
from typing import Any

from archive.capture import Capture
from archive.warc.reading import ReadRecord
from tests.support.programs.command import Command
from tests.support.servers.browser_site import BrowserSite


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What an archive holds, read back."""

    blocks: list[tuple[bytes, bytes]]
    """Request and response of every exchange, interim heads first."""
    captures: list[Capture]
    metadata: list[dict[str, Any]]
    pages: list[tuple[Capture, dict[str, ReadRecord]]]
    """Each page capture with its records by `TYPE:target_uri`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedPage:
    """The page of many parts after `capture --page`, for tests that only look."""

    site: BrowserSite
    evidence: Command
    records: Records
    done: "subprocess.CompletedProcess[str]"
