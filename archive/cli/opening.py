"""Open an archive for writing as a command does: keys, settings, what recovery says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from archive.attest.keys.keyfile import has_sealed_keys
from archive.attest.keys.keyfolder import KeyFolder, StatementSigner
from archive.attest.trust.folder import read_trust
from archive.cli.output import say
from archive.cli.secret import Secret
from archive.errors import KeyProblem, SettingsError
from archive.settings import NetworkSettings, Settings
from archive.store.layout import read_identity
from archive.store.recovery.recovery import RecoveryReport
from archive.store.waiting.files import list_waiting
from archive.store.waiting.waiting import WaitingWriter
from archive.store.writing.keeper import CheckpointService
from archive.store.writing.settings import WriterSettings
from archive.store.writing.sink import CaptureSink
from archive.store.writing.writer import ArchiveWriter
from archive.transport import Connect

if TYPE_CHECKING:
    from archive.stamping.service import StampingService

WAYS_GROUP = "evidence.ways"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An archive as one command sees it: where its parts are, by which rules."""

    archive: Path
    keys_folder_of: Callable[[str], Path]
    """From the archive id to the folder of its private keys."""
    trust: Callable[[], Path]
    settings: Settings
    secret: Secret
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    despite_refusal: bool
    """Sign although a witness contradicted; then none is asked."""
    connect: Connect | None = None
    """The only way to witnesses and authorities; None connects directly."""


def find_way(
    network: NetworkSettings, random_bytes: Callable[[int], bytes]
) -> Connect | None:
    """How other machines are reached; None directly, where the settings say nothing.

    SettingsError where no package is installed that can reach them so: nobody is asked
    past a proxy.
    """
    if network.proxies is None:
        return None
    for point in entry_points(group=WAYS_GROUP):
        way: Connect = point.load()(network, random_bytes=random_bytes)
        return way
    raise SettingsError(
        "[network] names proxies, and nothing that is installed can use them; install"
        " election-evidence-archive again, whole"
    )


def load_keys(place: Place, *, changing: bool = False) -> KeyFolder:
    """Read the private keys; `changing`: to go on with a change of the operator key."""
    ask_passphrase(place)
    identity = read_identity(place.archive)
    return KeyFolder.load(
        place.keys_folder_of(identity.archive_id),
        identity,
        passphrase=place.secret.get(),
        operator=find_token_key(place.settings, place.secret),
        changing=changing,
    )


def find_token_key(settings: Settings, secret: Secret) -> StatementSigner | None:
    """The operator key in a token, where the settings name one; it needs an extra."""
    if settings.token_key is None:
        return None
    try:
        from archive.attest.keys.pkcs11 import open_token_key
    except ImportError as error:
        raise SettingsError(
            "[keys] names a token, and the extra for it is not installed: pkcs11"
        ) from error
    secret.ask()
    return open_token_key(settings.token_key, secret.get())


def ask_passphrase(place: Place) -> None:
    """Ask for the passphrase, if the keys are under one and it is not known yet."""
    if has_sealed_keys(place.keys_folder_of(read_identity(place.archive).archive_id)):
        place.secret.ask()


def open_writer(
    place: Place,
    stamping: "Sequence[StampingService] | None" = None,
    *,
    is_signing: bool = False,
) -> ArchiveWriter:
    """Lock, load keys, recover; say on standard error what recovery did.

    That something waits unsigned is said too, unless the caller is about to sign it.
    """
    writer = ArchiveWriter.open(
        place.archive,
        keys=load_keys(place),
        clock=place.clock,
        random_bytes=place.random_bytes,
        settings=WriterSettings(
            reserve_bytes=place.settings.reserve_bytes,
            services=_services(place, stamping),
            despite_refusal=place.despite_refusal,
            tell=say,
        ),
    )
    for line in _recovery_lines(writer.recovery):
        say(line)
    if not is_signing and list_waiting(writer.spool_folder):
        say("captures wait unsigned in the spool: `evidence sign` states them")
    return writer


def open_capturing(place: Place) -> CaptureSink:
    """Open for a job of captures: without its key what comes waits in the spool."""
    try:
        load_keys(place)
    except KeyProblem as problem:
        say(f"{problem}")
        say("what is captured now waits unsigned in the spool, and is not stated")
        return WaitingWriter.open(
            place.archive,
            reason=problem,
            random_bytes=place.random_bytes,
            settings=WriterSettings(reserve_bytes=place.settings.reserve_bytes),
        )
    return open_writer(place)


def _services(
    place: Place, stamping: "Sequence[StampingService] | None"
) -> tuple[CheckpointService, ...]:
    """What others do about our checkpoints, as the settings say; in this order."""
    services: list[CheckpointService] = []
    if place.settings.witnesses and not place.despite_refusal:
        from archive.witness.cosigning import make_cosigning

        services.append(make_cosigning(place.settings.witnesses, say, place.connect))
    return (*services, *(find_stamping(place) if stamping is None else stamping))


def find_stamping(place: Place) -> "Iterator[StampingService]":
    """What has checkpoints time-stamped, if the settings name authorities.

    They are believed only under roots of the operator's own trust folder.
    """
    authorities = place.settings.authorities
    if not authorities:
        return
    from archive.stamping.service import StampingService, StampingTools

    trust = read_trust(place.trust(), read_identity(place.archive).origin)
    if trust is None or not trust.authorities:
        say(
            "nothing is time-stamped: your trust folder has no root certificate of"
            " an authority; add it with `evidence timestamp enrol FILE`"
        )
        return
    yield StampingService(
        StampingTools(
            authorities=authorities,
            roots=trust.authorities,
            clock=place.clock,
            random_bytes=place.random_bytes,
            tell=say,
            connect=place.connect,
        )
    )


def _recovery_lines(report: RecoveryReport | None) -> Iterator[str]:
    """What a person must know of a damaged end; nothing where all was in order."""
    if report is None:
        return
    for tail in report.tails:
        yield (
            f"recovered: {tail.segment} was damaged from byte {tail.offset_bytes} on; "
            f"its last {tail.length_bytes} bytes lie in quarantine/{tail.path.name}"
        )
    if report.lost is not None:
        yield (
            f"recovered: {report.lost.entries} logged entries missing from the end of "
            f"{report.lost.segment} were written again"
        )
    yield "recovered: a signed `incident` in the log says so"
