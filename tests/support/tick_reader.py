"""Reads a tick store again and again until a file exists; tells how often, and what was found.

Arguments: in which way (a name of `WAYS`), the home, the file. Fails where what is read shrinks,
holds a row twice, or cannot be read.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from genesis.errors import UsageError
from genesis.store.ticks import TickStore

_ALL: Final = "SELECT count(*), count(DISTINCT trade_id) FROM trades"
_BARS: Final = "SELECT count(*) FROM bars_1m"
_SYMBOL: Final = "BTC/USDT"


def _sql(store: TickStore) -> tuple[int, bool]:
    rows, distinct = store.sql(_ALL).fetchall()[0]
    return rows, rows == distinct


def _arrays(store: TickStore) -> tuple[int, bool]:
    read = len(store.arrays(_SYMBOL))
    return read, store.check(_SYMBOL).rows >= read


def _events(store: TickStore) -> tuple[int, bool]:
    read = sum(1 for _ in store.events(_SYMBOL, kinds=("trades",)))
    store.sql(_BARS).fetchall()
    return read, True


WAYS: Final[dict[str, Callable[[TickStore], tuple[int, bool]]]] = {
    "sql": _sql,
    "arrays": _arrays,
    "events": _events,
}
"""How many trades were read, and whether they are all right."""


def main() -> int:
    way, home, done = WAYS[sys.argv[1]], sys.argv[2], Path(sys.argv[3])
    store, reads, most = TickStore(Path(home)), 0, 0
    while not done.exists():
        time.sleep(0.1)
        try:
            found, is_right = way(store)
        except UsageError:  # nothing is held yet
            continue
        assert is_right and found >= most, (found, most)
        reads, most = reads + 1, found
    print(reads, most, flush=True)
    return 0
