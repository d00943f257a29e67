"""The numbered procedure as a table: what each check is and where it is specified."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One check; `title` says what VERIFIED means."""

    number: int
    title: str
    specification: str


STEPS: dict[int, Step] = {
    step.number: step
    for step in (
        Step(
            number=1,
            title="statements are canonical and of a known kind",
            specification="RFC 8259, RFC 8785, in-toto Statement v1",
        ),
        Step(
            number=2,
            title="each leaf carries the digest of its statement",
            specification="DSSE protocol, PAE",
        ),
        Step(
            number=3,
            title="the signing keys are in the trust folder",
            specification="docs/format.md, keys",
        ),
        Step(
            number=4,
            title="the signatures over the statements hold",
            specification="FIPS 186-5, ECDSA P-256",
        ),
        Step(
            number=5,
            title="slices have the digest, length and members they were signed with",
            specification="RFC 1952",
        ),
        Step(
            number=6,
            title="record tables, WARC headers, addresses and dates agree",
            specification="ISO 28500:2017 (WARC 1.1)",
        ),
        Step(
            number=7,
            title="each entry is in the tree of the checkpoint",
            specification="RFC 6962 2.1.1, C2SP tlog-proof",
        ),
        Step(
            number=8,
            title="the checkpoint is of the trusted log and signed by its key",
            specification="C2SP signed-note, tlog-checkpoint",
        ),
        Step(
            number=9,
            title="enough witnesses cosigned the checkpoint",
            specification="C2SP tlog-cosignature",
        ),
        Step(
            number=10,
            title="each key was valid at its entry",
            specification="docs/format.md, keys",
        ),
        Step(
            number=11,
            title="enough time-stamp authorities stamped the checkpoint",
            specification="RFC 3161 2.4.2, RFC 5816, RFC 5280 6",
        ),
        Step(
            number=12,
            title="the authorities' certificates were not revoked",
            specification="RFC 3161 4, RFC 5280 5",
        ),
        Step(
            number=13,
            title="capture times lie inside the proven bracket",
            specification="docs/verification.md, time",
        ),
        Step(
            number=14,
            title="the log continues the checkpoint you saw last",
            specification="RFC 6962 2.1.2",
        ),
        Step(
            number=15,
            title="the root is that of the entries, and every tile file is right",
            specification="C2SP tlog-tiles",
        ),
        Step(
            number=16,
            title="entry i is the i-th statement, and no byte is left over",
            specification="docs/format.md, segments",
        ),
        Step(
            number=17,
            title="sealed files and kept texts are unchanged, no file is unknown",
            specification="docs/format.md, folder",
        ),
        Step(
            number=18,
            title="each promised seed of each job has an outcome, and its captures",
            specification="docs/format.md, jobs",
        ),
        Step(
            number=19,
            title="nothing was removed without a tombstone",
            specification="docs/format.md, removal",
        ),
        Step(
            number=20,
            title="time stamps lie beside the log as they were logged",
            specification="docs/format.md, anchors",
        ),
        Step(
            number=21,
            title="the logged keys and archive.toml are those you trust",
            specification="docs/format.md, keys",
        ),
        Step(
            number=22,
            title="a package holds what it lists, and shows what its evidence says",
            specification="WACZ 1.1.1, docs/format.md, packages",
        ),
    )
}
