"""The benchmarks run and tell their figures. What they find is judged by hand, never here."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.benchmarks import (
    __main__ as benchmarks,
)
from tests.benchmarks import (
    bench_backtest,
    bench_bars,
    bench_cancel,
    bench_cold,
    bench_commit,
    bench_garden,
    bench_gate,
    bench_import,
    bench_order,
    bench_peers,
    bench_report,
    bench_service,
    bench_streams,
    bench_sweep,
)
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.peers.running import OURS, Engine, interleaved
from tests.benchmarks.peers.work import Asked
from tests.conftest import require
from tests.support.browser import chromium_path

TOLD = {
    bench_backtest: ("backtest of 100,000 ticks, warm", "... its peak of memory"),
    bench_sweep: ("sweep of 8 pairs, screening", "screening one pair, 2,000 bars"),
    bench_peers: ("... by hftbacktest", "... by vectorbt", "2,000 bars, 1,000 pairs"),
    bench_bars: ("20,000 stored ticks to 1m bars", "... beside DuckDB"),
    bench_cold: ("cold start: import and first backtest",),
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
LONG = {bench_cold, bench_garden, bench_peers, bench_report, bench_service}
"""Browsers, kernels and processes for figures that nothing else needs."""


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


class Told:
    """A benchmark that finds something, and something that it cannot find."""

    __name__ = "tests.benchmarks.bench_told"

    @staticmethod
    def figures(*, rounds: int, small: bool) -> list[Figure]:
        nothing = Figure("by another", float("nan"), "ms", least=3.0, absent="it is not here")
        return [Figure("by us", float(rounds), "ms", least=1.0), nothing]


def test_chosen_benchmarks_tell_programs_the_same_as_people(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmarks, "ALL", (Told(), bench_cold))
    file = tmp_path / "found.json"
    assert benchmarks.main(["told", "--rounds", "3", "--json", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines[1].split()) == "by us 3.00 ms >= 1 holds"
    assert " ".join(lines[2].split()) == "by another - >= 3 it is not here"
    told = json.loads(file.read_text())
    assert told["rounds"] == 3
    ours, theirs = told["figures"]
    assert (ours["value"], ours["holds"]) == (3.0, True)
    assert (theirs["value"], theirs["holds"], theirs["absent"]) == (None, None, "it is not here")
    assert benchmarks.main(["told", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["rounds"] == 5


def test_help_names_every_benchmark_and_a_wrong_name_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        benchmarks.main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for bench in benchmarks.ALL:
        assert f"\n  {benchmarks.name_of(bench)} " in shown
    with pytest.raises(SystemExit) as ended:
        benchmarks.main(["tick"])
    assert ended.value.code == 2
    assert "no benchmark is called tick" in capsys.readouterr().err


def test_an_engine_that_is_absent_is_named_with_what_brings_it() -> None:
    contest = bench_peers.CONTESTS["bars"]
    nobody = Engine("nobody", "nobody", "no_such_engine")
    alone = replace(contest, peer=nobody, small=100)
    shown = table(bench_peers.contest_figures(alone, 1, small=True))
    assert "nobody is not installed: pip install -e '.[dev,peers]'" in shown


@pytest.mark.long
def test_engines_take_turns_in_processes_of_their_own(tmp_path: Path) -> None:
    """Both are ours here, at two works: filled on the boundary, and at the tick after it."""
    columns = bench_peers.columns_of(bench_peers.CONTESTS["ticks"], 30_000)
    works = [(OURS, "ticks"), (OURS, "ticks_next")]
    asked = Asked(3, 7, stop=None)
    at_close, at_tick = interleaved(works, columns, asked, 2, tmp_path)
    assert len(at_close.seconds) == len(at_tick.seconds) == 2
    assert at_close.told["trades"] == at_tick.told["trades"] > 10
    assert at_close.told["entries"] != at_tick.told["entries"]
    assert at_close.peak_mib > at_close.grown_mib >= 0
