"""A scripted trader: calm at first, then he chases his losses, then he writes the page.

He uses the same door as a person, and sees no more than a person would.
"""

from collections.abc import Callable
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final, Protocol

from genesis.domain.time import MILLISECOND, SECOND
from genesis.service.moments import refused
from genesis.tilt.caution import CONFIRM_CODE

CALM_HOLD_S: Final = 60
CHASE_UNTIL_S: Final = 400
CALM_S: Final = 4.0
REACTION_S: Final = 1.5
PAGE_S: Final = 490
AGAIN_S: Final = 121
CONFIRM_S: Final = 61
CENT: Final = Decimal("0.01")
_CLOSE: Final = (Decimal(1), Decimal("0.99995"), Decimal("0.9998"))
"""Of the price: where he tries to put his stop, one after the other."""
_TRIES: Final = 3
"""The engine's clock may lag where the machine is busy."""


class Speaks(Protocol):
    """Whoever types lines."""

    async def command(self, text: str, latency_ms: int | None = None) -> dict[str, Any]:
        """Say one line, so long after what he saw last."""


class Door(Speaks, Protocol):
    """What the trader can do: speak to the control API, and wait."""

    async def tilt(self) -> dict[str, Any]: ...
    async def is_flat(self) -> bool: ...
    async def last_price(self) -> Decimal: ...
    async def draft(self, text: str) -> None: ...
    async def submit_page(
        self, text: str, deltas: list[dict[str, int]], opened_ns: int
    ) -> dict[str, Any]: ...
    def now_ns(self) -> int: ...
    async def wait(self, seconds: float) -> None:
        """Let venue time pass."""


class ScriptedTrader:
    """Plays the whole arc once. `say` receives one line per thing he does.

    calm_s: venue time for which he holds his first position, before he loses his calm.
    """

    def __init__(
        self, door: Door, symbol: str, say: Callable[[str], None], calm_s: float = CALM_HOLD_S
    ) -> None:
        self._door = door
        self._symbol = symbol
        self._say = say
        self._calm_s = calm_s

    async def play(self) -> None:
        await self._calm()
        await self._chase()
        if await self._is_locked():
            await self._try_anyway()
            if await self._write():
                await self._return()

    # -- calm --------------------------------------------------------------------------------
    async def _calm(self) -> None:
        await self._door.wait(4)
        await self._do(f"buy 100 usdt {self._symbol}")
        self._say(f"holds calmly, for {self._calm_s / 60:.0f} minutes of venue time")
        await self._door.wait(self._calm_s)
        await self._do(f"close {self._symbol}")
        await self._until_flat(20)
        await self._door.wait(5)

    # -- tilt --------------------------------------------------------------------------------
    async def _chase(self) -> None:
        """Buys again at once, pulls the stop close, is stopped out, and starts over."""
        began, after_s = self._door.now_ns(), CALM_S
        while self._door.now_ns() - began < CHASE_UNTIL_S * SECOND:
            if await self._is_locked():
                return
            await self._do(f"buy 100 usdt {self._symbol}", after_s)
            after_s = REACTION_S
            await self._door.wait(REACTION_S)
            # more of the same: no room
            await self._do(f"buy 100 usdt {self._symbol}", REACTION_S)
            price = await self._pull_stop()
            if not await self._until_flat(30):
                await self._do(f"close {self._symbol}")
                await self._until_flat(12)
            if await self._is_locked():
                return
            await self._fidget(price)

    async def _pull_stop(self) -> Decimal:
        """The stop as close below the price as it goes; the price he saw. One that has moved on
        meanwhile refuses it.
        """
        for share in _CLOSE:
            price = await self._door.last_price()
            at = (price * share).quantize(CENT) - CENT
            answer = await self._do(f"stop {self._symbol} {at}")
            if answer.get("verdict") == "approved":
                break
        return price

    async def _fidget(self, price: Decimal) -> None:
        """An order placed only to be cancelled."""
        below = (price * Decimal("0.99")).quantize(CENT)
        await self._do(f"buy 100 usdt {self._symbol} limit {below}", REACTION_S)
        await self._door.wait(REACTION_S)
        await self._do("cancel all")
        await self._door.wait(REACTION_S)

    async def _try_anyway(self) -> None:
        await self._door.wait(REACTION_S)
        await self._do(f"buy 100 usdt {self._symbol}")

    # -- the page ----------------------------------------------------------------------------
    async def _write(self) -> bool:
        text = files("genesis.service.demo").joinpath("page.txt").read_text(encoding="utf-8")
        words = text.split(" ")
        opened_ns = self._door.now_ns()
        self._say("opens the blank page")
        deltas: list[dict[str, int]] = []
        for n, word in enumerate(words):
            due_s = PAGE_S * (n + 1) / len(words)
            behind_s = due_s - (self._door.now_ns() - opened_ns) / SECOND
            if behind_s > 0:
                await self._door.wait(behind_s)
            deltas.append({"ts_ms": self._door.now_ns() // MILLISECOND, "inserted": len(word) + 1})
            if n % 50 == 49:
                await self._door.draft(" ".join(words[: n + 1]))
                self._say(f"has written {n + 1} words")
        if await self._hand_in(text, deltas, opened_ns):
            return True
        await self._door.wait(AGAIN_S)  # see `_TRIES`
        return await self._hand_in(text, deltas, opened_ns)

    async def _hand_in(self, text: str, deltas: list[dict[str, int]], opened_ns: int) -> bool:
        answer = await self._door.submit_page(text, deltas, opened_ns)
        self._say(f"hands in the page: {'accepted' if answer.get('accepted') else answer}")
        return bool(answer.get("accepted"))

    async def _return(self) -> None:
        await self._door.wait(REACTION_S)
        buy = f"buy 100 usdt {self._symbol}"
        answer = await self._do(buy)
        for _ in range(_TRIES):  # a minute to think, and then the same again
            if answer.get("code") != CONFIRM_CODE:
                return
            await self._door.wait(CONFIRM_S)
            answer = await self._do(buy)

    # -- small things ------------------------------------------------------------------------
    async def _do(self, text: str, after_s: float = CALM_S) -> dict[str, Any]:
        return await spoken(self._door, self._say, text, after_s)

    async def _is_locked(self) -> bool:
        return str((await self._door.tilt())["tilt_level"]) in ("WARNING", "LOCKED")

    async def _until_flat(self, seconds: float) -> bool:
        began = self._door.now_ns()
        while self._door.now_ns() - began < seconds * SECOND:
            if await self._door.is_flat():
                return True
            await self._door.wait(1)
        return await self._door.is_flat()


async def spoken(
    door: Speaks, say: Callable[[str], None], text: str, after_s: float
) -> dict[str, Any]:
    """Type one line, `after_s` after what was seen last, and say what was answered."""
    answer = await door.command(text, round(after_s * 1_000))
    detail = refused(answer) if answer.get("reason") else "; ".join(answer.get("notes") or ())
    verdict = str(answer.get("verdict", ""))
    say(f"> {text}: {verdict}{', ' if detail else ''}{detail}")
    return answer
