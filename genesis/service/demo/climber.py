"""A scripted trader on the ladder: he holds the ceremony, trades larger, and loses too much.

He uses the same door as a person. Only the market of his story waits for him: it falls once he
holds a position that his first tier would never have let him hold.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol

from genesis.domain.account import Tier, TierMode
from genesis.domain.time import SECOND
from genesis.service.demo.trader import CALM_S, CONFIRM_S, REACTION_S, Speaks, spoken
from genesis.tilt.caution import CONFIRM_CODE

ASKED_USDT: Final = 2000
SMALL_USDT: Final = 100
_KEY_S: Final = 0.25
"""Between two letters of the phrase."""
_MOST_WAIT_S: Final = 900


class ClimbDoor(Speaks, Protocol):
    """What the climber can do beside speaking."""

    async def tier_path(self) -> dict[str, Any]: ...
    async def hold_ceremony(self, phrase: str) -> dict[str, Any]: ...
    async def is_flat(self) -> bool: ...
    def now_ns(self) -> int: ...
    async def wait(self, seconds: float) -> None:
        """Let venue time pass."""


class Market(Protocol):
    """What the story does to the market, and when it is over."""

    def fall(self) -> None: ...
    def end(self, seconds: float) -> None: ...


class Climber:
    """Plays the ladder once: up by the ceremony, down by the loss of a day.

    pause_s: venue time for which each scene stands still, to be looked at.
    """

    def __init__(
        self,
        door: ClimbDoor,
        symbol: str,
        say: Callable[[str], None],
        market: Market,
        pause_s: float,
    ) -> None:
        self._door, self._symbol, self._say = door, symbol, say
        self._market, self._pause_s = market, pause_s

    async def play(self) -> None:
        if await self._climb() and await self._grow():
            self._say("the market falls by a third, at once: his stop is filled far below itself")
            self._market.fall()
            await self._demoted()
        self._market.end(self._pause_s)

    # -- up ----------------------------------------------------------------------------------
    async def _climb(self) -> bool:
        """The ceremony that the history has opened."""
        path = await self._door.tier_path()
        self._say(f"stands in {path['tier']}, {path['mode']}: {len(path['gates'])} gates passed")
        ceremony = path["ceremony"]
        if ceremony is None:
            self._say("no ceremony can be held: the story ends here")
            return False
        self._tell(path["message"])
        await self._door.wait(self._pause_s)
        phrase = ceremony["phrase"]
        await self._door.wait(len(phrase) * _KEY_S)
        self._say(f"> {phrase}")
        answer = await self._door.hold_ceremony(phrase)
        is_held = answer.get("tier") == Tier.HUNTER
        self._say(
            f"the ceremony is held: {answer['tier']}, {answer['mode']}"
            if is_held
            else f"the ceremony was not held: {answer}"
        )
        return is_held

    async def _grow(self) -> bool:
        """A position as large as the new tier allows, halved as its first days ask."""
        await self._door.wait(self._pause_s / 2)
        buy = f"buy {ASKED_USDT} usdt {self._symbol}"
        answer = await self._do(buy)
        if answer.get("code") == CONFIRM_CODE:  # a minute to think, and then the same again
            await self._door.wait(CONFIRM_S)
            await self._do(buy)
        is_held = await self._until(self._holds)
        if not is_held:
            self._say("nothing is held: the story ends here")
        await self._door.wait(self._pause_s / 2)
        return is_held

    # -- down --------------------------------------------------------------------------------
    async def _demoted(self) -> None:
        """What the engine says after the fall, and what it allows from then on."""
        if not await self._until(self._is_down):
            self._say("the loss of the day stayed within its limit")
            return
        path = await self._door.tier_path()
        self._tell(path["message"])
        for line in path["plan"]:
            self._say(f"  {line}")
        await self._door.wait(REACTION_S)
        await self._do(f"buy {SMALL_USDT} usdt {self._symbol}")

    async def _is_down(self) -> bool:
        path = await self._door.tier_path()
        return str(path["mode"]) == TierMode.EMERGENCY

    async def _holds(self) -> bool:
        return not await self._door.is_flat()

    # -- small things ------------------------------------------------------------------------
    async def _do(self, text: str) -> dict[str, Any]:
        return await spoken(self._door, self._say, text, CALM_S)

    def _tell(self, message: str | None) -> None:
        for line in (message or "").splitlines():
            self._say(line)

    async def _until(self, is_so: Callable[[], Any]) -> bool:
        began = self._door.now_ns()
        while not await is_so():
            if self._door.now_ns() - began > _MOST_WAIT_S * SECOND:
                return False
            await self._door.wait(1)
        return True
