"""RESEARCH: what notebooks call. The engine behind it is the one that trades.

from genesis.research import Ticks, TickStore, backtest
result = backtest("sma_cross", TickStore().ticks("BTC/USDT"), rules="research", qty=1)
found = sweep("sma_cross", bars, {"fast": range(5, 45), "slow": range(50, 300, 10)}, qty=1, ...)
walk = walk_forward("sma_cross", bars, {"fast": [5, 10], "slow": [50, 99]}, train="7d", test="2d")

from genesis.research import TradingDay, days_of
day = TradingDay.of(days_of()[-1])
"""

from genesis.analytics import (
    block_length,
    bootstrap_interval,
    deflated_sharpe,
    expected_max_sharpe,
    min_track_record,
    psr,
    purged_paths,
    reality_check,
    superior_ability,
)
from genesis.domain.instrument import Instrument
from genesis.research.backtest import backtest as _backtest
from genesis.research.bars import Bars
from genesis.research.baseline import baselines
from genesis.research.counting import counted
from genesis.research.day import TradingDay, days_of
from genesis.research.decay_alarm import decay_alarm
from genesis.research.demo_day import demo_day
from genesis.research.demo_orders import demo_orders
from genesis.research.execution_cost import execution_cost
from genesis.research.execution_models import fit_execution
from genesis.research.guards import CheckResult, check
from genesis.research.judged import judge
from genesis.research.ladder_odds import ladder_odds
from genesis.research.luck import pbo, resampled, shuffled, signal_permutation
from genesis.research.market_figure import market_figure
from genesis.research.queues import both_queues
from genesis.research.reopened import reopen
from genesis.research.result import BacktestResult
from genesis.research.scored_day import scored_days
from genesis.research.setup import Fees
from genesis.research.sources import BarsAt, TicksAt
from genesis.research.store import TickStore
from genesis.research.stressed import cost_stress
from genesis.research.summary import compare
from genesis.research.sweep import sweep
from genesis.research.sweep_result import SweepResult
from genesis.research.taxes import taxes
from genesis.research.ticks import Ticks
from genesis.research.tilt_cost import tilt_cost
from genesis.research.tilt_gate_odds import tilt_gate_odds
from genesis.research.tilt_study import tilt_study
from genesis.research.trials import hold_out, trial_count, trials
from genesis.research.twin import twin
from genesis.research.volume_profile import profile_levels, volume_profile
from genesis.research.walk import walk_forward
from genesis.research.walk_result import WalkForward
from genesis.research.what_if import what_if
from genesis.research.why import why
from genesis.research.wyckoff import wyckoff
from genesis.sim.latency import Latency, SampledLatency

backtest = counted(_backtest)
"""Every run that a person makes is counted in the trial ledger of its home."""

__all__ = [
    "BacktestResult",
    "Bars",
    "BarsAt",
    "CheckResult",
    "Fees",
    "Instrument",
    "Latency",
    "SampledLatency",
    "SweepResult",
    "TickStore",
    "Ticks",
    "TicksAt",
    "TradingDay",
    "WalkForward",
    "backtest",
    "baselines",
    "block_length",
    "bootstrap_interval",
    "both_queues",
    "check",
    "compare",
    "cost_stress",
    "days_of",
    "decay_alarm",
    "deflated_sharpe",
    "demo_day",
    "demo_orders",
    "execution_cost",
    "expected_max_sharpe",
    "fit_execution",
    "hold_out",
    "judge",
    "ladder_odds",
    "market_figure",
    "min_track_record",
    "pbo",
    "profile_levels",
    "psr",
    "purged_paths",
    "reality_check",
    "reopen",
    "resampled",
    "scored_days",
    "shuffled",
    "signal_permutation",
    "superior_ability",
    "sweep",
    "taxes",
    "tilt_cost",
    "tilt_gate_odds",
    "tilt_study",
    "trial_count",
    "trials",
    "twin",
    "volume_profile",
    "walk_forward",
    "what_if",
    "why",
    "wyckoff",
]
