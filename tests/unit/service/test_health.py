"""What /health tells about new risk."""

from genesis.domain.events import FeedLost, FeedRestored, RunStarted
from genesis.engine.engine import Engine
from genesis.rules import load
from genesis.service.health import Health, new_risk_problem
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
