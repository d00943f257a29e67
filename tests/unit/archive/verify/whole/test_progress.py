"""How far a verification says it is, and how long an identity may be."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from archive.store.layout import IDENTITY_LIMIT_BYTES
from archive.store.segments.segment import list_segments
from archive.verify.reporting.report import Outcome
from archive.verify.whole import folder
from archive.verify.whole.folder import Progress, verify_archive
from tests.support.attacks.tamper import Victim


def test_an_identity_of_the_greatest_length_is_read(tmp_path: Path) -> None:
    victim = Victim.copy(tmp_path)
    os.truncate(victim.root / "archive.toml", IDENTITY_LIMIT_BYTES)
    (finding,) = victim.verify().of(Outcome.FAILED)
    assert (finding.step, finding.code) == (21, "identity-altered")
    assert "longer" not in finding.detail


def test_progress_is_told_segment_by_segment_up_to_all_bytes(tmp_path: Path) -> None:
    victim = Victim.copy(tmp_path)
    told: list[Progress] = []
    verify_archive(victim.root, trust=victim.trust, progress=told.append)
    sizes = [
        found.path.stat().st_size for found in list_segments(victim.root / "segments")
    ]
    assert told == [
        Progress(done_bytes=sum(sizes[: count + 1]), all_bytes=sum(sizes))
        for count in range(len(sizes))
    ]


def test_progress_is_told_inside_a_segment_after_so_many_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind each entry if that is wished for; a byte more than it has is too many."""
    victim = Victim.copy(tmp_path)

    def told(every: int) -> list[int]:
        shown: list[int] = []
        monkeypatch.setattr(folder, "PROGRESS_BYTES", every)
        verify_archive(
            victim.root,
            trust=victim.trust,
            progress=lambda progress: shown.append(progress.done_bytes),
        )
        return shown

    done, places = 0, []
    segments = []
    for number in range(3):
        for entry in victim.entries(number):
            done += len(entry.data)
            places.append(done)
        segments.append(done)
    assert told(1) == sorted([*places, *segments])
    step = places[1]
    sparse = told(step)
    assert sparse[0] == step
    assert set(segments) < set(sparse)
    assert all(
        end - begin >= step or end in segments for begin, end in pairwise([0, *sparse])
    )
    assert told(step + 1)[0] == places[2]
    assert told(segments[-1] + 1) == segments
