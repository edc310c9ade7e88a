"""The paper lane beside the main account: the ways out of a lock, an emergency, a promotion."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.cli.main import main
from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.events import FeedRestored, JournalAssessed, OperatorActed, OrderFilled
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.orders import OrderType, Side
from genesis.domain.outcomes import Halted, LimitedHourStarted, RecoverySessionJudged
from genesis.domain.paper import (
    PaperDayReported,
    PaperLaneReported,
    PaperTradeReported,
    RecoverySessionDone,
)
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND, utc_day
from genesis.engine.replay import replay
from genesis.errors import EventLogError
from genesis.risk.breakers import Level
from genesis.rules import Rules, load
from genesis.service.paper_opening import NOT_ASKED
from genesis.service.strategies import engine_for
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LogEntry, StepText
from genesis.tiers.days import LaneDay
from genesis.tiers.gate_facts import TierFacts
from genesis.tiers.history import TierHistory
from tests.support.closed_homes import locked
from tests.support.paper_bench import SYMBOL, T0, PaperBench


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        await work()

    asyncio.run(body())


async def page(bench: PaperBench, number: int = 0) -> None:
    text = f"{bench.now_ns + number:064x}"
    await bench.tell(JournalAssessed(bench.now_ns, text, 520, True, "accepted"))


def kinds(bench: PaperBench, kind: type) -> list:
    return [o for step in bench.steps for o in step.outcomes if isinstance(o, kind)]


def told(bench: PaperBench, kind: type) -> list:
    return [step.event for step in bench.steps if isinstance(step.event, kind)]


def sound(home: Path) -> dict[str, str]:
    """Digest of every stream; each leads to its own decisions again."""
    with EventLog.open(home / DATABASE_NAME) as log:
        assert log.verify_chain() is None
        again = {name: replay(log.read(name), engine_for) for name in sorted(log.streams)}
    assert {one.first_difference for one in again.values()} == {None}
    return {name: one.digest for name, one in again.items()}


def test_a_lock_ends_after_page_time_and_a_quiet_session_on_paper(tmp_path: Path) -> None:
    home = locked(tmp_path / "home").home

    async def walk() -> None:
        async with PaperBench(home) as bench:
            tilt = bench.engine.state.tilt
            assert tilt.state.level is TiltLevel.LOCKED
            assert bench.paper.engine.state.tiers.state.mode is TierMode.ACTIVE
            assert [event.is_open for event in told(bench, PaperLaneReported)] == [True]
            await bench.tick("60000")
            await page(bench)
            await bench.until(bench.now_ns + DAY + MINUTE)
            assert tilt.state.paused and tilt.state.session_due
            await bench.on_paper(bench.lane.begin_session())
            await bench.trade()
            assert bench.paper.session.signs == 0
            await bench.until(bench.now_ns + MINUTE)
            judged = await bench.on_paper(bench.lane.end_session())
            assert judged is not None and judged.accepted
            assert not tilt.state.paused
            assert tilt.state.limited_until_ns is not None
            assert kinds(bench, LimitedHourStarted)
            await bench.turn()
            assert bench.lane.account is None and not tilt.state.has_lane
            assert bench.sent == []

    run(walk)
    assert set(sound(home)) == {"main", "paper-1"}


def test_a_session_goes_on_after_a_crash(tmp_path: Path) -> None:
    home = locked(tmp_path / "home").home

    async def walk() -> None:
        async with PaperBench(home) as bench:
            await bench.tick("60000")
            await bench.on_paper(bench.lane.begin_session())
            begun = bench.paper.session.started_ns
            await bench.buy(latency_ms=4000)
            await bench.until(bench.now_ns + 20 * MINUTE)
            await bench.tick("60100")
            stop = bench.paper.engine.state.execution.protector.stops[SYMBOL]
            held = bench.paper.engine.view.equity_usdt
            bench.crash()
        async with PaperBench(home) as bench:
            assert bench.lane.stream == "paper-1"
            assert bench.paper.session.started_ns == begun
            assert bench.paper.engine.view.equity_usdt == held
            assert bench.paper.engine.state.execution.protector.stops == {SYMBOL: stop}
            await bench.tick("58000")  # the stop rests at the exchange of the lane still
            assert bench.paper.engine.view.positions == ()
            assert bench.paper.readings.closed[-1].reason == "stop"
            await bench.until(bench.now_ns + 11 * MINUTE)
            judged = await bench.on_paper(bench.lane.end_session())
            assert judged is not None and judged.accepted
            assert bench.engine.state.tilt.state.session_done

    run(walk)
    assert set(sound(home)) == {"main", "paper-1"}


def test_time_in_which_nothing_ran_is_no_quiet_time(tmp_path: Path) -> None:
    home = locked(tmp_path / "home").home

    async def walk() -> None:
        async with PaperBench(home) as bench:
            await bench.tick("60000")
            await bench.on_paper(bench.lane.begin_session())
            await bench.until(bench.now_ns + 20 * MINUTE)
            await bench.tick("60000")
        after = PaperBench(home)
        after.clock.seen("bench", after.now_ns + DAY)
        async with after as bench:
            judged = await bench.on_paper(bench.lane.end_session())
            assert judged is not None and judged.reason == "it was shorter than 30 minutes"
            await bench.on_paper(bench.lane.begin_session())
            await bench.until(bench.now_ns + 20 * MINUTE)
            bench.crash()
            await bench.tick("60000")
        after = PaperBench(home)
        after.clock.seen("bench", after.now_ns + HOUR)
        async with after as bench:
            await bench.until(bench.now_ns + 11 * MINUTE)
            judged = await bench.on_paper(bench.lane.end_session())
            assert judged is not None and judged.accepted

    run(walk)
    assert set(sound(home)) == {"main", "paper-1"}


def test_a_session_with_a_sign_of_tilt_in_it_does_not_count_and_begins_again(
    tmp_path: Path,
) -> None:
    home = locked(tmp_path / "home").home

    async def walk() -> None:
        async with PaperBench(home) as bench:
            await bench.tick("60000")
            await bench.on_paper(bench.lane.begin_session())
            await bench.until(bench.now_ns + 5 * MINUTE)
            await bench.say("none", parse_ok=False)
            assert bench.paper.session.signs == 1
            bench.crash()
        async with PaperBench(home) as bench:
            assert bench.paper.session.signs == 1
            await bench.until(bench.now_ns + HOUR)
            noisy = await bench.on_paper(bench.lane.end_session())
            assert noisy is not None and noisy.reason == "1 acts in it were not calm"
            await bench.on_paper(bench.lane.begin_session())
            await bench.until(bench.now_ns + 10 * MINUTE)
            early = await bench.on_paper(bench.lane.end_session())
            assert early is not None and early.reason == "it was shorter than 30 minutes"
            await bench.on_paper(bench.lane.begin_session())
            await bench.until(bench.now_ns + 30 * MINUTE)
            calm = await bench.on_paper(bench.lane.end_session())
            assert calm is not None and calm.accepted
            assert len(told(bench, RecoverySessionDone)) == 3
            assert len(kinds(bench, RecoverySessionJudged)) == 3

    run(walk)
    sound(home)


def test_acts_that_wait_when_a_session_ends_belong_to_it(tmp_path: Path) -> None:
    home = locked(tmp_path / "home").home

    async def walk() -> None:
        async with PaperBench(home) as bench:
            await bench.on_paper(bench.lane.begin_session())
            await bench.until(bench.now_ns + 31 * MINUTE)
            typo = OperatorActed(bench.now_ns, "COMMAND", parse_ok=False)
            asked = asyncio.ensure_future(bench.lane.ask(typo))
            await asyncio.sleep(0)
            judged = await bench.on_paper(bench.lane.end_session())
            await asked
            assert judged is not None and judged.reason == "1 acts in it were not calm"

    run(walk)


@pytest.mark.parametrize(
    ("reason", "tier", "goes_on"),
    [
        ("stopped", Tier.SNIPER, True),
        ("stopped", Tier.HUNTER, False),
        (NOT_ASKED, Tier.SNIPER, False),
    ],
)
def test_a_start_goes_on_only_with_an_account_that_was_left_open_in_its_tier(
    tmp_path: Path, reason: str, tier: Tier, *, goes_on: bool
) -> None:
    async def walk() -> None:
        async with PaperBench(tmp_path) as bench:
            opened = bench.opening.fresh(Tier.SNIPER)
            bench.opening.leave(opened, reason)
            await asyncio.wrap_future(bench.log.flush())
            again = bench.new_opening().left_open(tier)
            assert (again is not None) is goes_on
            if again is not None:
                assert again.account.balances == opened.account.balances
                assert again.stream.name == "paper-1"

    run(walk)


def test_verify_looks_at_every_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = locked(tmp_path / "home").home

    async def walk() -> None:
        async with PaperBench(home) as bench:
            await bench.trade()

    run(walk)
    assert main(["verify", "--home", str(home)]) == 0
    capsys.readouterr()
    with EventLog.open(home / DATABASE_NAME) as log:
        strange = Halted(T0, "somebody", "nothing led to it")
        event = FeedRestored(log.tail("paper-1").step, "market")
        step = log.tail("paper-1").step + 1
        log.append(LogEntry(9, step, event, 1, (strange,), stream="paper-1")).result()
    assert main(["verify", "--home", str(home)]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["first_difference"]["place"] == "stream paper-1, outcome 0"


# -- modes -----------------------------------------------------------------------------------
EMERGENCY = """name = "emergency"
[tiers]
opening_tier = "SNIPER"
[risk.tiers.SNIPER.drawdown]
info_trade_usdt = 1000
warning_daily_usdt = 2000
critical_total_usdt = 3000
halt_total_usdt = 4000
"""


def rules_of(folder: Path, text: str) -> Rules:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


async def lose(bench: PaperBench, share: str) -> None:
    """A trade at the venue itself, which Genesis did not make, loses this share of 50 000."""
    for side, price in ((Side.BUY, "50000"), (Side.SELL, str(50_000 * (1 - Decimal(share))))):
        await bench.tick(price)
        key, number = OrderKey(EXTERNAL_RUN, 0, 0), 900 + (side is Side.SELL)
        fill = Fill(
            SYMBOL, side, number, Decimal(price), Decimal("0.08"), Decimal(0), "USDT",
            Liquidity.TAKER,
        )  # fmt: skip
        await bench.tell(OrderFilled(bench.now_ns, key, fill))
        await bench.until(bench.now_ns + MINUTE)


async def next_day(bench: PaperBench) -> None:
    midnight = (utc_day(bench.now_ns) + 1) * DAY
    await bench.until(midnight + 10 * MINUTE)


def mode(bench: PaperBench) -> TierMode:
    return bench.engine.state.tiers.state.mode


def test_quiet_days_on_paper_lead_out_of_an_emergency(tmp_path: Path) -> None:
    async def walk() -> None:
        async with PaperBench(tmp_path, rules_of(tmp_path, EMERGENCY)) as bench:
            assert bench.lane.account is None
            await lose(bench, "0.25")
            assert mode(bench) is TierMode.EMERGENCY
            assert bench.lane.stream == "paper-1"
            sized = bench.paper.engine.view.equity_usdt
            assert sized == min(2000, bench.engine.view.equity_usdt)
            for number in range(4):
                await page(bench, number)
            await next_day(bench)
            for day in range(3):
                assert mode(bench) is TierMode.EMERGENCY
                await bench.until(bench.now_ns + (9 + day) * HOUR)
                await bench.trade()
                if day == 1:
                    bench.crash()
                    break
                await next_day(bench)
        async with PaperBench(tmp_path) as bench:
            assert bench.lane.stream == "paper-1"
            assert len(bench.engine.state.tiers.history.lane) == 2
            await next_day(bench)
            await bench.until(bench.now_ns + 10 * HOUR)
            await bench.trade()
            await next_day(bench)
            await next_day(bench)
            days = [event for event in told(bench, PaperDayReported) if event.trades]
            assert [event.trades for event in days] == [1, 1]
            assert mode(bench) is TierMode.RECOVERY
            assert bench.lane.account is None
            assert bench.sent == []

    run(walk)
    sound(tmp_path)


def test_a_live_account_looks_on_paper_first(tmp_path: Path) -> None:
    async def walk() -> None:
        async with PaperBench(tmp_path, is_paper=False) as bench:
            assert mode(bench) is TierMode.OPENING48
            await bench.tick("60000")
            step = await bench.buy(latency_ms=4000)
            assert [type(o).__name__ for o in step.outcomes][-1] == "OrderApproved"
            assert bench.paper.engine.view.position(SYMBOL) is not None
            assert bench.sent == []
            assert bench.engine.view.positions == ()

    run(walk)
    sound(tmp_path)


async def into(bench: PaperBench, bid: str) -> None:
    """A bid of the strategy that captures spreads fills in the lane."""
    await bench.until(bench.now_ns + 20 * SECOND)
    await bench.tick(bid)
    await bench.top(bid, str(int(bid) + 300))
    await bench.tick(str(int(bid) - 1))
    assert bench.paper.engine.view.position(SYMBOL) is not None


async def out_of(bench: PaperBench, bid: str) -> None:
    """Its position is closed: at the stop or, beyond its target, at this bid."""
    await bench.top(bid, str(int(bid) + 300))
    await bench.tick(bid)


def test_a_rested_strategy_comes_back_to_a_live_account_by_winning_on_paper(
    tmp_path: Path,
) -> None:
    name = "spread_capture"

    async def walk() -> None:
        async with PaperBench(tmp_path, strategies=(name,)) as bench:
            state = bench.engine.state
            state.tiers.history.is_paper = False  # as after its first days, without walking them
            assert bench.lane.account is None
            await bench.top("60000", "60300")
            state.risk.breakers.to_paper(bench.now_ns, (Level.STRATEGY, name), "it lost too often")
            await bench.top("60000", "60310")
            assert bench.paper.tier is Tier.SNIPER
            for bid, out in (("60000", "59000"), ("58900", "59200")):  # a loss, then a win
                await into(bench, bid)
                (failure,) = bench.engine.gate.forbids(SYMBOL, name)
                assert failure.code == "STRATEGY_ON_PAPER"
                await out_of(bench, out)
            reported = told(bench, PaperTradeReported)
            assert [trade.pnl_usdt > 0 for trade in reported] == [False, True]
            assert not bench.engine.gate.forbids(SYMBOL, name)
            assert bench.lane.account is None, "nobody asks for it any more"

    run(walk)


def test_trades_of_the_lane_are_told_once_whatever_restarts(tmp_path: Path) -> None:
    name = "spread_capture"
    results: list[bool] = []

    async def walk() -> None:
        for bid, out in (("60000", "59000"), ("58900", "59200")):  # a loss, then a win
            async with PaperBench(tmp_path, is_paper=False, strategies=(name,)) as bench:
                assert bench.lane.stream == "paper-1"
                await into(bench, bid)
                await out_of(bench, out)
                results.extend(trade.pnl_usdt > 0 for trade in told(bench, PaperTradeReported))
                bench.crash()

    run(walk)
    assert results == [False, True]
    assert set(sound(tmp_path)) == {"main", "paper-1"}


def test_a_win_that_a_crash_held_back_is_told_at_the_next_start(tmp_path: Path) -> None:
    name, told_then = "spread_capture", []

    async def unheard() -> None:
        """The service dies before the main engine hears of it."""

    async def walk() -> None:
        async with PaperBench(tmp_path, is_paper=False, strategies=(name,)) as bench:
            await into(bench, "60000")
            await out_of(bench, "59000")
            assert len(told(bench, PaperTradeReported)) == 1
            bench.lane._report_trades = unheard  # type: ignore[method-assign]
            await into(bench, "58900")
            await out_of(bench, "59200")
            await into(bench, "59000")
            await out_of(bench, "59300")
            held_back = tuple(bench.paper.trades)
            assert [trade.pnl_usdt > 0 for trade in held_back] == [True, True]
            bench.crash()
        for _ in range(2):
            async with PaperBench(tmp_path, is_paper=False, strategies=(name,)) as bench:
                told_then.append(told(bench, PaperTradeReported))
                bench.crash()
        assert [replace(one, ts_ns=0) for one in told_then[0]] == [
            replace(one, ts_ns=0) for one in held_back
        ]
        assert told_then[1] == []

    run(walk)
    assert set(sound(tmp_path)) == {"main", "paper-1"}


PROMOTED = """name = "promoted"
[tiers.gates.SNIPER]
days_at_tier = 1
trading_days_min = 1
closes_required = 1
exec_orders_min = 1
"""


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Live orders leave in time; what measures it has no event yet."""
    facts_of = TierHistory.facts

    def facts(self: TierHistory, *given: Any) -> TierFacts:
        return replace(facts_of(self, *given), orders_sent=50, orders_in_time=50)

    monkeypatch.setattr(TierHistory, "facts", facts)


