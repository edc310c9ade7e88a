"""What is checked: a name, an object, a class, or a function that makes one from the data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from genesis.errors import GenesisError, UsageError
from genesis.research.guards.several import Data
from genesis.research.guards.trace import Broke, Fault, Trace, fresh, raised, run, stuck
from genesis.research.guards.watchdog import Watchdog
from genesis.research.strategies import prepared
from genesis.research.watchdog import Stuck
from genesis.strategy import Strategy
from genesis.strategy.catalog import Catalog, StrategyClass

Factory = Callable[[Any], Strategy]
"""Makes a strategy from the data it may see: Ticks or Bars, of several symbols a tuple of them."""

CALL_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A strategy to be checked, and the conditions of its runs.

    given: as `check` was given it. params: of a name or of a catalog class. asked: what else
    `backtest` is told. seconds: what one call into it may take.
    """

    given: str | Strategy | Factory
    params: Mapping[str, object] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)
    seconds: float = CALL_S

    @property
    def is_factory(self) -> bool:
        """Is it made from the data, anew for each run?"""
        if isinstance(self.given, str | StrategyClass):
            return False
        return isinstance(self.given, type) or not isinstance(self.given, Strategy)

    def made(self, data: Data) -> Strategy:
        """A fresh strategy that was shown no more than `data`.

        Raises:
            UsageError: unknown name or parameter, or what came out is no strategy. Broke: making
            it raised or did not end.
        """
        given = self.given
        if isinstance(given, str):
            return prepared(given, self.params, None)
        if isinstance(given, StrategyClass) and isinstance(given, type):
            return Catalog((given,)).build(given.name, self.params)
        if self.params:
            raise UsageError("params are for strategies given by name or as a catalog's class")
        if isinstance(given, Strategy) and not isinstance(given, type):
            return fresh(given)
        return self._from_data(data)

    def _from_data(self, data: Data) -> Strategy:
        if not callable(self.given):
            raise UsageError(
                f"{self.given!r} is no strategy: give a name, an object with name, tier, bar, "
                "wants and on_event, or a function that makes one from the data"
            )
        with Watchdog(self.seconds) as dog:
            dog.begins()
            try:
                found = self.given(data)
            except Stuck:
                raise Broke(stuck(self.seconds, None)) from None
            except GenesisError:
                raise
            except Exception as error:
                raise Broke(raised(error, None)) from error
            finally:
                dog.ends()
        if not isinstance(found, Strategy):
            raise UsageError(
                f"{_name(self.given)} made {found!r} of the data, and that is no strategy: it "
                "needs name, tier, bar, wants and on_event"
            )
        return found

    def run(self, data: Data) -> Trace:
        """One run over data, from the beginning."""
        try:
            strategy = self.made(data)
        except Broke as broke:
            return broken(broke.fault)
        return run(strategy, data, self.asked, self.seconds)

    @property
    def label(self) -> str:
        """How it is called where it is shown."""
        if isinstance(self.given, str):
            return self.given
        if isinstance(self.given, Strategy) and not isinstance(self.given, type):
            return self.given.name
        return _name(self.given)


def broken(fault: Fault) -> Trace:
    """A run that ended before it began."""
    return Trace(0, (), (), "", (fault,))


def _name(given: object) -> str:
    return str(getattr(given, "__name__", type(given).__name__))
