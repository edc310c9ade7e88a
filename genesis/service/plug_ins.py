"""A newer version of a plug-in strategy is read in while the service runs.

Its package is imported anew beside the one that is at work: objects that run keep the code they
began with. What comes with Genesis itself is not read in anew: that takes a restart.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import invalidate_caches
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from genesis.errors import UsageError
from genesis.service.strategies import GROUP, catalog
from genesis.strategy.catalog import builtin


class Reading:
    """The newest version of a strategy, known until the reading ends; for good if it was kept."""

    def __init__(self) -> None:
        self.is_kept = False

    def keep(self) -> None:
        self.is_kept = True


@contextmanager
def read_anew(name: str) -> Iterator[Reading]:
    """Import the package of a plug-in again, if the strategy is one: whoever makes the strategy in
    the block makes its newest version, and so does everybody after it where the block kept it.

    Raises:
        ConfigError: a package's strategy cannot be loaded, by whatever version.
        UsageError: it cannot be imported now; the version before is still the one that is known.
    """
    reading = Reading()
    point = None if name in builtin().names else _point_of(name)
    if point is None:
        yield reading
        return
    with _put_back(point.module.partition(".")[0], reading):
        invalidate_caches()
        try:
            point.load()
        except Exception as problem:  # importing runs its code
            raise UsageError(
                f"the new version of {name} ({point.value}) cannot be imported: "
                f"{type(problem).__name__}: {problem}"
            ) from problem
        yield reading


def _point_of(name: str) -> EntryPoint | None:
    """The entry point that brings the strategy of that name.

    Raises:
        ConfigError: a package's strategy cannot be loaded.
    """
    catalog()  # all of them can be
    points = entry_points(group=GROUP)
    return next((point for point in points if point.load().name == name), None)


@contextmanager
def _put_back(top: str, reading: Reading) -> Iterator[None]:
    """A package and all of it are forgotten; known again as they were, unless the new is kept."""
    held = _modules(top)
    for name in held:
        del sys.modules[name]
    try:
        yield
    finally:
        if not reading.is_kept:
            for name in _modules(top):
                del sys.modules[name]
            sys.modules.update(held)


def _modules(top: str) -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] == top}
