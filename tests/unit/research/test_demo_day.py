"""The recorded demo day: the arc it promises, the same every time, and verified by a replay."""

import pytest

from genesis.analytics import SessionType
from genesis.cli.main import main
from genesis.domain.events import JournalAssessed
from genesis.errors import ConfigError, UsageError
from genesis.research import TradingDay, demo_day, tilt_cost, why
from genesis.research.demo_day import TOO_SOON


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    place = tmp_path_factory.mktemp("demo") / "day"
    demo_day(place)
    return place


@pytest.fixture(scope="module")
def day(home):
    return TradingDay.of("2024-01-01", home)


def test_the_arc(day):
    assert list(day.tilt.levels["level"])[:3] == ["NORMAL", "CAUTION", "WARNING"]
    assert list(day.tilt.interventions["how"]) == ["page"]
    assert {"EXPOSURE_REACHED", "TILT_WARNING"} <= set(day.refusals["code"])
    assert {"stop", "manual"} <= set(day.trades["reason"])
    assert [s.session_type for s in day.trading_sessions] == [
        SessionType.PAPER,
        SessionType.RECOVERY,
    ]
    assert day.is_paper
    assert not len(day.open_positions)


def test_the_page_was_judged_by_the_rules_and_its_text_is_nowhere(day, home):
    (page,) = (s.event for s in day.log.steps if isinstance(s.event, JournalAssessed))
    assert page.accepted
    assert page.word_count >= 500
    assert b"the market owed me" not in b"".join(
        file.read_bytes() for file in home.rglob("*") if file.is_file()
    )


def test_it_replays_to_the_same_decisions(home, capsys):
    assert main(["verify", "--home", str(home)]) == 0
    assert '"verified": true' in capsys.readouterr().out


def test_it_is_the_same_every_time(day):
    again = demo_day()
    assert again.end_usdt == day.end_usdt
    assert again.trades.equals(day.trades)


def test_a_used_home_is_refused(home):
    with pytest.raises(ConfigError, match="used before"):
        demo_day(home)


def test_its_orders_can_be_asked(home):
    assert why(TOO_SOON, home).story.end == "refused: nothing was sent"
    assert "tilt score" in repr(why("demo-1", home)) or "not scored" in repr(why("demo-1", home))
    with pytest.raises(UsageError, match="no such order"):
        why("demo-999", home)


def test_the_cost_of_tilt_is_honest_about_one_day(home, day):
    cost = tilt_cost(home)
    assert cost.impact.trades == len(day.trades)
    assert 0 < cost.impact.tilted < 10
    assert not cost.impact.is_evidence
    bundle = cost._repr_mimebundle_()
    assert "no evidence yet" in bundle["text/html"]
    assert cost == tilt_cost(home)
    assert cost.bands["trades"].sum() == len(day.trades)
