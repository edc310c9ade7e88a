"""Which strategies there are, those of installed packages too, and the engine of a run."""

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Final

from genesis.domain.events import RunStarted
from genesis.engine.engine import Engine
from genesis.engine.replay import Replayable
from genesis.errors import ConfigError
from genesis.rules import Rules, parse
from genesis.rules.edits import split
from genesis.strategy.base import Strategy
from genesis.strategy.catalog import Catalog, builtin

GROUP: Final = "genesis.strategies"


def catalog() -> Catalog:
    """Built-in strategies and those that installed packages bring, all through one door.

    Raises:
        ConfigError: a package's strategy cannot be loaded.
    """
    found = builtin()
    for entry in entry_points(group=GROUP):
        try:
            found.add(entry.load())
        except (ImportError, AttributeError) as problem:
            raise ConfigError(
                f"strategy {entry.name!r} ({entry.value}) cannot be loaded: {problem}"
            ) from problem
    return found


def strategies_of(names: Sequence[str]) -> list[Strategy]:
    """Fresh strategies by name. Raises UsageError for an unknown one, naming the known."""
    if not names:
        return []  # looking through what is installed takes a while, at every start
    known = catalog()
    return [known.build(name) for name in names]


def engine_for(started: RunStarted, engine: Replayable | None) -> Replayable:
    """The engine of a run: a new one at first, later the same under the run's rules."""
    rules = parse(started.rules_text)
    if isinstance(engine, Engine):
        engine.set_rules(rules)
        engine.set_strategies(strategies_of(started.strategies))
        return engine
    return new_engine(rules, started.strategies, started.seed)


def new_engine(rules: Rules, strategies: Sequence[str], seed: str) -> Engine:
    return Engine(rules, strategies_of(strategies), seed=seed, editor=split, maker=made)


def made(name: str, params: Mapping[str, object]) -> Strategy:
    """A fresh strategy with parameters. Raises UsageError: the name or they do not fit."""
    return catalog().build(name, params)
