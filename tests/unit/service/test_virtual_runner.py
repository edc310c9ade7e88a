"""The same market through the driver and through the asyncio runner: the same decisions."""

import asyncio
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from genesis.domain.account import Balance
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    Event,
    InstrumentReported,
    RunStarted,
    TradeTick,
)
from genesis.domain.time import DAY, SECOND
from genesis.engine.digest import DecisionDigest
from genesis.engine.engine import Engine
from genesis.research.ticks import Ticks
from genesis.rules import load
from genesis.sim.columns import TickSource
from genesis.sim.driver import run
from genesis.sim.exchange import SimExchange
from genesis.sim.fees import FeeSchedule
from genesis.sim.latency import Latency
from genesis.sim.orders import TakerFill
from genesis.sim.sample import sample_market
from genesis.sim.venue import Venue
from genesis.strategy.catalog import builtin
from tests.support.build import BTC
from tests.support.virtual import VirtualService

RULES = load("sniper")
START = 20_000 * DAY - 600 * SECOND  # midnight, and the day's timer, lie within


def parts(latency: Latency) -> tuple[Engine, SimExchange]:
    strategy = builtin().build("sma_cross", {"fast": 2, "slow": 3})
    venue = Venue(
        {BTC.symbol: BTC},
        {"USDT": Decimal(500)},
        FeeSchedule(Decimal(10), Decimal(10)),
        TakerFill.NEXT_TICK,
    )
    return Engine(RULES, [strategy]), SimExchange(venue, latency)


def opening() -> list[Event]:
    cash = (Balance("USDT", Decimal(500), Decimal(0)),)
    return [
        RunStarted(START, 1, RULES.name, RULES.text, RULES.sha256, "code", "0"),
        InstrumentReported(START, BTC),
        AccountOpened(START, "acc", "sim", True, "USDT", cash),
        BalanceReported(START, cash),
    ]


@pytest.mark.parametrize("latency", [Latency(), Latency.of_ms(5, 20, 10)])
def test_runner_and_every_tick_driver_decide_the_same(tmp_path: Path, latency: Latency) -> None:
    market = [
        event for event in sample_market(3, START, 1800, BTC.symbol) if isinstance(event, TradeTick)
    ]
    engine, exchange = parts(latency)
    service = VirtualService(engine, exchange, tmp_path)
    digest = asyncio.run(service.play(opening(), market))
    assert len(exchange.venue.trades) >= 4  # it did trade

    engine, exchange = parts(latency)
    wanted = DecisionDigest()
    for step in run(engine, [_columns(market)], exchange, opening=opening(), every_tick=True):
        wanted.add(step)
    assert digest == wanted.hexdigest()


def _columns(market: list[TradeTick]) -> TickSource:
    ticks = Ticks.from_arrays(
        BTC,
        np.array([t.ts_ns for t in market]),
        np.array([float(t.price) for t in market]),
        np.array([float(t.qty) for t in market]),
        np.array([t.buyer_is_maker for t in market]),
        np.array([t.trade_id for t in market]),
    )
    return TickSource(ticks.columns, (60 * SECOND,))