async def go_live(bench: PaperBench) -> None:
    """Two days of looking, one of small positions; the lane is there for the first two."""
    opening = bench.rules.tiers.opening
    assert opening is not None
    await bench.until(bench.now_ns + 48 * HOUR)
    phrase = OperatorActed(bench.now_ns, "CEREMONY_STEP", "live", "go_live", phrase=opening.phrase)
    await bench.tell(phrase)
    assert mode(bench) is TierMode.GO_LIVE and bench.lane.account is None
    await bench.until(bench.now_ns + 25 * HOUR)
    assert mode(bench) is TierMode.ACTIVE


async def trade(bench: PaperBench) -> None:
    """A good trade of the account itself."""
    await bench.tick("60000")
    wish = {"side": Side.BUY, "order_type": OrderType.MARKET, "amount_usdt": Decimal(50)}
    at = bench.now_ns
    await bench.tell(OperatorActed(at, "ORDER_SUBMIT", "in", "trade", SYMBOL, **wish))
    await bench.until(at + HOUR)
    await bench.tick("66000")
    leave = OperatorActed(bench.now_ns, "COMMAND", "out", "close", SYMBOL, reduces_risk=True)
    await bench.tell(leave)
    assert bench.engine.view.positions == ()


@pytest.mark.usefixtures("fast")
def test_three_good_days_on_paper_open_the_ceremony(tmp_path: Path) -> None:
    async def walk() -> None:
        rules = rules_of(tmp_path, PROMOTED)
        async with PaperBench(tmp_path, rules, is_paper=False) as bench:
            await go_live(bench)
            await trade(bench)
            sent = len(bench.sent)
            while mode(bench) is not TierMode.PAPER48:
                assert bench.now_ns < T0 + 9 * DAY, bench.engine.state.tiers.evaluated
                await next_day(bench)
            assert bench.engine.state.tiers.state.tier is Tier.SNIPER
            assert bench.lane.stream == "paper-2"  # OPENING48 had an account of its own
            assert bench.paper.engine.state.tiers.state.tier is Tier.HUNTER
            await bench.until(bench.now_ns + 9 * HOUR)
            await bench.trade()
            await next_day(bench)
            await bench.until(bench.now_ns + 9 * HOUR)
            await bench.trade(out="60100")  # fees make it a loss: the days begin again
            await next_day(bench)
            assert [day.is_profitable for day in lane_days(bench)] == [True, False]
            assert len(bench.sent) == sent
            bench.crash()
        async with PaperBench(tmp_path) as bench:
            for _ in range(3):
                assert mode(bench) is TierMode.PAPER48
                assert bench.paper.engine.state.tiers.state.tier is Tier.HUNTER
                await bench.until(bench.now_ns + 9 * HOUR)
                await bench.trade()
                await next_day(bench)
            assert mode(bench) is TierMode.CEREMONY
            assert bench.lane.account is None
            assert bench.sent == []

    run(walk)
    assert set(sound(tmp_path)) == {"main", "paper-1", "paper-2"}


