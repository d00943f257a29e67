import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from archive.attest.keys.signing import (
    Ed25519Signer,
    P256Signer,
    P384Key,
    format_public_pem,
)
from archive.attest.trust.folder import (
    TrustedOperator,
    TrustSet,
    read_trust,
    trust_path,
    trust_root,
    write_trust,
)
from archive.attest.trust.trustset import format_trust, parse_trust
from archive.attest.values.keyid import key_id_of
from archive.errors import FormatError, ImmutableConflict, SettingsError, UnknownKey
from archive.log.note import COSIGNATURE, ED25519, VerifierKey, format_vkey, make_vkey

ROOT, OPERATOR, SECOND = (P256Signer.from_scalar(n) for n in (11, 12, 13))
LOG = Ed25519Signer.from_seed(bytes(32), name="election-evidence-archive/x")
NEW = TrustSet(
    roots=(ROOT.spki_der,),
    operators=(TrustedOperator(spki_der=OPERATOR.spki_der, first_leaf=1),),
    log_vkey=LOG.vkey,
)


def witness(number: int) -> tuple[str, VerifierKey]:
    key = Ed25519Signer.from_seed(bytes([number]) * 32, name="x").vkey.public_key
    return f"w{number}", make_vkey(f"w{number}.example", COSIGNATURE, key)


RICH = replace(
    NEW,
    operators=(
        TrustedOperator(spki_der=OPERATOR.spki_der, first_leaf=1, end_leaf=50),
        TrustedOperator(spki_der=SECOND.spki_der, first_leaf=50),
    ),
    witnesses=(witness(1), witness(2)),
    authorities=(b"one root\n", b"another root\n"),
    witness_quorum=2,
    token_quorum=2,
)


def test_a_new_archives_folder_holds_exactly_these_files() -> None:
    operator = f"operator-{OPERATOR.key_id}.pem"
    assert format_trust(NEW) == {
        "policy": f"log {format_vkey(LOG.vkey)}\nquorum none\n".encode(),
        "operators": f"{OPERATOR.key_id} 1 999999999999999\n".encode(),
        operator: format_public_pem(OPERATOR.spki_der),
        f"root-{ROOT.key_id}.pem": format_public_pem(ROOT.spki_der),
        "quorum": b"0 0\n",
        "log.name": b"election-evidence-archive/x\n",
        "log.pem": format_public_pem(LOG.spki_der),
    }


@pytest.mark.parametrize("trust", [NEW, RICH])
def test_what_is_written_is_read_back(trust: TrustSet, tmp_path: Path) -> None:
    path = write_trust(tmp_path / "trust", trust)
    digest = hashlib.sha256(b"election-evidence-archive/x").hexdigest()
    assert path == tmp_path / "trust" / digest[:32]
    assert read_trust(tmp_path / "trust", "election-evidence-archive/x") == trust
    assert parse_trust(format_trust(trust)) == trust
    assert write_trust(tmp_path / "trust", trust) == path


def test_an_unknown_origin_is_none_and_not_an_error(tmp_path: Path) -> None:
    assert read_trust(tmp_path, "election-evidence-archive/y") is None
    assert read_trust(tmp_path / "none", "x") is None


def test_other_trust_is_never_overwritten(tmp_path: Path) -> None:
    path = write_trust(tmp_path, NEW)
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    other = replace(NEW, roots=(SECOND.spki_der,))
    with pytest.raises(ImmutableConflict, match="holds other trust"):
        write_trust(tmp_path, other)
    assert {file.name: file.read_bytes() for file in path.iterdir()} == before


def test_an_interrupted_writing_is_finished(tmp_path: Path) -> None:
    path = write_trust(tmp_path, NEW)
    (path / "quorum").unlink()
    (path / ".policy.unfinished").write_bytes(b"lo")
    with pytest.raises(FormatError, match="quorum is missing"):
        read_trust(tmp_path, NEW.origin)
    write_trust(tmp_path, NEW)
    assert read_trust(tmp_path, NEW.origin) == NEW


def test_a_key_speaks_for_its_leaves_only() -> None:
    operator = RICH.get_operator(OPERATOR.key_id)
    assert [operator.covers(leaf) for leaf in (0, 1, 49, 50)] == [
        False,
        True,
        True,
        False,
    ]
    assert RICH.get_operator(SECOND.key_id).covers(10**12)
    assert RICH.get_root(ROOT.key_id) == ROOT.spki_der
    for get in (RICH.get_operator, RICH.get_root):
        with pytest.raises(UnknownKey):
            get("0" * 16)
    with pytest.raises(UnknownKey):
        RICH.get_operator(ROOT.key_id)


