"""Money that comes and goes without a trade, against the loopback exchange's own ledger."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from genesis.domain.events import BalanceReported, FlowReported
from genesis.exchange.gateway import VenueFlow
from genesis.exchange.our_books import Books
from tests.support.small_home import SYMBOL, SmallHome, small_home

D = Decimal


@pytest.fixture(autouse=True)
def _look_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis.exchange.reconcile._PAUSE_S", 0.01)


def told(story: Callable[[SmallHome], Awaitable[None]]) -> None:
    async def run() -> None:
        async with small_home() as home:
            await story(home)

    asyncio.run(run())


def flows(home: SmallHome) -> list[tuple[str, Decimal, str, bool]]:
    found = [event for event in home.log if isinstance(event, FlowReported)]
    return [(each.asset, each.amount, each.kind, each.fenced) for each in found]


DEPOSIT = {"kind": "deposit", "asset": "USDT", "amount": "120.5"}
EVERY: list[tuple[dict[str, str], list[tuple[str, Decimal, str, bool]]]] = [
    (DEPOSIT, [("USDT", D("120.5"), "deposit", False)]),
    (
        {"kind": "withdrawal", "asset": "USDT", "amount": "50", "fee": "1"},
        [("USDT", D(-50), "withdrawal", False), ("USDT", D(-1), "fee", False)],
    ),
    (
        {"kind": "transfer", "asset": "USDT", "amount": "30", "type": "MAIN_FUNDING"},
        [("USDT", D(-30), "transfer", False)],
    ),
    (
        {"kind": "transfer", "asset": "USDT", "amount": "30", "type": "FUNDING_MAIN"},
        [("USDT", D(30), "transfer", False)],
    ),
    ({"kind": "dividend", "asset": "BNB", "amount": "0.1"}, [("BNB", D("0.1"), "reward", True)]),
    (
        {"kind": "withdrawal", "asset": "BTC", "amount": "0.2"},
        [("BTC", D("-0.2"), "withdrawal", True)],
    ),
    (
        {"kind": "dust", "asset": "BTC", "amount": "0.00012", "brings": "0.01", "fee": "0.0002"},
        [("BTC", D("-0.00012"), "dust", True), ("BNB", D("0.01"), "dust", True)],
    ),
]


@pytest.mark.parametrize(("wanted", "expected"), EVERY)
def test_what_the_venue_lists_is_told_once_also_after_a_restart(
    wanted: dict[str, str], expected: list[Any]
) -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        before = home.engine.view.equity_usdt - home.engine.state.ledger.flows_usdt
        await home.admin("flow", **wanted)
        assert (await home.compare()).is_clean
        assert sorted(flows(home)) == sorted(expected)
        assert home.engine.view.equity_usdt - home.engine.state.ledger.flows_usdt == before
        await home.agrees()
        assert (await home.compare()).is_clean
        restarted = await home.restart()
        assert restarted is not None and restarted.is_clean
        assert sorted(flows(home)) == sorted(expected)
        await home.agrees()

    told(story)


def test_money_that_came_and_went_again_is_told_though_nothing_differs() -> None:
    async def story(home: SmallHome) -> None:
        await home.admin("flow", **DEPOSIT)
        await home.admin("flow", kind="withdrawal", asset="USDT", amount="120.5")
        home.reconciling.request("120.5 USDT came or went without a trade")  # as the stream hints
        home.reconciling._flows_asked_ns = None
        assert (await home.compare()).is_clean
        assert [each[1] for each in flows(home)] == [D("120.5"), D("-120.5")]

    told(story)


def test_a_list_that_is_late_blocks_new_risk_until_it_tells_and_the_stop_stays() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        await home.admin("flow", **DEPOSIT)
        asked = home.gateway.flows
        home.gateway.flows = nothing_yet  # type: ignore[method-assign]
        found = await home.compare()
        assert [each.qty for each in found.differences] == [D("120.5")]
        assert "USDT: the venue has" in home.blocks["reconcile"]
        home.gateway.flows = asked  # type: ignore[method-assign]
        assert (await home.compare()).is_clean
        assert "reconcile" not in home.blocks
        assert flows(home) == [("USDT", D("120.5"), "deposit", False)]
        await home.agrees()

    told(story)


async def nothing_yet(since_ns: int) -> tuple[VenueFlow, ...]:
    """The venue credits at once and lists later, as it does."""
    return ()


def test_what_nothing_explains_blocks_until_a_person_does_and_is_not_asked_again() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        await home.admin("flow", kind="unexplained", asset="USDT", amount="7.25")
        found = await home.compare()
        assert not found.is_clean
        refused = await home.buy()
        assert "RECONCILE_BLOCKED" in str(refused.outcomes)
        wrong, _ = await home.reconciling.explain("USDT", D(8), "deposit", "")
        assert wrong == ()
        taken, found = await home.reconciling.explain("USDT", D("7.25"), "deposit", "a gift")
        assert [(flow.amount, flow.note) for flow in taken] == [(D("7.25"), "a gift")]
        assert found.is_clean
        assert "reconcile" not in home.blocks
        await home.agrees()
        again = await home.restart()
        assert again is not None and again.is_clean
        assert len(flows(home)) == 1

    told(story)


def test_coins_of_a_position_that_were_withdrawn_make_it_smaller_with_its_stop() -> None:
    async def story(home: SmallHome) -> None:
        fenced = {"kind": "withdrawal", "asset": "BTC", "amount": "0.5"}
        await home.admin("flow", **fenced)
        await home.buy()
        held, stop = home.held, home.orders[-1]
        cancelled = {"symbol": "BTCUSDT", "origClientOrderId": home.wire_ids[stop.key]}
        await home.admin("cancel", **cancelled)
        await home.admin("flow", kind="withdrawal", asset="BTC", amount="0.0001")
        before = home.engine.view.equity_usdt - home.engine.state.ledger.flows_usdt
        assert (await home.compare()).is_clean
        assert home.held == held - D("0.0001")
        assert home.engine.view.equity_usdt - home.engine.state.ledger.flows_usdt == before
        await home.agrees()

    told(story)


def test_a_withdrawal_that_was_called_off_comes_back() -> None:
    async def story(home: SmallHome) -> None:
        await home.admin("flow", kind="withdrawal", asset="USDT", amount="50")
        assert (await home.compare()).is_clean
        asked = home.gateway.flows

        async def rejected(since_ns: int) -> tuple[VenueFlow, ...]:
            return tuple(replace(row, amount=D(0)) for row in await asked(since_ns))

        home.gateway.flows = rejected  # type: ignore[method-assign]
        home.exchange.venue.flow("USDT", D(50))
        assert (await home.compare()).is_clean
        assert [each[1] for each in flows(home)] == [D(-50), D(50)]
        await home.agrees()

    told(story)


def test_a_venue_without_histories_explains_nothing_and_hides_nothing() -> None:
    async def story(home: SmallHome) -> None:
        await home.buy()
        await home.admin("flow", **DEPOSIT)
        await home.admin(
            "fault",
            path="/sapi/v1/capital/deposit/hisrec",
            method="GET",
            mode="http",
            status=404,
            body="nothing here",
            count=1,
        )
        found = await home.compare()
        assert any("no history tells why" in one for one in found.complaints)
        assert isinstance(home.log[-1], BalanceReported)
        assert flows(home) == []

    told(story)


def test_books_are_taken_with_what_was_told() -> None:
    async def story(home: SmallHome) -> None:
        await home.admin("flow", **DEPOSIT)
        await home.compare()
        books: Books = home.reconciling._books()
        assert list(books.told_flows.values()) == [D("120.5")]
        assert books.symbols == (SYMBOL,)

    told(story)
