"""Trade prints that the tick store holds of a day, beside those that the engine heard."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genesis.domain.events import TradeTick
from genesis.research.store import TickStore
from genesis.sim.columns import TickColumns


@dataclass(frozen=True, slots=True)
class Unlike:
    """A print that one side has and the other has not, or has otherwise."""

    ts_ns: int
    words: str


class StoredPrints:
    """One symbol's prints out of the store, in the places where the engine heard them.

    heard, both: how many the engine heard, and how many of those the store holds alike.
    """

    def __init__(self, columns: TickColumns) -> None:
        assert columns.trade_ids is not None
        self.symbol = columns.instrument.symbol
        self.heard_count = self.both_count = 0
        self._columns, self._ids = columns, columns.trade_ids.tolist()
        self._next = 0
        self._is_first = True
        self._extra: dict[int, int] = {}
        self._unlike: list[Unlike] = []

    def begin_run(self) -> None:
        """What was printed before the first one a run hears, it does not miss."""
        self._is_first = True

    def heard(self, tick: TradeTick) -> Iterator[tuple[TradeTick, bool]]:
        """The stored prints up to this one, and whether the engine is to hear each.

        One that the store has not is left out: it is a hole.
        """
        self.heard_count += 1
        if self._extra.pop(tick.trade_id, None) is not None:  # out of order, and told before
            self.both_count += 1
            return
        while self._next < len(self._ids) and self._ids[self._next] < tick.trade_id:
            row, self._next = self._next, self._next + 1
            if not self._is_first:
                self._extra[self._ids[row]] = int(self._columns.ts_ns[row])
            yield self._columns.tick(row), not self._is_first
        self._is_first = False
        if self._next < len(self._ids) and self._ids[self._next] == tick.trade_id:
            row, self._next = self._next, self._next + 1
            yield self._same(self._columns.tick(row), tick), True
        elif self._next and self._ids[self._next - 1] >= tick.trade_id:
            yield tick, True  # heard twice: the second time says nothing about the store
        else:
            self._tell(tick, "is not in the store")

    def _same(self, stored: TradeTick, heard: TradeTick) -> TradeTick:
        if (stored.price, stored.qty) == (heard.price, heard.qty):
            self.both_count += 1
        else:
            self._tell(heard, f"was heard at {heard.price} and is stored at {stored.price}")
        return stored

    def _tell(self, tick: TradeTick, words: str) -> None:
        self._unlike.append(Unlike(tick.ts_ns, f"print {tick.trade_id} of {self.symbol} {words}"))

    @property
    def unlike(self) -> list[Unlike]:
        """Every print that is not the same on both sides, oldest first."""
        extra = [
            Unlike(at, f"print {number} of {self.symbol} is stored and was never heard")
            for number, at in self._extra.items()
        ]
        return sorted([*self._unlike, *extra], key=lambda one: (one.ts_ns, one.words))

    def between(self, first_ns: int, last_ns: int) -> Unlike | None:
        """The first of them stamped within [first_ns, last_ns]."""
        found = self.unlike
        place = bisect_left(found, first_ns, key=lambda one: one.ts_ns)
        return found[place] if place < len(found) and found[place].ts_ns <= last_ns else None

    def __str__(self) -> str:
        extra = f", {len(self._extra):,} more stored" if self._extra else ""
        return (
            f"{self.symbol}: {self.both_count:,} of {self.heard_count:,} prints heard are stored "
            f"alike{extra}"
        )


def stored_prints(
    home: Path, symbols: tuple[str, ...], first_ns: int, until_ns: int
) -> dict[str, StoredPrints]:
    """By symbol, of those the store holds trades of within [first_ns, until_ns)."""
    store = TickStore(home)
    found: dict[str, StoredPrints] = {}
    for symbol in (one for one in symbols if one in store.symbols()):
        columns = store.ticks(symbol, first_ns, until_ns, books=False).columns
        if len(columns) and columns.trade_ids is not None:
            found[symbol] = StoredPrints(columns)
    return found
