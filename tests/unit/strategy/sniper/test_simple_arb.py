"""A leg that lags behind the other two, what costs leave of the gap, and the ways it ends."""

from decimal import Decimal as D

import pytest

from genesis.domain.events import BookTop, InstrumentReported, TradeTick
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.orders import Order, OrderRequest, OrderType, Purpose, Side
from genesis.domain.time import MILLISECOND, SECOND
from genesis.positions.ledger import Position
from genesis.strategy import Intent
from genesis.strategy.sniper.simple_arb import SimpleArb, SimpleArbParams
from tests.support.engines import Bench, submits
from tests.support.strategy_contract import FakeView, check_contract, check_together, wishes

ETH, BTC, CROSS = SYMBOLS = ("ETH/USDT", "BTC/USDT", "ETH/BTC")
FAIR = {ETH: ("3000", "3000.3"), BTC: ("60000", "60001"), CROSS: ("0.05", "0.05001")}
"""The bid of ETH is what selling it around brings: 60000 * 0.05; no gap."""


def top(at_ms: int, symbol: str, bid: str, ask: str) -> BookTop:
    return BookTop(at_ms * MILLISECOND, symbol, 1, D(bid), D(1), D(ask), D(1))


def quotes(at_ms: int, **moved: tuple[str, str]) -> list[BookTop]:
    """One of each symbol; eth, btc, cross: where it is elsewhere than usual."""
    known = dict(zip(("eth", "btc", "cross"), SYMBOLS, strict=True))
    prices = FAIR | {known[name]: price for name, price in moved.items()}
    return [top(at_ms, symbol, *prices[symbol]) for symbol in SYMBOLS]


def wished(*groups: list[BookTop], view: FakeView | None = None, **given: object) -> list[Intent]:
    strategy = SimpleArb(SimpleArbParams(**given))
    events = [event for group in groups for event in group]
    return [wish for _, wish in wishes(strategy, events, view)]


def held(symbol: str, opened_ms: int = 0) -> FakeView:
    view = FakeView()
    view.holding = {symbol: Position(symbol, D(1), D(3000), opened_ms * MILLISECOND)}
    return view


LAGS = ("2985", "2985.3")
"""ETH while the others say 3000: 49.24 bps below, 25.24 after costs."""


def test_contract():
    tops = [
        event
        for i in range(60)
        for event in quotes(1000 * i, eth=LAGS if i % 7 == 3 else FAIR[ETH])
    ]
    check_contract(SimpleArb, tops, SYMBOLS, has_stops=True)
    check_together(SimpleArb, tops)


def test_the_leg_that_is_cheap_against_the_other_two_is_bought():
    (wish,) = wished(quotes(0, eth=LAGS), quotes(10))
    assert (wish.symbol, wish.side, wish.type) == (ETH, Side.BUY, "market")
    assert wish.stop == D("2985.3") * D("0.99")
    assert float(wish.expected_value_bps) == pytest.approx((3000 / 2985.3 - 1) * 1e4 - 24)


def test_the_other_leg_is_compared_at_the_ask_of_the_cross():
    """3000 / 0.05001 = 59988: at an ask of 59800 BTC is 31.4 bps too cheap, 7.4 after costs."""
    low = {"btc": ("59799", "59800"), "eth": ("3000", "3010")}
    (wish,) = wished(quotes(0, **low), quotes(10, **low))
    assert wish.symbol == BTC
    implied = 3000 / 0.05001
    assert float(wish.expected_value_bps) == pytest.approx((implied / 59800 - 1) * 1e4 - 24)


@pytest.mark.parametrize(
    ("given", "enters"),
    [
        ({"min_edge_bps": D(25)}, True),
        ({"min_edge_bps": D(26)}, False),
        ({"taker_bps": D(20)}, True),  # 49.24 - 44 = 5.24
        ({"taker_bps": D(21)}, False),
        ({"slippage_bps": D(13)}, False),
    ],
)
def test_a_gap_that_costs_eat_is_left_alone(given, enters):
    assert bool(wished(quotes(0, eth=LAGS), quotes(10), **given)) == enters


def test_a_fair_triangle_is_left_alone():
    assert wished(quotes(0), quotes(10), quotes(20), taker_bps=D(0), slippage_bps=D(0)) == []


