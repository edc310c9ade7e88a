"""ICEBERG (HUNTER): equal shares, one after the other, with a random moment between."""

from genesis.execution.rules import SlicingRules
from genesis.execution.slicing import Draws, Timing


def weights_hunter(count: int) -> tuple[int, ...]:
    return (1,) * count


def timings_hunter(count: int, draws: Draws, rules: SlicingRules) -> tuple[Timing, ...]:
    """The first at once; each other a random delay after the one before it ended."""
    return tuple(Timing(0, draws.delay_ns(at, rules) if at else 0) for at in range(count))
