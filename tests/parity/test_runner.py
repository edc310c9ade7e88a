"""The asyncio runner on a virtual clock decides what the backtest driver decides: equal digests."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import Balance
from genesis.domain.events import AccountOpened, InstrumentReported, RunStarted, TradeTick
from genesis.domain.money import ZERO
from genesis.engine.engine import Engine
from genesis.research import Ticks, backtest
from genesis.research.setup import Fees, latency_of, rules_of, taker_fill
from genesis.research.strategies import prepared
from genesis.sim.exchange import SimExchange
from genesis.sim.venue import Venue
from tests.support.markets import wandering_ticks
from tests.support.virtual import VirtualService

PARAMS = {"fast": 3, "slow": 7}
CASH = Decimal(5_000)


@pytest.fixture(scope="module")
def hours() -> Ticks:
    return wandering_ticks(12_000, agility=6)


def live(ticks: Ticks, folder: Path, rules: str, fill: str, stop: str | None, latency) -> str:
    """The same run through the service's runner; the decision digest."""
    book, fees = rules_of(rules, Fees(), None if stop is None else Decimal(stop))
    trader = prepared("sma_cross", PARAMS, None)
    instrument = ticks.instrument
    venue = Venue({instrument.symbol: instrument}, {instrument.quote: CASH}, fees, taker_fill(fill))
    exchange = SimExchange(venue, latency_of(latency))
    engine = Engine(book, [trader])
    at_ns = int(ticks.columns.ts_ns[0])
    opening = (
        RunStarted(at_ns, 1, book.name, book.text, book.sha256, "", "0"),
        AccountOpened(
            at_ns,
            "backtest",
            "simulated",
            True,
            instrument.quote,
            (Balance(instrument.quote, CASH, ZERO),),
        ),
        InstrumentReported(at_ns, instrument),
        exchange.balances(at_ns),
    )
    market: list[TradeTick] = [ticks.columns.tick(i) for i in range(len(ticks))]

    async def play() -> str:
        return await VirtualService(engine, exchange, folder).play(opening, market)

    return asyncio.run(play())


@pytest.mark.parametrize("latency", [None, (50, 300, 120)])
@pytest.mark.parametrize(
    ("rules", "fill", "stop"),
    [
        ("research", "bar_close", "0.003"),
        ("research", "next_tick", None),
        ("sniper", "next_tick", "0.004"),
    ],
)
def test_runner_and_driver_agree(hours, tmp_path, rules, fill, stop, latency) -> None:
    asked = {"rules": rules, "fill": fill, "stop_fraction": stop, "latency": latency, "cash": CASH}
    skipping = backtest("sma_cross", hours, params=PARAMS, **asked)
    every = backtest("sma_cross", hours, params=PARAMS, every_tick=True, **asked)
    assert len(skipping.trades) >= 2
    runner = live(hours, tmp_path, rules, fill, stop, latency)
    assert skipping.decision_digest == every.decision_digest == runner
