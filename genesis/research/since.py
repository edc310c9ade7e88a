"""A strategy that listens from the beginning and wishes from a moment on: a warm-up that trades
nothing.
"""

from collections.abc import Sequence

from genesis.domain.account import Tier
from genesis.domain.events import Event
from genesis.strategy import Intent, Strategy, View


class Since:
    """Any strategy, whose wishes before `since_ns` (UTC ns) are dropped."""

    def __init__(self, inner: Strategy, since_ns: int) -> None:
        self.inner, self.since_ns = inner, since_ns
        self.name: str = inner.name
        self.tier: Tier = inner.tier
        self.bar: str | None = inner.bar
        self.wants: frozenset[type] = inner.wants

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        wishes = self.inner.on_event(event, view)
        return wishes if event.ts_ns >= self.since_ns else ()
