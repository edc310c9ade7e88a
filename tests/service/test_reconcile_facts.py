"""What is certain of our orders is told as soon as it is found, whatever else cannot be told."""

import json
from typing import Any

import pytest

from genesis.domain.account import Balance
from genesis.domain.events import OrderExpired, OrderFilled
from genesis.domain.orders import OrderStatus
from genesis.errors import Unreachable
from genesis.exchange.once import Once
from genesis.exchange.reconcile import LOST
from genesis.exchange.resolve import Bound
from genesis.risk.blocks import STARTING
from tests.service.test_reconcile_rows import Story, by_hand, crossed, resting, stop_of, told
from tests.support.simex import QUICK
from tests.support.small_home import SmallHome

WALLET = "/sapi/v1/capital/deposit/hisrec"


@pytest.fixture(autouse=True)
def _look_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.exchange.reconcile._PAUSE_S", 0.01)


async def failing(home: SmallHome, path: str, **how: Any) -> None:
    fault = {"path": path, "method": "GET", "mode": "http", "status": 503, "count": 99, **how}
    await home.admin("fault", **fault)


def test_a_fill_is_told_and_protected_while_the_wallet_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("genesis.exchange.look._FLOWS_S", 0.05)

    async def story(home: SmallHome) -> None:
        await resting(home)
        crossed(home, "59000")
        home.reconciling.request("the user stream was interrupted")
        home.reconciling._flows_asked_ns = None
        await failing(home, WALLET, mode="delay_before", seconds=1.5, count=1)
        assert await home.reconciling._try()
        assert home.held > 0
        await home.agrees()
        assert home.reconciling._is_hinted  # the histories are asked for another time

    told(story)


def test_a_fill_does_not_wait_for_the_questions_behind_it() -> None:
    async def story(home: SmallHome) -> None:
        await resting(home)
        crossed(home, "59000")
        asked, held = home.gateway.balances, []

        async def balances() -> tuple[Balance, ...]:
            held.append(home.held)
            return await asked()

        home.gateway.balances = balances  # type: ignore[method-assign]
        assert (await home.compare()).is_clean
        assert held[0] == home.held > 0

    told(story)


@pytest.mark.parametrize("path", ["account", "openOrders"])
def test_a_fill_is_told_and_protected_though_another_question_fails(path: str) -> None:
    async def story(home: SmallHome) -> None:
        await resting(home)
        crossed(home, "59000")
        await failing(home, f"/api/v3/{path}")
        assert not await home.reconciling._try()
        assert home.held > 0
        await home.agrees()

    told(story)


def test_an_end_that_was_found_is_told_though_another_question_fails() -> None:
    async def story(home: SmallHome) -> None:
        order = await resting(home)
        await home.admin("cancel", **by_hand(home, order))
        await failing(home, "/api/v3/account")
        assert not await home.reconciling._try()
        assert home.entry.status is OrderStatus.CANCELLED

    told(story)


def test_an_order_whose_status_nobody_knows_hides_no_fill_of_another() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy("10")
        stop = stop_of(home)
        await home.buy("10", "59000")
        crossed(home, "58000")  # it fires, and the other one is bought
        (row,) = [
            row
            for row in (await home.truth())["orders"]
            if row["clientOrderId"] == home.wire_ids[stop.key]
        ]
        strange = json.dumps(row | {"status": "PENDING_REVIEW"})
        await failing(home, "/api/v3/order", status=200, body=strange, count=1)
        assert not await home.reconciling._try()
        told_of = {e.key for e in home.log if isinstance(e, OrderFilled)}
        assert {stop.key, home.entry.key} <= told_of
        assert await home.reconciling._try()

    told(story)


def test_what_resolving_found_at_a_start_is_told_though_the_start_fails() -> None:
    """The gateway tells each fact once: nobody else would tell it."""

    async def story(home: SmallHome) -> None:
        home.is_deaf = True
        await home.buy()
        await failing(home, "/api/v3/order", skip=1)
        await failing(home, "/api/v3/account")
        home.gateway._once = Once()  # of a new process
        with pytest.raises(Unreachable):
            await home.restart()
        assert home.entry.status is OrderStatus.FILLED and home.held > 0
        home.exchange.faults.clear()
        await home.restart()

    told(story)


