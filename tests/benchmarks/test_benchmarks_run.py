"""The benchmarks run and tell their figures. What they find is judged by hand, never here."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.benchmarks import (
    __main__ as benchmarks,
)
from tests.benchmarks import (
    bench_backtest,
    bench_cancel,
    bench_commit,
    bench_garden,
    bench_gate,
    bench_import,
    bench_order,
    bench_report,
    bench_service,
    bench_streams,
    bench_sweep,
)
from tests.benchmarks.figures import Figure
from tests.conftest import require
from tests.support.browser import chromium_path

TOLD = {
    bench_backtest: ("backtest of 100,000 ticks, warm", "... its peak of memory"),
    bench_sweep: ("sweep of 8 pairs, screening", "screening one pair, 2,000 bars"),
    bench_import: ("import of 50,000 csv rows",),
    bench_commit: ("event log, loaded: a durable step, p99", "... that p99 above the bare one"),
    bench_gate: ("gate, one decision, p99", "tilt, one act, p99"),
    bench_service: ("service: tick to decision, p99", "service: decision to gateway's call, p99"),
    bench_order: (
        "order, its commit apart, p99",
        "... that p50 above the bare one",
        "order, its log commit, p50",
        "decision to call, durable, p99",
    ),
    bench_cancel: ("a cancel alone, p50", "a cancel behind reads, p99"),
    bench_streams: ("trade tap, per core", "trade tap, a bare websocket and json"),
    bench_garden: ("garden: tick to page, p50",),
    bench_report: ("... the reading alone",),
}
"""Some of what each must tell."""
LONG = {bench_garden, bench_report}
"""A browser and kernels for figures that the faces' own tests do not need."""


def test_every_benchmark_of_the_folder_is_run_and_looked_at() -> None:
    found = {path.stem for path in Path(__file__).parent.glob("bench_*.py")}
    names = [bench.__name__.rpartition(".")[2] for bench in benchmarks.ALL]
    assert sorted(names) == sorted(found)
    assert set(TOLD) == set(benchmarks.ALL)


@pytest.mark.parametrize(
    "bench",
    [pytest.param(one, marks=[pytest.mark.long] if one in LONG else []) for one in TOLD],
    ids=lambda bench: bench.__name__.rpartition(".")[2],
)
def test_a_benchmark_tells_its_figures(bench: ModuleType) -> None:
    if bench is bench_garden:
        require(chromium_path() is not None, "Chromium")
    told = {figure.name: figure.value for figure in bench.figures(rounds=1, small=True)}
    assert set(TOLD[bench]) <= set(told)


def test_the_table_of_all_gives_value_bound_and_ratio(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Bench:
        """One that finds what it found."""

        @staticmethod
        def figures(*, rounds: int, small: bool) -> list[Figure]:
            assert (rounds, small) == (5, False)
            return [Figure("an act", 2.5, "ms", most=2.0, ratio=1.25, to="a bare one")]

    monkeypatch.setattr(benchmarks, "ALL", (Bench,))
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    assert benchmarks.main() == 1  # a bound was missed
    line = capsys.readouterr().out.splitlines()[1]
    assert " ".join(line.split()) == "an act 2.50 ms <= 2 MISSED 1.25 a bare one"
