"""What a person reads first of a report on what failed."""

from collections.abc import Callable

from tests.support.archives.archives import MadeArchive
from tests.support.disk.folders import open_segment
from tests.support.programs.inside import Done

Evidence = Callable[..., Done]


def test_no_time_stands_above_the_verdict_of_what_failed(
    made: MadeArchive, evidence: Evidence
) -> None:
    (capture,) = made.fill(1)
    says = "one witness: the operator; no independent time"
    sound = evidence("verify").out.splitlines()
    assert sound[0] == says
    assert sound[1].startswith("VERIFIED ")
    path = open_segment(made.root)
    data = bytearray(path.read_bytes())
    data[capture.location.offset_bytes + 40] ^= 1
    path.write_bytes(bytes(data))
    failed = evidence("verify").out.splitlines()
    assert failed[0].startswith("FAILED ")
    assert failed[1] == f"of what holds: {says}"
