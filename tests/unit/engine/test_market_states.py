"""What the state of a market does to orders: sizes, refusals, resting entries, and its telling."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.domain.account import MarketState
from genesis.domain.commands import SubmitOrder
from genesis.domain.events import (
    BarClosed,
    BookTop,
    OperatorActed,
    TimerFired,
    VenueStatus,
    bar_timer_key,
)
from genesis.domain.orders import OrderType, Side
from genesis.domain.outcomes import MarketStateChanged, OrderApproved, OrderRefused
from genesis.domain.time import MINUTE, SECOND
from genesis.engine.acts import Acts
from genesis.engine.step import Step
from genesis.rules import load
from genesis.service.api.headroom import headroom
from tests.support.engines import SYMBOL, Bench, cancels, only, submits

D = Decimal
SHORT = """
name = "short"
[market.states]
bars_min = 20
window_s = 6000
atr_bars = 1
[risk]
mark_stale_s = 86400
[risk.tiers.SNIPER]
position_fraction = 0.2
exposure_fraction = 0.2
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Thirty ordinary minutes at a price of 100."""
    path = tmp_path / "short.toml"
    path.write_text(SHORT)
    made = Bench(str(path), price="100")
    for step in range(30):
        minute(made, 0.001 + step % 10 / 10_000)
    for _ in range(11):
        minute(made, 0.00105)
    assert state(made) is MarketState.NORMAL
    return made


def minute(bench: Bench, width: float, *, volume: str = "15", spread: str = "0.1") -> Step:
    """A minute passes, with the book's top at its end and then its bar."""
    bench.later(60)
    half = D(spread) / 2
    top = BookTop(bench.now_ns, SYMBOL, 1, 100 - half, D(5), 100 + half, D(5))
    bench.tell(top)
    reach = 50 * D(str(width))
    return bench.tell(
        BarClosed(bench.now_ns, SYMBOL, MINUTE, D(100), 100 + reach, 100 - reach, D(100), D(volume))
    )


def state(bench: Bench) -> MarketState:
    return bench.engine.view.state(SYMBOL)


def bought_usdt(step: Step) -> Decimal:
    return only(step, OrderApproved)[0].request.qty * 100


def codes(step: Step) -> list[str]:
    return [failure.code for failure in only(step, OrderRefused)[0].failures]


def panic(bench: Bench) -> Step:
    return minute(bench, 0.05)


def test_a_volatile_market_halves_sizes_and_says_so(bench: Bench) -> None:
    full = bought_usdt(bench.buy("500"))
    other = minute(bench, 0.0019)
    assert only(other, MarketStateChanged) == [
        MarketStateChanged(
            bench.now_ns,
            SYMBOL,
            MarketState.NORMAL,
            MarketState.VOLATILE,
            "the true range is above its 90% quantile",
        )
    ]
    holds = bench.engine.gate._sizes.holds(SYMBOL)
    assert (holds.share, holds.code) == (D("0.5"), "MARKET_VOLATILE")
    assert holds.told() == "while BTC/USDT is volatile sizes are 50 %"
    assert full > 60


def test_half_the_size_is_bought_in_a_volatile_market(bench: Bench) -> None:
    minute(bench, 0.0019)
    step = bench.buy("500")
    assert 45 < bought_usdt(step) <= 50
    assert "while BTC/USDT is volatile" in only(step, OrderApproved)[0].notes[0]


def test_a_panic_refuses_entries_by_name_and_lets_positions_go(bench: Bench) -> None:
    bench.open_position("100")
    step = panic(bench)
    assert [one.new for one in only(step, MarketStateChanged)] == [MarketState.PANIC]
    assert not cancels(step)  # the protective stop stays
    refused = bench.buy("500")
    assert codes(refused) == ["MARKET_PANIC"]
    assert "99% quantile" in only(refused, OrderRefused)[0].failures[0].reason
    assert "BTC/USDT is in a panic" in only(refused, OrderRefused)[0].failures[0].reason
    assert cancels(bench.act("close"))  # on its way out


def test_a_panic_cancels_resting_entries(bench: Bench) -> None:
    entry = resting(bench)
    assert [one.key for one in cancels(panic(bench))] == [entry.key]


