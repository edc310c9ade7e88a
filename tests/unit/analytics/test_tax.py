"""Lots: every method by hand, and what must hold whatever happened."""

import csv
from datetime import UTC, date
from decimal import Decimal as D
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics import Method, csv_text, methods_of, movements, tax_report, year_of
from genesis.domain.account import Balance
from genesis.domain.events import AccountOpened, FlowReported, OrderFilled
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import OrderKey
from genesis.domain.orders import Side
from genesis.domain.time import DAY, parse_utc
from genesis.errors import UsageError

START = parse_utc("2026-01-10T12:00:00Z")
YEARS = range(2020, 2040)


def opened(*balances, fenced=()):
    return AccountOpened(START, "a", "v", False, "USDT", tuple(balances), tuple(fenced))


def traded(day, side, qty, price, fee="0", asset="USDT", symbol="BTC/USDT", n=None):
    fill = Fill(
        symbol, Side[side], n if n is not None else day * 10 + 1, D(price), D(qty), D(fee), asset,
        Liquidity.TAKER,
    )  # fmt: skip
    return OrderFilled(START + day * DAY, OrderKey(1, 1), fill)


def flowed(day, asset, amount, kind="deposit", ref="r"):
    return FlowReported(START + day * DAY, asset, D(amount), kind, ref)


def report(events, method="FIFO", price=lambda asset, ts_ns: None, year=2026, **given):
    told = {each: Method(method) for each in YEARS}
    return tax_report(movements(events, price), year, given.pop("methods", told), **given)


THREE = [
    traded(0, "BUY", "1", "100"),
    traded(1, "BUY", "1", "300"),
    traded(2, "BUY", "1", "200"),
    traded(3, "SELL", "1", "400", "4"),
]


@pytest.mark.parametrize(
    ("method", "cost", "acquired"),
    [("FIFO", 100, 10), ("LIFO", 200, 12), ("HIFO", 300, 11), ("AVG", 200, 10)],
)
def test_which_lot_goes_first(method, cost, acquired):
    (row,) = report(THREE, method).rows
    assert (row.cost, row.proceeds, row.fee, row.gain) == (cost, 400, 4, 396 - cost)
    assert (row.date_acquired, row.date_sold) == (date(2026, 1, acquired), date(2026, 1, 13))
    assert row.holding_days == 13 - acquired
    assert row.src_ids.endswith("fill:BTC/USDT:31")


def test_one_sale_of_two_lots_makes_two_rows_that_add_up():
    events = [*THREE[:3], traded(3, "SELL", "1.5", "400", "3")]
    first, second = report(events).rows
    assert (first.qty, second.qty) == (1, D("0.5"))
    assert (first.cost, second.cost) == (100, 150)
    assert (first.proceeds, second.proceeds) == (400, 200)
    assert (first.fee, second.fee) == (2, 1)
    assert first.lot_id != second.lot_id


def test_the_average_moves():
    events = [
        traded(0, "BUY", "1", "100"),
        traded(1, "BUY", "1", "200"),
        traded(2, "SELL", "1", "150"),
        traded(3, "BUY", "1", "300"),
        traded(4, "SELL", "1", "150"),
    ]
    assert [row.cost for row in report(events, "AVG").rows] == [150, 225]


# -- fees ------------------------------------------------------------------------------------
def test_a_fee_in_quote_adds_to_the_cost_and_reduces_the_proceeds():
    (row,) = report([traded(0, "BUY", "1", "100", "1"), traded(1, "SELL", "1", "120", "2")]).rows
    assert (row.cost, row.proceeds, row.fee, row.gain) == (101, 120, 2, 17)


def test_a_fee_in_base_reduces_what_was_received():
    told = report([traded(0, "BUY", "1", "100", "0.1", "BTC"), traded(1, "SELL", "0.9", "120")])
    (row,) = told.rows
    assert (row.qty, row.cost, row.gain) == (D("0.9"), 100, 8)
    assert told.held == ()


