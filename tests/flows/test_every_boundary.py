"""A recorded week of tilt, restarted at every event: score, level, timers and tier bit for bit."""

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.commands import Command, DropTimer, SetTimer
from genesis.domain.events import (
    BalanceReported,
    Event,
    FeedLost,
    FeedRestored,
    JournalAssessed,
    RunStarted,
    TimerFired,
)
from genesis.domain.outcomes import TierChanged, TiltLevelChanged
from genesis.domain.time import DAY, HOUR, MINUTE
from genesis.engine.engine import Engine
from genesis.rules import load
from genesis.sim.sample import START_NS
from genesis.store.codec import decode, encode
from genesis.store.database import DATABASE_NAME
from genesis.store.event_log import EventLog
from genesis.store.steps import LoggedStep
from genesis.tilt import TiltDetector
from tests.support.ceremony_home import LOWERED, PHRASE, PRICE, Recording

RULES = LOWERED + "[risk]\ndaily_loss_fraction = 0.001\n"
RISKS = "I ACCEPT THE RISKS"
BEGIN_NS = START_NS - 9 * DAY


def at_hour(told: Recording, hour: int, days: int = 0) -> None:
    told.until((told.now_ns // DAY + days) * DAY + hour * HOUR)


def page(told: Recording, digit: str) -> None:
    told.tell(JournalAssessed(told.now_ns, digit * 64, 512, True, "accepted"))


def patiently(told: Recording, leave_at: int) -> None:
    """Asked for, and again a minute later where he is told to; half an hour later out."""
    told.price(PRICE)
    told.buy()
    told.until(told.now_ns + MINUTE)
    if not told.engine.state.ledger.positions:
        told.buy()
    assert told.engine.state.ledger.positions
    told.until(told.now_ns + HOUR // 2)
    told.price(Decimal(leave_at))
    told.close()


def lived(told: Recording) -> None:
    """Good days, the ceremony, three chases with a page, a lock and an override, an emergency."""
    while told.engine.state.tiers.state.mode is not TierMode.CEREMONY:
        at_hour(told, 9)
        told.act("", "SESSION_START")
        for _ in range(2):
            told.trade("61200")
            told.until(told.now_ns + 2 * HOUR)
        told.act("", "SESSION_END")
        told.until((told.now_ns // DAY + 1) * DAY + 10 * MINUTE)
    at_hour(told, 8)
    told.act("ceremony", "CEREMONY_STEP", phrase=PHRASE.lower())
    told.act("ceremony", "CEREMONY_STEP", phrase=PHRASE)
    assert told.engine.state.tiers.state.tier is Tier.HUNTER
    at_hour(told, 11)
    told.chase()
    told.until(told.now_ns + 25 * MINUTE)
    page(told, "a")
    told.until(told.now_ns + HOUR // 2)
    patiently(told, 60_300)
    told.until(told.now_ns + HOUR)
    told.chase(lambda level: level is TiltLevel.LOCKED)
    page(told, "b")
    at_hour(told, 9, days=1)
    told.until(told.now_ns + 3 * HOUR)
    patiently(told, 60_300)
    at_hour(told, 9, days=1)
    told.chase()
    told.act("override", "OVERRIDE_ATTEMPT", phrase="please", reason="accepted", page="c" * 64)
    told.until(told.now_ns + 5 * MINUTE)
    told.act("override", "OVERRIDE_ATTEMPT", phrase=RISKS, reason="accepted", page="d" * 64)
    told.until(told.now_ns + 5 * HOUR)
    patiently(told, 45_000)
    assert told.engine.state.tiers.state.mode is TierMode.EMERGENCY
    page(told, "e")
    at_hour(told, 9, days=1)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> list[LoggedStep]:
    """The steps as they come back from the disk."""
    home = tmp_path_factory.mktemp("week") / "home"
    with Recording(home, RULES, BEGIN_NS) as told:
        lived(told)
    with EventLog.open(home / DATABASE_NAME) as log:
        return list(log.read())


@pytest.fixture(scope="module")
def rules_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "rules.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


class Known(NamedTuple):
    """What discipline knows at a moment."""

    score: object
    level: object
    detector: bytes
    override: object
    caution: object
    pages: object
    tilt_wakes_ns: int | None
    tier: object
    tier_pages: int
    tier_wakes_ns: int | None
    evaluated: object
    halted: object
    streak: object
    breakers: object


def known(engine: Engine) -> Known:
    tilt, tiers, risk = engine.state.tilt, engine.state.tiers, engine.state.risk
    return Known(
        tilt.score(engine.state.now_ns),
        tilt.state,
        tilt.detector.snapshot(),
        tilt.override,
        tilt.caution,
        (tilt.pages_used, tilt.pages_due),
        tilt.next_wake_ns(),
        tiers.state,
        tiers.pages_due,
        tiers.next_wake_ns(),
        tiers.evaluated,
        risk.drawdown.halted,
        repr(risk.streak),
        risk.breakers.next_wake_ns(),
    )


class Timers:
    """Timers as a runner keeps them."""

    def __init__(self) -> None:
        self.due: dict[str, int] = {}

    def took(self, event: Event, commands: tuple[Command, ...]) -> None:
        if isinstance(event, TimerFired):
            self.due.pop(event.key, None)
        for command in commands:
            if isinstance(command, SetTimer):
                self.due[command.key] = command.at_ns
            elif isinstance(command, DropTimer):
                self.due.pop(command.key, None)


def started(now_ns: int, rules: object) -> Iterator[Event]:
    """What a service tells its engine when it goes on with a home."""
    name, text, sha = rules.name, rules.text, rules.sha256  # type: ignore[attr-defined]
    yield RunStarted(now_ns, 2, name, text, sha, "c" * 64, "0", ("BTC/USDT",))
    for stream in ("market", "user"):
        yield FeedLost(now_ns, stream, "not connected yet")
    for stream in ("market", "user"):
        yield FeedRestored(now_ns, stream)
    yield BalanceReported(now_ns, ())


def test_the_week_has_everything_in_it(week: list[LoggedStep]) -> None:
    outcomes = [outcome for step in week for outcome in step.outcomes]
    levels = {one.new for one in outcomes if isinstance(one, TiltLevelChanged)}
    modes = {one.mode for one in outcomes if isinstance(one, TierChanged)}
    assert levels == set(TiltLevel)
    assert modes >= {TierMode.PAPER48, TierMode.CEREMONY, TierMode.ADJUST48, TierMode.EMERGENCY}
    verbs = {getattr(step.event, "verb", "") for step in week}
    assert verbs >= {"trade", "ceremony", "override", "close"}
    assert len([step for step in week if isinstance(step.event, JournalAssessed)]) == 3


def test_a_detector_restored_at_every_event_goes_on_bit_for_bit(
    week: list[LoggedStep], rules_file: Path
) -> None:
    """I38, of everything that follows in the whole engine: outcomes, commands, snapshots."""
    rules = load(rules_file)
    plain, restored = Engine(rules, seed="0"), Engine(rules, seed="0")
    for number, step in enumerate(week):
        expected = plain.handle(step.event)
        assert (expected.outcomes, expected.commands) == (step.outcomes, step.commands), number
        tilt = restored.state.tilt
        tilt._detector = TiltDetector.restore(rules.tilt, tilt.detector.snapshot())
        found = restored.handle(decode(*encode(step.event)))
        assert found == expected, f"event {number}, {step.event}"
        assert known(restored) == known(plain), f"event {number}, {step.event}"


def test_a_restart_at_every_event_changes_nothing_of_discipline(
    week: list[LoggedStep], rules_file: Path
) -> None:
    """The fold of the events so far, and a run that begins there: nothing moves, no timer is lost.

    After the last event of the record the run has ended; a start there is one of them.
    """
    rules = load(rules_file)
    engine, timers = Engine(rules, seed="0"), Timers()
    opened = 8  # the account is open and reconciled from here on
    for number, step in enumerate(week):
        timers.took(step.event, engine.handle(step.event).commands)
        if number < opened:
            continue
        again, kept = deepcopy(engine), deepcopy(timers)
        before, now_ns = known(again), again.state.now_ns
        for event in started(now_ns, rules):
            kept.took(event, again.handle(event).commands)
        assert known(again) == before, f"event {number}, {step.event}"
        assert kept.due == timers.due, f"event {number}, {step.event}"
