"""The detector before synthetic traders: the study, its curve, and a day looked at closely."""

import numpy as np
import pytest

from genesis.analytics.blocks import seeded
from genesis.errors import UsageError
from genesis.research import scored_days, tilt_study
from genesis.research.alarms import auc, false_alarms, roc
from genesis.research.scored_day import ScoredDay
from genesis.research.synthetic_life import Life
from genesis.research.synthetic_traders import SENTENCE, trader, tuning
from genesis.research.tilt_study import TiltStudy, Watched
from genesis.tilt import ActionKind


@pytest.fixture(scope="module")
def study() -> TiltStudy:
    return tilt_study(traders=8, days=21, seed=5)


@pytest.fixture(scope="module")
def pair() -> tuple[ScoredDay, ScoredDay]:
    return scored_days()


# -- the study -------------------------------------------------------------------------------
def test_the_same_seed_gives_the_same_study_and_another_one_another(study: TiltStudy) -> None:
    again = tilt_study(traders=8, days=21, seed=5)
    assert repr(again) == repr(study)
    assert repr(tilt_study(traders=8, days=21, seed=6)) != repr(study)


def test_more_traders_begin_with_the_fewer(study: TiltStudy) -> None:
    one = tilt_study(traders=1, days=21, seed=5).watched[0]
    assert np.array_equal(one.score, study.watched[0].score)


def test_the_study_says_what_it_is_worth(study: TiltStudy) -> None:
    assert "± " in repr(study)
    for told in (SENTENCE, "fitted on, which flatters it"):
        assert told in study._repr_mimebundle_()["text/html"]
        assert told in study.plot().layout.title.text


def test_higher_lines_are_wrong_less_often(study: TiltStudy) -> None:
    assert study.alarms["level"].tolist() == ["CAUTION", "WARNING", "LOCKED"]
    assert study.alarms["per_week"].is_monotonic_decreasing
    assert study.per_week("CAUTION") > study.per_week("LOCKED")
    with pytest.raises(UsageError, match="'PANIC': there are CAUTION, WARNING, LOCKED"):
        study.per_week("PANIC")


def test_a_study_of_nobody_is_none() -> None:
    for given in ({"traders": 0}, {"days": 6}):
        with pytest.raises(UsageError, match="needs a trader, and a week"):
            tilt_study(**given)


def test_false_alarms_are_counted_by_the_week() -> None:
    """Two rises in two weeks of one calm trader."""
    n = 6
    score = np.array([10, 65, 50, 70, 30, 61], float)
    calm = np.zeros(n, bool)
    one = Watched(np.arange(n) * 60.0, ~calm, calm, np.zeros(n), score)
    assert false_alarms(one, 60, 40) == 2
    told = TiltStudy("sniper", tilt_study(traders=1, days=7).levels, 14, 0, (one,))
    assert told.per_week("WARNING") == 1.0


# -- the curve -------------------------------------------------------------------------------
def test_the_area_under_the_curve_is_the_auc(study: TiltStudy) -> None:
    curve = study.roc
    x, y = np.r_[0.0, curve["false_share"]], np.r_[0.0, curve["caught_share"]]
    assert (np.diff(x) >= 0).all() and (np.diff(y) >= 0).all()
    assert (x[-1], y[-1]) == (1, 1)
    area = float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())
    assert area == pytest.approx(study.auc)


def test_a_curve_by_hand() -> None:
    score, truth = np.array([1.0, 2, 2, 3]), np.array([False, False, True, True])
    lines, wrong, caught = roc(score, truth)
    assert lines.tolist() == [3, 2, 1]
    assert wrong.tolist() == [0, 0.5, 1]
    assert caught.tolist() == [0.5, 1, 1]
    assert auc(score, truth) == 0.875


# -- days ------------------------------------------------------------------------------------
def test_a_calm_and_a_tilting_day(pair: tuple[ScoredDay, ScoredDay]) -> None:
    calm, tilting = pair
    assert (calm.kind, tilting.kind) == ("calm", "tilting")
    assert not calm.acts["tilted"].any()
    assert calm.highest < calm.levels.caution_enter
    acts = tilting.acts
    assert (acts["score"][acts["tilted"]] >= tilting.levels.warning_enter).any()


def test_the_points_of_every_act_sum_to_its_score(pair: tuple[ScoredDay, ScoredDay]) -> None:
    for day in pair:
        assert (day.acts[day.indicators].sum(axis=1) == day.acts["score"]).all()


def test_a_day_shows_itself_and_its_parts(pair: tuple[ScoredDay, ScoredDay]) -> None:
    tilting = pair[1]
    assert SENTENCE in repr(tilting)
    figure = tilting.plot()
    assert SENTENCE in figure.layout.title.text
    stacked = [trace for trace in figure.data if trace.stackgroup]
    parts = np.sum([np.asarray(trace.y, float) for trace in stacked], axis=0)
    (score,) = (trace for trace in figure.data if trace.name == "score")
    assert parts.tolist() == list(score.y)
    assert len(figure.layout.shapes) > 3, "three levels, and the time he was on tilt"


# -- the traders -----------------------------------------------------------------------------
def test_a_life_is_the_same_again_and_goes_forward() -> None:
    def acts(number: int) -> list[object]:
        rng, pool = seeded(number), tuning()
        return list(Life(rng, trader(rng, pool), pool).acts(10))

    first = acts(1)
    assert first == acts(1) and first != acts(2)
    stamps = [shown.act.ts_us for shown in first]
    assert stamps == sorted(stamps)
    assert {shown.act.kind for shown in first} >= {ActionKind.ORDER_SUBMIT}


def test_who_is_calm_is_never_on_tilt() -> None:
    rng, pool = seeded(3), tuning()
    for _ in range(5):
        life = Life(rng, trader(rng, pool), pool, calm=True)
        assert not any(shown.tilted for shown in life.acts(15))
