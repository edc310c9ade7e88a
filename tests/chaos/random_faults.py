"""Orders by the thousand through our gateway, log and comparison, at a venue with bad luck.

    python -m tests.chaos.random_faults [ORDERS] [SEED]

In the end the venue's ledger and our log are compared to the last fill.
"""

import asyncio
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from genesis.exchange.binance import BinanceGateway
from genesis.exchange.conduct import timeouts
from genesis.exchange.loopback import LoopbackExchange
from genesis.exchange.resolve import Bound
from genesis.exchange.retries import RetryTerms
from tests.chaos.agreement import agree
from tests.chaos.composed import Composed, projections, trading_on
from tests.chaos.script import BID
from tests.chaos.stage import Stage, a_stage
from tests.support.patience import PATIENCE_S
from tests.support.simex import FEARLESS

_LATE_S: Final = 0.5
"""How long a late answer takes; who asks waits less, and the bound is longer."""
_PATIENT_S: Final = 0.4
_BOUND: Final = Bound(
    recv_window_ms=10_000, clock_tolerance_ms=1_000, engine_timeout_ms=1_500, visibility_ms=300
)
"""Of venue time, which runs twenty times as fast here."""
_PLAN: Final[dict[str, Any]] = {
    "requests": 0.06,
    "events": 0.06,
    "cuts": 0.003,
    "late_s": _LATE_S,
    "silent_s": 1,
    "every": True,
}
_LAG_MS: Final = 500
"""Of venue time: so long a placed order cannot be seen by questions."""
_CONDUCT: Final = replace(FEARLESS, retries=RetryTerms((0.02, 0.05, 0.1, 0.2)))
_RECONCILE_S: Final = 2.0
_HURRY_S: Final = 0.4
"""Rest that is waited for after an act; then the next one is tried all the same."""
_LINES: Final = (
    "buy 60 usdt BTC/USDT",
    "buy 100 usdt BTC/USDT limit {inside}",
    "buy 40 usdt BTC/USDT limit {below}",
    "sell 20 usdt BTC/USDT",
    "close BTC/USDT",
    "close BTC/USDT 50%",
    "stop BTC/USDT {tight}",
    "cancel all",
)
_FALL: Final = 2_000


@dataclass(frozen=True)
class Traded:
    """What was met and done."""

    orders: int
    trades: int
    faults: Counter[str]
    statuses: Counter[str]
    seconds: float


class Trader:
    """Asks for all kinds of things; the market fills, half fills and stops out what rests."""

    def __init__(self, composed: Composed, stage: Stage, seed: int) -> None:
        self._composed, self._stage = composed, stage
        self._draw = random.Random(seed)
        self._acts = 0

    async def act(self) -> None:
        draw, self._acts = self._draw, self._acts + 1
        if draw.random() < 0.25:
            self._market()
        else:
            line = draw.choice(_LINES).format(
                inside=BID + draw.randint(1, 9),
                below=BID - draw.randint(10, 500),
                tight=BID - draw.randint(50, 900),
            )
            await self._composed.type(line, f"act-{self._acts}")
        await self._rest(_HURRY_S)

    def _market(self) -> None:
        """Somebody sells into our limit orders, or the price falls for a moment."""
        draw, market = self._draw, self._stage.market
        if draw.random() < 0.7:
            qty = draw.choice(("0.0003", "0.001", "1"))
            market.move({"print": [BID + draw.randint(1, 9), qty]})
        else:
            market.move({"print": [BID - _FALL, "0.5"]})

    async def _rest(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._composed.unrest() and time.monotonic() < end:
            await asyncio.sleep(0.004)


async def trade(
    folder: Path, orders: int, seed: int, say: Callable[[str], None] = lambda line: None
) -> Traded:
    """So many orders under a fault plan; then calm, a comparison, and everything agrees."""
    async with (
        a_stage(folder, seed) as stage,
        trading_on(
            stage.home,
            stage.exchange.url,
            bound=_BOUND,
            conduct=_CONDUCT,
            reconcile_s=_RECONCILE_S,
        ) as composed,
    ):
        await composed.trading.start()
        began, trader = time.monotonic(), Trader(composed, stage, seed)
        _wait_at_most(composed.gateway, _PATIENT_S)
        _trouble(stage.exchange, seed)
        placed = composed.engine.state.execution.orders.orders
        told = 0
        while len(placed) < orders:
            await trader.act()
            if len(placed) >= told + 100:
                told = len(placed)
                say(f"{told} orders, {time.monotonic() - began:.0f} s")
        met = _calm_again(stage.exchange)
        _wait_at_most(composed.gateway, PATIENCE_S)
        await _compared(composed)
        composed.log.flush().result()
        believed = projections(composed.engine, composed.trading.wire_ids)
        agree(stage.home, await stage.truth(), believed)
        statuses = Counter(order.status.value for order in placed.values())
        trades = len(stage.exchange.venue.trades)
        return Traded(len(placed), trades, met, statuses, time.monotonic() - began)


def _wait_at_most(gateway: BinanceGateway, seconds: float) -> None:
    """For an answer. It may be short under faults only: elsewhere, a slow machine is no trouble."""
    gateway._rest._timeout = timeouts(seconds)
    gateway._rest.use(gateway.session)


def _trouble(exchange: LoopbackExchange, seed: int) -> None:
    exchange.trouble.script({"plan": {"seed": seed, **_PLAN}, "system": {"lag_ms": _LAG_MS}})


def _calm_again(exchange: LoopbackExchange) -> Counter[str]:
    """The end of bad luck; how often which was met."""
    exchange.trouble.script({"plan": {}, "system": {"lag_ms": 0}})
    kinds = (f"{met['mode']} {met['code'] or ''}".strip() for met in exchange.faults.met)
    return Counter(kinds) + Counter(f"event {mode}" for mode in exchange.trouble.events_met)


async def _compared(composed: Composed) -> None:
    """Until a comparison that began after the last trouble finds nothing wrong."""
    reconciling = composed.trading.reconciling
    async with asyncio.timeout(PATIENCE_S):
        for _ in range(2):  # what the first one tells may lead to orders
            await composed.calm()
            before = reconciling.found
            reconciling.request("the end of the test")
            while reconciling.found is before:
                await asyncio.sleep(0.01)
            await composed.calm()
        assert reconciling.found is not None and reconciling.found.is_clean


def main() -> int:
    given = [int(word) for word in sys.argv[1:]]
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it meets many a broken line
    orders, seed = (given + [10_000, 1][len(given) :])[:2]
    folder = Path(tempfile.mkdtemp())
    print(f"in {folder}, which is kept where the two do not agree")
    done = asyncio.run(trade(folder / "stage", orders, seed, partial(print, flush=True)))
    shutil.rmtree(folder)
    print(done)
    return 0


if __name__ == "__main__":
    sys.exit(main())
