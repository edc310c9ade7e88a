"""Who does the work of a sweep: this process, some processes beside it, or a Dask cluster.

Whoever it is, a chunk's figures come with the chunk's number, so the result is the same. A worker
that is lost loses its chunk, which is tried again elsewhere.
"""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

from genesis.errors import UsageError, WorkerLost
from genesis.research.sweep_figures import Figures
from genesis.research.sweep_space import Combination
from genesis.research.sweep_task import Bench, Task, engine_chunk, screened_chunk
from genesis.service.clock import elapsed_ns

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

Chunk = Sequence[Combination]
Found = list[Figures | None]
Work = Callable[[Bench, Task, Chunk], Found]

TRIES: Final = 3
"""A chunk whose worker was lost so often is itself what kills workers."""
START: Final = "spawn"
"""A forked process would inherit locks that other threads hold."""
PAYS_NS: Final = 8_000_000_000
"""Starting processes and sending them the market is worth it for more work than this."""
_MOST_SCREENED: Final = 128


class Runner(Protocol):
    """Runs chunks anywhere; yields (number of the chunk, its figures) as they are done."""

    def chunks(self, work: Work, combinations: Sequence[Combination]) -> list[Chunk]:
        """The combinations in parts as this runner likes them."""

    def run(self, work: Work, task: Task, chunks: Sequence[Chunk]) -> Iterator[tuple[int, Found]]:
        """Every chunk once."""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Here:
    """This machine: threads for screening (compiled code lets them run), processes for engines.

    workers: how many; None: as many as there are cores, and processes only where they pay.
    """

    def __init__(self, bench: Bench, workers: int | None) -> None:
        self._bench = bench
        self._workers = workers

    def chunks(self, work: Work, combinations: Sequence[Combination]) -> list[Chunk]:
        size = _MOST_SCREENED if work is screened_chunk else 1
        return cut(combinations, size)

    def run(self, work: Work, task: Task, chunks: Sequence[Chunk]) -> Iterator[tuple[int, Found]]:
        if work is screened_chunk:
            yield from self._threads(task, chunks)
            return
        if self._workers is not None and self._workers > 1 and len(chunks) > 1:
            if not _can_send(task):
                raise UsageError(
                    f"strategy {task.kind.name} was typed into this session, other processes do "
                    "not know it: put it into a module, or pass workers=1"
                )
            yield from _in_processes(self._bench, task, list(enumerate(chunks)), self._workers)
            return
        begun, left = elapsed_ns(), deque(enumerate(chunks))
        while left:
            number, chunk = left.popleft()
            yield number, engine_chunk(self._bench, task, chunk)
            spent = (elapsed_ns() - begun) // (len(chunks) - len(left))
            pays = self._workers is None and cores() > 1 and spent * len(left) > PAYS_NS
            if pays and _can_send(task):
                yield from _in_processes(self._bench, task, list(left), cores())
                return

    def _threads(self, task: Task, chunks: Sequence[Chunk]) -> Iterator[tuple[int, Found]]:
        workers = min(self._workers or cores(), len(chunks))
        if workers <= 1:
            yield from ((i, screened_chunk(self._bench, task, c)) for i, c in enumerate(chunks))
            return
        screened_chunk(self._bench, task, chunks[0][:1])  # compiles, and readies the market
        with ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(workers))
            stack.callback(pool.shutdown, wait=True, cancel_futures=True)
            asked = {
                pool.submit(screened_chunk, self._bench, task, chunk): number
                for number, chunk in enumerate(chunks)
            }
            yield from _as_done(asked)


def cut(combinations: Sequence[Combination], size: int) -> list[Chunk]:
    return [combinations[i : i + size] for i in range(0, len(combinations), size)]


def _as_done(asked: "dict[Future[Found], int]") -> Iterator[tuple[int, Found]]:
    waiting = set(asked)
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for each in done:
            yield asked[each], each.result()


# -- processes beside this one ---------------------------------------------------------------
def _can_send(task: Task) -> bool:
    """A class typed into a notebook is not known in another process."""
    return getattr(task.kind, "__module__", "__main__") != "__main__"


def _in_processes(
    bench: Bench, task: Task, chunks: list[tuple[int, Chunk]], workers: int
) -> Iterator[tuple[int, Found]]:
    """The market goes to each process once. A broken pool is replaced, its chunks run again."""
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    left, tried = dict(chunks), dict.fromkeys((number for number, _ in chunks), 0)
    while left:
        pool = ProcessPoolExecutor(
            min(workers, len(left)), get_context(START), _begin, (bench.bare(), task)
        )
        try:
            for number, found in _sent(pool, left):
                del left[number]
                yield number, found
        except BrokenProcessPool as broken:
            for number in left:
                tried[number] += 1
            if max(tried[number] for number in left) >= TRIES:
                raise WorkerLost(
                    f"{TRIES} times a worker process ended by itself with {len(left)} trials to "
                    "go: look at the machine's memory, or pass workers=1"
                ) from broken
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _sent(pool: "ProcessPoolExecutor", left: dict[int, Chunk]) -> Iterator[tuple[int, Found]]:
    with _without_main():
        asked = {pool.submit(_there, chunk): number for number, chunk in left.items()}
    yield from _as_done(asked)


@contextmanager
def _without_main() -> Iterator[None]:
    """Fresh processes would run the script that this one was started with all over again; what
    they are sent comes from modules.
    """
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
    try:
        main.__spec__ = None
        if "__file__" in kept:
            del main.__file__
        yield
    finally:
        for name, value in kept.items():
            setattr(main, name, value)


_held: list[Any] = []
"""In a worker process: the market and the task it was started with."""


def _begin(bench: Bench, task: Task) -> None:
    _held[:] = (bench, task)


def _there(chunk: Chunk) -> Found:
    bench, task = _held
    return engine_chunk(bench, task, chunk)
