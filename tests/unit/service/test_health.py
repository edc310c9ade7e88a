"""What /health tells about new risk and about the line to the venue."""

from genesis.cli.line import line_lines
from genesis.domain.events import FeedLost, FeedRestored, RunStarted
from genesis.engine.engine import Engine
from genesis.exchange.breaker import State
from genesis.exchange.traffic import Told
from genesis.rules import load
from genesis.service.health import Health, metrics, new_risk_problem
from genesis.service.readings import Readings
from tests.support.clocks import VirtualClock
from tests.support.engines import T0, Bench


def test_a_service_that_takes_no_new_risk_is_degraded_and_says_why() -> None:
    bench = Bench()
    health = Health(VirtualClock(T0), 0, {"new_risk": lambda: new_risk_problem(bench.engine)})
    assert health.told()["status"] == "healthy"
    bench.tell(FeedLost(bench.now_ns, "market", "silent for 5 s"))
    told = health.told()
    assert told["status"] == "degraded"
    assert "feed market" in told["components"]["new_risk"]
    bench.tell(FeedRestored(bench.now_ns, "market"))
    assert health.told()["status"] == "healthy"


def test_an_account_that_was_never_opened_is_no_health() -> None:
    rules = load("sniper")
    engine = Engine(rules)
    engine.handle(RunStarted(T0, 1, rules.name, rules.text, rules.sha256, "code", "0"))
    assert new_risk_problem(engine) == "the account is not opened yet"


LINE = Told(
    weight_used=40,
    weight_limit=6000,
    orders=(("10s", 2, 100), ("1d", 0, 200_000)),
    circuit=State.OPEN,
    silent_s=1.2,
    skew_ms=-3.04,
    latency_ms=1.26,
    order_latency_ms=None,
)


def test_the_traffic_with_the_venue_is_told_everywhere() -> None:
    """In /health, in /metrics, and in the line that people read."""
    bench = Bench()
    health = Health(VirtualClock(T0), 0, {}, lambda: LINE)
    told = health.told()["line"]
    assert told == {
        "weight_used": 40,
        "weight_limit": 6000,
        "orders": {"10s": {"used": 2, "limit": 100}, "1d": {"used": 0, "limit": 200_000}},
        "breaker": "OPEN",
        "silent_s": 2,
        "clock_skew_ms": -3.0,
        "latency_ms": 1.3,
        "order_latency_ms": None,
    }
    text = metrics(bench.engine, Readings(), health)
    for line in (
        "genesis_weight_used 40",
        "genesis_weight_limit 6000",
        "genesis_line_broken 1",
        "genesis_silent_seconds 1.2",
        "genesis_clock_skew_ms -3.040",
        "genesis_request_latency_ms 1.260",
    ):
        assert f"\n{line}\n" in text
    assert "genesis_order_latency_ms" not in text  # nothing is known of it yet
    assert line_lines(told) == [
        "venue      40 of 6000 weight used, 2 of 100 orders in 10s, breaker OPEN, "
        "answers in 1.3 ms, clock off by -3 ms, nothing may be sent for 2 s, no cancel either"
    ]
    assert line_lines(None) == []
