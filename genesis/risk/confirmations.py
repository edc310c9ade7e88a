"""One bad tick proves nothing: a breach acts when several marks in a row over some time show it."""

from dataclasses import dataclass

from genesis.risk.limits import RiskRules


@dataclass(slots=True)
class _Seen:
    count: int
    since_ns: int


class Confirmations:
    """Breaches that were seen and are not certain yet, by name."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._is_certain, self._is_complete = False, True

    @property
    def is_pending(self) -> bool:
        return bool(self._seen)

    def look(self, *, is_certain: bool, is_complete: bool) -> None:
        """How the next marks are taken.

        is_certain: nothing is valued at a price, so one look is enough. is_complete: the balance
        is known in full; what is not reconciled proves nothing.
        """
        self._is_certain, self._is_complete = is_certain, is_complete

    def confirmed(self, name: str, ts_ns: int, breached: bool, rules: RiskRules) -> bool:
        """So many breached marks in a row, over at least so long?"""
        if not breached or (self._is_certain and self._is_complete):
            self._seen.pop(name, None)
            return breached
        seen = self._seen.setdefault(name, _Seen(0, ts_ns))
        if not self._is_complete:
            seen.count = 0
            return False
        if not seen.count:
            seen.since_ns = ts_ns
        seen.count += 1
        if seen.count < rules.confirm_marks or ts_ns - seen.since_ns < rules.confirm_span_ns:
            return False
        del self._seen[name]
        return True

    def forget(self, name: str) -> None:
        self._seen.pop(name, None)

    def forget_all(self) -> None:
        self._seen.clear()
