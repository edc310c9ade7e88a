"""The tier machine as the engine holds it: facts in, changes out. There is no setter."""

from decimal import Decimal
from typing import Final

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened, JournalAssessed
from genesis.domain.keeping import ClocksSetBack
from genesis.domain.money import ZERO
from genesis.domain.outcomes import (
    AlertRaised,
    Halted,
    TierAnnounced,
    TierChanged,
    TierEvaluated,
    TierGate,
)
from genesis.domain.time import DAY, moment_words, utc_day
from genesis.tiers.asked import against_go_live, against_reset, against_step_down, reset_from_ns
from genesis.tiers.capital import CapitalFall, capital_fall
from genesis.tiers.checks import multiplier
from genesis.tiers.gates import all_passed, evaluate
from genesis.tiers.halts import HaltCause, Halts
from genesis.tiers.history import TierHistory, season_days
from genesis.tiers.inputs import (
    DailyLossExceeded,
    DayEvaluated,
    Disturbed,
    GoLiveGiven,
    HaltReached,
    ModeTime,
    PhraseGiven,
    RecordBroken,
    RecordRestored,
    ResetAsked,
    Standing,
    SteppedDown,
    TierEvent,
)
from genesis.tiers.machine import decide, evolve, halted_at, reset_at, set_back
from genesis.tiers.pages import Pages, counts_for_the_day
from genesis.tiers.rules import TierTable
from genesis.tiers.state import TierState

NO_CEREMONY: Final = "no ceremony can be held now"
WRONG_PHRASE: Final = "the phrase is not exactly the one of the ceremony; nothing was changed"
NOT_LIVE: Final = "live trading cannot begin now"
NO_RESET: Final = "the halt cannot be reset now"

Step = tuple[tuple[TierChanged, ...], str]
"""What an act led to, and the words for it."""


