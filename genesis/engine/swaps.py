"""Hot swap: a running strategy goes on as another version of itself, between two events.

Orders and stops are not the strategy's: they stay as they are, and the new version finds them in
the view under its name. It is judged first: a strategy that unlocks above the account's tier does
not come in, and on a live account none whose code is not that of the run.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Final

from genesis.domain.events import BarClosed
from genesis.domain.keeping import StrategySwapped
from genesis.domain.outcomes import CommandAnswered
from genesis.engine.desk import Desk, widths_of
from genesis.engine.keeping import Keeping
from genesis.errors import GenesisError
from genesis.strategy.base import Strategy
from genesis.strategy.lineage import tier_needed
from genesis.strategy.succession import begin

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

SWAP: Final = "swap"
"""The verb of the answer."""
Maker = Callable[[str, Mapping[str, object]], Strategy]
"""Makes a strategy of the catalog; raises UsageError where name or parameters do not fit."""
OTHER_CODE: Final = (
    "its code is not that of this run: on a live account other code is confirmed by "
    "`genesis upgrade`, with the service stopped"
)


class Swaps:
    """Takes new versions in. maker: None where nothing can be made (a backtest)."""

    def __init__(
        self,
        state: "EngineState",
        view: "EngineView",
        desk: Desk,
        keeping: Keeping,
        maker: Maker | None,
    ) -> None:
        self._state, self._view = state, view
        self._desk, self._keeping = desk, keeping
        self._maker = maker

    def asked(self, event: StrategySwapped) -> CommandAnswered:
        """The answer; the swap is done where it is accepted, and nothing has changed else."""
        refused = self._refused(event)
        if refused is None:
            try:
                told = self._swapped(event)
            except GenesisError as problem:
                refused = problem.message
            except Exception as problem:  # noqa: BLE001  # its own code broke: the old one stays
                refused = f"it broke at its start ({type(problem).__name__}: {problem})"
        accepted = refused is None
        words = told if accepted else f"{event.name} goes on as it was: {refused}"
        return CommandAnswered(event.ts_ns, event.client_ref, SWAP, accepted, words)

    def _refused(self, event: StrategySwapped) -> str | None:
        running = [strategy.name for strategy in self._desk.strategies]
        if event.name not in running:
            named = ", ".join(running) or "none"
            return f"no strategy {event.name} runs here; those that run: {named}"
        if self._maker is None:
            return "nothing can be swapped in here"
        if not self._keeping.may_run(event.code_sha256):
            return OTHER_CODE
        return None

    def _swapped(self, event: StrategySwapped) -> str:
        before = self._running(event.name)
        assert self._maker is not None
        new = self._maker(event.name, dict(event.params))
        needed, tier = tier_needed(new), self._view.tier
        if needed.rank > tier.rank:
            raise GenesisError(f"the new version unlocks in {needed}, and this account is {tier}")
        told = begin(new, before, self._kept(), self._view)
        self._desk.swap(new)
        self._state.market.want(widths_of(self._desk.strategies))  # bars it needs, from now on
        given = ", ".join(f"{name}={value}" for name, value in event.params)
        return f"{event.name} ({given or 'as the class has it'}) runs from here on; {told}"

    def _running(self, name: str) -> Strategy:
        return next(one for one in self._desk.strategies if one.name == name)

    def _kept(self) -> Iterator[BarClosed]:
        """Bars of all symbols, oldest first; of one moment narrower ones first, then by symbol."""
        known = self._state.market.symbols.values()
        bars = chain.from_iterable(market.bars for market in known)
        return iter(sorted(bars, key=lambda bar: (bar.ts_ns, bar.width_ns, bar.symbol)))
