"""Whatever owner, venue and dying processes do to an account: books and venue agree again."""

import asyncio
import random
from decimal import Decimal

import pytest

from genesis.domain.orders import Purpose
from genesis.domain.outcomes import ViolationNoted
from tests.service.test_reconcile_rows import by_hand, crossed, stop_of
from tests.support.engines import only
from tests.support.small_home import SmallHome, small_home

D = Decimal


@pytest.fixture(autouse=True)
def _look_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.exchange.reconcile._PAUSE_S", 0.01)
    monkeypatch.setattr("genesis.exchange.traffic.WALLET_LIMIT", 10**9)  # an hour goes by here


def test_a_stop_that_was_cancelled_by_hand_is_noted_and_placed_again() -> None:
    async def story() -> None:
        async with small_home() as home:
            await home.buy()
            stop, steps = stop_of(home), []
            taken = home._took
            home._took = lambda event: steps.append(taken(event)) or steps[-1]  # type: ignore[func-returns-value, method-assign]
            await home.admin("cancel", **by_hand(home, stop))
            assert (await home.compare()).is_clean
            noted = [one.kind for step in steps for one in only(step, ViolationNoted)]
            assert noted == ["stop_removed"]
            again = stop_of(home)
            assert again.key != stop.key
            assert again.request.stop_price == stop.request.stop_price
            await home.agrees()

    asyncio.run(story())


class Course:
    """One random thing after the other."""

    def __init__(self, home: SmallHome, seed: int) -> None:
        self.home, self.draw = home, random.Random(seed)
        self.acts = (
            *(self.buys, self.rests, self.closes, self.cancels),
            *(self.comes, self.goes, self.buys_by_hand, self.sells_by_hand, self.unstops),
            *(self.moves, self.dies, self.looks),
        )

    async def buys(self) -> None:
        await self.home.buy(self.draw.choice(["10", "25"]))

    async def rests(self) -> None:
        await self.home.buy("12", f"{self.home.prices.now - self.draw.randint(50, 900):.2f}")

    async def closes(self) -> None:
        await self.home.act("close")

    async def cancels(self) -> None:
        await self.home.act("cancel_all", symbol=None)

    async def comes(self) -> None:
        asset = self.draw.choice(["USDT", "BTC", "BNB"])
        await self.home.admin("flow", kind="deposit", asset=asset, amount="0.01")

    async def goes(self) -> None:
        kind = self.draw.choice(["withdrawal", "dust", "transfer"])
        asset = self.draw.choice(["USDT", "BTC", *(["BNB"] if kind != "dust" else [])])
        more = {"type": "MAIN_FUNDING", "brings": "0.002", "fee": "0.0001"}
        await self.home.admin("flow", kind=kind, asset=asset, amount="0.004", **more)

    async def buys_by_hand(self) -> None:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.0002"}
        await self.home.admin("order", **order)

    async def sells_by_hand(self) -> None:
        """Ring-fenced coins, or those of a position whose stop was cancelled."""
        qty = self.draw.choice(["0.0002", "0.01"])
        order = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": qty}
        await self.home.admin("order", **order)

    async def unstops(self) -> None:
        """What works under our name is cancelled by hand."""
        working = [one for one in self.home.orders if one.is_working]
        theirs = {o.client_order_id for o in self.home.exchange.venue.open_orders}
        for order in working:
            if self.home.wire_ids[order.key] in theirs:
                await self.home.admin("cancel", **by_hand(self.home, order))
                return

    async def moves(self) -> None:
        crossed(self.home, f"{self.draw.randint(57_000, 61_000)}.00", "0.0003")

    async def dies(self) -> None:
        """A process dies with an order on its way, or with an answer lost; the next one starts."""
        self.home.is_mute = self.draw.random() < 0.5
        self.home.is_deaf = not self.home.is_mute
        await self.draw.choice((self.buys, self.closes, self.cancels))()
        await self.home.restart()

    async def looks(self) -> None:
        await self.home.compare()

    async def run(self, acts: int) -> None:
        for _ in range(acts):
            await self.draw.choice(self.acts)()
        for _ in range(4):  # what was found leads to orders, and those to fills
            await self.home.tick()
            found = await self.home.compare()
            if found.is_clean and not self.is_leaving:
                break
        assert found.is_clean, found.complaints
        await self.home.agrees()

    @property
    def is_leaving(self) -> bool:
        working = self.home.engine.state.execution.orders.all_working()
        return any(order.request.purpose is Purpose.EXIT for order in working)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_books_agree_again_and_what_is_held_is_protected(seed: int) -> None:
    async def story() -> None:
        async with small_home() as home:
            await Course(home, seed).run(20)

    asyncio.run(story())
