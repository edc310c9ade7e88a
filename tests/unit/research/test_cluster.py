"""A cluster to rehearse on: the market read from where it lies, and a worker that is lost."""

import pytest

from genesis.errors import UsageError
from genesis.research import sweep
from genesis.research.cluster import LosesWorker, local_cluster, put_bars
from genesis.research.made_up import noise

pytest.importorskip("distributed")
GRID = {"entry_bars": [5, 10, 15, 20], "exit_bars": [5]}
PLAN = {"rules": "research", "fill": "next_open", "qty": 1}


def test_bars_behind_a_url_are_the_same_bars(tmp_path):
    bars = noise(3, width="5m")
    for url in ("memory://test/bars.parquet", (tmp_path / "deep" / "bars.parquet").as_uri()):
        there = put_bars(bars, url)
        again = there.read()
        assert again.columns.instrument == bars.columns.instrument
        assert again.columns.width_ns == bars.columns.width_ns
        for name in ("open_ts_ns", "opens", "highs", "lows", "closes", "volumes"):
            ours, theirs = getattr(bars.columns, name), getattr(again.columns, name)
            assert ours.tolist() == theirs.tolist(), name
    with pytest.raises(UsageError, match="cannot be reached"):
        put_bars(bars, "nowhere://x")


def test_a_worker_is_lost_once_and_its_trials_are_run_again():
    bars = noise(6)
    serial = sweep("donchian", bars, GRID, workers=1, **PLAN)
    told: list[tuple[int, int]] = []
    with local_cluster(2) as client:
        before = len(client.nthreads())
        cut = LosesWorker(client, after=1, told=lambda *both: told.append(both))
        found = sweep("donchian", bars, GRID, client=client, progress=cut, **PLAN)
        after = len(client.nthreads())
    assert (before, after, len(cut.lost)) == (2, 1, 1)
    assert cut.told == told
    assert told[-1] == (4, 4)
    assert found.table.equals(serial.table)


def test_a_cluster_of_nobody_is_refused():
    with pytest.raises(UsageError, match="1 worker"), local_cluster(0):
        pass
