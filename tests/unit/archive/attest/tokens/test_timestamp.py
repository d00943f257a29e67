"""Time-stamp tokens: fixtures of others as labelled, and mutations beside openssl."""

import csv
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage

from archive.attest.tokens.authority import format_chain, parse_chain
from archive.attest.tokens.timestamp import VerifiedToken, verify_token
from archive.attest.tokens.token import (
    NONCE_BYTES,
    TOKEN_LIMIT_BYTES,
    format_query,
    parse_query,
    parse_token,
)
from archive.errors import (
    BadTimestamp,
    EvidenceError,
    FormatError,
    LimitExceeded,
    UnknownKey,
)
from tests.support.servers.authorities import (
    MemoryAuthority,
    SignerForm,
    issue,
    openssl_verdict,
)

BODY = b"election-evidence-archive/test\n7\nAAAA\n"
AT = datetime(2025, 1, 26, 8, 0, tzinfo=UTC)
QUERY = format_query(BODY, nonce=bytes(range(NONCE_BYTES)))


@pytest.fixture(scope="module")
def sound() -> MemoryAuthority:
    return MemoryAuthority(title="Sound", with_intermediate=True)


@pytest.fixture(scope="module")
def token(sound: MemoryAuthority) -> bytes:
    return sound.answer(QUERY, at=AT)


def corpus_rows(corpus_dir: Path) -> list[dict[str, str]]:
    path = corpus_dir / "rfc3161" / "expected.tsv"
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def verify_row(folder: Path, row: dict[str, str], query: bytes | None) -> VerifiedToken:
    chain = (folder / row["chain"]).read_bytes()
    kind, _, name = row["data"].partition(" ")
    data = b"hello" if kind == "text" else (folder / name).read_bytes()
    root = format_chain(parse_chain(chain)[-1:])
    response = (folder / row["file"]).read_bytes()
    return verify_token(response, body=data, roots=[root], chain=chain, query=query)


@pytest.mark.corpus
def test_tokens_of_others_have_the_labelled_verdicts(corpus_dir: Path) -> None:
    folder = corpus_dir / "rfc3161"
    rows = corpus_rows(corpus_dir)
    assert len(rows) == 6
    for row in rows:
        if row["expected"].startswith("invalid"):
            with pytest.raises(BadTimestamp):
                verify_row(folder, row, None)
        else:
            verify_row(folder, row, None)
    expired = next(row for row in rows if "expired" in row["file"])
    assert verify_row(folder, expired, None).gen_time.year == 2023


@pytest.mark.corpus
def test_the_signer_is_who_the_signature_names_not_a_certificate_put_beside_it(
    corpus_dir: Path,
) -> None:
    folder = corpus_dir / "rfc3161"
    (row,) = [row for row in corpus_rows(corpus_dir) if "injected" in row["file"]]
    signer = verify_row(folder, row, None).path.signer
    assert "Spoofed" not in signer.subject.rfc4514_string()
    response = parse_token((folder / row["file"]).read_bytes())
    names = [found.subject.rfc4514_string() for found in response.certificates]
    assert "CN=Spoofed TSA" in names


@pytest.mark.corpus
def test_a_token_that_answers_another_request_is_refused(corpus_dir: Path) -> None:
    folder = corpus_dir / "rfc3161"
    rows = {row["file"]: row for row in corpus_rows(corpus_dir)}
    other = (folder / "sigstage" / "request.der").read_bytes()
    for name in ("sigstage/response-sha256.tsr", "sigstage/response-sha512.tsr"):
        with pytest.raises(BadTimestamp):
            verify_row(folder, rows[name], other)
    own = (folder / "test_tsa" / "request.der").read_bytes()
    verify_row(folder, rows["test_tsa/response.tsr"], own)


def test_a_sound_token_holds_here_and_for_openssl(
    sound: MemoryAuthority, token: bytes, tmp_path: Path
) -> None:
    found = verify_token(token, body=BODY, roots=[sound.root.pem], query=QUERY)
    assert (found.gen_time, found.latest) == (AT, AT + timedelta(seconds=1))
    assert [c.subject.rfc4514_string() for c in found.path.certificates] == [
        "CN=Sound: signer",
        "CN=Sound: intermediate",
        "CN=Sound: root",
    ]
    said = openssl_verdict(
        tmp_path, token, BODY, root=sound.root.pem, at=AT, query=QUERY
    )
    assert said == "OK"


def test_a_stripped_token_holds_with_its_saved_chain_and_not_without(
    sound: MemoryAuthority, token: bytes, tmp_path: Path
) -> None:
    info = signed_info(token)
    bare = sound.sign(info, at=AT, certificates=[])
    with pytest.raises(BadTimestamp):
        verify_token(bare, body=BODY, roots=[sound.root.pem])
    chain = sound.chain_pem
    verify_token(bare, body=BODY, roots=[sound.root.pem], chain=chain)
    root = sound.root.pem
    assert openssl_verdict(tmp_path, bare, BODY, root=root, at=AT) != "OK"
    assert openssl_verdict(tmp_path, bare, BODY, root=root, at=AT, chain=chain) == "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A token that must not hold, and what openssl makes of it."""

    response: bytes
    root: bytes
    error: type[EvidenceError] = BadTimestamp
    body: bytes = BODY
    query: bytes | None = None
    openssl: str = "refuses"
    why: str = ""
    """Why openssl accepts what we do not."""


