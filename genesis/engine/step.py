"""What one event led to."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from genesis.domain.commands import Command
from genesis.domain.events import Event
from genesis.domain.outcomes import Outcome
from genesis.domain.quick import quick


class Step(NamedTuple):
    """One event, what was decided, and what is asked of the outside, in this order."""

    event: Event
    outcomes: tuple[Outcome, ...] = ()
    commands: tuple[Command, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Watch:
    """Prices at which a tick of a symbol can change something beside marks.

    A tick with price <= `below` or >= `above` must be delivered; with `every_tick` all of them.
    """

    below: Decimal | None = None
    above: Decimal | None = None
    every_tick: bool = False


NO_WATCH = Watch()
