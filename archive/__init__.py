"""Evidence on disk: formats, signatures, log, verification. Imports no other package.

Alone it verifies an archive offline. `crawlers`, `search` and `web` import it, never
the other way round; they add their commands through entry points.

What lies here (digests, errors, durable files, settings) is used by all. Each folder
imports only those before it in this list:

    warc, log               records and gzip members; the transparency log
    attest                  who says what, since when, trusted by whom
    store                   the folder on disk, and what a crash can leave half done
    witness, stamping       what others vouch for: cosignatures, time stamps
    verify                  the only place that judges
    export, mirror          what leaves the house; copies that only grow
    doctor                  what is missing or unsafe on this machine
    cli                     the command `evidence`
"""
