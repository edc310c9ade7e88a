"""Books over a tier: skipped ticks and every tick lead to the same breaches, refusals and sizes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.research import BacktestResult, Ticks, backtest
from tests.support.markets import wandering_ticks, with_changing_tops, with_tops

WIDE = """
name = "wide"
books = ["{book}"]
[market]
portfolio = "none"
[risk]
adaptive = "none"
streak = "none"
give_back = "none"
open_risk = "none"
[risk.tiers.SNIPER]
position_fraction = 1
risk_fraction = 1
exposure_fraction = 1
max_trades_per_day = "none"
"""
BOOK = """
name = "narrow"
title = "narrow"
initial_usdt = "account"
warn_at_fraction = 0.5
headroom_share = {share}
max_loss_trailing_eod = "none"
min_trading_days = "none"
profit_target = "none"
consistency = "none"
max_position = "none"
no_trade_window = "none"
inactivity = "none"
trade_limit = "none"
{off}
[day]
zone = "Europe/Prague"
reset = "{reset}"
from_year = 2020
until_year = 2030
[{rule}]
amount = {amount}
of = "usdt"
{more}
"""
ALL = {
    "max_loss_static": "",
    "max_loss_trailing_intraday": "lock_at_initial = {lock}",
    "max_daily_loss": 'baseline = "{baseline}"\nuntil = "day"',
}


def rules_with(
    folder: Path,
    rule: str,
    amount: float,
    *,
    share: float = 1,
    baseline: str = "equity",
    lock: str = "false",
    reset: str = "00:00",
) -> Path:
    off = "\n".join(f'{name} = "none"' for name in ALL if name != rule)
    more = ALL[rule].format(baseline=baseline, lock=lock)
    book = folder / "narrow.toml"
    book.write_text(
        BOOK.format(rule=rule, amount=amount, off=off, more=more, share=share, reset=reset)
    )
    rules = folder / "wide.toml"
    rules.write_text(WIDE.format(book=book))
    return rules


def both(ticks: Ticks, rules: Path, **asked: object) -> tuple[BacktestResult, BacktestResult]:
    given_ = {"params": {"fast": 3, "slow": 7}, "cash": 500, "rules": rules, **asked}
    skipping = backtest("sma_cross", ticks, **given_)
    every = backtest("sma_cross", ticks, every_tick=True, **given_)
    for ours, theirs in zip(decisions(skipping), decisions(every), strict=False):
        assert ours == theirs
    assert skipping.decision_digest == every.decision_digest
    return skipping, every


def decisions(result: BacktestResult) -> list[object]:
    return [record for step in result.steps for record in (*step.outcomes, *step.commands)]


def alerts(result: BacktestResult) -> set[str]:
    return {getattr(record, "alert", "") for record in decisions(result)}


def refused(result: BacktestResult) -> set[str]:
    return {code for codes in result.refusals["codes"] for code in codes.split(",")}


@pytest.fixture(scope="module")
def hours() -> Ticks:
    return wandering_ticks(20_000, agility=6)


@pytest.fixture(scope="module")
def days() -> Ticks:
    return wandering_ticks(150_000, agility=4.0)


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("max_loss_static", {}),
        ("max_daily_loss", {"baseline": "balance"}),
        ("max_daily_loss", {"baseline": "equity"}),
        ("max_daily_loss", {"baseline": "max"}),
        ("max_loss_trailing_intraday", {"lock": "false"}),
        ("max_loss_trailing_intraday", {"lock": "true"}),
    ],
)
def test_a_floor_is_broken_on_the_same_tick(hours, tmp_path: Path, rule, more):
    rules = rules_with(tmp_path, rule, 4, **more)
    skipping, _ = both(hours, rules, stop_fraction=0.004)
    assert {"RULEBOOK_NEAR", "RULEBOOK_BREACH"} <= alerts(skipping)
    assert "RULEBOOK_BREACH" in refused(skipping)


def test_days_begin_alike_in_the_middle_of_an_hour(days, tmp_path: Path):
    rules = rules_with(tmp_path, "max_daily_loss", 3, baseline="max", reset="03:17")
    skipping, _ = both(days, rules, stop_fraction=0.004, latency=(50, 300, 120))
    raised = [r for r in decisions(skipping) if getattr(r, "alert", "") == "RULEBOOK_BREACH"]
    assert len(raised) > 1  # new risk was free again on the next day


@pytest.mark.parametrize("tops", [with_tops, with_changing_tops])
def test_a_floor_is_broken_alike_where_books_are_recorded(hours, tmp_path: Path, tops):
    rules = rules_with(tmp_path, "max_loss_trailing_intraday", 4)
    skipping, _ = both(tops(hours), rules, stop_fraction=0.004)
    assert "RULEBOOK_BREACH" in alerts(skipping)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rule=st.sampled_from(sorted(ALL)),
    amount=st.floats(1, 30),
    share=st.sampled_from([0.02, 0.5, 1]),
    lock=st.sampled_from(["true", "false"]),
    baseline=st.sampled_from(["balance", "equity", "max"]),
)
def test_any_book_any_market(tmp_path_factory, seed, rule, amount, share, lock, baseline):
    folder = tmp_path_factory.mktemp("rules")
    rules = rules_with(folder, rule, amount, share=share, lock=lock, baseline=baseline)
    both(wandering_ticks(6_000, agility=6, seed=seed), rules, stop_fraction=0.05)
