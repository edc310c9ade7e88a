"""Copies of one strategy that begin at different times, side by side over one account."""

from collections.abc import Sequence
from typing import cast

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, Event
from genesis.research.guards.trace import Decision
from genesis.strategy import Intent, Strategy, View


class LateView:
    """The view of a strategy that began at `since_ns`: no bar that opened earlier."""

    def __init__(self, view: View, since_ns: int) -> None:
        self._view, self._since_ns = view, since_ns

    def bars(self, symbol: str, n: int) -> Sequence[BarClosed]:
        kept = self._view.bars(symbol, n)
        return tuple(bar for bar in kept if bar.ts_ns - bar.width_ns >= self._since_ns)

    def __getattr__(self, name: str) -> object:
        return getattr(self._view, name)


class Late:
    """A copy that is told what happened from `since_ns` on, and whose wishes are only noted."""

    def __init__(self, strategy: Strategy, since_ns: int) -> None:
        self.wishes: list[Decision] = []
        self._strategy, self._since_ns = strategy, since_ns
        self._view: LateView | None = None

    def told(self, event: Event, view: View) -> None:
        of_bar = isinstance(event, BarClosed)
        began_ns = event.ts_ns - event.width_ns if isinstance(event, BarClosed) else event.ts_ns
        if began_ns < self._since_ns:
            return
        if self._view is None:
            self._view = LateView(view, self._since_ns)
        made = self._strategy.on_event(event, cast(View, self._view))
        if made:
            self.wishes.append(Decision(event.ts_ns, of_bar, tuple(made)))


class SideBySide:
    """The strategy with all of the history acts; the late ones see the same account."""

    def __init__(self, whole: Strategy, late: Sequence[Late]) -> None:
        self._whole, self._late = whole, tuple(late)
        self.name: str = whole.name
        self.tier: Tier = whole.tier
        self.bar: str | None = whole.bar
        self.wants: frozenset[type] = whole.wants

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        for each in self._late:
            each.told(event, view)
        return self._whole.on_event(event, view)
