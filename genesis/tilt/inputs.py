"""What the tilt machine is told."""

from decimal import Decimal
from typing import NamedTuple

from genesis.domain.events import JournalAssessed
from genesis.domain.outcomes import AlertRaised, Halted
from genesis.domain.paper import RecoverySessionDone


class Scored(NamedTuple):
    """The score of a moment. `rose`: an act has just added evidence; `sources`: how many
    indicators carry a fair share of it. Only a rising score raises a level."""

    ts_ns: int
    score: int
    contributions: tuple[tuple[str, int], ...]
    sources: int
    rose: bool


class LossTaken(NamedTuple):
    """A closed trade lost `loss_r` initial risks (above 0)."""

    ts_ns: int
    loss_r: float


class TimePassed(NamedTuple):
    """It is `ts_ns`; the score has been below the leave line of CAUTION since `calm_since_ns`."""

    ts_ns: int
    calm_since_ns: int | None


class Overridden(NamedTuple):
    """An override was accepted: sizes get this multiplier until `until_ns`."""

    ts_ns: int
    multiplier: Decimal
    until_ns: int


class Forked(NamedTuple):
    """The log was forked: how calm the trader was in the part that was lost is not known.

    limited, eased: sizes that still hold, each with its end; None: none do.
    """

    ts_ns: int
    limited: tuple[Decimal, int] | None
    eased: tuple[Decimal, int] | None


TiltEvent = (
    Scored
    | LossTaken
    | TimePassed
    | JournalAssessed
    | Overridden
    | Forked
    | Halted
    | AlertRaised
    | RecoverySessionDone
)
"""An AlertRaised is the one of a critical fall: no other is told."""
