"""The rules of a witness, one by one, as tlog-witness states them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from archive.attest.keys.signing import Ed25519Signer, WitnessSigner, verify_ed25519
from archive.errors import BadSignature, FormatError, UnknownKey
from archive.log.checkpoint import Checkpoint, format_checkpoint
from archive.log.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    prove_consistency,
    root_from_hashes,
)
from archive.log.note import (
    NoteSignature,
    SignedNote,
    add_signatures,
    format_note,
    sign_note,
    verify_note,
)
from archive.log.witness import (
    MAX_REQUEST_BYTES,
    Accepted,
    AddCheckpoint,
    Refusal,
    cosign,
    format_add_checkpoint,
    format_lines,
    format_size,
    judge,
    parse_add_checkpoint,
    read_cosignatures,
    read_origin,
    read_size,
)

ORIGIN = "election-evidence-archive/test"
SIGNER = Ed25519Signer.from_seed(bytes(32), name=ORIGIN)
WITNESS = WitnessSigner.from_seed(b"\1" * 32, name="w.example/1")
OTHER = WitnessSigner.from_seed(b"\2" * 32, name="x.example/1")
HASHES = [leaf_hash(b"%d" % n) for n in range(20)]


def read(positions: Sequence[tuple[int, int]]) -> list[bytes]:
    return [
        root_from_hashes(HASHES[n << level : (n + 1) << level])
        for level, n in positions
    ]


def head(size: int, root: bytes | None = None) -> Checkpoint:
    return Checkpoint(
        origin=ORIGIN, size=size, root=root or root_from_hashes(HASHES[:size])
    )


def signed(checkpoint: Checkpoint) -> bytes:
    return format_note(sign_note(format_checkpoint(checkpoint), SIGNER))


def request(old: int, new: int) -> AddCheckpoint:
    return AddCheckpoint(
        old_size=old,
        proof=prove_consistency(min(old, new), new, read),
        note=signed(head(new)),
    )


def decide(asked: AddCheckpoint, last: Checkpoint | None) -> Accepted | Refusal:
    return judge(asked, log_key=SIGNER.vkey, last=last, verify=verify_ed25519)


def test_first_contact_is_at_size_0_with_an_empty_proof() -> None:
    found = decide(request(0, 7), None)
    assert isinstance(found, Accepted)
    assert found.checkpoint == head(7)


@pytest.mark.parametrize(("old", "new"), [(1, 2), (7, 7), (7, 20), (16, 20), (8, 16)])
def test_a_tree_that_goes_on_is_accepted(old: int, new: int) -> None:
    assert isinstance(decide(request(old, new), head(old)), Accepted)


def test_only_the_line_of_the_log_is_kept() -> None:
    note = sign_note(format_checkpoint(head(7)), SIGNER)
    foreign = cosign(note, OTHER, seconds=5)
    asked = replace(request(0, 7), note=format_note(add_signatures(note, [foreign])))
    found = decide(asked, None)
    assert isinstance(found, Accepted)
    assert found.note == note


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request that is refused."""

    name: str
    asked: AddCheckpoint
    last: Checkpoint | None
    status: int
    size: int | None = None
    contradicts: bool = field(default=False)


