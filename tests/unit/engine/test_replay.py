"""Replay: the same decisions, or the first difference by name."""

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal, localcontext
from pathlib import Path

import pytest

from genesis.domain.commands import SetTimer
from genesis.domain.events import Event, FeedLost, OperatorActed, RunStarted
from genesis.domain.outcomes import CommandAnswered, OrderApproved
from genesis.engine.digest import DecisionDigest
from genesis.engine.replay import Difference, Replayable, replay
from genesis.engine.step import Step
from genesis.errors import EventLogError, InvariantBroken
from genesis.service.strategies import engine_for
from genesis.store.database import DATABASE_NAME, Database
from genesis.store.reader import LogReader
from genesis.store.steps import LoggedStep
from tests.support.build import BTC
from tests.support.recorded_home import record_home

STARTED = RunStarted(1, 1, "r", "", "", "", "0")


class Echo:
    """Answers every lost feed; counts over all runs."""

    def __init__(self) -> None:
        self.count = 0

    def handle(self, event: Event) -> Step:
        if not isinstance(event, FeedLost):
            return Step(event)
        self.count += 1
        if event.stream == "bad":
            raise InvariantBroken("cannot be")
        answer = CommandAnswered(event.ts_ns, None, event.stream, True, str(self.count))
        return Step(event, (answer,), (SetTimer(event.stream, self.count),))


def echo(_: RunStarted, engine: Replayable | None) -> Replayable:
    return engine or Echo()


def recorded(*streams: str) -> list[LoggedStep]:
    engine = Echo()
    events: list[Event] = [STARTED, *(FeedLost(2, stream) for stream in streams)]
    steps = [engine.handle(event) for event in events]
    return [
        LoggedStep(1, number, step.event, step.outcomes, step.commands)
        for number, step in enumerate(steps, 1)
    ]


def test_the_same_events_give_the_same_digest() -> None:
    steps = recorded("a", "b")
    digest = DecisionDigest()
    for step in steps:
        digest.add(Step(step.event, step.outcomes, step.commands))
    found = replay(steps, echo)
    assert found.first_difference is None
    assert (found.digest, found.events) == (digest.hexdigest(), 3)


class Third(Echo):
    """Tells the third part of what it counted."""

    def handle(self, event: Event) -> Step:
        step = super().handle(event)
        told = str(Decimal(2) / 3)
        outcomes = tuple(replace(one, text=told) for one in step.outcomes)
        return step._replace(outcomes=outcomes)


def test_sums_come_out_as_recorded_whatever_the_caller_rounds_like() -> None:
    engine = Third()
    steps = [
        LoggedStep(1, number, event, step.outcomes, step.commands)
        for number, event in enumerate((STARTED, FeedLost(2, "a")), 1)
        for step in (engine.handle(event),)
    ]
    with localcontext(prec=9, rounding=ROUND_DOWN):
        found = replay(steps, lambda started, engine: engine or Third())
    assert found.first_difference is None


@pytest.mark.parametrize(
    ("change", "place", "before", "after"),
    [
        (lambda s: replace(s, outcomes=()), "outcome 0", "nothing", "CommandAnswered {"),
        (lambda s: replace(s, commands=()), "command 0", "nothing", "SetTimer {"),
        (
            lambda s: replace(s, commands=(*s.commands, SetTimer("x", 1))),
            "command 1",
            'SetTimer {"at_ns":1,"key":"x"}',
            "nothing",
        ),
        (
            lambda s: replace(s, outcomes=(replace(s.outcomes[0], text="7"),)),
            "outcome 0",
            '"text":"7"',
            '"text":"2"',
        ),
    ],
)
def test_the_first_difference_is_named(
    change: Callable[[LoggedStep], LoggedStep], place: str, before: str, after: str
) -> None:
    steps = recorded("a", "b", "c")
    steps[2] = change(steps[2])
    steps[3] = replace(steps[3], outcomes=())
    found = replay(steps, echo)
    first = found.first_difference
    assert isinstance(first, Difference)
    assert (first.run, first.step, first.ts_ns, first.event) == (1, 3, 2, "FeedLost")
    assert first.place == place
    assert before in first.recorded
    assert after in first.recomputed
    assert found.events == 4, "the digest covers all events"
    assert found.digest == replay(recorded("a", "b", "c"), echo).digest
    assert "\n" not in str(first)