def test_a_fee_in_base_of_a_sale_goes_with_it():
    told = report([traded(0, "BUY", "1", "100"), traded(1, "SELL", "0.9", "120", "0.1", "BTC")])
    (row,) = told.rows
    assert (row.qty, row.proceeds, row.fee, row.gain) == (1, 120, 12, 8)


def bnb_at(worth):
    return lambda asset, ts_ns: D(worth) if asset == "BNB" else None


def test_a_fee_in_a_third_asset_is_a_disposal_at_its_fair_value():
    events = [
        traded(0, "BUY", "1", "500", symbol="BNB/USDT"),
        traded(1, "BUY", "1", "100", "0.01", "BNB"),
        traded(2, "SELL", "1", "120", "0.02", "BNB"),
    ]
    told = report(events, price=bnb_at(600))
    first, second, btc = told.rows
    assert [row.asset for row in told.rows] == ["BNB", "BNB", "BTC"]
    assert (first.proceeds, first.cost, first.gain) == (6, 5, 1)
    assert (second.proceeds, second.cost, second.gain) == (12, 10, 2)
    assert (btc.cost, btc.proceeds, btc.fee, btc.gain) == (106, 120, 12, 2)


def test_a_third_asset_without_a_price_is_flagged():
    events = [flowed(0, "BNB", "1"), traded(1, "BUY", "1", "100", "0.01", "BNB")]
    told = report(events)
    assert told.rows[0].proceeds == 0
    assert told.rows[0].note == "basis unknown, taken as 0; fair value unknown, taken as 0"
    assert told.notes == (f"BNB of {told.rows[0].date_sold}: {told.rows[0].note}",)


# -- coins for coins, flows, transfers -------------------------------------------------------
def test_a_coin_for_a_coin_is_a_disposal():
    events = [
        traded(0, "BUY", "1", "100"),
        traded(1, "BUY", "10", "0.05", symbol="ETH/BTC"),
        traded(2, "SELL", "10", "30", symbol="ETH/USDT"),
    ]
    btc, eth = report(events, price=lambda asset, ts_ns: D(200)).rows
    assert (btc.asset, btc.qty, btc.cost, btc.proceeds) == ("BTC", D("0.5"), 50, 100)
    assert (eth.asset, eth.cost, eth.proceeds, eth.gain) == ("ETH", 100, 300, 200)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize("fee_asset", ["BTC", "ETH", "BNB"])
def test_a_coin_for_a_coin_with_every_fee_keeps_the_value(side, fee_asset):
    """What was given and what was got are worth the same, but for the fee."""
    prices = {"BTC": D(200), "ETH": D(10), "BNB": D(50)}
    fee = {"BTC": "0.001", "ETH": "0.02", "BNB": "0.004"}[fee_asset]  # worth 0.2 each
    events = [
        *(flowed(0, asset, "100", ref=asset) for asset in prices),
        traded(1, side, "10", "0.05", fee, fee_asset, symbol="ETH/BTC"),
    ]
    told = report(events, price=lambda asset, ts_ns: prices[asset])
    balances = {"BTC": D(100), "ETH": D(100), "BNB": D(100)}
    sign = 1 if side == "BUY" else -1
    balances["ETH"] += 10 * sign
    balances["BTC"] -= D("0.5") * sign
    balances[fee_asset] -= D(fee)
    assert {each.asset: each.qty for each in told.held} == balances
    got = "ETH" if side == "BUY" else "BTC"
    if fee_asset == got:
        assert sum(row.proceeds for row in told.rows) == 100
    else:
        assert sum(row.proceeds for row in told.rows) == D("100.2")
    cost = next(each.cost for each in told.held if each.asset == got)
    fees = sum(row.fee for row in told.rows)
    assert cost + fees == (100 if fee_asset == got else D("100.2"))


def test_coins_that_left_and_came_back_keep_their_cost_and_date():
    events = [
        traded(0, "BUY", "2", "100"),
        flowed(1, "BTC", "-1.5", "withdrawal"),
        flowed(2, "BTC", "1", "deposit"),
        traded(3, "SELL", "1.5", "300"),
    ]
    told = report(events)
    assert [row.cost for row in told.rows] == [50, 100]
    assert {row.date_acquired for row in told.rows} == {date(2026, 1, 10)}
    assert [(h.wallet, h.qty, h.cost) for h in told.held] == [("outside", D("0.5"), 50)]


