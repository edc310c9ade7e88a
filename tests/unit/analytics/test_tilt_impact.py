"""A cost of tilt that was planted is found; where there is none, none is claimed."""

from decimal import Decimal as D

import numpy as np
import pytest

from genesis.analytics import (
    Interval,
    JudgedTrade,
    NoValue,
    analyze_tilt_correlation,
    impact,
    seeded,
)
from genesis.domain.account import TiltLevel

SESSIONS = 20


def judged(session="1", pnl="1", *, tilted=False, risk="1", size="20", score=5, fees="0.04", **kw):
    level = TiltLevel.CAUTION if tilted else TiltLevel.NORMAL
    return JudgedTrade(
        session, kw.pop("strategy", "operator"), kw.pop("state", "NORMAL"), score, level,
        D(pnl), D(risk), D(size), D(fees), **kw,
    )  # fmt: skip


def month(seed, cost_r):
    """Twenty sessions; in every third the second half is tilted and costs `cost_r` a trade."""
    rng = np.random.default_rng(seed)
    trades = []
    for session in range(SESSIONS):
        count, is_bad = int(rng.integers(4, 14)), rng.random() < 0.4
        for i in range(count):
            tilted = is_bad and i >= count // 2
            r = rng.normal(0.1, 1.2) - (cost_r if tilted else 0.0)
            score = int(rng.integers(40, 60) if tilted else rng.integers(0, 40))
            trades.append(judged(str(session), f"{r:.8f}", tilted=tilted, score=score))
    return trades


def tilted_of(trades):
    return sum(trade.is_tilted for trade in trades)


def covering(cost_r, seeds):
    """The share of months whose interval covers what was planted, and that of claimed evidence."""
    found = [(trades, impact(trades, seeded(1))) for trades in (month(s, cost_r) for s in seeds)]
    known = [(t, each) for t, each in found if isinstance(each.interval, Interval)]
    covered = sum(
        each.interval.low <= cost_r * tilted_of(trades) <= each.interval.high
        for trades, each in known
    )
    return covered / len(known), sum(each.is_evidence for _, each in found) / len(found)


def test_a_planted_cost_is_recovered_within_its_interval():
    covered, claimed = covering(1.0, range(200))
    assert covered == pytest.approx(0.95, abs=0.04)
    assert claimed > 0.8


def test_a_month_without_tilt_gives_an_interval_that_covers_zero():
    covered, claimed = covering(0.0, range(200))
    assert covered == pytest.approx(0.95, abs=0.04)
    assert claimed < 0.08


def test_the_same_seed_gives_the_same_interval():
    trades = month(3, 1.0)
    assert impact(trades, seeded(7)) == impact(trades, seeded(7))
    assert impact(trades, seeded(7)).interval != impact(trades, seeded(8)).interval


def test_the_three_answers_on_numbers_that_can_be_checked_by_hand():
    calm = [
        judged("a", "0.5", size="10"),
        judged("b", "0.3", size="20"),
        judged("c", "0.4", size="30"),
    ]
    bad = [judged("a", "-4", tilted=True, size="40"), judged("b", "-1", tilted=True, size="20")]
    told = impact([*calm, *bad], seeded(1))
    assert told.direct_usdt == 5
    assert told.resize_usdt == 2  # half of the 4 came from twice the usual size
    assert told.control_usdt == pytest.approx(2 * 0.4 + 5)
    assert (told.trades, told.tilted) == (5, 2)
    assert told.verdict.startswith("no evidence yet: 2 tilted trades")


def test_the_control_is_matched_by_strategy_and_market_state():
    calm = [judged(str(i), "1", state="NORMAL") for i in range(10)]
    calm += [judged(str(i), "-1", state="VOLATILE") for i in range(10)]
    bad = [judged(str(i), "-1", tilted=True, state="VOLATILE") for i in range(10)]
    assert impact([*calm, *bad], seeded(1)).control_usdt == pytest.approx(0.0)
    strange = [judged(str(i), "-1", tilted=True, state="PANIC") for i in range(10)]
    assert impact([*calm, *strange], seeded(1)).control_usdt == pytest.approx(10.0)


def test_trades_against_the_plan_count_as_tilted():
    assert judged(tags=frozenset({"off-plan"})).is_tilted
    assert not judged().is_tilted


def test_fees_of_trades_beyond_the_usual_number():
    calm = [judged(str(day)) for day in range(4) for _ in range(3)]
    hectic = [judged("9") for _ in range(2)]
    hectic += [judged("9", "-1", tilted=True, fees="0.1") for _ in range(5)]
    told = impact([*calm, *hectic], seeded(1))
    assert told.excess_trades == 4  # 7 where 3 are usual
    assert told.excess_fees_usdt == D("0.4")


@pytest.mark.parametrize("trades", [[], [judged()], [judged(tilted=True)] * 12])
def test_too_little_to_say_anything(trades):
    told = impact(trades, seeded(1))
    assert isinstance(told.interval, NoValue)
    assert not told.is_evidence
    assert told.verdict.startswith("no evidence yet")


def test_evidence_is_called_association():
    told = impact(month(2, 3.0), seeded(1))
    assert told.is_evidence
    assert (
        told.verdict == "tilted trades lost more than calm ones would have: association, not proof"
    )


# -- the correlation -------------------------------------------------------------------------
def ranks(values):
    """By counting: everything below, and half of what is equal."""
    return [sum(b < a for b in values) + (sum(b == a for b in values) + 1) / 2 for a in values]


def test_the_correlation_is_that_of_ranks_with_ties():
    rng = np.random.default_rng(4)
    pairs = list(zip(rng.integers(-3, 4, 90), rng.integers(0, 30, 90), strict=True))
    told = analyze_tilt_correlation([judged(pnl=str(r), score=int(s)) for r, s in pairs])
    expected = np.corrcoef(ranks([s for _, s in pairs]), ranks([r for r, _ in pairs]))[0, 1]
    assert told.rho == pytest.approx(expected, abs=1e-12)
    assert told.trades == 90


def test_mean_r_by_band_of_the_score():
    trades = [judged(pnl="1", score=9), judged(pnl="3", score=0), judged(pnl="-1", score=100)]
    bands = analyze_tilt_correlation(trades).bands
    assert [(b.low, b.high) for b in bands][::9] == [(0, 9), (90, 100)]
    assert (bands[0].trades, bands[0].mean_r) == (2, 2.0)
    assert (bands[9].trades, bands[9].mean_r) == (1, -1.0)
    assert isinstance(bands[4].mean_r, NoValue)
    assert sum(band.trades for band in bands) == 3


def test_the_correlation_is_honest_too():
    assert "no evidence yet" in analyze_tilt_correlation([judged()] * 5).verdict
    assert "no evidence yet" in analyze_tilt_correlation([judged()] * 50).verdict
    assert "no evidence yet" in analyze_tilt_correlation(month(1, 0.0)).verdict
    planted = analyze_tilt_correlation(month(1, 3.0))
    assert planted.rho < 0
    assert planted.verdict == "the higher the score, the worse the result: association, not proof"
