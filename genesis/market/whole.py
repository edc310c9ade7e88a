"""GlobalMarketState: all followed symbols together, judged by nothing but their prices.

    CRASH      they fell far within a span, and further than such a span usually moves them
    RECOVERY   a crash is over, but not for long
    BEAR       they stand below the mean of their window, most of them
    BULL       they stand above it, most of them
    CRAB       else, and while too little is known to tell

Breadth is the share of symbols above their own mean, trend how far above it they are on average,
volatility what the fall is measured by. A bear or a bull is left a margin further back than it is
entered; a crash lasts until nothing spoke for it for a while, then the recovery runs its time.
What a judgement of markets would look at beside prices (MISSING) is not known here, and said so.

A fold of closed bars: between two slots a bar costs one comparison.
"""

from math import expm1, fsum
from typing import Final, NamedTuple

from genesis.domain.account import GlobalMarketState
from genesis.domain.time import HOUR
from genesis.market.history import Course, History
from genesis.market.rules import WholeRules

MISSING: Final = ("dominance", "funding", "sentiment")
"""Inputs no feed of ours gives: the state is what prices alone tell."""

_CRAB, _BULL, _BEAR = GlobalMarketState.CRAB, GlobalMarketState.BULL, GlobalMarketState.BEAR
_CRASH, _RECOVERY = GlobalMarketState.CRASH, GlobalMarketState.RECOVERY


class Reading(NamedTuple):
    """Means over the symbols. breadth: share above their mean. sigmas: the fall in usual spans."""

    breadth: float
    trend: float
    fell: float
    sigmas: float
    symbols: int


class Whole:
    """The state of the market as a whole, and the histories it is judged by."""

    __slots__ = (
        "_course",
        "_latest",
        "_since_ns",
        "_until_ns",
        "histories",
        "reading",
        "reason",
        "rules",
        "state",
    )

    def __init__(self, rules: WholeRules) -> None:
        self.rules = rules
        self.state = self._course = _CRAB
        self.reason = ""
        self.reading: Reading | None = None
        self.histories: dict[str, History] = {}
        self._latest: dict[str, float] = {}
        self._until_ns = self._since_ns = 0

    def under(self, rules: WholeRules) -> "Whole":
        """The same under other rules; other slots, windows or days are learned anew."""
        ours, theirs = _shape(self.rules), _shape(rules)
        if ours != theirs:
            return Whole(rules)
        self.rules = rules
        return self

    @property
    def is_known(self) -> bool:
        """Could the last slot be judged?"""
        return self.reading is not None

    @property
    def slots(self) -> int:
        """Slots known of the symbol that is known best."""
        return max((history.slots for history in self.histories.values()), default=0)

    def take(self, symbol: str, ts_ns: int, close: float) -> GlobalMarketState:
        """The state after one more closed bar; its symbol may be any."""
        if ts_ns > self._until_ns:
            self._turn(ts_ns)
        if close > 0:
            self._latest[symbol] = close
        return self.state

    def _turn(self, ts_ns: int) -> None:
        """A bar of a later slot came: the open one is finished for all symbols."""
        rules, latest = self.rules, self._latest
        finished = self._until_ns // rules.slot_ns - 1
        for symbol, close in latest.items():
            if symbol not in self.histories:
                self.histories[symbol] = History(rules)
            self.histories[symbol].add(finished, close)
        latest.clear()
        slot = (ts_ns - 1) // rules.slot_ns
        self._until_ns = (slot + 1) * rules.slot_ns
        courses = [history.course(slot - 1) for history in self.histories.values()]
        self.reading = _reading([course for course in courses if course is not None])
        self._judge(ts_ns)

    def _judge(self, ts_ns: int) -> None:
        before, reading = self.state, self.reading
        self._course = self._course_of(reading)
        if reading is not None and self._crashes(reading):
            self.state, self._since_ns = _CRASH, ts_ns
        elif before is _CRASH:
            if ts_ns - self._since_ns >= self.rules.crash_rest_ns:
                self.state, self._since_ns = _RECOVERY, ts_ns
        elif before is not _RECOVERY or ts_ns - self._since_ns >= self.rules.recovery_ns:
            self.state = self._course
        if self.state is not before:
            self.reason = self._told()

    def _course_of(self, reading: Reading | None) -> GlobalMarketState:
        if reading is None:
            return _CRAB
        rules, held = self.rules, self._course
        bull = rules.bull_trend - (rules.exit_margin if held is _BULL else 0)
        bear = rules.bear_trend - (rules.exit_margin if held is _BEAR else 0)
        if reading.trend >= bull and reading.breadth >= rules.bull_breadth:
            return _BULL
        if reading.trend <= -bear and reading.breadth <= rules.bear_breadth:
            return _BEAR
        return _CRAB

    def _crashes(self, reading: Reading) -> bool:
        rules = self.rules
        return reading.fell >= rules.crash_fall and reading.sigmas >= rules.crash_sigmas

    def _told(self) -> str:
        reading = self.reading
        if self.state is _RECOVERY:
            return "a crash is over, but not for long"
        if reading is None:
            return "too little is known to tell"
        if self.state is _CRASH:
            hours = self.rules.span_slots * self.rules.slot_ns // HOUR
            return f"prices fell by {-expm1(-reading.fell):.1%} within {hours} h"
        where = "above" if reading.trend >= 0 else "below"
        return (
            f"prices are {abs(expm1(reading.trend)):.1%} {where} their mean, "
            f"{reading.breadth:.0%} of the symbols above it"
        )


def _reading(courses: list[Course]) -> Reading | None:
    count = len(courses)
    if not count:
        return None
    fell = -fsum(one.moved for one in courses) / count
    sigma = fsum(one.sigma for one in courses) / count
    return Reading(
        sum(one.above_mean > 0 for one in courses) / count,
        fsum(one.above_mean for one in courses) / count,
        fell,
        fell / sigma if sigma > 0 else 0.0,
        count,
    )


def _shape(rules: WholeRules) -> tuple[int, ...]:
    return rules.slot_ns, rules.window_slots, rules.days
