"""A change of keys finds what it has stated, or says that it cannot."""

from pathlib import Path

import pytest

from archive.attest.keyfolder import KeyFolder, sealing
from archive.attest.keys import P256Signer
from archive.attest.trust import replace_trust
from archive.errors import FormatError, StoreError
from archive.store import keychange
from archive.store.keychange import KeyChanger
from archive.store.keytrace import find_change
from archive.store.layout import ArchivePaths
from archive.store.ledger import LedgerTools
from archive.store.segment import list_segments
from tests.support.archives import SOFTWARE, MadeArchive, fill, make_archive


def changer_of(made: MadeArchive) -> KeyChanger:
    trust = made.trust()
    assert trust is not None
    return KeyChanger(
        tools=LedgerTools(
            paths=ArchivePaths(made.root),
            identity=made.identity,
            keys=KeyFolder.load(made.keys_folder, made.identity, changing=True),
            clock=made.clock,
            random_bytes=made.random_bytes,
            software=SOFTWARE,
        ),
        folder=made.keys_folder,
        trust=trust,
        seal=sealing(None, made.random_bytes),
        keep=lambda new: replace_trust(made.trust_folder, new),
    )


def test_a_statement_behind_damage_is_missed_and_not_stated_again(
    tmp_path: Path,
) -> None:
    made = make_archive(tmp_path)
    made.fill(1)
    old = made.identity.operator_key_id
    changer_of(made).revoke(old, end_leaf=None)
    with made.open_writer() as writer:
        for _ in range(3):
            writer.rotate()
            fill(writer, made, 1)
    first = list_segments(made.root / "segments")[0].path
    good = first.read_bytes()
    first.chmod(0o600)
    first.write_bytes(b"\0" + good[1:])
    before = (made.root / "log" / "checkpoint").read_bytes()
    with pytest.raises(StoreError, match=r"do not hold entry .*`evidence verify`"):
        changer_of(made).revoke(old, end_leaf=1)
    assert (made.root / "log" / "checkpoint").read_bytes() == before
    first.write_bytes(good)
    trust = changer_of(made).revoke(old, end_leaf=1)
    assert trust.get_operator(old).end_leaf == 1


def test_a_new_key_without_an_old_one_is_no_change_of_keys(tmp_path: Path) -> None:
    made = make_archive(tmp_path)
    changer, new = changer_of(made), P256Signer.generate()
    root = made.keys().root
    assert root is not None
    rows = [keychange._row(root, 0, role="root"), keychange._row(new, 1)]
    with changer._open() as ledger:
        changer._state(ledger, "new", rows, root)
        ledger.checkpoint()
        with pytest.raises(FormatError, match=f"states key {new.key_id} and none"):
            find_change(ledger, new, root)


def test_a_key_made_just_now_is_not_looked_for_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_archive(tmp_path)
    monkeypatch.setattr(keychange, "find_change", lambda *_: pytest.fail("asked"))
    assert len(changer_of(made).renew().operators) == 2
    assert len(changer_of(made).rotate().operators) == 3
