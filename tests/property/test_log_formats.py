"""Every format of the log: what is read is written again byte for byte, or refused."""

import contextlib
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.digest import Digest
from archive.errors import EvidenceError
from archive.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from archive.log.leaf import Leaf, format_leaf, parse_leaf
from archive.log.note import (
    NoteSignature,
    SignedNote,
    format_note,
    format_vkey,
    is_key_name,
    make_vkey,
    parse_note,
    parse_vkey,
)
from archive.log.proof import TlogProof, format_proof, parse_proof
from archive.log.tiles import (
    TileName,
    format_entry_bundle,
    parse_entry_bundle,
    parse_tile,
    parse_tile_path,
)
from tests.support.judging.examples import examples

EXAMPLES = examples(2_000)
many = settings(max_examples=EXAMPLES, deadline=None)
T = TypeVar("T")

names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="+"),
    min_size=1,
    max_size=12,
).filter(is_key_name)
sizes = st.integers(0, 10**15 - 1)
hashes = st.binary(min_size=32, max_size=32)
leaves = st.builds(
    Leaf,
    kind=st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True),
    statement_digest=hashes.map(bytes.hex).map(Digest),
    key_id=st.binary(min_size=8, max_size=8).map(bytes.hex),
    signature=st.binary(min_size=1, max_size=100),
)
checkpoints = st.builds(Checkpoint, origin=names, size=sizes, root=hashes)
signatures = st.builds(
    NoteSignature,
    name=names,
    key_hash=st.binary(min_size=4, max_size=4),
    signature=st.binary(min_size=1, max_size=80),
)
lines = st.lists(signatures, min_size=1, max_size=4).map(tuple)
texts = st.text(
    st.one_of(st.just("\n"), st.characters(exclude_categories=["Cs", "Cc"])),
    max_size=60,
)
notes = st.builds(
    SignedNote, body=texts.map(lambda text: text + "\n"), signatures=lines
)
signed_checkpoints = st.builds(
    lambda checkpoint, signed: format_note(
        SignedNote(body=format_checkpoint(checkpoint), signatures=signed)
    ),
    checkpoints,
    lines,
)
proofs = st.builds(
    TlogProof,
    index=st.integers(0, 10**15 - 2),
    hashes=st.lists(hashes, max_size=6).map(tuple),
    checkpoint_note=signed_checkpoints,
)
vkeys = st.builds(make_vkey, names, st.sampled_from([1, 4]), hashes)
bundles = st.lists(st.binary(max_size=20), min_size=1, max_size=9)
tile_names = st.builds(
    TileName,
    level=st.one_of(st.none(), st.integers(0, 63)),
    n=sizes,
    width=st.integers(1, 256),
)


@st.composite
def edited(draw: st.DrawFn, good: st.SearchStrategy[bytes]) -> bytes:
    """Change a good text a little: replace, put in, leave out, double a part."""
    data = draw(good)
    at = draw(st.integers(0, len(data)))
    end = draw(st.integers(at, min(len(data), at + 3)))
    new = draw(
        st.one_of(
            st.binary(max_size=2),
            st.sampled_from(
                [b"\n", b" ", b"=", b"+", b"0", b"A", "—".encode(), b"\r\n"]
            ),
            st.just(data[at:end] * 2),
        )
    )
    return data[:at] + new + data[end:]


def assert_exact_or_refused(
    data: bytes, parse: Callable[[bytes], T], form: Callable[[T], bytes]
) -> None:
    """Foreign exceptions fail the test by themselves."""
    try:
        value = parse(data)
    except EvidenceError:
        return
    assert form(value) == data


def decoded(parse: Callable[[str], T]) -> Callable[[bytes], T]:
    """Give a reader of text what bytes may be decoded to, surrogates included."""
    return lambda data: parse(data.decode("utf-8", "surrogateescape"))


@many
@given(leaves)
def test_a_leaf_is_read_as_it_was_written(leaf: Leaf) -> None:
    assert parse_leaf(format_leaf(leaf)) == leaf


@many
@given(edited(leaves.map(format_leaf)))
def test_edited_leaf_is_exact_or_refused(data: bytes) -> None:
    assert_exact_or_refused(data, parse_leaf, format_leaf)


@many
@given(notes)
def test_a_note_is_read_as_it_was_written(note: SignedNote) -> None:
    assert parse_note(format_note(note)) == note


@many
@given(edited(notes.map(format_note)))
def test_edited_note_is_exact_or_refused(data: bytes) -> None:
    assert_exact_or_refused(data, parse_note, format_note)


@many
@given(checkpoints)
def test_a_checkpoint_is_read_as_it_was_written(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint


@many
@given(edited(checkpoints.map(lambda value: format_checkpoint(value).encode())))
def test_edited_checkpoint_is_exact_or_refused(data: bytes) -> None:
    assert_exact_or_refused(
        data,
        decoded(parse_checkpoint),
        lambda value: format_checkpoint(value).encode("utf-8", "surrogateescape"),
    )


@many
@given(proofs)
def test_a_proof_is_read_as_it_was_written(proof: TlogProof) -> None:
    assert parse_proof(format_proof(proof)) == proof


@many
@given(edited(proofs.map(format_proof)))
def test_edited_proof_is_exact_or_refused(data: bytes) -> None:
    assert_exact_or_refused(data, parse_proof, format_proof)


@many
@given(edited(vkeys.map(lambda vkey: format_vkey(vkey).encode())))
def test_edited_verifier_key_is_exact_or_refused(data: bytes) -> None:
    assert_exact_or_refused(
        data, decoded(parse_vkey), lambda vkey: format_vkey(vkey).encode()
    )


@many
@given(bundles)
def test_an_entry_bundle_is_read_as_it_was_written(entries: list[bytes]) -> None:
    assert parse_entry_bundle(format_entry_bundle(entries)) == entries


@many
@given(edited(bundles.map(format_entry_bundle)))
def test_edited_bundle_is_exact_or_refused(data: bytes) -> None:
    assert_exact_or_refused(data, parse_entry_bundle, format_entry_bundle)


@many
@given(st.binary(max_size=200))
def test_tile_is_exact_or_refused(data: bytes) -> None:
    assert_exact_or_refused(data, parse_tile, b"".join)


@many
@given(tile_names)
def test_a_tile_name_is_read_as_it_was_written(name: TileName) -> None:
    assert parse_tile_path(name.path) == name


@many
@given(edited(tile_names.map(lambda name: name.path.encode())))
def test_edited_tile_name_is_exact_or_refused(data: bytes) -> None:
    assert_exact_or_refused(
        data, decoded(parse_tile_path), lambda name: name.path.encode()
    )


PARSERS: list[Callable[[bytes], object]] = [
    parse_leaf,
    parse_note,
    parse_proof,
    parse_entry_bundle,
    parse_tile,
    decoded(parse_checkpoint),
    decoded(parse_vkey),
    decoded(parse_tile_path),
]


@pytest.mark.parametrize("parse", PARSERS, ids=range(len(PARSERS)))
@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(data=st.binary(max_size=120))
def test_arbitrary_bytes_raise_only_our_own_errors(
    parse: Callable[[bytes], object], data: bytes
) -> None:
    with contextlib.suppress(EvidenceError):
        parse(data)
