"""Small builders: an instrument, rules, ticks, fills."""

from decimal import Decimal

from genesis.domain.events import TradeTick
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.instrument import Instrument
from genesis.domain.orders import Side

BTC = Instrument(
    "BTC/USDT",
    "BTC",
    "USDT",
    Decimal("0.01"),
    Decimal("0.00001"),
    min_notional_usdt=Decimal(5),
    min_qty=Decimal("0.00001"),
    max_qty=Decimal(9000),
)


def tick(ts_ns: int, price: str | Decimal, *, qty: str = "1", trade_id: int = 1) -> TradeTick:
    return TradeTick(ts_ns, "BTC/USDT", trade_id, Decimal(price), Decimal(qty), False)


def fill(side: Side, qty: str, price: str, fee: str = "0", asset: str = "USDT", n: int = 1) -> Fill:
    return Fill(
        "BTC/USDT",
        side,
        n,
        Decimal(price),
        Decimal(qty),
        Decimal(fee),
        asset,
        Liquidity.TAKER,
    )
