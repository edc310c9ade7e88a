"""Every shipped strategy passes every guard, where it trades."""

from collections.abc import Sequence
from typing import Final

import pytest

from genesis.research import check
from genesis.research.guards.elsewhere import HASH_SEEDS, Answer, Task, answers, pickled
from genesis.research.guards.repeat import repeat
from genesis.research.guards.several import Data
from genesis.research.guards.subject import Subject
from genesis.strategy.catalog import builtin
from tests.support import planted_strategies as planted
from tests.support.markets import wandering_ticks, with_changing_tops
from tests.support.several_markets import belonging, three, triangle
from tests.support.tied_markets import slowed, tied_ticks

HERE: Final = ("lookahead", "warm_up", "ties")
ASKED: Final = {"rules": "research"}
PARAMS: Final[dict[str, dict[str, object]]] = {
    "sma_cross": {"fast": 3, "slow": 7},
    "spread_capture": {"min_edge_bps": "-15", "target_bps": 1, "rest_s": 3, "hold_s": 20},
    "donchian": {"entry_bars": 6, "exit_bars": 4, "bar": "1m"},
    "mean_reversion": {
        "bars": 10, "bar": "1m", "entry_z": "1.2", "hold_bars": 8, "max_sigma_bps": 900,
        "taker_bps": 0, "slippage_bps": 0, "min_edge_bps": 0,
    },
    "market_making": {
        "maker_bps": 0, "taker_bps": 0, "min_edge_bps": 2, "decay": 0.5, "moves": 3,
    },
    "simple_arb": {
        "taker_bps": 0, "slippage_bps": 0, "min_edge_bps": 1, "hold_s": 20, "pause_s": 5,
        "stale_ms": 60_000,
    },
    "statistical_arb": {
        "taker_bps": 0, "slippage_bps": 0, "min_edge_bps": 1, "bars": 30, "bar": "1m",
        "entry_z": 1.2, "max_t": -2.0, "max_half_life": 20, "hold_bars": 20,
    },
    "multi_pair": {
        "bars": 10, "bar": "1m", "entry_z": "1.2", "hold_bars": 5, "max_sigma_bps": 900,
        "taker_bps": 0, "slippage_bps": 0, "min_edge_bps": 0,
    },
}  # fmt: skip
NAMES: Final = builtin().names


def market(name: str) -> Data:
    """Small, and such that the strategy wishes for something."""
    if name == "simple_arb":
        return tuple(triangle(200, slower=10))
    if name == "statistical_arb":
        return tuple(belonging(170))
    if name == "multi_pair":
        return tuple(three(7_000))
    if name == "market_making":
        return with_changing_tops(slowed(wandering_ticks(800, agility=2, gaps=False), 4))
    if name == "spread_capture":
        return with_changing_tops(slowed(wandering_ticks(600, agility=2, gaps=False), 3))
    return tied_ticks(10_000)


def subject(name: str) -> Subject:
    return Subject(name, PARAMS.get(name, {}), dict(ASKED))


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, dict[str, Answer]]:
    """What two other processes answer, by hash seed and by name; one start of each for all."""
    tasks = {name: Task(subject(name), market(name)) for name in NAMES}
    bug = Subject(planted.HashOrder(), {}, dict(ASKED))
    tasks["hash_order"] = Task(bug, tied_ticks(3_000))
    raws = [pickled(task) for task in tasks.values()]
    return {seed: dict(zip(tasks, answers(raws, seed), strict=True)) for seed in HASH_SEEDS}


def asking(elsewhere: dict[str, dict[str, Answer]], name: str):
    def ask(_: Sequence[bytes], seed: str) -> list[Answer]:
        return [elsewhere[seed][name]]

    return ask


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_strategy_passes(name: str) -> None:
    result = check(name, market(name), params=PARAMS.get(name), guards=HERE)
    assert result.passed, result
    assert all(one.verdict == "passed" and one.compared for one in result.reports), result


@pytest.mark.parametrize("name", NAMES)
def test_it_decides_the_same_in_two_other_processes(
    name: str, elsewhere: dict[str, dict[str, Answer]]
) -> None:
    one, data = subject(name), market(name)
    whole = one.run(data)
    assert whole.wishes and len(whole.digest) == 64
    report = repeat(one, data, whole, asking(elsewhere, name))
    assert (report.verdict, report.notes) == ("passed", ())
    assert {elsewhere[seed][name].digest for seed in HASH_SEEDS} == {whole.digest}


def test_the_order_of_a_set_is_found_by_another_hash_seed(
    elsewhere: dict[str, dict[str, Answer]],
) -> None:
    one, data = Subject(planted.HashOrder(), {}, dict(ASKED)), tied_ticks(3_000)
    zero, first = (elsewhere[seed]["hash_order"] for seed in HASH_SEEDS)
    assert zero.wishes != first.wishes
    report = repeat(one, data, one.run(data), asking(elsewhere, "hash_order"))
    assert report.verdict == "failed"
    assert "in another process under hash seed" in report.findings[0].what
    assert "it decides buy BTC/USDT (" in report.findings[0].what
    assert "sorted(...)" in report.findings[0].remedy


def test_where_fresh_processes_agree_it_may_be_what_an_earlier_run_left(
    elsewhere: dict[str, dict[str, Answer]],
) -> None:
    one, data = Subject(planted.HashOrder(), {}, dict(ASKED)), tied_ticks(3_000)
    whole = one.run(data)
    other = next(
        answers["hash_order"]
        for answers in elsewhere.values()
        if answers["hash_order"].wishes != whole.wishes
    )
    report = repeat(one, data, whole, lambda tasks, seed: [other])
    assert len(report.findings) == 1
    assert "make it in __init__" in report.findings[0].remedy


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_it_passes_on_the_synthetic_sample_and_in_processes_of_its_own(name: str) -> None:
    result = check(name)
    assert result.passed, result
    assert [one.verdict for one in result.reports] == ["passed"] * 5
