"""Does a strategy still earn what its backtest promised? Asked after every trade, for ever.

decay_alarm(backtest(...), strategy="sma_cross")      # against the closed trades of the home
decay_alarm(backtest(...), live=[0.4, -1.0, ...])     # against results in R

The test (`genesis.analytics.decay`) may be looked at as often as one likes: a strategy that is as
good as promised ever raises the alarm with odds of `alpha` at most. The alarm proposes, and changes
nothing.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from genesis import analytics
from genesis.analytics import NoValue, judged_trades
from genesis.analytics.decay import ALPHA, Decay, DecayDelay
from genesis.domain.orders import OF_STRATEGY
from genesis.domain.time import format_utc
from genesis.errors import UsageError
from genesis.research.day_log import opened
from genesis.research.measured import Measured
from genesis.research.tilt_cost import logged_steps

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from genesis.research.style import Card, Shown

Floats = npt.NDArray[np.float64]
_KINDS: Final = ("RunStarted", "OrderApproved", "PositionOpened", "PositionClosed")


@dataclass(frozen=True, slots=True)
class Results:
    """Results in R, in the order of the closes. without_stop: trades left out for want of an R."""

    r: Floats
    without_stop: int
    words: str

    def __str__(self) -> str:
        left_out = f", {self.without_stop} without a stop left out" if self.without_stop else ""
        return f"{len(self.r):,} {self.words}{left_out}"


@dataclass(frozen=True)
class DecayAlarm:
    """What the test says of a strategy, and what that proposes.

    found: a `NoValue` where nothing can be said.
    """

    strategy: str
    live: Results
    backtest: Results
    found: Decay | NoValue

    @property
    def is_raised(self) -> bool:
        return not isinstance(self.found, NoValue) and self.found.is_raised

    @property
    def proposal(self) -> str | None:
        """What to do about it, in a sentence; None: there is no reason for any change."""
        if isinstance(self.found, NoValue) or not self.found.is_raised:
            return None
        name = "" if self.strategy == _UNNAMED else f" --strategies {self.strategy}"
        return (
            f"Proposal: {self.strategy} back to paper (`genesis run --mode paper{name}`) until its "
            "trades agree with the backtest again. Nothing was changed here: you decide."
        )

    @cached_property
    def delay(self) -> DecayDelay | NoValue:
        """How many trades the alarm takes, were the strategy to earn nothing from now on."""
        return analytics.decay_delay(self.backtest.r, alpha=self._alpha)

    @property
    def _alpha(self) -> float:
        return ALPHA if isinstance(self.found, NoValue) else self.found.alpha

    # -- how it shows itself -----------------------------------------------------------------
    def shown(self) -> "Shown":
        """What it rests on first, then the figures, then what it proposes."""
        from genesis.research.style import Shown, cards, note

        parts = [note(f"{self.strategy} · live: {self.live}; backtest: {self.backtest}.")]
        if isinstance(self.found, NoValue):
            parts.append(note(f"Nothing can be said: {self.found.reason}."))
        else:
            parts += [cards(self._cards(self.found)), note(self._words(self.found))]
        return Shown("".join(p.html for p in parts), "\n".join(p.plain for p in parts))

    def _cards(self, found: Decay) -> "list[Card]":
        from genesis.research.style import Card, signed

        most = float(found.capital.max()) if found.trades else 1.0
        at = f"after trade {found.alarm_at}" if found.is_raised else "looked at after every trade"
        live = f"{signed(found.live_r)} R" if found.trades else "–"
        return [
            Card("decay alarm", "raised" if found.is_raised else "quiet", at,
                 "down" if found.is_raised else "up"),
            Card("live, a trade", live, f"{found.trades:,} trades"),
            Card("promised, a trade", f"{signed(found.promised_r)} R",
                 f"lower end of the backtest's {signed(found.expected_r)} R"),
            Card("evidence", f"{most:,.1f}", f"the alarm is raised at {found.needed:,.0f}"),
        ]  # fmt: skip

    def _words(self, found: Decay) -> str:
        told = [
            f"A strategy as good as promised raises this alarm with odds of {found.alpha:.0%} at "
            "most, however often it is looked at."
        ]
        if found.is_raised:
            assert self.proposal is not None
            told.append(f"It looks as if the shortfall began with trade {found.since}.")
            told.append(self.proposal)
        else:
            told.append(self._how_long())
            told.append("No reason to take it off what it does now.")
        return " ".join(told)

    def _how_long(self) -> str:
        if isinstance(self.delay, NoValue):
            return ""
        middle = self.delay.median
        if isinstance(middle, NoValue):
            return f"Were it to earn nothing, {middle.reason}: the backtest promises too little."
        return (
            f"Were it to earn nothing from now on, the alarm would take about {middle:,.0f} trades."
        )

    def __repr__(self) -> str:
        return self.shown().plain

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.shown()._repr_mimebundle_()

    def plot(self) -> "Figure":
        """The evidence against the strategy, trade by trade.

        Raises:
            UsageError: nothing can be said of these trades, or there is none.
        """
        from genesis.research.decay_figure import evidence_figure

        if isinstance(self.found, NoValue):
            raise UsageError(f"there is nothing to draw: {self.found.reason}")
        if not self.found.trades:
            raise UsageError("there is nothing to draw: no trade was closed yet")
        return evidence_figure(self.strategy, self.found)


_UNNAMED: Final = "the strategy"


def decay_alarm(
    backtest: Measured | npt.ArrayLike,
    live: Measured | npt.ArrayLike | None = None,
    *,
    strategy: str | None = None,
    home: str | Path | None = None,
    alpha: float = ALPHA,
) -> DecayAlarm:
    """Hold a strategy's live or paper trades against its backtest; proposes paper, and never acts.

    backtest: the result of a run, under the rules, fees and fills that hold live, or its trades'
    results in R. live: the same of what was traded; None takes the closed trades of the strategy
    out of the log of a home. strategy: its name; None: that of the backtest.

    Raises:
        UsageError: no name to look for in the log, wrong shapes, or an alpha outside (0, 0.5].
        EventLogError: there is no log, or it cannot be read.
    """
    name = strategy or (backtest.setup.strategy if isinstance(backtest, Measured) else _UNNAMED)
    known = _results(backtest, "trades of the backtest")
    if live is None:
        if name == _UNNAMED:
            raise UsageError("whose trades? name the strategy, or pass the live results in R")
        told = _of_home(name, home)
    else:
        told = _results(live, "live trades")
    return DecayAlarm(name, told, known, analytics.decay(told.r, known.r, alpha=alpha))


def _results(given: Measured | npt.ArrayLike, words: str) -> Results:
    if not isinstance(given, Measured):
        return Results(np.asarray(given, dtype=np.float64), 0, words)
    found = given.trades.sort_values("exit_ts_ns", kind="stable")["r"].to_numpy(dtype=np.float64)
    return Results(found[~np.isnan(found)], int(np.isnan(found).sum()), words)


def _of_home(strategy: str, home: str | Path | None) -> Results:
    """The closed trades of a strategy in the log of a home, in R."""
    with opened(home) as (_, reader):
        steps = list(logged_steps(reader.of_kinds(_KINDS)))
    found = judged_trades(steps, format_utc, whose=f"{OF_STRATEGY}{strategy}")
    r = [float(trade.pnl_usdt / trade.risk_usdt) for trade in found if trade.risk_usdt]
    span = f", {found[0].session[:10]} to {found[-1].session[:10]}" if found else ""
    words = f"closed trades in the log{span}"
    return Results(np.array(r, dtype=np.float64), len(found) - len(r), words)
