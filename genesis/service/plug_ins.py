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


def read_anew(name: str) -> bool:
    """Import the package of a plug-in again, if the strategy is one; was it?

    Raises:
        ConfigError: a package's strategy cannot be loaded, by whatever version.
        UsageError: it cannot be imported now; the version before is still the one that is known.
    """
    point = None if name in builtin().names else _point_of(name)
    if point is None:
        return False
    with _put_back_if_it_fails(point.module.partition(".")[0]):
        invalidate_caches()
        try:
            point.load()
        except Exception as problem:  # importing runs its code
            raise UsageError(
                f"the new version of {name} ({point.value}) cannot be imported: "
                f"{type(problem).__name__}: {problem}"
            ) from problem
    return True


def _point_of(name: str) -> EntryPoint | None:
    """The entry point that brings the strategy of that name.

    Raises:
        ConfigError: a package's strategy cannot be loaded.
    """
    catalog()  # all of them can be
    points = entry_points(group=GROUP)
    return next((point for point in points if point.load().name == name), None)


@contextmanager
def _put_back_if_it_fails(top: str) -> Iterator[None]:
    """A package and all of it are forgotten; known again as they were where an error comes."""
    held = _modules(top)
    for name in held:
        del sys.modules[name]
    try:
        yield
    except BaseException:
        for name in _modules(top):
            del sys.modules[name]
        sys.modules.update(held)
        raise


def _modules(top: str) -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] == top}
