"""The ledger: exact money by asset, dust apart, results net of fees."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.account import Balance
from genesis.domain.events import AccountOpened, FlowReported
from genesis.domain.orders import Side
from genesis.domain.outcomes import PositionClosed, PositionOpened
from genesis.positions.ledger import Ledger
from tests.support.build import BTC, fill

D = Decimal


def opened(quote: str = "500", *more: Balance, fenced: tuple[Balance, ...] = ()) -> Ledger:
    ledger = Ledger()
    balances = (Balance("USDT", D(quote), D(0)), *more)
    ledger.open(AccountOpened(1, "a", "v", True, "USDT", balances, fenced))
    return ledger


def test_a_fee_in_base_leaves_dust_that_is_no_position() -> None:
    ledger = opened()
    buy = fill(Side.BUY, "0.00037", "67453", "0.00000037", "BTC")
    assert isinstance(ledger.fill(buy, 1)[0], PositionOpened)
    assert ledger.positions["BTC/USDT"].qty == D("0.00036963")
    ledger.fill(fill(Side.SELL, "0.00036", "68000", "0.02448", "USDT", n=2), 2)
    closed = ledger.settle("BTC/USDT", BTC, D(68000), 2, "manual")
    assert isinstance(closed, PositionClosed)
    assert ledger.positions == {}
    assert ledger.dust["BTC/USDT"].qty == D("0.00000963") == closed.dust_qty
    assert ledger.balances["BTC"] == D("0.00000963")
    cost = D("0.00037") * 67453
    sold_cost = cost * D("0.00036") / D("0.00036963")
    assert closed.pnl_usdt == D("0.00036") * 68000 - D("0.02448") - sold_cost


def test_dust_joins_the_next_position() -> None:
    ledger = opened()
    ledger.fill(fill(Side.BUY, "0.00037", "67453", "0.00000037", "BTC"), 1)
    ledger.fill(fill(Side.SELL, "0.00036", "68000", n=2), 2)
    ledger.settle("BTC/USDT", BTC, D(68000), 2, "manual")
    ledger.fill(fill(Side.BUY, "0.00037", "67000", "0.00000037", "BTC", n=3), 3)
    assert ledger.positions["BTC/USDT"].qty == D("0.00000963") + D("0.00036963")
    assert ledger.positions["BTC/USDT"].entry_price == D(67000)
    assert "BTC/USDT" not in ledger.dust


def test_a_fee_in_quote_gives_the_plain_result() -> None:
    ledger = opened("1000000")
    ledger.fill(fill(Side.BUY, "1", "59964.21", "59.96421"), 1)
    ledger.fill(fill(Side.SELL, "1", "59958.49", "59.95849", n=2), 2)
    closed = ledger.settle("BTC/USDT", BTC, D("59958.49"), 2, "signal")
    assert closed is not None
    assert closed.pnl_usdt == D("-125.6427")
    assert closed.fees_usdt == D("119.9227")
    assert ledger.balances["USDT"] == D(1000000) - D("125.6427")


def test_a_fee_in_a_third_asset_is_kept_in_its_own_balance() -> None:
    ledger = opened("500", Balance("BNB", D(1), D(0)))
    ledger.fill(fill(Side.BUY, "0.001", "60000", "0.0001", "BNB"), 1)
    assert ledger.balances["BNB"] == D("0.9999")
    assert ledger.positions["BTC/USDT"].qty == D("0.001")


def test_ring_fenced_coins_are_outside_and_flows_move_only_their_asset() -> None:
    held = Balance("BTC", D("0.5"), D(0))
    ledger = opened("500", held, fenced=(held,))
    assert "BTC" not in ledger.balances
    ledger.flow(FlowReported(2, "USDT", D(-100), "withdrawal", "x"))
    ledger.flow(FlowReported(3, "BTC", D("-0.2"), "withdrawal", "y", fenced=True))
    assert "BTC" not in ledger.balances
    assert (ledger.cash_usdt, ledger.flows_usdt) == (D(400), D(-100))


@given(st.integers(1, 250), st.booleans())
def test_coins_that_leave_make_a_position_smaller_and_are_no_result(n: int, is_dust: bool) -> None:
    ledger, mark = opened("1000"), D(70_000)
    ledger.fill(fill(Side.BUY, "0.002", "60000", "0", "USDT"), 1)
    if is_dust:
        ledger.settle("BTC/USDT", BTC, D(1), 2, "manual")  # too little to be sold at that price
        assert not ledger.positions
    gone = D(n) / 100_000
    before = ledger.cash_usdt + D("0.002") * mark - ledger.flows_usdt
    moved = ledger.flow(FlowReported(2, "BTC", -gone, "withdrawal", "x"), lambda _: mark)
    left = max(D(0), D("0.002") - gone)
    assert ledger.holdings("BTC/USDT") == left
    assert [each.qty for each in moved] == ([] if is_dust else [left])
    assert ledger.cash_usdt + left * mark - ledger.flows_usdt == before
    assert ledger.balances["BTC"] == D("0.002") - gone


trades = st.lists(
    st.tuples(
        st.sampled_from(["0.001", "0.00037", "0.02"]), st.integers(50_000, 70_000), st.booleans()
    ),
    min_size=1,
    max_size=12,
)


@given(trades)
def test_money_is_conserved(moves: list[tuple[str, int, bool]]) -> None:
    """Cash is the start, less what was bought, plus what was sold, less fees: to the last digit."""
    ledger = opened("100000")
    cash, base = D(100000), D(0)
    for n, (qty, price, buys) in enumerate(moves):
        side = Side.BUY if buys or base < D(qty) else Side.SELL
        fee = D(qty) * D("0.001") if side is Side.BUY else D(qty) * price * D("0.001")
        asset = "BTC" if side is Side.BUY else "USDT"
        ledger.fill(fill(side, qty, str(price), str(fee), asset, n), n)
        sign = 1 if side is Side.BUY else -1
        cash -= sign * D(qty) * price + (fee if asset == "USDT" else 0)
        base += sign * D(qty) - (fee if asset == "BTC" else 0)
        ledger.settle("BTC/USDT", BTC, D(price), n, "manual")
    assert ledger.balances["USDT"] == cash
    assert ledger.balances["BTC"] == base == ledger.holdings("BTC/USDT")
