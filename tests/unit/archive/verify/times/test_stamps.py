"""Stamps of several authorities: who is counted, up to where, and as of when."""

from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archive.attest.trust.folder import TrustSet
from archive.digest import Digest
from archive.errors import BadTimestamp, UnknownKey
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Outcome
from archive.verify.times import stamps as stamps_module
from archive.verify.times.stamps import Stamp, Stamps
from tests.support.archives.bracketed import NOON, finding, findings


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def trust(quorum: int, *, authorities: int = 3, log: object = None) -> TrustSet:
    roots = tuple(f"root {number}" for number in range(authorities))
    found = SimpleNamespace(token_quorum=quorum, authorities=roots, log_vkey=log)
    return cast("TrustSet", found)


def token(name: str, crl: bytes | None = None) -> Any:
    response = name.encode()
    return SimpleNamespace(
        digest=Digest.of(response),
        crl=crl,
        response=response,
        chain=f"chain of {name}".encode(),
        query=f"query of {name}".encode(),
    )


def verified(root: str, minutes: int, path: str = "") -> Any:
    """A token that holds, of an accuracy of a minute."""
    signer = SimpleNamespace(pem=(path or root).encode(), root_id=root.encode())
    return SimpleNamespace(path=signer, gen_time=at(minutes - 1), latest=at(minutes))


def stamped(quorum: int, *tokens: tuple[str, int, int]) -> Stamps:
    """Root, size of the checkpoint and minute of each token, in their order."""
    found = Stamps(trust(quorum))
    for number, (root, size, minutes) in enumerate(tokens):
        name = f"{number}.tsr"
        found._add(verified(root, minutes), token(name), size=size, name=name)
    return found


# By when an entry existed

THREE = (("A", 4, 40), ("B", 4, 50), ("C", 6, 30), ("A", 8, 80), ("B", 9, 90))


@pytest.mark.parametrize(
    ("quorum", "leaf", "minutes"),
    [
        (0, 0, 30),
        (1, 0, 30),
        (2, 0, 40),
        (3, 0, 50),
        (4, 0, None),
        (2, 3, 40),
        (2, 4, 80),
        (3, 4, 90),
        (3, 5, 90),
        (3, 6, None),
        (2, 6, 90),
        (2, 7, 90),
        (2, 8, None),
        (1, 8, 90),
        (1, 9, None),
    ],
)
def test_an_entry_existed_by_the_time_of_the_quorum(
    quorum: int, leaf: int, minutes: int | None
) -> None:
    found = stamped(quorum, *THREE).existed_by(leaf)
    assert found == (None if minutes is None else at(minutes))


@pytest.mark.parametrize(
    ("quorum", "size", "minutes"),
    [(0, 9, 90), (1, 9, 90), (2, 8, 90), (3, 6, 90), (4, 0, None)],
)
def test_entries_are_stamped_up_to_where_a_quorum_stamped(
    quorum: int, size: int, minutes: int | None
) -> None:
    found = stamped(quorum, *THREE)
    assert found.stamped_size == size
    assert found.newest == (None if minutes is None else at(minutes))


def test_without_trust_nothing_is_judged(tmp_path: Path) -> None:
    bare = Stamps(None)
    assert not bare.is_judged
    assert bare.quorum == 1
    assert not Stamps(trust(2, authorities=0)).is_judged
    assert Stamps(trust(2)).is_judged
    collector = Collector()
    bare.read(collector, tmp_path / "no folder")
    assert (collector.notices, findings(collector)) == ([], [])
    with pytest.raises(AssertionError) as caught:
        bare.take_one(collector, cast("Any", None), 1)
    assert str(caught.value) == "without trust no token is judged"


def test_a_stamp_is_kept_as_it_was_verified() -> None:
    found = Stamps(trust(1))
    made = verified("A", 5, "path")
    found._add(made, token("t"), size=7, name="anchors/7/1.tsr")
    again = verified("A", 9, "path")
    found._add(again, token("u"), size=8, name="anchors/8/1.tsr")
    assert found.found == {
        str(Digest.of(b"t")): Stamp(
            name="anchors/7/1.tsr",
            size=7,
            gen_time=at(4),
            latest=at(5),
            path=made.path,
        ),
        str(Digest.of(b"u")): Stamp(
            name="anchors/8/1.tsr",
            size=8,
            gen_time=at(8),
            latest=at(9),
            path=made.path,
        ),
    }
    assert found.found[str(Digest.of(b"u"))].path is made.path, "held once"


@pytest.mark.parametrize(("quorum", "asked"), [(0, 0), (3, 3), (4, 4)])
def test_too_few_authorities_are_counted_in_words(quorum: int, asked: int) -> None:
    collector = Collector()
    stamped(quorum, *THREE[:3]).check_quorum(collector, leaf=4)
    if quorum == 0:
        assert collector.counted(11) == 3, "tokens, not authorities"
        assert not collector.has_failed(11)
        return
    assert findings(collector) == [
        finding(
            11,
            "time-stamps-none",
            Outcome.NOT_CHECKED,
            "anchors",
            f"3 authorities that you trust stamped it; the policy asks for {asked}",
            asked=asked,
            found=3,
        )
    ]


def test_without_trust_no_authority_is_asked_for() -> None:
    collector = Collector()
    Stamps(None).check_quorum(collector, leaf=0)
    assert [dict(one.parameters) for one in findings(collector)] == [
        {"asked": 0, "found": 0}
    ]


