"""The reference exchange of `../shared/prototypes/exchange`, running in this process.

It is not ours: its model of the venue's rules was written apart from the gateway's.
"""

import importlib.util
import json
import sys
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from aiohttp import web

from genesis.domain.commands import SubmitOrder
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.exchange.binance import BinanceGateway
from genesis.exchange.breaker import CircuitTerms
from genesis.exchange.conduct import Conduct
from genesis.exchange.line import Patience
from genesis.exchange.resolve import Bound
from genesis.exchange.retries import NO_RETRY
from genesis.exchange.venue import venue_at
from genesis.exchange.wire_id import compose

SYMBOL = "BTC/USDT"
HEAD = "0123456789abcdef" * 4
QUICK = Bound(recv_window_ms=600, clock_tolerance_ms=50, engine_timeout_ms=50, visibility_ms=150)
EAGER = Patience(silence_s=2.0, connect_s=2.0, first_pause_s=0.02, longest_pause_s=0.2)

FEARLESS = Conduct(circuit=CircuitTerms(failures=10**9), retries=NO_RETRY, silence_s=0)
"""Faults by the dozen stop nothing: for tests of what becomes of each single request."""


def load(shared: Path) -> ModuleType:
    path = shared / "prototypes" / "exchange" / "simex.py"
    spec = importlib.util.spec_from_file_location("simex", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simex"] = module
    spec.loader.exec_module(module)
    return module


@dataclass
class Simex:
    sim: Any
    app: web.Application
    url: str

    def fault(self, mode: str, *, path: str = "order", method: str = "POST", **more: Any) -> None:
        """The next such request meets a fault; see `rest` of simex.py."""
        self.sim.faults.append({"path": path, "method": method, "mode": mode, "count": 1, **more})

    def error(
        self, status: int, code: int, message: str, *, after: bool = False, **more: Any
    ) -> None:
        body = json.dumps({"code": code, "msg": message})
        self.fault("http_after" if after else "http", status=status, body=body, **more)

    def posts(self, wire_id: str) -> int:
        """How many new-order requests carried this id."""
        return sum(
            method == "POST" and path == "/api/v3/order" and wire_id in raw
            for _, method, path, raw in self.sim.log
        )

    def placed(self, wire_id: str) -> list[Any]:
        return [order for order in self.sim.orders.values() if order.cid == wire_id]

    def price(self, price: str) -> None:
        """A print at this price: what it touches fills."""
        self.sim.tick("BTCUSDT", Decimal(price))

    def cut_user_streams(self) -> None:
        for ws in list(self.app["wsapi"]):
            ws._req.transport.abort()

    def gateway(self, **changes: Any) -> BinanceGateway:
        settings: dict[str, Any] = {
            "now_ns": time.time_ns,
            "elapsed_ns": time.monotonic_ns,
            "bound": QUICK,
            "timeout_ms": 2000,
            "patience": EAGER,
            "conduct": FEARLESS,
        }
        key, secret = changes.pop("keys", ("simkey", "simsecret"))
        symbols = changes.pop("symbols", (SYMBOL,))
        return BinanceGateway(venue_at(self.url), key, secret, symbols, **(settings | changes))


@asynccontextmanager
async def serve(shared: Path, *, period: float = 0.0) -> AsyncIterator[Simex]:
    """period: seconds between its own random prints; 0: prints only when told."""
    module = load(shared)
    sim = module.Sim(weight_limit=10**9, orders_10s=10**6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = module.make_app(sim)
        app["period"] = period
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield Simex(sim, app, f"http://127.0.0.1:{port}")
    finally:
        await runner.cleanup()


@asynccontextmanager
async def trading(
    shared: Path, *, period: float = 0.0, **changes: Any
) -> AsyncIterator[tuple[Simex, BinanceGateway]]:
    """The exchange and an open gateway to it."""
    async with serve(shared, period=period) as simex:
        gateway = simex.gateway(**changes)
        await gateway.open()
        try:
            yield simex, gateway
        finally:
            await gateway.close()


# -- orders ----------------------------------------------------------------------------------
def command(n: int, side: str = "BUY", kind: str = "MARKET", **more: Any) -> SubmitOrder:
    """Order n of run 1: 0.001 BTC unless told otherwise."""
    fields: dict[str, Any] = {"qty": Decimal("0.001"), "purpose": Purpose.ENTRY, **more}
    request = OrderRequest(SYMBOL, Side(side), OrderType(kind), **fields)
    return SubmitOrder(0, OrderKey(1, n), request)


def wire(n: int) -> str:
    return compose(OrderKey(1, n), HEAD)
