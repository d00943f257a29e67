"""Good bundles and every way to break one; the same list for both verifiers.

A case is a bundle and a trust folder. `good` says whether it may be VERIFIED: True it
must be, False it must not, None it depends (a paper that is no evidence was removed).
"""

import base64
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from archive.attest.authority import parse_chain
from archive.attest.keys import Ed25519Signer, P256Signer
from archive.attest.statement import pae, parse_statement
from archive.attest.token import parse_token
from archive.attest.trust import TrustSet
from archive.attest.trustset import TrustedOperator
from archive.digest import Digest
from archive.log.leaf import Leaf, format_leaf
from archive.log.note import NoteSignature, parse_note
from archive.log.proof import TlogProof, format_proof, parse_proof
from archive.verify.bundlefiles import SUMS
from tests.support.bundles import Files_, Witness, World, resum

CORE = ("capture.warc.gz", "statement.json", "leaf.txt", "proof.tlog-proof")
PAPERS = ("README.txt", "PROVES.txt", "verify.sh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One bundle under one trust folder."""

    name: str
    files: Files_
    trust: Path
    good: bool | None
    after: Callable[[Path], None] | None = None
    """What is done to the folder once it is written: links, empty folders."""


def all_cases(world: World) -> list[Case]:
    """Every case, in families; some 1,100."""
    cases: list[Case] = []
    for family in (
        good_bundles,
        removed_files,
        flipped_bits,
        forged_bits,
        bad_tokens,
        changed_certificates,
        swapped_files,
        other_trust,
        edited_proofs,
        edited_leaves,
        edited_statements,
        strange_files,
        edited_sums,
    ):
        cases += family(world)
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    return cases


def good_bundles(world: World) -> Iterator[Case]:
    for name, files in world.bundles.items():
        policies = [(w, t) for w in range(3) for t in range(3)]
        if name in ("page", "several"):
            policies = [(2, 2)]
        for witnesses, tokens in policies:
            trust = replace(world.trust, witness_quorum=witnesses, token_quorum=tokens)
            yield Case(
                name=f"good {name} {witnesses} {tokens}",
                files=files,
                trust=world.trust_folder(trust, f"q{witnesses}{tokens}"),
                good=True,
            )


def removed_files(world: World) -> Iterator[Case]:
    trust = _good(world)
    for bundle in ("one", "bounded", "revisit", "chained", "page"):
        files = world.bundles[bundle]
        for name in files:
            left = {key: data for key, data in files.items() if key != name}
            yield Case(
                name=f"removed {bundle} {name}", files=left, trust=trust, good=False
            )
            if name == SUMS:
                continue
            needed = name.rpartition("/")[2] in CORE or name.endswith(".tsr")
            optional = name in PAPERS or name.endswith((".pem", "text.txt", ".png"))
            yield Case(
                name=f"removed and listed anew {bundle} {name}",
                files=resum(left),
                trust=trust,
                good=False if needed else (True if optional else None),
            )


def flipped_bits(world: World, count: int = 220) -> Iterator[Case]:
    """Any bit of any file, found by the list of files alone."""
    dice = random.Random("flipped")
    trust = _good(world)
    for number in range(count):
        bundle = dice.choice(["one", "bounded", "one", "revisit"])
        files = dict(world.bundles[bundle])
        name = dice.choice(sorted(files))
        files[name] = _flip(files[name], dice)
        yield Case(
            name=f"flip {number} {bundle} {name}", files=files, trust=trust, good=False
        )


def forged_bits(world: World, count: int = 260) -> Iterator[Case]:
    """The same by somebody who lists the files anew; tokens have cases of their own."""
    dice = random.Random("forged")
    trust = _good(world)
    for number in range(count):
        bundle = dice.choice(["one", "bounded", "chained"])
        files = dict(world.bundles[bundle])
        name = dice.choice(CORE)
        files[name] = _flip(files[name], dice)
        yield Case(
            name=f"forged flip {number} {bundle} {name}",
            files=resum(files),
            trust=trust,
            good=False,
        )


def changed_certificates(world: World, count: int = 90) -> Iterator[Case]:
    """A bit of a certificate in a token or beside it, by who lists the files anew."""
    dice = random.Random("certificates")
    for number in range(count):
        bundle = dice.choice(["one", "bounded"])
        files = dict(world.bundles[bundle])
        names = [name for name in files if name.endswith((".tsr", ".chain.pem"))]
        name = dice.choice(sorted(names))
        files[name] = _flip_certificate(files[name], dice)
        yield _forged(world, f"certificate {number} of {name} in {bundle}", files)


def _flip_certificate(data: bytes, dice: random.Random) -> bytes:
    """Flip a bit of a certificate that lies in a token, or in a file of them."""
    if data.startswith(b"-----BEGIN"):
        chosen = dice.choice(parse_chain(data))
        body = base64.b64encode(_flip(chosen.public_bytes(Encoding.DER), dice))
        lines = [body[at : at + 64] for at in range(0, len(body), 64)]
        begin, end = (b"-----%s CERTIFICATE-----" % word for word in (b"BEGIN", b"END"))
        pem = b"\n".join([begin, *lines, end, b""])
        return data.replace(chosen.public_bytes(Encoding.PEM), pem)
    chosen = dice.choice(parse_token(data).certificates)
    found = chosen.public_bytes(Encoding.DER)
    return data.replace(found, _flip(found, dice))


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
        "with its signature altered": _damage(token, -9),
        "with its time altered": _damage_time(token),
        "too large": bytes(70_000),
    }
    for name, data in bad.items():
        files = {**one, "anchor.tsr": data}
        files.pop("anchor.chain.pem")
        yield _forged(world, f"token {name}", files)
    fine = {
        "sha512": first.stamp(body.encode(), digest="sha512"),
        "stamped again": first.stamp(body.encode()),
    }
    for name, data in fine.items():
        yield _forged(world, f"token {name}", {**one, "anchor.tsr": data}, good=True)
    bare = first.stamp(body.encode(), cert=False)
    stripped = {**one, "anchor.tsr": bare, "anchor.chain.pem": first.chain}
    yield _forged(world, "token stripped, with its chain", stripped, good=True)
    moved = {key: data for key, data in one.items() if key != "anchor2.tsr"}
    moved |= {"anchor7.tsr": twin, "anchor7.chain.pem": second.chain}
    moved.pop("anchor2.chain.pem")
    yield _forged(world, "token under another number", moved, good=True)
    extra = {**one, "anchor3.tsr": world.foreign.stamp(body.encode())}
    yield _forged(world, "token of a foreign authority besides", extra, good=True)
    wrong = {**one, "anchor3.tsr": other["anchor.tsr"]}
    yield _forged(world, "token of another checkpoint besides", wrong)
    chain = {**one, "anchor.chain.pem": b"not PEM\n"}
    yield _forged(
        world,
        "token with a foreign chain",
        {**one, "anchor.chain.pem": world.foreign.chain},
    )
    del chain
    for name, data in bad.items():
        if name in ("twice", "with SHA-1", "without certificate and chain"):
            continue
        files = {**other, "not_before.tsr": data}
        yield _forged(world, f"lower bound {name}", files)
    assert parse_token(token).gen_time


