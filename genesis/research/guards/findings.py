"""What a guard says of a strategy."""

from dataclasses import dataclass
from enum import StrEnum


class Guard(StrEnum):
    """The guards, in the order in which they are asked."""

    ERRORS = "errors"
    REPEAT = "repeat"
    LOOKAHEAD = "lookahead"
    WARM_UP = "warm_up"
    TIES = "ties"


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a strategy does not pass.

    guard: its name. at_ns: venue time of the first decision it is about (UTC ns), None where it is
    about no moment. what: what was seen. remedy: what to do.
    """

    guard: str
    at_ns: int | None
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Report:
    """One guard's answer.

    told: what was compared, in words. compared: how many decisions were. is_judged: False where it
    could not be asked; then either a finding of another guard or a note says why.
    """

    guard: Guard
    told: str
    compared: int = 0
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    is_judged: bool = True

    @property
    def verdict(self) -> str:
        """`passed`, `failed` or `not judged`."""
        if self.findings:
            return "failed"
        return "passed" if self.is_judged else "not judged"


def not_judged(guard: Guard, why: str) -> Report:
    """A guard that was not asked."""
    return Report(guard, why, is_judged=False)
