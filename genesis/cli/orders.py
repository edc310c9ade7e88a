"""Verbs that are none: orders, which are said at the door instead."""

from types import MappingProxyType
from typing import Any, Final

from typer.core import TyperGroup

from genesis.errors import UsageError

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
    """A group of verbs that tells an order apart from what is unknown."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The verb, None where it is unknown.

        Raises:
            UsageError: it is the first word of an order.
        """
        command = super().get_command(ctx, cmd_name)
        verb = " ".join([*ctx.command_path.split()[1:], cmd_name])
        if command is None and verb in ORDERS:
            raise UsageError(f'orders are given so: genesis command "{ORDERS[verb]}"')
        return command
