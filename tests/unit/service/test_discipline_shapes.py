"""What faces read about tilt and tiers, over an engine that a test drives."""

from decimal import Decimal
from typing import Any

import pytest

from genesis.domain.account import Tier, TierMode
from genesis.domain.time import DAY, HOUR, MILLISECOND
from genesis.panels.tilt_view import LEVELS, levels
from genesis.rules import load
from genesis.service.api.discipline_bodies import TierPath, TiltHistory, read_override
from genesis.service.api.discipline_shapes import DisciplineShapes
from genesis.service.api.tier_plan import plan
from genesis.service.readings import Readings
from genesis.tiers.state import TierState
from tests.support.engines import Bench

TABLE = load("sniper").tiers
PHRASE = "I understand the responsibilities"


class Told:
    """Shapes over a bench; readings take what it did so far."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        readings = Readings()
        for step in bench.steps:
            readings.take(step)
        self.shapes = DisciplineShapes(bench.engine, readings, self, lambda: [(1, 2, "NORMAL")])

    def now_ns(self) -> int:
        return self.bench.now_ns

    def elapsed_ns(self) -> int:
        return 0


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_path_of_a_new_account_fits_its_model(bench: Bench) -> None:
    path = Told(bench).shapes.tier_path()
    TierPath.model_validate(path)
    assert (path["mode"], path["next_tier"], path["evaluation"]) == ("ACTIVE", "HUNTER", None)
    assert [step["reason"] for step in path["history"]] == ["account opened"]
    bench.later(DAY // 10**9 + 600)
    later = Told(bench).shapes.tier_path()
    assert later["evaluation"]["passed"] is False
    assert {gate["gate"] for gate in later["gates"]} >= {"capital", "days_at_tier"}


def test_the_rules_that_faces_word_are_told_with_the_history(bench: Bench) -> None:
    told, rules = Told(bench).shapes.tilt_history(), load("sniper").tilt
    TiltHistory.model_validate(told)
    assert rules.override is not None
    assert told["override"]["phrase"] == rules.override.phrase
    assert told["override"]["characters_min"] == rules.override.characters_min
    assert told["override"]["limited_ms"] * MILLISECOND == rules.override.limited_ns
    assert told["override"]["limited_multiplier"] == "0.25"
    assert told["recovery"]["limited_multiplier"] == "0.5"
    assert levels(told["levels"] | told["interventions_ask"]) == LEVELS
    assert told["interventions_ask"] == {"confirm_ms": 60_000, "session_ms": 1_800_000}
    assert told["page"]["words_min"] == rules.journal.words_min


def test_a_halt_leaves_every_position_to_be_reduced_only(bench: Bench) -> None:
    bench.open_position()
    assert Told(bench).shapes.tier_path()["reduce_only"] == []
    bench.act("halt", reason="enough")
    [left] = Told(bench).shapes.tier_path()["reduce_only"]
    assert left["symbol"] == "BTC/USDT" and Decimal(left["quantity"]) > 0


def test_today_stands_beside_what_is_usual(bench: Bench) -> None:
    before = {b["indicator"]: b for b in Told(bench).shapes.tilt_history()["baseline"]}
    assert before["gap"]["usual"] == "10 min"
    assert before["gap"]["today"] == before["cancel"]["today"] == "nothing yet"
    for _ in range(3):
        bench.buy("10")
        bench.later(45)
    told = Told(bench).shapes.tilt_history()
    TiltHistory.model_validate(told)
    after = {b["indicator"]: b for b in told["baseline"]}
    assert after["gap"]["today"] == "45 s"
    assert after["size"]["today"].endswith("% of the cap")
    assert told["status"] == "LEARNING"
    bench.later(DAY // 10**9)
    tomorrow = {b["indicator"]: b for b in Told(bench).shapes.tilt_history()["baseline"]}
    assert tomorrow["gap"]["today"] == "nothing yet"


@pytest.mark.parametrize("tier", Tier)
@pytest.mark.parametrize("mode", TierMode)
def test_every_mode_has_a_calm_plan(mode: TierMode, tier: Tier) -> None:
    lines = plan(TierState(tier, mode, 0, until_ns=DAY), TABLE, None)
    assert lines and all("!" not in line and line.endswith(".") for line in lines)


def test_the_plan_names_numbers_and_dates() -> None:
    held = TierState(Tier.HUNTER, TierMode.ADJUST48, 0, no_promotion_before_ns=30 * DAY)
    told = " ".join(plan(held, TABLE, None))
    assert "50 % of usual" in told and "48 hours and 10 trades" in told
    assert "1970-01-31 00:00 UTC" in told
    open_now = TierState(Tier.SNIPER, TierMode.CEREMONY, 0, until_ns=HOUR)
    assert "1970-01-01 01:00 UTC" in " ".join(plan(open_now, TABLE, PHRASE))


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"", "body"),
        (b"[]", "body"),
        (b'{"confirmation":"x"}', "journal_entry"),
        (b'{"journal_entry":"x","confirmation":1}', "confirmation"),
        (b'{"journal_entry":"x","confirmation":"x","opened_at":"never"}', "opened_at"),
        (b'{"journal_entry":"x","confirmation":"x","more":1}', "more"),
        (b'{"journal_entry":"x","confirmation":"x","deltas":[{"ts_ms":-1,"inserted":1}]}', "ts_ms"),
    ],
)
def test_a_malformed_override_is_named(raw: bytes, complaint: str) -> None:
    body, problem = read_override(raw)
    assert body is None
    assert complaint in problem


def test_a_whole_override_is_read() -> None:
    body: Any
    body, problem = read_override(b'{"journal_entry":"x","confirmation":"y"}')
    assert (body.journal_entry, body.confirmation, body.deltas, problem) == ("x", "y", None, "")
