"""Each refusal of a proof says exactly what it found; bounds are exact.

A person who reads the sentence must know what to look at, so the words are a promise.
"""

import pytest

from archive.errors import (
    LimitExceeded,
    MalformedProof,
)
from archive.log.proof import MAX_PROOF_BYTES, TlogProof, format_proof, parse_proof
from tests.support.judging.refusals import Case

HASH = bytes(32)
ROOT64 = "A" * 43 + "="
NOTE = f"log.example/one\n7\n{ROOT64}\n\n— log.example/one AAAAAAE=\n".encode()
HEAD = b"c2sp.org/tlog-proof@v1\nindex 5\n"


def hashes(count: int) -> tuple[bytes, ...]:
    return (HASH,) * count


def proof(index: int = 5, hashes: tuple[bytes, ...] = ()) -> TlogProof:
    return TlogProof(index=index, hashes=hashes, checkpoint_note=NOTE)


CASES = {
    "proof-index": Case(
        lambda: proof(index=10**15 - 1),
        MalformedProof,
        "index 999999999999999 is out of bounds",
    ),
    "proof-index-negative": Case(
        lambda: proof(index=-1), MalformedProof, "index -1 is out of bounds"
    ),
    "proof-hashes": Case(
        lambda: proof(hashes=hashes(64)),
        LimitExceeded,
        "a proof of more than 63 hashes",
    ),
    "proof-hash": Case(
        lambda: proof(hashes=(HASH, b"")),
        MalformedProof,
        "a proof holds a hash not of 32 bytes",
    ),
    "proof-long": Case(
        lambda: parse_proof(bytes(MAX_PROOF_BYTES + 1)),
        LimitExceeded,
        f"a proof of more than {MAX_PROOF_BYTES} bytes",
    ),
    "proof-no-blank-line": Case(
        lambda: parse_proof(b"x"),
        MalformedProof,
        "a proof is ASCII lines, an empty line and a checkpoint",
    ),
    "proof-no-ascii": Case(
        lambda: parse_proof("ж\n\n".encode() + NOTE),
        MalformedProof,
        "a proof is ASCII lines, an empty line and a checkpoint",
    ),
    "proof-header": Case(
        lambda: parse_proof(b"tlog\nindex 5\n\n" + NOTE),
        MalformedProof,
        "not a proof of c2sp.org/tlog-proof@v1: 'tlog'",
    ),
    "proof-no-lines": Case(
        lambda: parse_proof(b"c2sp.org/tlog-proof@v1\n\n" + NOTE),
        MalformedProof,
        "no index in the second line: ''",
    ),
    "proof-no-index": Case(
        lambda: parse_proof(b"c2sp.org/tlog-proof@v1\nind\nmore\n\n" + NOTE),
        MalformedProof,
        "no index in the second line: 'ind'",
    ),
    "proof-number": Case(
        lambda: parse_proof(b"c2sp.org/tlog-proof@v1\nindex 05\n\n" + NOTE),
        MalformedProof,
        "not a number of at most 15 digits: '05'",
    ),
    "proof-base64": Case(
        lambda: parse_proof(HEAD + b"?\n\n" + NOTE),
        MalformedProof,
        "not base64: '?'",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_says_exactly_what_it_found(case: Case) -> None:
    case.check()


# Bounds: the last value that is allowed is allowed


def test_the_longest_proof_is_read_and_written() -> None:
    assert proof(index=10**15 - 2).index == 10**15 - 2
    assert proof(index=0).index == 0
    head = HEAD + b"".join(ROOT64.encode() + b"\n" for _ in range(63))
    filler = b"x" * (MAX_PROOF_BYTES - len(head) - 1 - len(NOTE))
    data = head + b"\n" + filler + NOTE
    assert len(data) == MAX_PROOF_BYTES
    with_bound = parse_proof(data)
    assert format_proof(with_bound) == data
    longer = TlogProof(index=10, hashes=hashes(63), checkpoint_note=filler + NOTE)
    with pytest.raises(LimitExceeded, match=r"^a proof of more than"):
        format_proof(longer)
