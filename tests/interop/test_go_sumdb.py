"""Trees, proofs, notes, checkpoints, a log folder: what golang.org/x/mod/sumdb says.

An implementation by other people, in another language: it gets the same leaves, notes
and vectors and a log of ours, and must say the same. It is built from tests/go/sumdb
(module pinned by version and hash). Where it is less strict than we are, the test says
where: it reads base64 that is not in its one form.
"""

import hashlib
import json
import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from archive.attest.keys.signing import Ed25519Signer, verify_ed25519
from archive.errors import (
    BadConsistencyProof,
    BadInclusionProof,
    EvidenceError,
)
from archive.files import DISK
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.log import TiledLog
from archive.log.merkle import (
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    read_root,
    root_from_hashes,
    verify_consistency,
    verify_inclusion,
)
from archive.log.note import (
    format_note,
    format_vkey,
    open_note,
    parse_vkey,
    sign_note,
)
from archive.log.tiles import format_entry_bundle
from archive.store.drafts import Draft
from tests.support.archives.archives import MadeArchive, make_archive

SOURCE = Path(__file__).parents[1] / "go" / "sumdb"
LEAVES = 300
SIGNER = Ed25519Signer.from_seed(bytes(32), name="election-evidence-archive/test")
BUILD_SECONDS = 280
TEXTS = ["a\n", "b\n\nc\n", "Сведчанне\n", f"{SIGNER.vkey.name}\n7\nAAAA\n"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked, and what the Go program answered."""

    vectors: list[dict[str, Any]]
    notes: list[bytes]
    archive: MadeArchive
    answer: dict[str, Any]


@cache
def hashes() -> list[bytes]:
    return [leaf_hash(f"leaf {n}\n".encode()) for n in range(LEAVES)]


@cache
def subtree(level: int, n: int) -> bytes:
    return root_from_hashes(hashes()[n << level : (n + 1) << level])


def read(positions: Sequence[tuple[int, int]]) -> list[bytes]:
    return [subtree(level, n) for level, n in positions]


def corpus_vectors() -> Iterator[dict[str, Any]]:
    """Those of transparency-dev, where the test material is at hand."""
    folder = Path(os.environ.get("CORPUS_DIR") or "missing") / "tlog" / "merkle"
    for path in sorted((folder / "inclusion").rglob("*.json")):
        case = json.loads(path.read_text("utf-8"))
        yield {
            "Kind": "inclusion",
            "Index": case["leafIdx"],
            "Size": case["treeSize"],
            "Leaf": case["leafHash"] or "",
            "Root": case["root"] or "",
            "Proof": case["proof"] or [],
        }
    for path in sorted((folder / "consistency").rglob("*.json")):
        case = json.loads(path.read_text("utf-8"))
        yield {
            "Kind": "consistency",
            "Old": case["size1"],
            "Size": case["size2"],
            "Leaf": case["root1"] or "",
            "Root": case["root2"] or "",
            "Proof": case["proof"] or [],
        }


def own_vectors() -> Iterator[dict[str, Any]]:
    """Good proofs, and each with one hash changed, dropped, added or moved."""
    for size, index in ((1, 0), (2, 1), (7, 6), (8, 3), (13, 12), (300, 255)):
        proof = list(prove_inclusion(index, size, read))
        base = {
            "Kind": "inclusion",
            "Index": index,
            "Size": size,
            "Leaf": text(hashes()[index]),
            "Root": text(read_root(size, read)),
        }
        for changed in mutations(proof):
            yield {**base, "Proof": [text(item) for item in changed]}
        for other in (index - 1, index + 1, -1, size, 2**40):
            yield {**base, "Index": other, "Proof": [text(item) for item in proof]}
    for old, size in ((1, 2), (3, 7), (4, 7), (6, 8), (7, 7), (255, 300), (256, 300)):
        proof = list(prove_consistency(old, size, read))
        base = {
            "Kind": "consistency",
            "Old": old,
            "Size": size,
            "Leaf": text(read_root(old, read)),
            "Root": text(read_root(size, read)),
        }
        for changed in mutations(proof):
            yield {**base, "Proof": [text(item) for item in changed]}
        for other in (old - 1, old + 1, -1, size + 1):
            yield {**base, "Old": other, "Proof": [text(item) for item in proof]}


def mutations(proof: list[bytes]) -> Iterator[list[bytes]]:
    yield proof
    yield [*proof, bytes(32)]
    yield [bytes(32), *proof]
    if proof:
        yield proof[:-1]
        yield proof[1:]
        yield [proof[0][:-1], *proof[1:]]
    if len(proof) > 1:
        yield proof[::-1]
    for place, item in enumerate(proof):
        yield [*proof[:place], bytes([item[0] ^ 1]) + item[1:], *proof[place + 1 :]]


def is_int64(vector: dict[str, Any]) -> bool:
    return all(vector.get(key, 0) < 2**63 for key in ("Index", "Old", "Size"))


def text(data: bytes) -> str:
    return b64encode(data).decode()


def notes() -> list[bytes]:
    """A good note, and every one with one bit of a byte flipped or a part cut."""
    head = Checkpoint(origin=SIGNER.vkey.name, size=7, root=read_root(7, read))
    good = format_note(sign_note(format_checkpoint(head), SIGNER))
    made = [good]
    for place in range(len(good)):
        for bit in (0, 4):
            flipped = bytearray(good)
            flipped[place] ^= 1 << bit
            made.append(bytes(flipped))
    made += [good[:end] for end in range(0, len(good), 7)]
    made += [good + b"\n", b"\n" + good, good.replace(b"\n", b"\r\n"), good * 2]
    return made


@pytest.fixture(scope="module")
def program(
    require_program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The Go program, built; not run where there is no Go or no module."""
    go = require_program("go")
    target = tmp_path_factory.mktemp("go") / "sumdb"
    done = subprocess.run(
        [go, "build", "-o", target, "."],
        cwd=SOURCE,
        env={**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    if done.returncode and "golang.org/x/mod" in done.stderr:
        pytest.skip("module: golang.org/x/mod could not be fetched")
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def asked(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """Ask once, about everything."""
    made = make_archive(tmp_path_factory.mktemp("made"))
    with made.open_writer() as writer:
        for _ in range(3):
            for _ in range(90):
                writer.state(incident())
            writer.checkpoint()
    # What is no number there (2**64 - 1) is refused here, too: test_corpus_merkle.
    vectors = [one for one in (*corpus_vectors(), *own_vectors()) if is_int64(one)]
    question = {
        "Leaves": LEAVES,
        "Vectors": vectors,
        "Notes": [
            {"Vkey": format_vkey(SIGNER.vkey), "Note": text(note)} for note in notes()
        ],
        "Texts": TEXTS,
        "Folder": str(made.root / "log"),
        "Vkey": made.identity.log_vkey,
    }
    done = subprocess.run(
        [program],
        input=json.dumps(question).encode(),
        capture_output=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr.decode()
    return Asked(
        vectors=vectors, notes=notes(), archive=made, answer=json.loads(done.stdout)
    )


def incident() -> Draft:
    """Something to log."""
    return Draft(
        kind="incident",
        slice=None,
        facts=None,
        predicate={
            "cause": "custody",
            "file": None,
            "length": None,
            "offset": None,
            "sha256": None,
            "words": "said by a test",
        },
    )


def test_K9_every_root_and_proof_of_trees_1_to_300_is_the_same(asked: Asked) -> None:
    answer = asked.answer  # this version of sumdb gives the empty tree no root
    for size in range(1, LEAVES + 1):
        root = read_root(size, read)
        assert answer["Roots"][size] == root.hex()
        inclusion, consistency = hashlib.sha256(), hashlib.sha256()
        for n in range(size):
            inclusion.update(b"".join(prove_inclusion(n, size, read)))
            consistency.update(b"".join(prove_consistency(n + 1, size, read)))
        assert answer["Inclusion"][size - 1] == inclusion.hexdigest(), size
        assert answer["Consistency"][size - 1] == consistency.hexdigest(), size


def our_verdict(vector: dict[str, Any]) -> bool:
    proof = [b64decode(item) for item in vector["Proof"]]
    leaf, root = b64decode(vector["Leaf"]), b64decode(vector["Root"])
    try:
        if vector["Kind"] == "inclusion":
            verify_inclusion(
                leaf_hash=leaf,
                index=vector["Index"],
                size=vector["Size"],
                proof=proof,
                root=root,
            )
        else:
            verify_consistency(
                old_size=vector["Old"],
                new_size=vector["Size"],
                old_root=leaf,
                new_root=root,
                proof=proof,
            )
    except (BadInclusionProof, BadConsistencyProof):
        return False
    return True


def test_vectors_and_altered_proofs_get_the_same_verdict(asked: Asked) -> None:
    ours = [our_verdict(vector) for vector in asked.vectors]
    different = [
        vector
        for vector, our, their in zip(
            asked.vectors, ours, asked.answer["Vectors"], strict=True
        )
        if our != their
    ]
    # tlog knows no tree without leaves; tlog-witness asks for its empty proof.
    assert [v for v in different if v["Kind"] != "consistency" or v["Old"] != 0] == []
    assert ours.count(True) >= 13
    assert ours.count(False) >= 90


def test_notes_get_the_same_verdict_but_for_sloppy_base64(asked: Asked) -> None:
    accepted = [0, 0]
    for note, theirs in zip(asked.notes, asked.answer["Notes"], strict=True):
        try:
            open_note(note, SIGNER.vkey, verify_ed25519)
            ours = True
        except EvidenceError:
            ours = False
        accepted[0] += ours
        accepted[1] += theirs
        assert theirs or not ours, note
        if theirs and not ours:
            encoded = note.rsplit(b" ", 1)[1].strip()
            assert b64encode(b64decode(encoded)) != encoded, note
    assert accepted[0] == 1
    assert accepted[1] <= 4


def test_notes_signed_in_go_open_here(asked: Asked) -> None:
    for made, words in zip(asked.answer["Signed"], TEXTS, strict=True):
        vkey = parse_vkey(made["Vkey"])
        assert format_vkey(vkey) == made["Vkey"]
        note = open_note(b64decode(made["Note"]), vkey, verify_ed25519)
        assert note.body == words
        assert format_note(note) == b64decode(made["Note"])


def widest(tiles: list[dict[str, str]]) -> dict[str, str]:
    """Of each tile the widest: there, all that were ever published are listed."""
    found: dict[str, tuple[int, dict[str, str]]] = {}
    for tile in tiles:
        base, _, width = tile["Path"].partition(".p/")
        rank = int(width or 256)
        if base not in found or rank > found[base][0]:
            found[base] = (rank, tile)
    return {tile["Path"]: tile["Digest"] for _rank, tile in found.values()}


def test_tiles_have_the_same_names_and_bytes(asked: Asked, tmp_path: Path) -> None:
    for size, tiles in asked.answer["Tiles"].items():
        folder = tmp_path / size
        log = TiledLog(folder, DISK)
        log.create()
        log.append_and_publish(
            [f"leaf {n}\n".encode() for n in range(int(size))],
            origin=SIGNER.vkey.name,
            signer=SIGNER,
        )
        ours = {
            path.relative_to(folder).as_posix(): hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        }
        hashed = {
            path: digest
            for path, digest in ours.items()
            if path.startswith("tile/") and not path.startswith("tile/entries")
        }
        assert widest(tiles) == hashed
        shutil.rmtree(folder)


def test_go_recomputes_the_root_of_a_real_log_from_its_files(asked: Asked) -> None:
    made = asked.archive
    log = TiledLog(made.root / "log", DISK)
    leaves = list(log.read_leaves(0, log.size))
    assert asked.answer["Size"] == log.size > 256
    root = read_root(log.size, log.hash_reader(log.size))
    assert asked.answer["Root"] == text(root)
    entries = hashlib.sha256()
    for start in range(0, len(leaves), 256):
        entries.update(format_entry_bundle(leaves[start : start + 256]))
    assert asked.answer["Entries"] == entries.hexdigest()
