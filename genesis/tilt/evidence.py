"""Evidence per indicator: a leaky sum that acts fill and time empties."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp2

from genesis.tilt.rules import TiltRules

_US = 1_000_000


@dataclass(slots=True)
class Evidence:
    """`amounts` as they were at `at_us`, by indicator; they halve in the indicator's half-life."""

    amounts: dict[str, float]
    at_us: dict[str, int]

    @classmethod
    def none(cls, rules: TiltRules) -> "Evidence":
        return cls(dict.fromkeys(rules.indicators, 0.0), dict.fromkeys(rules.indicators, 0))

    def at(self, ts_us: int, rules: TiltRules) -> Mapping[str, float]:
        """What is left of each at `ts_us`."""
        return {name: self._left(name, ts_us, rules) for name in self.amounts}

    def add(self, name: str, ts_us: int, step: float, rules: TiltRules) -> None:
        left = self._left(name, ts_us, rules) + step
        self.amounts[name] = min(rules.evidence.cap, max(0.0, left))
        self.at_us[name] = ts_us

    def keep(self, share: float, ts_us: int, rules: TiltRules) -> None:
        """Forget all but a share of everything."""
        for name in self.amounts:
            self.amounts[name] = self._left(name, ts_us, rules) * share
            self.at_us[name] = ts_us

    def _left(self, name: str, ts_us: int, rules: TiltRules) -> float:
        amount = self.amounts[name]
        if not amount:
            return 0.0
        elapsed = max(0, ts_us - self.at_us[name]) / _US
        return amount * exp2(-elapsed / rules.indicators[name].half_life_s)
