"""A sweep by other processes: the same table as here, lost workers and all."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genesis.errors import WorkerLost
from genesis.research import Bars, Ticks, TicksAt, sweep, sweep_run, trials
from genesis.research.sweep_task import Bench
from genesis.strategy.sma_cross import SmaCross
from tests.support.markets import wandering_ticks
from tests.unit.research.test_sweep import GRID, ON_BARS, wandering_bars

ON_TICKS = {**ON_BARS, "fill": "next_tick"}


@pytest.fixture(scope="module")
def ticks() -> Ticks:
    return wandering_ticks(4_000, agility=4)


@pytest.fixture(scope="module")
def parquet(ticks: Ticks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shared") / "ticks.parquet"
    c = ticks.columns
    price = np.round(c.prices * float(c.price_step), 2)
    rows = {"ts_ns": c.ts_ns, "price": price, "qty": c.qtys * float(c.qty_step)}
    pd.DataFrame({**rows, "is_buyer_maker": c.buyer_is_maker}).to_parquet(path)
    return path


class Mortal(SmaCross):
    """Its process dies where a file says so; the file goes first, so it happens once."""

    name = "mortal"

    def on_event(self, event, view):
        order = Path(os.environ["MORTAL_ORDER"])
        if order.exists() and os.getpid() != int(os.environ["MORTAL_PARENT"]):
            if order.read_text() == "once":
                order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().on_event(event, view)


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the order to die is written."""
    monkeypatch.setenv("MORTAL_ORDER", str(tmp_path / "order"))
    monkeypatch.setenv("MORTAL_PARENT", str(os.getpid()))
    return tmp_path / "order"


def test_what_is_sent_is_the_market_alone(ticks: Ticks):
    bench = Bench(ticks)
    bench.screen(60_000_000_000, "next_tick")
    sent = bench.bare()
    assert not sent._screens
    assert isinstance(sent.market, Ticks)
    assert not sent.market.columns._bars
    assert sent.market.columns.prices is ticks.columns.prices


START = ["fork", pytest.param("spawn", marks=pytest.mark.long)]
"""A fork is ready at once; a fresh process first imports everything."""


@pytest.mark.parametrize("start", START)
def test_processes_find_the_same_and_one_that_dies_is_replaced(
    order: Path, start: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sweep_run, "START", start)
    bars, grid = wandering_bars(60), {"fast": [2, 3], "slow": [5]}
    serial = sweep(Mortal, bars, grid, workers=1, **ON_BARS)
    order.write_text("once")
    spread = sweep(Mortal, bars, grid, workers=2, **ON_BARS)
    assert not order.exists()
    pd.testing.assert_frame_equal(spread.table, serial.table)
    assert len(trials("mortal")) == 4


@pytest.mark.parametrize("start", START)
def test_trials_that_kill_every_worker_end_the_sweep(
    order: Path, start: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sweep_run, "START", start)
    order.write_text("always")
    with pytest.raises(WorkerLost, match="workers=1"):
        sweep(Mortal, wandering_bars(60), {"fast": [2, 3]}, workers=2, **ON_BARS)


# -- on Dask ---------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def client() -> Iterator[object]:
    """One worker that everything is sent to in bytes, as if it were far away."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=False,
            protocol="tcp://",
            dashboard_address=":0",
        ) as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


def test_a_cluster_finds_the_same_by_screening_and_by_the_engine(client: object, ticks: Ticks):
    for screen in (True, False):
        asked = {**ON_TICKS, "screen": screen, "finalists": 1}
        serial = sweep("sma_cross", ticks, GRID, **asked)
        spread = sweep("sma_cross", ticks, GRID, client=client, **asked)
        pd.testing.assert_frame_equal(spread.table, serial.table)
        assert spread.counted.trials == serial.counted.trials == 7


def test_workers_read_a_file_behind_a_url_themselves(
    client: object, ticks: Ticks, parquet: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(type(client), "scatter", None)  # nothing is sent
    there = TicksAt(parquet.as_uri(), "BTC/USDT")
    found = sweep("sma_cross", there, GRID, client=client, **ON_TICKS)
    serial = sweep("sma_cross", ticks, GRID, **ON_TICKS)
    pd.testing.assert_frame_equal(found.table, serial.table)


def test_a_search_that_learns_is_the_same_on_a_cluster(client: object):
    bars = wandering_bars(80)
    asked = {"search": "optuna", "n": 4, "seed": 2, "finalists": 0, **ON_BARS}
    serial = sweep("sma_cross", bars, GRID, **asked)
    spread = sweep("sma_cross", bars, GRID, client=client, **asked)
    pd.testing.assert_frame_equal(spread.table, serial.table)


@pytest.mark.long
def test_a_worker_of_a_cluster_that_dies_is_replaced(order: Path):
    distributed = pytest.importorskip("distributed")
    bars: Bars = wandering_bars(60)
    serial = sweep(Mortal, bars, GRID, workers=1, **ON_BARS)
    fast = sweep("sma_cross", bars, GRID, finalists=0, **ON_BARS)
    order.write_text("once")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        spread = sweep(Mortal, bars, GRID, client=client, **ON_BARS)
        far = sweep("sma_cross", bars, GRID, finalists=0, client=client, **ON_BARS)
    pd.testing.assert_frame_equal(far.table, fast.table)
    assert not order.exists()
    pd.testing.assert_frame_equal(spread.table, serial.table)


@pytest.mark.long
def test_workers_read_from_a_store_that_speaks_s3(ticks: Ticks, parquet: Path):
    moto_server = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        reach = (("key", "a"), ("secret", "b"), ("endpoint_url", f"http://{host}:{port}"))
        files = s3fs.S3FileSystem(**dict(reach))
        files.mkdir("market")
        files.put(str(parquet), "market/ticks.parquet")
        there = TicksAt("s3://market/ticks.parquet", "BTC/USDT", options=reach)
        found = sweep("sma_cross", there, GRID, **ON_TICKS)
    finally:
        server.stop()
    serial = sweep("sma_cross", ticks, GRID, **ON_TICKS)
    pd.testing.assert_frame_equal(found.table, serial.table)
