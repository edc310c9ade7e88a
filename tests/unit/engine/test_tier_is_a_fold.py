"""Whatever is asked at the public door, the tier is what the log says, and nothing else sets it."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.account import Tier
from genesis.domain.outcomes import TierChanged
from genesis.engine.engine import Engine
from genesis.rules import load
from genesis.rules.edits import split
from tests.support.engines import Bench
from tests.unit.engine.test_rule_edits import want

PHRASE = "I understand the responsibilities"
CALLS = st.sampled_from(
    [
        ("ceremony", {"phrase": PHRASE}),
        ("go_live", {"phrase": "I have read the go-live protocol"}),
        ("step_down", {}),
        ("reset", {"reason": "x" * 120}),
        ("override", {"phrase": "I ACCEPT THE RISKS", "reason": "accepted", "page": "p"}),
        ("halt", {"reason": "I need a break"}),
        ("buy", {}),
        ("rules", {}),
        ("restart", {}),
        ("wait", {}),
    ]
)


@settings(max_examples=40, deadline=None)
@given(calls=st.lists(CALLS, max_size=8))
def test_no_public_call_makes_a_tier_that_the_log_does_not(
    calls: list[tuple[str, dict[str, Any]]],
) -> None:
    """I1, I13."""
    bench = Bench()
    for verb, more in calls:
        match verb:
            case "buy":
                bench.buy()
            case "rules":
                want(bench, "tiers.gates.SNIPER.days_at_tier = 1\ntiers.opening_tier = 'HUNTER'")
            case "restart":
                bench.rules = bench.engine.state.rules
                bench.start(2)
                bench.reconciled()
            case "wait":
                bench.later(86_400)
            case _:
                bench.act(verb, **more)
    held = bench.engine.state.tiers.state
    told = [o for step in bench.steps for o in step.outcomes if isinstance(o, TierChanged)]
    last = told[-1] if told else None
    assert held.tier is Tier.SNIPER  # nobody passed a gate
    if last is not None:
        assert (held.tier, held.mode) == (last.tier, last.mode)
    again = Engine(load("sniper"), editor=split)
    for step in bench.steps:
        assert again.handle(step.event) == step
    assert again.state.tiers.state == held
