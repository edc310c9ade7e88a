"""The tier machine as the engine holds it: facts in, changes out. There is no setter."""

from decimal import Decimal
from typing import Final

from genesis.domain.account import Tier, TierMode
from genesis.domain.events import AccountOpened
from genesis.domain.outcomes import (
    AlertRaised,
    Halted,
    TierChanged,
    TierEvaluated,
    TierGate,
)
from genesis.domain.time import DAY, format_utc, utc_day
from genesis.tiers.checks import multiplier
from genesis.tiers.gates import all_passed, evaluate
from genesis.tiers.history import TierHistory
from genesis.tiers.machine import (
    DailyLossExceeded,
    DayEvaluated,
    Disturbed,
    HaltReached,
    ModeTime,
    PhraseGiven,
    Standing,
    TierEvent,
    TierState,
    decide,
    evolve,
)
from genesis.tiers.rules import TierTable

NO_CEREMONY: Final = "no ceremony can be held now"
WRONG_PHRASE: Final = "the phrase is not exactly the one of the ceremony; nothing was changed"

Promotion = tuple[tuple[TierChanged, ...], str]
"""What a phrase led to, and the words for it."""


class TierDesk:
    """Folds facts into the tier of one account."""

    def __init__(self, table: TierTable) -> None:
        self._table = table
        self._state: TierState | None = None
        self._opened_day = 0
        self.evaluated: TierEvaluated | None = None
        """The last evaluation."""
        self.history = TierHistory(_season_days(table))

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

    def halted(self, fact: Halted) -> tuple[TierChanged, ...]:
        return self._take(HaltReached(fact.ts_ns, fact.reason))

    def disturbed(self, ts_ns: int, reason: str) -> tuple[TierChanged, ...]:
        """A tilt warning or a breaker: a promotion under way ends."""
        return self._take(Disturbed(ts_ns, reason))

    def tick(self, now_ns: int) -> tuple[TierChanged, ...]:
        """What time alone changes: nothing before `next_wake_ns`."""
        wake_ns, course = self.next_wake_ns(), self._table.course
        if wake_ns is None or course is None or now_ns < wake_ns:
            return ()
        since_ns = self.state.since_ns
        trades = self.history.trades_since(since_ns)
        clean_ns = max(since_ns, now_ns - course.adjust_ns)
        return self._take(ModeTime(now_ns, trades, self.history.violations_since(clean_ns)))

    def next_wake_ns(self) -> int | None:
        """When the mode is looked at by itself."""
        return None if self._table.course is None else self.state.until_ns

    # -- the evaluation of a day -------------------------------------------------------------
    def next_evaluation_ns(self, now_ns: int) -> int | None:
        """When the next day is evaluated; None where there is no way up to be looked at."""
        course = self._table.course
        if course is None or self._state is None or self._state.tier is Tier.ARCHITECT:
            return None
        today_ns = utc_day(now_ns) * DAY + course.evaluation_after_ns
        return today_ns if now_ns < today_ns else today_ns + DAY

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
        standing = Standing(passed, is_calm, is_free, self.profitable_days())
        return (self.evaluated, *self._take(DayEvaluated(ts_ns, standing)))

    def gates(self, now_ns: int) -> tuple[TierGate, ...]:
        """What an evaluation at this moment would say; changes nothing."""
        state, rules = self.state, self._table.gates.get(self.state.tier)
        facts = self.history.facts(state.tier_since_ns, now_ns, rules)
        return evaluate(state.tier, facts, self._table)

    def profitable_days(self) -> int:
        """Profitable trading days in a row since the mode began."""
        return self.history.profitable_in_a_row(self.state.since_ns)

    # -- the ceremony ------------------------------------------------------------------------
    def asks_for(self) -> str | None:
        """The phrase of the ceremony that can be held now; None where there is none."""
        rules = self._table.gates.get(self.state.tier)
        if self.state.mode is not TierMode.CEREMONY or rules is None or rules.ceremony is None:
            return None
        return rules.ceremony.phrase

    def confirm(self, ts_ns: int, phrase: str, *, is_calm: bool, blocked: str | None) -> Promotion:
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
            return f"no promotion before {format_utc(until_ns)}"
        return "tilt is not NORMAL"

    # -- rules -------------------------------------------------------------------------------
    def multiplier(self) -> tuple[Decimal, Decimal | None]:
        """What the mode does to sizes: a multiplier in [0, 1], and an absolute cap in quote."""
        return multiplier(self.state, self._table)

    def set_rules(self, table: TierTable) -> None:
        """A new run begins under these rules; the tier stays what the facts made it."""
        self._table = table
        self.history.season_days = _season_days(table)

    def _take(self, event: TierEvent) -> tuple[TierChanged, ...]:
        changes = decide(self._state, event, self._table)
        for change in changes:
            self._state = evolve(self._state, change, self._table)
        return changes


def _season_days(table: TierTable) -> int:
    return max(gates.deposit_season_days for gates in table.gates.values())
