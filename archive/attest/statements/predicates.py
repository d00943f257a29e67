"""The exact fields of each predicate: one table a kind, read beside docs/format.md."""

from archive.attest.values.fields import (
    Table,
    array,
    digest,
    encoded,
    hex_digest,
    instant,
    integer,
    null,
    nullable,
    one_of,
    short_id,
    table,
    text,
)
from archive.attest.values.forms import (
    CAPTURES_LIMIT,
    FILE_NAME_LIMIT,
    HASH,
    HOST,
    HOST_LIMIT,
    KEY_ID,
    KEYS_LIMIT,
    NAME,
    PATH,
    RECORD_ID,
    RECORDS_LIMIT,
    SEGMENT,
    SIGNATURE_LIMIT_BYTES,
    SOURCE_ID,
    SPKI,
    TOKENS_LIMIT,
    URI,
    WORDS,
    vkey,
)
from archive.capture import CaptureOutcome, TlsVerdict

COMMON: Table = {
    "archive": short_id,
    "operator": NAME,
    "prev": digest,
    "salt": hex_digest,
    "seq": integer(),
    "signed": instant,
    "slice": table(
        {
            "first_record_id": nullable(RECORD_ID),
            "length_bytes": integer(),
            "members": integer(),
            "sha256": hex_digest,
        }
    ),
    "software": NAME,
}
"""In the predicate of every kind and, for ever, of every version."""

RECORD_TYPES = ("response", "revisit", "request", "resource", "metadata")
RECORDS = array(
    table(
        {
            "block": digest,
            "date": instant,
            "id": RECORD_ID,
            "length": integer(low=1),
            "member": digest,
            "offset": integer(),
            "payload": nullable(digest),
            "record": digest,
            "target_uri": nullable(URI),
            "type": one_of(*RECORD_TYPES),
        }
    ),
    low=1,
    high=RECORDS_LIMIT,
)
CARRIED = table({"capture": nullable(hex_digest), "digest": digest})
CAPTURED: Table = {
    "captured_at": instant,
    "chain": nullable(CARRIED),
    "connection": nullable(
        table(
            {
                "allow_network": nullable(NAME),
                "connect_to": nullable(text(limit=2 * HOST_LIMIT + 32)),
                "peer": nullable(NAME),
                "tls": nullable(one_of(*TlsVerdict)),
            }
        )
    ),
    "dns": nullable(CARRIED),
    "host_alabel": nullable(HOST),
    "job": nullable(short_id),
    "not_before": nullable(
        table(
            {
                "gen_time": instant,
                "root": HASH,
                "size": integer(low=1),
                "token": digest,
            }
        )
    ),
    "outcome": one_of(*CaptureOutcome),
    "records": RECORDS,
    "refers_to": nullable(table({"capture": hex_digest, "digest": digest})),
    "source_id": nullable(SOURCE_ID),
    "target_uri": URI,
}

CAPTURE: Table = CAPTURED
PAGE: Table = {
    **CAPTURED,
    "captures": array(hex_digest, low=1, high=CAPTURES_LIMIT, unique=True),
    "chain": null,
    "connection": null,
    "dns": null,
    "main": hex_digest,
    "outcome": one_of(CaptureOutcome.COMPLETE),
    "refers_to": null,
    "rendering": one_of("static", "browser"),
}
JOB_OPEN: Table = {
    "count": integer(),
    "job": short_id,
    "source_id": nullable(SOURCE_ID),
}
JOB_CLOSE: Table = {
    "counts": table(
        {
            "blocked": integer(),
            "captured": integer(),
            "failed": integer(),
            "not_reached": integer(),
        }
    ),
    "job": short_id,
}
SEAL: Table = {
    "reseal": nullable(table({"tombstone": integer()})),
    "segment": table(
        {
            "end_leaf": integer(low=1),
            "file": SEGMENT,
            "first_leaf": integer(),
            "length_bytes": integer(low=1),
            "sha256": hex_digest,
        }
    ),
}
ANCHOR: Table = {
    "received": instant,
    "root": HASH,
    "sent": instant,
    "size": integer(low=1),
    "tokens": array(
        table(
            {
                "authority": NAME,
                "chain": digest,
                "crl": nullable(digest),
                "gen_time": instant,
                "tsq": digest,
                "tsr": digest,
            }
        ),
        low=1,
        high=TOKENS_LIMIT,
    ),
}
KEY: Table = {
    "action": one_of("new", "rotate", "accept", "revoke"),
    "archive_toml": nullable(digest),
    "keys": array(
        table(
            {
                "end_leaf": nullable(integer()),
                "first_leaf": integer(),
                "key_id": KEY_ID,
                "role": one_of("root", "operator", "log", "wacz"),
                "spki": SPKI,
            }
        ),
        low=1,
        high=KEYS_LIMIT,
    ),
    "log_vkey": nullable(vkey),
}
COSIGN: Table = {
    "name": NAME,
    "role": NAME,
    "signature": encoded(low=8, high=SIGNATURE_LIMIT_BYTES),
    "spki": SPKI,
    "statement": digest,
    "words": WORDS,
}
TOMBSTONE: Table = {
    "authority": NAME,
    "capture": hex_digest,
    "leaf": integer(),
    "reason": WORDS,
    "segment_sha256": hex_digest,
    "statement": digest,
}
EXTRACT: Table = {
    "captures": integer(low=1),
    "extractor": NAME,
    "run": short_id,
    "texts": integer(low=1),
}
IMPORT: Table = {
    "file": table(
        {
            "length_bytes": integer(low=1),
            "name": text(limit=FILE_NAME_LIMIT),
            "sha256": hex_digest,
        }
    ),
    "received_at": instant,
}
NOTE: Table = {
    "author_role": NAME,
    "captures": array(hex_digest, low=1, high=CAPTURES_LIMIT, unique=True),
}
INCIDENT: Table = {
    "cause": one_of("torn-tail", "refused-checkpoint", "key-alarm", "custody"),
    "file": nullable(PATH),
    "length": nullable(integer(low=1)),
    "offset": nullable(integer()),
    "sha256": nullable(hex_digest),
    "words": WORDS,
}
