"""How much the venue hears of us over websockets: below its limits, by our own count.

Source: Binance spot API documents, web-socket-streams, "Websocket Limits": 5 incoming messages a
second on one connection (pings and pongs included), 300 attempts to connect in 5 minutes from one
address. Who exceeds them is disconnected or banned. Four fifths of each are used.
"""

import asyncio
from collections import deque
from typing import Final

MOST_ATTEMPTS: Final = 240
ATTEMPTS_SPAN_S: Final = 300.0
MOST_MESSAGES: Final = 4
_SECOND_S: Final = 1.0


class Pace:
    """At most `most` in any `span_s` seconds; times are the event loop's."""

    def __init__(self, most: int = MOST_ATTEMPTS, span_s: float = ATTEMPTS_SPAN_S) -> None:
        self._span_s = span_s
        self._latest: deque[float] = deque(maxlen=most)

    def free_at(self) -> float:
        """When the next one may happen; 0: now."""
        is_full = len(self._latest) == self._latest.maxlen
        return self._latest[0] + self._span_s if is_full else 0.0

    def is_free(self, now: float) -> bool:
        return self.free_at() <= now

    def took(self, now: float) -> None:
        self._latest.append(now)

    async def turn(self) -> None:
        """Wait for a turn and take it."""
        clock = asyncio.get_running_loop().time
        while not self.is_free(clock()):
            await asyncio.sleep(self.free_at() - clock())
        self.took(clock())


def speech() -> Pace:
    """Of the messages on one connection."""
    return Pace(MOST_MESSAGES, _SECOND_S)
