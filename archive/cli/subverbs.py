"""Sub-verbs of other packages: an entry point `export.static` is `export static`."""

from importlib.metadata import EntryPoint, entry_points

import click

from archive.cli.root import COMMANDS_GROUP


class SubVerbs(click.Group):
    """A group with its own verbs, and those of entry points, loaded when asked for."""

    def _points(self) -> dict[str, EntryPoint]:
        prefix = f"{self.name}."
        return {
            point.name.removeprefix(prefix): point
            for point in entry_points(group=COMMANDS_GROUP)
            if point.name.startswith(prefix)
        }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, sorted; nothing is imported."""
        return sorted({*super().list_commands(ctx), *self._points()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one verb, or None if nobody offers it."""
        if cmd_name not in self.commands and cmd_name in self._points():
            self.commands[cmd_name] = self._points()[cmd_name].load()
        return super().get_command(ctx, cmd_name)