def spoil(name: str, data: bytes) -> dict[str, bytes]:
    return {**format_trust(RICH), name: data}


OTHER_LOG = Ed25519Signer.from_seed(bytes([9]) * 32, name=LOG.vkey.name)


@pytest.mark.parametrize(
    "files",
    [
        spoil("quorum", b"1 2\n"),
        spoil("quorum", b"2 2"),
        spoil("quorum", b"2 02\n"),
        spoil("quorum", b"2\n"),
        spoil("quorum", b"2  2\n"),
        spoil("quorum", b"2 2\n\n"),
        spoil("quorum", b"\xff\n"),
        spoil("log.name", b"election-evidence-archive/y\n"),
        spoil("log.name", b"election-evidence-archive/x"),
        spoil("log.pem", format_public_pem(OTHER_LOG.spki_der)),
        spoil("witness1.name", b"w2.example\n"),
        spoil("witness2.pem", format_public_pem(LOG.spki_der)),
        spoil("witness3.name", b"w3.example\n"),
        spoil("tsa4.pem", b"root behind a gap\n"),
        spoil("policy", f"log {format_vkey(OTHER_LOG.vkey)}\nquorum none\n".encode()),
        spoil("operators", b""),
        spoil("operators", f"{OPERATOR.key_id} 1 50\n".encode()),
        spoil("operators", f"{OPERATOR.key_id} 1 50\n".encode() * 2),
        spoil("operators", f"{OPERATOR.key_id} 1 50 \n".encode()),
        spoil("operators", f"{OPERATOR.key_id} 1 1000000000000000\n".encode()),
        spoil("operators", f"{'0' * 16} 1 50\n".encode()),
        spoil(f"operator-{OPERATOR.key_id}.pem", format_public_pem(SECOND.spki_der)),
        spoil(f"root-{'0' * 16}.pem", format_public_pem(ROOT.spki_der)),
        spoil(
            f"root-{key_id_of(P384Key.from_scalar(5).spki_der)}.pem",
            format_public_pem(P384Key.from_scalar(5).spki_der),
        ),
    ],
)
def test_a_difference_between_two_files_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises((FormatError, UnknownKey)):
        parse_trust(files)


@pytest.mark.parametrize("name", sorted(set(format_trust(RICH)) - {"tsa2.pem"}))
def test_each_file_is_needed(name: str) -> None:
    files = format_trust(RICH)
    del files[name]
    with pytest.raises((FormatError, UnknownKey)):
        parse_trust(files)


def test_what_is_wrong_in_a_folder_names_it(tmp_path: Path) -> None:
    path = write_trust(tmp_path, NEW)
    (path / "notes.txt").write_bytes(b"")
    with pytest.raises(FormatError, match=r"notes\.txt"):
        read_trust(tmp_path, NEW.origin)
    (path / "notes.txt").unlink()
    (path / "quorum").chmod(0o600)
    (path / "quorum").write_bytes(b"1 0\n")
    with pytest.raises(FormatError, match=r"trust folder .*policy asks for 0"):
        read_trust(tmp_path, NEW.origin)


def test_a_folder_under_a_wrong_name_is_refused(tmp_path: Path) -> None:
    path = write_trust(tmp_path, NEW)
    path.rename(trust_path(tmp_path, "election-evidence-archive/y"))
    with pytest.raises(FormatError, match="is for the origin"):
        read_trust(tmp_path, "election-evidence-archive/y")


@pytest.mark.parametrize("algorithm", [ED25519, COSIGNATURE])
def test_the_log_is_no_witness(algorithm: int) -> None:
    vkey = make_vkey("a.example", algorithm, LOG.vkey.public_key)
    if algorithm == ED25519:
        with pytest.raises(FormatError):
            parse_trust(format_trust(replace(NEW, witnesses=(("a", vkey),))))
    else:
        with pytest.raises(FormatError):
            parse_trust(format_trust(replace(NEW, log_vkey=vkey)))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"EVIDENCE_TRUST_DIR": "t", "HOME": "/h"}, "t"),
        ({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}, "/c/evidence/trust"),
        ({"XDG_CONFIG_HOME": "c", "HOME": "/h"}, "/h/.config/evidence/trust"),
        ({"HOME": "/h"}, "/h/.config/evidence/trust"),
    ],
)
def test_trust_lies_in_the_users_configuration_folder(
    environ: dict[str, str], expected: str
) -> None:
    assert trust_root(environ) == Path(expected)


def test_without_a_home_a_folder_must_be_named() -> None:
    with pytest.raises(SettingsError, match="--trust"):
        trust_root({})