FORK = head(7, b"\7" * 32)
GOOD = request(3, 7)
REFUSED = [
    Case(name="old-above-new", asked=request(8, 7), last=head(8), status=400),
    Case(
        name="not-a-note",
        asked=replace(GOOD, note=b"no note\n"),
        last=head(3),
        status=400,
    ),
    Case(
        name="not-a-checkpoint",
        asked=replace(GOOD, note=format_note(sign_note(f"{ORIGIN}\n7\n", SIGNER))),
        last=head(3),
        status=400,
    ),
    Case(name="unknown-size", asked=request(3, 7), last=None, status=409, size=0),
    Case(name="behind", asked=request(3, 7), last=head(5), status=409, size=5),
    Case(name="ahead", asked=request(3, 7), last=head(9), status=409, size=9),
    Case(
        name="proof-from-size-0",
        asked=replace(request(0, 7), proof=(bytes(32),)),
        last=None,
        status=422,
    ),
    Case(name="no-proof", asked=replace(GOOD, proof=()), last=head(3), status=422),
    Case(
        name="proof-too-long",
        asked=replace(GOOD, proof=(*GOOD.proof, bytes(32))),
        last=head(3),
        status=422,
    ),
    Case(
        name="another-history",
        asked=GOOD,
        last=head(3, b"\3" * 32),
        status=422,
    ),
    Case(
        name="same-size-other-root",
        asked=AddCheckpoint(old_size=7, proof=(), note=signed(FORK)),
        last=head(7),
        status=422,
        contradicts=True,
    ),
    Case(
        name="same-size-other-root-and-wrong-old-size",
        asked=AddCheckpoint(old_size=0, proof=(), note=signed(FORK)),
        last=head(7),
        status=409,
        size=7,
        contradicts=True,
    ),
    Case(
        name="size-0-with-a-root",
        asked=AddCheckpoint(old_size=0, proof=(), note=signed(head(0, b"\1" * 32))),
        last=None,
        status=422,
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_everything_else_is_refused_with_its_status(case: Case) -> None:
    found = decide(case.asked, case.last)
    assert isinstance(found, Refusal)
    assert (found.status, found.size) == (case.status, case.size)
    assert (found.contradiction is not None) == case.contradicts


def test_an_empty_tree_may_be_cosigned() -> None:
    asked = AddCheckpoint(old_size=0, proof=(), note=signed(head(0, EMPTY_ROOT)))
    assert isinstance(decide(asked, None), Accepted)


def bad_signatures() -> list[tuple[str, bytes]]:
    note = sign_note(format_checkpoint(head(7)), SIGNER)
    line = note.signatures[0]
    broken = replace(line, signature=bytes(64))
    stranger = Ed25519Signer.from_seed(b"\5" * 32, name=ORIGIN)
    return [
        ("broken", format_note(SignedNote(body=note.body, signatures=(broken,)))),
        (
            "one-of-two-broken",
            format_note(SignedNote(body=note.body, signatures=(line, broken))),
        ),
        ("stranger", format_note(sign_note(note.body, stranger))),
        ("cosignature-only", with_lines(note.body, cosign(note, WITNESS, seconds=1))),
    ]


def with_lines(body: str, *lines: NoteSignature) -> bytes:
    return format_note(SignedNote(body=body, signatures=lines))


@pytest.mark.parametrize(
    "note", [pytest.param(note, id=name) for name, note in bad_signatures()]
)
def test_a_checkpoint_without_a_good_signature_is_403(note: bytes) -> None:
    found = decide(replace(request(0, 7), note=note), None)
    assert isinstance(found, Refusal)
    assert found.status == 403


def test_a_cosignature_verifies_and_states_its_time() -> None:
    note = sign_note(format_checkpoint(head(7)), SIGNER)
    line = cosign(note, WITNESS, seconds=1_737_900_000)
    assert int.from_bytes(line.signature[:8], "big") == 1_737_900_000
    verify_note(add_signatures(note, [line]), WITNESS.vkey, verify_ed25519)
    answer = format_lines([line])
    assert answer.startswith("— w.example/1 ".encode())
    assert read_cosignatures(
        note.body, answer, witness_key=WITNESS.vkey, verify=verify_ed25519
    ) == (line,)


def test_lines_of_unknown_keys_in_an_answer_are_ignored() -> None:
    note = sign_note(format_checkpoint(head(7)), SIGNER)
    mine, foreign = (cosign(note, one, seconds=9) for one in (WITNESS, OTHER))
    answer = format_lines([foreign, mine])
    read_lines = read_cosignatures(
        note.body, answer, witness_key=WITNESS.vkey, verify=verify_ed25519
    )
    assert read_lines == (mine,)


def bad_answers() -> list[tuple[str, bytes, type[Exception]]]:
    note = sign_note(format_checkpoint(head(7)), SIGNER)
    other = sign_note(format_checkpoint(head(6)), SIGNER)
    line = cosign(note, WITNESS, seconds=9)
    untimed = WITNESS.sign(f"cosignature/v1\ntime 0\n{note.body}".encode())
    no_time = replace(line, signature=bytes(8) + untimed)
    return [
        ("empty", b"", FormatError),
        ("text", b"thanks\n", FormatError),
        ("text-before", b"x\n\n" + format_lines([line]), FormatError),
        ("no-end", format_lines([line])[:-1], FormatError),
        ("stranger", format_lines([cosign(note, OTHER, seconds=9)]), UnknownKey),
        (
            "of-another-tree",
            format_lines([cosign(other, WITNESS, seconds=9)]),
            BadSignature,
        ),
        ("no-time", format_lines([no_time]), BadSignature),
        (
            "no-date",
            format_lines([cosign(note, WITNESS, seconds=1 << 60)]),
            BadSignature,
        ),
        ("long", format_lines([line]) * 65, FormatError),
    ]


@pytest.mark.parametrize(
    ("answer", "error"),
    [pytest.param(answer, error, id=name) for name, answer, error in bad_answers()],
)
def test_an_answer_that_is_no_cosignature_is_refused(
    answer: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        read_cosignatures(
            format_checkpoint(head(7)),
            answer,
            witness_key=WITNESS.vkey,
            verify=verify_ed25519,
        )


def test_a_request_is_read_as_it_was_written() -> None:
    asked = request(3, 7)
    data = format_add_checkpoint(asked)
    assert data.startswith(b"old 3\n")
    assert parse_add_checkpoint(data) == asked
    assert read_origin(sign_note(format_checkpoint(head(7)), SIGNER)) == ORIGIN


NOTE = signed(head(7))
LINE = b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"old 0\n",
        b"old 0\n" + NOTE[:0],
        b"new 0\n\n" + NOTE,
        b"old 00\n\n" + NOTE,
        b"old +1\n\n" + NOTE,
        b"old -1\n\n" + NOTE,
        b"old  1\n\n" + NOTE,
        b"old 1 \n\n" + NOTE,
        b"old\n\n" + NOTE,
        b"old 9999999999999999\n\n" + NOTE,
        b"old 0\r\n\r\n" + NOTE,
        b"old 0\nAAAA\n\n" + NOTE,
        b"old 0\n" + LINE.replace(b"=", b"") + b"\n" + NOTE,
        b"old 0\n" + LINE * 64 + b"\n" + NOTE,
        "old ٣\n\n".encode() + NOTE,
        b"old 0\n\n" + b"x" * MAX_REQUEST_BYTES,
    ],
)
def test_any_other_form_of_a_request_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_add_checkpoint(data)


def test_63_proof_lines_are_read() -> None:
    assert len(parse_add_checkpoint(b"old 1\n" + LINE * 63 + b"\n" + NOTE).proof) == 63


def test_a_size_is_read_as_it_was_written() -> None:
    assert read_size(format_size(20852014)) == 20852014
    for text in (b"", b"1", b"01\n", b"1\n\n", b"+1\n", b"\xff\n", b"1 \n"):
        with pytest.raises(FormatError):
            read_size(text)


def test_a_log_key_does_not_cosign() -> None:
    note = sign_note(format_checkpoint(head(7)), SIGNER)
    with pytest.raises(AssertionError):
        cosign(note, SIGNER, seconds=1)
    with pytest.raises(AssertionError):
        cosign(note, WITNESS, seconds=0)


def test_the_key_of_another_log_is_a_mistake_of_the_caller() -> None:
    """A key whose name is no origin of the checkpoint that it signed."""
    other = Ed25519Signer.from_seed(bytes(32), name="other.example/log")
    note = format_note(sign_note(format_checkpoint(head(7)), other))
    with pytest.raises(AssertionError):
        judge(
            replace(request(0, 7), note=note),
            log_key=other.vkey,
            last=None,
            verify=verify_ed25519,
        )


def test_an_answer_longer_than_a_note_is_refused() -> None:
    with pytest.raises(FormatError):
        read_cosignatures(
            format_checkpoint(head(7)),
            b"x" * 70_000,
            witness_key=WITNESS.vkey,
            verify=verify_ed25519,
        )
