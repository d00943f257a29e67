"""One valid predicate of each of the thirteen kinds, and fixed keys."""

import base64
import copy
from collections.abc import Callable
from typing import Any

import pytest

from archive.attest.keys.keyfolder import KeyFolder, KeySeeds
from archive.digest import Digest, format_short_id
from archive.log.note import format_vkey

ORIGIN = "election-evidence-archive/" + format_short_id(bytes(16))
SEEDS = KeySeeds(root=1111, operator=2222, log=bytes(range(32)), wacz=3333)
EMPTY = Digest.of(b"").hex
TIME = "2025-01-26T08:00:00.123456Z"


def _id(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def _row(number: int, kind: str, offset: int, payload: str | None) -> dict[str, Any]:
    return {
        "id": _id(number),
        "type": kind,
        "target_uri": "https://izbirkom.example/",
        "date": TIME,
        "offset": offset,
        "length": 100,
        "member": str(Digest.of(b"member%d" % number)),
        "record": str(Digest.of(b"record%d" % number)),
        "block": str(Digest.of(b"block%d" % number)),
        "payload": payload,
    }


def _common(*, empty: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "sha256": Digest.of(b"slice").hex,
        "length_bytes": 200,
        "members": 2,
        "first_record_id": _id(1),
    }
    if empty:
        facts = {
            "sha256": EMPTY,
            "length_bytes": 0,
            "members": 0,
            "first_record_id": None,
        }
    return {
        "archive": format_short_id(bytes(16)),
        "seq": 7,
        "prev": str(Digest.of(b"before")),
        "salt": "ab" * 32,
        "signed": TIME,
        "software": "election-evidence-archive/0.1.0",
        "operator": "Наблюдатели",
        "slice": facts,
    }


def _captured() -> dict[str, Any]:
    return {
        "target_uri": "https://izbirkom.example/",
        "host_alabel": "izbirkom.example",
        "captured_at": TIME,
        "not_before": {
            "token": str(Digest.of(b"token")),
            "size": 3,
            "root": base64.b64encode(bytes(32)).decode(),
            "gen_time": TIME,
        },
        "job": format_short_id(bytes(16)),
        "source_id": "izbirkom",
        "outcome": "complete",
        "connection": {
            "allow_network": "127.0.0.0/8",
            "connect_to": "izbirkom.example:443=127.0.0.1:8443",
            "peer": "127.0.0.1:8443",
            "tls": "NOT CHECKED",
        },
        "chain": {"digest": str(Digest.of(b"chain")), "capture": None},
        "dns": {"digest": str(Digest.of(b"dns")), "capture": EMPTY},
        "refers_to": None,
        "records": [
            _row(1, "response", 0, str(Digest.of(b"payload"))),
            _row(2, "metadata", 100, None),
        ],
    }


def _keys(keys: KeyFolder) -> list[dict[str, Any]]:
    assert keys.root
    assert keys.wacz
    return [
        {
            "role": role,
            "key_id": key.key_id,
            "spki": base64.b64encode(key.spki_der).decode(),
            "first_leaf": first,
            "end_leaf": None,
        }
        for role, key, first in (
            ("root", keys.root, 0),
            ("operator", keys.operator, 1),
            ("log", keys.log, 0),
            ("wacz", keys.wacz, 0),
        )
    ]


@pytest.fixture(scope="session")
def keys() -> KeyFolder:
    return KeyFolder.from_seeds(SEEDS, ORIGIN)


@pytest.fixture
def own_fields(keys: KeyFolder) -> dict[str, dict[str, Any]]:
    used = [Digest.of(b"main").hex, Digest.of(b"style").hex]
    return {
        "capture": _captured(),
        "page": _captured()
        | {
            "connection": None,
            "chain": None,
            "dns": None,
            "rendering": "static",
            "main": used[0],
            "captures": used,
        },
        "job-open": {
            "job": format_short_id(bytes(16)),
            "source_id": None,
            "count": 150,
        },
        "job-close": {
            "job": format_short_id(bytes(16)),
            "counts": {"captured": 1, "failed": 2, "blocked": 3, "not_reached": 4},
        },
        "seal": {
            "segment": {
                "file": "2025/01/00000000-abcdefg2.warc.gz",
                "length_bytes": 10,
                "sha256": EMPTY,
                "first_leaf": 0,
                "end_leaf": 7,
            },
            "reseal": None,
        },
        "anchor": {
            "size": 7,
            "root": base64.b64encode(bytes(32)).decode(),
            "tokens": [
                {
                    "authority": "TSA of a university",
                    "gen_time": TIME,
                    "tsr": str(Digest.of(b"tsr")),
                    "tsq": str(Digest.of(b"tsq")),
                    "chain": str(Digest.of(b"pem")),
                    "crl": None,
                }
            ],
            "sent": TIME,
            "received": TIME,
        },
        "key": {
            "action": "new",
            "keys": _keys(keys),
            "log_vkey": format_vkey(keys.log.vkey),
            "archive_toml": str(Digest.of(b"toml")),
        },
        "cosign": {
            "statement": str(Digest.of(b"other")),
            "name": "Наша Ніва",
            "role": "second operator",
            "words": "we saw it\ntoo",
            "spki": base64.b64encode(keys.operator.spki_der).decode(),
            "signature": base64.b64encode(keys.operator.sign(b"words")).decode(),
        },
        "tombstone": {
            "leaf": 3,
            "statement": str(Digest.of(b"gone")),
            "capture": EMPTY,
            "reason": "court order",
            "authority": "a court",
            "segment_sha256": EMPTY,
        },
        "extract": {
            "run": format_short_id(bytes(16)),
            "extractor": "election-evidence-archive/0.1.0",
            "captures": 2,
            "texts": 1,
        },
        "import": {
            "file": {"name": "found.warc.gz", "length_bytes": 5, "sha256": EMPTY},
            "received_at": TIME,
        },
        "note": {"captures": used, "author_role": "lawyer"},
        "incident": {
            "cause": "torn-tail",
            "file": "segments/2025/01/00000000-abcdefg2.warc.gz.open",
            "offset": 10,
            "length": 5,
            "sha256": EMPTY,
            "words": "the last write was cut",
        },
    }


EMPTY_KINDS = {"anchor", "cosign", "tombstone", "incident"}


@pytest.fixture
def predicate_of(
    own_fields: dict[str, dict[str, Any]],
) -> Callable[[str], dict[str, Any]]:
    """A fresh valid predicate of a kind, free to be spoiled."""

    def make(kind: str) -> dict[str, Any]:
        common = _common(empty=kind in EMPTY_KINDS)
        return copy.deepcopy(common | own_fields[kind])

    return make