def test_a_deposit_of_unknown_basis_counts_as_zero_and_says_so():
    told = report([flowed(0, "BTC", "1"), traded(1, "SELL", "1", "300")])
    (row,) = told.rows
    assert (row.cost, row.gain, row.note) == (0, 300, "basis unknown, taken as 0")
    assert len(told.notes) == 1


def test_coins_of_the_opening_have_no_known_basis_and_ring_fenced_ones_stay_out():
    held, fenced = Balance("BTC", D(3), D(0)), Balance("BTC", D(2), D(0))
    told = report([opened(held, Balance("USDT", D(9), D(0)), fenced=[fenced])])
    assert [(h.asset, h.qty, h.cost) for h in told.held] == [("BTC", 1, 0)]


def test_more_sold_than_ever_came_is_flagged():
    (row,) = report([traded(0, "SELL", "1", "300")]).rows
    assert row.note == "more went than is known to have come"


def test_dust_that_was_converted_is_no_transfer():
    events = [
        traded(0, "BUY", "1", "100"),
        flowed(1, "BTC", "-0.5", "dust"),
        flowed(1, "BNB", "0.1", "dust"),
    ]
    told = report(events, price=lambda asset, ts_ns: D(120) if asset == "BTC" else D(600))
    (row,) = told.rows
    assert (row.proceeds, row.cost, row.gain) == (60, 50, 10)
    assert {h.asset: h.cost for h in told.held} == {"BNB": 60, "BTC": 50}


def test_a_fill_told_twice_counts_once():
    events = [traded(0, "BUY", "1", "100", n=7)] * 2
    assert report(events).held[0].qty == 1


# -- years, zones, rates, methods ------------------------------------------------------------
def test_the_year_ends_where_the_tax_is_owed():
    eve = parse_utc("2026-12-31T23:30:00Z")
    assert year_of(eve, UTC) == 2026
    assert year_of(eve, ZoneInfo("Europe/Berlin")) == 2027
    assert year_of(eve, ZoneInfo("America/New_York")) == 2026
    late = OrderFilled(eve, OrderKey(1, 1), traded(1, "SELL", "1", "300").fill)
    events = [traded(0, "BUY", "1", "100"), late]
    berlin = ZoneInfo("Europe/Berlin")
    assert report(events, year=2026, zone=berlin).rows == ()
    (row,) = report(events, year=2027, zone=berlin).rows
    assert row.date_sold == date(2027, 1, 1)


def test_values_are_converted_on_the_day_they_arose():
    rates = {date(2026, 1, 10): D("0.9"), date(2026, 1, 13): D("0.8")}
    (row,) = report([THREE[0], THREE[3]], rate=rates.__getitem__).rows
    assert (row.cost, row.proceeds, row.fee, row.fx_rate) == (90, 320, D("3.2"), D("0.8"))


def test_a_year_keeps_its_method():
    locked = {2025: Method.FIFO}
    assert methods_of(2025, None, locked, [2024, 2025]) == {2024: Method.FIFO, 2025: Method.FIFO}
    later = methods_of(2026, Method.LIFO, locked, [2025, 2026, 2027])
    assert later == {2025: Method.FIFO, 2026: Method.LIFO}
    with pytest.raises(UsageError, match="2025 was reported by FIFO"):
        methods_of(2025, Method.HIFO, locked, [2025])


def test_lots_go_on_under_the_next_years_method():
    next_year = traded(400, "SELL", "1", "500")
    methods = {2026: Method.LIFO, 2027: Method.FIFO}
    assert report([*THREE, next_year], year=2027, methods=methods).rows[0].cost == 100


def test_the_csv_has_the_columns_that_were_asked_for():
    lines = list(csv.DictReader(StringIO(csv_text(report(THREE).rows))))
    assert lines == [
        {
            "date_acquired": "2026-01-10",
            "date_sold": "2026-01-13",
            "asset": "BTC",
            "qty": "1",
            "proceeds": "400",
            "cost": "100",
            "fee": "4",
            "gain": "296",
            "holding_days": "3",
            "method": "FIFO",
            "lot_id": "BTC-1",
            "fx_rate": "1",
            "src_ids": "fill:BTC/USDT:1 fill:BTC/USDT:31",
            "note": "",
        }
    ]


