"""A search that learns from what it tried: Optuna's tree of Parzen estimators.

Source: Bergstra, Bardenet, Bengio, Kegl (2011), Algorithms for Hyper-Parameter Optimization.
"""

from collections.abc import Callable
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from genesis.errors import UsageError
from genesis.research.sweep_space import Combination, Place, Space

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASKS: Final = 20
"""Asked so many times for each trial wanted, it has nothing new to say."""


def searched(
    space: Space, n: int, seed: int, score: Callable[[Combination], float]
) -> tuple[list[Combination], int]:
    """Up to `n` different combinations, each tried (`score`: more is better) before the next is
    chosen, and how many the parameters refused. The same for the same seed.

    Raises:
        UsageError: Optuna is not installed, or no combination can be used.
    """
    optuna = _optuna()
    found: list[Combination] = []
    scores: dict[Place, float | None] = {}
    with _quiet(optuna):
        sampler = optuna.samplers.TPESampler(seed=seed)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for _ in range(n * _ASKS):
            if len(found) == n or len(scores) == space.size:
                break
            trial = study.ask()
            place = _place(space, trial)
            if place not in scores:
                one = space.at(place)
                scores[place] = None if one is None else score(one)
                found += [] if one is None else [one]
            _tell(optuna, study, trial, scores[place])
    space.require(found)
    return found, len(scores) - len(found)


def _place(space: Space, trial: Any) -> Place:
    """Ordered axes are searched as numbers, so that near is near; others as plain choices."""
    return tuple(
        trial.suggest_int(name, 0, len(values) - 1)
        if space.is_ordered(name)
        else trial.suggest_categorical(name, list(range(len(values))))
        for name, values in space.axes.items()
    )


def _tell(optuna: Any, study: Any, trial: Any, score: float | None) -> None:
    """What was refused or has no value counts as worse than everything that has one."""
    if score is None or not isfinite(score):
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    else:
        study.tell(trial, score)


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError as absent:
        raise UsageError(
            "search='optuna' needs Optuna: pip install 'genesis[scale]', or use search='random'"
        ) from absent
    return optuna


@contextmanager
def _quiet(optuna: Any) -> "Iterator[None]":
    """Optuna tells of every trial; the sweep has its own progress."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
