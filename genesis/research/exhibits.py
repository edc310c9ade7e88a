"""What each shipped strategy is shown on: a made-up market with its premise, and one against it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from genesis.research.bars import Bars
from genesis.research.made_up import fallen, swings, together, trends
from genesis.research.made_up_books import calm_book, falling_book, triangle
from genesis.research.setup import Fees
from genesis.research.ticks import Ticks

Markets = Sequence[Ticks] | Sequence[Bars]

_THREE: Final = ("ONE", "TWO", "SIX")


@dataclass(frozen=True, slots=True)
class Scene:
    """words: what the market does. markets: made when they are asked for, one a symbol."""

    words: str
    markets: Callable[[], Markets]


@dataclass(frozen=True, slots=True)
class Scenes:
    """works, fails: two markets for one strategy. asked: what `backtest` is told for both."""

    works: Scene
    fails: Scene
    asked: Mapping[str, Any] = field(default_factory=dict)


def _on_bars(**params: Any) -> dict[str, Any]:
    return {"fill": "next_open", "params": params}


def _on_books(**params: Any) -> dict[str, Any]:
    return {"fill": "book", "params": params}


def _three_swings() -> Sequence[Bars]:
    return [swings(8, i, "5m", pull=0.05, name=name) for i, name in enumerate(_THREE)]


_TRENDS: Final = Scene("moves that last", lambda: [trends(120, strength=0.15, lasting_bars=100)])
_SIDEWAYS: Final = Scene("up and down, and nowhere", lambda: [swings(120, pull=0.02)])
_PATIENT: Final = {
    "maker_bps": 0, "taker_bps": 2, "min_edge_bps": 12, "refresh_s": 60, "risk_aversion": 0.001,
    "decay": 1.0,
}  # fmt: skip

SCENES: Final[Mapping[str, Scenes]] = {
    "sma_cross": Scenes(_TRENDS, _SIDEWAYS, _on_bars(fast=12, slow=60, bar="1h")),
    "donchian": Scenes(_TRENDS, _SIDEWAYS, _on_bars()),
    "simple_arb": Scenes(
        Scene("one leg follows the other two, late", triangle),
        Scene("the other two come back instead", lambda: triangle(follows=False)),
        _on_books(symbols="ONE/USDT,TWO/USDT,ONE/TWO"),
    ),
    "spread_capture": Scenes(
        Scene("a wide spread, and sellers who are done soon", lambda: [calm_book()]),
        Scene("the same spread, and sellers who are not", lambda: [falling_book()]),
        _on_books(),
    ),
    "mean_reversion": Scenes(
        Scene("falls that come back", lambda: [swings(15, 0, "5m", pull=0.05)]),
        Scene("falls that are news", fallen),
        _on_bars(),
    ),
    "multi_pair": Scenes(
        Scene("each falls for itself, and comes back", _three_swings),
        Scene("all fall at once, and stay there", lambda: fallen(8, names=_THREE)),
        _on_bars(symbols="ONE/USDT,TWO/USDT,SIX/USDT"),
    ),
    "statistical_arb": Scenes(
        Scene("two that belong together", lambda: together(12)),
        Scene("they part step by step, in a falling market",
              lambda: together(12, part=0.02, fall=0.4)),
        _on_bars(symbols="ONE/USDT,TWO/USDT"),
    ),
    "market_making": Scenes(
        Scene("buyers and sellers in turn, and the fees of a large account",
              lambda: [calm_book(30, spread_bps=2, sigma_bps=4)]),
        Scene("a price that sinks, and the same fees",
              lambda: [falling_book(30, spread_bps=2, sigma_bps=4)]),
        {**_on_books(**_PATIENT), "fees": Fees(0, 2)},
    ),
}  # fmt: skip
