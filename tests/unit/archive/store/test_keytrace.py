"""A change of keys finds what it has stated, or says that it cannot."""

from pathlib import Path

import pytest

from archive.attest.keys.signing import P256Signer
from archive.errors import FormatError, StoreError
from archive.store import keychange
from archive.store.keytrace import find_change
from archive.store.segments.segment import list_segments
from tests.support.archives.archives import fill, make_archive


def test_a_statement_behind_damage_is_missed_and_not_stated_again(
    tmp_path: Path,
) -> None:
    made = make_archive(tmp_path)
    made.fill(1)
    old = made.identity.operator_key_id
    made.key_changer().revoke(old, end_leaf=None)
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
        made.key_changer().revoke(old, end_leaf=1)
    assert (made.root / "log" / "checkpoint").read_bytes() == before
    first.write_bytes(good)
    trust = made.key_changer().revoke(old, end_leaf=1)
    assert trust.get_operator(old).end_leaf == 1


def test_a_new_key_without_an_old_one_is_no_change_of_keys(tmp_path: Path) -> None:
    made = make_archive(tmp_path)
    changer, new = made.key_changer(), P256Signer.generate()
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
    assert len(made.key_changer().renew().operators) == 2
    assert len(made.key_changer().rotate().operators) == 3
