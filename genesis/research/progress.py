"""How far a long run is, where somebody looks: in a notebook or on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, Final

from genesis.domain.time import SECOND
from genesis.service.clock import elapsed_ns

Told = Callable[[int, int], None]
"""Called with how many are done, and of how many."""

PATIENCE_NS: Final = SECOND
"""A run that is over by then needs no bar."""
_STEP_NS: Final = SECOND // 5


@contextmanager
def progress_bar(name: str, told: Told | None) -> Iterator[Told]:
    """`told` itself where one is given; else a bar that goes when the work is done, or nothing."""
    if told is not None or not _is_watched():
        yield told or _nothing
        return
    if _in_notebook():
        from IPython.display import display

        shown = PageBar(name, display)
        try:
            yield shown
        finally:
            shown.close()
        return
    from rich.console import Console
    from rich.progress import BarColumn as Bar
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), Bar(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown_there:
        task = shown_there.add_task(name, total=None)
        yield lambda done, total: shown_there.update(task, completed=done, total=total)


class PageBar:
    """A bar on the page of a notebook: plain HTML, so that nothing of it stays in the file.

    It appears once the work has taken a second, and at the end leaves an empty place.
    display: IPython's.
    """

    def __init__(self, name: str, display: Callable[..., Any]) -> None:
        self._name, self._display = name, display
        self._handle: Any = None
        self._told_ns = elapsed_ns() + PATIENCE_NS - _STEP_NS

    def __call__(self, done: int, total: int) -> None:
        now_ns = elapsed_ns()
        if now_ns - self._told_ns < _STEP_NS:
            return
        self._told_ns = now_ns
        count = f"{done:,} of {total:,}"
        bar = f'<progress value="{done}" max="{total}"></progress>'
        self._show(f"{escape(self._name)} {bar} {count}", f"{self._name}: {count}")

    def close(self) -> None:
        """Nothing is left to be seen."""
        if self._handle is not None:
            self._show("", "")

    def _show(self, html: str, plain: str) -> None:
        bundle = {"text/html": html, "text/plain": plain}
        if self._handle is None:
            self._handle = self._display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


def _nothing(done: int, total: int) -> None:
    return None


def _is_watched() -> bool:
    return _in_notebook() or sys.stderr.isatty()


def _in_notebook() -> bool:
    """Is this the kernel of a notebook?"""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None
