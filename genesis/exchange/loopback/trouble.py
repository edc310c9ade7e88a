"""All that can go wrong here, by one script.

{"faults": [...], "events": [...], "plan": {...}, "system": {...}}: requests (`faults`), user events
(`user_faults`), dice for both (`fault_plan`), clock, memory and maintenance (`moods`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genesis.errors import UsageError
from genesis.exchange.loopback.fault_plan import FaultPlan
from genesis.exchange.loopback.faults import Faults
from genesis.exchange.loopback.moods import Moods
from genesis.exchange.loopback.user_faults import UserFaults

PARTS: Final = ("faults", "events", "plan", "system")


class Trouble:
    """Arms the faults of the exchange."""

    def __init__(self, faults: Faults, events: UserFaults, moods: Moods) -> None:
        self._faults, self._events, self._moods = faults, events, moods

    @property
    def events_met(self) -> Sequence[str]:
        """Modes of the user events that met a fault, in order."""
        return self._events.met

    def script(self, wanted: object) -> None:
        """Raises UsageError: what in it cannot be used, and why."""
        if not isinstance(wanted, Mapping) or not set(wanted) <= set(PARTS):
            raise UsageError(f"a fault script is an object of {', '.join(PARTS)}")
        for each in _rows(wanted, "faults"):
            self._faults.arm(dict(each))
        for each in _rows(wanted, "events"):
            self._events.arm(each)
        if "plan" in wanted:
            self.plan(_object(wanted["plan"], "plan"))
        self._moods.change(_object(wanted.get("system", {}), "system"))

    def plan(self, wanted: Mapping[str, Any]) -> None:
        """Faults by dice from now on; {} ends them. Raises UsageError."""
        plan = FaultPlan.read(wanted) if wanted else None
        self._faults.plan = plan.request if plan else None
        self._events.plan = plan.event if plan else None


def _rows(wanted: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = wanted.get(name, [])
    if not isinstance(rows, list):
        raise UsageError(f"{name} of a fault script is a list")
    return [_object(row, name) for row in rows]


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} of a fault script holds objects")
    return value
