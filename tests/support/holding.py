"""A recording that ends with a position: what the venue must know for a service to go on with it.

with Holding(home, rules_text, start_ns) as told:
    told.bought_outside()
told.home.coins, told.home.stops     # for the account and the orders of the exchange
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import httpx

from genesis.domain.commands import SubmitOrder
from genesis.domain.events import OrderFilled, RunEnded
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.ids import EXTERNAL_RUN, OrderKey
from genesis.domain.instrument import base_of, quote_of
from genesis.domain.money import text
from genesis.domain.orders import OrderRequest, Purpose, Side
from genesis.exchange.loopback import DEFAULT_API_KEY, DEFAULT_API_SECRET
from genesis.exchange.loopback.access import sign
from genesis.service.demo.recording import RecordedHome
from tests.support.ceremony_home import SYMBOL, Recording


@dataclass(frozen=True, slots=True)
class HeldHome(RecordedHome):
    """coins: asset and amount of the positions. stops: wire id and request of what protects them.

    symbols: everything that is traded.
    """

    coins: tuple[tuple[str, str], ...] = ()
    stops: tuple[tuple[str, OrderRequest], ...] = ()
    symbols: tuple[str, ...] = (SYMBOL,)


class Holding(Recording):
    """A recording whose account may hold something at its end."""

    home: HeldHome

    def __init__(self, home: Path, rules_text: str, start_ns: int) -> None:
        super().__init__(home, rules_text, start_ns)
        self._sent: dict[OrderKey, str] = {}

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.tell(RunEnded(self.now_ns, 1, "closed"))
            state = self.engine.state
            held = {asset: text(qty) for asset, qty in state.ledger.balances.items() if qty}
            usdt = held.pop(quote_of(SYMBOL))
            self.home = HeldHome(
                self._folder, self._rules_file, self.now_ns, usdt,
                tuple(held.items()), tuple(self._stops()), tuple(state.market.instruments),
            )  # fmt: skip
        self._log.close()

    def _stops(self) -> Iterator[tuple[str, OrderRequest]]:
        for order in self.engine.state.execution.orders.all_working():
            assert order.request.purpose is Purpose.PROTECT, "an entry is open yet"
            yield self._sent[order.key], order.request

    def _wire_id(self, command: object) -> str | None:
        wire_id = super()._wire_id(command)
        if isinstance(command, SubmitOrder) and wire_id is not None:
            self._sent[command.key] = wire_id
        return wire_id

    def bought_outside(self, symbol: str = SYMBOL, qty: str = "0.00080") -> None:
        """A trade of the account on another device: no rule was asked, but its stop is ours."""
        trade_id = next(self._trades)
        fill = Fill(
            symbol, Side.BUY, trade_id, self._price, Decimal(qty), Decimal(0), quote_of(symbol),
            Liquidity.TAKER,
        )  # fmt: skip
        self.tell(OrderFilled(self.now_ns, OrderKey(EXTERNAL_RUN, -trade_id, 0), fill, True))


def place(url: str, stops: tuple[tuple[str, OrderRequest], ...]) -> None:
    """Tell the loopback exchange of orders that a record says it holds."""
    for wire_id, wanted in stops:
        now_ms = httpx.get(f"{url}/api/v3/time", trust_env=False).json()["serverTime"]
        assert wanted.stop_price is not None
        symbol = base_of(wanted.symbol) + quote_of(wanted.symbol)
        query = urlencode(
            {
                "symbol": symbol,
                "side": wanted.side.name,
                "type": wanted.type.name,
                "quantity": text(wanted.qty),
                "stopPrice": text(wanted.stop_price),
                "newClientOrderId": wire_id,
                "timestamp": now_ms,
            }
        )
        signed = f"{query}&signature={sign(DEFAULT_API_SECRET, query)}"
        headers = {"X-MBX-APIKEY": DEFAULT_API_KEY}
        answer = httpx.post(f"{url}/api/v3/order?{signed}", headers=headers, trust_env=False)
        assert answer.status_code == 200, answer.text
