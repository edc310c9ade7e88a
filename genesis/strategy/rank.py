"""Which wish first, when several strategies wish at once."""

from collections.abc import Iterable
from decimal import Decimal

from genesis.domain.money import ZERO
from genesis.strategy.base import Intent


def rank(intents: Iterable[Intent]) -> tuple[Intent, ...]:
    """What lowers risk first, then by expected value net of costs, then by confidence.

    Highest first; equals keep their order. An intent that claims no expected value or no confidence
    counts as 0: it comes before one that expects to lose.
    """
    return tuple(sorted(intents, key=urgency))


def urgency(intent: Intent) -> tuple[bool, Decimal, float]:
    """Sort key: the smallest goes first."""
    lowers_risk = intent.reduces or intent.cancel is not None
    expected = intent.expected_value_bps or ZERO
    return (not lowers_risk, -expected, -(intent.confidence or 0.0))
