"""THE GATE: the only place where an order is made.

Every child order is judged at the moment it would be sent: sized, then checked by risk, tilt and
tier. All failing checks are collected; the strictest decides, the refusal names all. There is no
bypass. What reduces risk is never refused by tilt, tier or drawdown.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from genesis.domain._seal import SEAL
from genesis.domain.account import TierMode
from genesis.domain.approval import Approved, Failure, Refused, Verdict
from genesis.domain.ids import OrderKey
from genesis.domain.instrument import Instrument
from genesis.domain.money import ONE, ZERO
from genesis.domain.orders import OrderRequest, OrderType, Purpose, Side
from genesis.engine.books import Books
from genesis.engine.entry_stops import senseless, stop_fraction, stop_refused
from genesis.engine.market_checks import limit_orders_only, no_adding, no_new_risk
from genesis.engine.portfolio import Portfolio
from genesis.engine.sizes import Sizes
from genesis.engine.slices import SlicePlan, Slices
from genesis.engine.together import busy, cluster_room_usdt
from genesis.engine.verdicts import OPERATOR, wish_of
from genesis.engine.wider_stops import LowestStop, WiderStops
from genesis.execution.draft import Draft
from genesis.positions.ledger import Position
from genesis.risk.desk import EntryFacts
from genesis.risk.multipliers import WHOLE, Multiplier
from genesis.risk.rulebooks.desk import RULEBOOK_HEADROOM, Room
from genesis.risk.sizing import (
    Infeasible,
    Sized,
    SizingInput,
    allowed_usdt,
    position_size,
    smallest_qty,
)
from genesis.tiers.checks import check as check_tier

if TYPE_CHECKING:
    from genesis.engine.state import EngineState
    from genesis.engine.view import EngineView

MARKET_ONLY: Final = "a position is left at the market; its stop stays until then"


class Gate:
    """Judges drafts against the engine's state; vouches for what it approved in this step."""

    def __init__(self, state: "EngineState", view: "EngineView") -> None:
        self._state = state
        self._view = view
        self._sizes = Sizes(state)
        self._books = Books(state, view)
        self._portfolio = Portfolio(state, view)
        self._wider_stops = WiderStops(state, view, self._books)
        self._slices = Slices(state, view)
        issued: dict[int, Approved] = {}
        self._issued = issued

        def vouch(approved: Approved) -> bool:
            return issued.get(id(approved)) is approved and approved.seal is SEAL

        self._vouch = vouch

    @property
    def vouches(self) -> Callable[[Approved], bool]:
        """Asks whether this very object was issued by this gate in the current step."""
        return self._vouch

    def open_step(self) -> None:
        """A new step begins: nothing approved before counts any more."""
        self._issued.clear()

    def judge(self, draft: Draft) -> Verdict:
        """Approve (sized, with a key) or refuse with every reason."""
        instrument = self._view.instrument(draft.symbol)
        if instrument is None:
            return _refuse(
                [Failure("venue", "UNKNOWN_SYMBOL", f"{draft.symbol} is not known at the venue")]
            )
        if draft.purpose is Purpose.ENTRY:
            return self._judge_entry(draft, instrument)
        if draft.type is OrderType.LIMIT:
            return _refuse([Failure("execution", "EXIT_MARKET_ONLY", MARKET_ONLY)])
        assert draft.qty is not None
        return self._approve(draft, draft.qty, draft.stop_plan, (), ())

    def forbids(self, symbol: str, strategy: str | None = None) -> list[Failure]:
        """Every reason why no new risk may be taken in the symbol now, whatever its size.

        strategy: whose wish it is; None: the operator's.
        """
        return self._forbidden(symbol, strategy)[0]

    def _forbidden(
        self, symbol: str, strategy: str | None, *, has_begun: bool = False
    ) -> tuple[list[Failure], Multiplier]:
        """The reasons, and what holds sizes: it is asked for where there are no others.

        has_begun: it is asked for a slice of a trade that is counted already.
        """
        state, facts = self._state, self._entry_facts(symbol, strategy)
        facts = facts._replace(trades_today=0) if has_begun else facts
        failures = state.risk.failures(facts, state.limits)
        if not state.books.is_empty:
            failures += self._books.failures(state.now_ns)
        if state.rules.execution.bare_blocks:
            bare = state.execution.protector.bare.items()
            failures += [stop_refused(held, why) for held, why in bare]
        tilt = state.tilt.check(state.now_ns, counts=state.rules.tiers.course is not None)
        if tilt is not None:
            failures.append(tilt)
        market = (no_new_risk(state, symbol), no_adding(state, symbol))
        failures += [one for one in market if one is not None]
        if failures:
            return failures, WHOLE
        holds = self._sizes.holds(symbol, strategy)
        if not holds.share:
            failures.append(Failure("tier", "NO_NEW_RISK", holds.told()))
        return failures, holds

    def allowed_usdt(self, symbol: str) -> Decimal | None:
        """How large a position in the symbol may be, entered at the market now with the usual stop.

        None where nothing is known of its price or of its rules at the venue.
        """
        draft = Draft(symbol, Side.BUY, OrderType.MARKET, Purpose.ENTRY)
        instrument, price = self._view.instrument(symbol), self._conservative_price(draft)
        if instrument is None or price is None:
            return None
        share, cap = self._sizes.holds(symbol).share, self.absolute_cap_usdt(symbol)
        given = self._sizing_input(draft, price, share, cap)
        return allowed_usdt(given, self._state.limits, self._state.rules.risk, instrument)

    def lowest_stop(self, position: Position) -> LowestStop | None:
        """How low the operator may move the stop of a position; None: the rules do not ask."""
        share = self._sizes.holds(position.symbol).share
        return self._wider_stops.lowest(position, share)

    # -- entries -----------------------------------------------------------------------------
    def _judge_entry(self, draft: Draft, instrument: Instrument) -> Verdict:
        state = self._state
        failures, holds = self._forbidden(
            draft.symbol, draft.strategy, has_begun=self._has_begun(draft)
        )
        failures += self._slices.failures(draft) if draft.is_parent else []
        tier = check_tier(
            draft.type,
            draft.symbol,
            draft.strategy_tier,
            draft.strategy,
            state.tiers.state,
            state.rules.tiers,
            busy(state),
            self._view.reduce_only,
            state.tiers.way_out,
            None if draft.algorithm is None else draft.algorithm.feature,
        )
        if tier is not None:
            failures.append(tier)
        if draft.source == OPERATOR:
            begun = state.tilt.new_symbol(draft.symbol, state.now_ns)
            failures += [] if begun is None else [begun]
        thin = limit_orders_only(state, draft.symbol, draft.type)
        failures += [] if thin is None else [thin]
        price = self._conservative_price(draft)
        failures += senseless(draft, price, self._highest_stop(draft.symbol))
        if price is None or failures:
            return _refuse(failures)
        room = self._books.room(draft.symbol, stop_fraction(draft, price))
        cap = _least(self._cap_of_mode_usdt(draft.symbol), room)
        given = self._sizing_input(draft, price, holds.share, cap)
        sized = position_size(given, state.limits, state.rules.risk, instrument)
        by_book = () if room is None or room.cap_usdt != cap else (room.told,)
        if isinstance(sized, Infeasible):
            small = Failure("risk", sized.code, _with_cause(sized.reason, holds))
            return _refuse([small, *(Failure("risk", RULEBOOK_HEADROOM, t) for t in by_book)])
        bad_day = self._portfolio.too_much(draft.symbol, sized.qty * price)
        if bad_day is not None:
            return _refuse([bad_day])
        plan = self._plan(draft, sized, given, instrument)
        if isinstance(plan, Failure):
            return _refuse([plan])
        if draft.source == OPERATOR and draft.parent is None:  # last: nothing else is against it
            waits = state.tilt.unconfirmed(wish_of(draft), state.now_ns)
            if waits is not None:
                return _refuse([waits])
        causes = (*by_book, *self._by_probe(given, sized))
        return self._approve(
            draft,
            sized.qty,
            given.stop,
            _limits_used(given, sized),
            _notes(sized, holds, causes),
            plan,
        )

    def _has_begun(self, draft: Draft) -> bool:
        if draft.parent is None:
            return False
        return self._state.execution.parents.has_begun(draft.parent._replace(slice=draft.slice))

    def _plan(
        self, draft: Draft, sized: Sized, given: SizingInput, instrument: Instrument
    ) -> SlicePlan | Failure | None:
        """How a parent is cut; None where nothing is."""
        if not draft.is_parent:
            return None
        smallest = smallest_qty(given, self._state.rules.risk, instrument)
        return self._slices.plan(draft, sized.qty, smallest, instrument)

    def absolute_cap_usdt(self, symbol: str | None = None) -> Decimal | None:
        """A cap that no minimum may lift: of the mode, or of a book at the usual stop.

        symbol: whose position it is asked for; None: one that is not held yet.
        """
        return _least(self._cap_of_mode_usdt(symbol), self._books.room(symbol, None))

    def _cap_of_mode_usdt(self, symbol: str | None) -> Decimal | None:
        tiers, view = self._state.tiers, self._view
        if tiers.state.mode is not TierMode.GO_LIVE:  # no other caps all that is at work
            return tiers.multiplier()[1]
        held = ZERO if symbol is None else view.held_usdt(symbol)
        return tiers.cap_usdt(view.exposure_usdt, held)

    def _by_probe(self, given: SizingInput, sized: Sized) -> tuple[str, ...]:
        """What it tries after, where that made the size what it is."""
        if given.probe_usdt is None or sized.cap_usdt < given.probe_usdt:
            return ()
        breaker = self._state.risk.trying()
        if breaker is None:
            return ()
        return (f"it tries whether all is well again after: {breaker.told}",)

    def _entry_facts(self, symbol: str, strategy: str | None) -> EntryFacts:
        state, view = self._state, self._view
        instrument = view.instrument(symbol)
        return EntryFacts(
            state.now_ns,
            symbol,
            view.price(symbol),
            state.execution.orders.has_unresolved(symbol),
            symbol in state.execution.protector.closing,
            strategy,
            state.tiers.history.is_paper,
            view.equity_usdt - state.ledger.flows_usdt - state.risk.drawdown.base_usdt,
            view.trades_today,
            state.tiers.way_out,
            "" if instrument is None else instrument.suspended,
        )

    def _highest_stop(self, symbol: str) -> Decimal | None:
        """The price every stop must lie below, however high the entry is bid; None: there is none.

        A stop above it would sell in the moment after the entry.
        """
        is_asked = self._state.rules.execution.stops_below
        return self._view.price(symbol) if is_asked else None

    def _conservative_price(self, draft: Draft) -> Decimal | None:
        """The price an entry is assumed to fill at: its limit, or the ask and some slippage."""
        if draft.limit_price is not None:
            return draft.limit_price
        top, last = self._view.top(draft.symbol), self._view.price(draft.symbol)
        oldest_ns = self._state.now_ns - self._state.rules.risk.mark_stale_ns
        quote = top.ask if top is not None and top.ts_ns >= oldest_ns else last
        if quote is None or (quote is last and self._is_of_before(draft.symbol)):
            return None
        return quote * (ONE + self._state.rules.risk.slippage_fraction)

    def _is_of_before(self, symbol: str) -> bool:
        """Is the last price one that was old already when the run began?"""
        state = self._state
        oldest_ns = state.market.since_ns - state.rules.risk.mark_stale_ns
        is_old = state.market.symbols[symbol].last_ns < oldest_ns
        return is_old and state.rules.execution.prices_of_run

    def _sizing_input(
        self, draft: Draft, price: Decimal, multiplier: Decimal, absolute_cap: Decimal | None
    ) -> SizingInput:
        rules = self._state.rules
        stop = draft.stop_plan
        if stop is None and rules.execution.default_stop_fraction is not None:
            stop = price * (ONE - rules.execution.default_stop_fraction)
        kept = self._state.execution.protector.stops.get(draft.symbol)
        if rules.execution.additions_at_stop and stop is not None and kept is not None:
            stop = min(stop, kept)  # what is held keeps its stop, and so does what is added
        return SizingInput(
            equity_usdt=self._view.equity_usdt,
            free_usdt=self._view.free_usdt / (ONE + rules.risk.taker_fee_fraction),
            exposure_usdt=self._view.exposure_usdt,
            entry=price,
            stop=stop,
            multiplier=multiplier,
            absolute_cap_usdt=absolute_cap,
            requested_usdt=draft.amount_usdt,
            requested_qty=draft.qty,
            is_market=draft.type is OrderType.MARKET,
            fee_in_base=rules.execution.fee_asset == "received",
            held_usdt=self._held_usdt(draft.symbol),
            open_risk_usdt=self._view.open_risk_usdt,
            cluster_room_usdt=cluster_room_usdt(self._state, self._view, draft.symbol),
            var_room_usdt=self._portfolio.room_usdt(draft.symbol),
            probe_usdt=self._state.risk.probe_usdt(),
        )

    def _held_usdt(self, symbol: str) -> Decimal:
        """What the cap of the symbol's position counts as taken."""
        counts = self._state.rules.risk.cap_counts_held
        return self._view.held_usdt(symbol) if counts else ZERO

    def _approve(
        self,
        draft: Draft,
        qty: Decimal,
        stop_plan: Decimal | None,
        limits_used: tuple[tuple[str, Decimal], ...],
        notes: tuple[str, ...],
        plan: SlicePlan | None = None,
    ) -> Approved:
        request = OrderRequest(
            draft.symbol,
            draft.side,
            draft.type,
            qty,
            draft.purpose,
            limit_price=draft.limit_price,
            stop_price=draft.stop_price,
            post_only=draft.post_only,
            stop_plan=draft.stop_plan if draft.purpose is Purpose.ENTRY else stop_plan,
            source=draft.source,
            client_ref=draft.client_ref,
            why=draft.why,
        )
        key = self._next_key() if draft.parent is None else draft.parent._replace(slice=draft.slice)
        slices = () if plan is None else self._slices.cut(plan, key)
        linked = (draft.replaces, draft.joins)
        approved = Approved(key, request, limits_used, notes, SEAL, slices, *linked)
        self._issued[id(approved)] = approved
        return approved

    def _next_key(self) -> OrderKey:
        self._state.orders_born += 1
        return OrderKey(self._state.run, self._state.orders_born, 0)


