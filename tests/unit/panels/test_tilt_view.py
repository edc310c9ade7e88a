"""The tilt page's view of the engine: words, waits and the path of the score."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.domain.time import MILLISECOND, SECOND, format_utc
from genesis.panels.garden_view import tilt as garden_tilt
from genesis.panels.page import PAGE, PAGE_AGAIN, PAGE_ASKS
from genesis.panels.tilt_page import TiltPage
from genesis.panels.tilt_view import (
    LEVELS,
    POINTS_KEPT,
    SPACING_MS,
    TAIL,
    Course,
    history_view,
    levels,
    odds,
    tilt_view,
)
from genesis.panels.tilt_words import INDICATORS
from genesis.rules import load
from genesis.tilt.indicators import INDICATORS as STEPS

T0 = 1_700_000_000 * SECOND


def state(seconds: int = 0, score: int = 15, **more: Any) -> dict[str, Any]:
    return {
        "t": format_utc(T0 + seconds * SECOND),
        "tilt": score,
        "level": "NORMAL",
        "contributions": {"gap": score, "reent": 0},
        "tier": "SNIPER",
        "override": {"attempts_left": 3, "locked_until": None, "active_until": None},
        **more,
    }


# -- words -----------------------------------------------------------------------------------
def test_levels_are_worded_as_the_packaged_rules_have_them() -> None:
    rules = load("sniper").tilt.levels
    starts = [int(level["range"].split()[0]) for level in LEVELS.values()]
    assert starts == [0, rules.caution_enter, rules.warning_enter, rules.locked_enter]
    assert str(rules.caution_leave) in LEVELS["CAUTION"]["ends"]
    minutes = rules.caution_leave_after_ns // (60 * SECOND)
    assert f"{minutes} calm minutes" in LEVELS["CAUTION"]["ends"]
    hours = rules.locked_min_ns // (3600 * SECOND)
    assert f"{hours} hours" in LEVELS["LOCKED"]["ends"]
    assert rules.caution_multiplier * 4 == 3
    assert "three quarters" in LEVELS["CAUTION"]["does"]


def test_whatever_the_engine_can_score_has_words_on_both_faces() -> None:
    rules = load("sniper").tilt
    scored = {name for name, *_ in STEPS}
    scored |= {*rules.indicators, *rules.fixed, *rules.priors, *rules.rates}
    assert scored <= set(INDICATORS)
    seen = {"contributions": dict.fromkeys(scored, 1)}
    told = {words for words, _ in garden_tilt(seen)["from"]}
    assert told == {row["words"] for row in tilt_view(state(**seen))["sources"]}
    assert not told & scored  # no bare name


def test_levels_are_worded_by_the_rules_of_the_engine() -> None:
    told = {
        "caution_enter": 30,
        "caution_leave": 25,
        "caution_leave_after_ms": 300_000,
        "caution_multiplier": "0.6",
        "warning_enter": 50,
        "locked_enter": 90,
        "locked_min_ms": 7_200_000,
    }
    words = levels(told)
    ranges = [level["range"] for level in words.values()]
    assert ranges == ["0 to 29", "30 to 49", "50 to 89", "90 to 100"]
    assert "at 60 % of the size" in words["CAUTION"]["does"]
    assert words["CAUTION"]["ends"] == "after 5 calm minutes below 25"
    assert "after 2 hours" in words["LOCKED"]["ends"]
    assert levels({}) == LEVELS


def test_levels_say_all_that_is_asked_for() -> None:
    interventions = load("sniper").tilt.interventions
    assert interventions is not None and interventions.confirm_ns == 60 * SECOND
    assert "asked for twice, 60 seconds apart" in LEVELS["CAUTION"]["does"]
    assert interventions.session_ns == 30 * 60 * SECOND
    assert "a quiet session of 30 minutes in the paper lane" in LEVELS["LOCKED"]["ends"]
    assert LEVELS["LOCKED"]["does"] == LEVELS["WARNING"]["does"]  # it is read alone in the head
    without = levels({"confirm_ms": None, "session_ms": None})
    assert "twice" not in without["CAUTION"]["does"]
    assert "session" not in without["LOCKED"]["ends"]


def test_a_halt_is_told_instead_of_what_the_level_would_do() -> None:
    headroom = {"headroom": {"multiplier": "0.75"}}
    told = tilt_view(state(score=45, level="CAUTION", halted=True, **headroom))["score"]
    assert "Trading is halted" in told["does"] and "three quarters" not in told["does"]
    assert told["ends"].startswith("CAUTION ends after") and told["sizes"] == ""


def test_the_widget_words_levels_and_overrides_by_what_the_engine_told() -> None:
    face = TiltPage()
    now = state(override={"active_until": "U"})
    assert "a quarter of the size" in face.view(now)["waits"][0]["words"]
    body = {"levels": {"warning_enter": 50}, "override": {"limited_multiplier": "0.1"}}
    face.answered("/tilt/history", 200, body)
    view = face.view(now)
    assert view["levels"][1]["range"] == "40 to 49"
    assert "10 % of the size" in view["waits"][0]["words"]
    less = {"interventions_ask": {"confirm_ms": None, "session_ms": None}}
    face.answered("/tilt/history", 200, less)
    assert "twice" not in face.view(now)["levels"][1]["does"]
    face.answered("/tilt/history", 200, {"override": None})
    assert face.view(now)["levels"][1]["range"] == "40 to 59"


def test_odds_grow_with_the_score_and_follow_the_measured_bins() -> None:
    rules = load("sniper").tilt.score
    anchors = ((rules.base, 0.0), *rules.anchors)

    def points(raw: float) -> float:
        (x0, y0), (x1, y1) = next(pair for pair in pairwise(anchors) if raw <= pair[1][0])
        return y0 + (y1 - y0) * (raw - x0) / (x1 - x0)

    measured = {-2.3: 62, -1.5: 29, -0.6: 14, 0.1: 9, 0.9: 6, 1.5: 4, 2.1: 3}
    for raw, times in measured.items():
        told = odds(round(points(raw)))
        assert f"1 time in {60 if times == 62 else times}" in told
    assert odds(100) == "3 times in 4"
    assert odds(81) == "1 time in 2"


def test_the_score_is_made_of_what_the_engine_says_largest_first() -> None:
    view = tilt_view(state(score=40, contributions={"gap": 8, "size_l": 32, "reent": 0}))
    assert [(row["name"], row["points"]) for row in view["sources"]] == [("size_l", 32), ("gap", 8)]
    assert view["sources"][0]["words"] == "larger after a loss"
    unknown = tilt_view(state(contributions={"new_one": 3}))["sources"]
    assert unknown[0]["words"] == "new one"


def test_small_sizes_are_told_as_they_are() -> None:
    def sizes(multiplier: str) -> str:
        return str(tilt_view(state(headroom={"multiplier": multiplier}))["score"]["sizes"])

    assert sizes("0.5") == "Sizes are 50 % of usual now."
    assert [sizes(one) for one in ("1", "0", "")] == ["", "", ""]


def test_a_state_without_anything_is_shown_at_rest() -> None:
    view = tilt_view({})
    assert view["score"]["points"] == 0
    assert view["score"]["level"] == "NORMAL"
    assert (view["sources"], view["waits"]) == ([], [])
    assert view["pause"]["intervention"] is None


# -- what ends by itself ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("given_", "kind", "words"),
    [
        ({"limited_until": "U"}, "limited", "Position sizes limited for 1 hour"),
        ({"intervention": {"until": "U", "words_done": False}}, "lock", "a page is accepted"),
        ({"intervention": {"until": "U", "words_done": True}}, "lock", "Page accepted"),
        ({"override": {"active_until": "U"}}, "override", "a quarter"),
        ({"override": {"locked_until": "U"}}, "exhausted", "Overrides are locked"),
    ],
)
def test_what_has_an_end_is_counted_down(given_: dict[str, Any], kind: str, words: str) -> None:
    [row] = tilt_view(state(**given_))["waits"]
    assert (row["kind"], row["until"]) == (kind, "U")
    assert words in row["words"]


def test_an_override_is_told_instead_of_the_hour_it_is_kept_as() -> None:
    view = tilt_view(state(limited_until="U", override={"active_until": "U"}))
    assert [row["kind"] for row in view["waits"]] == ["override"]


def test_an_owed_page_is_told_without_an_end() -> None:
    told = "2 pages are owed: one for an override, one for the reset of the halt"
    owing = state(pages={"owed": 2, "later": 2, "told": told})
    assert tilt_view(owing)["waits"] == [{"kind": "owed", "words": told, "until": None}]
    pause = tilt_view(owing)["pause"]
    assert (pause["owed"], pause["owed_words"]) == (2, told)


def test_the_page_hears_of_positions_but_not_of_their_every_move() -> None:
    held = {"symbol": "BTC/USDT", "quantity": "0.000370", "mark": "1", "pnl_dollars": "2"}
    moved = held | {"mark": "3", "pnl_dollars": "4"}
    before, after = (tilt_view(state(positions=[one]))["pause"] for one in (held, moved))
    assert before == after
    assert before["positions"] == [{"symbol": "BTC/USDT", "quantity": "0.00037"}]


# -- the path --------------------------------------------------------------------------------
def test_the_path_goes_on_from_the_past() -> None:
    past = [[T0 // MILLISECOND - 1000, 12, "NORMAL"], [T0 // MILLISECOND - 500, 14, "NORMAL", {}]]
    course = Course(past)
    course.take(state(0, 15))
    course.take(state(1, 15))
    parts = course.parts()
    assert [point[3] for point in parts["course"]] == [None, {}]
    assert parts["tail"] == [[T0 // MILLISECOND, 15, "NORMAL", {"gap": 15}]]


def test_a_quiet_path_gains_a_point_now_and_then() -> None:
    course = Course()
    for second in range(0, 61, 5):
        course.take(state(second))
    times = [point[0] for point in course.parts()["tail"]]
    assert len(times) == 5
    assert all(after - before >= SPACING_MS for before, after in pairwise(times))


def test_a_state_without_a_time_is_no_point() -> None:
    course = Course()
    course.take({"tilt": 3})
    assert course.parts() == {"course": [], "tail": []}


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 100)), max_size=700))
def test_older_points_seldom_change_and_none_is_lost(moves: list[tuple[int, int]]) -> None:
    course, second, changes, last = Course(), 0, 0, None
    seen: list[int] = []
    for step, score in moves:
        second += step
        course.take(state(second, score))
        parts = course.parts()
        changes += parts["course"] is not last and parts["course"] != last
        last = parts["course"]
        assert len(parts["tail"]) < TAIL
        both = parts["course"] + parts["tail"]
        assert len(both) <= POINTS_KEPT + TAIL
        assert both[-1][1] == score
        seen.append(len(both))
    assert changes <= 1 + len(moves) // TAIL + 1


# -- the history -----------------------------------------------------------------------------
def test_the_history_is_told_in_words_newest_pause_first() -> None:
    told = history_view(
        {
            "status": "LEARNING",
            "baseline": [
                {"indicator": "gap", "usual": "10 min", "today": "4 s", "samples": 12},
                {"indicator": "cancel", "usual": "17 % of ends", "today": "50 %", "samples": 0},
            ],
            "interventions": [
                {
                    "opened_at": "2024-01-01T10:00:00Z",
                    "level": "WARNING",
                    "ended_at": "2024-01-01T11:12:00Z",
                    "how": "page",
                },
                {"opened_at": "2024-01-02T10:00:00Z", "level": "LOCKED", "ended_at": None},
            ],
        }
    )
    assert told["status"].startswith("Still getting to know you")
    assert "takes it further" in told["status"]  # a score of 96 is no contradiction
    assert told["baseline"][0] == {
        "what": "time between acts",
        "usual": "10 min",
        "today": "4 s",
        "samples": "12 seen",
    }
    assert told["baseline"][1]["samples"] == ""
    newest, oldest = told["interventions"]
    assert (newest["how"], newest["lasted"]) == ("still open", "")
    assert oldest == {
        "at": "2024-01-01 10:00",
        "level": "WARNING",
        "how": "ended by the page",
        "lasted": "1 h 12 min",
    }


def test_an_empty_history_is_empty_words() -> None:
    assert history_view({}) == {"status": "", "baseline": [], "interventions": []}


# -- the widget ------------------------------------------------------------------------------
def test_the_widget_keeps_no_text_of_the_page_in_anything_that_is_saved() -> None:
    face = TiltPage()
    kept = {"link", "problem", "layout", "tabbable", "tooltip", "pack"}
    assert {name for name in face.get_state() if not name.startswith("_")} <= kept


def test_the_widget_may_ask_for_what_its_page_needs() -> None:
    assert TiltPage.asks >= PAGE_ASKS
    assert {path for _, path in PAGE_ASKS} >= PAGE_AGAIN
    assert PAGE[-1].endswith(".css")


def test_the_history_tells_what_earlier_scores_were_made_of() -> None:
    face = TiltPage()
    now = state(0, 20, tilt_history=[[T0 // MILLISECOND - 9, 8, "NORMAL"]])
    assert face.view(now)["course"][0][3] is None
    body = {"scores": [[T0 // MILLISECOND - 9, 8, "NORMAL", {"gap": 8}]]}
    assert face.answered("/tilt/history", 200, body)["view"]["baseline"] == []
    assert face.view(now | {"tilt": 21})["course"][0][3] == {"gap": 8}


def test_answers_to_the_page_itself_gain_no_words() -> None:
    assert TiltPage().answered("/journal/draft", 200, {"text": "secret"}) == {}
