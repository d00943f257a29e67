"""What is told beside the findings: each line whole, each bound on both sides."""

import pytest

from archive.attest.approval import verify_approval
from archive.attest.keys.signing import P256Signer
from archive.attest.statements.statement import format_cosigned
from archive.digest import Digest
from archive.errors import BadSignature
from archive.log.fields import format_base64
from archive.verify.notices.lookalikes import HOSTS_NAMED, LookAlikes, describe_host
from archive.verify.notices.overrides import LISTED, TEXT_CHARACTERS, Overrides
from archive.verify.reporting.collector import Collector
from archive.verify.statements.cosigns import NAMED, Cosigns
from tests.support.judging.findings import failed, found_by


def alabel(text: str) -> str:
    return "xn--" + text.encode("punycode").decode("ascii")


# Hosts that look like others


def reads(host: str, text: str, what: str) -> str:
    return f"the host {host} reads {text!a}: {what}"


MIXED = alabel("pаypal")
ALL_OF_ONE = "асеорхуіјѕһԁԛԝӏ"
"""Every Cyrillic letter that is drawn like a Latin one."""
DRAWN = "all its letters are {} and drawn like Latin ones"


@pytest.mark.parametrize(
    ("label", "text", "what"),
    [
        (MIXED, "pаypal", "it mixes Latin and Cyrillic"),
        (alabel("αа"), "αа", "it mixes Cyrillic and Greek"),
        (alabel("aаα"), "aаα", "it mixes Latin and Cyrillic and Greek"),
        (alabel("aա"), "aա", "it mixes Latin and Armenian"),
        (alabel("aꭰ"), "aꭰ", "it mixes Latin and Cherokee"),
        (alabel("сех-1"), "сех-1", DRAWN.format("Cyrillic")),
        (alabel("ονο"), "ονο", DRAWN.format("Greek")),
        (alabel(ALL_OF_ONE), ALL_OF_ONE, DRAWN.format("Cyrillic")),
    ],
)
def test_a_host_is_told_by_its_label_wherever_that_stands(
    label: str, text: str, what: str
) -> None:
    for host in (label, f"{label}.example", f"www.{label}.example", f"a.b.{label}"):
        assert describe_host(host) == reads(host, text, what)
    honest = alabel("münchen")
    host = f"{honest}.{label}"
    assert describe_host(host) == reads(host, text, what)


@pytest.mark.parametrize("label", ["xn--\u00e9", "xn--a\u20ac-b", "xn--99999999999999"])
def test_a_label_that_cannot_be_read_is_told(label: str) -> None:
    host = f"www.{label}.example"
    assert describe_host(host) == f"the host {host} cannot be read: {label} is no name"


@pytest.mark.parametrize(
    "host",
    [
        "paypal.example",
        f"a{MIXED}.example",
        alabel("1-٣"),
        alabel("выборы"),
        alabel("сехж"),
        alabel("日本"),
        alabel("x\ue000\u0378"),
        alabel("a日"),
    ],
)
def test_a_host_without_such_a_label_is_not_told(host: str) -> None:
    assert describe_host(host) is None


def test_each_host_is_told_once_and_ten_of_them_by_name() -> None:
    found = LookAlikes()
    found.note(None)
    found.note("a.example")
    assert list(found.notices()) == []
    hosts = [f"{number}.{MIXED}" for number in range(HOSTS_NAMED + 2)]
    told = [reads(host, "pаypal", "it mixes Latin and Cyrillic") for host in hosts]
    for host in hosts[:HOSTS_NAMED]:
        found.note(host)
        found.note(host)
    assert list(found.notices()) == told[:HOSTS_NAMED]
    found.note(hosts[-2])
    one = "1 more hosts have names that look like others"
    assert list(found.notices()) == [*told[:HOSTS_NAMED], one]
    found.note(hosts[-1])
    two = "2 more hosts have names that look like others"
    assert list(found.notices()) == [*told[:HOSTS_NAMED], two]


# Test set-ups


def test_redirections_are_listed_by_number_then_name_and_more_are_counted() -> None:
    overrides = Overrides()
    names = [f"n{number:02}" for number in range(LISTED)]
    for name in reversed(names):
        overrides.note({"connect_to": name})
    overrides.note({"connect_to": names[5], "allow_network": "net"})
    words = [f"connect_to {name}: {1 + (name == names[5])}" for name in names]
    often = words.pop(5)
    listed = [often, "allow_network net: 1", *words]
    assert len(listed) == LISTED + 1
    shown = "; ".join(listed[:LISTED])
    head = f"captures made in a test set-up: {LISTED + 1}"
    assert overrides.notices() == [f"{head} ({shown}; 1 others)"]


def test_as_many_redirections_as_are_listed_leave_none_to_count() -> None:
    overrides = Overrides()
    for number in range(LISTED):
        overrides.note({"connect_to": None, "allow_network": f"{number}"})
    (line,) = overrides.notices()
    assert line.endswith(f"; allow_network {LISTED - 1}: 1)")


def test_of_a_redirection_so_many_letters_are_told_and_escaped() -> None:
    overrides = Overrides()
    overrides.note({"connect_to": "é\n" + "x" * TEXT_CHARACTERS})
    rest = "x" * (TEXT_CHARACTERS - len("connect_to é\n"))
    assert overrides.notices() == [
        f"captures made in a test set-up: 1 (connect_to \\xe9\\n{rest}: 1)"
    ]


# Approvals


OTHER = P256Signer.from_scalar(1_000_039)


def approval(name: str, statement: Digest) -> dict[str, str]:
    words = {"name": name, "role": "observer", "words": "I saw it."}
    message = format_cosigned(statement=str(statement), **words)
    return {
        **words,
        "statement": str(statement),
        "spki": format_base64(OTHER.spki_der),
        "signature": format_base64(OTHER.sign(message)),
    }


@pytest.mark.parametrize("more", [0, 1, 2])
def test_approvals_are_told_by_name_and_key_up_to_ten(more: int) -> None:
    collector, seen = Collector(), Digest.of(b"seen")
    cosigns = Cosigns(collector)
    for number in range(NAMED + more):
        cosigns.note(approval(f"N{number}", seen), subject=f"entry {number}")
    cosigns.finish({seen})
    vouches = f"(observer, key {OTHER.key_id}) vouches for {seen}"
    assert collector.notices == [
        *(f"N{number} {vouches}" for number in range(NAMED)),
        *([f"{more} more approvals are not listed"] if more else []),
    ]
    assert found_by(collector) == []


def test_an_approval_of_a_statement_elsewhere_says_so_and_a_bad_one_is_failed() -> None:
    collector, seen = Collector(), Digest.of(b"seen")
    cosigns = Cosigns(collector)
    cosigns.note({**approval("Bad", seen), "words": "I did not."}, subject="entry 3")
    cosigns.note(approval("Good", seen), subject="entry 4")
    cosigns.finish(set())
    with pytest.raises(BadSignature) as bad:
        verify_approval({**approval("Bad", seen), "words": "I did not."})
    assert found_by(collector) == [failed(4, "cosign-bad", "entry 3", str(bad.value))]
    assert collector.notices == [
        f"Good (observer, key {OTHER.key_id}) vouches for {seen} of another archive"
    ]
