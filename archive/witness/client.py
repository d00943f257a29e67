"""Ask one witness for its cosignature of a checkpoint (c2sp.org/tlog-witness)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from archive.attest.keys.signing import verify_ed25519
from archive.errors import (
    BadSignature,
    FormatError,
    PeerUnavailable,
    SettingsError,
    UnknownAlgorithm,
    UnknownKey,
    WitnessContradicts,
    WitnessRefused,
)
from archive.log.checkpoint import open_checkpoint, parse_checkpoint
from archive.log.note import (
    COSIGNATURE,
    MAX_NOTE_BYTES,
    NoteSignature,
    SignedNote,
    VerifierKey,
    format_note,
    parse_note,
    parse_vkey,
)
from archive.log.witness import (
    ADD_CHECKPOINT,
    MAX_ANSWER_BYTES,
    AddCheckpoint,
    format_add_checkpoint,
    lines_of,
    read_cosignatures,
    read_size,
)
from archive.settings import WitnessPeer
from archive.transport import Answer, Connect, Limits, Transport
from archive.witness.desk import origin_hash

ASK_LIMITS = Limits(seconds=10, body_bytes=MAX_ANSWER_BYTES)
"""For a cosignature: captures do not wait for it, the end of a command does."""
READ_LIMITS = Limits(seconds=10, body_bytes=MAX_NOTE_BYTES)
REASON_CHARACTERS = 120
"""Of what a witness says, shown to a person."""

ProveConsistency = Callable[[int, int], tuple[bytes, ...]]
"""From an old and a new size to the proof that the old tree is the beginning."""


@dataclass(slots=True, kw_only=True)
class WitnessClient:
    """One witness: where it is asked, by which key its answers count.

    Not for several threads. `size` is the size of our log it had when last heard of.
    """

    name: str
    url: str
    vkey: VerifierKey
    transport: Transport = field(default_factory=Transport)
    size: int = 0

    @classmethod
    def of(cls, peer: WitnessPeer, connect: Connect | None = None) -> "WitnessClient":
        """The client for a witness of the settings; SettingsError for a bad key."""
        try:
            vkey = parse_vkey(peer.vkey)
        except (FormatError, UnknownAlgorithm) as error:
            raise SettingsError(f"vkey of the witness {peer.name}: {error}") from error
        if vkey.algorithm != COSIGNATURE:
            raise SettingsError(
                f"vkey of the witness {peer.name} is no key for cosignatures"
            )
        transport = Transport(connect=connect)
        return cls(name=peer.name, url=peer.url, vkey=vkey, transport=transport)

    def ask(
        self, note: bytes, *, log_key: VerifierKey, prove: ProveConsistency
    ) -> tuple[NoteSignature, ...]:
        """Have a signed checkpoint cosigned; `note` is the newest or an earlier one.

        Empty if the witness is beyond that size by now. PeerUnavailable if there is no
        answer, WitnessRefused if it will not, WitnessContradicts if the log it knows is
        not this one: nothing may be signed any more then.
        """
        with self.transport:  # the next checkpoint is seconds or days away
            return self._ask(note, log_key=log_key, prove=prove)

    def _ask(
        self, note: bytes, *, log_key: VerifierKey, prove: ProveConsistency
    ) -> tuple[NoteSignature, ...]:
        checkpoint = parse_checkpoint(parse_note(note).body)
        own = _strip(note, log_key)
        for _attempt in range(2):
            old = min(self.size, checkpoint.size)
            request = AddCheckpoint(
                old_size=old, proof=prove(old, checkpoint.size), note=own
            )
            answer = self._post(format_add_checkpoint(request))
            if answer.status == 200:
                return self._accepted(note, answer, checkpoint.size)
            if answer.status == 422:
                raise self._contradicted("has another root of our log", log_key)
            if answer.status != 409:
                raise self._refused(answer)
            self.size = self._read_size(answer)
            if self.size > checkpoint.size:
                return ()
            if self.size == old == checkpoint.size:
                # Older texts of the specification: of one size, it has another root.
                raise self._contradicted("has another root of our log", log_key)
            if self.size == old:
                break
        raise WitnessRefused(f"the witness {self.name} cannot say which size it has")

    def demand_known(self, size: int, log_key: VerifierKey) -> None:
        """WitnessContradicts if the witness has seen a log larger than that size."""
        if self.size > size:
            with self.transport:
                raise self._contradicted(
                    f"has seen our log at size {self.size}, and we have {size}", log_key
                )

    def _post(self, body: bytes) -> Answer:
        url = f"{self.url.rstrip('/')}/{ADD_CHECKPOINT}"
        return self.transport.post(
            url, body, content_type="text/plain", limits=ASK_LIMITS
        )

    def _accepted(
        self, note: bytes, answer: Answer, size: int
    ) -> tuple[NoteSignature, ...]:
        try:
            lines = read_cosignatures(
                parse_note(note).body,
                answer.body,
                witness_key=self.vkey,
                verify=verify_ed25519,
            )
        except (FormatError, UnknownKey, BadSignature) as error:
            raise WitnessRefused(
                f"the witness {self.name} answers with no cosignature of its key: "
                f"{error}"
            ) from error
        self.size = size
        return lines

    def _read_size(self, answer: Answer) -> int:
        try:
            return read_size(answer.body)
        except FormatError as error:
            raise WitnessRefused(f"the witness {self.name}: {error}") from error

    def _refused(self, answer: Answer) -> WitnessRefused | PeerUnavailable:
        said = ascii(answer.body[:REASON_CHARACTERS].decode(errors="replace").strip())
        if answer.status >= 500:
            return PeerUnavailable(
                f"the witness {self.name} has a problem: {answer.status} {said}"
            )
        return WitnessRefused(
            f"the witness {self.name} refuses: {answer.status} {said}"
        )

    def _contradicted(self, words: str, log_key: VerifierKey) -> WitnessContradicts:
        return WitnessContradicts(
            f"the witness {self.name} {words}; nothing is signed any more: this may be "
            "a restored copy (docs/witness.md)",
            evidence=self._read_evidence(log_key),
        )

    def _read_evidence(self, log_key: VerifierKey) -> bytes | None:
        """The checkpoint the witness cosigned last, if our log key signed it."""
        url = f"{self.url.rstrip('/')}/{origin_hash(log_key.name)}/checkpoint"
        try:
            answer = self.transport.get(url, READ_LIMITS)
            if answer.status != 200:
                return None
            open_checkpoint(answer.body, log_key, verify_ed25519)
        except (PeerUnavailable, FormatError, UnknownKey, BadSignature):
            return None
        return answer.body


def _strip(note: bytes, log_key: VerifierKey) -> bytes:
    """The checkpoint with the line of the log alone: witnesses need no other."""
    parsed = parse_note(note)
    return format_note(
        SignedNote(
            body=parsed.body, signatures=lines_of(parsed.signatures, log_key)[:1]
        )
    )
