"""Verbs that are named but not built yet. They are absent from the help and say so when called."""

from typing import Any, Final

from typer.core import TyperGroup

from genesis.errors import NotBuilt

LATER: Final = frozenset(
    {
        "check",
        "twin",
        "flows",
        "record",
        "ticks fetch",
    }
)


class Verbs(TyperGroup):
    """A group of verbs that tells "not built yet" apart from "unknown"."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb, None where it is unknown.

        Raises:
            NotBuilt: the verb is known and comes with a later version.
        """
        command = super().get_command(ctx, cmd_name)
        verb = " ".join([*ctx.command_path.split()[1:], cmd_name])
        if command is None and verb in LATER:
            raise NotBuilt(f"`genesis {verb}` comes with a later version; see `genesis --help`")
        return command