def swapped_files(world: World) -> Iterator[Case]:
    pairs = [("one", "bounded"), ("bounded", "one"), ("one", "chained")]
    for into, source in pairs:
        for name in (*CORE, "anchor.tsr", "anchor2.tsr"):
            if world.bundles[into][name] == world.bundles[source][name]:
                continue
            files = {**world.bundles[into], name: world.bundles[source][name]}
            yield _forged(world, f"swapped {into} {source} {name}", files)
    one, chained = world.bundles["one"], world.bundles["chained"]
    for count in (2, 3):
        for start in range(4):
            names = [CORE[(start + step) % 4] for step in range(count)]
            files = {**one, **{name: chained[name] for name in names}}
            yield _forged(world, f"swapped {'+'.join(names)}", files)


def other_trust(world: World) -> Iterator[Case]:
    trust = world.trust
    stranger = P256Signer.from_scalar(77_777)
    (operator,) = trust.operators
    witness3 = Witness.make(3)
    log2 = Ed25519Signer.from_seed(b"\7" * 32, name=trust.origin)
    elsewhere = Ed25519Signer.from_seed(b"\7" * 32, name="another.example/log")
    variants: dict[str, tuple[TrustSet, bool]] = {
        "three witnesses asked": (_witnesses(trust, (1, 2, 3), 3), False),
        "one known witness": (_witnesses(trust, (1, 3), 2), False),
        "one known witness is enough": (_witnesses(trust, (1, 3), 1), True),
        "no known witness": (_witnesses(trust, (3,), 1), False),
        "one authority": (replace(trust, authorities=trust.authorities[:1]), False),
        "one authority is enough": (
            replace(trust, authorities=trust.authorities[1:], token_quorum=1),
            True,
        ),
        "foreign authorities": (
            replace(trust, authorities=(world.foreign.root,) * 1, token_quorum=1),
            False,
        ),
        "foreign authority besides": (
            replace(trust, authorities=(world.foreign.root, *trust.authorities)),
            True,
        ),
        "three authorities asked": (
            replace(
                trust,
                authorities=(*trust.authorities, world.foreign.root),
                token_quorum=3,
            ),
            False,
        ),
        "another operator": (
            replace(
                trust,
                operators=(TrustedOperator(spki_der=stranger.spki_der, first_leaf=0),),
            ),
            False,
        ),
        "operator besides another": (
            replace(
                trust,
                operators=(
                    TrustedOperator(spki_der=stranger.spki_der, first_leaf=0),
                    operator,
                ),
            ),
            True,
        ),
        "key not yet valid": (_interval(trust, 900, 999), False),
        "key no longer valid": (_interval(trust, 0, 1), False),
        "key valid for a while": (_interval(trust, 1, 900), True),
        "another log key": (replace(trust, log_vkey=log2.vkey), False),
        "another log": (replace(trust, log_vkey=elsewhere.vkey), False),
    }
    del witness3
    for name, (variant, good) in variants.items():
        for bundle in ("one", "bounded", "revisit", "chained"):
            folder = world.trust_folder(variant, name.replace(" ", "-"))
            yield Case(
                name=f"trust {name} {bundle}",
                files=world.bundles[bundle],
                trust=folder,
                # The lower bound of `bounded` is a token of the first authority.
                good=good and (bundle, name) != ("bounded", "one authority is enough"),
            )


