"""Facts about the record itself and the code that writes it: events and outcomes as the others."""

from dataclasses import dataclass
from decimal import Decimal

from genesis.domain.account import Tier


@dataclass(frozen=True, slots=True)
class CodeConfirmed:
    """Event: a person confirmed that this code is the one to run (`genesis upgrade`)."""

    ts_ns: int
    code_sha256: str
    old_sha256: str


@dataclass(frozen=True, slots=True)
class StrategySwapped:
    """Event: the trader asked that a running strategy goes on as another version of itself.

    params: names and values, as text; all others are those of the class. code_sha256: of all code
    that decides from here on, the new version's among it.
    """

    ts_ns: int
    name: str
    params: tuple[tuple[str, str], ...]
    code_sha256: str
    client_ref: str | None = None


@dataclass(frozen=True, slots=True)
class StopAdopted:
    """Event: a stop of ours rested at the venue that this log never placed: its price is kept."""

    ts_ns: int
    symbol: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Rests:
    """A breaker that was not closed: as `BreakerMoved` told of it last."""

    level: str
    name: str
    state: str
    reason: str
    until_ns: int | None


@dataclass(frozen=True, slots=True)
class DayBegun:
    """The baseline of a day: as `DayStarted` told of it, and what had come in until then."""

    day: int
    equity_usdt: Decimal
    flows: tuple[tuple[str, Decimal], ...] = ()
    """Assets, and how much of each came in (+) or went (-) since the sound part."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit of the account was reached on this day."""

    alert: str
    day: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A trade ended with this net result; `most_usdt` is the most it was ever worth."""

    ts_ns: int
    pnl_usdt: Decimal
    most_usdt: Decimal


@dataclass(frozen=True, slots=True)
class Broke:
    """A floor of a rulebook was broken: `measure` names the book and the floor."""

    measure: str
    broken_ns: int


@dataclass(frozen=True, slots=True)
class Counted:
    """What counts against gates, makes the next lock longer, or was used up.

    `violations_ns`, `overridden_ns` (accepted ones), `override_locks_ns` (when such locks began),
    `warning_days`, `locked_days`: of gates and of locks. `reset_ns`: the last manual reset of a
    halt. `styled_ns`: the last change of style that was announced. `pages`: digests of pages that
    were accepted.
    """

    violations_ns: tuple[int, ...] = ()
    overridden_ns: tuple[int, ...] = ()
    override_locks_ns: tuple[int, ...] = ()
    warning_days: tuple[int, ...] = ()
    locked_days: tuple[int, ...] = ()
    reset_ns: int | None = None
    styled_ns: int | None = None
    pages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """What the rest of a set-aside log told last, as far as it can be read.

    `tier`: the one it ended in. `warned_ns`: when an intervention began. `limited`, `eased`: sizes
    after a page or an override, and on the day after a lock, until when. `attempts_ns`,
    `overrides_until_ns`, `pages_owed`: of overrides. `alerts`: limits that were reached on its last
    day with any, `alerts_day`. `breakers`: those that were not closed. `begun`: its last day.
    `entries`: of its orders that were filled on their last day with any, `entries_day`. `broke`:
    floors of rulebooks. `rules_text`: rules that held last, '' for those of the sound part (None: a
    fork from before it was looked for). `lost`: not he alone had halted it. `counted`: see
    `Counted`. `has_venue`: the time of the fork is that of the venue.

    `last_ns`: the latest stamp that is believed, where that is after the fork. `days`: all that
    began there. `trades`: how many on all other days (day, count), `reached`: limits on all other
    days. `ended`: trades that ended. `form`: 0 is that of forks from before these; they let sizes
    end with a page, and locked the trader for a halt of his own.
    """

    tier: Tier | None = None
    warned_ns: int | None = None
    limited: Decimal | None = None
    limited_until_ns: int = 0
    eased: Decimal | None = None
    eased_until_ns: int = 0
    attempts_ns: tuple[int, ...] = ()
    overrides_until_ns: int | None = None
    pages_owed: int = 0
    alerts: tuple[str, ...] = ()
    alerts_day: int = -1
    breakers: tuple[Rests, ...] = ()
    lost: bool = False
    counted: Counted = Counted()
    has_venue: bool = True
    begun: DayBegun | None = None
    entries: int = 0
    entries_day: int = -1
    broke: tuple[Broke, ...] = ()
    rules_text: str | None = None
    last_ns: int = 0
    days: tuple[DayBegun, ...] = ()
    trades: tuple[tuple[int, int], ...] = ()
    reached: tuple[Reached, ...] = ()
    ended: tuple[Ended, ...] = ()
    form: int = 0


@dataclass(frozen=True, slots=True)
class LogForked:
    """Event: the log goes on from the longest part of it that is sound; all of it was set aside.

    `set_aside`: the file it is kept in. `reason`: what was wrong. `sound_ns`: the stamp of the last
    sound step; what happened since is known from the venue alone. `known`: wire ids of orders at
    the venue that this log never sent. What the rest of the set-aside log still told: `halted` (why
    trading was halted, None: it was not) and `halted_by` whom, `was_paused` (an intervention was
    open), `fell` (the loss of a day was beyond its limit), `carried` (all that is stricter beside;
    None: a fork from before it was looked for).
    """

    ts_ns: int
    set_aside: str
    reason: str
    sound_ns: int
    known: tuple[str, ...] = ()
    halted: str | None = None
    halted_by: str = ""
    was_paused: bool = False
    fell: bool = False
    carried: Carried | None = None


@dataclass(frozen=True, slots=True)
class ClocksSetBack:
    """Outcome: time of which the record knows nothing counts for no promotion: clocks go back."""

    ts_ns: int
    by_ns: int


@dataclass(frozen=True, slots=True)
class RefusalsCounted:
    """Outcome: the same refusal of a strategy's wish came `count` more times since `since_ns`."""

    ts_ns: int
    symbol: str
    source: str
    codes: tuple[str, ...]
    count: int
    since_ns: int
