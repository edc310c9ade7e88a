"""A resting order behind everybody, and before everybody."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from genesis.cli.main import main
from genesis.domain.account import Tier
from genesis.domain.events import BookTop, Event
from genesis.domain.orders import Side
from genesis.errors import UsageError
from genesis.research import Bars, Ticks, backtest, both_queues
from genesis.strategy import Intent, View
from tests.support.markets import START_NS, wandering_ticks, with_tops

SECOND = 1_000_000_000


class OneBid:
    """Rests one bid at the best bid, and waits."""

    name, tier, bar, wants = "one_bid", Tier.SNIPER, None, frozenset({BookTop})

    def on_event(self, event: Event, view: View) -> Sequence[Intent]:
        if not isinstance(event, BookTop) or view.orders(event.symbol):
            return ()
        if view.position(event.symbol) is not None:
            return ()
        return (Intent(event.symbol, Side.BUY, "limit", price=event.bid, post_only=True),)


@pytest.fixture
def sold_into_the_bid() -> Ticks:
    """A book of 99.8 to 100.2 with ten at each, then sales of one each at the bid."""
    stamps = [START_NS + n * SECOND for n in range(6)]
    prices = [100.0, *[99.8] * 5]
    return with_tops(Ticks.from_arrays("BTC/USDT", stamps, prices, [1.0] * 6, [True] * 6))


def test_the_first_fill_waits_for_those_ahead(sold_into_the_bid: Ticks) -> None:
    asked = {"rules": "research", "cash": 1_000, "qty": 1}
    behind = backtest(OneBid(), sold_into_the_bid, **asked)
    before = backtest(OneBid(), sold_into_the_bid, queue="optimistic", **asked)
    assert len(behind.fills) == 0
    assert list(before.fills["liquidity"]) == ["MAKER"]
    assert before.fills["ts_ns"].iloc[0] == START_NS + SECOND
    assert "optimistic queue" in repr(before) and "conservative queue" in repr(behind)

    table = both_queues(OneBid(), sold_into_the_bid, **asked)
    assert list(table["run"]) == ["conservative", "optimistic"]
    assert list(table["maker_fills"]) == [0, 1]


def test_an_unknown_place_is_refused(sold_into_the_bid: Ticks) -> None:
    with pytest.raises(UsageError, match="known are conservative, optimistic"):
        backtest(OneBid(), sold_into_the_bid, queue="front")


def test_the_command_says_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.parquet"
    wandering_ticks(2_000).frame().to_parquet(path)
    asked = ("backtest", "sma_cross", "--ticks", str(path), "--json")
    assert main([*asked, "--queue", "optimistic"]) == 0
    assert json.loads(capsys.readouterr().out)["queue"] == "optimistic"
    assert main([*asked, "--queue", "front"]) == 2


def test_trades_within_one_bar_are_counted() -> None:
    """A cross up, a bar that falls through the stop at once, and one that does not."""
    closes = [100, 99, 98, 97, 105, 106, 99, 98, 108, 109, 110]
    opened = [START_NS + n * 60 * SECOND for n in range(len(closes))]
    lows = [close - 1.0 for close in closes]
    lows[5] = 90.0  # the bar after the first cross up: in at its open, out at the stop
    opens = [closes[0], *closes[:-1]]
    highs = [max(a, b) + 1.0 for a, b in zip(opens, closes, strict=True)]
    lows = [min(low, o) for low, o in zip(lows, opens, strict=True)]
    bars = Bars.from_arrays("BTC/USDT", opened, opens, highs, lows, closes, [1.0] * len(closes))
    asked = {"params": {"fast": 1, "slow": 2}, "rules": "research", "cash": 1_000, "qty": 1}
    result = backtest("sma_cross", bars, fill="next_open", stop_fraction=0.05, **asked)
    held = (result.trades["exit_ts_ns"] - result.trades["entry_ts_ns"]) // (60 * SECOND)
    assert (result.inside_one_bar, list(held).count(0)) == (1, 1)
    assert "1 within one bar" in repr(result)
    assert backtest("sma_cross", wandering_ticks(2_000), **asked).inside_one_bar is None
