"""When the score will be calm again, found without walking there."""

from hypothesis import example, given
from hypothesis import strategies as st

from genesis.domain.time import MICROSECOND, SECOND
from genesis.rules import load
from genesis.tilt.gauge import Gauge

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
        gauge.add([(name, amount)], T_US + at % 2 * apart_s * 1_000_000)
    if has_points:
        gauge.tell("override", T_US)
    since_ns = max((*gauge.evidence.at_us.values(), *gauge.points.at_us.values())) * MICROSECOND
    calm_ns = gauge.calms_ns()
    assert gauge.is_calm(calm_ns)
    assert (calm_ns - since_ns) % SECOND == 0
    assert calm_ns == since_ns or not gauge.is_calm(calm_ns - SECOND)
