"""Each refusal of note, proof and tree says exactly what it found; bounds are exact.

A person who reads the sentence must know what to look at, so the words are a promise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from archive.errors import (
    BadConsistencyProof,
    BadInclusionProof,
    BadSignature,
    EvidenceError,
    LimitExceeded,
    MalformedNote,
    MalformedProof,
    UnknownAlgorithm,
    UnknownKey,
)
from archive.log.merkle import (
    EMPTY_ROOT,
    MAX_TREE_SIZE,
    leaf_hash,
    node_hash,
    prove_consistency,
    read_root,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from archive.log.note import (
    COSIGNATURE,
    ED25519,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    MAX_TIME,
    ML_DSA_44,
    NoteSignature,
    SignedNote,
    VerifierKey,
    add_signatures,
    format_note,
    format_vkey,
    key_hash,
    make_vkey,
    open_note,
    parse_note,
    parse_vkey,
    sign_note,
    verify_note,
)
from archive.log.proof import MAX_PROOF_BYTES, TlogProof, format_proof, parse_proof

Call = Callable[[], object]
HASH = bytes(32)
ROOT64 = "A" * 43 + "="
NOTE = f"log.example/one\n7\n{ROOT64}\n\n— log.example/one AAAAAAE=\n".encode()
HEAD = b"c2sp.org/tlog-proof@v1\nindex 5\n"
LINE = NoteSignature(name="a.example", key_hash=b"1234", signature=b"x")
KEY = make_vkey("a.example", ED25519, HASH)


@dataclass(frozen=True)
class Case:
    """A call, the error it raises, and the whole sentence."""

    call: Call
    error: type[EvidenceError]
    words: str


def hashes(count: int) -> tuple[bytes, ...]:
    return (HASH,) * count


def proof(index: int = 5, hashes: tuple[bytes, ...] = ()) -> TlogProof:
    return TlogProof(index=index, hashes=hashes, checkpoint_note=NOTE)


def note(body: str = "x\n", count: int = 1) -> SignedNote:
    return SignedNote(body=body, signatures=(LINE,) * count)


def vkey(**changes: object) -> VerifierKey:
    values: dict[str, object] = {
        "name": "a.example",
        "algorithm": ED25519,
        "public_key": HASH,
    }
    values |= changes
    if "key_hash" not in values:
        values["key_hash"] = key_hash(*values.values())  # type: ignore[arg-type]
    return VerifierKey(**values)  # type: ignore[arg-type]


def nothing(_key: bytes, _signature: bytes, _message: bytes) -> None:
    """Every signature holds."""


def signed(signature: bytes, key: VerifierKey = KEY) -> SignedNote:
    line = NoteSignature(name=key.name, key_hash=key.key_hash, signature=signature)
    return SignedNote(body="x\n", signatures=(line,))


COSIGNER = make_vkey("a.example", COSIGNATURE, HASH)
DILITHIUM = make_vkey("a.example", ML_DSA_44, bytes(1312))
LATE = (MAX_TIME + 1).to_bytes(8, "big") + bytes(64)
ONE, TWO = leaf_hash(b"1"), leaf_hash(b"2")
PAIR = node_hash(ONE, TWO)

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
    "name": Case(
        lambda: NoteSignature(name="a b", key_hash=b"1234", signature=b"x"),
        MalformedNote,
        "not a key name: 'a b'",
    ),
    "name-control": Case(
        lambda: NoteSignature(name="a\x1f", key_hash=b"1234", signature=b"x"),
        MalformedNote,
        "not a key name: 'a\\x1f'",
    ),
    "name-surrogate": Case(
        lambda: NoteSignature(name="a\ud800", key_hash=b"1234", signature=b"x"),
        MalformedNote,
        "not UTF-8: 'a\\ud800'",
    ),
    "key-hash": Case(
        lambda: NoteSignature(name="a", key_hash=b"123", signature=b"x"),
        MalformedNote,
        "a signature of 'a' is too short",
    ),
    "no-signature": Case(
        lambda: NoteSignature(name="a", key_hash=b"1234", signature=b""),
        MalformedNote,
        "a signature of 'a' is too short",
    ),
    "body-surrogate": Case(
        lambda: note("\ud800\n"), MalformedNote, "not UTF-8: '\\ud800\\n'"
    ),
    "body-end": Case(
        lambda: note("x"), MalformedNote, "the text of a note ends with a newline"
    ),
    "body-control": Case(
        lambda: note("x\x1f\n"), MalformedNote, "a note holds a control character"
    ),
    "no-lines": Case(
        lambda: note(count=0), MalformedNote, "a note has 1 to 64 signatures"
    ),
    "lines": Case(
        lambda: note(count=65), MalformedNote, "a note has 1 to 64 signatures"
    ),
    "vkey-name": Case(lambda: vkey(name="a+b"), MalformedNote, "not a key name: 'a+b'"),
    "vkey-surrogate": Case(
        lambda: vkey(name="\ud800", key_hash=b"1234"),
        MalformedNote,
        "not UTF-8: '\\ud800'",
    ),
    "vkey-algorithm": Case(
        lambda: vkey(algorithm=9),
        UnknownAlgorithm,
        "signature type 9 of a.example",
    ),
    "vkey-length": Case(
        lambda: vkey(public_key=bytes(31)),
        MalformedNote,
        "the public key of a.example has a wrong length",
    ),
    "vkey-hash": Case(
        lambda: vkey(key_hash=b"1234"),
        MalformedNote,
        "the key id of a.example is not that of its key",
    ),
    "vkey-parts": Case(
        lambda: parse_vkey("a+12345678"),
        MalformedNote,
        "not a verifier key: 'a+12345678'",
    ),
    "vkey-id": Case(
        lambda: parse_vkey("a+1234567G+AAAA"),
        MalformedNote,
        "not a key id of eight hex digits: '1234567G'",
    ),
    "vkey-id-long": Case(
        lambda: parse_vkey("a+123456789+AAAA"),
        MalformedNote,
        "not a key id of eight hex digits: '123456789'",
    ),
    "vkey-id-letter": Case(
        lambda: parse_vkey("a+1234567X+AAAA"),
        MalformedNote,
        "not a key id of eight hex digits: '1234567X'",
    ),
    "vkey-base64": Case(
        lambda: parse_vkey("a+12345678+?"), MalformedNote, "not base64: '?'"
    ),
    "vkey-empty": Case(
        lambda: parse_vkey("a+12345678+"),
        MalformedNote,
        "a verifier key without key: 'a+12345678+'",
    ),
    "note-long": Case(
        lambda: parse_note(bytes(MAX_NOTE_BYTES + 1)),
        LimitExceeded,
        f"a note of more than {MAX_NOTE_BYTES} bytes",
    ),
    "note-utf8": Case(
        lambda: parse_note(b"ab\xff"), MalformedNote, "byte 2 of a note is not UTF-8"
    ),
    "note-no-blank-line": Case(
        lambda: parse_note(b"x\n"),
        MalformedNote,
        "a note is text, an empty line and signature lines",
    ),
    "note-open-end": Case(
        lambda: parse_note("x\n\n— a.example AAAAAAE=".encode()),
        MalformedNote,
        "a note is text, an empty line and signature lines",
    ),
    "note-line": Case(
        lambda: parse_note(b"x\n\n- a.example AAAAAAE=\n"),
        MalformedNote,
        "not a signature line: '- a.example AAAAAAE='",
    ),
    "note-line-base64": Case(
        lambda: parse_note("x\n\n— a.example ?\n".encode()),
        MalformedNote,
        "not base64: '?'",
    ),
    "note-written-long": Case(
        lambda: format_note(note("x" * MAX_NOTE_BYTES + "\n")),
        LimitExceeded,
        f"a note of more than {MAX_NOTE_BYTES} bytes",
    ),
    "no-key": Case(
        lambda: verify_note(note(), KEY, nothing),
        UnknownKey,
        f"no signature of a.example ({KEY.key_hash.hex()})",
    ),
    "signature-length": Case(
        lambda: verify_note(signed(bytes(63)), KEY, nothing),
        BadSignature,
        "the signature of a.example has a wrong length",
    ),
    "signature-type": Case(
        lambda: verify_note(signed(bytes(64), DILITHIUM), DILITHIUM, nothing),
        UnknownAlgorithm,
        "signature type 6 of a.example",
    ),
    "cosignature-time": Case(
        lambda: verify_note(signed(LATE, COSIGNER), COSIGNER, nothing),
        BadSignature,
        "the cosignature of a.example is of no possible time",
    ),
    "inclusion-outside": Case(
        lambda: verify_inclusion(leaf_hash=ONE, index=2, size=2, proof=(), root=PAIR),
        BadInclusionProof,
        "leaf 2 is not within [0, 2)",
    ),
    "inclusion-hash": Case(
        lambda: verify_inclusion(
            leaf_hash=ONE, index=0, size=2, proof=(b"",), root=PAIR
        ),
        BadInclusionProof,
        "a hash or root is not of 32 bytes",
    ),
    "inclusion-length": Case(
        lambda: verify_inclusion(leaf_hash=ONE, index=0, size=2, proof=(), root=PAIR),
        BadInclusionProof,
        "0 hashes in the proof, not 1",
    ),
    "inclusion-root": Case(
        lambda: verify_inclusion(
            leaf_hash=ONE, index=0, size=2, proof=(TWO,), root=HASH
        ),
        BadInclusionProof,
        "leaf 0 of [0, 2): another root",
    ),
    "subtree-inclusion-outside": Case(
        lambda: verify_subtree_inclusion(
            leaf_hash=ONE, index=1, subtree=(2, 4), proof=(), root=PAIR
        ),
        BadInclusionProof,
        "leaf 1 is not within [2, 4)",
    ),
    "empty-proof": Case(
        lambda: verify_consistency(
            old_size=0, new_size=2, proof=(HASH,), old_root=EMPTY_ROOT, new_root=PAIR
        ),
        BadConsistencyProof,
        "from size 0: the proof and the old tree are empty",
    ),
    "empty-old-root": Case(
        lambda: verify_consistency(
            old_size=0, new_size=2, proof=(), old_root=HASH, new_root=PAIR
        ),
        BadConsistencyProof,
        "from size 0: the proof and the old tree are empty",
    ),
    "empty-new-root": Case(
        lambda: verify_consistency(
            old_size=0, new_size=0, proof=(), old_root=EMPTY_ROOT, new_root=PAIR
        ),
        BadConsistencyProof,
        "a tree without leaves has one root only",
    ),
    "no-subtree": Case(
        lambda: verify_subtree_consistency(
            subtree=(1, 3), size=4, proof=(), subtree_root=HASH, root=HASH
        ),
        BadConsistencyProof,
        "[1, 3) is no subtree of size 4",
    ),
    "consistency-hash": Case(
        lambda: verify_consistency(
            old_size=1, new_size=2, proof=(b"",), old_root=ONE, new_root=PAIR
        ),
        BadConsistencyProof,
        "a hash or root is not of 32 bytes",
    ),
    "consistency-length": Case(
        lambda: verify_consistency(
            old_size=1, new_size=2, proof=(), old_root=ONE, new_root=PAIR
        ),
        BadConsistencyProof,
        "0 hashes in the proof, not 1",
    ),
    "another-old-root": Case(
        lambda: verify_subtree_consistency(
            subtree=(0, 3),
            size=4,
            proof=(TWO, ONE, PAIR),
            subtree_root=HASH,
            root=HASH,
        ),
        BadConsistencyProof,
        "[0, 3) of size 4: another old root",
    ),
    "another-new-root": Case(
        lambda: verify_consistency(
            old_size=1, new_size=2, proof=(TWO,), old_root=ONE, new_root=HASH
        ),
        BadConsistencyProof,
        "[0, 1) of size 2: another new root",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_refusal_says_exactly_what_it_found(name: str) -> None:
    case = CASES[name]
    with pytest.raises(case.error) as caught:
        case.call()
    assert str(caught.value) == case.words
    assert type(caught.value) is case.error


# Bounds: the last value that is allowed is allowed


def test_the_longest_proof_and_note_are_read_and_written() -> None:
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
    rest = len(format_note(note("x\n")))
    longest = note("x" * (MAX_NOTE_BYTES - rest + 1) + "\n")
    assert len(format_note(longest)) == MAX_NOTE_BYTES
    assert parse_note(format_note(longest)) == longest


def test_as_many_lines_as_are_allowed_are_read() -> None:
    most = note(count=MAX_SIGNATURES)
    assert parse_note(format_note(most)) == most
    more = format_note(most) + "— a.example MTIzNHg=\n".encode()
    with pytest.raises(MalformedNote, match="1 to 64 signatures"):
        parse_note(more)


def test_the_latest_time_of_a_cosignature_is_read() -> None:
    seen: list[bytes] = []
    latest = MAX_TIME.to_bytes(8, "big") + bytes(64)
    verify_note(
        signed(latest, COSIGNER), COSIGNER, lambda _key, _sig, text: seen.append(text)
    )
    assert seen == [f"cosignature/v1\ntime {MAX_TIME}\nx\n".encode()]


def test_what_is_verified_is_key_signature_and_text() -> None:
    seen: list[tuple[bytes, bytes, bytes]] = []

    def verify(*given: bytes) -> None:
        seen.append(given)  # type: ignore[arg-type]

    data = format_note(signed(b"s" * 64))
    assert open_note(data, KEY, verify) == signed(b"s" * 64)
    assert seen == [(KEY.public_key, b"s" * 64, b"x\n")]


def test_a_key_with_a_plus_in_its_base64_is_read() -> None:
    """The material begins with the algorithm; what follows may hold any letter."""
    key = make_vkey("a.example", ED25519, b"\0\0\xfb\xef\xbe" + bytes(27))
    text = format_vkey(key)
    assert text.count("+") > 2
    assert parse_vkey(text) == key


def test_lines_are_added_behind_and_each_key_keeps_its_last() -> None:
    other = NoteSignature(name="b.example", key_hash=b"1234", signature=b"y")
    again = NoteSignature(name="a.example", key_hash=b"1234", signature=b"z")
    added = add_signatures(note(), (other, again))
    assert added.body == "x\n"
    assert added.signatures == (again, other)


@dataclass
class Signer:
    """Signs with as many bytes as it is told."""

    vkey: VerifierKey
    length: int = 64

    def sign(self, message: bytes) -> bytes:
        assert message == b"x\n"
        return b"s" * self.length


def test_a_signer_that_breaks_its_promise_is_our_own_mistake() -> None:
    assert sign_note("x\n", Signer(KEY)) == signed(b"s" * 64)
    with pytest.raises(AssertionError, match=r"^a log signs with Ed25519$"):
        sign_note("x\n", Signer(COSIGNER))
    with pytest.raises(AssertionError, match=r"^not an Ed25519 signature$"):
        sign_note("x\n", Signer(KEY, 63))


def test_a_tree_of_the_largest_size_is_a_tree() -> None:
    def zeros(asked: Sequence[tuple[int, int]]) -> list[bytes]:
        return [HASH for _ in asked]

    assert prove_consistency(0, MAX_TREE_SIZE, zeros) == ()
    assert len(read_root(MAX_TREE_SIZE, zeros)) == 32
    verify_consistency(
        old_size=0,
        new_size=MAX_TREE_SIZE,
        proof=(),
        old_root=EMPTY_ROOT,
        new_root=HASH,
    )
    with pytest.raises(AssertionError, match="outside the tree"):
        read_root(MAX_TREE_SIZE + 1, zeros)
