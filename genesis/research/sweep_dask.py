"""A sweep on a Dask cluster: the same chunks, run by its workers.

The market is scattered to the workers once, or read by each of them where it lies (`TicksAt`,
`BarsAt`, a symbol of a tick store that all of them see): it never travels with the trials. The
scheduler runs the chunks of a lost worker again on another one.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from genesis.errors import UsageError, WorkerLost
from genesis.research.sources import Source
from genesis.research.sweep_run import Chunk, Found, Work, cut
from genesis.research.sweep_space import Combination
from genesis.research.sweep_task import Bench, Task

RETRIES: Final = 2
_PARTS: Final = 4
"""Chunks per worker thread: few enough to send, enough that nobody waits for the slowest."""
_KEPT: Final = 4


class OnDask:
    """Runs chunks on the workers of a `distributed.Client`.

    source: where workers read the market themselves; None: it is scattered.

    Raises:
        UsageError: it is no client, or Dask is not installed here.
    """

    def __init__(self, client: Any, bench: Bench, source: Source | None) -> None:
        self._client = _checked(client)
        self._threads = max(1, sum(client.nthreads().values()))
        self._held: Any = source
        if source is None:
            self._held = client.scatter(bench.bare(), broadcast=True, hash=False)

    def chunks(self, work: Work, combinations: Sequence[Combination]) -> list[Chunk]:
        size = -(-len(combinations) // (self._threads * _PARTS))
        return cut(combinations, max(1, size))

    def run(self, work: Work, task: Task, chunks: Sequence[Chunk]) -> Iterator[tuple[int, Found]]:
        from distributed import KilledWorker, as_completed

        asked = {
            self._client.submit(
                _there, self._held, work, task, chunk, pure=False, retries=RETRIES
            ): number
            for number, chunk in enumerate(chunks)
        }
        try:
            for done in as_completed(list(asked)):  # type: ignore[no-untyped-call]
                yield asked[done], done.result()
        except KilledWorker as killed:
            raise WorkerLost(
                f"the cluster lost several workers on the same trials ({killed}): look at the "
                "memory of its workers"
            ) from killed
        finally:
            self._client.cancel(list(asked))


def _there(held: Any, work: Work, task: Task, chunk: Chunk) -> Found:
    bench = held if isinstance(held, Bench) else _read(held)
    return work(bench, task, chunk)


@lru_cache(maxsize=_KEPT)
def _read(source: Source) -> Bench:
    """A worker reads a market once."""
    return Bench(source.read())


def _checked(client: Any) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError as absent:
        raise UsageError(
            "client= needs Dask: pip install 'genesis[scale]' here and on the workers"
        ) from absent
    if not isinstance(client, Client):
        raise UsageError(f"client must be a distributed.Client, not {type(client).__name__}")
    return client
