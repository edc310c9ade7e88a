"""A new version of a strategy takes the place of the one that runs.

How it begins is declared by its class. With `succeed(before)` it is handed the old object and takes
over what it likes; it must not change it. Without, it begins warm: it is told the closed bars that
the engine still keeps, oldest first, and what it wishes for meanwhile is not heard. A strategy that
wants no bars, or bars of a width that was not built so far, begins with nothing.
"""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from genesis.domain.events import BarClosed
from genesis.domain.time import parse_width
from genesis.strategy.base import Strategy, View


@runtime_checkable
class Heir(Protocol):
    """A strategy that goes on with what the one before it had learned."""

    def succeed(self, before: Strategy, /) -> None: ...


def begin(new: Strategy, before: Strategy, kept: Iterable[BarClosed], view: View) -> str:
    """Let the new version begin; how it did, in words.

    kept: bars of all symbols and widths, oldest first. view: as the market is now.
    """
    if isinstance(new, Heir):
        new.succeed(before)
        return "it took over what the one before had learned"
    if new.bar is None or BarClosed not in new.wants:
        return "it begins with nothing: it wants no bars, and nothing else is kept"
    width_ns, count = parse_width(new.bar), 0
    for bar in kept:
        if bar.width_ns == width_ns:
            new.on_event(bar, view)
            count += 1
    if not count:
        return f"it begins with nothing: no bar of {new.bar} was kept"
    return f"it begins warm, on {count} bars of {new.bar}"