def test_an_engine_that_raises_differs_there() -> None:
    steps = recorded("a")
    steps.append(LoggedStep(1, 3, FeedLost(5, "bad")))
    found = replay(steps, echo)
    assert found.first_difference is not None
    assert found.first_difference.step == 3
    assert "InvariantBroken" in found.first_difference.recomputed


def test_one_engine_goes_through_all_runs_and_is_told_of_each() -> None:
    steps = recorded("a")
    second = replace(STARTED, run=2, rules_text="other")
    steps += [
        LoggedStep(2, 3, second),
        replace(recorded("b", "b")[2], run=2, step=4),
    ]
    told: list[str] = []

    def engine(started: RunStarted, before: Replayable | None) -> Replayable:
        told.append(started.rules_text)
        return before or Echo()

    assert replay(steps, engine).first_difference is None
    assert told == ["", "other"]


def test_events_before_the_first_run_stand_under_it() -> None:
    steps = recorded("a")
    assert replay([steps[1], steps[0]], echo).first_difference is None
    with pytest.raises(EventLogError, match="no run was ever started"):
        replay(steps[1:], echo)


def test_an_empty_log_is_the_same() -> None:
    assert replay([], echo).first_difference is None


# -- the real engine over a real log ---------------------------------------------------------
@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[LoggedStep]]:
    home = tmp_path_factory.mktemp("recorded")
    digest = record_home(home)
    database = Database.open(home / DATABASE_NAME, read_only=True)
    steps = list(LogReader(database).read())
    database.close()
    return digest, steps


def test_the_engine_replays_two_runs_from_disk_to_the_same_digest(
    logged: tuple[str, list[LoggedStep]],
) -> None:
    digest, steps = logged
    seen: list[int] = []
    found = replay(steps, engine_for, lambda step: seen.append(step.step))
    assert found.first_difference is None
    assert found.digest == digest
    assert seen == list(range(1, len(steps) + 1))
    approved = [o for step in steps for o in step.outcomes if isinstance(o, OrderApproved)]
    assert {outcome.key.run for outcome in approved} == {1, 2}, "both runs must have decided"


def test_amounts_replay_alike_however_the_venue_writes_them(tmp_path: Path) -> None:
    """The log keeps 0.01 of 0.01000000: no text that is decided may tell them apart."""
    venue = replace(BTC, price_tick=Decimal("0.01000000"), qty_lot=Decimal("0.00001000"))
    digest = record_home(tmp_path, venue)
    database = Database.open(tmp_path / DATABASE_NAME, read_only=True)
    found = replay(LogReader(database).read(), engine_for)
    database.close()
    assert found.first_difference is None, str(found.first_difference)
    assert found.digest == digest


def test_another_input_is_noticed(logged: tuple[str, list[LoggedStep]]) -> None:
    _, steps = logged
    place = next(i for i, step in enumerate(steps) if isinstance(step.event, OperatorActed))
    act = steps[place].event
    assert isinstance(act, OperatorActed)
    changed = list(steps)
    changed[place] = replace(steps[place], event=replace(act, amount_usdt=Decimal(10)))
    first = replay(changed, engine_for).first_difference
    assert first is not None
    assert (first.step, first.event) == (place + 1, "OperatorActed")


def test_other_rules_are_noticed(logged: tuple[str, list[LoggedStep]]) -> None:
    _, steps = logged
    second = next(
        step.event for step in steps if isinstance(step.event, RunStarted) and step.run == 2
    )
    first = next(iter(steps))
    assert isinstance(first.event, RunStarted)
    research = replace(first.event, rules_text=second.rules_text)
    changed = [replace(first, event=research), *steps[1:]]
    assert replay(changed, engine_for).first_difference is not None
