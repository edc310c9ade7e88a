"""What a strategy on show is, and its two runs: see `exhibit`."""

import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from genesis.research.backtest import backtest
from genesis.research.exhibits import Scene, Scenes
from genesis.research.result import BacktestResult
from genesis.strategy.catalog import StrategyClass, builtin

CASH: Final = 1_000
SAYS: Final = ("Premise", "Costs", "When it fails")


@dataclass(frozen=True, eq=False)
class Exhibited:
    """name: of the strategy. scenes: the two markets it is shown on."""

    name: str
    scenes: Scenes

    @cached_property
    def works(self) -> BacktestResult:
        """The run on the market that has the premise."""
        return self._ran(self.scenes.works)

    @cached_property
    def fails(self) -> BacktestResult:
        """The run on the market that goes against it."""
        return self._ran(self.scenes.fails)

    @property
    def kind(self) -> StrategyClass:
        return builtin().named(self.name)

    @property
    def says(self) -> dict[str, str]:
        """What the file of the strategy says: premise, costs, and when it fails."""
        told = sys.modules[self.kind.__module__].__doc__ or ""
        parts = (" ".join(part.split()) for part in told.split("\n\n"))
        heads = ((part.partition(": ")) for part in parts)
        found = {head: text for head, colon, text in heads if colon and head in SAYS}
        return {head: found[head] for head in SAYS if head in found}

    def _ran(self, scene: Scene) -> BacktestResult:
        markets = scene.markets()
        return backtest(self.name, markets, rules="research", cash=CASH, **self.scenes.asked)
