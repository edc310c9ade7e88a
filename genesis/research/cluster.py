"""A small Dask cluster on this machine: to rehearse what a large one elsewhere does.

with local_cluster() as client:
    sweep("sma_cross", bars, grid, client=client)

The same sweep runs on any `distributed.Client("tcp://scheduler:8786")`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from genesis.domain.time import SECOND
from genesis.errors import UsageError
from genesis.research.bars import Bars
from genesis.research.progress import Told
from genesis.research.sources import BarsAt, Options


@contextmanager
def local_cluster(workers: int = 2, *, processes: bool = False) -> Iterator[Any]:
    """A `distributed.Client` of so many workers with one thread each; closed at the end.

    processes: workers as processes of their own, as they are elsewhere; else within this one,
    which is ready at once. Either way they talk on 127.0.0.1 only.

    Raises:
        UsageError: fewer than one worker, or Dask is not installed.
    """
    if workers < 1:
        raise UsageError(f"a cluster needs 1 worker or more, not {workers}")
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError as absent:
        raise UsageError("a cluster needs Dask: pip install 'genesis[scale]'") from absent
    asked: dict[str, Any] = {
        "n_workers": workers, "threads_per_worker": 1, "processes": processes,
        "dashboard_address": None, "silence_logs": "ERROR",
        "protocol": "tcp://", "host": "127.0.0.1",
    }  # fmt: skip
    with LocalCluster(**asked) as cluster, Client(cluster) as client:  # type: ignore[no-untyped-call]
        yield client


class LosesWorker:
    """Progress of a sweep during which a worker is lost, as by a cut cable.

    client: of `local_cluster` with workers in this process. after: trials after which it happens.
    lost: names of the workers that went. told: (done, of how many), as it was told.
    """

    def __init__(self, client: Any, after: int = 2, told: Told | None = None) -> None:
        self._client, self._after, self._tell = client, after, told
        self.lost: list[str] = []
        self.told: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.told.append((done, total))
        if done >= self._after and not self.lost:
            self.lost.append(self._cut_off())
        if self._tell is not None:
            self._tell(done, total)

    def _cut_off(self) -> str:
        from distributed import Worker

        name, worker = next(iter(self._client.cluster.workers.items()))
        if not isinstance(worker, Worker):
            raise UsageError("only a worker within this process can be cut off: processes=False")
        self._client.cluster.sync(worker.close, nanny=False, executor_wait=False)
        return str(name)


def put_bars(bars: Bars, url: str, options: Options = ()) -> BarsAt:
    """Write bars where every worker can read them: a Parquet file behind a URL, as fsspec takes it.

    Raises:
        UsageError: fsspec is not installed, or does not know such URLs.
    """
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError as absent:
        raise UsageError(
            "markets behind a URL need fsspec: pip install 'genesis[scale]'"
        ) from absent
    try:
        files, path = url_to_fs(url, **dict(options))
    except (ImportError, ValueError) as unknown:
        raise UsageError(f"{url} cannot be reached: {unknown}") from unknown
    c, step = bars.columns, float(bars.columns.price_step)
    prices = {"open": c.opens, "high": c.highs, "low": c.lows, "close": c.closes}
    table = {
        "ts_ns": c.open_ts_ns,
        **{name: values * step for name, values in prices.items()},
        "volume": c.volumes * float(c.qty_step),
    }
    files.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
    pq.write_table(pa.table(table), path, filesystem=files)
    return BarsAt(url, c.instrument, f"{c.width_ns // SECOND}s", options)
