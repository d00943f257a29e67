"""Make tests/vectors/merkle.json from the recursive definitions of RFC 6962.

Written from the text of sections 2.1, 2.1.1 and 2.1.2 alone; it shares no code with
`archive.log`, so both being wrong in the same way is unlikely. Leaf i is the decimal
number i. Run: `python tests/make/merkle_vectors.py` (deterministic; no arguments).

The JSON holds each hash once and proofs as numbers of hashes:
`roots[n]`, `inclusion[n][m]`, `consistency[n][m]` for trees of n leaves, then
`rejects`: cases (name, why, kind, arguments) that a verifier has to refuse.
"""

import hashlib
import json
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

LARGEST_TREE = 40
"""Leaves of the largest tree in the file; the unit test goes to 300 in memory."""
TARGET = Path(__file__).resolve().parent.parent / "vectors" / "merkle.json"


def leaf(i: int) -> bytes:
    """Give the data of leaf i."""
    return str(i).encode()


@cache
def mth(first: int, end: int) -> bytes:
    """Compute MTH(D[first:end]), section 2.1."""
    n = end - first
    if n == 0:
        return hashlib.sha256().digest()
    if n == 1:
        return hashlib.sha256(b"\0" + leaf(first)).digest()
    k = split(n)
    left, right = mth(first, first + k), mth(first + k, end)
    return hashlib.sha256(b"\1" + left + right).digest()


