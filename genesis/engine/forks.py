"""What a fork of the log means: nothing is gained by it, and what is known of the lost part holds.

Where the rest of the log cannot be read at all, venue and clock are what is left: money that was
lost is missing there, and the unknown time counts for no promotion.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from genesis.domain.account import Tier, TiltLevel
from genesis.domain.keeping import Carried, DayBegun, LogForked
from genesis.domain.money import ZERO
from genesis.domain.outcomes import Halted, Outcome
from genesis.domain.time import DAY
from genesis.tiers.halts import HaltCause

if TYPE_CHECKING:
    from genesis.engine.state import EngineState

RECOVER: Final = "recover"
_FORKED: Final = "the log was forked"
_WAS_PAUSED: Final = "an intervention was open in the log that was set aside"


class Forks:
    """Takes a fork of the log to the tiers, to the drawdown and to tilt."""

    def __init__(self, state: "EngineState") -> None:
        self._state = state
        self._unseen: tuple[int, LogForked] | None = None
        """Since when the time is not known: of a fork that had no venue to ask, until a start."""

    def stepped(self, event: LogForked) -> tuple[Outcome, ...]:
        """The tier: no clock ran in the unknown time, a way up begins again, a fall stays."""
        has_venue = event.carried is None or event.carried.has_venue
        self._unseen = None if has_venue else (self._state.now_ns, event)
        tiers, now_ns = self._state.tiers, self._state.now_ns
        return (
            *tiers.record_restored(now_ns),
            *tiers.set_back(now_ns, now_ns - event.sound_ns),
            *tiers.disturbed(now_ns, _FORKED),
            *(tiers.fell(now_ns) if event.fell else ()),
            *self._down_to(None if event.carried is None else event.carried.tier),
        )

    def started(self) -> tuple[tuple[Outcome, ...], tuple[Outcome, ...]]:
        """The first start after a fork without a venue tells the time: no clock ran until now, and
        CAUTION and what was found begin now. What that means to the tier, and to tilt.
        """
        unseen, self._unseen = self._unseen, None
        if unseen is None:
            return (), ()
        (since_ns, event), now_ns, tilt = unseen, self._state.now_ns, self._state.tilt
        back = self._state.tiers.set_back(now_ns, now_ns - since_ns)
        facts = tilt.forked(now_ns, Carried())
        if event.carried is None or not event.carried.form:
            return back, facts
        if event.halted is not None:
            self._state.tiers.halts_from(now_ns)
        return back, (*facts, *(self._locked(now_ns) if event.was_paused else ()))

    def counts(self, event: LogForked) -> None:
        """What counts against the trader counts on, and what was used up stays so."""
        if event.carried is None:
            return
        counted, tiers = event.carried.counted, self._state.tiers
        most_ns = max(self._state.now_ns, event.carried.last_ns)
        for at_ns in counted.violations_ns:
            tiers.history.violated(min(at_ns, most_ns))
        for at_ns in counted.overridden_ns:
            tiers.history.overridden(min(at_ns, most_ns))
        for days, level in (
            (counted.warning_days, TiltLevel.WARNING),
            (counted.locked_days, TiltLevel.LOCKED),
        ):
            for day in days:
                tiers.history.tilted(min(day * DAY, most_ns), level)
        for page in counted.pages:
            tiers.pages.seen(page)
        if counted.reset_ns is not None:
            tiers.was_reset(min(counted.reset_ns, most_ns))

    def _down_to(self, tier: Tier | None) -> Iterator[Outcome]:
        """A tier that was left downwards stays left, whatever the reason was."""
        tiers, now_ns = self._state.tiers, self._state.now_ns
        while tier is not None and tiers.state.tier.rank > tier.rank:
            changes, _ = tiers.step_down(now_ns)
            if not changes:
                return
            yield from changes

    def halted(self, event: LogForked) -> tuple[Halted, ...]:
        """A halt that was found goes on; one by a loss takes the place of his own."""
        drawdown = self._state.risk.drawdown
        known, has_lost = drawdown.halted, event.carried is not None and event.carried.lost
        is_more = known is None or (has_lost and HaltCause.of(known) is HaltCause.OPERATOR)
        if event.halted is None or not is_more:
            return ()
        halted = Halted(self._state.now_ns, event.halted_by or RECOVER, event.halted)
        drawdown.halted = halted
        if HaltCause.of(halted) is HaltCause.OPERATOR and event.carried and event.carried.form:
            self._state.tilt.spare(halted)
        return (halted,)

    def paused(self, event: LogForked) -> tuple[Outcome, ...]:
        """CAUTION at least: nobody knows how calm the lost part was. An intervention that was
        found is one of the strictest: its cause is not known here.
        """
        tilt, now_ns = self._state.tilt, self._state.now_ns
        facts = () if event.carried is None else tilt.forked(now_ns, event.carried)
        if not event.was_paused:
            return facts
        return (*facts, *self._locked(now_ns))

    def _locked(self, now_ns: int) -> tuple[Outcome, ...]:
        return self._state.tilt.halted(Halted(now_ns, RECOVER, _WAS_PAUSED))

    def limits(self, event: LogForked) -> None:
        """Limits that were reached on a day that may not be over are not forgotten, nor is what
        it lost and traded; a broken floor stays broken.
        """
        carried, risk = event.carried, self._state.risk
        if carried is None:
            return
        risk.drawdown.carry(carried.alerts_day, carried.alerts)
        for one in carried.reached:
            risk.drawdown.carry(one.day, [one.alert])
        if carried.form:
            found = {*carried.alerts, *(one.alert for one in carried.reached)}
            risk.drawdown.carry_lasting(found & {one.name for one in self._state.limits.rolling})
        if carried.begun is not None:
            self._begun(carried.begun)
        for begun in carried.days:
            self._begun(begun, is_start=True)
        risk.carry_trades(carried.entries_day, carried.entries)
        for day, trades in carried.trades:
            risk.carry_trades(day, trades)
        risk.carry_streak((one.ts_ns, one.pnl_usdt) for one in carried.ended)
        self._state.books.carry(carried.broke)

    def _begun(self, begun: DayBegun, *, is_start: bool = False) -> None:
        """is_start: falls of the days after it count from it, too."""
        ledger, drawdown = self._state.ledger, self._state.risk.drawdown
        flows = ledger.flows_usdt + dict(begun.flows).get(ledger.quote, ZERO)
        drawdown.carry_day(begun.day, begun.equity_usdt, flows)
        if is_start:
            drawdown.carry_start(begun.day, begun.equity_usdt, flows)
