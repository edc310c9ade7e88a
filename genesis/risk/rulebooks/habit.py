"""What rules have in common, and those that are not about a loss."""

from decimal import Decimal
from typing import Protocol

from genesis.risk.rulebooks.standing import Begun, Done, Refusal, Standing, Status, Values


class Rule(Protocol):
    """A rule of a book as the tracker follows it."""

    name: str

    def mark(self, values: Values) -> None: ...
    def begin_day(self, day: int, closing: Values, ends_ns: int) -> None: ...
    def done(self, trade: Done) -> None: ...
    def standing(self, values: Values) -> Standing: ...
    def refusal(self, values: Values) -> Refusal | None: ...


class Habit:
    """Hears of everything, refuses nothing. Subclasses keep what they need and say how it is."""

    name: str
    breach_ts_ns: int | None

    def __init__(self, begun: Begun) -> None:
        self.breach_ts_ns = None
        self._warn_at = begun.warn_at

    def mark(self, values: Values) -> None:
        """One valuation."""

    def begin_day(self, day: int, closing: Values, ends_ns: int) -> None:
        """A day begins with what the account was at its first instant."""

    def done(self, trade: Done) -> None:
        """One trade."""

    def refusal(self, values: Values) -> Refusal | None:
        """Why the rule refuses new risk now."""
        return None

    def _broken(self, ts_ns: int) -> None:
        if self.breach_ts_ns is None:
            self.breach_ts_ns = ts_ns

    def _limit(self, used: Decimal, told: str, *, is_over: bool) -> Standing:
        """The standing of something that is used up; `used` is its share."""
        near = Status.WARN if used >= self._warn_at else Status.PASS
        status = Status.BREACH if is_over else near
        return Standing(self.name, status, used, None, self.breach_ts_ns, told)

    def _goal(self, told: str, *, is_met: bool) -> Standing:
        status = Status.PASS if is_met else Status.OPEN
        return Standing(self.name, status, None, None, None, told)
