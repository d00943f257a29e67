"""Wiring: the services of a real archive, index and trust folder."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.attest.trust.folder import TrustSet, read_trust, trust_path
from archive.capture import Capture
from archive.errors import LimitExceeded
from archive.export.bundle import BundleRequest, export_bundle
from archive.settings import SearchSettings
from archive.store.reading.reader import ArchiveReader
from archive.store.reading.restricted import RestrictedSources
from archive.verify.captures.capture import verify_capture
from archive.verify.captures.corroboration import Partner
from archive.verify.policy import Wishes
from archive.verify.reporting.report import Report
from archive.verify.whole.folder import verify_archive
from search.answering.service import SearchService
from search.engines.opening import Engines
from search.extract.previews.preview import Previews
from web.others import Others
from web.services import Services, TrustState

BUNDLE_LIMIT_BYTES = 64 << 20
"""Largest bundle that is handed out here; it is held in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where archive and trust folder lie, and what an entry point hands on."""

    archive: Path
    trust: Path
    clock: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]
    search: SearchSettings = field(default_factory=SearchSettings)
    others: tuple[Path, ...] = ()
    """Other archives, or mirrors of them, to compare captures with."""


def open_services(places: Places, *, sweep: bool = True) -> Services:
    """Open everything the pages read; ArchiveMissing if there is no archive."""
    reader = ArchiveReader.open(places.archive)
    trust = read_trust(places.trust, reader.identity.origin)

    def verify(capture: Capture) -> Report:
        return verify_capture(reader, capture, trust=trust)

    def verify_all() -> Report:
        return verify_archive(
            places.archive, trust=trust, wishes=Wishes(now=places.clock())
        )

    def bundle(capture: Capture) -> bytes:
        return make_bundle(reader, capture, trust)

    previews = Previews()
    restricted = RestrictedSources(reader).ids
    others = Others(
        Partner(reader=reader, trust=trust), _open_others(places, restricted)
    )

    def close() -> None:
        previews.close()
        others.close()
        reader.close()

    return Services(
        archive=reader,
        search=SearchService.open([places.archive], Engines(settings=places.search)),
        verify=verify,
        verify_archive=verify_all if sweep else None,
        bundle=bundle,
        trust=_trust_state(places.trust, reader.identity.origin, trust),
        clock=places.clock,
        monotonic=time.monotonic,
        random_bytes=places.random_bytes,
        compare=others.compare if places.others else None,
        preview=previews.make,
        restricted=restricted,
        close=close,
    )


def _open_others(
    places: Places, restricted: Callable[[], frozenset[str]]
) -> list[Partner]:
    """The other archives, each with what this trust folder knows of its log.

    Nothing is told of a source that is restricted here or by its own job records.
    """
    readers = [ArchiveReader.open(root) for root in places.others]
    return [
        Partner(
            reader=one,
            trust=read_trust(places.trust, one.identity.origin),
            hidden_sources=_either(restricted, RestrictedSources(one).ids),
        )
        for one in readers
    ]


def _either(
    one: Callable[[], frozenset[str]], other: Callable[[], frozenset[str]]
) -> Callable[[], frozenset[str]]:
    return lambda: one() | other()


def make_bundle(
    reader: ArchiveReader, capture: Capture, trust: TrustSet | None
) -> bytes:
    """The bundle of one capture; LimitExceeded if it is for the command to make.

    It is written to a folder of its own that is gone when this returns.
    """
    if capture.location.length_bytes > BUNDLE_LIMIT_BYTES:
        raise LimitExceeded("too large for a bundle from a web server")
    with TemporaryDirectory(prefix="evidence-") as folder:
        out = Path(folder) / "bundle.zip"
        request = BundleRequest(captures=[capture], out=out, certificate=True)
        export_bundle(reader, request, trust=trust)
        if out.stat().st_size > BUNDLE_LIMIT_BYTES:
            raise LimitExceeded("too large for a bundle from a web server")
        return out.read_bytes()


def _trust_state(folder: Path, origin: str, trust: TrustSet | None) -> TrustState:
    if trust is None:
        return TrustState(fingerprint=None)
    return TrustState(
        fingerprint=fingerprint_of(trust_path(folder, origin)),
        witnesses=trust.witness_quorum,
        tokens=trust.token_quorum,
    )


def fingerprint_of(folder: Path) -> str:
    """What `(cd TRUST && sha256sum * | sha256sum)` prints under LC_ALL=C."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir(), key=lambda path: path.name.encode())
        if not path.name.startswith(".")
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