class TierDesk:
    """Folds facts into the tier of one account."""

    def __init__(self, table: TierTable) -> None:
        self._table = table
        self._state: TierState | None = None
        self._opened_day = 0
        self.halts = Halts()
        self.evaluated: TierEvaluated | None = None  # the last one
        self.announced: TierAnnounced | None = None  # what was last told about a move of the tier
        self.history = TierHistory(season_days(table))
        self.pages = Pages()

    @property
    def state(self) -> TierState:
        """The tier and mode. Before the account is opened nothing may be traded."""
        return self._state or TierState(Tier.SNIPER, TierMode.HALTED, 0)

    # -- facts -------------------------------------------------------------------------------
    def opened(self, event: AccountOpened) -> tuple[TierChanged, ...]:
        if self._state is None:
            self._opened_day = utc_day(event.ts_ns)
            self.history.is_paper = event.is_paper
        return self._take(event)

    def daily_loss(
        self, fact: AlertRaised, capital_usdt: Decimal | None = None
    ) -> tuple[TierChanged, ...]:
        """A confirmed daily loss. `capital_usdt`: see `DailyLossExceeded`."""
        return self._take(DailyLossExceeded(fact.ts_ns, capital_usdt))

    def fell(self, ts_ns: int) -> tuple[TierChanged, ...]:
        """A daily loss that was confirmed in a record which is not ours any more."""
        return self._take(DailyLossExceeded(ts_ns))

    def halted(self, fact: Halted) -> tuple[TierChanged, ...]:
        self.halts.add(HaltCause.of(fact))
        return self._take(HaltReached(fact.ts_ns, fact.reason))

    def record_broken(self, ts_ns: int, reason: str) -> tuple[TierChanged, ...]:
        """The log, the rules or the code are not what they should be."""
        if self._table.recovery is None or self._state is None:
            return ()
        self.halts.add(HaltCause.RECORD)
        return self._take(RecordBroken(ts_ns, reason))

    def record_restored(self, ts_ns: int) -> tuple[TierChanged, ...]:
        """It is whole again: where nothing else had halted trading, it goes on as it was."""
        if not self.halts.is_broken:
            return ()
        self.halts.remove(HaltCause.RECORD)
        return () if self.halts else self._take(RecordRestored(ts_ns))

    def set_back(self, ts_ns: int, by_ns: int) -> tuple[ClocksSetBack, ...]:
        """Time went by of which nothing is known: the clocks of a promotion did not run in it."""
        if self._state is None or by_ns <= 0:
            return ()
        fact = ClocksSetBack(ts_ns, by_ns)
        self._state = set_back(self._state, fact, self._table)
        if self._table.interruptions.halts:
            self.pages.set_back(fact)
        return (fact,)

    def was_reset(self, ts_ns: int) -> None:
        """A halt was reset by hand in a record which is not ours any more."""
        self._state = None if self._state is None else reset_at(self._state, ts_ns)

    def halts_from(self, ts_ns: int) -> None:
        """When a halt began was not known until now: its wait begins now."""
        self._state = None if self._state is None else halted_at(self._state, ts_ns)

    def disturbed(self, ts_ns: int, reason: str) -> tuple[TierChanged, ...]:
        """A tilt warning or a breaker: a promotion under way ends."""
        return self._take(Disturbed(ts_ns, reason))

    def page(self, event: JournalAssessed, *, is_taken: bool) -> None:
        """A page was judged. is_taken: something else asked for it, and no mode is served by it.

        The days with a page are counted, whatever it was written for: nothing is asked of its text.
        """
        gates, is_news = self._table.gates.get(self.state.tier), self.pages.is_news(event.sha256)
        if not is_news or not counts_for_the_day(event, None if gates is None else gates.pages):
            return
        if event.accepted and not is_taken and self.pages_due:
            self.pages.done_ns[self._asking[0]] = event.ts_ns
        self.pages.seen(event.sha256)
        self.history.page(event.ts_ns)

    def tick(self, now_ns: int, *, is_clean: bool = True) -> tuple[TierChanged, ...]:
        """What time alone changes: nothing before `next_wake_ns`. is_clean: see `ModeTime`."""
        wake_ns, course = self.next_wake_ns(), self._table.course
        if wake_ns is None or course is None or now_ns < wake_ns:
            return ()
        since_ns = self.state.since_ns
        trades = self.history.trades_since(since_ns)
        clean_ns = max(since_ns, now_ns - course.adjust_ns)
        violations = self.history.violations_since(clean_ns)
        return self._take(ModeTime(now_ns, trades, violations, is_clean))

    def next_wake_ns(self) -> int | None:
        """When the mode is looked at by itself."""
        return None if self._table.course is None else self.state.until_ns

    # -- the evaluation of a day -------------------------------------------------------------
    def next_evaluation_ns(self, now_ns: int) -> int | None:
        """When the next day is evaluated; None where there is no way up or down to be looked at."""
        course = self._table.course
        if course is None or self._state is None or not self._has_ways:
            return None
        today_ns = utc_day(now_ns) * DAY + course.evaluation_after_ns
        return today_ns if now_ns < today_ns else today_ns + DAY

    @property
    def _has_ways(self) -> bool:
        """The highest tier is looked at where it can be lost, or be on its way back."""
        state, table = self.state, self._table
        if state.tier is not Tier.ARCHITECT or table.capital is not None:
            return True
        is_back = state.mode in (TierMode.EMERGENCY, TierMode.RECOVERY)
        return is_back and table.recovery is not None

    def evaluate(
        self, ts_ns: int, *, is_calm: bool, is_free: bool
    ) -> tuple[TierEvaluated | TierChanged, ...]:
        """Evaluate the last closed day, once, and take the step it allows.

        After days on which nothing ran the last one alone is evaluated: what the others would
        have said is in the history it looks at.
        """
        course, day = self._table.course, utc_day(ts_ns) - 1
        if course is None or self.next_evaluation_ns(ts_ns) is None or day < self._opened_day:
            return ()
        is_done = self.evaluated is not None and day <= self.evaluated.day
        if is_done or ts_ns < (day + 1) * DAY + course.evaluation_after_ns:
            return ()
        gates = self.gates(ts_ns)
        passed = all_passed(gates)
        self.evaluated = TierEvaluated(ts_ns, day, self.state.tier, gates, passed)
        standing = self._standing(passed, is_calm, is_free)
        return (self.evaluated, *self._take(DayEvaluated(ts_ns, standing)))

    def _standing(self, passed: bool, is_calm: bool, is_free: bool) -> Standing:
        recovery, since_ns = self._table.recovery, self.state.since_ns
        most = 0 if recovery is None else recovery.trading_days
        traded = [day for day in self.history.days_since(since_ns) if day.traded][-most:]
        first_ns = max(since_ns, traded[0].day * DAY) if traded else since_ns
        return Standing(
            gates_passed=passed,
            is_calm=is_calm,
            is_free=is_free,
            profitable_days=self.profitable_days(),
            capital=self._capital_fall(),
            page_done=self.page_done,
            trading_days=len(traded),
            result_usdt=sum((day.pnl_usdt for day in traded), ZERO),
            violations=self.history.violations_since(first_ns),
        )

    def _capital_fall(self) -> CapitalFall | None:
        state, table = self.state, self._table
        if table.capital is None:
            return None
        floor = table.features[state.tier].floor_usdt
        return capital_fall(self.history.days_since(state.tier_since_ns), floor, table.capital)

    def gates(self, now_ns: int) -> tuple[TierGate, ...]:
        """What an evaluation at this moment would say; changes nothing."""
        state, rules = self.state, self._table.gates.get(self.state.tier)
        facts = self.history.facts(state.tier_since_ns, now_ns, rules)
        return evaluate(state.tier, facts, self._table)

    def profitable_days(self) -> int:
        """Profitable days as the mode counts them, since it began.

        In EMERGENCY all of them, the account's own with its small positions and those of the paper
        lane. Else trading days in a row: of a paper account its own, of a live one the lane's.
        """
        state = self.state
        if state.mode is TierMode.EMERGENCY:
            return self.history.profitable_in_all(state.since_ns)
        if self.history.is_paper:
            return self.history.profitable_in_a_row(state.since_ns)
        return self.history.lane_in_a_row(state.since_ns)

    # -- pages -------------------------------------------------------------------------------
    @property
    def pages_due(self) -> int:
        """Pages that the mode waits for: of an emergency, or of a halt before its reset."""
        asks = self.asking in (TierMode.EMERGENCY, TierMode.HALTED)
        known = self._state is not None and self._table.recovery is not None
        return int(known and asks and not self.page_done)

    @property
    def asking(self) -> TierMode:
        """The mode that a page would be for."""
        return self._asking[0]

    @property
    def page_done(self) -> bool:
        """A page was accepted for the mode since it began."""
        mode, since_ns = self._asking
        return self.pages.done_ns.get(mode, since_ns - 1) >= since_ns

    @property
    def _asking(self) -> tuple[TierMode, int]:
        """The mode that may ask for a page, and since when it lasts.

        A broken record is restored without a page: what it interrupted asks on.
        """
        state, before = self.state, self.state.interrupted
        if before is not None and self.halts.is_broken_only:
            return before.mode, before.since_ns
        return state.mode, state.since_ns

    def takes_page(self, now_ns: int) -> bool:
        """Would a page be of use now: due, or counted for this day by a gate?"""
        gates = self._table.gates.get(self.state.tier)
        counts = gates is not None and gates.pages is not None
        return bool(self.pages_due) or (counts and not self.history.has_page(now_ns))

    # -- what the trader asks for ------------------------------------------------------------
    def asks_for(self) -> str | None:
        """The phrase of the ceremony that can be held now; None where there is none."""
        rules = self._table.gates.get(self.state.tier)
        if self.state.mode is not TierMode.CEREMONY or rules is None or rules.ceremony is None:
            return None
        return rules.ceremony.phrase

    def confirm(self, ts_ns: int, phrase: str, *, is_calm: bool, blocked: str | None) -> Step:
        """The phrase was typed. Gates are looked at again; the tier rises when everything holds.

        blocked: why no new risk may be taken now; None: it may.
        """
        wanted = self.asks_for()
        if wanted is None:
            return (), f"{NO_CEREMONY}: the mode is {self.state.mode}"
        if phrase != wanted:
            return (), WRONG_PHRASE
        gates = self.gates(ts_ns)
        standing = Standing(all_passed(gates), is_calm, blocked is None)
        changes = self._take(PhraseGiven(ts_ns, standing))
        if changes:
            return changes, f"welcome to {self.state.tier}"
        return (), f"{NO_CEREMONY}: {self._hindrance(gates, is_calm, blocked)}"

    def _hindrance(self, gates: tuple[TierGate, ...], is_calm: bool, blocked: str | None) -> str:
        failing = [gate.name for gate in gates if not gate.passed]
        if failing:
            return f"{', '.join(failing)} no longer pass"
        if blocked is not None:
            return blocked
        until_ns = self.state.no_promotion_before_ns
        if is_calm and until_ns is not None:
            return f"no promotion before {moment_words(until_ns)}"
        return "tilt is not NORMAL"

    def asks_to_go_live(self, now_ns: int) -> str | None:
        """The phrase of the go-live protocol, once the time of looking is over; else None."""
        rules = self._table.opening
        asked = GoLiveGiven(now_ns, is_clean=True)
        if rules is None or against_go_live(self.state, asked, self._table):
            return None
        return rules.phrase

    def go_live(self, ts_ns: int, phrase: str, *, is_clean: bool) -> Step:
        """The go-live protocol was typed."""
        asked, rules = GoLiveGiven(ts_ns, is_clean), self._table.opening
        against = against_go_live(self.state, asked, self._table)
        if against or rules is None:
            return (), f"{NOT_LIVE}: {'; '.join(against)}"
        if phrase != rules.phrase:
            return (), WRONG_PHRASE
        changes = self._take(asked)
        return changes, "live trading begins, with small positions for the first day"

    def step_down(self, ts_ns: int) -> Step:
        """The trader chooses the tier below, at any time."""
        against = against_step_down(self.state, self._table)
        if against:
            return (), "; ".join(against)
        changes = self._take(SteppedDown(ts_ns))
        if changes:
            return changes, f"the tier is {self.state.tier} now; every position keeps its stop"
        return (), f"this cannot be done in {self.state.mode}"

    @property
    def reset_from_ns(self) -> int | None:
        """When time alone would allow the reset of a halt; None: there is none to be reset."""
        rules, is_halted = self._table.reset, self.state.mode is TierMode.HALTED
        if rules is None or not is_halted or self.halts.is_broken_only:
            return None
        return reset_from_ns(self.state, rules, is_own=self.halts.is_own)

    @property
    def way_out(self) -> str:
        """What leads out of the halt, in words; empty where nothing is halted."""
        if self._state is None or self._state.mode is not TierMode.HALTED:
            return ""
        return self.halts.way_out(can_reset=self._table.reset is not None)

    def reset(self, ts_ns: int, reason: str, *, is_clean: bool) -> Step:
        """The trader asks for the end of a halt, with a reason he typed."""
        asked = ResetAsked(
            ts_ns,
            len(reason.strip()),
            self.page_done,
            is_clean,
            is_own=self.halts.is_own,
            is_whole=not self.halts.is_broken,
        )
        against = against_reset(self.state, asked, self._table)
        if against:
            return (), f"{NO_RESET}: {'; '.join(against)}"
        changes = self._take(asked)
        if self.state.mode is TierMode.RECOVERY:
            return changes, "the halt is over; small sizes for a while"
        return changes, f"the halt is over; it goes on in {self.state.mode}"

    # -- rules -------------------------------------------------------------------------------
    def multiplier(self) -> tuple[Decimal, Decimal | None]:
        """What the mode does to sizes: a multiplier in [0, 1], and an absolute cap in quote."""
        return multiplier(self.state, self._table)

    def cap_usdt(self, exposure_usdt: Decimal, held_usdt: Decimal) -> Decimal | None:
        """The absolute cap of a position that holds `held_usdt`; `exposure_usdt`: of all of them.

        In GO_LIVE there is one for everything at work, too. None: no cap.
        """
        _, cap = self.multiplier()
        opening = self._table.opening
        if self.state.mode is not TierMode.GO_LIVE or opening is None:
            return cap
        room = max(ZERO, opening.at_work_usdt - exposure_usdt + held_usdt)
        return room if cap is None else min(cap, room)

    def set_rules(self, table: TierTable) -> None:
        """A new run begins under these rules; the tier stays what the facts made it."""
        self._table = table
        self.history.season_days = season_days(table)

    def _take(self, event: TierEvent) -> tuple[TierChanged, ...]:
        changes = decide(self._state, event, self._table)
        for change in changes:
            self._state = evolve(self._state, change, self._table)
            if change.mode is not TierMode.HALTED:
                self.halts.clear()
        return changes
