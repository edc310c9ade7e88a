"""What the rest of a broken log counts against the trader, and what it used up, each once."""

from dataclasses import dataclass, field
from typing import Final

from genesis.domain.account import TierMode, TiltLevel
from genesis.domain.events import JournalAssessed, OperatorActed
from genesis.domain.keeping import Counted, LogForked
from genesis.domain.outcomes import (
    CommandAnswered,
    OverrideJudged,
    OverrideLocked,
    TierChanged,
    TiltLevelChanged,
    ViolationNoted,
)
from genesis.domain.time import utc_day
from genesis.store.codec import Record
from genesis.tiers.transitions import RESET_REASON

KINDS: Final = (
    CommandAnswered,
    JournalAssessed,
    LogForked,
    OperatorActed,
    OverrideJudged,
    OverrideLocked,
    TierChanged,
    TiltLevelChanged,
    ViolationNoted,
)
"""The records that are looked at."""
_STYLE: Final = "style"
_OVERRIDE: Final = "override"


@dataclass(slots=True)
class Counts:
    """Takes the records of the rest in their order."""

    violations_ns: list[int] = field(default_factory=list)
    overridden_ns: list[int] = field(default_factory=list)
    override_locks_ns: list[int] = field(default_factory=list)
    warning_days: set[int] = field(default_factory=set)
    locked_days: set[int] = field(default_factory=set)
    reset_ns: int | None = None
    styled_ns: int | None = None
    pages: set[str] = field(default_factory=set)
    _page: str | None = None
    """Of the override that is being judged."""
    _forked_ns: int | None = None

    def take(self, record: Record) -> None:
        match record:
            case ViolationNoted(ts_ns=ts_ns):
                self.violations_ns.append(ts_ns)
            case OperatorActed(verb=verb, page=page) if verb == _OVERRIDE:
                self._page = page
            case OverrideJudged(ts_ns=ts_ns, accepted=True):
                self.overridden_ns.append(ts_ns)
                self.pages |= {self._page or ""} - {""}
            case OverrideLocked(ts_ns=ts_ns) if ts_ns != self._forked_ns:  # else it went on there
                self.override_locks_ns.append(ts_ns)
            case JournalAssessed(sha256=sha256, accepted=True):
                self.pages.add(sha256)
            case TiltLevelChanged(old=old, new=new) if new.rank > old.rank:
                self._rose(record.ts_ns, new)
            case TierChanged(ts_ns=ts_ns, old_mode=TierMode.HALTED, reason=reason):
                self.reset_ns = ts_ns if reason == RESET_REASON else self.reset_ns
            case CommandAnswered(ts_ns=ts_ns, verb=verb, accepted=True) if verb == _STYLE:
                self.styled_ns = ts_ns
            case LogForked(ts_ns=ts_ns, carried=carried) if carried is not None:
                self._forked_ns = ts_ns
                self._add(carried.counted)

    def _rose(self, ts_ns: int, level: TiltLevel) -> None:
        if level.rank >= TiltLevel.WARNING.rank:
            self.warning_days.add(utc_day(ts_ns))
        if level is TiltLevel.LOCKED:
            self.locked_days.add(utc_day(ts_ns))

    def _add(self, counted: Counted) -> None:
        """An earlier fork had carried this."""
        self.violations_ns += counted.violations_ns
        self.overridden_ns += counted.overridden_ns
        self.override_locks_ns += counted.override_locks_ns
        self.warning_days |= {*counted.warning_days}
        self.locked_days |= {*counted.locked_days}
        self.pages |= {*counted.pages}
        self.reset_ns = later(self.reset_ns, counted.reset_ns)
        self.styled_ns = later(self.styled_ns, counted.styled_ns)

    def counted(self, *, with_reset: bool = True) -> Counted:
        """What a fork takes over. with_reset: no halt is back that was reset."""
        return Counted(
            violations_ns=tuple(sorted(self.violations_ns)),
            overridden_ns=tuple(sorted(self.overridden_ns)),
            override_locks_ns=tuple(sorted(self.override_locks_ns)),
            warning_days=tuple(sorted(self.warning_days)),
            locked_days=tuple(sorted(self.locked_days)),
            reset_ns=self.reset_ns if with_reset else None,
            styled_ns=self.styled_ns,
            pages=tuple(sorted(self.pages)),
        )

    def lines(self) -> list[str]:
        """The same in words, as far as a person meets it soon."""
        told = []
        if self.violations_ns:
            told.append("violations of the rest count on against the gates")
        if self.pages:
            told.append("pages that were accepted in the rest serve nothing again")
        return told


def later(one: int | None, other: int | None) -> int | None:
    """The later of two stamps, either of which may be missing."""
    return max((at for at in (one, other) if at is not None), default=None)
