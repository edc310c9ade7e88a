"""Tells the engine how much of its symbols usually trades when: the tick store of the home knows.

It is told as an event, so that a replay meets the same profile without the store.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from genesis.domain.slicing import VolumeProfileReported
from genesis.domain.time import DAY
from genesis.errors import GenesisError
from genesis.market.volume_profile import SLOT_NS, Traded, volume_profile
from genesis.service.logs import log
from genesis.store.ticks import TickStore

_log = log("usual_volume")
_ROUNDED = 8


def usual_volumes(
    home: Path, symbols: Sequence[str], now_ns: int, days: int
) -> Iterator[VolumeProfileReported]:
    """Profiles of those symbols that the tick store holds bars of, from the latest `days`.

    Raises:
        DataError: the store is damaged.
    """
    store = TickStore(home)
    held = store.symbols()
    for symbol in symbols:
        if symbol in held:
            end_ns = now_ns // SLOT_NS * SLOT_NS  # of the slot that is not over too little is known
            rows = store.bars(symbol, SLOT_NS, end_ns - days * DAY, end_ns)
            made = volume_profile(symbol, _bars(rows), now_ns)
            if made is not None:
                yield made


def _bars(rows: Any) -> Iterator[Traded]:
    for open_ns, volume in rows.project("open_ts_ns, volume").fetchall():
        yield Traded(open_ns, Decimal(str(round(volume, _ROUNDED))))


async def tell_usual_volumes(
    home: Path,
    symbols: Sequence[str],
    now_ns: int,
    days: int,
    tell: Callable[[VolumeProfileReported], Awaitable[object]],
) -> None:
    """Read beside the loop, then tell; a store that cannot be read is no reason not to trade."""
    try:
        found = await asyncio.to_thread(lambda: tuple(usual_volumes(home, symbols, now_ns, days)))
    except (GenesisError, OSError) as problem:
        _log.warning("usual volume is not known", problem=str(problem))
        return
    for profile in found:
        await tell(profile)
