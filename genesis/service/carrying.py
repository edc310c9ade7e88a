"""What the rest of a broken log still tells: everything of it that is stricter than the sound part.

The rest is believed only where it is stricter, so that a changed row of it gains nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, TypeGuard, TypeVar

from genesis.domain.account import Tier, TierMode, TiltLevel
from genesis.domain.keeping import Carried, LogForked, Reached, Rests
from genesis.domain.outcomes import (
    AlertRaised,
    BreakerMoved,
    Halted,
    LimitedHourStarted,
    OverrideJudged,
    OverrideLocked,
    PageOwed,
    SizesEased,
    TierChanged,
    TiltLevelChanged,
)
from genesis.domain.time import DAY, moment_words, utc_day
from genesis.engine.forks import RECOVER
from genesis.engine.rulebook import Rules
from genesis.risk.breakers import Level, State
from genesis.risk.trips import HALT, TILT
from genesis.service import carrying_account, counting
from genesis.service.carrying_account import AccountRest
from genesis.service.counting import Counts, later
from genesis.store.codec import Record
from genesis.tiers.halts import HaltCause
from genesis.tiers.transitions import DAILY_LOSS_REASON, RESET_REASON
from genesis.tilt.override import LOCKED_OUT

KINDS: Final = tuple(
    kind.__name__
    for kind in (
        *carrying_account.KINDS,
        *counting.KINDS,
        AlertRaised,
        BreakerMoved,
        Halted,
        LimitedHourStarted,
        OverrideJudged,
        OverrideLocked,
        PageOwed,
        SizesEased,
        TierChanged,
        TiltLevelChanged,
    )
)
"""The records that are looked for."""
_OWN_FACTS: Final = ((Level.ACCOUNT, HALT), (Level.ACCOUNT, TILT))
"""Breakers of facts that are carried themselves."""
_Sizes = TypeVar("_Sizes", LimitedHourStarted, SizesEased)
_STILL_HALTED: Final = (TierMode.HALTED, TierMode.RECOVERY)
"""Who was on the way back from a halt is not back yet: the sound part knows nothing of it."""
_LONGEST_NS: Final = 7 * DAY
"""No rest, no smaller size and no lock of overrides lasts longer under the shipped rules."""
_FORM: Final = 1
_CAREFUL: Final = "it begins in CAUTION at least: how calm the lost part was is not known"


@dataclass(slots=True)
class Rest:
    """Takes the records of the rest in their order.

    Of the sound part: is it halted (was_halted; not by himself alone), its tier, and how long
    anything may last under its rules.
    """

    was_halted: bool = False
    sound_tier: Tier | None = None
    longest_ns: int = _LONGEST_NS
    halted: Halted | None = None
    was_reset: bool = False
    was_paused: bool = False
    fell: bool = False
    tier: Tier | None = None
    warned_ns: int | None = None
    limited: LimitedHourStarted | None = None
    eased: SizesEased | None = None
    attempts_ns: list[int] = field(default_factory=list)
    overrides_until_ns: int | None = None
    pages_owed: int = 0
    alerts: set[tuple[int, str]] = field(default_factory=set)
    breakers: dict[tuple[str, str], BreakerMoved] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    account: AccountRest = field(default_factory=AccountRest)

    def take(self, records: Iterable[Record]) -> None:
        for record in records:
            self._take(record)

    def halt(self, fact: Halted) -> None:
        """Trading was halted: his own halt never takes the place of another."""
        is_own = HaltCause.of(fact) is HaltCause.OPERATOR
        if self.halted is None or not is_own:
            self.halted = fact
        self.was_reset &= is_own

    @property
    def _lost(self) -> bool:
        return self.halted is not None and HaltCause.of(self.halted) is not HaltCause.OPERATOR

    def _take(self, record: Record) -> None:
        self.counts.take(record)
        self.account.take(record)
        match record:
            case Halted():
                self.halt(record)
            case LogForked():
                self._forked(record)
            case TierChanged():
                self._stepped(record)
            case TiltLevelChanged(old=old, new=new):
                if _is_pause(new) and not _is_pause(old):
                    self.warned_ns = record.ts_ns
                if _is_pause(new) or _is_pause(old):
                    self.was_paused = _is_pause(new)
            case LimitedHourStarted(multiplier=share) if _is_share(share):
                self.limited = record
            case SizesEased(multiplier=share) if _is_share(share):
                self.eased = record
            case AlertRaised(alert=alert) if alert not in carrying_account.OF_BOOKS:
                self.alerts.add((utc_day(record.ts_ns), alert))
            case BreakerMoved(level=level, name=name, state=state) if _is_known(level, state):
                self.breakers[level, name] = record
            case OverrideJudged() | OverrideLocked() | PageOwed():
                self._override(record)

    def _stepped(self, change: TierChanged) -> None:
        """A halt and the loss of a day are over when their way back was walked to its end."""
        old, new = change.old_mode, change.mode
        self.tier = change.tier
        self.halted = None if old in _STILL_HALTED and new not in _STILL_HALTED else self.halted
        is_halt = new is TierMode.HALTED and old is not TierMode.HALTED  # in words of his own
        self.fell |= change.reason == DAILY_LOSS_REASON and not is_halt
        self.fell &= not (old is TierMode.RECOVERY and new is TierMode.ACTIVE)
        self.was_reset |= old is TierMode.HALTED and change.reason == RESET_REASON

    def _override(self, fact: OverrideJudged | OverrideLocked | PageOwed) -> None:
        match fact:
            case OverrideJudged(reason=reason) if reason != LOCKED_OUT:
                self.attempts_ns.append(fact.ts_ns)
            case OverrideLocked(until_ns=until_ns):
                self.overrides_until_ns = until_ns
            case PageOwed(pages=pages):
                self.pages_owed = pages

    def _forked(self, fork: LogForked) -> None:
        """The log was forked before: what that fork had carried is carried on."""
        if fork.halted is not None:
            self.halt(Halted(fork.ts_ns, fork.halted_by or RECOVER, fork.halted))
        self.was_paused |= fork.was_paused
        self.fell |= fork.fell
        if fork.carried is not None:
            self._carried_before(fork.ts_ns, fork.carried)

    def _carried_before(self, ts_ns: int, known: Carried) -> None:
        if known.tier is not None and (self.tier is None or known.tier.rank < self.tier.rank):
            self.tier = known.tier
        self.warned_ns = later(self.warned_ns, known.warned_ns)
        if _is_share(known.limited) and known.limited_until_ns > ts_ns:
            limited = LimitedHourStarted(ts_ns, known.limited, known.limited_until_ns)
            self.limited = _stricter(self.limited, limited)
        if _is_share(known.eased) and known.eased_until_ns > ts_ns:
            eased = SizesEased(ts_ns, known.eased, known.eased_until_ns)
            self.eased = _stricter(self.eased, eased)
        self.attempts_ns = sorted({*self.attempts_ns, *known.attempts_ns})
        self.overrides_until_ns = later(self.overrides_until_ns, known.overrides_until_ns)
        self.pages_owed = max(self.pages_owed, known.pages_owed)
        self.alerts |= {(known.alerts_day, alert) for alert in known.alerts}
        self.alerts |= {(one.day, one.alert) for one in known.reached}
        for rests in known.breakers:
            if _is_known(rests.level, rests.state):
                self._rests_before(ts_ns, rests)

    def _rests_before(self, ts_ns: int, rests: Rests) -> None:
        """One that rests at least as long takes the place of what is known."""
        known = self.breakers.get((rests.level, rests.name))
        is_open = known is not None and known.state != State.CLOSED
        if known is None or not is_open or (known.until_ns or 0) <= (rests.until_ns or 0):
            self.breakers[rests.level, rests.name] = BreakerMoved(
                ts_ns, rests.level, rests.name, rests.state, rests.reason, rests.until_ns
            )

    def carried(self, now_ns: int) -> Carried:
        """What a fork takes over; `now_ns`: nothing of the rest is later.

        A damaged stamp is not believed, and no end lies further than any may.
        """
        reached = sorted(one for one in self.alerts if one[0] <= utc_day(now_ns))
        alerts_day = reached[-1][0] if reached else -1
        *trades, (entries_day, entries) = ((-1, 0), *self.account.entries(now_ns))
        days = self.account.begun(now_ns)
        limited, eased, most_ns = self.limited, self.eased, self._most_ns(now_ns)
        is_back = self.was_reset and (self._lost or self.was_halted)
        return Carried(
            tier=self.tier,
            warned_ns=_at_most(now_ns, self.warned_ns),
            limited=None if limited is None else limited.multiplier,
            limited_until_ns=0 if limited is None else min(most_ns, limited.until_ns),
            eased=None if eased is None else eased.multiplier,
            eased_until_ns=0 if eased is None else min(most_ns, eased.until_ns),
            attempts_ns=_each_at_most(now_ns, self.attempts_ns),
            overrides_until_ns=_at_most(most_ns, self.overrides_until_ns),
            pages_owed=self.pages_owed,
            alerts=tuple(alert for day, alert in reached if day == alerts_day),
            alerts_day=alerts_day,
            breakers=tuple(
                Rests(one.level, one.name, one.state, one.reason, _at_most(most_ns, one.until_ns))
                for one in self.breakers.values()
                if one.state != State.CLOSED and (one.level, one.name) not in _OWN_FACTS
            ),
            lost=self._lost,
            counted=self.counts.counted(with_reset=not is_back),
            begun=days[-1] if days else None,
            entries=entries,
            entries_day=entries_day,
            broke=self.account.broke(now_ns),
            rules_text=self.account.rules_text if self.account.usable_rules() else "",
            last_ns=now_ns,
            days=days,
            trades=tuple(one for one in trades if one[1]),
            reached=tuple(Reached(alert, day) for day, alert in reached if day != alerts_day),
            ended=self.account.trades_ended(now_ns),
            form=_FORM,
        )

    def _most_ns(self, now_ns: int) -> int:
        rules = self.account.usable_rules()
        return now_ns + max(self.longest_ns, 0 if rules is None else longest_ns(rules))

    def lines(self, now_ns: int) -> list[str]:
        """The same in words."""
        told: list[str] = []
        if self.halted is not None:
            told.append(f"trading was halted in the rest ({self.halted.reason}): it stays halted")
        if self.was_paused:
            told.append("an intervention was open in the rest: a page is asked for again")
        if self.fell:
            told.append("the loss of a day was beyond its limit in the rest: the demotion stays")
        is_lower = (
            self.sound_tier is None or (self.tier or Tier.ARCHITECT).rank < self.sound_tier.rank
        )
        if self.tier is not None and is_lower:
            told.append(f"the rest ended in {self.tier}: no higher tier begins")
        most_ns = self._most_ns(now_ns)
        for sizes in (self.limited, self.eased):
            if sizes is not None and sizes.until_ns > now_ns:
                until = moment_words(min(sizes.until_ns, most_ns))
                told.append(f"sizes stay at {sizes.multiplier * 100:.0f} % at most until {until}")
        if self.overrides_until_ns is not None and self.overrides_until_ns > now_ns:
            until = moment_words(min(self.overrides_until_ns, most_ns))
            told.append(f"overrides were used up in the rest: none before {until}")
        if self.pages_owed:
            pages = "1 page is" if self.pages_owed == 1 else f"{self.pages_owed} pages are"
            told.append(f"{pages} still owed for overrides")
        return [*told, *self.counts.lines(), *self.account.lines(now_ns), _CAREFUL]


def _stricter(known: _Sizes | None, more: _Sizes) -> _Sizes:
    """The smaller sizes for the longer time, where both hold."""
    if known is None or known.until_ns <= more.ts_ns:
        return more
    return replace(
        more,
        multiplier=min(known.multiplier, more.multiplier),
        until_ns=max(known.until_ns, more.until_ns),
    )


def longest_ns(rules: Rules) -> int:
    """How long any rest, smaller size or lock of overrides may last under these rules."""
    tilt, breakers = rules.tilt, rules.risk.breakers
    ends = [tilt.recovery.limited_ns + DAY]
    if tilt.override is not None:
        ends += [tilt.override.lock_max_ns, tilt.override.limited_ns + DAY]
    if breakers is not None:
        ends.append(breakers.strategy.rest_ns)
    return max(ends)


def _is_share(share: Decimal | None) -> TypeGuard[Decimal]:
    return share is not None and share.is_finite() and 0 < share <= 1


def _is_known(level: str, state: str) -> bool:
    """A damaged row may still read, and name what there never was."""
    return level in Level.__members__ and state in State.__members__


def _at_most(most_ns: int, until_ns: int | None) -> int | None:
    return None if until_ns is None else min(most_ns, until_ns)


def _each_at_most(most_ns: int, stamps: Iterable[int]) -> tuple[int, ...]:
    """Every stamp counts: of those that are drawn in, each keeps an instant of its own."""
    found: set[int] = set()
    for at_ns in stamps:
        at_ns = min(most_ns, at_ns)
        while at_ns in found:
            at_ns -= 1
        found.add(at_ns)
    return tuple(sorted(found))


def _is_pause(level: TiltLevel) -> bool:
    return level.rank >= TiltLevel.WARNING.rank
