"""How often false alarms alone keep a calm trader below a gate that counts days of tilt.

False alarms of a calm trader come independently, so that their number within the gate's window is
Poisson distributed; a day has at least one alarm where it counts, so days are never more than
alarms, and what is worked out here is an upper bound: P(more WARNINGs than allowed) + P(more locks
than allowed).
"""

from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from genesis.domain.account import Tier
from genesis.errors import UsageError
from genesis.research.style import Shown, note, plain_text, share, table
from genesis.research.synthetic_traders import SENTENCE
from genesis.rules import load
from genesis.tiers.poisson import tail

_WEEK_DAYS: Final = 7


@dataclass(frozen=True, slots=True)
class TiltGateOdds:
    """The tilt gate out of a tier, and a calm trader in front of it.

    window_days, warnings_max, locks_max: of the gate. warnings_per_week, locks_per_week: false
    alarms of a calm trader; source: where those were found.
    """

    tier: Tier
    above: Tier
    window_days: int
    warnings_max: int
    locks_max: int
    warnings_per_week: float
    locks_per_week: float
    source: str

    @property
    def by_warnings(self) -> float:
        """Chance of more days with a WARNING than the gate allows, at most."""
        return self._too_many(self.warnings_per_week, self.warnings_max)

    @property
    def by_locks(self) -> float:
        """Chance of more days with a LOCKED than the gate allows, at most."""
        return self._too_many(self.locks_per_week, self.locks_max)

    @property
    def blocked(self) -> float:
        """Chance of either, at most."""
        return min(1.0, self.by_warnings + self.by_locks)

    @property
    def line(self) -> str:
        return (
            f"A calm trader is blocked from {self.tier} to {self.above} by the tilt gates alone "
            f"at most {share(self.blocked)} of the time."
        )

    def shown(self) -> Shown:
        """The line, and what it is worked out from."""
        rows = pd.DataFrame(
            [
                ("WARNING", self.warnings_per_week, self._mean(self.warnings_per_week),
                 self.warnings_max, self.by_warnings),
                ("LOCKED", self.locks_per_week, self._mean(self.locks_per_week),
                 self.locks_max, self.by_locks),
            ],
            columns=["level", "week", "window", "most", "blocked"],
        )  # fmt: skip
        told = table(
            rows,
            names={
                "level": "level",
                "week": "false alarms a week",
                "window": f"in {self.window_days} days",
                "most": "days allowed",
                "blocked": "blocks the calm, at most",
            },
            formats={"blocked": share, "week": plain_text, "window": plain_text},
            caption=f"false alarms: {self.source}",
        )
        above, below = note(self.line), note(f"{SENTENCE}.")
        parts = (above, told, below)
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()

    def _mean(self, per_week: float) -> float:
        return per_week * self.window_days / _WEEK_DAYS

    def _too_many(self, per_week: float, most: int) -> float:
        return tail(self._mean(per_week), most)


def tilt_gate_odds(
    tier: Tier | str = Tier.HUNTER,
    rules: str = "sniper",
    false_alarms: tuple[float, float] | None = None,
) -> TiltGateOdds:
    """Odds of the tilt gate out of `tier`.

    false_alarms: WARNINGs and locks of a calm week, as they were measured; None: the rates that
    the rulebook publishes.

    Raises:
        UsageError: the tier has no gate that counts days of tilt, a rate is below 0, or neither
            the caller nor the rulebook knows the rates.
    """
    known, here = load(rules).tiers, Tier(tier)
    gates = known.gates.get(here)
    if gates is None or gates.tilt is None:
        raise UsageError(f"no gate out of {here} counts days of tilt")
    source = "measured by the caller"
    if false_alarms is None:
        published = known.false_alarms
        if published is None:
            raise UsageError("the rulebook publishes no false alarms of the tilt detector")
        source = published.source
        false_alarms = (float(published.warnings_per_week), float(published.locks_per_week))
    if not all(rate >= 0 for rate in false_alarms):
        raise UsageError(f"false alarms a week are not negative: {false_alarms}")
    tilt = gates.tilt
    return TiltGateOdds(
        here,
        tuple(Tier)[here.rank + 1],
        tilt.window_days,
        tilt.warning_days_max,
        tilt.locked_days_max,
        *false_alarms,
        source,
    )
