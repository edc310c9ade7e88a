"""What the operator can make the service do. Every act is an event, answered once it is durable."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from genesis.domain.events import Event, JournalAssessed, OperatorActed
from genesis.domain.money import ZERO, text
from genesis.domain.orders import Purpose
from genesis.domain.outcomes import CommandAnswered, PositionClosed
from genesis.engine.engine import Engine
from genesis.engine.step import Step
from genesis.errors import EventLogError
from genesis.service.api.answers import (
    Answer,
    answer_of,
    is_unread,
    journal_answer,
    not_understood,
)
from genesis.service.api.discipline_answers import held, overridden, too_short
from genesis.service.api.earlier import Answered, Earlier
from genesis.service.api.under_way import UnderWay
from genesis.service.clock import Clock
from genesis.service.operator import (
    Door,
    Manner,
    NotUnderstood,
    with_stop,
)
from genesis.service.operator import not_understood as unread_line
from genesis.service.readings import AnyStep, Readings

CLOSE_WAIT_S: Final = 15.0
_LOOK_S: Final = 0.05
_HUNDRED: Final = Decimal(100)
_EMERGENCIES: Final = frozenset({"halt", "close_all"})


@dataclass(frozen=True, slots=True)
class ClosedAll:
    """What came of closing everything."""

    positions_closed: int
    total_pnl: Decimal
    errors: tuple[str, ...]


class Operations:
    """The operator's acts, one method each.

    ask: hands an event to the runner; the step comes back once it is durable.
    status: one line of text about the account.
    under_way: shared with everything else that takes acts with a client reference.
    """

    def __init__(
        self,
        engine: Engine,
        readings: Readings,
        clock: Clock,
        symbols: tuple[str, ...],
        run: int,
        ask: Callable[[Event], Awaitable[Step]],
        log: Answered,
        status: Callable[[], str],
        under_way: UnderWay,
    ) -> None:
        self._engine = engine
        self._readings = readings
        self._clock = clock
        self._symbols = symbols
        self._door = Door(symbols)
        self._run = run
        self._ask = ask
        self._earlier = Earlier(readings, log)
        self._status = status
        self._count = 0
        self._under_way = under_way

    # -- commands ----------------------------------------------------------------------------
    async def command(
        self, wish: str | Mapping[str, Any], manner: Manner, client_ref: str | None
    ) -> Answer:
        """Do what a line or an intent asks for; the same `client_ref` gives the same answer.

        Raises:
            EventLogError: the reference was used, and the log cannot tell for what.
        """
        ref = client_ref or self._next_ref()

        async def once() -> Answer:
            emergency = self._emergency_in(wish)
            if emergency is None:
                earlier = await self._earlier.step(ref)
            else:
                earlier = await self._earlier_emergency(emergency, ref)
            if earlier is not None:
                return self._again(earlier, wish, ref)
            return await self._do(wish, manner, ref)

        return await self._under_way.once(ref, "command", once)

    async def answer(self, client_ref: str) -> Answer | None:
        """The answer given to this reference; None when the engine never got it.

        What is still under way is waited for, so that None is certain.

        Raises:
            EventLogError: it was carried out, and the log cannot tell the answer.
        """
        await self._under_way.over(client_ref)
        earlier = await self._earlier.step(client_ref)
        return None if earlier is None else self._given(earlier, client_ref)

    def _given(self, earlier: AnyStep, ref: str) -> Answer:
        """The answer that the step led to then, in the shape of what was asked."""
        match earlier.event:
            case JournalAssessed() as page:
                return journal_answer(page)
            case OperatorActed(verb="ceremony"):
                return held(earlier)
            case OperatorActed(verb="override"):
                return overridden(earlier, too_short(self._engine.state.rules.tilt.override))
        if is_unread(earlier):
            return not_understood(f"client_ref {ref} was used for a line that was not understood")
        return self._told(earlier, ref)

    def _again(self, earlier: AnyStep, wish: str | Mapping[str, Any], ref: str) -> Answer:
        """The same reference once more: the same answer, if the same is asked for."""
        try:
            act = self._read(wish) if is_unread(earlier) else self._parsed(wish)
        except NotUnderstood as problem:
            return not_understood(problem.message)
        if is_unread(earlier) or _is_same(earlier.event, act):
            return self._given(earlier, ref)
        return not_understood(f"client_ref {ref} was used for another act: send one of its own")

    async def _do(self, wish: str | Mapping[str, Any], manner: Manner, ref: str) -> Answer:
        try:
            act = self._read(wish)
        except NotUnderstood as problem:
            is_slip = isinstance(wish, str) and self._door.typed.is_slip(wish)
            unread = unread_line(self._clock.now_ns(), is_slip=is_slip)
            await self._ask(self._signed(unread, manner, ref))
            return not_understood(problem.message)
        return self._told(await self._ask(self._signed(act, manner, ref)), ref)

    def _read(self, wish: str | Mapping[str, Any]) -> OperatorActed:
        act = self._parsed(wish)
        if not isinstance(wish, str) and wish.get("cancel") is not None:
            self._check_cancel(str(wish["cancel"]))
        return act

    def _parsed(self, wish: str | Mapping[str, Any]) -> OperatorActed:
        """What the words ask for, whether it can be done or not."""
        now_ns = self._clock.now_ns()
        if isinstance(wish, str):
            return self._door.read(wish, now_ns)
        return self._door.read_intent(wish, now_ns)

    def _check_cancel(self, key: str) -> None:
        """One entry is cancelled by itself only where it is the only one.

        Raises:
            NotUnderstood: no such entry works, or others work too.
        """
        working = self._engine.state.execution.orders.all_working()
        entries = [str(order.key) for order in working if not order.request.reduces]
        if key not in entries:
            raise NotUnderstood(f"no entry order {key!r} is working here; stops are not cancelled")
        if len(entries) > 1:
            raise NotUnderstood("several entry orders work: say `cancel all` to cancel them")

    def _signed(self, act: OperatorActed, manner: Manner, ref: str) -> OperatorActed:
        stop = entry = None
        if act.verb == "cancel_all":  # with nothing to cancel it says nothing about the trader
            working = self._engine.state.execution.orders.all_working()
            act = replace(act, reduces_risk=all(order.request.reduces for order in working))
        if act.symbol is not None:
            position = self._engine.view.position(act.symbol)
            stop = self._engine.state.execution.protector.stops.get(act.symbol)
            entry = None if position is None else position.entry_price
        if act.verb == "go_live":  # other words than the phrase are nobody's business
            wanted = self._engine.state.rules.tiers.opening
            is_exact = wanted is not None and act.phrase == wanted.phrase
            act = act if is_exact else replace(act, phrase="")
        return manner.of(replace(with_stop(act, stop, entry), client_ref=ref))

    def _told(self, step: AnyStep, ref: str) -> Answer:
        answer = answer_of(step, ref)
        verb = step.event.verb if isinstance(step.event, OperatorActed) else None
        if verb == "status":
            answer.body["notes"].append(self._status())
        elif verb == "help":
            answer.body["notes"] += self._door.typed.help
        return answer

    def _next_ref(self) -> str:
        """A reference of our own, unique in the home."""
        self._count += 1
        return f"api-{self._run}-{self._count}"

    # -- emergencies -------------------------------------------------------------------------
    async def halt(self, reason: str, client_ref: str | None = None) -> Answer:
        """No new risk from here on; positions keep their stops."""
        ref = client_ref or self._next_ref()

        async def once() -> Answer:
            earlier = await self._earlier_emergency("halt", ref)
            if earlier is not None:
                return self._told(earlier, ref)
            return answer_of(await self._ask(self._emergency("halt", ref, reason=reason)), ref)

        return await self._under_way.once(ref, "halt", once)

    async def close_all(
        self, max_slippage_percent: Decimal, client_ref: str | None = None
    ) -> ClosedAll:
        """Leave every position at the market and wait until they are flat, at most 15 s."""
        ref = client_ref or self._next_ref()

        async def once() -> tuple[AnyStep, set[str]]:
            earlier = await self._earlier_emergency("close_all", ref)
            if earlier is not None:
                return earlier, set(self._symbols)
            symbols = {position.symbol for position in self._engine.view.positions}
            fraction = max_slippage_percent / _HUNDRED
            act = self._emergency("close_all", ref, max_slippage_fraction=fraction)
            return await self._ask(act), symbols

        step, symbols = await self._under_way.once(ref, "close_all", once)
        return await self._closed(step, symbols)

    async def _earlier_emergency(self, verb: str, ref: str) -> AnyStep | None:
        """The same emergency under this reference. Where that is not certain it is done: too often
        does no harm.
        """
        try:
            found = await self._earlier.step(ref)
        except EventLogError:
            return None
        is_same = found is not None and _is_same(found.event, self._emergency(verb, ref))
        return found if is_same else None

    def _emergency_in(self, wish: str | Mapping[str, Any]) -> str | None:
        """The emergency that is asked for in words, if it is one."""
        try:
            act = self._parsed(wish)
        except NotUnderstood:
            return None
        return act.verb if act.verb in _EMERGENCIES else None

    def _emergency(self, verb: str, ref: str, **fields: Any) -> OperatorActed:
        now_ns = self._clock.now_ns()
        return OperatorActed(
            now_ns, "COMMAND", client_ref=ref, verb=verb, reduces_risk=True, **fields
        )

    async def _closed(self, step: AnyStep, symbols: set[str]) -> ClosedAll:
        """What came of the close-all of this step, once nothing of it is on its way out."""
        refused = [
            outcome.text
            for outcome in step.outcomes
            if isinstance(outcome, CommandAnswered) and not outcome.accepted
        ]
        await self._until_flat(symbols)
        closed = self._closed_since(step.event.ts_ns, symbols)
        left = sorted(p.symbol for p in self._engine.view.positions if p.symbol in symbols)
        errors = refused + [self._still_open(symbol) for symbol in left]
        return ClosedAll(len(closed), sum((c.pnl_usdt for c in closed), ZERO), tuple(errors))

    def _still_open(self, symbol: str) -> str:
        execution = self._engine.state.execution
        purposes = {order.request.purpose for order in execution.orders.sells(symbol)}
        if Purpose.EXIT in purposes:
            return f"{symbol} is still open; its sale is under way"
        stop = "its stop stays" if purposes else "it has NO stop at the venue"
        later = ", and it is sold once the venue takes it" * (symbol in execution.protector.closing)
        return f"{symbol} is still open; {stop}{later}"

    async def _until_flat(self, symbols: set[str]) -> None:
        """Wait while anything asked to be closed is still on its way out."""
        deadline_ns = self._clock.elapsed_ns() + int(CLOSE_WAIT_S * 1e9)
        closing = self._engine.state.execution.protector.closing
        while any(s in closing for s in symbols) and self._clock.elapsed_ns() < deadline_ns:
            await asyncio.sleep(_LOOK_S)

    def _closed_since(self, since_ns: int, symbols: set[str]) -> list[PositionClosed]:
        return [
            closed
            for closed in self._readings.closed
            if closed.ts_ns >= since_ns and closed.symbol in symbols
        ]


def _is_same(earlier: Event, act: OperatorActed) -> bool:
    """Did the earlier event ask for this, too? How much is not looked at."""
    if not isinstance(earlier, OperatorActed):
        return False
    return (earlier.kind, earlier.verb, earlier.symbol, earlier.side) == (
        act.kind,
        act.verb,
        act.symbol,
        act.side,
    )


def status_line(engine: Engine, readings: Readings) -> str:
    """The account in one line."""
    view, held = engine.view, engine.state.tiers.state
    positions = ", ".join(f"{text(p.qty)} {p.symbol}" for p in view.positions) or "flat"
    return (
        f"equity {view.equity_usdt:.2f}, {positions}; {held.tier.value}/{held.mode.value}, "
        f"tilt {readings.tilt_score} {readings.tilt_level.value}"
    )
