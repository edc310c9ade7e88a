"""The venue's list of our trades, page by page: all that is asked for, and no more."""

import pytest

from genesis.exchange.classify import Answer
from genesis.exchange.weights import Lane
from tests.service.test_reconcile_rows import by_hand, crossed, resting, told
from tests.support.simex import SYMBOL
from tests.support.small_home import SmallHome

BOUGHT = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.0002"}


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.exchange.reads._PAGE", 2)
    monkeypatch.setattr("genesis.exchange.reconcile._PAUSE_S", 0.01)


class Asked:
    """Requests for our trades, with their lanes."""

    def __init__(self, home: SmallHome) -> None:
        self.seen: list[tuple[dict[str, str], Lane | None]] = []
        self._call = home.gateway._rest.call
        home.gateway._rest.call = self  # type: ignore[method-assign, assignment]

    async def __call__(
        self, endpoint: str, params: dict[str, str], lane: Lane | None = None
    ) -> Answer:
        if endpoint == "privateGetMyTrades":
            self.seen.append((params, lane))
        return await self._call(endpoint, params, lane)


def test_an_order_of_many_executions_is_told_whole() -> None:
    async def story(home: SmallHome) -> None:
        order = await resting(home)
        for _ in range(5):
            crossed(home, "59000", "0.00005")
        found = await home.gateway.order(home.wire_ids[order.key], SYMBOL)
        assert found is not None
        trades = await home.gateway.order_trades(found)
        assert len({trade.fill.trade_id for trade in trades}) == 5
        assert (await home.compare()).is_clean
        await home.admin("cancel", **by_hand(home, order))
        assert (await home.compare()).is_clean

    told(story)


def test_trades_from_a_moment_on_pass_over_those_before_it() -> None:
    async def story(home: SmallHome) -> None:
        for _ in range(7):
            await home.admin("order", **BOUGHT)
        made = home.exchange.venue.trades
        asked = Asked(home)
        since_ns = made[2].ts_ns
        expected = [each.fill.trade_id for each in made if each.ts_ns // 10**6 >= since_ns // 10**6]
        found = await home.gateway.trades_since(SYMBOL, since_ns)
        assert [each.fill.trade_id for each in found] == expected
        assert len(asked.seen) == len(expected) // 2 + 1
        assert {lane for _, lane in asked.seen} == {Lane.READ}
        assert (await home.compare()).is_clean

    told(story)


def test_a_difference_that_stays_asks_for_the_whole_list_once_in_a_comparison() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        await home.admin("flow", kind="unexplained", asset="USDT", amount="7.25")
        asked = Asked(home)
        assert not (await home.compare()).is_clean
        assert len([params for params, _ in asked.seen if "startTime" in params]) == 1
        await home.admin("flow", kind="unexplained", asset="USDT", amount="-7.25")
        assert (await home.compare()).is_clean

    told(story)
