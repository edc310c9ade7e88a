"""How much of a symbol usually trades in each slot of a UTC day, from bars that are held."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from genesis.domain.money import ZERO, round_down
from genesis.domain.slicing import VolumeProfileReported
from genesis.domain.time import DAY, HOUR

SLOT_NS: Final = HOUR
_GRAIN: Final = Decimal("1e-8")


class Traded(NamedTuple):
    """A bar's opening (UTC ns) and its volume in base."""

    open_ns: int
    volume: Decimal


def volume_profile(
    symbol: str, bars: Iterable[Traded], ts_ns: int, slot_ns: int = SLOT_NS
) -> VolumeProfileReported | None:
    """Mean volume of each slot over the days on which something was held of it; None of no bar.

    A slot of which nothing is held counts as the mean of the others. `slot_ns` divides a day.
    """
    totals: dict[int, Decimal] = {}
    days: dict[int, set[int]] = {}
    for bar in bars:
        slot = bar.open_ns % DAY // slot_ns
        totals[slot] = totals.get(slot, ZERO) + bar.volume
        days.setdefault(slot, set()).add(bar.open_ns // DAY)
    means = {slot: totals[slot] / len(days[slot]) for slot in totals}
    if not means or not any(means.values()):
        return None
    usual = sum(means.values(), ZERO) / len(means)
    volumes = (means.get(slot, usual) for slot in range(DAY // slot_ns))
    held = len(set().union(*days.values()))
    exact = tuple(round_down(volume, _GRAIN) for volume in volumes)
    return VolumeProfileReported(ts_ns, symbol, slot_ns, exact, held)