def edited_proofs(world: World) -> Iterator[Case]:
    for bundle in ("one", "bounded"):
        data = world.bundles[bundle]["proof.tlog-proof"]
        for name, changed in _proof_edits(data, world):
            if changed != data:
                files = {**world.bundles[bundle], "proof.tlog-proof": changed}
                yield _forged(world, f"proof {name} {bundle}", files)


def _proof_edits(data: bytes, world: World) -> Iterator[tuple[str, bytes]]:
    proof = parse_proof(data)
    head, _, note = data.partition(b"\n\n")
    body, _, lines = note.partition(b"\n\n")
    each = lines.splitlines(keepends=True)

    def made(head: bytes = head, body: bytes = body, lines: bytes = lines) -> bytes:
        return head + b"\n\n" + body + b"\n\n" + lines

    hashes = list(proof.hashes)
    for name, changed in {
        "one hash more": [*hashes, hashes[0]],
        "one hash less": hashes[:-1],
        "no hash": [],
        "hashes turned round": hashes[::-1],
        "first hash twice": [hashes[0], *hashes],
        "63 hashes": (hashes * 63)[:63],
    }.items():
        yield name, format_proof(replace(proof, hashes=tuple(changed)))
    for index in sorted({0, proof.index + 1, proof.index - 1, 900}):
        yield (
            f"index {index}",
            format_proof(
                TlogProof(
                    index=index,
                    hashes=proof.hashes,
                    checkpoint_note=proof.checkpoint_note,
                )
            ),
        )
    origin, size, root = body.split(b"\n")
    yield "CR LF", data.replace(b"\n", b"\r\n")
    yield "no last line end", data[:-1]
    yield "a line end more", data + b"\n"
    yield "a space at an end", made(head=head + b" ")
    yield "a leading zero", data.replace(b"index ", b"index 0")
    yield "a plus", data.replace(b"index ", b"index +")
    yield "a long number", data.replace(b"index ", b"index 1000000000000000")
    yield "code for a number", data.replace(b"index ", b"index a[$(id)]")
    yield "another version", data.replace(b"@v1", b"@v2")
    yield "an extra line", made(head=head.replace(b"index", b"extra YQ==\nindex"))
    yield (
        "size plus one",
        made(body=b"\n".join((origin, b"%d" % (int(size) + 1), root))),
    )
    yield "size zero", made(body=b"\n".join((origin, b"0", root)))
    yield "size with a zero", made(body=b"\n".join((origin, b"0" + size, root)))
    yield "another root", made(body=b"\n".join((origin, size, b"A" * 42 + b"8=")))
    yield "a short root", made(body=b"\n".join((origin, size, b"AAAA")))
    yield "an extension line", made(body=body + b"\nmore")
    yield "another origin", made(body=body.replace(b"election", b"erection"))
    yield "an origin with a space", made(body=body.replace(b"-", b" ", 1))
    yield "no signature", made(lines=b"")
    yield "log signature gone", made(lines=b"".join(each[1:]))
    yield "only the log signature", made(lines=each[0])
    yield "one witness gone", made(lines=b"".join(each[:2]))
    yield "one witness twice", made(lines=each[0] + each[1] + each[1])
    yield "an empty line more", made(lines=each[0] + b"\n" + b"".join(each[1:]))
    yield "a hyphen for the dash", made(lines=lines.replace("—".encode(), b"-"))
    yield "a word more", made(lines=lines.replace(b"\n", b" x\n", 1))
    yield "spare bits", made(lines=re.sub(rb"[A-Za-z0-9+/]=\n", _spare, lines, count=1))
    yield "65 lines", made(lines=each[0] * 65)
    body_text = body.decode() + "\n"
    late = Witness.make(1).line(body_text, at=1)
    forged = replace(late, signature=(5).to_bytes(8, "big") + late.signature[8:])
    yield "cosignature of another time", made(lines=each[0] + _line(forged) + each[2])
    negative = replace(late, signature=b"\xff" * 8 + late.signature[8:])
    yield "cosignature of no time", made(lines=each[0] + _line(negative) + each[2])
    short = replace(late, signature=late.signature[:-1])
    yield "cosignature cut", made(lines=each[0] + _line(short) + each[2])
    stranger = replace(Witness.make(1), signer=Witness.make(9).signer).line(body_text)
    yield "witness by another key", made(lines=each[0] + _line(stranger) + each[2])
    del world


