"""When the score will be calm again, found without walking there; what a page takes away."""

from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from genesis.domain.account import TiltLevel
from genesis.domain.events import JournalAssessed
from genesis.domain.time import HOUR, MICROSECOND, SECOND
from genesis.rules import load, parse
from genesis.tilt import TiltDetector
from genesis.tilt.gauge import Gauge
from genesis.tilt.rules import TiltRules
from tests.support.acts import act, close, feed
from tests.support.old_rules import text_before_own_doing

RULES = load("sniper").tilt
T_US = 1_704_067_200_000_000
AMOUNTS = st.fixed_dictionaries({name: st.floats(0, 8) for name in RULES.indicators})


@given(AMOUNTS, st.integers(0, 20_000), st.booleans())
@example(dict.fromkeys(RULES.indicators, 8.0), 0, True)
@example({**dict.fromkeys(RULES.indicators, 0.0), "size_l": 8.0}, 0, False)
def test_the_calm_moment_is_the_first_whole_second(
    amounts: dict[str, float], apart_s: int, has_points: bool
) -> None:
    gauge = Gauge(RULES)
    for at, (name, amount) in enumerate(amounts.items()):
        gauge.add({name: amount}, T_US + at % 2 * apart_s * 1_000_000)
    if has_points:
        gauge.tell("override", T_US)
    since_ns = max((gauge.evidence.at_us, *gauge.points.at_us.values())) * MICROSECOND
    calm_ns = gauge.calms_ns()
    assert gauge.is_calm(calm_ns)
    assert (calm_ns - since_ns) % SECOND == 0
    assert calm_ns == since_ns or not gauge.is_calm(calm_ns - SECOND)


def points_after(rules: TiltRules, way_out: str) -> tuple[TiltDetector, dict[str, float]]:
    """A large loss, money added and rules loosened after it: WARNING by points alone."""
    detector = TiltDetector(rules)
    feed(detector, [close(0, -3.2), act(600, "DEPOSIT"), act(600, "RULE_EDIT", reason="loosen")])
    assert detector.state.level is TiltLevel.WARNING
    if way_out == "page":
        detector.assessed(JournalAssessed(detector.now_ns, "a" * 64, 520, True, "accepted"))
    else:
        detector.overridden(detector.now_ns, Decimal("0.25"), detector.now_ns + HOUR)
    assert detector.state.level is TiltLevel.CAUTION
    return detector, dict(detector.points.at(detector.now_ns // MICROSECOND, rules))


def test_a_page_makes_the_same_share_of_points_go_away() -> None:
    detector, left = points_after(RULES, "page")
    assert left == {"deposit": 1.0, "edit": 1.0}
    assert detector.score().score < RULES.levels.caution_enter
    feed(detector, [act(900, "COMMAND", parse_ok=False)])  # a slip is no relapse
    assert detector.check_intervention_required() is None
    assert TiltDetector.restore(RULES, detector.snapshot()).snapshot() == detector.snapshot()


def test_an_override_takes_none_away_nor_does_a_page_under_old_rules() -> None:
    whole = {"deposit": 2.0, "edit": 2.0}
    assert points_after(RULES, "override")[1] == whole
    old = parse(text_before_own_doing(load("sniper").text)).tilt
    assert points_after(old, "page")[1] == whole
