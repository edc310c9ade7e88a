"""VWAP (STRATEGIST): as TWAP, and each share as large as the volume that its interval usually has.

The usual volume is told to the engine (`VolumeProfileReported`): means of the tick store's bars by
slot of the UTC day. Within a slot volume counts as even.
"""

from decimal import Decimal
from typing import Final

from genesis.domain.slicing import VolumeProfileReported
from genesis.domain.time import DAY

_UNITS: Final = 8
"""Volumes count in units of 1e-8 base."""


def weights_strategist(
    count: int, start_ns: int, over_ns: int, profile: VolumeProfileReported
) -> tuple[int, ...]:
    """What usually trades in each of `count` equal intervals from `start_ns` on."""
    edges = [start_ns + over_ns * at // count for at in range(count + 1)]
    return tuple(_volume(edges[at], edges[at + 1], profile) for at in range(count))


def _volume(first_ns: int, end_ns: int, profile: VolumeProfileReported) -> int:
    total, at_ns = 0, first_ns
    while at_ns < end_ns:
        slot = at_ns % DAY // profile.slot_ns
        until_ns = min(end_ns, (at_ns // profile.slot_ns + 1) * profile.slot_ns)
        total += (until_ns - at_ns) * _units(profile.volumes[slot])
        at_ns = until_ns
    return total


def _units(volume: Decimal) -> int:
    return int(volume.scaleb(_UNITS))