def edited_leaves(world: World) -> Iterator[Case]:
    line = world.bundles["one"]["leaf.txt"]
    version, kind, digest, key_id, signature = line.split()
    stranger = P256Signer.from_scalar(77_777)
    payload = world.bundles["one"]["statement.json"]
    own = stranger.sign(pae(payload))
    leaf = Leaf(
        kind="capture",
        statement_digest=Digest.of(pae(payload)),
        key_id=stranger.key_id,
        signature=own,
    )
    edits = {
        "signed by a stranger": format_leaf(leaf),
        "signed by a stranger under our key id": format_leaf(
            replace(leaf, key_id=key_id.decode())
        ),
        "called a page": line.replace(b" capture ", b" page "),
        "called a note": line.replace(b" capture ", b" note "),
        "called a later kind": line.replace(b" capture ", b" film "),
        "called nothing": line.replace(b" capture ", b"  "),
        "another version": line.replace(b"v1", b"v2"),
        "capital digits": line.replace(digest, digest.upper()),
        "no prefix": line.replace(b"sha256:", b""),
        "another algorithm": line.replace(b"sha256:", b"sha512:"),
        "two spaces": line.replace(b" ", b"  ", 1),
        "a tab": line.replace(b" ", b"\t", 1),
        "a space before": b" " + line,
        "a space behind": line[:-1] + b" \n",
        "no line end": line[:-1],
        "CR LF": line[:-1] + b"\r\n",
        "two lines": line + line,
        "a word more": line[:-1] + b" x\n",
        "another key id": line.replace(key_id, b"0" * 16),
        "a long key id": line.replace(key_id, key_id + b"0"),
        "a path for a key id": line.replace(key_id, b"../../../../../a"),
        "no signature": b" ".join((version, kind, digest, key_id)) + b"\n",
        "a short signature": line.replace(signature, signature[:8]),
        "signature in URL letters": line.replace(b"/", b"_").replace(b"+", b"-"),
        "a pattern": line.replace(b" capture ", b" * "),
        "empty": b"",
        "NUL": line.replace(b" ", b" \0", 1),
    }
    for name, changed in edits.items():
        if changed != line:
            yield _forged(
                world, f"leaf {name}", {**world.bundles["one"], "leaf.txt": changed}
            )