def test_legs_that_move_in_the_same_instant_are_not_compared_half_way():
    """All three fall by half at 10 ms. Whichever is told first, nothing was cheap."""
    fell = {"eth": ("1500", "1500.2"), "btc": ("30000", "30001")}
    for turn in range(3):
        moved = quotes(10, **fell)
        moved = moved[turn:] + moved[:turn]
        assert wished(quotes(0), moved, quotes(20, **fell)) == []


def test_it_waits_for_all_three():
    gap = quotes(0, eth=LAGS)
    assert wished(gap[:2], quotes(10)[:2]) == []
    assert len(wished(gap, quotes(10)[:1])) == 1, "the first quote of a later stamp settles them"


def test_old_quotes_are_not_known():
    assert wished(quotes(0, eth=LAGS), quotes(5_001)[:1]) == []
    assert len(wished(quotes(0, eth=LAGS), quotes(5_000)[:1])) == 1


def test_a_refused_entry_is_not_repeated_at_every_quote():
    tops = [quotes(at * 1000, eth=LAGS) for at in range(1, 64)]
    strategy = SimpleArb()
    found = wishes(strategy, [event for group in tops for event in group])
    assert [at // SECOND for at, _ in found] == [2, 32, 62]


def test_one_leg_at_a_time():
    gap = (quotes(0, eth=LAGS), quotes(10, eth=LAGS))
    assert [wish.symbol for wish in wished(*gap, view=held(BTC)) if not wish.reduces] == []
    view = FakeView()
    request = OrderRequest(BTC, Side.BUY, OrderType.MARKET, D(1), Purpose.ENTRY)
    view.working = (Order(OrderKey(1, 1), request, 0),)
    assert wished(*gap, view=view) == []


@pytest.mark.parametrize(
    ("at_ms", "eth", "why"),
    [
        (10_000, ("2999.99", "3000.1"), None),
        (10_000, ("3000", "3000.1"), "target"),  # its bid has caught up
        (59_000, LAGS, None),
        (60_000, LAGS, "signal"),
    ],
)
def test_it_leaves_when_the_gap_is_closed_or_time_is_up(at_ms, eth, why):
    events = (quotes(at_ms - 1, eth=eth), quotes(at_ms)[:1])
    found = wished(*events, view=held(ETH))
    assert [(wish.symbol, wish.reduces, wish.why) for wish in found] == (
        [(ETH, True, why)] if why else []
    )


def test_time_is_up_though_the_others_are_silent():
    lone = [top(59_000, ETH, *LAGS), top(60_000, ETH, *LAGS)]
    assert [wish.why for wish in wished(lone, view=held(ETH))] == ["signal"]


def test_symbols_in_any_order_are_the_same_triangle():
    assert wished(quotes(0, eth=LAGS), quotes(10), symbols="ETH/BTC,BTC/USDT,ETH/USDT") == wished(
        quotes(0, eth=LAGS), quotes(10)
    )


def test_a_sniper_buys_the_cheap_leg_and_only_looks_at_the_cross():
    bench = Bench("sniper", cash="500")
    eth = Instrument(ETH, "ETH", "USDT", D("0.01"), D("0.0001"), min_notional_usdt=D(5))
    bench.tell(InstrumentReported(bench.now_ns, eth))
    bench.tell(TradeTick(bench.now_ns, ETH, 1, D("2985"), D(1), False))
    bench.engine.set_strategies([SimpleArb()])
    start_ms = bench.now_ns // MILLISECOND + 1
    for event in [*quotes(start_ms, eth=LAGS), *quotes(start_ms + 1, eth=LAGS)]:
        step = bench.tell(event)
        if step.commands:
            break
    (sent,) = submits(step)
    assert (sent.request.symbol, sent.request.source) == (ETH, "strategy:simple_arb")
    assert sent.request.stop_plan == D("2955.44"), "2985.3 less 1 %, on the grid"


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbols": "ETH/USDT,BTC/USDT"},
        {"symbols": "ETH/USDT,BTC/USDT,SOL/USDT"},
        {"symbols": "ETH/USDT,BTC/EUR,ETH/BTC"},
        {"stop_bps": D(0)},
        {"hold_s": 0},
        {"taker_bps": D(-1)},
    ],
)
def test_impossible_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        SimpleArbParams(**wrong)
