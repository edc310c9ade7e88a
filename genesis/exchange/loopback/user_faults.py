"""Faults of the user data stream: events that come twice, late, in another order, or never.

`POST /__genesis__/events` {"mode": m, "count": n, "skip": k} arms one; `seconds` for `delay`.

duplicate   the event comes twice
swap        it comes after the one that follows (or alone, a little later)
drop        it never comes
delay       it comes `seconds` later, behind whatever was told meanwhile
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from genesis.errors import UsageError

EVENT_MODES: Final = ("duplicate", "swap", "drop", "delay")
_LONELY_S: Final = 0.2
Event = dict[str, Any]
Tell = Callable[[Event], None]


class UserFaults:
    """Between what happened and `tell`.

    plan: makes up a mode for an event, or `cut`, which cuts the line and loses the event.
    """

    def __init__(self, tell: Tell, cut: Callable[[], None]) -> None:
        self.plan: Callable[[], str | None] | None = None
        self.met: list[str] = []
        self._tell, self._cut = tell, cut
        self._armed: list[tuple[str, int, int, float]] = []
        self._held: Event | None = None

    def arm(self, wanted: Mapping[str, Any]) -> None:
        """Raises UsageError: an unknown mode."""
        mode = wanted.get("mode")
        if mode not in EVENT_MODES:
            raise UsageError(f"event mode {mode!r} is none of {', '.join(EVENT_MODES)}")
        count, skip = int(wanted.get("count", 1)), int(wanted.get("skip", 0))
        self._armed.append((mode, skip, count, float(wanted.get("seconds", _LONELY_S))))

    def pass_on(self, event: Event) -> None:
        """Tell the event, in the way it meets."""
        mode, seconds = self._take()
        if mode is None:
            self._tell(event)
            self._release()
            return
        self.met.append(mode)
        if mode == "cut":
            self._cut()
        elif mode == "duplicate":
            self._tell(event)
            self._tell(event)
        elif mode == "swap" and self._held is None:
            self._held = event
            asyncio.get_running_loop().call_later(_LONELY_S, self._release)
        elif mode in ("delay", "swap"):
            asyncio.get_running_loop().call_later(seconds, self._tell, event)

    def _take(self) -> tuple[str | None, float]:
        for n, (mode, skip, count, seconds) in enumerate(self._armed):
            if skip:
                self._armed[n] = (mode, skip - 1, count, seconds)
            elif count:
                self._armed[n] = (mode, skip, count - 1, seconds)
                return mode, seconds
        return (self.plan() if self.plan else None), _LONELY_S

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._tell(held)
