"""TWAP (HUNTER): equal shares at even intervals."""

from genesis.execution.rules import SlicingRules
from genesis.execution.slicing import Draws, Timing


def timings_hunter(
    count: int, over_ns: int, draws: Draws, rules: SlicingRules
) -> tuple[Timing, ...]:
    """The first at once; each other at the start of its interval and a random moment later."""
    return tuple(
        Timing(over_ns * at // count + draws.delay_ns(at, rules) if at else 0, 0)
        for at in range(count)
    )