def limit(bench: Bench, usdt: str) -> Step:
    """The operator asks for a limit order at 99."""
    return bench.act(
        "trade",
        "ORDER_SUBMIT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount_usdt=D(usdt),
        price=D(99),
    )


def resting(bench: Bench) -> SubmitOrder:
    (entry,) = submits(limit(bench, "50"))
    bench.accept(entry.key)
    return entry


def test_a_volatile_market_leaves_resting_entries_alone(bench: Bench) -> None:
    resting(bench)
    assert not cancels(minute(bench, 0.0019))


def test_a_dead_market_takes_limit_orders_only_at_half_the_size(bench: Bench) -> None:
    minute(bench, 0.00105, volume="1", spread="0.25")
    assert state(bench) is MarketState.DEAD
    assert codes(bench.buy("500")) == ["LIMIT_ORDERS_ONLY"]
    bench.later(90)
    assert 45 < only(limit(bench, "500"), OrderApproved)[0].request.qty * 99 <= 50


def test_maintenance_is_the_venues_word_and_cancels_entries(bench: Bench) -> None:
    entry = resting(bench)
    step = bench.tell(VenueStatus(bench.now_ns, "maintenance", "planned"))
    assert state(bench) is MarketState.MAINTENANCE
    assert [one.key for one in cancels(step)] == [entry.key]
    assert codes(bench.buy("500")) == ["VENUE_MAINTENANCE"]
    bench.tell(VenueStatus(bench.now_ns, "normal"))
    assert state(bench) is MarketState.NORMAL


def test_another_symbol_is_not_touched(bench: Bench) -> None:
    panic(bench)
    assert bench.engine.view.state("ETH/USDT") is MarketState.NORMAL
    assert bench.engine.gate._sizes.holds("ETH/USDT").share == 1
    assert bench.engine.gate._sizes.holds().share == 1


def test_bars_of_ticks_and_timers_are_judged_and_kept_from_strategies(bench: Bench) -> None:
    """Nobody asked for bars of a minute but the rules: they are no one else's."""
    assert bench.engine.widths == (MINUTE,)
    bench.later(10)
    for price in ("100", "106", "100"):
        bench.tick(price)
    bench.now_ns = (bench.now_ns // MINUTE + 1) * MINUTE
    step = bench.tell(TimerFired(bench.now_ns, bar_timer_key(SYMBOL, MINUTE)))
    assert [one.new for one in only(step, MarketStateChanged)] == [MarketState.PANIC]
    assert not bench.engine.view.bars(SYMBOL, 5)


def test_rules_without_states_know_none(bench: Bench) -> None:
    panic(bench)
    bench.engine.set_rules(load("research"))
    assert state(bench) is MarketState.NORMAL
    assert bench.engine.gate._sizes.holds(SYMBOL).share == 1


def test_a_new_run_under_the_same_rules_remembers(bench: Bench) -> None:
    panic(bench)
    bench.engine.set_rules(bench.rules)
    assert state(bench) is MarketState.PANIC
    bench.now_ns += SECOND
    assert codes(bench.buy("100")) == ["MARKET_PANIC"]


def test_headroom_tells_the_state_and_while_it_is_not_known(bench: Bench) -> None:
    panic(bench)
    (told,) = headroom(bench.engine)["markets"]
    assert (told["symbol"], told["state"]) == (SYMBOL, "PANIC")
    assert "99% quantile" in told["reason"]
    young = Bench("sniper")
    minute(young, 0.001)
    (told,) = headroom(young.engine)["markets"]
    assert told["state"] == "NORMAL"
    assert told["reason"] == "not judged yet: 1 of 4320 bars are known"


def test_haste_is_taken_as_usual_in_a_rough_market(bench: Bench) -> None:
    """The detector is told of the market's state where the face did not tell one."""
    acts = Acts(bench.engine.state, bench.engine.view)
    asked = OperatorActed(bench.now_ns, "ORDER_SUBMIT", verb="trade", symbol=SYMBOL)
    assert acts.asked(asked).market_state == "NORMAL"
    panic(bench)
    assert acts.asked(asked).market_state == "PANIC"
    by_face = replace(asked, market_state=MarketState.VOLATILE)
    assert acts.asked(by_face).market_state == "VOLATILE"
    assert acts.asked(replace(asked, symbol=None)).market_state is None
