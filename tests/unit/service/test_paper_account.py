"""An account on paper is a fold of its stream, wherever the record of it ends."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.domain.account import Balance, TiltLevel
from genesis.domain.commands import Command
from genesis.domain.events import (
    AccountOpened,
    BalanceReported,
    Event,
    InstrumentReported,
    OperatorActed,
    OrderEvent,
    OrderExpired,
    RunStarted,
    TimerFired,
)
from genesis.domain.ids import OrderKey
from genesis.domain.orders import OrderType, Side
from genesis.domain.outcomes import Outcome
from genesis.domain.time import DAY, HOUR, MINUTE, SECOND
from genesis.engine.step import Step
from genesis.errors import EventLogError
from genesis.rules import load
from genesis.service.paper_account import PaperAccount, restored
from tests.support.build import BTC, tick

RULES = load("sniper")
T0 = 20_000 * DAY - 3 * MINUTE  # a midnight lies within
SYMBOL = "BTC/USDT"
CASH = (Balance("USDT", Decimal(2000), Decimal(0)),)
STARTED = RunStarted(T0, 1, RULES.name, RULES.text, RULES.sha256, "code", "0", (SYMBOL,))
_RUN = ("rules_name", "rules_text", "rules_sha256", "code_sha256", "seed", "symbols")
OPENED = AccountOpened(T0, "paper", "paper-1", True, "USDT", CASH)
OPENING: tuple[Event, ...] = (
    STARTED,
    OPENED,
    InstrumentReported(T0, BTC),
    BalanceReported(T0, CASH),
    tick(T0, "60000", trade_id=1),
)


@dataclass(frozen=True)
class Noted:
    """One step as a log gives it back."""

    event: Event
    outcomes: tuple[Outcome, ...]
    commands: tuple[Command, ...]
    run: int = 1
    step: int = 0


def act(at_ns: int, verb: str, kind: str = "COMMAND", **given: object) -> OperatorActed:
    return OperatorActed(at_ns, kind, f"ref{at_ns}", verb, **given)  # type: ignore[arg-type]


def buy(at_ns: int, usdt: int = 50, limit: Decimal | None = None) -> OperatorActed:
    kind = OrderType.MARKET if limit is None else OrderType.LIMIT
    return act(
        at_ns, "trade", "ORDER_SUBMIT", symbol=SYMBOL, side=Side.BUY, order_type=kind,
        amount_usdt=Decimal(usdt), price=limit, latency_ms=4000,
    )  # fmt: skip


def close(at_ns: int) -> OperatorActed:
    return act(at_ns, "close", symbol=SYMBOL, reduces_risk=True)


class Story:
    """An account, and the steps it has written down."""

    def __init__(self) -> None:
        self.steps: list[Noted] = []
        self.account = PaperAccount(STARTED, OPENED)
        for event in OPENING:
            self.take(event)

    def write(self, step: Step) -> None:
        self.steps.append(Noted(step.event, step.outcomes, step.commands))

    def take(self, event: Event) -> Step:
        return self.account.take(event, self.write)


def state(account: PaperAccount) -> tuple[object, ...]:
    """What two accounts must agree on to be the same."""
    engine = account.engine.state
    return (
        engine.now_ns,
        engine.ledger.balances,
        engine.ledger.positions,
        engine.execution.protector.stops,
        engine.tilt.detector.snapshot(),
        engine.tiers.state,
        tuple(engine.tiers.history.days),
        account.balances,
        account.session,
        account.timers.next_ns(),
        len(account.timers),
        account.ended,
    )


def test_an_order_is_filled_by_the_exchange_of_the_account_alone() -> None:
    story = Story()
    story.take(buy(T0 + SECOND))
    position = story.account.engine.view.position(SYMBOL)
    assert position is not None and position.entry_price == 60_000
    held = {one.asset: one.total for one in story.account.balances}
    assert held["BTC"] == position.qty  # the exchange took its fee of it
    assert held["USDT"] < 2000
    assert held == {k: v for k, v in story.account.engine.state.ledger.balances.items() if v}
    story.take(tick(T0 + 2 * SECOND, "50000", trade_id=2))
    assert story.account.readings.closed[-1].reason == "stop"


def test_timers_fire_before_what_came_later_and_by_time_alone() -> None:
    story = Story()
    story.take(tick(T0 + 5 * MINUTE, "60010", trade_id=2))
    fired = [noted.event for noted in story.steps if isinstance(noted.event, TimerFired)]
    assert [event.ts_ns for event in fired if event.key == "day"] == [T0 + 3 * MINUTE]
    assert isinstance(story.steps[-1].event, type(tick(T0, "1")))
    before = len(story.steps)
    story.account.pass_time(T0 + 3 * MINUTE + DAY, story.write)
    assert {type(noted.event) for noted in story.steps[before:]} == {TimerFired}
    assert len(story.account.engine.state.tiers.history.days) == 2


_ACTS = st.sampled_from(["tick", "buy", "limit", "close", "typo", "begin", "end", "cancel"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(_ACTS, st.integers(1, 90), st.integers(-900, 900)), max_size=14),
    st.data(),
)
def test_wherever_the_record_ends_the_account_goes_on_as_if_it_had_not(
    acts: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    story, at_ns, outside = Story(), T0, list(OPENING)
    for number, (what, after_s, move) in enumerate(acts, 2):
        at_ns += after_s * SECOND
        event = event_of(what, at_ns, number, move)
        outside.append(event)
        story.take(event)
    cut = data.draw(st.integers(2, len(story.steps)))
    kept = story.steps[:cut]
    again = restored(iter(kept))
    told: list[Noted] = list(kept)

    def write(step: Step) -> None:
        told.append(Noted(step.event, step.outcomes, step.commands))

    again.settle(write)
    known = sum(is_outside(noted.event, outside) for noted in kept)
    for event in outside[known:]:
        again.take(event, write)
    assert told == story.steps
    assert state(again) == state(story.account)
    assert state(restored(iter(told))) == state(story.account)


def is_outside(event: Event, outside: list[Event]) -> bool:
    return any(event is one for one in outside)


def event_of(what: str, at_ns: int, number: int, move: int) -> Event:
    match what:
        case "buy":
            return buy(at_ns)
        case "limit":
            return buy(at_ns, limit=Decimal(60_000 - abs(move)))
        case "close":
            return close(at_ns)
        case "typo":
            return act(at_ns, "none", parse_ok=False)
        case "begin":
            return act(at_ns, "none", "SESSION_START", reduces_risk=True)
        case "end":
            return act(at_ns, "none", "SESSION_END", reduces_risk=True)
        case "cancel":
            return act(at_ns, "cancel_all", "ORDER_CANCEL")
    return tick(at_ns, str(60_000 + move), trade_id=number)


def test_a_record_that_the_exchange_would_not_have_made_is_refused() -> None:
    story = Story()
    strange = OrderExpired(T0 + SECOND, OrderKey(1, 1, 0))
    with pytest.raises(EventLogError, match="the exchange says nothing"):
        restored([*story.steps, Noted(strange, (), ())])
    story.take(buy(T0 + SECOND))
    without = [one for one in story.steps if not isinstance(one.event, OrderEvent)]
    with pytest.raises(EventLogError, match="the exchange says"):
        restored([*without, Noted(tick(T0 + MINUTE, "60000", trade_id=9), (), ())])


def test_a_timer_that_fired_does_not_fire_again_after_a_restart() -> None:
    story = Story()
    haste(story)
    level = story.account.engine.state.tilt.state.level
    assert level is TiltLevel.CAUTION
    story.account.pass_time(T0 + 6 * HOUR, story.write)
    assert story.account.engine.state.tilt.state.level is TiltLevel.NORMAL
    again = restored(iter(story.steps))
    assert state(again) == state(story.account)
    assert again.timers.next_ns() == story.account.timers.next_ns()


def test_what_came_due_while_nothing_ran_comes_after_the_start() -> None:
    story = Story()
    again, before = restored(iter(story.steps)), len(story.steps)
    later = T0 + 2 * DAY
    again.take(RunStarted(later, 2, *[getattr(STARTED, n) for n in _RUN]), story.write)
    again.take(BalanceReported(later, again.balances), story.write)
    assert isinstance(story.steps[before].event, RunStarted)
    assert again.engine.state.run == 2
    assert [day.day for day in again.engine.state.tiers.history.days] == [T0 // DAY]
    assert state(restored(iter(story.steps))) == state(again)


def test_a_stream_that_ends_before_its_account_was_opened_is_no_account() -> None:
    with pytest.raises(EventLogError, match="before its account was opened"):
        restored(iter([Noted(STARTED, (), ())]))


# -- the session -----------------------------------------------------------------------------
SIGNS = [
    (act(T0 + 2 * SECOND, "none", parse_ok=False), 1),
    (act(T0 + 2 * SECOND, "none", "ORDER_SUBMIT", checklist_done=False, symbol=SYMBOL), 1),
    (act(T0 + 2 * SECOND, "none", "JOURNAL_SUBMIT", reason="paste"), 1),
    (act(T0 + 2 * SECOND, "status", reduces_risk=True, parse_ok=True), 0),
    (buy(T0 + 2 * SECOND), 0),
    (buy(T0 + 2 * SECOND, usdt=1), 1),  # refused: it could not be left again
]


@pytest.mark.parametrize(("event", "signs"), SIGNS)
def test_signs_are_acts_that_are_evidence_by_themselves(event: OperatorActed, signs: int) -> None:
    story = Story()
    story.take(event)
    assert story.account.session.signs == 0  # no session is on
    story = Story()
    story.take(act(T0 + SECOND, "none", "SESSION_START", reduces_risk=True))
    story.take(event)
    assert story.account.session.signs == signs


def test_a_level_that_rises_is_a_sign_and_a_new_session_begins_without_any() -> None:
    story = Story()
    story.take(act(T0 + SECOND, "none", "SESSION_START", reduces_risk=True))
    haste(story)
    assert story.account.session.signs >= 1
    story.take(act(T0 + 200 * SECOND, "none", "SESSION_START", reduces_risk=True))
    assert story.account.session.signs == 0
    assert story.account.session.started_ns == T0 + 200 * SECOND


def test_to_take_a_resting_order_back_weighs_too_little_for_a_sign() -> None:
    story = Story()
    story.take(buy(T0 + SECOND, limit=Decimal(59_000)))
    story.take(act(T0 + 2 * SECOND, "none", "SESSION_START", reduces_risk=True))
    story.take(act(T0 + 3 * SECOND, "cancel_all", "ORDER_CANCEL"))
    assert not list(story.account.engine.state.execution.orders.all_working())
    assert story.account.session.signs == 0


def haste(story: Story) -> None:
    """In and out again within seconds, ten times."""
    for n in range(2, 12):
        story.take(tick(T0 + n * 8 * SECOND, "60000", trade_id=n))
        hasty = buy(T0 + n * 8 * SECOND + SECOND)
        story.take(OperatorActed(**{**_fields(hasty), "latency_ms": 300}))
        story.take(close(T0 + n * 8 * SECOND + 4 * SECOND))


def _fields(event: OperatorActed) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__slots__}