def edited_statements(world: World) -> Iterator[Case]:
    one = world.bundles["one"]
    payload = one["statement.json"]
    statement = parse_statement(payload)
    captured = statement.predicate["captured_at"].encode()
    edits = {
        "another time": payload.replace(captured, b"2020-01-01T00:00:00.000000Z"),
        "another address": payload.replace(b"a.example", b"z.example"),
        "another entry": payload.replace(
            b'"seq":%d' % statement.seq, b'"seq":%d' % (statement.seq + 1)
        ),
        "spaces": payload.replace(b'":"', b'": "'),
        "a line end": payload + b"\n",
        "another kind": payload.replace(b"/capture/v1", b"/page/v1"),
        "a later version": payload.replace(b"/capture/v1", b"/capture/v2"),
        "empty": b"",
        "no JSON": b"{",
        "NUL": b"\0" + payload,
        "large": payload + b" " * (1 << 20),
    }
    stranger = P256Signer.from_scalar(77_777)
    for name, changed in edits.items():
        yield _forged(world, f"statement {name}", {**one, "statement.json": changed})
        signed = format_leaf(
            Leaf(
                kind="capture",
                statement_digest=Digest.of(pae(changed)),
                key_id=stranger.key_id,
                signature=stranger.sign(pae(changed)),
            )
        )
        files = {**one, "statement.json": changed, "leaf.txt": signed}
        yield _forged(world, f"statement {name}, signed by a stranger", files)


def strange_files(world: World) -> Iterator[Case]:
    one, page = world.bundles["one"], world.bundles["page"]
    trust = _good(world)
    for name in (
        "extra.txt",
        ".hidden",
        "captures/readme.txt",
        "view/film.mp4",
        "view/deeper/text.txt",
        "anchor17.tsr",
        "anchor1.tsr",
        "anchor02.tsr",
        "Capture.warc.gz",
        "capture.warc.gz.bak",
        "revocation/other.crl",
        "also/x/capture.warc.gz",
        "a b.txt",
        "-rf",
    ):
        files = {**one, name: b"more"}
        yield Case(name=f"file {name}", files=files, trust=trust, good=False)
        yield _forged(world, f"file {name}, listed", files)
    yield _forged(
        world,
        "a list of withdrawn certificates",
        {**one, "verify.sh": b"echo VERIFIED\n"},
        good=True,
    )
    links: dict[str, Callable[[Path], None]] = {
        "a link to a file": lambda f: (f / "link.txt").symlink_to(f / "leaf.txt"),
        "a link in place of a file": _linked,
        "a link to a folder": lambda f: (f / "also").symlink_to(f.parent),
        "a link to itself": lambda f: (f / "view").symlink_to(f / "view"),
    }
    for name, act in links.items():
        yield Case(name=name, files=one, trust=trust, good=False, after=act)
    yield Case(
        name="an empty folder",
        files=one,
        trust=trust,
        good=True,
        after=lambda folder: (folder / "view").mkdir(),
    )
    yield from _broken_pages(world, page)
    revisit = world.bundles["revisit"]
    alone = {key: data for key, data in revisit.items() if not key.startswith("also/")}
    yield _forged(world, "a revisit without its original", alone)
    chained = world.bundles["chained"]
    bare = {key: data for key, data in chained.items() if not key.startswith("also/")}
    yield _forged(world, "a capture without its chain", bare, good=True)


