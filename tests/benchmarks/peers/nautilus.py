"""nautilus_trader, set up so that its fills follow the convention `bar_close`.

Its bar timer fires at the boundary, before a tick stamped there, and a market order sent then is
filled at the price of the last trade. The stop is a line of Python in `on_trade_tick`: sell when a
later tick is at or below it, filled at that tick (its own STOP_MARKET orders wait for a trade of
the selling side and leave later). Trades are told without their aggressor, as one of the buying
side would move its ask only; and with a size of 1,000, as a market order beyond the size of the
last trade is filled one price step worse. Bars from outside fill at their close, at their end.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.data.config import DataEngineConfig
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import CurrencyPair
from nautilus_trader.model.objects import Currency, Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler, TradeTickDataWrangler
from nautilus_trader.trading.strategy import Strategy

from tests.benchmarks.peers.crossing import Crossing
from tests.benchmarks.peers.work import Asked, Columns, Trades

VENUE = Venue("SIM")
PAIR = InstrumentId(Symbol("BTCUSDT"), VENUE)
DEEP = "1000.00000"


def instrument() -> CurrencyPair:
    return CurrencyPair(
        instrument_id=PAIR,
        raw_symbol=PAIR.symbol,
        base_currency=BTC,
        quote_currency=USDT,
        price_precision=2,
        size_precision=5,
        price_increment=Price.from_str("0.01"),
        size_increment=Quantity.from_str("0.00001"),
        margin_init=Decimal(0),
        margin_maint=Decimal(0),
        maker_fee=Decimal("0.001"),
        taker_fee=Decimal("0.001"),
        ts_event=0,
        ts_init=0,
    )


class Cross(Strategy):
    """Long only; what is held is known from fills."""

    def __init__(self, bar_type: BarType, asked: Asked) -> None:
        super().__init__()
        self._bar_type, self._stops = bar_type, asked.stop is not None
        self._crossing = Crossing(asked.fast, asked.slow)
        self._qty = Quantity(asked.qty, 5)
        self._keep = 1 - Decimal(str(asked.stop or 0))
        self._stop_at = Decimal(-1)
        self._near = 0.0
        self._entry: tuple[int, Decimal, Decimal] | None = None
        self._is_sent = False
        self._why = ""
        self.trades: Trades = []

    def on_start(self) -> None:
        self.subscribe_bars(self._bar_type)
        if self._stops:
            self.subscribe_trade_ticks(PAIR)

    def on_trade_tick(self, tick: Any) -> None:
        if self._entry is None or self._is_sent:
            return
        if tick.price.as_double() <= self._near and tick.price.as_decimal() <= self._stop_at:
            self._send(OrderSide.SELL, "stop")

    def on_bar(self, bar: Any) -> None:
        wish = self._crossing.wish(round(bar.close.as_double() * 100))
        if self._is_sent:
            return
        if wish > 0 and self._entry is None:
            self._send(OrderSide.BUY, "")
        elif wish < 0 and self._entry is not None:
            self._send(OrderSide.SELL, "signal")

    def _send(self, side: OrderSide, why: str) -> None:
        self._is_sent, self._why = True, why
        self.submit_order(self.order_factory.market(PAIR, side, self._qty))

    def on_order_filled(self, event: Any) -> None:
        self._is_sent = False
        price, fee = event.last_px.as_decimal(), event.commission.as_decimal()
        if self._entry is None:
            self._entry = (event.ts_event, price, fee)
            self._stop_at = price * self._keep
            self._near = float(self._stop_at) + 0.01  # a Decimal a tick would only cost time
            return
        at_ns, bought, fee_in = self._entry
        self._entry = None
        qty, fees = event.last_qty.as_decimal(), fee_in + fee
        amounts = (bought, price, qty, fees, (price - bought) * qty - fees)
        self.trades.append((at_ns, event.ts_event, *map(float, amounts), self._why))


def ticks(columns: Columns, asked: Asked) -> Callable[[], Trades]:
    """Trade prints, bars made inside; what is returned runs anew each time."""
    return _runner(_wrangled_ticks(columns), "INTERNAL", asked)


def bars(columns: Columns, asked: Asked) -> Callable[[], Trades]:
    """One-minute bars from outside, stamped with their end."""
    return _runner(_wrangled_bars(columns), "EXTERNAL", asked)


def _wrangled_ticks(columns: Columns) -> list[Any]:
    count = len(columns["ts_ns"])
    frame = pd.DataFrame(
        {
            "price": columns["price"],
            "quantity": np.full(count, float(DEEP)),
            "trade_id": np.arange(count).astype(str),
        },
        index=pd.to_datetime(columns["ts_ns"], utc=True, unit="ns"),
    )
    made: list[Any] = TradeTickDataWrangler(instrument()).process(frame)
    return made


def _wrangled_bars(columns: Columns) -> list[Any]:
    frame = pd.DataFrame(
        {name: columns[name] for name in ("open", "high", "low", "close")}
        | {"volume": np.full(len(columns["open"]), float(DEEP))},
        index=pd.to_datetime(columns["ts_ns"] + 60_000_000_000, utc=True, unit="ns"),
    )
    made: list[Any] = BarDataWrangler(_bar_type("EXTERNAL"), instrument()).process(frame)
    return made


def _bar_type(source: str) -> BarType:
    return BarType.from_str(f"{PAIR}-1-MINUTE-LAST-{source}")


def _runner(data: list[Any], source: str, asked: Asked) -> Callable[[], Trades]:
    def run() -> Trades:
        engine = BacktestEngine(
            BacktestEngineConfig(
                logging=LoggingConfig(bypass_logging=True),
                data_engine=DataEngineConfig(time_bars_build_with_no_updates=False),
                risk_engine=RiskEngineConfig(bypass=True),
                run_analysis=False,
            )
        )
        try:
            engine.add_venue(
                VENUE,
                OmsType.NETTING,
                AccountType.CASH,
                [Money(asked.cash, Currency.from_str("USDT"))],
                bar_execution=source == "EXTERNAL",
                trade_execution=source == "INTERNAL",
            )
            engine.add_instrument(instrument())
            engine.add_data(data)
            strategy = Cross(_bar_type(source), asked)
            engine.add_strategy(strategy)
            engine.run()
            return strategy.trades
        finally:
            engine.dispose()

    return run
