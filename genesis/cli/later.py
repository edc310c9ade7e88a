"""Verbs that are none: those not built yet, and orders, which are said at the door instead."""

from types import MappingProxyType
from typing import Any, Final

from typer.core import TyperGroup

from genesis.errors import NotBuilt, UsageError

LATER: Final = frozenset(
    {
        "twin",
    }
)


ORDERS: Final = MappingProxyType(
    {
        "buy": "buy 100 usdt btc",
        "sell": "sell 50% btc",
        "close": "close btc 50%",
        "cancel": "cancel all",
    }
)
"""What is said at the door, and how; by the word that it begins with."""


class Verbs(TyperGroup):
    """A group of verbs that tells "not built yet" apart from "unknown"."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb, None where it is unknown.

        Raises:
            NotBuilt: the verb is known and comes with a later version.
            UsageError: it is the first word of an order.
        """
        command = super().get_command(ctx, cmd_name)
        verb = " ".join([*ctx.command_path.split()[1:], cmd_name])
        if command is None and verb in LATER:
            raise NotBuilt(f"`genesis {verb}` comes with a later version; see `genesis --help`")
        if command is None and verb in ORDERS:
            raise UsageError(f'orders are given so: genesis command "{ORDERS[verb]}"')
        return command
