"""Verbs over several archives: their option, and the refusal of all other verbs.

`--archive` may stand before the verb and behind it; a verb that takes several has an
option of that name that may be repeated. To any other verb a second archive is an
error: one of the two would be left out in silence.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

ARCHIVE_FOLDER = click.Path(path_type=Path, file_okay=False)
OPTION = "--archive"
F = TypeVar("F", bound=Callable[..., object])


def several_archives(does: str) -> Callable[[F], F]:
    """Add `--archive` behind the verb, repeatable, as the argument `archives`.

    `does`: what is done with them, as in "Archive to search". The verb hands them to
    `CommandContext.archives`.
    """
    return click.option(
        OPTION,
        "archives",
        multiple=True,
        type=ARCHIVE_FOLDER,
        help=f"Archive to {does}; may be repeated, here and before the verb.",
    )


def check_number(verb: str, command: click.Command | None, named: int) -> None:
    """UsageError where several archives are named and the verb works on one."""
    if command is not None and named > 1 and not _takes_several(command):
        raise click.UsageError(
            f"`{verb}` works on one archive, and {named} are named: give {OPTION} once"
        )


def _takes_several(command: click.Command) -> bool:
    return any(
        isinstance(one, click.Option) and OPTION in one.opts and one.multiple
        for one in command.params
    )
