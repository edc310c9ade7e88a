"""The drawdown table: touching counts, HALT and the daily loss are confirmed, flows are neutral."""

from decimal import Decimal

from genesis.domain.outcomes import AlertRaised, Halted
from genesis.domain.time import DAY, SECOND
from genesis.risk.drawdown import Drawdown
from genesis.risk.limits import DrawdownTable, TierLimits
from tests.unit.risk.test_sizing import RULES

D = Decimal
TABLE = DrawdownTable(D(10), D(25), D(50), D(75))
LIMITS = TierLimits(D(2000), D("0.05"), D("0.01"), D("0.05"), 10, TABLE)
T0 = 20_000 * DAY


def opened() -> Drawdown:
    drawdown = Drawdown()
    drawdown.open(D(500))
    drawdown.start_day(T0, D(500), D(0), LIMITS, RULES)
    return drawdown


def mark(drawdown: Drawdown, seconds: int, equity: str, flows: str = "0", trade: str | None = "0"):
    at_ns, worst = T0 + seconds * SECOND, None if trade is None else D(trade)
    return drawdown.mark(at_ns, D(equity), D(equity), D(flows), worst, LIMITS, RULES)


def alerts(facts) -> list[str]:
    return [f.alert for f in facts if isinstance(f, AlertRaised)]


def test_touching_counts_and_each_row_is_raised_once_a_day() -> None:
    drawdown = opened()
    assert alerts(mark(drawdown, 1, "475.01")) == ["NEAR_WARNING"]
    assert alerts(mark(drawdown, 2, "475")) == ["WARNING"]
    assert drawdown.warned_today
    assert alerts(mark(drawdown, 3, "470")) == []


def test_info_looks_at_a_single_trade() -> None:
    drawdown = opened()
    assert alerts(mark(drawdown, 1, "490.5", trade="-9.99")) == []
    assert alerts(mark(drawdown, 2, "490", trade="-10")) == ["INFO"]


def test_critical_blocks_until_the_next_utc_day() -> None:
    drawdown = opened()
    assert "CRITICAL" in alerts(mark(drawdown, 1, "450"))
    assert drawdown.critical_until_ns == T0 + DAY
    drawdown.start_day(T0 + DAY, D(450), D(0), LIMITS, RULES)
    assert drawdown.critical_until_ns is None


def test_one_bad_mark_does_not_halt_three_over_two_seconds_do() -> None:
    drawdown = opened()
    assert not any(isinstance(f, Halted) for f in mark(drawdown, 1, "420"))
    assert drawdown.is_confirming
    mark(drawdown, 2, "500")
    assert not drawdown.is_confirming
    mark(drawdown, 3, "425")
    mark(drawdown, 4, "425")
    assert drawdown.halted is None
    facts = mark(drawdown, 5, "425")
    assert drawdown.halted is not None
    assert "HALT" in alerts(facts)


def test_the_daily_loss_must_be_strictly_more_than_its_fraction() -> None:
    drawdown = opened()
    for second in range(1, 6):
        assert "DAILY_LOSS" not in alerts(mark(drawdown, second, "425"))
    found = [a for second in range(6, 12) for a in alerts(mark(drawdown, second, "424.99"))]
    assert "DAILY_LOSS" in found


def test_flows_move_no_limit() -> None:
    drawdown, other = opened(), opened()
    for second, equity in enumerate(("480", "474", "460", "449")):
        one = alerts(mark(drawdown, second, equity))
        two = alerts(mark(other, second, str(D(equity) + 300), flows="300"))
        assert one == two


def test_the_fall_counts_from_the_peak() -> None:
    drawdown = opened()
    mark(drawdown, 1, "540")
    assert "CRITICAL" in alerts(mark(drawdown, 2, "490"))


def test_without_a_position_a_breach_is_certain_at_once() -> None:
    drawdown = opened()
    assert {"HALT", "CRITICAL"} <= set(alerts(mark(drawdown, 1, "425", trade=None)))
    assert drawdown.halted is not None


def test_critical_is_armed_again_only_after_a_recovery() -> None:
    drawdown = opened()
    mark(drawdown, 1, "450")
    drawdown.start_day(T0 + DAY, D(450), D(0), LIMITS, RULES)
    assert "CRITICAL" not in alerts(mark(drawdown, 86_401, "450"))
    assert drawdown.critical_until_ns is None
    drawdown.start_day(T0 + 2 * DAY, D(470), D(0), LIMITS, RULES)
    assert "CRITICAL" in alerts(mark(drawdown, 2 * 86_400 + 1, "449"))


def test_two_marks_far_apart_are_not_yet_a_confirmation() -> None:
    drawdown = opened()
    mark(drawdown, 1, "425")
    mark(drawdown, 60, "425")
    assert drawdown.halted is None
    mark(drawdown, 61, "425")
    assert drawdown.halted is not None


def test_three_marks_within_two_seconds_are_not_yet_a_confirmation() -> None:
    drawdown = opened()
    for _ in range(4):
        mark(drawdown, 1, "425")
    assert drawdown.halted is None
