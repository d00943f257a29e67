"""Bundles whose proof, leaf or statement somebody edited."""

import re
from collections.abc import Iterator
from dataclasses import replace

from archive.attest.keys.signing import P256Signer
from archive.attest.statements.statement import pae, parse_statement
from archive.digest import Digest
from archive.log.fields import format_base64
from archive.log.leaf import Leaf, format_leaf
from archive.log.note import NoteSignature
from archive.log.proof import TlogProof, format_proof, parse_proof
from tests.support.archives.bundles import Witness, World
from tests.support.spoiling.case import Case, forged


def edited_proofs(world: World) -> Iterator[Case]:
    for bundle in ("one", "bounded"):
        data = world.bundles[bundle]["proof.tlog-proof"]
        for name, changed in _proof_edits(data):
            if changed != data:
                files = {**world.bundles[bundle], "proof.tlog-proof": changed}
                yield forged(world, f"proof {name} {bundle}", files)


def _proof_edits(data: bytes) -> Iterator[tuple[str, bytes]]:
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
            yield forged(
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
        yield forged(world, f"statement {name}", {**one, "statement.json": changed})
        signed = format_leaf(
            Leaf(
                kind="capture",
                statement_digest=Digest.of(pae(changed)),
                key_id=stranger.key_id,
                signature=stranger.sign(pae(changed)),
            )
        )
        files = {**one, "statement.json": changed, "leaf.txt": signed}
        yield forged(world, f"statement {name}, signed by a stranger", files)


def _spare(match: re.Match[bytes]) -> bytes:
    letter = match[0][:1]
    return bytes([letter[0] + 1]) + match[0][1:]


def _line(signature: NoteSignature) -> bytes:
    data = format_base64(signature.key_hash + signature.signature)
    return f"— {signature.name} {data}\n".encode()
