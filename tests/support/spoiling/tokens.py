"""Bundles with other time stamps, and with changed certificates in or beside them."""

import base64
import random
from collections.abc import Iterator

from cryptography.hazmat.primitives.serialization import Encoding

from archive.attest.tokens.authority import parse_chain
from archive.attest.tokens.token import parse_token
from archive.attest.values.der import split_der, wrap_der
from archive.log.note import parse_note
from archive.log.proof import parse_proof
from tests.support.archives.bundles import World
from tests.support.spoiling.case import Case, damage, flip, forged

STATUS_WORDS = (
    "fine\nStatus: Waiting.\nHash Algorithm: sha512\nMessage data:\n    0000 - 00"
)
STATUS_WORDS += "\nTime stamp: Jan 26 08:00:01 2028 GMT\nAccuracy: 0x7F seconds"
"""What a reader of the printed reply could take for facts of the token."""


def changed_certificates(world: World, count: int = 90) -> Iterator[Case]:
    """A bit of a certificate in a token or beside it, by who lists the files anew."""
    dice = random.Random("certificates")
    for number in range(count):
        bundle = dice.choice(["one", "bounded"])
        files = dict(world.bundles[bundle])
        names = [name for name in files if name.endswith((".tsr", ".chain.pem"))]
        name = dice.choice(sorted(names))
        files[name] = _flip_certificate(files[name], dice)
        yield forged(world, f"certificate {number} of {name} in {bundle}", files)


def _flip_certificate(data: bytes, dice: random.Random) -> bytes:
    """Flip a bit of a certificate that lies in a token, or in a file of them."""
    if data.startswith(b"-----BEGIN"):
        chosen = dice.choice(parse_chain(data))
        body = base64.b64encode(flip(chosen.public_bytes(Encoding.DER), dice))
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        begin, end = (b"-----%s CERTIFICATE-----" % word for word in (b"BEGIN", b"END"))
        pem = b"\n".join([begin, *lines, end, b""])
        return data.replace(chosen.public_bytes(Encoding.PEM), pem)
    chosen = dice.choice(parse_token(data).certificates)
    found = chosen.public_bytes(Encoding.DER)
    return data.replace(found, flip(found, dice))


def with_status_words(token: bytes, words: str) -> bytes:
    """The same response whose status says more, in text that nobody signed."""
    info, signed = split_der(token)
    text = wrap_der(0x30, wrap_der(0x0C, words.encode()))
    return wrap_der(0x30, wrap_der(0x30, *split_der(info), text), signed)


def bad_tokens(world: World) -> Iterator[Case]:
    one, other = world.bundles["one"], world.bundles["bounded"]
    body = parse_note(parse_proof(one["proof.tlog-proof"]).checkpoint_note).body
    first, second = world.stampers
    token, twin = one["anchor.tsr"], one["anchor2.tsr"]
    bad = {
        "of another checkpoint": other["anchor.tsr"],
        "over other bytes": first.stamp(b"something else"),
        "with SHA-1": first.stamp(body.encode(), digest="sha1"),
        "of a foreign authority": world.foreign.stamp(body.encode()),
        "empty": b"",
        "cut": token[:-1],
        "cut in the middle": token[: len(token) // 2],
        "with a byte behind": token + b"\0",
        "zeros": bytes(900),
        "text": b"no token at all\n",
        "twice": twin,
        "without certificate and chain": first.stamp(body.encode(), cert=False),
        "with its signature altered": damage(token, -9),
        "with its time altered": _damage_time(token),
        "too large": bytes(70_000),
    }
    for name, data in bad.items():
        files = {**one, "anchor.tsr": data}
        files.pop("anchor.chain.pem")
        yield forged(world, f"token {name}", files)
    fine = {
        "sha512": first.stamp(body.encode(), digest="sha512"),
        "stamped again": first.stamp(body.encode()),
        "with words beside its status": with_status_words(token, STATUS_WORDS),
    }
    for name, data in fine.items():
        yield forged(world, f"token {name}", {**one, "anchor.tsr": data}, good=True)
    bare = first.stamp(body.encode(), cert=False)
    stripped = {**one, "anchor.tsr": bare, "anchor.chain.pem": first.chain}
    yield forged(world, "token stripped, with its chain", stripped, good=True)
    moved = {key: data for key, data in one.items() if key != "anchor2.tsr"}
    moved |= {"anchor7.tsr": twin, "anchor7.chain.pem": second.chain}
    moved.pop("anchor2.chain.pem")
    yield forged(world, "token under another number", moved, good=True)
    extra = {**one, "anchor3.tsr": world.foreign.stamp(body.encode())}
    yield forged(world, "token of a foreign authority besides", extra, good=True)
    wrong = {**one, "anchor3.tsr": other["anchor.tsr"]}
    yield forged(world, "token of another checkpoint besides", wrong)
    yield forged(
        world,
        "token with a foreign chain",
        {**one, "anchor.chain.pem": world.foreign.chain},
    )
    for name, data in bad.items():
        if name in ("twice", "with SHA-1", "without certificate and chain"):
            continue
        files = {**other, "not_before.tsr": data}
        yield forged(world, f"lower bound {name}", files)


def _damage_time(token: bytes) -> bytes:
    place = token.index(b"\x18\x0f20") + 6
    return damage(token, place)