def signed_info(response: bytes) -> bytes:
    content = tsp.TimeStampResp.load(response)["time_stamp_token"]["content"]
    return bytes(content["encap_content_info"]["content"])


def replace_once(data: bytes, old: bytes, new: bytes) -> bytes:
    assert (data.count(old), len(old)) == (1, len(new))
    return data.replace(old, new)


def _altered_time(sound: MemoryAuthority, token: bytes) -> Mutation:
    info = signed_info(token)
    changed = replace_once(info, b"20250126080000Z", b"20250126070000Z")
    return Mutation(response=token.replace(info, changed), root=sound.root.pem)


def _altered_signature(sound: MemoryAuthority, token: bytes) -> Mutation:
    response = token[:-1] + bytes([token[-1] ^ 1])
    return Mutation(response=response, root=sound.root.pem)


def _swapped(sound: MemoryAuthority, token: bytes) -> Mutation:
    return Mutation(response=token, root=sound.root.pem, body=BODY + b"x")


def _another_request(sound: MemoryAuthority, token: bytes) -> Mutation:
    other = format_query(BODY, nonce=b"\x7f" * NONCE_BYTES)
    return Mutation(response=token, root=sound.root.pem, query=other)


def _foreign_root(sound: MemoryAuthority, token: bytes) -> Mutation:
    foreign = MemoryAuthority(title="Foreign").answer(QUERY, at=AT)
    return Mutation(response=foreign, root=sound.root.pem, error=UnknownKey)


def _foreign_root_embedded(sound: MemoryAuthority, token: bytes) -> Mutation:
    foreign = MemoryAuthority(title="Foreign")
    info = signed_info(foreign.answer(QUERY, at=AT))
    all_of_it = [foreign.signer, foreign.root, sound.root]
    response = foreign.sign(info, at=AT, certificates=all_of_it)
    return Mutation(response=response, root=sound.root.pem, error=UnknownKey)


def _same_names_other_keys(sound: MemoryAuthority, token: bytes) -> Mutation:
    twin = MemoryAuthority(title="Sound").answer(QUERY, at=AT)
    return Mutation(response=twin, root=sound.root.pem, error=UnknownKey)


def _of_form(form: SignerForm) -> Mutation:
    made = MemoryAuthority(title="Odd", form=form)
    return Mutation(response=made.answer(QUERY, at=AT), root=made.root.pem)


def _usage_not_critical(sound: MemoryAuthority, token: bytes) -> Mutation:
    return _of_form(SignerForm(critical=False))


def _usage_not_sole(sound: MemoryAuthority, token: bytes) -> Mutation:
    return _of_form(SignerForm(usages=(Usage.TIME_STAMPING, Usage.EMAIL_PROTECTION)))


def _usage_of_a_server(sound: MemoryAuthority, token: bytes) -> Mutation:
    return _of_form(SignerForm(usages=(Usage.SERVER_AUTH,)))


def _expired(sound: MemoryAuthority, token: bytes) -> Mutation:
    return _of_form(SignerForm(end=AT - timedelta(seconds=1)))


def _not_yet_valid(sound: MemoryAuthority, token: bytes) -> Mutation:
    return _of_form(SignerForm(begin=AT + timedelta(seconds=1)))


def _leaf_acts_as_authority(sound: MemoryAuthority, token: bytes) -> Mutation:
    made = MemoryAuthority(title="Leaf")
    below = issue("Leaf: below", made.signer, ca=False)
    forged = MemoryAuthority(title="Leaf")
    forged.__dict__.update(signer=below, root=made.root, issuer=made.signer)
    response = forged.sign(
        signed_info(made.answer(QUERY, at=AT)),
        at=AT,
        certificates=[below, made.signer],
    )
    return Mutation(response=response, root=made.root.pem)


def _weak_imprint(algorithm: str) -> Callable[[MemoryAuthority, bytes], Mutation]:
    def make(sound: MemoryAuthority, token: bytes) -> Mutation:
        query = tsp.TimeStampReq.load(QUERY)
        query["message_imprint"] = {
            "hash_algorithm": {"algorithm": algorithm},
            "hashed_message": hashlib.new(algorithm, BODY).digest(),
        }
        return Mutation(
            response=sound.answer(query.dump(), at=AT),
            root=sound.root.pem,
            openssl="accepts",
            why="openssl leaves the choice of the hash to who asked",
        )

    return make


