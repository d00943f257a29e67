"""`sign` and `list --waiting` where something that waits was changed on the disk."""

import json
from collections.abc import Callable

from archive.errors import KeyProblem
from archive.store.waiting.files import list_waiting
from archive.store.waiting.reading import read_waiting
from archive.store.waiting.waiting import WaitingWriter
from tests.support.archives.archives import MadeArchive, fill
from tests.support.programs.inside import Done

Evidence = Callable[..., Done]


def damaged(made: MadeArchive) -> str:
    """Two captures wait, the first one is damaged; gives the words for its place."""
    writer = WaitingWriter.open(
        made.root, reason=KeyProblem("no key"), random_bytes=made.random_bytes
    )
    fill(writer, made, 2, job=False)
    writer.close()
    (file,) = list_waiting(made.root / "spool")
    data = bytearray(file.path.read_bytes())
    first = next(iter(read_waiting(file.path)))
    data[30] ^= 1
    file.path.write_bytes(bytes(data))
    return f"waiting-00000000.drafts: its {first.end_bytes - 20} bytes from byte 20"


def test_A43_damage_is_named_the_rest_is_signed_and_the_code_is_3(
    made: MadeArchive, evidence: Evidence
) -> None:
    place = damaged(made)
    listed = evidence("list", "--waiting", "--json")
    assert (listed.code, len(listed.out.splitlines())) == (3, 1)
    assert place in listed.err
    signed = evidence("sign", "--yes", "--json")
    assert signed.code == 3
    assert place in signed.err
    assert "1 entries signed" in signed.err
    assert "an incident says so" in signed.err
    (row,) = [json.loads(line) for line in evidence("list", "--json").out.splitlines()]
    assert row["id"] == json.loads(signed.out)["id"]
    assert evidence("verify").code == 0
    assert evidence("sign").code == 0