def lane_days(bench: PaperBench) -> list[LaneDay]:
    return [day for day in bench.engine.state.tiers.history.lane if day.trades]


def test_a_lane_that_breaks_is_told_and_the_main_engine_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = locked(tmp_path / "home").home

    def unwritable(entry: LogEntry) -> StepText:
        raise EventLogError(f"step {entry.step} of {entry.stream} has no stored form")

    async def walk() -> None:
        async with PaperBench(home) as bench:
            await bench.tick("60000")
            monkeypatch.setattr("genesis.service.paper_stream.step_text", unwritable)
            with pytest.raises(EventLogError, match="no stored form"):
                await bench.buy()
            assert bench.lane.account is None
            assert "no stored form" in (bench.lane.problem or "")
            assert told(bench, PaperLaneReported)[-1].is_open is False
            await bench.tick("60100")
            await page(bench)
            await bench.until(bench.now_ns + DAY + MINUTE)
            assert not bench.engine.state.tilt.state.paused  # nobody is trapped by it
        monkeypatch.undo()

    run(walk)
    assert set(sound(home)) == {"main", "paper-1"}


def test_where_the_record_is_not_sound_no_account_on_paper_writes_into_it(tmp_path: Path) -> None:
    home = locked(tmp_path / "home").home

    async def before() -> None:
        async with PaperBench(home) as bench:
            await bench.tick("60000")
            assert bench.lane.account is not None

    async def after() -> None:
        bench = PaperBench(home)
        bench.lane.refuse("the chain is broken")
        rows = len(list(bench.log.read("paper-1")))
        async with bench:
            await bench.tick("60000")
            assert bench.lane.account is None
            assert told(bench, PaperLaneReported)[-1].is_open is False  # nobody is trapped by it
            assert len(list(bench.log.read("paper-1"))) == rows

    run(before)
    run(after)
    assert set(sound(home)) == {"main", "paper-1"}