# -- orders of before a start ----------------------------------------------------------------
@pytest.mark.parametrize("is_silent", [True, False])
def test_a_start_does_not_wait_for_ever_for_an_order_that_nobody_tells_of(
    monkeypatch: pytest.MonkeyPatch, is_silent: bool
) -> None:
    """Else nothing could be asked of the service, and nothing closed."""
    monkeypatch.setattr("genesis.service.reconciling.SETTLE_S", 0.3)
    monkeypatch.setattr("genesis.exchange.resolve._FIRST_PAUSE_S", 0.01)

    async def story(home: SmallHome) -> None:
        home.is_mute = True
        await home.buy("10")
        order = home.entry
        if is_silent:
            await failing(home, "/api/v3/order", count=10_000)
        else:  # the bound has not passed
            monkeypatch.setattr(home.gateway, "bound", Bound())
        found = await home.restart()
        assert found is not None
        assert any("sent before this start" in one for one in found.complaints)
        assert "reconcile" in home.blocks and STARTING not in home.blocks
        assert order.key in {one.key for one in home.orders if one.is_working}
        home.exchange.faults.clear()
        monkeypatch.setattr(home.gateway, "bound", QUICK)
        assert (await home.compare()).is_clean
        assert [one.key for one in home.given_up()] == [order.key]
        assert not home.blocks

    told(story)


def test_an_order_of_this_process_is_left_to_its_call() -> None:
    async def story(home: SmallHome) -> None:
        home.is_mute = True
        await home.buy()
        home.is_mute = False
        assert (await home.compare()).is_clean
        assert home.entry.status is OrderStatus.PENDING
        await home.restart()

    told(story)


# -- trades that are told before their orders ------------------------------------------------
def lagging(story: Story) -> Story:
    """Our order is filled, nobody answers, and only the list of trades tells of it."""

    async def whole(home: SmallHome) -> None:
        await home.admin("system", lag_ms=3_600_000, trades_lag_ms=0)
        await home.buy("10")  # so that trades are asked for
        home.is_deaf = True
        await home.buy("10")
        home.is_deaf = False
        assert home.entry.filled_qty == 0
        await story(home)

    return whole


def test_a_trade_of_an_order_that_is_not_told_yet_is_nobodys_and_blocks_until_it_is() -> None:
    async def story(home: SmallHome) -> None:
        held = home.held
        found = await home.compare()
        assert any("does not tell of its order yet" in one for one in found.complaints)
        assert "reconcile" in home.blocks
        assert home.external() == [] and home.held == held
        assert found.trades == ()  # nobody is asked to explain what is on its way
        await home.admin("system", lag_ms=0)
        assert (await home.compare()).is_clean
        assert home.entry.status is OrderStatus.FILLED
        assert home.external() == [] and not home.blocks

    told(lagging(story))


# -- orders that are missing, and orders that should be ---------------------------------------
def test_a_stop_is_not_given_up_for_a_moment_in_which_the_venue_does_not_show_it() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        stop = stop_of(home)
        await home.admin("system", lag_ms=3_600_000)
        found = await home.compare()
        assert any("the venue does not know it" in one for one in found.complaints)
        assert "reconcile" in home.blocks
        assert stop_of(home).key == stop.key
        await home.admin("system", lag_ms=0)
        assert (await home.compare()).is_clean
        assert stop_of(home).key == stop.key

    told(story)


def test_an_order_that_stays_missing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.exchange.missing._LOST_AFTER_NS", 1)

    async def story(home: SmallHome) -> None:
        order = await resting(home)
        for theirs in home.exchange.venue.open_orders:
            home.exchange.venue.cancel(theirs.order_id, home.now_ns())
            del home.exchange.venue.orders[theirs.order_id]
        assert not (await home.compare()).is_clean
        assert order.status is OrderStatus.OPEN
        assert (await home.compare()).is_clean
        assert order.status is OrderStatus.EXPIRED

    told(story)


def test_an_entry_that_rests_though_it_was_given_up_is_cancelled() -> None:
    """Else it fills some day, and no command of ours reaches it."""

    async def story(home: SmallHome) -> None:
        order = await resting(home)
        await home.tell(OrderExpired(home.now_ns(), order.key, LOST))
        crossed(home, "59000", "0.0001")
        found = await home.compare()
        assert any("and we hold it for EXPIRED" in one for one in found.complaints)
        assert not [one for one in home.exchange.venue.open_orders if one.side == "BUY"]
        assert home.held > 0  # what it bought before is ours, and protected
        assert (await home.compare()).is_clean
        assert not home.blocks

    told(story)


def test_a_stop_that_rests_though_it_was_given_up_goes_on_protecting() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        stop = stop_of(home)
        home.is_mute = True
        await home.tell(OrderExpired(home.now_ns(), stop.key, LOST))
        home.is_mute = False
        found = await home.compare()
        assert [one.wire_id for one in found.strays] == [home.wire_ids[stop.key]]
        assert [one.side for one in home.exchange.venue.open_orders] == ["SELL"]

    told(story)
