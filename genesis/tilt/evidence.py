"""Evidence per indicator: a leaky sum that acts fill and time empties.

Beside it stand points: a few rare acts are evidence by themselves and count as they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp2

from genesis.tilt.rules import TiltRules

_US = 1_000_000


@dataclass(slots=True)
class Evidence:
    """`amounts` as they were at `at_us`, by indicator; they halve in the indicator's half-life."""

    amounts: dict[str, float]
    at_us: dict[str, int]
    _left: tuple[int, dict[str, float]] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def none(cls, rules: TiltRules) -> "Evidence":
        return cls(dict.fromkeys(rules.indicators, 0.0), dict.fromkeys(rules.indicators, 0))

    def add_missing(self, rules: TiltRules) -> None:
        """Indicators that these rules know and earlier ones did not begin with nothing."""
        for name in rules.indicators:
            self.amounts.setdefault(name, 0.0)
            self.at_us.setdefault(name, 0)
        self._left = None

    def at(self, ts_us: int, rules: TiltRules) -> Mapping[str, float]:
        """What is left of each at `ts_us`, in the order of the rules; made once for a moment."""
        if self._left is None or self._left[0] != ts_us:
            self._left = (ts_us, self.later(ts_us, rules))
        return self._left[1]

    def later(self, ts_us: int, rules: TiltRules) -> dict[str, float]:
        """The same of a moment that nobody asks about again."""
        amounts, at_us = self.amounts, self.at_us
        return {
            name: decayed(amounts[name], ts_us - at_us[name], one.half_life_s)
            if amounts[name]
            else 0.0
            for name, one in rules.indicators.items()
        }

    def add(self, steps: Iterable[tuple[str, float]], ts_us: int, rules: TiltRules) -> None:
        """Steps by indicator, onto what is left of each at `ts_us`."""
        left, cap = {**self.at(ts_us, rules)}, rules.evidence.cap
        amounts, at_us = self.amounts, self.at_us
        for name, step in steps:
            amount = left[name] + step
            left[name] = amounts[name] = 0.0 if amount < 0 else cap if amount > cap else amount
            at_us[name] = ts_us
        self._left = (ts_us, left)

    def keep(self, share: float, ts_us: int, rules: TiltRules) -> None:
        """Forget all but a share of everything."""
        for name, left in self.at(ts_us, rules).items():
            self.amounts[name] = left * share
            self.at_us[name] = ts_us
        self._left = None


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
