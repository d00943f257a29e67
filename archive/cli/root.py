"""The command `evidence`: global options, verbs from entry points, exit codes.

Other packages add their verbs through the entry-point group `evidence.commands`, so
this module names none of them and a verb's package is imported only when it is used.
What opens an archive is imported on use, too: a verb that only starts a child, as
`crawl` does, would spend most of its time on modules that it never calls.
"""

import os
import secrets
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.output import end_output, speak_any_locale
from archive.cli.secret import Secret, read_secret
from archive.cli.several import ARCHIVE_FOLDER, check_number
from archive.errors import EvidenceError, SettingsError, StoreError
from archive.settings import (
    SETTINGS_VARIABLE,
    VARIABLES,
    Settings,
    load_settings,
)

if TYPE_CHECKING:
    from archive.attest.keys.keyfolder import KeyFolder
    from archive.cli.opening import Place
    from archive.stamping.service import StampingService
    from archive.store.reading.reader import ArchiveReader
    from archive.store.writing.sink import CaptureSink
    from archive.store.writing.writer import ArchiveWriter
    from archive.transport import Connect

COMMANDS_GROUP = "evidence.commands"
DEFAULT_ARCHIVE = Path("warcs") / "main"
TELLING_VERB = "doctor"
"""It says what is wrong with settings, in place of stopping there."""
SQLITE_PRIMARY = 0xFF
"""Bits of an SQLite error code that say which error it is; the others say where."""
KNOWN_VARIABLES = (
    "EVIDENCE_ARCHIVE",
    SETTINGS_VARIABLE,
    "EVIDENCE_TRUST_DIR",
    *VARIABLES,
)
"""The only environment variables of ours; a misspelt one must not pass unseen."""
EXIT_CODES = """
Exit codes: 0 done (for verify: all that the policy requires is VERIFIED), 1 other
error, 2 wrong use, 3 not VERIFIED, or unsafe, 4 not in its format, 5 a capture failed,
6 the archive folder, 7 log or keys, 8 extraction, 9 search.
"""


@dataclass(slots=True, kw_only=True)
class CommandContext:
    """What every verb may use: folders, environment, clock and randomness."""

    archive: Path
    more_archives: tuple[Path, ...] = ()
    """Others that were named before a verb that takes several."""
    is_usual: bool = False
    """Whether nobody named `archive`: it is what the environment says, or the usual."""
    keys_folder: Path | None = None
    trust_folder: Path | None = None
    settings_file: Path | None = None
    """As it was named; None: where settings usually are."""
    settings: Settings = field(default_factory=Settings)
    settings_problem: str | None = None
    """Why settings or environment are refused: for the one verb that tells it."""
    secret: Secret = field(default_factory=Secret)
    environ: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    random_bytes: Callable[[int], bytes] = field(default=secrets.token_bytes)
    despite_refusal: bool = False
    """`checkpoint --despite-refusal`: sign although a witness contradicted."""

    def archives(self, behind: Sequence[Path]) -> tuple[Path, ...]:
        """All archives a verb is asked about, in the order they were named.

        `behind`: those named behind the verb; the usual one counts where none is named.
        """
        if self.is_usual and behind:
            return tuple(behind)
        return (self.archive, *self.more_archives, *behind)

    def keys_folder_of(self, archive_id: str) -> Path:
        """The folder with this archive's private keys, never inside an archive."""
        from archive.attest.keys.keyfile import default_keys_folder

        return self.keys_folder or default_keys_folder(self.environ, archive_id)

    def trust(self) -> Path:
        """The reader's trust folder."""
        from archive.attest.trust.folder import trust_root

        return self.trust_folder or trust_root(self.environ)

    def passphrase(self) -> bytes | None:
        """That of the private keys, asked for once; None where there is none to ask."""
        return self.secret.get()

    def load_keys(self, *, changing: bool = False) -> "KeyFolder":
        """Read the private keys of the archive; a passphrase is asked for if needed."""
        from archive.cli.opening import load_keys

        return load_keys(self._place(), changing=changing)

    def ask_passphrase(self) -> None:
        """Ask for the passphrase now, if the keys are under one and it is not known."""
        from archive.cli.opening import ask_passphrase

        ask_passphrase(self._place())

    def open_writer(
        self,
        stamping: "Sequence[StampingService] | None" = None,
        *,
        is_signing: bool = False,
    ) -> "ArchiveWriter":
        """Open the archive for writing: lock, keys, recovery. Use as `with`.

        What recovery set aside or wrote again is said on standard error, and what
        waits unsigned, unless this is to sign it. `stamping` takes the place of what
        the settings ask for.
        """
        from archive.cli.opening import open_writer

        return open_writer(self._place(self.connect()), stamping, is_signing=is_signing)

    def open_capturing(self, connect: "Connect | None" = None) -> "CaptureSink":
        """The same for a job of captures, which goes on without keys. Use as `with`.

        What was captured without them waits in the spool, and leaving raises
        KeyProblem. `connect` is the only way to witnesses and authorities, if given;
        else that of the settings.
        """
        from archive.cli.opening import open_capturing

        return open_capturing(self._place(connect or self.connect()))

    def stamping(self) -> "Iterator[StampingService]":
        """What has checkpoints time-stamped, if the settings name authorities."""
        from archive.cli.opening import find_stamping

        return find_stamping(self._place(self.connect()))

    def connect(self) -> "Connect | None":
        """The only way to other machines, if the settings name a proxy."""
        from archive.cli.opening import find_way

        return find_way(self.settings.network, self.random_bytes)

    def _place(self, connect: "Connect | None" = None) -> "Place":
        from archive.cli.opening import Place

        return Place(
            archive=self.archive,
            keys_folder_of=self.keys_folder_of,
            trust=self.trust,
            settings=self.settings,
            secret=self.secret,
            clock=self.clock,
            random_bytes=self.random_bytes,
            despite_refusal=self.despite_refusal,
            connect=connect,
        )

    def open_reader(self) -> "ArchiveReader":
        """Open the archive for reading; the catalog is brought up to date if it can."""
        from archive.store.reading.reader import ArchiveReader

        return ArchiveReader.open(self.archive)


