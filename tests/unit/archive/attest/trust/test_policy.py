import pytest

from archive.attest.keys.signing import Ed25519Signer
from archive.attest.trust.policy import Policy, format_policy, parse_policy
from archive.errors import FormatError
from archive.log.note import COSIGNATURE, ED25519, VerifierKey, format_vkey, make_vkey

LOG = make_vkey("origin.example/log", ED25519, bytes(range(32)))


def witness(number: int) -> tuple[str, VerifierKey]:
    seed = bytes([number]) * 32
    key = Ed25519Signer.from_seed(seed, name="x").vkey.public_key
    return f"w{number}", make_vkey(f"w{number}.example", COSIGNATURE, key)


W1, W2, W3 = witness(1), witness(2), witness(3)
LOG_LINE = f"log {format_vkey(LOG)}\n"
W1_LINE = f"witness w1 {format_vkey(W1[1])}\n"
W2_LINE = f"witness w2 {format_vkey(W2[1])} https://w2.example/\n"


def test_a_policy_without_witnesses_is_two_lines() -> None:
    policy = Policy(log_vkey=LOG, witnesses=(), quorum=0)
    assert format_policy(policy) == (LOG_LINE + "quorum none\n").encode()
    assert parse_policy(format_policy(policy)) == policy


@pytest.mark.parametrize("quorum", [0, 1, 2, 3])
def test_policies_are_read_back(quorum: int) -> None:
    policy = Policy(log_vkey=LOG, witnesses=(W1, W2, W3), quorum=quorum)
    assert parse_policy(format_policy(policy)) == policy


@pytest.mark.parametrize(
    ("text", "quorum"),
    [
        (LOG_LINE + W1_LINE + "quorum w1\n", 1),
        (LOG_LINE + W1_LINE + W2_LINE + "group g any w2 w1\nquorum g\n", 1),
        (LOG_LINE + W1_LINE + W2_LINE + "group g all w1 w2\nquorum g\n", 2),
        (LOG_LINE + W1_LINE + W2_LINE + "group g 2 w1 w2\nquorum g\n", 2),
        (W1_LINE + "# words\n\n \t\n" + LOG_LINE + "  quorum\tnone  \n", 0),
    ],
)
def test_every_spelling_of_so_many_of_all_is_read(text: str, quorum: int) -> None:
    assert parse_policy(text.encode()).quorum == quorum


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none\n",
        LOG_LINE,
        LOG_LINE + "quorum none",
        LOG_LINE + "quorum none\r\n",
        LOG_LINE + "quorum none\nquorum none\n",
        LOG_LINE + LOG_LINE + "quorum none\n",
        LOG_LINE + "quorum w1\n",
        LOG_LINE + W1_LINE + W2_LINE + "quorum w1\n",
        LOG_LINE + W1_LINE + W2_LINE + "group g 1 w1\nquorum g\n",
        LOG_LINE + W1_LINE + "group g 1 w1 w1\nquorum g\n",
        LOG_LINE + W1_LINE + "group g 0 w1\nquorum g\n",
        LOG_LINE + W1_LINE + "group g 01 w1\nquorum g\n",
        LOG_LINE + W1_LINE + "group g 2 w1\nquorum g\n",
        LOG_LINE + "group g all\nquorum g\n",
        LOG_LINE + W1_LINE + "group g 1 none\nquorum g\n",
        LOG_LINE + W1_LINE + "group w1 1 w1\nquorum w1\n",
        LOG_LINE + W1_LINE + "group g 1 w1\n" + W2_LINE + "quorum g\n",
        LOG_LINE + W1_LINE + W1_LINE + "quorum none\n",
        LOG_LINE + W1_LINE + W1_LINE.replace("w1 ", "w9 ") + "quorum none\n",
        LOG_LINE + f"witness w1 {format_vkey(LOG)}\nquorum none\n",
        f"log {format_vkey(W1[1])}\nquorum none\n",
        LOG_LINE + "witness none\nquorum none\n",
        LOG_LINE + "note what\nquorum none\n",
        "log x+00000000+AAAA\nquorum none\n",
        LOG_LINE + "quorum none\n\x7f\n",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_policy(text.encode())


def test_a_policy_that_is_not_utf8_or_too_long_is_refused() -> None:
    for data in (b"\xff\n", b"#" * 70_000 + b"\n"):
        with pytest.raises(FormatError):
            parse_policy(data)


def test_the_refusal_names_the_line() -> None:
    with pytest.raises(FormatError, match="line 2"):
        parse_policy((LOG_LINE + "log x\n").encode())