def _refuse(failures: list[Failure]) -> Refused:
    """All failures, the one that holds longest first (no known end counts as longest)."""
    if not failures:
        failures = [Failure("risk", "NO_PRICE", "nothing was printed yet since the start")]
    strictest = sorted(failures, key=lambda f: (f.until_ns is not None, -(f.until_ns or 0)))
    known = [f.until_ns for f in strictest if f.until_ns is not None]
    until = max(known) if len(known) == len(strictest) else None
    return Refused(tuple(strictest), until)


def _limits_used(given: SizingInput, sized: Sized) -> tuple[tuple[str, Decimal], ...]:
    return (
        ("cap_usdt", sized.cap_usdt),
        ("multiplier", given.multiplier),
        ("risk_usdt", sized.risk_usdt),
    )


def _with_cause(reason: str, holds: Multiplier) -> str:
    """What made the cap small is told beside the cap."""
    return f"{reason}; {holds.told()}" if holds.share < ONE else reason


def _least(cap: Decimal | None, room: Room | None) -> Decimal | None:
    if room is None:
        return cap
    return room.cap_usdt if cap is None else min(cap, room.cap_usdt)


def _notes(sized: Sized, holds: Multiplier, causes: tuple[str, ...]) -> tuple[str, ...]:
    """What the gate changed. A limit that made the size smaller is named."""
    if sized.clipped_from_usdt is None:
        return ()
    asked, given = f"{sized.clipped_from_usdt:.2f}", f"{sized.cap_usdt:.2f}"
    if asked == given:
        return ()
    told = f"clipped from {asked} to {given} USDT"
    return ("; ".join((_with_cause(told, holds), *causes)),)
