"""The exception tree of all four packages; each class carries its exit code.

| exit | family | who must act |
|---|---|---|
| 1 | EvidenceError | the root: anything not sorted below |
| 2 | SettingsError, SourceError, UsageProblem | the person who typed the command |
| 3 | VerificationError | nobody may trust the thing checked |
| 4 | FormatError | a file or message is not in its format |
| 5 | CaptureError | the network or the site; a signed capture says how it failed |
| 6 | StoreError | the archive folder |
| 7 | LogError | the transparency log, witnesses, time-stamp authorities, keys |
| 8 | ExtractionError | a document could not be turned into text |
| 9 | SearchError | a query or the index |

A message names the thing and the next step. FormatError names file and offset. A
broken invariant of ours is an AssertionError and is never caught.
"""


class EvidenceError(Exception):
    """Root of every error this product raises on purpose."""

    exit_code = 1


class SettingsError(EvidenceError):
    """A setting, option or environment variable is wrong."""

    exit_code = 2


class UsageProblem(EvidenceError):
    """The command line asks for something that is never done (a URL scheme, say)."""

    exit_code = 2


class SourceError(EvidenceError):
    """The registry of sources."""

    exit_code = 2


class UnknownSource(SourceError):
    """No source of that id in the registry."""


class VerificationError(EvidenceError):
    """A check of evidence did not hold."""

    exit_code = 3


class DigestMismatch(VerificationError):
    """Bytes are not the ones named by their digest."""


class Truncated(VerificationError):
    """Bytes are missing at the end."""


class UnknownAlgorithm(VerificationError):
    """Not an algorithm of this format."""


class UnknownKey(VerificationError):
    """The reader's trust folder does not know that key."""


class BadSignature(VerificationError):
    """A signature does not fit key and message."""


class BadInclusionProof(VerificationError):
    """The leaf is not in the tree of that root."""


class BadConsistencyProof(VerificationError):
    """The older tree is not a prefix of the newer one."""


class BadTimestamp(VerificationError):
    """A time-stamp token does not hold."""


class FormatError(EvidenceError):
    """Bytes are not in their format."""

    exit_code = 4


class MalformedRecord(FormatError):
    """A WARC record breaks the standard."""


class TornMember(FormatError):
    """A gzip member ends before its end; `offset` is where the member begins."""

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class MalformedStatement(FormatError):
    """An envelope or a statement is not canonical or has wrong fields."""


class MalformedLeaf(FormatError):
    """A leaf line is not canonical."""


class MalformedNote(FormatError):
    """A signed note is not canonical."""


class MalformedCheckpoint(FormatError):
    """A checkpoint body is not canonical."""


class MalformedProof(FormatError):
    """A proof file is not canonical."""


class LimitExceeded(FormatError):
    """A named bound was passed."""


class CaptureError(EvidenceError):
    """The site or the network; the failure itself is a signed capture."""

    exit_code = 5


class FetchFailed(CaptureError):
    """At least one capture of the run failed."""


class AddressRefused(CaptureError):
    """Our address rules forbid to connect there."""


class ExpectationFailed(CaptureError):
    """A crawl brought less than its source promises."""


class StoreError(EvidenceError):
    """The archive folder."""

    exit_code = 6


class Unreadable(StoreError):
    """The disk or its rights do not give the bytes: nothing is known about them."""


class ArchiveExists(StoreError):
    """There is something already where a new archive should go."""


class ArchiveMissing(StoreError):
    """There is no archive at that place."""


class ArchiveLocked(StoreError):
    """Another process writes to this archive."""


class LockUnknown(StoreError):
    """Whether a lock is held cannot be asked: the disk knows none."""


class CaptureNotFound(StoreError):
    """No capture of that id in this archive."""


class CaptureRemoved(CaptureNotFound):
    """The capture was lawfully removed; its tombstone says why."""


class ImmutableConflict(StoreError):
    """A write-once file exists with other bytes."""


class LogError(EvidenceError):
    """The log and the keys that sign it."""

    exit_code = 7


class LogExists(LogError):
    """A log is there already."""


class LogMissing(LogError):
    """No log at that place."""


class InconsistentCheckpoint(LogError):
    """Two checkpoints that cannot both belong to one log."""


class WitnessRefused(LogError):
    """A witness did not cosign."""


class WitnessContradicts(WitnessRefused):
    """A witness knows another history of our log; nothing may be signed any more."""

    def __init__(self, message: str, *, evidence: bytes | None = None) -> None:
        super().__init__(message)
        self.evidence = evidence
        """A checkpoint that our own log key signed and our log does not have."""


class TimestampUnavailable(LogError):
    """No time-stamp authority answered."""


class PeerUnavailable(LogError):
    """A witness, time-stamp authority or mirror gave no usable answer."""


class KeyProblem(LogError):
    """A private key is missing, unreadable, too open or not the archive's."""


class ExtractionError(EvidenceError):
    """A payload could not be turned into text."""

    exit_code = 8


class SearchError(EvidenceError):
    """Searching."""

    exit_code = 9


class InvalidQuery(SearchError):
    """The query breaks the grammar; `column` counts from 1, in code points."""

    def __init__(self, message: str, *, column: int) -> None:
        super().__init__(message)
        self.column = column


class SearchUnavailable(SearchError):
    """There is no index, or the engine does not answer."""


class SchemaMismatch(SearchError):
    """The index was made by another version; rebuild it."""
