"""Evidence per indicator: a leaky sum that acts fill and time empties.

Beside it stand points: a few rare acts are evidence by themselves and count as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp2

from genesis.tilt.rules import TiltRules

_US = 1_000_000


class Evidence:
    """`amounts` of those indicators that have any, in no order, as they were at `at_us`; each
    halves in the half-life of its indicator."""

    def __init__(
        self, rules: TiltRules, amounts: Mapping[str, float] | None = None, at_us: int = 0
    ) -> None:
        self.at_us = at_us
        self._cap = rules.evidence.cap
        self._half_lives = {name: one.half_life_s for name, one in rules.indicators.items()}
        known = self._half_lives
        self.amounts = {name: had for name, had in (amounts or {}).items() if name in known}
        self._left: tuple[int, Mapping[str, float]] | None = None

    def at(self, ts_us: int) -> Mapping[str, float]:
        """What is left of each at `ts_us`; made once for a moment."""
        if self._left is None or self._left[0] != ts_us:
            self._left = (ts_us, self.later(ts_us))
        return self._left[1]

    def later(self, ts_us: int) -> Mapping[str, float]:
        """The same of a moment that nobody asks about again."""
        elapsed_us, half_lives = ts_us - self.at_us, self._half_lives
        if elapsed_us <= 0:
            return self.amounts
        back_s = -elapsed_us / _US
        return {
            name: amount * exp2(back_s / half_lives[name]) for name, amount in self.amounts.items()
        }

    def add(self, steps: Mapping[str, float], ts_us: int) -> None:
        """Steps by indicator, onto what is left of each at `ts_us`."""
        amounts, cap = {**self.at(ts_us)}, self._cap
        for name, step in steps.items():
            if name in amounts:
                amount = amounts[name] + step
                if amount > 0:
                    amounts[name] = amount if amount < cap else cap
                else:
                    del amounts[name]
            elif step > 0:
                amounts[name] = step if step < cap else cap
        self._become(amounts, ts_us)

    def keep(self, share: float, ts_us: int) -> None:
        """Forget all but a share of everything."""
        self._become({name: left * share for name, left in self.at(ts_us).items()}, ts_us)

    def _become(self, amounts: dict[str, float], ts_us: int) -> None:
        self.amounts, self.at_us = amounts, max(self.at_us, ts_us)
        self._left = (ts_us, amounts)


@dataclass(slots=True)
class Points:
    """Fixed evidence by the name of the act; what is in no rules any more counts for nothing."""

    amounts: dict[str, float] = field(default_factory=dict)
    at_us: dict[str, int] = field(default_factory=dict)

    def at(self, ts_us: int, rules: TiltRules) -> Mapping[str, float]:
        """What is left of each at `ts_us`."""
        return {
            name: decayed(amount, ts_us - self.at_us[name], rules.fixed[name].half_life_s)
            for name, amount in self.amounts.items()
            if name in rules.fixed
        }

    def add(self, name: str, ts_us: int, rules: TiltRules) -> None:
        left = self.at(ts_us, rules).get(name, 0.0) + rules.fixed[name].points
        is_first = name not in self.amounts
        self.amounts[name] = min(rules.evidence.cap, left)
        self.at_us[name] = ts_us
        if is_first:  # by name, as a snapshot holds them: the order of a sum moves its last bit
            self.amounts = dict(sorted(self.amounts.items()))


def decayed(amount: float, elapsed_us: int, half_life_s: float) -> float:
    """What is left of an amount; time that runs backwards changes nothing."""
    return amount * exp2(-elapsed_us / _US / half_life_s) if elapsed_us > 0 else amount