# -- what must hold whatever happened --------------------------------------------------------
amounts = st.decimals(D("0.001"), D(5), places=3)
prices = st.decimals(D("10"), D(1000), places=2)
fees = st.tuples(st.sampled_from(["USDT", "BTC", "BNB"]), st.decimals(0, D("0.0009"), places=7))
acts = st.tuples(st.sampled_from(["BUY", "BUY", "SELL", "IN", "OUT"]), amounts, prices, fees)
courses = st.lists(acts, min_size=1, max_size=25)


def course_of(steps, *, sell_all=False, moves=True):
    """Events that never sell more than is held; the third asset is bought first."""
    events = [traded(0, "BUY", "10", "300", symbol="BNB/USDT", n=999)]
    held, bnb, day = D(0), D(10), 0
    for kind, qty, price, (asset, fee) in steps:
        day += 1
        if kind in ("SELL", "OUT"):
            qty = min(qty, held - D("0.001"))
            if qty <= 0:
                continue
        if kind in ("IN", "OUT"):
            if moves:
                held += qty if kind == "IN" else -qty
                events.append(flowed(day, "BTC", qty if kind == "IN" else -qty, kind))
            continue
        events.append(traded(day, kind, qty, price, fee, asset))
        held += qty if kind == "BUY" else -qty
        held -= fee if asset == "BTC" else 0
        bnb -= fee if asset == "BNB" else 0
    if sell_all:
        events += [traded(day + 1, "SELL", held, "77")] if held else []
        events.append(traded(day + 2, "SELL", bnb, "310", symbol="BNB/USDT"))
    return events


methods = st.sampled_from(list(Method))


@given(courses, methods)
def test_what_came_is_what_went_and_what_is_held(steps, method):
    told = report(course_of(steps), method, bnb_at(333))
    for asset, came in told.came.items():
        held = sum((h.qty for h in told.held if h.asset == asset), D(0))
        assert came == told.went.get(asset, 0) + held
        assert told.went.get(asset, 0) == sum(r.qty for r in told.rows if r.asset == asset)


@given(courses)
def test_every_method_gains_the_same_when_everything_is_sold(steps):
    events = course_of(steps, sell_all=True, moves=False)
    told = [report(events, method, bnb_at(333)) for method in Method]
    assert all(each.held == () for each in told)
    assert len({each.gain for each in told}) == 1


@given(courses, methods)
def test_the_gain_of_all_is_the_money_that_came_out(steps, method):
    """Proceeds less costs less fees, over everything sold, is cash received less cash paid."""
    events = course_of(steps, sell_all=True, moves=False)
    cash = D(0)
    for event in events:
        fill, sign = event.fill, 1 if event.fill.side is Side.SELL else -1
        cash += sign * fill.qty * fill.price
        cash -= fill.fee if fill.fee_asset == "USDT" else 0
    assert report(events, method, bnb_at(333)).gain == cash


@given(courses, methods)
def test_cost_is_neither_made_nor_lost(steps, method):
    events = course_of(steps)
    told = report(events, method, bnb_at(333))
    came = sum(m.cost for m in movements(events, bnb_at(333)) if type(m).__name__ == "Acquired")
    assert sum(h.cost for h in told.held) + sum(r.cost for r in told.rows) == came


@given(courses)
def test_hifo_of_a_single_sale_gains_least(steps):
    buys = [step for step in steps if step[0] == "BUY"]
    events = [*course_of(buys)[1:], traded(99, "SELL", "0.0005", "500")]
    if buys:
        gains = {method: report(events, method).gain for method in Method}
        assert gains[Method.HIFO] == min(gains.values())


@settings(max_examples=30)
@given(courses, methods)
def test_the_same_events_give_the_same_bytes(steps, method):
    events = course_of(steps)
    assert csv_text(report(events, method).rows) == csv_text(report(events, method).rows)
