"""How a market is cut for walking forward: where the choice is made, and where it is judged.

    |--------- train ---------|purge|embargo|---- test ----|
                                            |---- test ----|   the next one follows without a gap

Nothing between a choice and what judges it counts for either. Purge is cut off the end of what
chooses, because trades that are open there end in what follows; embargo is left free after it,
because what the market remembers dies away slowly.

Source: Pardo 2008, "The Evaluation and Optimization of Trading Strategies", chapter 11; the gaps:
Lopez de Prado 2018, "Advances in Financial Machine Learning", chapter 7.
"""

from typing import Final, NamedTuple

from genesis.domain.time import DAY, MINUTE, format_utc, parse_width
from genesis.errors import DataError, UsageError
from genesis.research.bars import Bars
from genesis.research.markets import Market, first_ns

MOST: Final = 10_000
"""More windows are a mistake in a length."""


class Window(NamedTuple):
    """UTC ns: [train_from, train_to) chooses, [test_from, test_to) judges."""

    train_from_ns: int
    train_to_ns: int
    test_from_ns: int
    test_to_ns: int

    def __str__(self) -> str:
        return (
            f"chosen on {format_utc(self.train_from_ns)} to {format_utc(self.train_to_ns)}, "
            f"judged on {format_utc(self.test_from_ns)} to {format_utc(self.test_to_ns)}"
        )


class Lengths(NamedTuple):
    """What was asked for, in ns."""

    train_ns: int
    test_ns: int
    purge_ns: int
    embargo_ns: int

    @classmethod
    def read(cls, train: str, test: str, purge: str | None, embargo: str | None) -> "Lengths":
        """Lengths such as `7d` or `12h`; None is nothing.

        Raises:
            UsageError: one is no such length, or the purge leaves nothing to choose on.
        """
        found = cls(
            _length(train, "train"),
            _length(test, "test"),
            0 if purge is None else _length(purge, "purge"),
            0 if embargo is None else _length(embargo, "embargo"),
        )
        if found.purge_ns >= found.train_ns:
            raise UsageError(
                f"a purge of {purge} leaves nothing of the {train} to choose on: make it shorter"
            )
        return found


def windows(first_ns: int, end_ns: int, asked: Lengths, *, anchored: bool) -> tuple[Window, ...]:
    """All whole windows of [first_ns, end_ns), oldest first; what is left at the end is left out.

    The judged spans follow each other without a gap. anchored: every choice knows all from the
    beginning; else the last `train` only.

    Raises:
        DataError: no whole window. UsageError: more than 10,000 of them.
    """
    gap = asked.embargo_ns
    at = first_ns + asked.train_ns
    count = max(0, (end_ns - gap - at) // asked.test_ns)
    if count == 0:
        need = asked.train_ns + gap + asked.test_ns
        raise DataError(
            f"the data cover {(end_ns - first_ns) / DAY:.2f} days, and one window needs "
            f"{need / DAY:.2f}: take shorter train and test, or more data"
        )
    if count > MOST:
        raise UsageError(f"these are {count:,} windows, at most {MOST:,} are walked: test longer")
    found = []
    for _ in range(count):
        since = first_ns if anchored else at - asked.train_ns
        judged = at + gap
        found.append(Window(since, at - asked.purge_ns, judged, judged + asked.test_ns))
        at += asked.test_ns
    return tuple(found)


def span_of(market: Market, asked: Lengths) -> tuple[int, int]:
    """[from, to) in UTC ns that a market covers: bars to the end of the last, ticks in whole
    minutes.

    Raises:
        UsageError: a length that cuts through bars.
    """
    if not isinstance(market, Bars):
        first, last = first_ns(market), int(market.columns.ts_ns[-1])
        return first - first % MINUTE, last - last % MINUTE + MINUTE
    width_ns = market.columns.width_ns
    for name, length in zip(Lengths._fields, asked, strict=True):
        if length % width_ns:
            raise UsageError(
                f"{name.removesuffix('_ns')} must be a whole number of bars of {width_ns / 1e9:g} s"
            )
    return first_ns(market), int(market.columns.open_ts_ns[-1]) + width_ns


def require_data(market: Market, found: tuple[Window, ...]) -> None:
    """Raises DataError: a window in which nothing was recorded, where it chooses or judges."""
    for number, one in enumerate(found, 1):
        for what, since, until in (
            ("choose", one.train_from_ns, one.train_to_ns),
            ("judge", one.test_from_ns, one.test_to_ns),
        ):
            if not len(market.between(since, until)):
                raise DataError(
                    f"window {number} has no data to {what} on, from {format_utc(since)} to "
                    f"{format_utc(until)}: start after the gap, or take longer windows"
                )


def _length(text: str, name: str) -> int:
    try:
        return parse_width(text)
    except (ValueError, TypeError) as wrong:
        raise UsageError(f"{name} must be a length such as 7d, 12h or 30m, not {text!r}") from wrong
