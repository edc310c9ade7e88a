"""Sliced orders decide the same in a backtest, tick by tick, through the runner, and again."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import Balance, Tier
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import AccountOpened, BarClosed, InstrumentReported, RunStarted
from genesis.domain.money import ZERO
from genesis.domain.orders import Purpose, Side
from genesis.domain.slicing import OrderReceipt
from genesis.domain.time import MINUTE
from genesis.engine.engine import Engine
from genesis.research import Ticks, backtest
from genesis.research.setup import Fees, latency_of, rules_of, taker_fill
from genesis.sim.exchange import SimExchange
from genesis.sim.venue import Venue
from genesis.strategy import Intent, View
from tests.support.markets import wandering_ticks
from tests.support.sliced import rules
from tests.support.virtual import VirtualGateway, VirtualService

CASH = Decimal(6_000)
RULES = rules()


class Slicer:
    """Buys in slices every twentieth minute, and sells ten minutes later."""

    name = "slicer"
    tier = Tier.HUNTER
    bar: str | None = "1m"
    wants = frozenset({BarClosed})

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm

    def on_event(self, event, view: View) -> Sequence[Intent]:
        minute = event.ts_ns // MINUTE % 20
        if minute == 0:
            over = {} if self.algorithm == "iceberg" else {"over_ns": 4 * MINUTE}
            return (Intent(event.symbol, Side.BUY, self.algorithm, **over),)
        if minute == 10 and view.position(event.symbol) is not None:
            return (Intent(event.symbol, Side.SELL, reduces=True),)
        return ()


@pytest.fixture(scope="module")
def hours() -> Ticks:
    return wandering_ticks(6_000, agility=3, gaps=False)


def runner(ticks: Ticks, folder: Path, fill: str, latency, algorithm: str) -> VirtualService:
    """The same through the service's runner, which has played to the end."""
    book, fees = rules_of(RULES, Fees(), None)
    instrument = ticks.instrument
    venue = Venue({instrument.symbol: instrument}, {instrument.quote: CASH}, fees, taker_fill(fill))
    exchange = SimExchange(venue, latency_of(latency))
    at_ns = int(ticks.columns.ts_ns[0])
    owned = (Balance(instrument.quote, CASH, ZERO),)
    opening = (
        RunStarted(at_ns, 1, book.name, book.text, book.sha256, "", "0"),
        AccountOpened(at_ns, "backtest", "simulated", True, instrument.quote, owned),
        InstrumentReported(at_ns, instrument),
        exchange.balances(at_ns),
    )
    market = [ticks.columns.tick(i) for i in range(len(ticks))]

    async def play() -> VirtualService:
        service = VirtualService(Engine(book, [Slicer(algorithm)]), exchange, folder)
        await service.play(opening, market)
        return service

    return asyncio.run(play())


@pytest.mark.parametrize("algorithm", ["iceberg", "twap"])
@pytest.mark.parametrize(("fill", "latency"), [("bar_close", None), ("next_tick", (50, 300, 120))])
def test_all_drivers_agree(hours, tmp_path, fill, latency, algorithm) -> None:
    asked = {"rules": RULES, "fill": fill, "latency": latency, "cash": CASH}
    skipping = backtest(Slicer(algorithm), hours, **asked)
    every = backtest(Slicer(algorithm), hours, every_tick=True, **asked)
    service = runner(hours, tmp_path, fill, latency, algorithm)
    receipts = [o for step in service.steps for o in step.outcomes if isinstance(o, OrderReceipt)]
    assert len(receipts) >= 2
    assert {one.ended for one in receipts} >= {"complete"}
    assert any(one.slices_sent >= 3 for one in receipts)
    assert skipping.decision_digest == every.decision_digest == service.digest.hexdigest()


def test_another_seed_cuts_otherwise(hours) -> None:
    asked = {"rules": RULES, "fill": "bar_close", "cash": CASH}
    one, two = (backtest(Slicer("iceberg"), hours, seed=seed, **asked) for seed in (0, 1))
    assert one.decision_digest != two.decision_digest
    assert one.decision_digest == backtest(Slicer("iceberg"), hours, **asked).decision_digest


def test_every_slice_is_in_the_log_before_it_leaves(hours, tmp_path, monkeypatch) -> None:
    """I46."""
    sent: list[SubmitOrder] = []
    logged: list[bool] = []
    submit = VirtualGateway.submit

    async def watched(self: VirtualGateway, command: SubmitOrder, wire_id: str):
        entries = service_of[0].log.entries
        logged.append(any(command in entry.commands for entry in entries))
        sent.append(command)
        return await submit(self, command, wire_id)

    service_of: list[VirtualService] = []
    made = VirtualService.__init__

    def remember(self: VirtualService, *given: object) -> None:
        made(self, *given)  # type: ignore[arg-type]
        service_of.append(self)

    monkeypatch.setattr(VirtualGateway, "submit", watched)
    monkeypatch.setattr(VirtualService, "__init__", remember)
    runner(hours, tmp_path, "bar_close", None, "iceberg")
    slices = [c for c in sent if c.request.purpose is Purpose.ENTRY]
    assert len(slices) >= 6 and all(logged)
    assert len({c.key for c in sent}) == len(sent)


def test_a_strategy_in_a_tier_that_has_not_earned_them_is_refused() -> None:
    class Early(Slicer):
        name = "early"
        tier = Tier.SNIPER

    ticks = wandering_ticks(3_000, agility=3, gaps=False)
    result = backtest(Early("iceberg"), ticks, rules="sniper", cash=CASH)
    assert set(result.refusals["code"]) == {"TIER_FEATURE_LOCKED"}
    assert result.fills.empty
