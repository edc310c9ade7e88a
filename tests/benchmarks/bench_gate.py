"""The gate with all its checks on: one decision on an entry, and the score after one act.

    python -m tests.benchmarks.bench_gate [--rounds 5] [--decisions 5000]

An account in HUNTER that has five symbols and a day of bars of each, holds two that move together,
trades under a book beside its tier, and is asked for entries in all of them, by its operator and by
a strategy in turn. act: the detector on a trader's life, as it observes and tells the score.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from genesis.domain.account import Tier
from genesis.domain.events import BarClosed, InstrumentReported, OrderFilled, TradeTick
from genesis.domain.fills import Fill, Liquidity
from genesis.domain.orders import OrderType, Purpose, Side
from genesis.domain.time import MINUTE
from genesis.execution.draft import Draft
from tests.benchmarks.acts import act_costs_us
from tests.benchmarks.figures import Figure, medians, quantile, rounds_table, table
from tests.support.build import BTC
from tests.support.engines import Bench, submits

DECISION_MS = 0.5
ACT_US = 100
DECISIONS = 5_000
BARS = 1_440
DAYS = 60
D = Decimal
RULES = """
name = "gate"
books = ["two_step"]
[tiers]
opening_tier = "HUNTER"
[risk]
mark_stale_s = 86400
"""
SYMBOLS = tuple(f"{base}/USDT" for base in ("BTC", "ETH", "SOL", "XRP", "ADA"))
HELD = SYMBOLS[:2]


def account(folder: Path) -> Bench:
    """Five symbols with a day of bars, two of them held."""
    path = folder / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    bench = Bench(str(path), cash="10000", price="100")
    for symbol in SYMBOLS[1:]:
        base = symbol.partition("/")[0]
        bench.tell(InstrumentReported(bench.now_ns, replace(BTC, symbol=symbol, base=base)))
    moves = np.random.default_rng(1).standard_normal((BARS, len(SYMBOLS) + 1))
    for bar in range(BARS):
        bench.later(60)
        for at, symbol in enumerate(SYMBOLS):
            price = D(str(round(100 + (moves[bar, -1] + moves[bar, at]) / 20, 4)))
            bench.tell(TradeTick(bench.now_ns, symbol, bar, price, D(1), False))
            closed_ns = bench.now_ns // MINUTE * MINUTE
            bench.tell(BarClosed(closed_ns, symbol, MINUTE, price, price, price, price, D(1)))
    for symbol in HELD:
        hold(bench, symbol)
    return bench


def hold(bench: Bench, symbol: str) -> None:
    (entry,) = submits(bench.buy("50", symbol=symbol))
    bench.accept(entry.key)
    request = entry.request
    price = bench.engine.view.price(symbol) or D(100)
    made = Fill(symbol, Side.BUY, entry.key.n, price, request.qty, D(0), "USDT", Liquidity.TAKER)
    for stop in submits(bench.tell(OrderFilled(bench.now_ns, entry.key, made))):
        bench.accept(stop.key)


def drafts() -> list[Draft]:
    """An entry in every symbol, of the operator and of a strategy."""
    by_hand = [
        Draft(
            symbol, Side.BUY, OrderType.MARKET, Purpose.ENTRY, amount_usdt=D(100), source="operator"
        )
        for symbol in SYMBOLS
    ]
    strategic = [
        one._replace(source="strategy:s", strategy="s", strategy_tier=Tier.SNIPER)
        for one in by_hand
    ]
    return [*by_hand, *strategic]


def decisions_ms(bench: Bench, count: int) -> list[float]:
    gate, asked, took = bench.engine.gate, drafts(), []
    for n in range(count):
        draft = asked[n % len(asked)]
        gate.open_step()
        began = time.perf_counter_ns()
        gate.judge(draft)
        took.append((time.perf_counter_ns() - began) / 1e6)
    return took


def measure(rounds: int, decisions: int, days: int) -> list[dict[str, float]]:
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            judged = decisions_ms(account(Path(folder)), decisions)
        acted = act_costs_us(5, traders=4, days=days)
        found.append(
            {
                "gate p50": quantile(judged, 0.5),
                "gate p99": quantile(judged, 0.99),
                "act p50": quantile(acted, 0.5),
                "act p99": quantile(acted, 0.99),
            }
        )
    return found


def told(rounds: Sequence[dict[str, float]]) -> list[Figure]:
    middle = medians(rounds)
    return [
        Figure("gate, one decision, p50", middle["gate p50"], "ms"),
        Figure("gate, one decision, p99", middle["gate p99"], "ms", DECISION_MS),
        Figure("tilt, one act, p50", middle["act p50"], "us"),
        Figure("tilt, one act, p99", middle["act p99"], "us", ACT_US),
    ]


def figures(*, rounds: int, small: bool) -> list[Figure]:
    return told(measure(rounds, 200 if small else DECISIONS, 3 if small else DAYS))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--decisions", type=int, default=DECISIONS)
    asked = options.parse_args()
    rounds = measure(asked.rounds, asked.decisions, DAYS)
    print(rounds_table(rounds))
    found = told(rounds)
    print(table(found))
    return 1 if any(each.holds is False for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