class EntryPointGroup(click.Group):
    """A click group whose verbs are loaded from entry points when asked for."""

    def _points(self) -> dict[str, EntryPoint]:
        found = entry_points(group=COMMANDS_GROUP)
        return {point.name: point for point in found if "." not in point.name}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, sorted; nothing is imported."""
        return sorted({*self.commands, *self._points()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one verb, or None if nobody offers it."""
        if cmd_name not in self.commands:
            point = self._points().get(cmd_name)
            if point is None:
                return None
            self.commands[cmd_name] = point.load()
        return self.commands[cmd_name]


def _load_settings(
    verb: str, path: Path | None, environ: Mapping[str, str]
) -> tuple[Settings, str | None]:
    """The settings; what is wrong with them is told by TELLING_VERB, else raised."""
    try:
        check_environment(environ)
        return load_settings(path, environ), None
    except SettingsError as error:
        if verb != TELLING_VERB:
            raise
        return Settings(), f"{error}"


def check_environment(environ: Mapping[str, str]) -> None:
    """Refuse an unknown EVIDENCE_ variable: it is a setting that would do nothing."""
    for name in sorted(environ):
        if name.startswith("EVIDENCE_") and name not in KNOWN_VARIABLES:
            known = f"{', '.join(KNOWN_VARIABLES[:-1])} and {KNOWN_VARIABLES[-1]}"
            raise SettingsError(
                f"unknown environment variable {name}; known are {known}. Unset it or "
                "correct its name."
            )


@click.group(cls=EntryPointGroup, epilog=EXIT_CODES)
@click.option(
    "--archive",
    multiple=True,
    type=ARCHIVE_FOLDER,
    help="Archive folder (default: EVIDENCE_ARCHIVE, else warcs/main); may be repeated "
    "for verbs that take several.",
)
@click.option(
    "--keys",
    "keys_folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with the archive's private keys (default: your data folder).",
)
@click.option(
    "--trust",
    "trust_folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Trust folder (default: EVIDENCE_TRUST_DIR, else your configuration folder).",
)
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file (default: EVIDENCE_SETTINGS, else evidence/settings.toml in "
    "your configuration folder, if it is there).",
)
@click.option(
    "--passphrase-fd",
    type=click.IntRange(min=0),
    help="Descriptor to read the passphrase of the private keys from.",
)
@click.version_option(package_name="election-evidence-archive")
@click.pass_context
def cli(
    ctx: click.Context,
    /,
    archive: tuple[Path, ...],
    settings_file: Path | None,
    passphrase_fd: int | None,
    **folders: Path | None,
) -> None:
    """Preserve web pages so that a stranger can check them later."""
    environ = dict(os.environ)
    verb = ctx.invoked_subcommand or ""
    settings, problem = _load_settings(verb, settings_file, environ)
    check_number(verb, cli.get_command(ctx, verb), len(archive))
    usual = Path(environ.get("EVIDENCE_ARCHIVE") or DEFAULT_ARCHIVE)
    chosen, *more = archive or (usual,)
    ctx.obj = CommandContext(
        archive=chosen,
        more_archives=tuple(more),
        is_usual=not archive,
        settings=settings,
        settings_problem=problem,
        settings_file=settings_file,
        secret=Secret() if passphrase_fd is None else read_secret(passphrase_fd),
        keys_folder=folders["keys_folder"],
        trust_folder=folders["trust_folder"],
        environ=environ,
    )


def _derived_words(error: sqlite3.DatabaseError) -> str:
    """What a person does about a catalog or rows of an index that cannot be used."""
    code = getattr(error, "sqlite_errorcode", 0) & SQLITE_PRIMARY
    if code == sqlite3.SQLITE_FULL:
        return f"no space for a derived database ({error}); free some and try again"
    if code == sqlite3.SQLITE_BUSY:
        return f"a derived database is in use ({error}); wait for whoever holds it"
    return f"a derived database is damaged ({error}); `evidence rebuild` makes it again"


def main() -> None:
    """Run the command; turn our errors into one sentence and an exit code."""
    os.umask(0o077)
    speak_any_locale()
    try:
        code = cli.main(standalone_mode=False, prog_name="evidence")
        sys.stdout.flush()
    except click.exceptions.Abort:
        click.echo("evidence: interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except EvidenceError as error:
        click.echo(f"evidence: {error}", err=True)
        sys.exit(error.exit_code)
    except sqlite3.DatabaseError as error:
        click.echo(f"evidence: {_derived_words(error)}", err=True)
        sys.exit(StoreError.exit_code)
    except OSError as error:  # a full disk, a folder nobody may enter
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"evidence: {place}{error.strerror or error}", err=True)
        end_output()
        sys.exit(EvidenceError.exit_code)
    sys.exit(code if isinstance(code, int) else 0)