# Reading what lies beside the log


class Folder:
    """Anchors by size: what the checkpoint says of its size, and the tokens."""

    def __init__(self, **said: int) -> None:
        self.asked: list[object] = []
        self.said = said

    def patch(
        self, monkeypatch: pytest.MonkeyPatch, anchors: dict[int, list[Any]]
    ) -> None:
        def read(_folder: Path, size: int, _disk: object) -> Any:
            return SimpleNamespace(note=f"note {size}", tokens=anchors[size])

        def opened(note: str, vkey: object, _verify: object) -> Any:
            size = int(note.removeprefix("note "))
            self.asked.append((note, vkey))
            return SimpleNamespace(size=self.said.get(f"s{size}", size))

        def verify(response: bytes, **named: object) -> Any:
            self.asked.append((response, named))
            word, root, minutes = response.decode().split()
            if word == "unknown":
                raise UnknownKey("nobody")
            if word == "bad":
                raise BadTimestamp("is none")
            return verified(root, int(minutes))

        monkeypatch.setattr(stamps_module, "list_sizes", lambda *_a: list(anchors))
        monkeypatch.setattr(stamps_module, "read_anchor", read)
        monkeypatch.setattr(stamps_module, "open_checkpoint", opened)
        monkeypatch.setattr(stamps_module, "verify_token", verify)
        monkeypatch.setattr(
            stamps_module, "format_checkpoint", lambda one: f"body {one.size}"
        )


def test_each_token_is_judged_by_itself_and_none_ends_the_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, collector = Folder(s5=6), Collector()
    anchors = {
        4: [token("unknown A 1"), token("bad B 2"), token("good C 30")],
        5: [token("good A 1")],
        7: [token("bad A 3"), token("unknown B 4"), token("good A 20")],
        9: [token("good C 90")],
    }
    folder.patch(monkeypatch, anchors)
    found = Stamps(trust(2, log="key"))
    found.read(collector, Path("anchors"))
    assert collector.notices == ["2 time stamps are by no authority that you trust"]
    failed = Outcome.FAILED
    assert findings(collector) == [
        finding(11, "token-bad", failed, "anchors/4/2.tsr", "is none"),
        finding(11, "token-bad", failed, "anchors/5", "holds a checkpoint of size 6"),
        finding(11, "token-bad", failed, "anchors/7/1.tsr", "is none"),
    ]
    names = {one.name: one.size for one in found.found.values()}
    assert names == {"anchors/4/3.tsr": 4, "anchors/7/3.tsr": 7, "anchors/9/1.tsr": 9}
    assert found.existed_by(3) == at(30)
    assert folder.asked[:2] == [
        ("note 4", "key"),
        (
            b"unknown A 1",
            {
                "body": b"body 4",
                "roots": ("root 0", "root 1", "root 2"),
                "chain": b"chain of unknown A 1",
                "query": b"query of unknown A 1",
            },
        ),
    ]


def test_an_earlier_token_over_more_entries_counts_for_fewer_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    anchors = {4: [token("good A 50")], 6: [token("good A 20")]}
    folder = Folder()
    folder.patch(monkeypatch, anchors)
    whole, alone = Stamps(trust(1)), Stamps(trust(1))
    whole.read(Collector(), Path("anchors"))
    for size in (6, 4):
        anchor = SimpleNamespace(note=f"note {size}", tokens=anchors[size])
        alone.take_one(Collector(), cast("Any", anchor), size)
    for found in (whole, alone):
        assert [found.existed_by(leaf) for leaf in (3, 5, 6)] == [at(20), at(20), None]


# Revocation lists


def test_so_many_lists_are_held_each_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []

    def parse(crl: bytes) -> tuple[str, ...]:
        read.append(crl)
        return (crl.decode(),)

    monkeypatch.setattr(stamps_module, "parse_crls", parse)
    monkeypatch.setattr(stamps_module, "LISTS_KEPT", 2)
    found = Stamps(trust(1))
    for number, crl in enumerate((b"1", None, b"", b"1", b"2", b"1", b"3")):
        name = f"{number}"
        found._add(verified("A", 1), token(name, crl), size=1, name=name)
    assert read == [b"1", b"2"]
    chosen: list[object] = []

    def choose(path: object, lists: object) -> str:
        chosen.append((path, lists))
        return "lists"

    judged: list[object] = []

    def check(path: object, lists: object, *, at: datetime) -> None:
        judged.append((path, lists, at))
        if len(judged) == 2:
            raise BadTimestamp("was revoked")
        if len(judged) == 3:
            raise UnknownKey("no list of it")

    monkeypatch.setattr(stamps_module, "choose_lists", choose)
    monkeypatch.setattr(stamps_module, "check_revocation", check)
    other = verified("B", 9)
    found._add(other, token("9"), size=1, name="9")
    collector = Collector()
    found.check_revocations(collector)
    first = found.found[str(Digest.of(b"0"))].path
    assert chosen == [(first, ["1", "2"]), (other.path, ["1", "2"])]
    assert judged[0] == (first, "lists", at(0))
    assert judged[-1] == (other.path, "lists", at(8))
    assert len(judged) == 8
    assert collector.counted(12) == 6
    failed, missing = findings(collector)
    assert failed == finding(
        12, "certificate-revoked", Outcome.FAILED, "1", "was revoked"
    )
    assert missing == finding(
        12, "revocation-none", Outcome.NOT_CHECKED, "2", "no list of it"
    )