def _broken_pages(world: World, page: Files_) -> Iterator[Case]:
    folders = sorted({key[:36] for key in page if key.startswith("captures/")})
    for number, folder in enumerate(folders):
        left = {key: data for key, data in page.items() if not key.startswith(folder)}
        yield _forged(world, f"a page without capture {number}", left)
        other = folders[1 - number]
        swapped = {
            (key.replace(folder, other) if key.startswith(folder) else key): data
            for key, data in page.items()
            if not key.startswith(other)
        }
        yield _forged(world, f"a page with capture {number} renamed", swapped)
        broken = {**page, folder + "capture.warc.gz": b"x"}
        yield _forged(world, f"a page with capture {number} altered", broken)
    stranger = world.bundles["bounded"]
    short = Digest.of(stranger["capture.warc.gz"]).short_id
    more = {
        f"captures/{short}/{key}": data
        for key, data in stranger.items()
        if key not in (*PAPERS, SUMS)
    }
    yield _forged(world, "a page with a foreign capture", {**page, **more})
    for name in ("view/screenshot.png", "view/text.txt"):
        yield _forged(world, f"a page with another {name}", {**page, name: b"other"})
        yield _forged(
            world,
            f"a capture with a foreign {name}",
            {**world.bundles["one"], name: page[name]},
        )
    headless = {key: data for key, data in page.items() if key not in CORE}
    for name in [key for key in headless if key.startswith(("anchor", "view/"))]:
        del headless[name]
    yield _forged(world, "the captures of a page alone", headless, good=True)
    nested = {f"captures/{short}/captures/{short}/{key}": b"" for key in CORE}
    yield _forged(world, "a capture inside a capture", {**page, **nested})


def edited_sums(world: World) -> Iterator[Case]:
    one = world.bundles["one"]
    sums = one[SUMS]
    lines = sums.splitlines(keepends=True)
    trust = _good(world)
    edits = {
        "turned round": b"".join(reversed(lines)),
        "one line less": b"".join(lines[:-1]),
        "one line twice": sums + lines[-1],
        "a file that is not there": sums + b"0" * 64 + b"  zzz.txt\n",
        "itself listed": sums + b"0" * 64 + b"  SHA256SUMS\n",
        "capitals": sums.upper(),
        "binary marks": sums.replace(b"  ", b" *"),
        "CR LF": sums.replace(b"\n", b"\r\n"),
        "no last line end": sums[:-1],
        "a comment": b"# digests\n" + sums,
        "empty": b"",
        "zeros": bytes(500),
    }
    for name, changed in edits.items():
        files = {**one, SUMS: changed}
        yield Case(name=f"sums {name}", files=files, trust=trust, good=False)


def _forged(
    world: World, name: str, files: Files_, *, good: bool | None = False
) -> Case:
    """A case whose files are listed anew."""
    return Case(name=name, files=resum(files), trust=_good(world), good=good)


def _good(world: World) -> Path:
    return world.trust_folder(world.trust, "good")


def _flip(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    bit = dice.randrange(8 * len(data))
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _damage(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def _damage_time(token: bytes) -> bytes:
    place = token.index(b"\x18\x0f20") + 6
    return _damage(token, place)


def _spare(match: re.Match[bytes]) -> bytes:
    letter = match[0][:1]
    return bytes([letter[0] + 1]) + match[0][1:]


def _line(signature: NoteSignature) -> bytes:
    from archive.log.fields import format_base64

    data = format_base64(signature.key_hash + signature.signature)
    return f"— {signature.name} {data}\n".encode()


def _witnesses(trust: TrustSet, numbers: tuple[int, ...], quorum: int) -> TrustSet:
    chosen = tuple((f"w{n}", Witness.make(n).vkey) for n in numbers)
    return replace(trust, witnesses=chosen, witness_quorum=quorum)


def _interval(trust: TrustSet, first: int, end: int) -> TrustSet:
    (operator,) = trust.operators
    return replace(
        trust, operators=(replace(operator, first_leaf=first, end_leaf=end),)
    )


def _linked(folder: Path) -> None:
    target = folder / "leaf.txt"
    target.rename(folder.parent / "leaf-elsewhere.txt")
    target.symlink_to(folder.parent / "leaf-elsewhere.txt")
