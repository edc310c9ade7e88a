"""An event loop whose time jumps to the next timer: hours of waiting pass at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Hurry(selectors.DefaultSelector):
    """Never waits; tells how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.skipped_s += timeout or 0.0
        return super().select(0)


class WarpLoop(asyncio.SelectorEventLoop):
    """`time()` counts only what was waited for."""

    def __init__(self) -> None:
        self._hurry = _Hurry()
        super().__init__(self._hurry)

    def time(self) -> float:
        return self._hurry.skipped_s


def warped(story: Coroutine[Any, Any, T]) -> T:
    """Run a story that touches no socket and no thread."""
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        return runner.run(story)