def split(n: int) -> int:
    """Find the largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m: int, first: int, end: int) -> list[bytes]:
    """Compute PATH(m, D[first:end]), section 2.1.1."""
    n = end - first
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, first, first + k), mth(first + k, end)]
    return [*path(m - k, first + k, end), mth(first, first + k)]


def proof(m: int, n: int) -> list[bytes]:
    """Compute PROOF(m, D[n]) for 0 < m <= n, section 2.1.2."""
    return subproof(m, 0, n, complete=True)


def subproof(m: int, first: int, end: int, *, complete: bool) -> list[bytes]:
    """Compute SUBPROOF(m, D[first:end], complete), section 2.1.2."""
    n = end - first
    if m == n:
        return [] if complete else [mth(first, end)]
    k = split(n)
    if m <= k:
        inner = subproof(m, first, first + k, complete=complete)
        return [*inner, mth(first + k, end)]
    inner = subproof(m - k, first + k, end, complete=False)
    return [*inner, mth(first, first + k)]


class Table:
    """Numbers hashes in the order of their first use."""

    def __init__(self) -> None:
        self.numbers: dict[bytes, int] = {}

    def number(self, item: bytes) -> int:
        """Give the number of a hash."""
        return self.numbers.setdefault(item, len(self.numbers))

    def row(self, items: list[bytes]) -> list[int]:
        """Give the numbers of several hashes."""
        return [self.number(item) for item in items]


def make_rejects(table: Table) -> list[dict[str, Any]]:
    """Break good proofs in every way that the arithmetic has to notice."""
    cases: list[dict[str, Any]] = []
    for m, n in ((0, 1), (0, 2), (1, 2), (2, 3), (4, 7), (7, 8), (11, 13), (32, 40)):
        good = {
            "leaf_hash": table.number(mth(m, m + 1)),
            "index": m,
            "size": n,
            "proof": table.row(path(m, 0, n)),
            "root": table.number(mth(0, n)),
        }
        for name, change in broken("inclusion", good, table):
            cases.append({"kind": "inclusion", "name": f"{m} of {n}: {name}", **change})
    for m, n in ((1, 2), (2, 3), (3, 4), (4, 4), (4, 7), (6, 8), (7, 13), (32, 40)):
        good = {
            "old_size": m,
            "new_size": n,
            "old_root": table.number(mth(0, m)),
            "new_root": table.number(mth(0, n)),
            "proof": table.row(proof(m, n)),
        }
        for name, change in broken("consistency", good, table):
            cases.append(
                {"kind": "consistency", "name": f"{m} to {n}: {name}", **change}
            )
    return cases


def broken(
    kind: str, good: dict[str, Any], table: Table
) -> list[tuple[str, dict[str, Any]]]:
    """Give each way to break one good case: name, then why and arguments."""
    foreign = table.number(hashlib.sha256(b"in no tree").digest())
    listed = good["proof"]
    why = "the number of hashes follows from the sizes"
    found = [
        ("a hash too many", why, {"proof": [*listed, foreign]}),
        ("a foreign hash in front", why, {"proof": [foreign, *listed]}),
        ("the root once more", why, {"proof": [*listed, good[last_root(kind)]]}),
    ]
    if listed:
        found.append(("last hash missing", why, {"proof": listed[:-1]}))
        found.append(("first hash missing", why, {"proof": listed[1:]}))
        found.append(("no proof", why, {"proof": []}))
    for at in range(len(listed)):
        changed = [*listed[:at], foreign, *listed[at + 1 :]]
        found.append((f"hash {at} replaced", "it is hashed in", {"proof": changed}))
    for at in range(len(listed) - 1):
        swapped = [*listed[:at], listed[at + 1], listed[at], *listed[at + 2 :]]
        found.append((f"hash {at} swapped", "order counts", {"proof": swapped}))
    found += broken_arguments(kind, good, foreign)
    return [(name, {**good, **change, "why": why}) for name, why, change in found]


def last_root(kind: str) -> str:
    """Name the root at which a proof of that kind ends."""
    return "root" if kind == "inclusion" else "new_root"


def broken_arguments(
    kind: str, good: dict[str, Any], foreign: int
) -> list[tuple[str, str, dict[str, Any]]]:
    """Give the ways that leave the proof itself alone."""
    if kind == "inclusion":
        return [
            ("another leaf", "it is hashed in", {"leaf_hash": foreign}),
            ("another root", "the climb ends elsewhere", {"root": foreign}),
            ("index of the size", "there is no such leaf", {"index": good["size"]}),
            ("index below zero", "there is no such leaf", {"index": -1}),
            ("index too large by 2**60", "no such leaf", {"index": 2**60}),
            ("size zero", "there is no such leaf", {"size": 0}),
            ("size below zero", "there is no such tree", {"size": -1}),
            ("size beyond all bounds", "of 15 digits at most", {"size": 10**15}),
        ]
    cases = [
        ("another old root", "it is recomputed", {"old_root": foreign}),
        ("another new root", "it is recomputed", {"new_root": foreign}),
        ("size below zero", "there is no such tree", {"old_size": -1}),
        ("size beyond all bounds", "of 15 digits at most", {"new_size": 10**15}),
        ("from nothing", "an empty tree has another root", {"old_size": 0}),
        ("shrinks", "a log only grows", {"old_size": good["new_size"] + 1}),
    ]
    if good["old_root"] != good["new_root"]:
        swapped = {"old_root": good["new_root"], "new_root": good["old_root"]}
        cases.append(("roots swapped", "each belongs to its size", swapped))
    return cases


def make_vectors() -> dict[str, Any]:
    """Put the whole file together."""
    table = Table()
    sizes = range(LARGEST_TREE + 1)
    vectors: dict[str, Any] = {
        "leaves": "leaf i is the decimal number i, ASCII",
        "roots": [table.number(mth(0, n)) for n in sizes],
        "leaf_hashes": [table.number(mth(i, i + 1)) for i in range(LARGEST_TREE)],
        "inclusion": [[table.row(path(m, 0, n)) for m in range(n)] for n in sizes],
        "consistency": [
            [[] if m == 0 else table.row(proof(m, n)) for m in range(n + 1)]
            for n in sizes
        ],
        "rejects": make_rejects(table),
    }
    return {"hashes": [b64encode(item).decode() for item in table.numbers], **vectors}


def format_vectors() -> str:
    """Write the file: one list or case a line, so that a change can be read."""
    parts: list[str] = []
    for key, value in make_vectors().items():
        if isinstance(value, list):
            rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in value)
            parts.append(f"{json.dumps(key)}: [\n{rows}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    TARGET.write_text(format_vectors(), encoding="utf-8")
