"""Which wish first, when several strategies wish at once."""

from collections.abc import Iterable

from genesis.strategy.base import Intent


def rank(intents: Iterable[Intent]) -> tuple[Intent, ...]:
    """What lowers risk first, then by confidence, highest first; equals keep their order.

    An intent without a confidence counts as 0.
    """
    return tuple(sorted(intents, key=urgency))


def urgency(intent: Intent) -> tuple[bool, float]:
    """Sort key: the smallest goes first."""
    lowers_risk = intent.reduces or intent.cancel is not None
    return (not lowers_risk, -(intent.confidence or 0.0))