def _no_certificate_named(sound: MemoryAuthority, token: bytes) -> Mutation:
    response = sound.sign(signed_info(token), at=AT, named=False)
    return Mutation(response=response, root=sound.root.pem)


def _not_granted(sound: MemoryAuthority, token: bytes) -> Mutation:
    response = sound.sign(signed_info(token), at=AT, status="granted_with_mods")
    return Mutation(
        response=response,
        root=sound.root.pem,
        openssl="accepts",
        why="openssl takes a token granted with modifications; we asked for none",
    )


def _rejected(sound: MemoryAuthority, token: bytes) -> Mutation:
    response = bytes.fromhex("3009300702010203020780")  # rejection, badAlg
    return Mutation(response=response, root=sound.root.pem)


def _bytes_behind(sound: MemoryAuthority, token: bytes) -> Mutation:
    return Mutation(
        response=token + b"\n",
        root=sound.root.pem,
        error=FormatError,
        openssl="accepts",
        why="openssl reads one DER value and leaves the rest of the file",
    )


def _long_length(sound: MemoryAuthority, token: bytes) -> Mutation:
    assert token[1] == 0x82
    response = bytes([token[0], 0x83, 0]) + token[2:]
    return Mutation(
        response=response,
        root=sound.root.pem,
        error=FormatError,
        openssl="accepts",
        why="openssl reads BER, where one value has many forms",
    )


MUTATIONS = {
    "time altered": _altered_time,
    "signature altered": _altered_signature,
    "over other bytes": _swapped,
    "answer to another request": _another_request,
    "foreign root": _foreign_root,
    "foreign root embedded": _foreign_root_embedded,
    "same names, other keys": _same_names_other_keys,
    "purpose not critical": _usage_not_critical,
    "purpose not sole": _usage_not_sole,
    "purpose of a server": _usage_of_a_server,
    "expired at its time": _expired,
    "not yet valid at its time": _not_yet_valid,
    "leaf certificate as authority": _leaf_acts_as_authority,
    "imprint SHA-1": _weak_imprint("sha1"),
    "imprint MD5": _weak_imprint("md5"),
    "no certificate named": _no_certificate_named,
    "granted with modifications": _not_granted,
    "rejected": _rejected,
    "bytes behind the end": _bytes_behind,
    "length in a longer form": _long_length,
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_mutated_tokens_are_refused_and_openssl_agrees_or_it_is_said_why(
    name: str, sound: MemoryAuthority, token: bytes, tmp_path: Path
) -> None:
    made = MUTATIONS[name](sound, token)
    with pytest.raises(made.error):
        verify_token(made.response, body=made.body, roots=[made.root], query=made.query)
    said = openssl_verdict(
        tmp_path,
        made.response,
        made.body,
        root=made.root,
        at=AT,
        query=made.query,
    )
    assert (said == "OK") == (made.openssl == "accepts"), said
    assert bool(made.why) == (made.openssl == "accepts")


def test_at_least_twelve_mutations_are_refused_by_openssl_too() -> None:
    assert len(MUTATIONS) >= 12 + 5


def test_the_hash_none_is_no_token(sound: MemoryAuthority, token: bytes) -> None:
    empty = replace_once(
        signed_info(token),
        bytes.fromhex("0609608648016503040201"),
        b"\x06\x09" + b"\x60" * 9,
    )
    response = sound.sign(empty, at=AT)
    with pytest.raises((BadTimestamp, FormatError)):
        verify_token(response, body=BODY, roots=[sound.root.pem])


def test_random_bytes_and_large_files_are_a_format_error(token: bytes) -> None:
    for data in (b"", b"\x30", b"\0" * 100, os.urandom(200), token[:-1], b"0\x80" * 99):
        with pytest.raises(FormatError):
            parse_token(data)
    with pytest.raises(LimitExceeded):
        parse_token(b"\0" * (TOKEN_LIMIT_BYTES + 1))
    with pytest.raises(LimitExceeded):
        parse_query(b"\0" * (TOKEN_LIMIT_BYTES + 1))


def test_no_single_bit_of_a_token_can_be_changed(
    sound: MemoryAuthority, token: bytes
) -> None:
    """Every bit of the frame, and every 17th elsewhere: none is free, signed or not."""
    root = sound.root.pem
    verify_token(token, body=BODY, roots=[root], query=QUERY)
    survived = []
    for bit in (*range(30 * 8), *range(30 * 8, len(token) * 8, 17)):
        changed = bytearray(token)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            verify_token(bytes(changed), body=BODY, roots=[root], query=QUERY)
        except EvidenceError:
            continue
        survived.append(bit)
    assert survived == []


def test_a_request_says_digest_nonce_and_that_certificates_are_wanted() -> None:
    query = parse_query(QUERY)
    assert (query.algorithm, query.nonce) == ("sha256", int.from_bytes(range(16)))
    request = tsp.TimeStampReq.load(QUERY)
    assert request["cert_req"].native is True
    assert len(QUERY) < 100
